"""The examples, run as a reader would run them."""

import subprocess
import sys
from pathlib import Path

import pytest

from onechannel.adapters.delimited import read_mapping

EXAMPLES = Path(__file__).parents[2] / "examples"
SAID = {
    "across_departments.py": (
        "while it waits: suspended for workshop",
        "2026-01-06 11:00:00+00:00 and kept",
        "[task] lena: Yes, of last year's.",
        "Ana sees:\n[whatsapp] customer: My coffee machine leaks again.\n[whatsapp] marc: A new",
    ),
    "charged_twice.py": ("declines (with-a-customer)", "refund-promised"),
    "kiosk.py": ("served: ['i-1', 'i-2']", "waiting: ['i-3']", "asked next: ['i-3']"),
}


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_a_script_runs_and_says_what_it_promises(script):
    """Every example runs by itself, without a warning, and prints its story."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, check=True
    )
    for words in SAID[script.name]:
        assert words in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("mapping", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_a_mapping_can_be_read(mapping):
    """Every mapping among the examples is one."""
    assert read_mapping(mapping.read_text(encoding="utf-8")).source.name

"""How the tests run `python -m tests.crash`, and with a bug planted in it.

Law of this file: what forks and kills runs in a process of its own, never in that of the tests.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

__all__ = ["crash", "many", "needs_apsw", "planted"]

_ROOT = Path(__file__).parents[2]
_LONG = os.environ.get("ONECHANNEL_CRASH") == "long"


def needs_apsw() -> None:
    """Skip where there is no apsw; where everything must be there, fail."""
    if find_spec("apsw") is None:
        missing = 'apsw is not installed: python -m pip install ".[dev]"'
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)


def many(quick: int, long: int) -> int:
    """How many trials: the few of every run, or with `ONECHANNEL_CRASH=long` as many as count."""
    return long if _LONG else quick


def crash(what: str, count: int, seed: int = 1) -> str:
    """The figures of so many trials; fails with what was wrong and how to see it again."""
    ended = _run("-m", "tests.crash", what, "--count", str(count), "--seed", str(seed))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.startswith(f"{count} "), ended.stdout
    return ended.stdout


def planted(bug: str, what: str, count: int) -> str:
    """What such trials complain of when that code has run before."""
    call = f"sys.argv = ['crash', {what!r}, '--count', '{count}']; main()"
    ended = _run("-c", f"import sys\n{bug}\nfrom tests.crash.__main__ import main\n{call}")
    assert ended.returncode == 1, ended.stdout
    return ended.stderr


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)

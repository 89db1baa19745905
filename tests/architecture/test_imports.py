"""Who may import whom: the contracts in pyproject.toml, and what an import may load."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = (
    "testing", "runtime", "simulation", "reports", "delivery", "adapters", "stores", "insight",
    "kernel", "live", "routing", "journeys", "model",
)  # fmt: skip
MODULES = (
    "__main__", "cli", "codec", "identity", "facts", "ports", "machines", "commands", "events",
    "errors",
    "adapters/slack", "adapters/twilio", "adapters/_shared",
    "stores/memory", "stores/sqlite", "stores/_shared",
    "live/state", "live/evolve", "kernel/decide", "kernel/custody",
)  # fmt: skip

# Each line breaks exactly the contract it stands under.
PLANTED = [
    ("layers", "model", "import onechannel.events"),
    ("layers", "commands", "import onechannel.events"),
    ("layers", "routing", "import onechannel.journeys"),
    ("layers", "kernel", "import onechannel.codec"),
    ("layers", "live", "import onechannel.kernel"),
    ("layers", "ports", "import onechannel.facts"),
    ("kernel-state", "insight", "import onechannel.live.state"),
    ("layers", "runtime", "import onechannel.simulation"),
    ("layers", "helpers", ""),
    ("acyclic", "adapters/_shared", "from onechannel.adapters import loop"),
    ("production", "__main__", "import onechannel.testing"),
    ("production", "cli", "from onechannel.testing import FakeCentre"),
    ("front-door", "insight", "from onechannel import Channel"),
    ("kernel-face", "simulation", "from onechannel.kernel import decide"),
    ("kernel-face", "insight", "from onechannel.kernel.custody import end"),
    ("adapters", "adapters/slack", "import onechannel.adapters.twilio"),
    ("stores", "stores/sqlite", "import onechannel.stores.memory"),
    ("pure", "kernel/decide", "import threading"),
    ("pure", "model", "from logging import getLogger"),
    ("pure", "delivery", "def late():\n    import sqlite3"),
    ("cattrs", "model", "import cattrs"),
    ("anyio", "delivery", "import anyio"),
    ("anyio", "cli", "import anyio"),
]
ALLOWED = [
    ("runtime", "import anyio, logging, threading, onechannel.stores.sqlite"),
    ("stores/sqlite", "import sqlite3, time, cattrs\nfrom onechannel.stores import _shared"),
    ("stores/memory", "from onechannel.stores._shared import rows"),
    ("adapters/slack", "import cattrs\nfrom onechannel.adapters import _shared"),
    ("simulation", "import onechannel.kernel, onechannel.delivery, urllib.parse, pathlib"),
    ("kernel", "from onechannel.kernel import decide, state, transitions"),
]

LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"
THIRD_PARTY = {"attr", "attrs", "cattrs", "typing_extensions"}
NOT_FOR_EVERYONE = {
    "anyio", "asyncio", "trio", "sqlite3", "rich", "typer", "orjson", "hypothesis", "pytest",
    "onechannel.cli", "onechannel.runtime", "onechannel.stores", "onechannel.testing",
}  # fmt: skip


def lint(directory: Path, config: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run the import contracts over the ``onechannel`` that is importable from a directory."""
    chosen = [argument for contract in contracts for argument in ("--contract", contract)]
    return subprocess.run(
        [
            sys.executable,
            "-c",
            LINT_IMPORTS,
            "--no-cache",
            "--no-logo",
            "--config",
            config,
            *chosen,
        ],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(directory), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def plant(tmp_path: Path):
    """A whole onechannel of empty modules, into which a test plants lines."""

    def write(module: str, text: str) -> None:
        package = tmp_path / "onechannel" / module
        path = package / "__init__.py" if package.is_dir() else package.with_suffix(".py")
        path.write_text(text)

    for name in ("", *PACKAGES):
        package = tmp_path / "onechannel" / name
        package.mkdir()
        (package / "__init__.py").touch()
    for name in MODULES:
        write(name, "")
    return write


def loaded_by(statement: str) -> set[str]:
    """The names of the modules which a fresh interpreter has loaded after a statement."""
    program = f"import sys; before = set(sys.modules)\n{statement}\n"
    program += "print(*sorted(set(sys.modules) - before))"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def strangers(loaded: set[str]) -> set[str]:
    """The top-level names among loaded modules which an import of onechannel may not load."""
    known = sys.stdlib_module_names | THIRD_PARTY | {"onechannel"}
    top_level = {name.partition(".")[0] for name in loaded}
    return (top_level - known) | (loaded & NOT_FOR_EVERYONE)


def inner_imports(text: str) -> list[str]:
    """Imports of the kernel's inner modules in a test, a document or an example."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    inner = ("onechannel.kernel.", "onechannel.live.")
    lower_case = [name.split(".") for name in found if name.startswith(inner)]
    return [
        ".".join(parts)
        for parts in lower_case
        if parts[2] != "deadlines" and (len(parts) > 3 or parts[2] == parts[2].lower())
    ]


def test_the_contracts_are_kept(root):
    """Every import in the library keeps every contract of pyproject.toml."""
    run = lint(root / "src", root / "pyproject.toml")
    assert run.returncode == 0, run.stdout + run.stderr


def test_an_innocent_tree_keeps_the_contracts(root, plant, tmp_path):
    """The contracts refuse nothing which the architecture allows."""
    for module, text in ALLOWED:
        plant(module, text)
    run = lint(tmp_path, root / "pyproject.toml")
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_contracts_bear_a_young_tree(root, tmp_path):
    """A layer that is not yet built breaks nothing."""
    (tmp_path / "onechannel").mkdir()
    (tmp_path / "onechannel/__init__.py").touch()
    (tmp_path / "onechannel/errors.py").touch()
    run = lint(tmp_path, root / "pyproject.toml")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(("contract", "module", "line"), PLANTED)
def test_a_planted_import_breaks_its_contract(root, plant, tmp_path, contract, module, line):
    """Each contract forbids what it is there to forbid."""
    plant("adapters/loop", "from onechannel.adapters import _shared")
    plant(module, line)
    run = lint(tmp_path, root / "pyproject.toml", contract)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "0 kept, 1 broken" in run.stdout, run.stdout + run.stderr


def test_importing_onechannel_is_light():
    """``import onechannel`` loads attrs, cattrs and typing-extensions at most, and no shell."""
    assert strangers(loaded_by("import onechannel")) == set()


def test_a_heavy_import_is_noticed():
    """The check of light imports sees a standard module, a stranger and our own shell."""
    assert strangers(loaded_by("import asyncio, mypy")) >= {"asyncio", "mypy"}
    assert strangers({"onechannel.runtime", "attrs"}) == {"onechannel.runtime"}


def test_the_pytest_plugin_imports_nothing_of_ours():
    """Loading the plugin loads no onechannel, so that coverage and collection see it whole."""
    loaded = loaded_by("import onechannel_pytest")
    assert "onechannel_pytest" in loaded
    assert [name for name in sorted(loaded) if name.partition(".")[0] == "onechannel"] == []


def test_outsiders_import_only_the_kernel_face(root):
    """Tests and examples use ``onechannel.kernel``; only the table of timers may be read beside."""
    places = [root / name for name in ("examples", "tests", "docs")]
    found = {
        str(path.relative_to(root)): inner_imports(path.read_text("utf-8"))
        for place in places
        for path in sorted(place.rglob("*.py"))
        if "mutants" not in path.parts
    }
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("line", "complaints"),
    [
        ("from onechannel.kernel import Kernel", []),
        ("from onechannel.live.deadlines import TIMERS", []),
        ("from onechannel.live import deadlines", []),
        ("from onechannel.live import state", ["onechannel.live.state"]),
        ("from onechannel.live.state import State", ["onechannel.live.state.State"]),
        ("import onechannel.kernel.decide", ["onechannel.kernel.decide"]),
    ],
)
def test_an_inner_import_is_noticed(line, complaints):
    """The check of the kernel's face tells its names from its inner modules."""
    assert inner_imports(line) == complaints

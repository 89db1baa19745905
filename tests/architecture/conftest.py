"""What every architecture test reads: the project's own source text.

- The source tree under ``src`` is judged, whatever is installed.
- Checkers are functions from text to complaints, so that each can be shown a planted violation.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCTION_EDGES = ("__main__", "cli", "testing", "runtime", "stores", "reports")


def module_name(path: Path, root: Path) -> str:
    """The dotted name of a source file: ``kernel/__init__.py`` is ``onechannel.kernel``."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root directory."""
    return ROOT


@pytest.fixture(scope="session")
def sources() -> dict[str, str]:
    """The text of every module under ``src``, by dotted name."""
    paths = sorted((ROOT / "src").rglob("*.py"))
    assert paths, "there is no source to judge"
    return {module_name(path, ROOT / "src"): path.read_text("utf-8") for path in paths}


@pytest.fixture(scope="session")
def packages() -> dict[str, str]:
    """The text of every ``__init__`` under ``src``, by the package's dotted name."""
    paths = sorted((ROOT / "src").rglob("__init__.py"))
    assert paths, "there is no package to judge"
    return {module_name(path, ROOT / "src"): path.read_text("utf-8") for path in paths}


@pytest.fixture(scope="session")
def pure_sources(sources: dict[str, str]) -> dict[str, str]:
    """The text of every module that must do no I/O and read no clock."""
    return {
        name: text
        for name, text in sources.items()
        if name.startswith("onechannel.") and name.split(".")[1] not in PRODUCTION_EDGES
    }

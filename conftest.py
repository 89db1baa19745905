"""Runs the code blocks of README.md and docs/**/*.md, each as its reader would.

- ```` ```python ```` is executed; names live on from block to block of a document. A block that
  defines tests is also given to pytest by itself, so it must be whole. One that begins with the
  name of a file, ``# bot.py``, is that file from there on, and is not executed by itself.
- ```` ```console ````: every line after ``$`` is run by a shell and must succeed. The lines under
  it must appear in its output in this order; ``...`` stands for any lines, and at the end of a
  line for the rest of it. Where a last line says ``exit 1``, the command must end with that
  instead.
- A document has a directory of its own, in which ``examples`` is the project's, and
  ``../shared`` the folder of shared inputs. From the first command whose input is not there on,
  the rest of the document's commands are skipped, with the reason.
"""

import contextlib
import gc
import os
import re
import shlex
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst import CodeBlockParser

ROOT = Path(__file__).parent
SHARED = Path(os.environ.get("ONECHANNEL_SHARED") or ROOT.parent / "shared")
FILE = re.compile(r"# (\w+\.py)\n")
EXIT = re.compile(r"exit \d+")
SHELL = """
set -eu
onechannel() {{ {python} -m onechannel "$@"; }}
python() {{ {python} "$@"; }}
{command}
"""

pytest_plugins = ["pytester"]


def set_up(namespace: dict[str, Any]) -> None:
    """Give a document its directory."""
    top = tempfile.TemporaryDirectory(prefix="onechannel-docs-")
    directory = Path(top.name) / "project"
    directory.mkdir()
    (directory / "examples").symlink_to(ROOT / "examples")
    (directory.parent / "shared").symlink_to(SHARED)
    namespace.update(_top=top, _directory=directory, _missing=None)


def tear_down(namespace: dict[str, Any]) -> None:
    """Take the directory away."""
    namespace["_top"].cleanup()


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a console block, each with the output shown under it."""
    for block in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = block.splitlines()
        yield command, [line.rstrip() for line in shown]


def first_missing(shown: list[str], output: str) -> str | None:
    """The first line shown that the output does not have after the lines before it, or None."""
    printed = (line.rstrip() for line in output.splitlines())
    expected = (line for line in shown if line not in ("", "..."))
    return next(
        (line for line in expected if not any(is_shown(line, one) for one in printed)), None
    )


def is_shown(line: str, printed: str) -> bool:
    """Whether a line is the one that was printed, as far as it goes."""
    return printed.startswith(line[:-3]) if line.endswith("...") else printed == line


def run_console(example: Example) -> None:
    """Run the commands of a block; raise where one fails or prints something else."""
    namespace = example.namespace
    for command, shown in commands(example.parsed):
        code = int(shown.pop().split()[1]) if shown and EXIT.fullmatch(shown[-1]) else 0
        for name in re.findall(r"\.\./shared/[^\s'\"]+", command):
            if not (namespace["_directory"] / name).exists():
                namespace["_missing"] = namespace["_missing"] or name
        if namespace["_missing"]:
            pytest.skip(f"{namespace['_missing']} is missing: `{command}` was not run")
        script = SHELL.format(python=shlex.quote(sys.executable), command=command)
        output = run(["bash", "-c", script], namespace["_directory"], command, code)
        line = first_missing(shown, output)
        assert line is None, f"`{command}` did not print {line!r} in its place, but:\n{output}"


def run(arguments: list[str], directory: Path, name: str, code: int = 0) -> str:
    """What a command prints; an AssertionError with it where the command ends otherwise."""
    done = subprocess.run(
        arguments,
        cwd=directory,
        env=os.environ | {"COLUMNS": "100", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, f"`{name}` ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


@contextlib.contextmanager
def nothing_ignored() -> Iterator[None]:
    """Raise at the end what Python would only mention, such as a file that was left open."""
    ignored: list[str] = []
    hook = sys.unraisablehook
    sys.unraisablehook = lambda left: ignored.append(f"{left.exc_value!r} in {left.object!r}")
    try:
        yield
        gc.collect()
    finally:
        sys.unraisablehook = hook
    assert not ignored, f"the block left behind: {ignored}"


def told(evaluate: Callable[[Example], None]) -> Callable[[Example], str | None]:
    """An evaluator that tells a failure as a text, with all that led to it."""

    def evaluator(example: Example) -> str | None:
        try:
            with nothing_ignored():
                evaluate(example)
        except Exception as error:  # noqa: BLE001 - whatever a block raises is its failure
            return "".join(traceback.format_exception(error))
        return None

    return evaluator


def run_python(example: Example) -> None:
    """Execute a block in the document's directory; give it to pytest if it defines tests."""
    directory = example.namespace["_directory"]
    if file := FILE.match(example.parsed):
        # A lesson on somebody's own project needs that project: its modules and its tests.
        (directory / file[1]).write_text(example.parsed, "utf-8")
        return
    with contextlib.chdir(directory):
        PythonEvaluator()(example)
    if re.search(r"^(async )?def test_", example.parsed, re.MULTILINE):
        (directory / "test_block.py").write_text(example.parsed, "utf-8")
        options = ["-q", "-W", "error", "-p", "no:cacheprovider", "test_block.py"]
        run([sys.executable, "-m", "pytest", *options], directory, "pytest")


pytest_collect_file = Sybil(
    parsers=[
        CodeBlockParser("python", told(run_python)),
        CodeBlockParser("console", told(run_console)),
    ],
    patterns=["*.md"],
    setup=set_up,
    teardown=tear_down,
).pytest()

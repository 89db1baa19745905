"""The pure packages read no clock, draw no lots and touch no file.

- Names are resolved through the imports of the module, so that an alias hides nothing.
- A waiver is a comment on the offending line: ``# pure: <reason>``.
- The kernel, routing and journeys treat a channel as data: they compare none with a constant.
"""

import ast
import re
from collections.abc import Iterator

import pytest

IMPURE = re.compile(
    r"""(?x)
      datetime\.datetime\.(now|utcnow|today) | datetime\.date\.today
    | time\..+ | uuid\.uuid[14] | secrets\..+ | random\.(?!Random$).+
    | os\..+ | io\.open | tempfile\..+ | shutil\..+ | glob\..+
    | sys\.(stdin|stdout|stderr|argv|exit)(\..+)?
    | urllib\.request(\..+)? | http\.(client|server)(\..+)?
    | email\.utils\.(localtime|formatdate|make_msgid)
    | logging\..+ | importlib\.(import_module|resources(\..+)?)
    """
)
IMPURE_BUILTINS = {"open", "print", "input", "id", "hash", "exec", "eval", "breakpoint"}
PATH_METHODS = {
    "is_dir", "is_file", "iterdir", "mkdir", "read_bytes", "read_text", "rglob", "rmdir",
    "unlink", "write_bytes", "write_text",
}  # fmt: skip
WAIVER = re.compile(r"# pure: \S+")
BLIND_TO_CHANNELS = ("onechannel.kernel", "onechannel.routing", "onechannel.journeys")


def imported_names(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: ``dt`` is ``datetime.datetime``."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                head = alias.name.partition(".")[0]
                names[alias.asname or head] = alias.name if alias.asname else head
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def dotted(node: ast.AST, names: dict[str, str]) -> str | None:
    """The full dotted name of an expression, if it is one that starts with an import."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        head = dotted(node.value, names)
        return f"{head}.{node.attr}" if head else None
    return None


def imported_modules(node: ast.AST) -> list[str]:
    """The dotted names which an import statement brings in, with the names taken from them."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def impure_uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of everything in a module which a pure one must not mention or call."""
    names = imported_names(tree)
    hash_methods = [node for node in ast.walk(tree) if getattr(node, "name", "") == "__hash__"]
    in_hash = {id(inner) for method in hash_methods for inner in ast.walk(method)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        mentioned = [dotted(node, names), *imported_modules(node)]
        yield from ((line, name) for name in mentioned if name and IMPURE.fullmatch(name))
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in IMPURE_BUILTINS - set(names):
            if called.id != "hash" or id(node) not in in_hash:
                yield line, f"{called.id}()"
        elif dotted(called, names) in {"pathlib.Path", "pathlib.Path.cwd", "pathlib.Path.home"}:
            yield line, "pathlib.Path() (allowed as a type only)"
        elif isinstance(called, ast.Attribute) and called.attr in PATH_METHODS:
            yield line, f".{called.attr}()"


def impurities(text: str) -> list[str]:
    """The impure lines of a module, but for those that carry a waiver."""
    lines = text.splitlines()
    found = sorted(set(impure_uses(ast.parse(text))))
    return [f"line {line}: {what}" for line, what in found if not WAIVER.search(lines[line - 1])]


def constants(text: str) -> set[str]:
    """The names in capitals which a module binds: the well-known channels, for one."""
    targets = []
    for node in ast.parse(text).body:
        targets += node.targets if isinstance(node, ast.Assign) else []
        targets += [node.target] if isinstance(node, ast.AnnAssign) else []
    return {node.id for node in targets if isinstance(node, ast.Name) and node.id.isupper()}


def channel_comparisons(text: str, known: set[str]) -> list[str]:
    """The lines of a module that compare something with a well-known channel, or its name."""
    spoken = {name.lower() for name in known}

    def is_constant(node: ast.AST, compared: str) -> bool:
        if isinstance(node, ast.Name | ast.Attribute):
            return (node.id if isinstance(node, ast.Name) else node.attr) in known
        return isinstance(node, ast.Constant) and node.value in spoken and "channel" in compared

    def complain(node: ast.Compare | ast.Match, operands: list[ast.AST]) -> Iterator[str]:
        compared = ast.unparse(node if isinstance(node, ast.Compare) else node.subject).lower()
        parts = [part for operand in operands for part in ast.walk(operand)]
        if any(is_constant(part, compared) for part in parts):
            yield f"line {node.lineno}: {ast.unparse(node).splitlines()[0]}"

    found: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Compare):
            found += complain(node, [node.left, *node.comparators])
        elif isinstance(node, ast.Match):
            found += complain(node, [case.pattern for case in node.cases])
    return found


def test_the_pure_packages_are_pure(pure_sources):
    """No clock, no chance, no file, no console outside the shells of the library."""
    found = {name: impurities(text) for name, text in pure_sources.items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import datetime; datetime.datetime.now()",
        "from datetime import datetime as dt; stamp = dt.utcnow",
        "from datetime import date; date.today()",
        "import time as t; t.monotonic()",
        "from time import perf_counter",
        "from uuid import uuid4; uuid4()",
        "import random; random.choice([1])",
        "from random import shuffle",
        "import os; os.environ",
        "import urllib.request",
        "from http import client",
        "import http.client as web",
        "open('x')",
        "print('x')",
        "id(object())",
        "hash('ana')",
        "from pathlib import Path; Path('x')",
        "def f(path): return path.read_text()",
    ],
)
def test_a_planted_impurity_is_noticed(line):
    """Each way of looking outside is refused, by whatever name it goes."""
    assert impurities(line) != []


@pytest.mark.parametrize(
    "line",
    [
        "from datetime import datetime; datetime(2026, 1, 5)",
        "from uuid import uuid5, NAMESPACE_URL; uuid5(NAMESPACE_URL, 'x')",
        "from random import Random; Random(7).choice([1])",
        "from urllib.parse import quote; quote('x')",
        "from pathlib import Path\ndef f(path: Path) -> str: return path.name",
        "class A:\n    def __hash__(self): return hash((1, 2))",
        "def f(clock): return clock.now()",
        "open('x')  # pure: it is a chess opening",
    ],
)
def test_a_pure_line_passes(line):
    """What is given from outside, seeded, or waived with a reason, is no impurity."""
    assert impurities(line) == []


def test_a_waiver_needs_a_reason():
    """A waiver without a reason waives nothing."""
    assert impurities("open('x')  # pure:") == ["line 1: open()"]


def test_no_channel_is_compared_with_a_constant(sources):
    """A channel is data: kernel, routing and journeys compare none with a well-known one."""
    known = constants(sources["onechannel.model.channel"])
    assert {"VOICE", "CHAT"} <= known
    found = {
        name: channel_comparisons(text, known)
        for name, text in sources.items()
        if name.startswith(BLIND_TO_CHANNELS)
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("interaction.channel == VOICE", 1),
        ("c in (channels.VOICE, channels.CHAT)", 1),
        ("channel.name != 'voice'", 1),
        ("match channel:\n    case channels.CHAT: pass", 1),
        ("match channel.name:\n    case 'chat': pass", 1),
        ("channel.medium == 'audio'", 0),
        ("channel == other.channel", 0),
        ("skill == 'voice'", 0),
        ("default = VOICE", 0),
    ],
)
def test_a_comparison_with_a_constant_is_noticed(text, complaints):
    """Comparing with a well-known channel is seen, comparing its capabilities is not."""
    assert len(channel_comparisons(text, {"VOICE", "CHAT"})) == complaints


def test_constants_are_the_names_in_capitals():
    """The well-known channels are read from the module that defines them."""
    assert constants("VOICE: Channel = Channel('voice')\nCHAT = 1\nchat = 2") == {"VOICE", "CHAT"}

"""What the tools and the glossary demand of the text: ruff, types, docstrings, words.

- A word which the glossary keeps out of the code is no name in it, nor part of one.
- An exception stands in ``WAIVED``, with its reason.
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

FORBIDDEN = {"contact", "ticket", "task", "user", "session", "agent", "status"}
WAIVED = {
    # "module:name", with * for anything: the reason
    "*:session": "EventStore.session, and the variable that holds what it yields",
    "*:*Session": "the class of what EventStore.session yields",
    "onechannel.stores.*:*session*": "a store's bookkeeping of the same",
    "onechannel.stores.*:*SESSION*": "a store's bookkeeping of the same",
    "*:read_contacts": "an adapter reads the vendor's list, which is called so everywhere",
    "onechannel.model.*:TASK": "the channel named task",
}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
DOCUMENTED_ELSEWHERE = {"override", "overload"}


def run(*command: str, cwd, **options) -> subprocess.CompletedProcess[str]:
    """Run a Python tool of this environment."""
    command = (sys.executable, "-m", *command)
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, **options)


def defined_names(text: str) -> Iterator[str]:
    """Every name which a module defines; the names it uses are their owners' business."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DEFINITIONS):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname


def forbidden_words(name: str) -> set[str]:
    """The words in a snake_case or CamelCase name that the glossary keeps out of the code."""
    words = {word.lower() for word in WORD.findall(name)}
    singular = words | {word.removesuffix("s") for word in words}
    return singular & FORBIDDEN


def stray_words(module: str, text: str) -> list[str]:
    """The names of a module, its own included, with a forbidden word and without a waiver."""
    names = {module.rpartition(".")[2], *defined_names(text)}
    return sorted(
        name
        for name in names
        if forbidden_words(name)
        and not any(fnmatchcase(f"{module}:{name}", waiver) for waiver in WAIVED)
    )


def needs_docstring(node: ast.AST) -> bool:
    """Whether a definition is public, and its contract not written where it overrides another."""
    if not isinstance(node, DEFINITIONS) or node.name.startswith("_"):
        return False
    decorators = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
    return not decorators & DOCUMENTED_ELSEWHERE


def undocumented(text: str, *, law: bool = True) -> list[str]:
    """The public definitions of a module without a docstring, and a head that states no law."""
    tree = ast.parse(text)
    head = (ast.get_docstring(tree) or "").split("\n", maxsplit=1)
    missing = [] if head[0] else ["the module"]
    if law and head[0] and not head[1:]:
        missing = ["the module's law: what holds for everything in it"]
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    places = [tree, *(node for node in classes if not node.name.startswith("_"))]
    for node in (child for place in places for child in place.body):
        if needs_docstring(node):
            missing += [] if ast.get_docstring(node) else [f"line {node.lineno}: {node.name}"]
    return missing


def silent_tests(text: str) -> list[str]:
    """The test functions that do not say which rule they prove."""
    return [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]


def test_ruff_is_content(root):
    """The whole tree passes the linter, with the rules chosen in pyproject.toml."""
    check = run("ruff", "check", "--no-cache", "--quiet", ".", cwd=root)
    assert check.returncode == 0, check.stdout + check.stderr


def test_the_tree_is_formatted(root):
    """The whole tree is formatted as ruff formats it."""
    check = run("ruff", "format", "--no-cache", "--check", "--quiet", ".", cwd=root)
    assert check.returncode == 0, check.stdout + check.stderr


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("D103", '"""Law."""\n\n\ndef f() -> None:\n    pass\n'),
        ("ANN201", '"""Law."""\n\n\ndef f():\n    """Say."""\n'),
        ("DTZ005", '"""Law."""\n\nfrom datetime import datetime\n\nnow = datetime.now()\n'),
        ("ERA001", '"""Law."""\n\n# x = f(y)\n'),
        ("RUF022", '"""Law."""\n\na = b = 1\n__all__ = ["b", "a"]\n'),
    ],
)
def test_ruff_notices_what_is_planted(root, rule, text):
    """The rules that this project leans on are switched on for the library's own modules."""
    name = "src/onechannel/planted.py"
    check = run("ruff", "check", "--no-cache", "--stdin-filename", name, "-", cwd=root, input=text)
    assert rule in check.stdout, check.stdout + check.stderr


def mypy(root, cache, *paths) -> subprocess.CompletedProcess[str]:
    """Type-check files with the project's own settings."""
    config = f"--config-file={root / 'pyproject.toml'}"
    return run("mypy", "--strict", config, f"--cache-dir={cache}", *map(str, paths), cwd=root)


def test_mypy_is_content(root, tmp_path):
    """``mypy --strict`` has nothing to say of the library, the type tests and the diagrams."""
    paths = [root / place for place in ("src", "tests/typing", "docs/_ext")]
    check = mypy(root, tmp_path, *(path for path in paths if path.exists()))
    assert check.returncode == 0, check.stdout + check.stderr


def test_mypy_notices_what_is_planted(root, tmp_path):
    """A function without types, and a wrong one, are errors."""
    planted = tmp_path / "planted.py"
    planted.write_text("def f(x): return x\ny: int = 'one'\n")
    check = mypy(root, tmp_path, planted)
    assert "[no-untyped-def]" in check.stdout
    assert "[assignment]" in check.stdout


def incomplete_types(package: str, cwd) -> list[str]:
    """The public symbols of an importable package whose types a second checker cannot tell."""
    options = ("--ignoreexternal", "--outputjson")
    # The checker asks the first `python` on the path where packages are.
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(cwd), os.environ.get("PYTHONPATH", "")]),
    }
    check = run("basedpyright", "--verifytypes", package, *options, cwd=cwd, env=environment)
    completeness = json.loads(check.stdout)["typeCompleteness"]
    exported = [symbol for symbol in completeness["symbols"] if symbol["isExported"]]
    assert exported, check.stdout[:2000]
    return [
        f"{symbol['name']}: {'; '.join(d['message'] for d in symbol['diagnostics'])}"
        for symbol in exported
        if not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"]
    ]


def test_the_public_types_are_complete(tmp_path):
    """A second type checker knows the type of every public symbol: 100 %."""
    assert incomplete_types("onechannel", tmp_path) == []


def test_an_incomplete_type_is_noticed(tmp_path):
    """The check of completeness sees an untyped parameter in a typed package."""
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / "py.typed").touch()
    (planted / "__init__.py").write_text("def known(x: int) -> int: ...\ndef vague(x): ...\n")
    found = incomplete_types("planted", tmp_path)
    assert [line.partition(":")[0] for line in found] == ["planted.vague"]


def test_everything_public_is_documented(sources):
    """Every public class and function has a docstring, and every module states its law."""
    found = {
        name: undocumented(text, law=name not in packages_and_entries(sources))
        for name, text in sources.items()
    }
    assert {name: what for name, what in found.items() if what} == {}


def packages_and_entries(sources: dict[str, str]) -> set[str]:
    """The modules that have no law of their own: packages, and the way in."""
    parents = {name.rpartition(".")[0] for name in sources}
    return parents | {name for name in sources if name.endswith(".__main__")}


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("", ["the module"]),
        ('"""One line."""', ["the module's law: what holds for everything in it"]),
        ('"""A head.\n\n- a law\n"""\nclass A: ...\n', ["line 5: A"]),
        ('"""A head.\n\n- a law\n"""\nclass A:\n  """A."""\n  def b(): ...', ["line 7: b"]),
        ('"""A head.\n\n- a law\n"""\ndef _a(): ...\nclass _B:\n  def b(): ...', []),
        ('"""A head.\n\n- a law\n"""\n@typing.override\ndef a(): ...', []),
    ],
)
def test_missing_docstrings_are_noticed(text, complaints):
    """The check of docstrings sees the module, its law, its classes and their methods."""
    assert undocumented(text) == complaints


def test_every_test_says_what_it_proves(root):
    """A test's docstring states the rule which the test proves."""
    paths = sorted((root / "tests").rglob("test_*.py"))
    found = {str(path.relative_to(root)): silent_tests(path.read_text("utf-8")) for path in paths}
    assert {path: names for path, names in found.items() if names} == {}


def test_a_silent_test_is_noticed():
    """A test without a docstring is seen, a helper without one is not."""
    text = "async def test_a(): ...\ndef test_b(): 'B holds.'\ndef helper(): ..."
    assert silent_tests(text) == ["test_a"]


def test_the_words_are_those_of_the_glossary(sources):
    """No name in the library is made of a word that means two things."""
    found = {name: stray_words(name, text) for name, text in sources.items()}
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("contact = 1", ["contact"]),
        ("def list_users(): ...", ["list_users"]),
        ("class AgentTask: ...", ["AgentTask"]),
        ("def f(ticket_id): ...", ["ticket_id"]),
        ("self.HTTPStatus = 1", ["HTTPStatus"]),
        ("import asyncio as tasks", ["tasks"]),
        ("def session(self): ...\nclass SqliteSession: ...", []),
        ("x = response.status_code; asyncio.create_task(x)", []),
        ("agency = multitasking = superuser = 1", []),
    ],
)
def test_a_stray_word_is_noticed(text, names):
    """Only names that are defined count, by whole words, and waivers are exact."""
    assert stray_words("onechannel.planted", text) == names


def test_a_module_may_not_be_named_so():
    """The name of a module counts like any other."""
    assert stray_words("onechannel.sessions", "") == ["sessions"]

"""How large a thing may grow before it must be split: 600, 60, 3, and a kernel of 2,000 lines.

A module that wants more becomes a package of the same name; a function that wants more has a
half that deserves a name.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULE_LINES = 600
FUNCTION_LINES = 60
NESTING = 3
KERNEL_LINES = 2_000
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BLOCKS = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar,
    ast.Match,
)  # fmt: skip


def functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, inner ones and methods too."""
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, FUNCTIONS))


def depth(node: ast.AST) -> int:
    """How deep control blocks nest below a node; a function inside counts on its own."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            continue
        elif_ = isinstance(node, ast.If) and node.orelse == [child] and isinstance(child, ast.If)
        deepest = max(deepest, depth(child) + (isinstance(child, BLOCKS) and not elif_))
    return deepest


def overgrown(text: str) -> list[str]:
    """What in a module is too long or nests too deep."""
    found = []
    lines = len(text.splitlines())
    if lines > MODULE_LINES:
        found.append(f"{lines} lines: at most {MODULE_LINES} in a module")
    for function in functions(text):
        place = f"line {function.lineno}: {function.name}"
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES:
            found.append(f"{place} has {lines} lines: at most {FUNCTION_LINES}")
        if depth(function) > NESTING:
            found.append(f"{place} nests {depth(function)} blocks: at most {NESTING}")
    return found


def python_files(root: Path) -> list[Path]:
    """Every Python file of the project: source, tests, documentation and examples."""
    folders = ("src", "tests", "docs", "examples")
    return [*root.glob("*.py"), *(p for f in folders for p in sorted((root / f).rglob("*.py")))]


def test_nothing_has_outgrown_its_place(root):
    """600 lines in a module, 60 in a function, three blocks deep: wherever Python is written."""
    found = {
        str(path.relative_to(root)): overgrown(path.read_text("utf-8"))
        for path in python_files(root)
    }
    assert len(found) > 1
    assert {path: what for path, what in found.items() if what} == {}


def test_the_kernel_is_small(sources):
    """The whole kernel can be read in an afternoon: under 2,000 lines."""
    kernel = [text for name, text in sources.items() if name.startswith("onechannel.kernel")]
    assert kernel, "there is no kernel to measure"
    assert sum(len(text.splitlines()) for text in kernel) < KERNEL_LINES


DEEP = """
def f():
    with a:
        for b in c:
            if d:
                while e: pass
"""
FLAT = """
async def f():
    if a: pass
    elif b: pass
    elif c: pass
    elif d: pass
    for e in g:
        try:
            def inner():
                if h:
                    with i: pass
        except E:
            if j: pass
"""


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("\n" * 600, 0),
        ("\n" * 601, 1),
        ("def f():\n" + "    pass\n" * 59, 0),
        ("class A:\n  def f():\n" + "    pass\n" * 60, 1),
        (FLAT, 0),
        (DEEP, 1),
    ],
)
def test_overgrowth_is_noticed(text, complaints):
    """The limits hold to the line, and an ``elif`` or an inner function nests nothing."""
    assert len(overgrown(text)) == complaints

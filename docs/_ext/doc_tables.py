"""What the generated pages are built of: prose, tables, and sections with a name.

Laws of this file: pure functions from text to nodes; what stands in backticks is code; every table
has a head.
"""

import ast
import inspect
import re
from collections.abc import Iterable, Sequence
from functools import cache
from types import ModuleType
from typing import TypeAlias

import attrs
from docutils import nodes

__all__ = ["Cell", "annotations", "default_of", "paragraphs", "prose", "section", "table"]

_CODE = re.compile(r"`([^`]+)`")

#: What stands in a cell: prose, or nodes.
Cell: TypeAlias = str | nodes.Node


def prose(text: str) -> nodes.paragraph:
    """A paragraph of text, in which what stands in backticks is code."""
    paragraph = nodes.paragraph()
    for number, part in enumerate(_CODE.split(" ".join(text.split()))):
        if part:
            paragraph += nodes.literal(text=part) if number % 2 else nodes.Text(part)
    return paragraph


def paragraphs(documented: object) -> list[nodes.Node]:
    """The docstring of something, paragraph by paragraph."""
    return [prose(text) for text in (inspect.getdoc(documented) or "").split("\n\n") if text]


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> nodes.table:
    """A table with a head."""
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=1) for _ in heads]
    head, body = nodes.thead(), nodes.tbody()
    head += _row(heads)
    body += [_row(row) for row in rows]
    group += [head, body]
    found = nodes.table(classes=["generated"])
    found += group
    return found


def _row(cells: Sequence[Cell]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        entry = nodes.entry()
        entry += prose(cell) if isinstance(cell, str) else cell
        row += entry
    return row


def section(document: nodes.document, title: str, *, code: bool = False) -> nodes.section:
    """An empty section of a page, which can be linked to by its title."""
    found = nodes.section(names=[nodes.fully_normalize_name(title)])
    heading = nodes.title()
    heading += nodes.literal(text=title) if code else nodes.Text(title)
    found += heading
    document.note_implicit_target(found, found)
    return found


@cache
def annotations(module: ModuleType) -> dict[str, dict[str, str]]:
    """The fields of every class of a module with their types, as they are written there."""
    return {
        node.name: {
            one.target.id: ast.unparse(one.annotation)
            for one in node.body
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        }
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef)
    }


def default_of(field: "attrs.Attribute[object]") -> str:
    """What a field is if nobody says: in code, or in a word."""
    if field.default is attrs.NOTHING:
        return "required"
    if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        return "empty"
    if field.default == ():
        return "empty"
    return "none" if field.default is None else f"`{field.default}`"

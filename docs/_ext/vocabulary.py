"""A Sphinx extension: the tables of commands and events, printed from the code.

Law of this file: what the tables say is read from `VERBS` and `EVENT_TYPES`, never written by hand.
"""

from collections.abc import Iterable, Sequence

import attrs
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from onechannel.commands import VERBS, Verb
from onechannel.events import EVENT_TYPES
from onechannel.model import ActorKind
from onechannel.model.personal import personal_fields


def _summary(kind: type) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0].replace("`", "")


def _fields(kind: type) -> nodes.paragraph:
    paragraph = nodes.paragraph()
    hidden = personal_fields(kind)
    for number, field in enumerate(attrs.fields(kind)):
        if number:
            paragraph += nodes.Text(", ")
        text = field.name
        paragraph += nodes.emphasis(text=text) if text in hidden else nodes.literal(text=text)
    return paragraph


def _table(heads: Sequence[str], rows: Iterable[Sequence[nodes.Node | str]]) -> nodes.table:
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=1) for _ in heads]
    head = nodes.thead()
    head += _row(heads)
    body = nodes.tbody()
    body += [_row(row) for row in rows]
    group += [head, body]
    table = nodes.table(classes=["vocabulary"])
    table += group
    return table


def _row(cells: Sequence[nodes.Node | str]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        entry = nodes.entry()
        entry += nodes.paragraph(text=cell) if isinstance(cell, str) else cell
        row += entry
    return row


def _actors(verb: Verb) -> str:
    missing = frozenset(ActorKind) - verb.actors
    return ", ".join(sorted(verb.actors)) if missing else "anybody"


def _literal(text: str) -> nodes.paragraph:
    paragraph = nodes.paragraph()
    paragraph += nodes.literal(text=text)
    return paragraph


class Commands(Directive):
    """Every command: its verb, its fields, what it asks, and who may."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        rows = [
            (
                _literal(verb.command.__name__),
                _literal(verb.name),
                _fields(verb.command),
                _summary(verb.command),
                _actors(verb),
            )
            for verb in VERBS.values()
        ]
        return [_table(("command", "verb", "fields", "asks", "may come from"), rows)]


class Events(Directive):
    """Every event: its stored name, its version, its fields and what it says."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        rows = [
            (_literal(name), str(kind.version), _fields(kind), _summary(kind))
            for name, kind in EVENT_TYPES.items()
        ]
        return [_table(("stored name", "version", "fields", "says"), rows)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directives known."""
    app.add_directive("commands", Commands)
    app.add_directive("events", Events)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

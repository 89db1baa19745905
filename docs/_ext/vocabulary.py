"""A Sphinx extension: commands, events and who may, printed from the code.

Law of this file: what the pages say is read from `VERBS`, the event classes and their docstrings,
never written by hand.
"""

import sys
from collections.abc import Callable, Iterable
from types import ModuleType

import attrs
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from doc_tables import annotations, default_of, paragraphs, prose, section, table
from onechannel import events
from onechannel.commands import VERBS, Relation, Verb
from onechannel.events import EventData
from onechannel.model import ActorKind
from onechannel.model.personal import personal_fields

__all__ = ["Commands", "Events", "WhoMay", "event_kinds", "setup"]

#: How the table of who may says a relation.
_WORDS = {
    Relation.ANY: "any",
    Relation.OWN: "own",
    Relation.SERVED: "served",
    Relation.INVOLVED: "involved",
}


def event_kinds() -> list[type[EventData]]:
    """Every kind of event, module by module, in the order in which they are declared there."""
    named = (getattr(events, name) for name in events.__all__)
    kinds = [kind for kind in named if isinstance(kind, type) and issubclass(kind, EventData)]
    kinds.remove(EventData)
    return sorted(kinds, key=_place)


def _place(kind: type) -> tuple[str, int]:
    module = sys.modules[kind.__module__]
    return kind.__module__, list(annotations(module)).index(kind.__name__)


def _theme(module: ModuleType) -> str:
    """What a module is about, by the first words of its docstring."""
    return (module.__doc__ or "").partition("\n")[0].partition(":")[0].rstrip(".")


def _fields(kind: type, *, defaults: bool) -> list[nodes.Node]:
    """The table of the fields of a command or event; nothing where it has none."""
    types = annotations(sys.modules[kind.__module__])[kind.__name__]
    hidden = personal_fields(kind)
    rows = [
        [
            f"`{field.name}`",
            f"`{types[field.name]}`" + (", personal" if field.name in hidden else ""),
            *([default_of(field)] if defaults else []),
        ]
        for field in attrs.fields(kind)
    ]
    heads = ["field", "type", *(["if nobody says"] if defaults else [])]
    return [table(heads, rows)] if rows else []


def _who(verb: Verb) -> str:
    """Who may give a command, and for what."""
    by_relation: dict[Relation, list[str]] = {}
    for kind in ActorKind:
        if kind in verb.actors:
            by_relation.setdefault(verb.actors[kind], []).append(kind.value)
    said = [f"{', '.join(kinds)} ({_WORDS[relation]})" for relation, kinds in by_relation.items()]
    return f"Verb `{verb.name}`. May come from: {'; '.join(said)}."


class Vocabulary(SphinxDirective):
    """A directive that prints kinds of things, in a section for each module."""

    def sections(
        self, kinds: Iterable[type], fill: Callable[[type], tuple[str, list[nodes.Node]]]
    ) -> list[nodes.Node]:
        """A section for each module, and in it one for each of its kinds, by title and body."""
        found: list[nodes.Node] = []
        groups: dict[str, list[type]] = {}
        for kind in kinds:
            groups.setdefault(kind.__module__, []).append(kind)
        for name, group in groups.items():
            module = sys.modules[name]
            self.env.note_dependency(module.__file__ or "")
            outer = section(self.state.document, _theme(module))
            for kind in group:
                title, body = fill(kind)
                inner = section(self.state.document, title, code=True)
                inner += body
                outer += inner
            found.append(outer)
        return found


class Commands(Vocabulary):
    """Every command: what it asks, its fields, its verb, and who may."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        return self.sections(VERBS, self._command)

    def _command(self, kind: type) -> tuple[str, list[nodes.Node]]:
        verb = VERBS[kind]
        return kind.__name__, [*paragraphs(kind), prose(_who(verb)), *_fields(kind, defaults=True)]


class Events(Vocabulary):
    """Every event: its stored name and version, what it says, and its fields."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        return self.sections(event_kinds(), self._event)

    def _event(self, kind: type[EventData]) -> tuple[str, list[nodes.Node]]:
        stored = f"version {kind.version}" if kind.stored else "never stored"
        head = prose(f"`{kind.__name__}`, {stored}.")
        return kind.stored_name, [head, *paragraphs(kind), *_fields(kind, defaults=False)]


class WhoMay(SphinxDirective):
    """The table of verbs: for each command and kind of actor, for what it may be given."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        rows = [
            [
                f"`{verb.command.__name__}`",
                *(_WORDS[verb.actors[kind]] if kind in verb.actors else "–" for kind in ActorKind),
            ]
            for verb in VERBS.values()
        ]
        return [table(["command", *(kind.value for kind in ActorKind)], rows)]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directives known to Sphinx."""
    app.add_directive("commands", Commands)
    app.add_directive("events", Events)
    app.add_directive("who-may", WhoMay)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

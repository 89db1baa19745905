"""A Sphinx extension: the states of letters and effects, the way of what is delivered, and figures.

Laws of this file: the states are those of `onechannel.ports`, and a test walks every arrow that is
drawn; limits and metrics are read from the classes that have them.
"""

import inspect
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import attrs
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from doc_tables import table
from onechannel import delivery, events, ports, runtime
from onechannel.delivery import DEFAULT_RULES, MailRules
from onechannel.model.code import Code
from onechannel.runtime import DEFAULT_LIMITS, Limits, Metrics
from svg_states import draw

__all__ = ["EFFECT", "LETTER", "MEANT", "WAY", "Drawn", "Place", "Station", "Stay", "setup"]


@attrs.frozen
class Happening:
    """What moves something, as it is written beside the arrow."""

    stored_name: str


@attrs.frozen
class Drawn:
    """Places and what leads from one to the next, as a machine that can be drawn."""

    name: str
    initial: Code
    final: frozenset[Code]
    moves: Mapping[tuple[Code, Happening], Code]


def _drawn(name: str, initial: Code, final: Code | None, *arrows: tuple[Code, Code, str]) -> Drawn:
    moves = {(before, Happening(what)): after for before, after, what in arrows}
    return Drawn(name, initial, frozenset() if final is None else frozenset({final}), moves)


# -- letters and effects --------------------------------------------------------------------------


class Place(Code):
    """Where a letter can be: the states of its row, and before and after there is one."""

    DELIVERED = "delivered"
    STORED = "stored"
    PARKED = "parked"
    REFUSED = "refused"
    DEAD = "dead"
    FORGOTTEN = "let go"


class Stay(Code):
    """Where an effect can be: the states of its row, of which due is two."""

    DUE = "due"
    CLAIMED = "claimed"
    DONE = "done"
    DEAD = "dead"


LETTER: Final = _drawn(
    "letter",
    Place.DELIVERED,
    Place.FORGOTTEN,
    (Place.DELIVERED, Place.STORED, "served"),
    (Place.DELIVERED, Place.PARKED, "has to wait"),
    (Place.DELIVERED, Place.REFUSED, "refused"),
    (Place.DELIVERED, Place.DEAD, "a fault"),
    (Place.PARKED, Place.STORED, "taken up"),
    (Place.PARKED, Place.REFUSED, "refused"),
    (Place.PARKED, Place.DEAD, "waited too long"),
    (Place.PARKED, Place.DEAD, "a fault"),
    (Place.REFUSED, Place.STORED, "replayed"),
    (Place.DEAD, Place.STORED, "replayed"),
    (Place.DEAD, Place.REFUSED, "replayed, refused"),
    (Place.STORED, Place.FORGOTTEN, "known for 8 days"),
)

EFFECT: Final = _drawn(
    "effect",
    Stay.DUE,
    Stay.DONE,
    (Stay.DUE, Stay.CLAIMED, "claimed"),
    (Stay.CLAIMED, Stay.DONE, "sent"),
    (Stay.CLAIMED, Stay.DUE, "postponed"),
    (Stay.CLAIMED, Stay.DUE, "the lease ended"),
    (Stay.CLAIMED, Stay.DEAD, "given up"),
    (Stay.CLAIMED, Stay.DEAD, "failed for too long"),
    (Stay.DUE, Stay.DEAD, "never settled"),
    (Stay.DEAD, Stay.DUE, "replayed"),
)


# -- the way --------------------------------------------------------------------------------------


class Station(Code):
    """Where something delivered comes by, and what becomes of it."""

    VENDOR = "a vendor"
    INBOX = "inbox"
    SERVICE = "your service"
    KERNEL = "kernel"
    STORE = "one commit"
    SENDER = "sender"


def _name(kind: type) -> str:
    """A class by its name, which must be public."""
    assert any(getattr(one, kind.__name__, None) is kind for one in _PUBLIC), kind
    return kind.__name__


_PUBLIC: Final = (delivery, ports, runtime, events)

WAY: Final = _drawn(
    "way",
    Station.VENDOR,
    None,
    (Station.VENDOR, Station.INBOX, _name(delivery.Letter)),
    (Station.INBOX, Station.KERNEL, _name(delivery.Order)),
    (Station.SERVICE, Station.KERNEL, _name(delivery.Submission)),
    (Station.KERNEL, Station.STORE, _name(ports.Batch)),
    (Station.STORE, Station.SERVICE, _name(events.Event)),
    (Station.STORE, Station.SENDER, _name(ports.Effect)),
    (Station.SENDER, Station.STORE, _name(delivery.Settlement)),
    (Station.SENDER, Station.VENDOR, _name(runtime.Outgoing)),
)


class Picture(SphinxDirective):
    """One of the pictures, by its name."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The drawing, which scrolls within its own box where the page is narrow."""
        name = self.arguments[0]
        if name not in _PICTURES:
            raise self.error(f"no picture {name!r}: there are {[*_PICTURES]}")
        self.env.note_dependency(__file__)
        drawing = f'<div style="overflow-x:auto">{draw(_PICTURES[name])}</div>'
        return [nodes.raw("", drawing, format="html")]


_PICTURES: Final = {one.name: one for one in (LETTER, EFFECT, WAY)}


# -- figures --------------------------------------------------------------------------------------

#: What each limit is for, and where its length comes from.
MEANT: Final[Mapping[str, str]] = {
    "Limits.group": "pieces of work in one commit; more wait for the next",
    "Limits.waiting": "pieces of work that wait for a commit; who comes then waits to be let in",
    "Limits.patience": "how long work is tried before it is answered with the store's fault",
    "Limits.poll": "how often others' commits are looked for",
    "Limits.snapshot_every": "events between snapshots",
    "Limits.mail": "the rules below",
    "MailRules.keep_letters": "how long a letter is known, so that its copy is told for one; Meta "
    "repeats for seven days, the longest of all, and a day is for clocks and mistakes",
    "MailRules.park_for": "how long a letter may wait for what it refers to",
    "MailRules.first_delay": "until an effect that failed is tried again; then twice as long each "
    "time, less up to a half",
    "MailRules.longest_delay": "at most so long between two tries",
    "MailRules.give_up_after": "so long after it was made, an effect that keeps failing is dead; "
    "whoever is down for a day is up again before",
}


def said(value: object) -> str:
    """A default as one would say it."""
    if not isinstance(value, timedelta):
        return f"{value:,}" if isinstance(value, int) else "as below"
    for name, unit in _UNITS.items():
        if value >= unit and not value % unit:
            count = value // unit
            return f"{count} {name}{'s' * (count != 1)}"
    return str(value)


_UNITS: Final = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "millisecond": timedelta(milliseconds=1),
}


class LimitsTable(SphinxDirective):
    """Every limit, with what it is if nobody says and what it is for."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        for module in (__file__, inspect.getfile(Limits), inspect.getfile(MailRules)):
            self.env.note_dependency(module)
        rows = [
            [f"`{kind.__name__}.{field.name}`", said(getattr(usual, field.name)), meant]
            for kind, usual in ((Limits, DEFAULT_LIMITS), (MailRules, DEFAULT_RULES))
            for field in attrs.fields(kind)
            for meant in [MEANT[f"{kind.__name__}.{field.name}"]]
        ]
        return [table(["limit", "if nobody says", "for"], rows)]


@attrs.define
class Recorder:
    """A provider of meters that notes which instruments are made."""

    rows: list[list[str]] = attrs.field(factory=list)

    def get_meter(self, *_: object, **__: object) -> "Recorder":
        """Itself."""
        return self

    def __getattr__(self, name: str) -> Callable[[str, str, str], None]:
        kind = name.removeprefix("create_")

        def create(metric: str, unit: str, description: str) -> None:
            self.rows.append([f"`{metric}`", kind, f"`{unit}`", description])

        return create


class MetricsTable(SphinxDirective):
    """Every instrument, with its kind, its unit and what it says."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        self.env.note_dependency(inspect.getfile(Metrics))
        recorder: Any = Recorder()
        Metrics(recorder)
        return [table(["metric", "kind", "unit", "says"], recorder.rows)]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directives known to Sphinx."""
    app.add_directive("mail-picture", Picture)
    app.add_directive("limits", LimitsTable)
    app.add_directive("metrics", MetricsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

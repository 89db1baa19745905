"""A Sphinx extension: a drawing of who can have a customer, and of the events that say who is next.

Laws of this file: every move is found by giving the event to the fold that tells custody from a
log, wherever the table of the interaction lets it happen; nothing is drawn by hand.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

import attrs
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from onechannel import events as e
from onechannel.insight import Custody, Party, PartyKind
from onechannel.machines import INTERACTION
from onechannel.model import InteractionState, Role
from onechannel.model.code import Code
from svg_states import draw

__all__ = ["CUSTODY", "CustodyDiagram", "Holder", "setup"]


class Holder(Code):
    """Who can have a customer whose work we route."""

    QUEUE = "a queue"
    WORKER = "a worker"
    CUSTOMER = "the customer"
    THIRD_PARTY = "a third party"
    APPOINTMENT = "an appointment"
    CLOSED = "nobody: closed"


_HOLDERS: Final[Mapping[PartyKind, Holder]] = {
    PartyKind.QUEUE: Holder.QUEUE,
    PartyKind.WORKER: Holder.WORKER,
    PartyKind.PARTNER: Holder.WORKER,
    PartyKind.CUSTOMER: Holder.CUSTOMER,
    PartyKind.THIRD_PARTY: Holder.THIRD_PARTY,
    PartyKind.APPOINTMENT: Holder.APPOINTMENT,
}
_STATES: Final[Mapping[Holder, InteractionState]] = {
    Holder.QUEUE: InteractionState.WAITING,
    Holder.APPOINTMENT: InteractionState.WAITING,
    Holder.WORKER: InteractionState.ENGAGED,
    Holder.CUSTOMER: InteractionState.DORMANT,
    Holder.THIRD_PARTY: InteractionState.SUSPENDED,
}
#: What happens only where somebody else routes, and names nobody.
_OBSERVED: Final = {e.InteractionDequeued, e.AssignmentReleased}
#: A callback that waits for its time has no step, is not suspended and not called back again.
_NOT_BEFORE_ITS_TIME: Final = {e.StepExpired, e.InteractionScheduled, e.InteractionSuspended}

_INTERACTION, _PART, _OTHER = "i", "i/1", "i/2"


def _example(kind: type[e.EventData]) -> e.EventData:
    """An event of that kind about the one interaction, by another worker than had it before."""
    values: dict[str, Any] = {
        "interaction": _INTERACTION,
        "assignment": _OTHER,
        "worker": "q",
        "role": Role.SERVES,
        "queue": "main",
        "party": "carrier",
    }
    names = (field.name for field in attrs.fields(cast("Any", kind)))
    return kind(**{name: values.get(name) for name in names})


def _after(holder: Holder, event: e.EventData) -> Holder | None:
    """Who has it after an event; None where the event says nothing of that."""
    custody = Custody()
    party = next(kind for kind, one in _HOLDERS.items() if one is holder)
    custody.held_by[_INTERACTION] = Party(party, "before")
    for assignment in (_PART, _OTHER):
        opened = attrs.evolve(cast("Any", _example(e.AssignmentOpened)), assignment=assignment)
        custody.add(opened)
    if holder is Holder.WORKER:
        custody.owners[_INTERACTION] = _PART
    before = custody.held_by[_INTERACTION]
    custody.add(event)
    now = custody.held_by.get(_INTERACTION)
    if now is None:
        return Holder.CLOSED
    return None if now is before else _HOLDERS[now.kind]


def _moves() -> dict[tuple[Holder, type[e.EventData]], Holder]:
    found = {}
    for holder, state in _STATES.items():
        kinds = {kind for place, kind in INTERACTION.moves if place is state} - _OBSERVED
        if holder is Holder.APPOINTMENT:
            kinds -= _NOT_BEFORE_ITS_TIME
        for kind in sorted(kinds, key=lambda one: one.stored_name):
            after = _after(holder, _example(kind))
            if after is not None:
                found[holder, kind] = after
    return found


@attrs.frozen
class Picture:
    """Custody as a machine that can be drawn."""

    moves: Mapping[tuple[Holder, type[e.EventData]], Holder] = attrs.field(factory=_moves)
    name: str = "interaction"
    initial: Holder = Holder.QUEUE
    final: frozenset[Holder] = frozenset({Holder.CLOSED})


CUSTODY: Final = Picture()


class CustodyDiagram(SphinxDirective):
    """Who can have a customer, and which event says who is next."""

    def run(self) -> list[nodes.Node]:
        """The drawing, which scrolls within its own box where the page is narrow."""
        drawing = f'<div style="overflow-x:auto">{draw(CUSTODY)}</div>'
        return [nodes.raw("", drawing, format="html")]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directive known to Sphinx."""
    app.add_directive("custody-diagram", CustodyDiagram)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

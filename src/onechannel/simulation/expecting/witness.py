"""The witness: what has happened in a centre, found without reading the whole log each time.

Laws of this file: each event is read once, and kept by its name and its interaction; what an event
does not say by itself is looked up in what the log says.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from operator import attrgetter
from typing import Any, Final, Protocol, TypeAlias

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel.kernel import Kernel
from onechannel.model.actor import ActorKind
from onechannel.model.assignment import SPEAKING, Role
from onechannel.model.ids import (
    AssignmentId,
    CustomerId,
    InteractionId,
    WorkerId,
    interaction_of,
    spoken_in,
)
from onechannel.model.interaction import Direction
from onechannel.ports import EventStore
from onechannel.simulation.cast import Refusal
from onechannel.simulation.expecting.kinds import Kind, fields_of
from onechannel.simulation.expecting.wanted import Is, Wanted
from onechannel.simulation.explaining import Explained
from onechannel.simulation.handles import InteractionHandle
from onechannel.simulation.handles.stage import Stage

__all__ = [
    "BEGINNING",
    "NOWHERE",
    "Expected",
    "Found",
    "Mark",
    "Place",
    "Sought",
    "Witness",
    "interaction_in",
    "moment_of",
]

#: What answers an expectation.
Found: TypeAlias = e.Event | Refusal


class Expected(Stage, Protocol):
    """What expectations need of a centre."""

    @property
    def store(self) -> EventStore:
        """Its log."""
        ...

    @property
    def zone(self) -> tzinfo:
        """What its clocks show."""
        ...

    @property
    def kernel(self) -> Kernel:
        """What decides there, to be asked."""
        ...

    @property
    def refusals(self) -> Sequence[Refusal]:
        """What anybody asked for and was refused, in order."""
        ...

    def until(self, moment: datetime) -> Iterator[None]:
        """Let time pass until then, stopping after whatever comes on the way, and at the end."""
        ...

    def explain(self, interaction: InteractionHandle) -> Explained:
        """Who was chosen for it and why nobody else."""
        ...


@attrs.frozen
class Mark:
    """A place in what happens: after that position of the log, and after so many refusals."""

    position: int = 0
    refusals: int = 0


#: Where one thing stands among all that happened: its position and, if refused, which refusal.
Place: TypeAlias = tuple[int, int]

#: Before everything.
BEGINNING: Final = Mark()
NOWHERE: Final[Place] = (0, 0)

_POSITION: Final = attrgetter("position")
_RECORDED: Final = attrgetter("recorded_at")
_AT: Final = attrgetter("at")
#: Kinds of which not every event counts have lists of their own, by their names.
_NARROWER: Final = frozenset({"assigned", "heard", "sent"})
_ANOMALIES: Final = ("anomaly.observed", "policy.faulted", "receipt.unmatched")
#: What is an attempt to speak to the customer.
_WORDS: Final = (c.Say, c.EditMessage, c.Type)


def moment_of(found: Found) -> datetime:
    """When it was recorded or, if refused, asked."""
    return found.recorded_at if isinstance(found, e.Event) else found.at


@attrs.frozen(eq=False)
class Sought:
    """What is looked for: a kind, what is wanted of its fields, and after which mark."""

    kind: Kind
    wanted: Mapping[str, Wanted]
    after: Mark = BEGINNING


@attrs.define(eq=False)
class _Gone:
    """From which position on a worker had handed an interaction over, and up to which."""

    since: int
    until: int | None = None

    def was_at(self, position: int) -> bool:
        """Whether it had then."""
        return self.since <= position and (self.until is None or position < self.until)


@attrs.define(eq=False, repr=False)
class Witness:
    """What a centre's expectations have in common."""

    centre: Expected
    show_text: bool = True
    unasked: dict[Any, None] = attrs.field(factory=dict)
    position: int = 0
    _lists: dict[tuple[str, str | None], list[e.Event]] = attrs.field(factory=dict)
    _roles: dict[AssignmentId, Role] = attrs.field(factory=dict)
    _customers: dict[InteractionId, CustomerId | None] = attrs.field(factory=dict)
    _sides: set[InteractionId] = attrs.field(factory=set)
    _served: dict[InteractionId, set[WorkerId]] = attrs.field(factory=dict)
    _gone: dict[tuple[WorkerId, InteractionId], list[_Gone]] = attrs.field(factory=dict)
    _spoken: dict[WorkerId, list[e.Event]] = attrs.field(factory=dict)

    # -- finding ----------------------------------------------------------------------------------

    def mark(self) -> Mark:
        """Where things stand now."""
        return Mark(self.centre.store.last_position, len(self.centre.refusals))

    def found(self, sought: Sought, since: datetime | None = None) -> Iterator[Found]:
        """What answers to it, in order: if a moment is given, from that one on."""
        things, first = self._looked_at(sought)
        if since is not None:
            at = _AT if sought.kind.event is None else _RECORDED
            first = max(first, bisect_left(things, since, key=at))
        answers = self._test(sought)
        for index in range(first, len(things)):
            if answers(things[index]):
                yield things[index]

    def _looked_at(self, sought: Sought) -> tuple[Sequence[Any], int]:
        """What may answer to it, and from which on."""
        kind, of = sought.kind, sought.wanted.get("interaction")
        if kind.event is None:
            return self.centre.refusals, sought.after.refusals
        name = kind.name if kind.name in _NARROWER else kind.event
        things = self.named(name, of.value if isinstance(of, Is) else None)
        return things, bisect_right(things, sought.after.position, key=_POSITION)

    def _test(self, sought: Sought) -> Callable[[Any], bool]:
        """Whether something answers: this is asked of every event of a kind, and has to be fast."""
        event = e.EVENT_TYPES.get(sought.kind.event or "")
        own = () if event is None else fields_of(event)
        by_itself = [(name, one.holds) for name, one in sought.wanted.items() if name in own]
        looked_up = [(name, one.holds) for name, one in sought.wanted.items() if name not in own]

        def answers(found: Any) -> bool:
            for name, holds in by_itself:
                if not holds(getattr(found.data, name)):
                    return False
            return all(holds(self.value(found, name)) for name, holds in looked_up)

        return answers

    def named(self, event: str, interaction: InteractionId | None = None) -> list[e.Event]:
        """The events of that name."""
        self._catch_up()
        return self._lists.get((event, interaction), [])

    @property
    def began(self) -> datetime:
        """When the first thing happened; now, if nothing has."""
        first = next(self.centre.store.read(limit=1), None)
        return self.centre.now if first is None else first.recorded_at

    def place(self, found: Found) -> Place:
        """Where it stands among all that happened."""
        if isinstance(found, e.Event):
            return found.position, 0
        return found.position, 1 + self.centre.refusals.index(found)

    # -- what a field of it is --------------------------------------------------------------------

    def value(self, found: Found, name: str) -> Any:
        """A field of an event or of a refusal, or what the log says of it elsewhere."""
        if isinstance(found, Refusal):
            return _REFUSED[name](found)
        data = found.data
        return getattr(data, name) if hasattr(data, name) else self._looked_up(data, name)

    def _looked_up(self, data: e.EventData, name: str) -> Any:
        """Whose interaction, journey or promise it is, and what that is about."""
        if name == "customer" and (interaction := getattr(data, "interaction", None)) is not None:
            return getattr(data, "author", None) or self._customers[interaction]
        view = self.centre.view
        if (promise := getattr(data, "promise", None)) is not None:
            return getattr(view.promises[promise].made, name, None)
        if (journey := getattr(data, "journey", None)) is not None:
            return getattr(view.journeys[journey].opened, name, None)
        return None

    # -- whoever has handed over ------------------------------------------------------------------

    def spoke_late(self, worker: WorkerId, after: Mark) -> Iterator[Found]:
        """What a worker said, or tried to, wherever it had handed over."""
        self._catch_up()
        spoken = self._spoken.get(worker, [])
        yield from spoken[bisect_right(spoken, after.position, key=_POSITION) :]
        for refusal in self.centre.refusals[after.refusals :]:
            if refusal.actor.id == worker and isinstance(refusal.command, _WORDS):
                gone = self._gone.get((worker, interaction_in(refusal.command) or ""), ())
                if any(one.was_at(refusal.position) for one in gone):
                    yield refusal

    def has_handed_over(self, worker: WorkerId) -> bool:
        """Whether anybody or any queue has got from it what it served."""
        self._catch_up()
        return any(
            self._gone.get((worker, one)) for one, who in self._served.items() if worker in who
        )

    def anomalies(self, after: Mark) -> Iterator[e.Event]:
        """What says that something cannot be, or that a policy has failed."""
        for name in _ANOMALIES:
            yield from (one for one in self.named(name) if one.position > after.position)

    # -- reading on -------------------------------------------------------------------------------

    def _catch_up(self) -> None:
        """Read what has happened since."""
        if self.centre.store.last_position == self.position:
            return
        for event in self.centre.store.read(self.position):
            data = event.data
            interaction: InteractionId | None = getattr(data, "interaction", None)
            self._note(data.stored_name, interaction, event)
            react = _REACTIONS.get(type(data))
            if react is not None:
                react(self, data, event)
            self.position = event.position

    def _note(self, name: str, interaction: InteractionId | None, event: e.Event) -> None:
        lists = self._lists
        for key in ((name, None), (name, interaction)) if interaction else ((name, None),):
            if key in lists:
                lists[key].append(event)
            else:
                lists[key] = [event]

    def _arrived(self, data: e.InteractionArrived, _event: e.Event) -> None:
        self._customers[data.interaction] = data.customer
        if data.direction is Direction.INTERNAL:
            self._sides.add(data.interaction)

    def _opened(self, data: e.AssignmentOpened, _event: e.Event) -> None:
        self._roles[data.assignment] = data.role

    def _accepted(self, data: e.AssignmentAccepted, event: e.Event) -> None:
        self._takes_part(data, event)

    def _role_changed(self, data: e.RoleChanged, event: e.Event) -> None:
        self._roles[data.assignment] = data.role
        self._takes_part(data, event)

    def _takes_part(self, data: e.AssignmentAccepted | e.RoleChanged, event: e.Event) -> None:
        role = self._roles.get(data.assignment, Role.SERVES)
        if role in SPEAKING:
            for gone in self._gone.get((data.worker, data.interaction), ())[-1:]:
                gone.until = gone.until or event.position
        if role is Role.SERVES:
            self._note("assigned", data.interaction, event)
            self._passes_on(data.interaction, data.worker, event)
            self._served.setdefault(data.interaction, set()).add(data.worker)

    def _queued(self, data: e.InteractionQueued, event: e.Event) -> None:
        self._passes_on(data.interaction, None, event)

    def _passes_on(self, interaction: InteractionId, to: WorkerId | None, event: e.Event) -> None:
        """Somebody else has it: all who served it before have handed it over."""
        for worker in self._served.get(interaction, ()):
            gone = self._gone.setdefault((worker, interaction), [])
            if worker != to and not (gone and gone[-1].until is None):
                gone.append(_Gone(event.position))

    def _received(self, data: e.MessageReceived, event: e.Event) -> None:
        if data.interaction not in self._sides:
            self._note("heard", data.interaction, event)

    def _sent(self, data: e.MessageSent, event: e.Event) -> None:
        if data.interaction not in self._sides:
            self._note("sent", data.interaction, event)
        self._speaks(data.worker, data.interaction, event)

    def _edited(self, data: e.MessageEdited, event: e.Event) -> None:
        actor = event.origin.actor
        if actor.kind is not ActorKind.CUSTOMER and actor.id is not None:
            self._speaks(actor.id, data.interaction, event)

    def _speaks(self, worker: WorkerId, interaction: InteractionId, event: e.Event) -> None:
        gone = self._gone.get((worker, interaction), ())
        if gone and gone[-1].until is None:
            self._spoken.setdefault(worker, []).append(event)


_REACTIONS: Final[dict[type[e.EventData], Callable[[Witness, Any, e.Event], None]]] = {
    e.InteractionArrived: Witness._arrived,
    e.InteractionQueued: Witness._queued,
    e.AssignmentOpened: Witness._opened,
    e.AssignmentAccepted: Witness._accepted,
    e.RoleChanged: Witness._role_changed,
    e.MessageReceived: Witness._received,
    e.MessageSent: Witness._sent,
    e.MessageEdited: Witness._edited,
}


def interaction_in(command: c.Command) -> InteractionId | None:
    """The interaction that a command is about, where that can be told."""
    found: InteractionId | None = getattr(command, "interaction", None)
    if found is not None:
        return found
    assignment, message = getattr(command, "assignment", None), getattr(command, "message", None)
    if assignment is not None:
        return interaction_of(assignment)
    return None if message is None else spoken_in(message)


def _asked_by(*kinds: ActorKind) -> Any:
    def of(refusal: Refusal) -> str | None:
        return refusal.actor.id if refusal.actor.kind in kinds else None

    return of


_REFUSED: Final[dict[str, Any]] = {
    "actor": lambda refusal: refusal.actor.id or refusal.actor.kind.value,
    "worker": _asked_by(ActorKind.WORKER, ActorKind.MACHINE, ActorKind.SUPERVISOR),
    "customer": _asked_by(ActorKind.CUSTOMER),
    "interaction": lambda refusal: interaction_in(refusal.command),
    "verb": attrgetter("verb"),
    "because": lambda refusal: str(refusal.error),
}

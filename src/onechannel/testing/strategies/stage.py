"""The stage: what is there at one point of a log, for whoever looks for something to try.

Laws of this file: it knows what the log says and nothing else; the same number chooses the same
thing. One choice in so many is of something absent, or in another state than the one asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from onechannel import events as e
from onechannel.model.ids import root_of
from onechannel.ports import Answer, CustomerAt, CustomerKnown, LineOf, Past, Reference

__all__ = ["Stage", "astray", "one"]

# One choice in so many goes astray: not at the ends of a range, which are drawn most often.
_RARELY: Final = 8
_ASTRAY: Final = 5

_PARTS: Final[Mapping[type[e.EventData], str]] = {
    e.AssignmentOpened: "pending",
    e.AssignmentAccepted: "active",
    e.AssignmentWrapping: "wrapping",
    e.AssignmentReleased: "over",
    e.AssignmentDeclined: "over",
    e.AssignmentExpired: "over",
    e.AssignmentRescinded: "over",
}
_PRESENCES: Final[Mapping[type[e.EventData], str]] = {
    e.WorkerDefined: "signed_out",
    e.WorkerSignedOut: "signed_out",
    e.WorkerSignedIn: "available",
    e.WorkerAvailable: "available",
    e.WorkerUnavailable: "unavailable",
}

T = TypeVar("T")


def one(some: Sequence[T], number: int) -> T:
    """The one of them that a number chooses."""
    return some[number % len(some)]


def astray(number: int, times: int = 1) -> bool:
    """Whether this number is one of the few that choose what cannot be; fewer by `times`."""
    return number % (times * _RARELY) == _ASTRAY


class Stage:
    """Interactions, assignments and workers by their states; answers about the past."""

    def __init__(self) -> None:
        self.answers: dict[Reference, Answer] = {}
        self._open: dict[str, tuple[bool, str]] = {}
        self._over: list[str] = []
        self._parts: dict[str, tuple[str, str]] = {}
        self._presences: dict[str, str] = {}

    def interaction(self, number: int, state: str = "", *, ours: bool = True) -> str:
        """An open interaction, ours or not, in that state or in any."""
        fitting = [
            name
            for name, (is_ours, found) in self._open.items()
            if is_ours is ours and state in {"", found}
        ]
        if fitting and not astray(number):
            return one(fitting, number)
        return one(["absent", *self._over, *self._open], number // _RARELY)

    def part(self, number: int, state: str) -> str:
        """An assignment in that state."""
        fitting = [part for part, (found, _) in self._parts.items() if found == state]
        if fitting and not astray(number):
            return one(fitting, number)
        return one(["absent/1", *self._parts], number // _RARELY)

    def serves(self, part: str) -> str | None:
        """The worker whose assignment it is."""
        return self._parts[part][1] if part in self._parts else None

    def worker(self, number: int, *presences: str) -> str:
        """A worker with one of these presences."""
        fitting = [name for name, found in self._presences.items() if found in presences]
        if fitting and not astray(number):
            return one(fitting, number)
        return one(["absent", *self._presences], number // _RARELY)

    def closed(self, number: int) -> str | None:
        """A closed interaction, or None where there is none."""
        return one(self._over, number) if self._over else None

    def new_name(self, number: int, prefix: str) -> str:
        """An id that never arrived."""
        if astray(number, 2):
            return one(["i~1", *self._open, *self._over], number // _RARELY)
        return f"{prefix}{len(self._open) + len(self._over) + 1}"

    def note(self, data: e.EventData) -> None:
        """Take in what happened."""
        if isinstance(data, e.CustomerRegistered):
            self.answers[CustomerKnown(data.customer)] = data
            for address in data.addresses:
                self.answers[CustomerAt(address.key)] = data.customer
        elif isinstance(data, e.InteractionArrived):
            self.answers[LineOf(root_of(data.interaction))] = Past(data, None)
            self._open[data.interaction] = (False, "waiting")
        elif isinstance(data, e.InteractionQueued):
            self._open[data.interaction] = (data.plan is not None, "waiting")
        elif isinstance(data, e.InteractionClosed):
            self._close(data)
        else:
            self._move(data)

    def _close(self, data: e.InteractionClosed) -> None:
        del self._open[data.interaction]
        self._over.append(data.interaction)
        line = LineOf(root_of(data.interaction))
        latest = self.answers[line]
        if isinstance(latest, Past) and latest.arrived.interaction == data.interaction:
            self.answers[line] = Past(latest.arrived, data)

    def _move(self, data: e.EventData) -> None:
        part, worker = getattr(data, "assignment", ""), getattr(data, "worker", "")
        if type(data) in _PARTS:
            self._parts[part] = (_PARTS[type(data)], worker)
        elif type(data) in _PRESENCES and not (
            isinstance(data, e.WorkerDefined) and worker in self._presences
        ):
            self._presences[worker] = _PRESENCES[type(data)]
        if isinstance(data, e.AssignmentAccepted):
            ours, _ = self._open[data.interaction]
            self._open[data.interaction] = (ours, "engaged")

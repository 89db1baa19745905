"""The kernel's face: commands in, events out.

Laws of this file: a call either changes nothing and raises, or leaves no offerable pair and no due
deadline behind; time comes in with the request and never runs backwards.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from onechannel import commands as c
from onechannel import model as m
from onechannel.commands import VERBS, Relation, Request
from onechannel.errors import CommandRefused, DeadlineDue, InvalidValue
from onechannel.events import Cause, Event, EventData, Origin
from onechannel.facts import NOTHING_PAST, Facts, references
from onechannel.kernel.decide import DECIDE, FIRE, settle
from onechannel.kernel.observe import OBSERVE
from onechannel.live.evolve import apply, evolve
from onechannel.live.snapshot import SNAPSHOT_VERSION, Snapshot, restore, take
from onechannel.live.state import State
from onechannel.live.turn import Turn
from onechannel.model.checks import utc
from onechannel.model.ids import InteractionId
from onechannel.ports import Reference
from onechannel.routing import explanation

__all__ = ["Kernel"]


class Kernel:
    """One centre's decisions, as a protocol object without clock, randomness or I/O.

    It starts on the built-in default policy; `callables` are the planners and hooks that a policy
    may name::

        events = kernel.advance(at)            # deadlines first
        events = kernel.handle(request, facts)
    """

    __slots__ = ("_callables", "_state")

    def __init__(self, callables: m.Callables | None = None) -> None:
        self._callables = dict(callables or {})
        self._state = State()

    @classmethod
    def replay(cls, events: Iterable[Event], callables: m.Callables | None = None) -> "Kernel":
        """The kernel that made these events; raises `LogInconsistent` where one cannot be."""
        kernel = cls(callables)
        kernel.follow(events)
        return kernel

    @classmethod
    def restore(cls, snapshot: Snapshot, callables: m.Callables | None = None) -> "Kernel":
        """The kernel of which the snapshot was taken."""
        if snapshot.version != SNAPSHOT_VERSION:
            raise InvalidValue(
                f"the snapshot is of version {snapshot.version}, not {SNAPSHOT_VERSION}: "
                "replay the log"
            )
        kernel = cls(callables)
        kernel._state = restore(snapshot)
        return kernel

    def snapshot(self) -> Snapshot:
        """The state as a value; later changes do not touch it."""
        return take(self._state)

    def follow(self, events: Iterable[Event]) -> None:
        """Take in what another process has decided: the events right after `position`."""
        state = self._state
        for event in events:
            evolve(state, event)

    def explain(self, interaction: InteractionId) -> m.Explanation | None:
        """Who is asked for an open interaction, and what keeps all others; None if it is not open.

        Where somebody else routes, nothing is known of the others.
        """
        state = self._state
        live = state.interactions.get(interaction)
        if live is None or live.plan is None:
            return None
        asked = state.assignments.get(live.pending or live.owner or "")
        step, channel = live.plan.steps[live.step], state.channels[live.channel]
        seats = (worker.seat for worker in state.workers.values())
        winner = None if asked is None else asked.worker
        return explanation(live.id, winner, state.policy.name, step.requirement, channel, seats)

    @property
    def position(self) -> int:
        """The position of the last event; 0 before the first."""
        return self._state.position

    @property
    def policy(self) -> m.Policy:
        """The policy by which it decides."""
        return self._state.policy

    @property
    def next_deadline(self) -> datetime | None:
        """When `advance` has something to do, if nothing else happens before."""
        first = self._state.deadlines.first
        return None if first is None else first[0]

    def needs(self, request: Request, facts: Facts) -> tuple[Reference, ...]:
        """What of the past the decision looks at and the facts do not yet answer."""
        if facts.complete:
            return ()
        asked = references(request, self._state.interactions.__contains__)
        return tuple(one for one in asked if one not in facts.answers)

    def advance(self, at: datetime) -> tuple[Event, ...]:
        """Fire every deadline due by `at`, in order of time.

        The events are recorded at `at` and occurred when they were due: after an outage nobody is
        asked in the past.
        """
        state = self._state
        now = self._effective(utc(at))
        events: list[Event] = []
        while (first := state.deadlines.first) is not None and first[0] <= now:
            due, _, alarm, subject = first
            turn = Turn(state, now, due, m.SYSTEM, Relation.ANY, NOTHING_PAST, self._callables)
            tenant = state.tenant
            assert tenant is not None  # whoever armed a deadline had one
            origin = Origin(now, due, Cause.DEADLINE, None, m.SYSTEM, tenant)
            self._apply(FIRE[alarm](turn, subject), origin, events, named=False)
            assert state.deadlines.first != first  # or it would fire for ever
        return tuple(events)

    def handle(self, request: Request, facts: Facts = NOTHING_PAST) -> tuple[Event, ...]:
        """Decide on one request.

        Raises `CommandRefused` or `PolicyMissing` having changed nothing, `FactsMissing` where
        `needs` was not heard, and `DeadlineDue` where a deadline comes before the request.
        """
        state, command = self._state, request.command
        kind = type(command)
        if state.tenant is not None and request.tenant != state.tenant:
            raise CommandRefused(f"tenant {request.tenant} has no centre here")
        now = self._effective(request.at)
        first = state.deadlines.first
        if first is not None and first[0] <= now:
            raise DeadlineDue(
                f"a deadline of {first[0].isoformat()} comes first: advance to the request's time"
            )
        relation = VERBS[kind].actors.get(request.actor.kind)
        if relation is None:
            raise CommandRefused(f"a {request.actor.kind.value} may not {VERBS[kind].name}")
        claimed_at = request.claimed_at or now
        cause = Cause.OBSERVED if kind in OBSERVE else Cause.COMMAND
        origin = Origin(now, claimed_at, cause, request.id, request.actor, request.tenant)
        turn = Turn(state, now, claimed_at, request.actor, relation, facts, self._callables)
        events: list[Event] = []
        self._apply(DECIDE[kind](turn, command), origin, events, named=kind in _BY_NAME)
        return tuple(events)

    def _effective(self, at: datetime) -> datetime:
        last = self._state.at
        return at if last is None or at > last else last

    def _apply(
        self, decision: Iterator[EventData], origin: Origin, events: list[Event], *, named: bool
    ) -> None:
        """Make events of what is decided, and then of what routing has to say to it.

        Where somebody `named` who serves, that is no decision of the policy's.
        """
        state = self._state
        by_policy = origin if named else None
        for data in decision:
            why = origin
            if not data.stored:
                events.append(Event(state.position, origin, data))
                continue
            if data.by_policy:
                why = by_policy = by_policy or _by_policy(origin)
            events.append(apply(state, Event(state.position + 1, why, data)))
        if not (state.index.restless or state.leaving):
            return
        routed = None if named else by_policy
        for data in settle(state, origin.recorded_at):
            routed = routed or _by_policy(origin)
            events.append(apply(state, Event(state.position + 1, routed, data)))


#: Commands that say who serves, or takes another part.
_BY_NAME: Final = frozenset(OBSERVE) | {c.Reach, c.Consult, c.Join, c.Assign}


def _by_policy(origin: Origin) -> Origin:
    """The same occasion, where the policy decided and not who asked."""
    at = origin.recorded_at
    return Origin(at, at, Cause.POLICY, origin.command, origin.actor, origin.tenant)

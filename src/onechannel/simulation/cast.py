"""The cast: who in a virtual centre does what without being told each time.

Laws of this file: it follows the events of the log and puts what comes of them on the agenda; when
its time has come, what no longer applies is not tried, but for what a machine says: that is on its
way, and whether it may still be said is the kernel's to know.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused, InvalidValue
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.assignment import AssignmentState, Role
from onechannel.model.ids import AssignmentId, CustomerId, InteractionId, WorkerId
from onechannel.model.interaction import InteractionState
from onechannel.model.worker import WorkerKind, WorkerState
from onechannel.simulation.clockwork import Action
from onechannel.simulation.handles.facts import address_for
from onechannel.simulation.scripts import Patience, Routine, Turn, TurnKind
from onechannel.simulation.view import View

__all__ = ["Cast", "Refusal"]

_WORKING: Final = frozenset({ActorKind.WORKER, ActorKind.MACHINE, ActorKind.SUPERVISOR})


@attrs.frozen
class Refusal:
    """What somebody asked for and was refused, and when: after so much of the log."""

    at: datetime
    position: int
    actor: Actor
    command: c.Command
    error: CommandRefused

    @property
    def verb(self) -> str:
        """The verb of the command."""
        return c.VERBS[type(self.command)].name


class _Theatre(Protocol):
    """What the cast needs of its centre."""

    @property
    def view(self) -> View: ...
    @property
    def now(self) -> datetime: ...
    def later(self, when: timedelta | datetime, action: Action) -> Action: ...
    def do(self, command: c.Command, actor: Actor = SYSTEM) -> tuple[e.Event, ...]: ...
    def next_interaction(self) -> InteractionId: ...


@attrs.define(eq=False)
class _Play:
    """How far somebody's turns have come in one interaction."""

    worker: WorkerId
    interaction: InteractionId
    assignment: AssignmentId
    turns: tuple[Turn, ...]
    taken: int = 0
    asked: bool = False


@attrs.define(eq=False)
class Cast:
    """Turns, routines and patience, by whose they are; and who has vanished, since when."""

    centre: _Theatre
    turns: dict[WorkerId, tuple[Turn, ...]] = attrs.field(factory=dict)
    routines: dict[WorkerId, Routine] = attrs.field(factory=dict)
    patience: dict[CustomerId, Patience] = attrs.field(factory=dict)
    vanished: dict[WorkerId, datetime] = attrs.field(factory=dict)
    refusals: list[Refusal] = attrs.field(factory=list)
    _plays: dict[InteractionId, _Play] = attrs.field(factory=dict)
    _in_line: dict[InteractionId, object] = attrs.field(factory=dict)
    _returned: dict[CustomerId, int] = attrs.field(factory=dict)

    def follow(self, events: Iterable[e.Event]) -> None:
        """Put on the agenda what comes of these."""
        if self.turns or self.routines or self.patience:
            for event in events:
                react = _REACTIONS.get(type(event.data))
                if react is not None:
                    react(self, event.data)

    # -- who is there -----------------------------------------------------------------------------

    def check(self, actor: Actor) -> None:
        """Refuse whoever has vanished."""
        if actor.id in self.vanished and actor.kind in _WORKING:
            raise InvalidValue(
                f"worker {actor.id} has vanished, at {self.vanished[actor.id]}, and does nothing: "
                "let it come back first"
            )

    def vanish(self, worker: WorkerId, noticed_after: timedelta | None) -> None:
        """From now on nothing comes from a worker; after a time the centre notices."""
        self.vanished.setdefault(worker, self.centre.now)
        since = self.vanished[worker]
        if noticed_after is not None:
            self.centre.later(noticed_after, lambda: self._notice(worker, since))

    def _notice(self, worker: WorkerId, since: datetime) -> None:
        """The centre signs it out, and gives what it served back to its line."""
        if self.vanished.get(worker) != since:
            return
        if self.centre.view.workers[worker].state is not WorkerState.SIGNED_OUT:
            self.tries(c.SignOut(worker=worker))
        for one in self._served_by(worker):
            self.tries(c.Transfer(interaction=one, reason="vanished"))

    def _served_by(self, worker: WorkerId) -> list[InteractionId]:
        view = self.centre.view
        parts = view.workers[worker].parts.items()
        return [one for part, one in parts if view.interactions[one].owner == part]

    def tries(self, command: c.Command, actor: Actor = SYSTEM) -> bool:
        """Give a command; whether it was served: `refusals` has why not."""
        try:
            self.centre.do(command, actor)
        except CommandRefused:
            return False
        return True

    # -- what is said of a part -------------------------------------------------------------------

    def _opened(self, data: e.AssignmentOpened) -> None:
        routine = self.routines.get(data.worker)
        if routine is not None and routine.answers_after is not None:
            take = c.Accept(assignment=data.assignment)
            self._if_still(data, AssignmentState.PENDING, routine.answers_after, take)

    def _accepted(self, data: e.AssignmentAccepted | e.RoleChanged) -> None:
        part = self.centre.view.interactions[data.interaction].parts[data.assignment]
        if part.role is not Role.SERVES:
            return
        self._in_line.pop(data.interaction, None)
        turns, routine = self.turns.get(part.worker), self.routines.get(part.worker)
        if turns:
            play = _Play(part.worker, data.interaction, data.assignment, turns)
            self._plays[data.interaction] = play
            self._go_on(play)
        if routine is not None and routine.serves_for is not None:
            end = c.Close(interaction=data.interaction, disposition=routine.disposition)
            self._if_still(data, AssignmentState.ACTIVE, routine.serves_for, end)

    def _wrapping(self, data: e.AssignmentWrapping) -> None:
        routine = self.routines.get(data.worker)
        if routine is not None and routine.wraps_up_for is not None:
            end = c.Release(assignment=data.assignment)
            self._if_still(data, AssignmentState.WRAPPING, routine.wraps_up_for, end)

    def _if_still(
        self, data: Any, state: AssignmentState, after: timedelta, command: c.Command
    ) -> None:
        """Do it by itself later, if its part is in that state then, and it has not vanished."""

        def act() -> None:
            part = self.centre.view.interactions[data.interaction].parts[data.assignment]
            if part.state is state and part.worker not in self.vanished:
                self.tries(command, self._actor(part.worker))

        self.centre.later(after, act)

    def _actor(self, worker: WorkerId) -> Actor:
        machine = self.centre.view.workers[worker].definition.kind is WorkerKind.MACHINE
        return Actor(ActorKind.MACHINE if machine else ActorKind.WORKER, worker)

    # -- turns ------------------------------------------------------------------------------------

    def _heard(self, data: e.MessageReceived) -> None:
        play = self._plays.get(data.interaction)
        if play is None or not play.asked:
            return
        if self.centre.view.interactions[data.interaction].owner == play.assignment:
            play.asked = False
            self._go_on(play)

    def _go_on(self, play: _Play) -> None:
        if play.taken < len(play.turns):
            turn = play.turns[play.taken]
            play.taken += 1
            self.centre.later(turn.after, lambda: self._take(play, turn))

    def _take(self, play: _Play, turn: Turn) -> None:
        if play.worker not in self.vanished:
            _TURNS[turn.kind](self, play, turn)

    def _say(self, play: _Play, turn: Turn) -> bool:
        said = c.Say(interaction=play.interaction, text=turn.said or "", assignment=play.assignment)
        return self.tries(said, self._actor(play.worker))

    def _answer(self, play: _Play, turn: Turn) -> None:
        if self._say(play, turn):
            self._go_on(play)

    def _ask(self, play: _Play, turn: Turn) -> None:
        play.asked = self._say(play, turn)

    def _escalate(self, play: _Play, turn: Turn) -> None:
        command = c.Escalate(interaction=play.interaction, reason=turn.why)
        self.tries(command, self._actor(play.worker))

    def _close(self, play: _Play, turn: Turn) -> None:
        command = c.Close(interaction=play.interaction, disposition=turn.why)
        self.tries(command, self._actor(play.worker))

    def _fail(self, play: _Play, turn: Turn) -> None:
        reason = turn.why or "failed"
        if self.centre.view.workers[play.worker].state is WorkerState.AVAILABLE:
            self.tries(c.BecomeUnavailable(worker=play.worker, reason=reason))
        for one in self._served_by(play.worker):
            self.tries(c.Escalate(interaction=one, reason=reason))

    def _hang(self, play: _Play, _turn: Turn) -> None:
        play.taken = len(play.turns)

    # -- patience ---------------------------------------------------------------------------------

    def _queued(self, data: e.InteractionQueued) -> None:
        found = self.centre.view.interactions[data.interaction]
        customer = found.arrived.customer
        patience = self.patience.get(customer or "")
        if customer is None or patience is None or data.interaction in self._in_line:
            return
        if self.centre.view.channel(found.channel).real_time:
            mark = self._in_line[data.interaction] = object()
            self.centre.later(
                patience.waits_for, lambda: self._give_up(data.interaction, mark, customer)
            )

    def _give_up(self, interaction: InteractionId, mark: object, customer: CustomerId) -> None:
        """Leave the line, if it is still the same one; and come again, where it does that."""
        found = self.centre.view.interactions[interaction]
        if self._in_line.get(interaction) is not mark:
            return
        del self._in_line[interaction]
        actor = Actor(ActorKind.CUSTOMER, customer)
        if found.state is not InteractionState.WAITING:
            return
        left = self.tries(c.Leave(interaction=interaction), actor)
        patience = self.patience.get(customer)
        if not left or patience is None or patience.returns_after is None:
            return
        if self._returned.get(customer, 0) < patience.returns:
            self._returned[customer] = self._returned.get(customer, 0) + 1
            self.centre.later(
                patience.returns_after, lambda: self._return(found.arrived, actor, customer)
            )

    def _return(self, before: e.InteractionArrived, actor: Actor, customer: CustomerId) -> None:
        self.tries(
            c.Arrive(
                interaction=self.centre.next_interaction(),
                channel=before.channel,
                customer=customer,
                address=address_for(self.centre.view, customer, before.channel),
                about=before.about,
            ),
            actor,
        )


_REACTIONS: Final[dict[type[e.EventData], Callable[[Cast, Any], None]]] = {
    e.AssignmentOpened: Cast._opened,
    e.AssignmentAccepted: Cast._accepted,
    e.RoleChanged: Cast._accepted,
    e.AssignmentWrapping: Cast._wrapping,
    e.MessageReceived: Cast._heard,
    e.InteractionQueued: Cast._queued,
}

_TURNS: Final[dict[TurnKind, Callable[[Cast, _Play, Turn], None]]] = {
    TurnKind.ANSWERS: Cast._answer,
    TurnKind.ASKS: Cast._ask,
    TurnKind.ESCALATES: Cast._escalate,
    TurnKind.CLOSES: Cast._close,
    TurnKind.FAILS: Cast._fail,
    TurnKind.HANGS: Cast._hang,
}

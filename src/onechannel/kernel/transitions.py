"""Which state follows which, and what applies when: one table per machine.

Laws of this file: every event that moves a machine stands here once, with all the states it may
meet; every command that needs a machine in a certain state stands here with those states, and every
other pair is refused. The diagrams in the documentation are drawn from these tables.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, Generic, TypeVar

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel.model.assignment import AssignmentState as A
from onechannel.model.interaction import InteractionState as I
from onechannel.model.worker import WorkerState as W

__all__ = ["ASSIGNMENT", "INTERACTION", "MACHINES", "WORKER", "Machine"]

S = TypeVar("S", bound=Enum)


@attrs.frozen
class Machine(Generic[S]):
    """The states of one kind of thing.

    `moves` maps (state, event) to the next state; `admits` maps a command to the states in which it
    applies.
    """

    name: str
    initial: S
    final: frozenset[S]
    moves: Mapping[tuple[S, type[e.EventData]], S]
    admits: Mapping[type, frozenset[S]]

    def refusal(self, subject: str, state: S) -> str:
        """Why nothing else applies: the thing, its state and the way out."""
        apply = sorted(
            command.__name__ for command, states in self.admits.items() if state in states
        )
        return f"{self.name} {subject} is {state.value}: only {', '.join(apply)} apply"


INTERACTION: Final = Machine(
    name="interaction",
    initial=I.WAITING,
    final=frozenset({I.CLOSED}),
    moves={
        (I.WAITING, e.InteractionQueued): I.WAITING,
        (I.ENGAGED, e.InteractionQueued): I.WAITING,
        (I.WAITING, e.StepExpired): I.WAITING,
        (I.WAITING, e.InteractionDequeued): I.WAITING,
        (I.WAITING, e.AssignmentAccepted): I.ENGAGED,
        (I.ENGAGED, e.AssignmentAccepted): I.ENGAGED,
        (I.ENGAGED, e.AssignmentReleased): I.WAITING,
        (I.WAITING, e.InteractionClosed): I.CLOSED,
        (I.ENGAGED, e.InteractionClosed): I.CLOSED,
    },
    admits={
        c.Say: frozenset({I.WAITING, I.ENGAGED}),
        c.Leave: frozenset({I.WAITING, I.ENGAGED}),
        c.Close: frozenset({I.WAITING, I.ENGAGED}),
        c.Escalate: frozenset({I.ENGAGED}),
        c.HandBack: frozenset({I.ENGAGED}),
        c.ObserveQueued: frozenset({I.WAITING, I.ENGAGED}),
        c.ObserveDequeued: frozenset({I.WAITING}),
        c.ObserveAccepted: frozenset({I.WAITING, I.ENGAGED}),
        c.ObserveReleased: frozenset({I.ENGAGED}),
        c.ObserveClosed: frozenset({I.WAITING, I.ENGAGED}),
    },
)

ASSIGNMENT: Final = Machine(
    name="assignment",
    initial=A.PENDING,
    final=frozenset({A.RELEASED, A.DECLINED, A.EXPIRED, A.RESCINDED}),
    moves={
        (A.PENDING, e.AssignmentAccepted): A.ACTIVE,
        (A.PENDING, e.AssignmentDeclined): A.DECLINED,
        (A.PENDING, e.AssignmentExpired): A.EXPIRED,
        (A.PENDING, e.AssignmentRescinded): A.RESCINDED,
        (A.ACTIVE, e.MessageSent): A.ACTIVE,
        (A.ACTIVE, e.AssignmentWrapping): A.WRAPPING,
        (A.ACTIVE, e.AssignmentReleased): A.RELEASED,
        (A.WRAPPING, e.AssignmentReleased): A.RELEASED,
    },
    admits={
        c.Accept: frozenset({A.PENDING}),
        c.Decline: frozenset({A.PENDING}),
        c.Say: frozenset({A.ACTIVE}),
        c.Release: frozenset({A.WRAPPING}),
    },
)

WORKER: Final = Machine(
    name="worker",
    initial=W.SIGNED_OUT,
    final=frozenset(),
    moves={
        (W.SIGNED_OUT, e.WorkerSignedIn): W.AVAILABLE,
        (W.AVAILABLE, e.WorkerSignedOut): W.SIGNED_OUT,
        (W.UNAVAILABLE, e.WorkerSignedOut): W.SIGNED_OUT,
        (W.AVAILABLE, e.WorkerUnavailable): W.UNAVAILABLE,
        (W.UNAVAILABLE, e.WorkerUnavailable): W.UNAVAILABLE,
        (W.UNAVAILABLE, e.WorkerAvailable): W.AVAILABLE,
    },
    admits={
        c.SignIn: frozenset({W.SIGNED_OUT}),
        c.SignOut: frozenset({W.AVAILABLE, W.UNAVAILABLE}),
        c.BecomeAvailable: frozenset({W.UNAVAILABLE}),
        c.BecomeUnavailable: frozenset({W.AVAILABLE, W.UNAVAILABLE}),
    },
)

MACHINES: Final = (INTERACTION, ASSIGNMENT, WORKER)

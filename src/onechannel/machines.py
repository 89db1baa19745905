"""Which state follows which, and what applies when: one table per machine.

Laws of this file: every event that moves a machine stands here once, with all the states it may
meet; every command that needs a machine in a certain state stands here with those states, and every
other pair is refused. The diagrams in the documentation are drawn from these tables.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Generic, TypeVar

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel.model.assignment import AssignmentState as A
from onechannel.model.interaction import InteractionState as I
from onechannel.model.journey import JourneyState as J
from onechannel.model.promise import PromiseState as P
from onechannel.model.worker import WorkerState as W

__all__ = ["ASSIGNMENT", "INTERACTION", "JOURNEY", "MACHINES", "PROMISE", "WORKER", "Machine"]

S = TypeVar("S", bound=StrEnum)


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
            command.__name__
            for command, states in self.admits.items()
            if state in states and not command.__name__.startswith("Observe")
        )
        return f"{self.name} {subject} is {state.value}: only {', '.join(apply)} apply"


_OPEN: Final = frozenset({I.WAITING, I.ENGAGED, I.DORMANT, I.SUSPENDED})
_AWAKE: Final = frozenset({I.WAITING, I.ENGAGED})
_ENGAGED: Final = frozenset({I.ENGAGED})

INTERACTION: Final = Machine(
    name="interaction",
    initial=I.WAITING,
    final=frozenset({I.CLOSED}),
    moves={
        **{(state, e.InteractionQueued): I.WAITING for state in _OPEN},
        **{(state, e.InteractionScheduled): I.WAITING for state in _OPEN - {I.SUSPENDED}},
        (I.WAITING, e.StepExpired): I.WAITING,
        (I.WAITING, e.InteractionDequeued): I.WAITING,
        (I.WAITING, e.AssignmentAccepted): I.ENGAGED,
        (I.ENGAGED, e.AssignmentAccepted): I.ENGAGED,
        (I.DORMANT, e.AssignmentAccepted): I.ENGAGED,
        (I.SUSPENDED, e.AssignmentAccepted): I.ENGAGED,
        (I.ENGAGED, e.RoleChanged): I.ENGAGED,
        (I.ENGAGED, e.AssignmentReleased): I.WAITING,
        (I.ENGAGED, e.InteractionLeased): I.ENGAGED,
        (I.ENGAGED, e.LeaseExpired): I.ENGAGED,
        (I.ENGAGED, e.InteractionSlept): I.DORMANT,
        **{(state, e.InteractionSuspended): I.SUSPENDED for state in _OPEN - {I.SUSPENDED}},
        **{(state, e.InteractionMoved): state for state in _OPEN},
        **{(state, e.InteractionClosed): I.CLOSED for state in _OPEN},
    },
    admits={
        c.Say: _OPEN,
        c.Type: _OPEN,
        c.Leave: _OPEN,
        c.Close: _OPEN,
        c.MoveChannel: _OPEN,
        c.JoinJourney: _OPEN,
        c.MakePromise: _OPEN,
        c.Transfer: _OPEN,
        c.Assign: _OPEN,
        c.RequestCallback: _OPEN - {I.SUSPENDED},
        c.Suspend: _OPEN - {I.SUSPENDED},
        c.Reactivate: frozenset({I.DORMANT, I.SUSPENDED}),
        c.Escalate: _ENGAGED,
        c.HandBack: _ENGAGED,
        c.Consult: _ENGAGED,
        c.Delegate: _ENGAGED,
        c.Join: _ENGAGED,
        c.Sleep: _ENGAGED,
        c.MissCallback: _ENGAGED,
        c.RenewLease: _ENGAGED,
        c.ObserveQueued: _AWAKE,
        c.ObserveDequeued: frozenset({I.WAITING}),
        c.ObserveAccepted: _AWAKE,
        c.ObserveReleased: _ENGAGED,
        c.ObserveClosed: _AWAKE,
    },
)

_TAKING_PART: Final = frozenset({A.ACTIVE, A.HELD})

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
        (A.ACTIVE, e.MessageSuggested): A.ACTIVE,
        (A.ACTIVE, e.AssignmentHeld): A.HELD,
        (A.HELD, e.AssignmentResumed): A.ACTIVE,
        (A.ACTIVE, e.RoleChanged): A.ACTIVE,
        (A.HELD, e.RoleChanged): A.ACTIVE,
        (A.ACTIVE, e.AssignmentWrapping): A.WRAPPING,
        (A.HELD, e.AssignmentWrapping): A.WRAPPING,
        (A.WRAPPING, e.AssignmentWrapping): A.WRAPPING,
        (A.ACTIVE, e.AssignmentReleased): A.RELEASED,
        (A.HELD, e.AssignmentReleased): A.RELEASED,
        (A.WRAPPING, e.AssignmentReleased): A.RELEASED,
    },
    admits={
        c.Accept: frozenset({A.PENDING}),
        c.Decline: frozenset({A.PENDING}),
        c.Say: frozenset({A.ACTIVE}),
        c.Type: frozenset({A.ACTIVE}),
        c.Suggest: frozenset({A.ACTIVE}),
        c.Hold: frozenset({A.ACTIVE}),
        c.Resume: frozenset({A.HELD}),
        c.ChangeRole: _TAKING_PART,
        c.Release: _TAKING_PART | {A.WRAPPING},
        c.ExtendWrapUp: frozenset({A.WRAPPING}),
    },
)

_PRESENT: Final = frozenset({W.AVAILABLE, W.UNAVAILABLE})

WORKER: Final = Machine(
    name="worker",
    initial=W.SIGNED_OUT,
    final=frozenset(),
    moves={
        (W.SIGNED_OUT, e.WorkerSignedIn): W.AVAILABLE,
        (W.DRAINING, e.WorkerSignedIn): W.AVAILABLE,
        **{(state, e.WorkerSignedOut): W.SIGNED_OUT for state in _PRESENT | {W.DRAINING}},
        **{(state, e.WorkerDraining): W.DRAINING for state in _PRESENT | {W.DRAINING}},
        **{(state, e.WorkerUnavailable): W.UNAVAILABLE for state in _PRESENT},
        (W.UNAVAILABLE, e.WorkerAvailable): W.AVAILABLE,
    },
    admits={
        c.SignIn: frozenset({W.SIGNED_OUT, W.DRAINING}),
        c.SignOut: _PRESENT | {W.DRAINING},
        c.Drain: _PRESENT,
        c.BecomeAvailable: frozenset({W.UNAVAILABLE}),
        c.BecomeUnavailable: _PRESENT,
        c.Sanction: _PRESENT,
    },
)

_UNKEPT: Final = frozenset({P.OPEN, P.PAUSED})

PROMISE: Final = Machine(
    name="promise",
    initial=P.OPEN,
    final=frozenset({P.KEPT, P.BROKEN, P.RENEGOTIATED, P.WITHDRAWN}),
    moves={
        **{(state, e.PromiseKept): P.KEPT for state in _UNKEPT},
        **{(state, e.PromiseRenegotiated): P.RENEGOTIATED for state in _UNKEPT},
        **{(state, e.PromiseWithdrawn): P.WITHDRAWN for state in _UNKEPT},
        (P.OPEN, e.PromiseBroken): P.BROKEN,
        (P.OPEN, e.PromisePaused): P.PAUSED,
        (P.PAUSED, e.PromiseResumed): P.OPEN,
    },
    admits={
        c.KeepPromise: _UNKEPT,
        c.RenegotiatePromise: _UNKEPT,
        c.WithdrawPromise: _UNKEPT,
        c.PausePromise: frozenset({P.OPEN}),
        c.ResumePromise: frozenset({P.PAUSED}),
    },
)

_PURSUED: Final = frozenset({J.OPEN})

JOURNEY: Final = Machine(
    name="journey",
    initial=J.OPEN,
    final=frozenset({J.ACHIEVED, J.FAILED, J.LAPSED}),
    moves={
        (J.OPEN, e.JourneyJoined): J.OPEN,
        (J.OPEN, e.JourneyExtended): J.OPEN,
        (J.OPEN, e.JourneyAchieved): J.ACHIEVED,
        (J.OPEN, e.JourneyFailed): J.FAILED,
        (J.OPEN, e.JourneyLapsed): J.LAPSED,
    },
    admits={c.JoinJourney: _PURSUED, c.AchieveJourney: _PURSUED, c.FailJourney: _PURSUED},
)

MACHINES: Final = (INTERACTION, ASSIGNMENT, WORKER, PROMISE, JOURNEY)

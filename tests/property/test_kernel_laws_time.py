"""The laws of time, each over random scripts: every deadline fires once, or is cancelled.

What each event arms and cancels is said here a second time, from what the events mean.
"""

from collections.abc import Iterator
from datetime import datetime

import attrs
import pytest
from hypothesis import given

from onechannel import commands as c
from onechannel import events as e
from onechannel.model.assignment import Role
from onechannel.testing.strategies import Rehearsal, logs, scripts, seeded

#: A deadline: what it is for, and of what.
Timer = tuple[str, str]

OF_INTERACTION = ("step", "close", "turn", "idle", "lease", "place")
ARMING = {
    e.InteractionQueued: (("step", "expires_at"), ("close", "closes_at")),
    e.StepExpired: (("step", "expires_at"),),
    e.InteractionScheduled: (("turn", "at"),),
    e.InteractionSuspended: (("turn", "due"),),
    e.InteractionSlept: (("close", "closes_at"),),
    e.InteractionLeased: (("lease", "until"),),
    e.InteractionClosed: (("place", "place_until"),),
    e.MessageSent: (("idle", "idle_at"),),
    e.AssignmentOpened: (("ring", "expires_at"),),
    e.AssignmentWrapping: (("wrap-up", "until"),),
    e.WorkerUnavailable: (("pause", "until"),),
    e.WorkerDraining: (("return", "until"),),
    e.PromiseMade: (("due", "due"),),
    e.PromiseResumed: (("due", "due"),),
    e.PromisePaused: (("resume", "until"),),
    e.JourneyOpened: (("lapse", "lapses_at"),),
    e.JourneyExtended: (("lapse", "lapses_at"),),
    e.ReceiptParked: (("receipt", "until"),),
}
#: Whatever moves a thing unsets all that was armed for it as it was; other events only some.
CANCELLING = {
    **dict.fromkeys((e.InteractionQueued, e.InteractionScheduled), OF_INTERACTION),
    **dict.fromkeys((e.InteractionSuspended, e.InteractionSlept), OF_INTERACTION),
    **dict.fromkeys((e.InteractionClosed, e.PlaceLost), OF_INTERACTION),
    e.StepExpired: ("step",),
    e.InteractionLeased: ("lease",),
    e.LeaseExpired: ("lease",),
    e.InteractionMoved: ("lease", "idle"),
    e.MessageSent: ("idle",),
    e.MessageReceived: ("idle",),
    **dict.fromkeys((e.AssignmentAccepted, e.AssignmentDeclined), ("ring",)),
    **dict.fromkeys((e.AssignmentExpired, e.AssignmentRescinded), ("ring",)),
    **dict.fromkeys((e.AssignmentWrapping, e.AssignmentReleased), ("ring", "wrap-up")),
    **dict.fromkeys((e.WorkerAvailable, e.WorkerUnavailable), ("pause", "return")),
    **dict.fromkeys((e.WorkerSignedIn, e.WorkerSignedOut), ("pause", "return")),
    e.WorkerDraining: ("pause", "return"),
    **dict.fromkeys((e.PromiseKept, e.PromiseBroken, e.PromiseWithdrawn), ("due", "resume")),
    **dict.fromkeys((e.PromiseRenegotiated, e.PromisePaused), ("due", "resume")),
    e.PromiseResumed: ("due", "resume"),
    **dict.fromkeys((e.JourneyAchieved, e.JourneyFailed, e.JourneyLapsed), ("lapse",)),
    e.JourneyExtended: ("lapse",),
    **dict.fromkeys((e.MessageIdentified, e.ReceiptUnmatched), ("receipt",)),
}
#: What a deadline makes of itself, when it fires.
FIRING = {
    "ring": {e.AssignmentExpired},
    "wrap-up": {e.AssignmentReleased},
    "step": {e.StepExpired},
    "close": {e.InteractionClosed},
    "idle": {e.InteractionSlept},
    "lease": {e.LeaseExpired, e.InteractionLeased},
    "place": {e.PlaceLost},
    "pause": {e.WorkerAvailable},
    "return": {e.WorkerDraining},
    "due": {e.PromiseBroken},
    "resume": {e.PromiseResumed},
    "lapse": {e.JourneyLapsed, e.JourneyExtended},
    "receipt": {e.ReceiptUnmatched},
    # What comes back is queued by the policy, as of when it is queued.
    "turn": {e.InteractionQueued, e.QueueDefined},
}
SUBJECTS = {
    **dict.fromkeys(OF_INTERACTION, "interaction"),
    **dict.fromkeys(("ring", "wrap-up"), "assignment"),
    **dict.fromkeys(("pause", "return"), "worker"),
    **dict.fromkeys(("due", "resume"), "promise"),
    "lapse": "journey",
    "receipt": "reference",
}


@attrs.define
class Clockwork:
    """All that is armed, as the log tells it."""

    armed: dict[Timer, datetime] = attrs.field(factory=dict)
    places: set[str] = attrs.field(factory=set)
    roles: dict[str, Role] = attrs.field(factory=dict)
    engaged: set[str] = attrs.field(factory=set)

    def add(self, event: e.Event) -> None:
        """Take in the next event."""
        data = event.data
        for alarm in CANCELLING.get(type(data), ()):
            self.armed.pop((alarm, getattr(data, SUBJECTS[alarm])), None)
        if isinstance(data, e.AssignmentOpened | e.RoleChanged):
            self.roles[data.assignment] = data.role
        if isinstance(data, e.InteractionArrived) and data.predecessor is not None:
            self.armed.pop(("place", data.predecessor), None)
        for alarm, field in ARMING.get(type(data), ()):
            at = getattr(data, field)
            if at is not None and at > event.recorded_at:
                self.armed[alarm, getattr(data, SUBJECTS[alarm])] = at
        self._whose(data)

    def _whose(self, data: e.EventData) -> None:
        """Whoever begins to serve ends the waiting, with all that was armed for it."""
        own = isinstance(data, e.AssignmentAccepted | e.RoleChanged)
        if own and self.roles[data.assignment] is Role.SERVES:
            if data.interaction not in self.engaged:
                for alarm in OF_INTERACTION:
                    self.armed.pop((alarm, data.interaction), None)
            self.engaged.add(data.interaction)
        elif CANCELLING.get(type(data)) is OF_INTERACTION:
            self.engaged.discard(data.interaction)


def firings(log: list[e.Event]) -> Iterator[int]:
    """Where in the log a deadline fires: the first of all that comes of it."""
    for number, event in enumerate(log):
        begins = number == 0 or log[number - 1].origin is not event.origin
        if event.origin.cause is e.Cause.DEADLINE and begins:
            yield number


@given(scripts())
def test_a_deadline_fires_once_or_is_cancelled(script):
    """Each fires once, when it is due and not before, unless an event says that it is off."""
    assert_kept(Rehearsal.of(script))


@pytest.mark.parametrize("seed", range(12))
def test_many_deadlines_fire_once_or_are_cancelled(seed):
    """So they do in long scripts, where what happens seldom meets what was armed before."""
    assert_kept(Rehearsal.of(seeded(seed, 1_000)))


def assert_kept(rehearsal: Rehearsal) -> None:
    """Every deadline that fired was armed for that time; what is armed at last is what is left."""
    clockwork, origins = Clockwork(), set()
    fired = {*firings(rehearsal.log)}
    for number, event in enumerate(rehearsal.log):
        data = event.data
        if number in fired and id(event.origin) not in origins:
            due = [
                (alarm, getattr(data, SUBJECTS[alarm], None))
                for alarm, kinds in FIRING.items()
                if type(data) in kinds and alarm != "turn"
            ]
            at = [clockwork.armed[timer] for timer in due if timer in clockwork.armed]
            assert event.recorded_at >= event.occurred_at
            assert event.occurred_at in at or isinstance(data, COMES_WITH_A_TURN), event
            origins.add(id(event.origin))
        clockwork.add(event)
    left = rehearsal.kernel.snapshot().deadlines
    assert {(one.alarm.value, one.subject): one.at for one in left} == clockwork.armed
    assert rehearsal.kernel.next_deadline == min(clockwork.armed.values(), default=None)


#: What a turn that has come makes before the policy's own: a queue that a rule names.
COMES_WITH_A_TURN = (e.QueueDefined,)


@given(scripts())
def test_no_call_leaves_anything_due(script):
    """After any call whatever is armed lies in the future, so that `advance` does nothing more."""
    rehearsal = Rehearsal()
    for cue in script:
        rehearsal.perform(cue)
        now = rehearsal.kernel.snapshot()
        assert all(armed.at > now.at for armed in now.deadlines)
        rehearsal.advance(rehearsal.at)
        due = rehearsal.kernel.next_deadline
        assert due is None or due > rehearsal.at
        assert rehearsal.advance(rehearsal.at) == ()


@given(scripts(50))
def test_a_recovered_kernel_has_every_deadline(script):
    """Whatever was armed is armed again by the log alone, for the same and at the same time."""
    there = Rehearsal.of(script)
    replayed = type(there.kernel).replay(there.log)
    restored = type(there.kernel).restore(there.kernel.snapshot())
    armed = there.kernel.snapshot().deadlines
    assert {*replayed.snapshot().deadlines} == {*restored.snapshot().deadlines} == {*armed}
    assert replayed.next_deadline == restored.next_deadline == there.kernel.next_deadline


@given(logs())
def test_time_in_the_log_never_runs_backwards(log):
    """Positions count from 1 without a gap, ids are unique, and no event was recorded too early."""
    assert [event.position for event in log] == [*range(1, len(log) + 1)]
    assert len({event.id for event in log}) == len(log)
    times = [event.recorded_at for event in log]
    assert times == sorted(times)


@given(logs())
def test_what_was_observed_arms_nothing(log):
    """Whatever somebody else decided of theirs sets no deadline, and asks no policy."""
    ours = set()
    for event in log:
        data = event.data
        if isinstance(data, e.InteractionQueued) and data.plan is not None:
            ours.add(data.interaction)
        if event.origin.cause is e.Cause.OBSERVED and event.subject("interaction") not in ours:
            for _, field in ARMING.get(type(data), ()):
                assert getattr(data, field) is None
            assert not isinstance(data, e.PolicyFaulted)
            assert getattr(data, "plan", None) is None


#: Commands that say who takes a part, or whom we reach: then it is not for the policy to say.
NAMING = (c.Reach, c.Consult, c.Join, c.Assign)
FOLLOWS = (e.AssignmentAccepted, e.StepExpired, e.InteractionLeased, e.WorkerSignedOut)


@given(scripts())
def test_every_event_says_why(script):
    """A command's event names it, a deadline's names none; asking and planning are the policy's."""
    done = Rehearsal.of(script)
    naming = {asked.id for asked in done.requests if isinstance(asked.command, NAMING)}
    for event in done.log:
        cause, data, command = event.origin.cause, event.data, event.origin.command
        assert (command is None) <= (cause in {e.Cause.DEADLINE, e.Cause.POLICY})
        assert (cause is e.Cause.DEADLINE) <= (command is None)
        if data.by_policy and command not in naming:
            assert cause in {e.Cause.POLICY, e.Cause.OBSERVED}
        if cause is e.Cause.POLICY:
            assert data.by_policy or isinstance(data, FOLLOWS)

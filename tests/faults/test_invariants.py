"""The invariants: they hold of every log a kernel makes, and complain of one that cannot be."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given

from onechannel import commands as c
from onechannel import events as e
from onechannel.delivery import CommitCycle, Letter, Order, Submission
from onechannel.kernel import Kernel
from onechannel.model.actor import SYSTEM
from onechannel.model.address import Address
from onechannel.model.assignment import Role
from onechannel.model.interaction import EndReason, QueuedBecause
from onechannel.model.policy import Pause, PlanRule, Policy, StepRule
from onechannel.model.worker import Worker
from onechannel.stores.memory import MemoryStore
from onechannel.testing.invariants import (
    InvariantBroken,
    Invariants,
    check_known,
    check_mail,
    check_quiet,
    check_replicas,
)
from onechannel.testing.strategies import START, Rehearsal, scripts

SECOND = timedelta(seconds=1)
POLICY = Policy(
    name="plain",
    plan=PlanRule(steps=(StepRule(),)),
    ring_for=20 * SECOND,
    after_expiry=Pause(reason="no-answer"),
)


# -- logs that a kernel makes ---------------------------------------------------------------------


@given(scripts())
def test_every_log_of_a_kernel_holds(script):
    """Whatever is asked of a kernel, its log breaks no invariant, and its replicas are it."""
    played = Rehearsal.of(script)
    invariants = Invariants.of(played.log)
    invariants.finish(played.at)
    check_replicas(played.log, [played.kernel], callables={})
    assert invariants.position == len(played.log)


@given(scripts(30))
def test_it_complains_at_the_first_that_is_missing(script):
    """Where any event is left out, it complains of the next one."""
    log = Rehearsal.of(script).log
    for left_out in range(0, len(log) - 1, 7):
        with pytest.raises(InvariantBroken) as broken:
            Invariants.of([*log[:left_out], *log[left_out + 1 :]])
        assert (broken.value.rule, broken.value.position) == ("I9", left_out + 2)


def rehearsed(*steps):
    """The log of a centre with one person, `p`, to which these happen, with seconds between."""
    played = Rehearsal(stocked=False)
    played.ask(c.AdoptPolicy(policy=POLICY))
    for name in ("p", "q"):
        played.ask(c.DefineWorker(worker=Worker(id=name)))
    played.ask(c.SignIn(worker="p"))
    for step in steps:
        played.ask(step, after=1)
    return played.log


def arrives(name):
    """A call."""
    return c.Arrive(interaction=name, channel="voice")


SERVED = (arrives("i"), c.Accept(assignment="i/1"))
OVER = (*SERVED, c.Close(interaction="i"))


# -- logs that cannot be --------------------------------------------------------------------------


def then(log, *happened, after=1, **origin):
    """The same log, and these events some seconds later, by a command of their own."""
    at = log[-1].recorded_at + after * SECOND
    fields = {"cause": e.Cause.COMMAND, "command": "then", "occurred_at": at, **origin}
    why = e.Origin(at, fields["occurred_at"], fields["cause"], fields["command"], SYSTEM, "main")
    first = len(log) + 1
    return [*log, *(e.Event(number, why, data) for number, data in enumerate(happened, first))]


def without(log, kind):
    """The same log without the last event of a kind, as if it had never been."""
    gone = max(number for number, event in enumerate(log) if isinstance(event.data, kind))
    rest = [*log[:gone], *log[gone + 1 :]]
    return [e.Event(number, event.origin, event.data) for number, event in enumerate(rest, 1)]


def of_command(log, command):
    """The same log, its last event under another command's id."""
    origin = attrs.evolve(log[-1].origin, command=command)
    return [*log[:-1], e.Event(len(log), origin, log[-1].data)]


def backwards():
    """The last event was recorded before the others."""
    log = rehearsed(*OVER)
    origin = attrs.evolve(log[-1].origin, recorded_at=START - SECOND)
    return [*log[:-1], e.Event(len(log), origin, log[-1].data)]


def another_tenants():
    """The last event is another tenant's."""
    log = rehearsed(*OVER)
    origin = attrs.evolve(log[-1].origin, tenant="other")
    return [*log[:-1], e.Event(len(log), origin, log[-1].data)]


def served_again():
    """A command that was served makes another event later."""
    log = rehearsed(*OVER)
    return of_command(log, log[0].origin.command)


def arrived_again():
    """What had arrived arrives."""
    log = rehearsed(*OVER)
    return then(log, next(x.data for x in log if isinstance(x.data, e.InteractionArrived)))


def two_owners():
    """Somebody serves what another serves."""
    log = rehearsed(*SERVED)
    asked = e.AssignmentOpened("i/2", "i", "q", Role.SERVES, None, "assigned by system")
    return then(log, asked, e.AssignmentAccepted("i/2", "i", "q"))


def full():
    """Somebody is asked who has no room."""
    log = rehearsed(*SERVED, arrives("j"))
    reason = "longest idle of: anybody"
    return then(log, e.AssignmentOpened("j/1", "j", "p", Role.SERVES, None, reason))


def away():
    """Somebody is asked who is not there."""
    log = rehearsed(c.SignOut(worker="p"), arrives("i"))
    reason = "longest idle of: anybody"
    return then(log, e.AssignmentOpened("i/1", "i", "p", Role.SERVES, None, reason))


def overtaken():
    """The later of two who wait is asked for."""
    log = rehearsed(c.SignOut(worker="p"), arrives("i"), arrives("j"))
    reason = "longest idle of: anybody"
    asked = e.AssignmentOpened("j/1", "j", "p", Role.SERVES, None, reason)
    return then(log, e.WorkerSignedIn("p"), asked)


def made_young():
    """Who is given away to another queue stands at its end."""
    log = rehearsed(*SERVED)
    queued = next(x.data for x in log if isinstance(x.data, e.InteractionQueued))
    at = log[-1].recorded_at + SECOND
    return then(log, attrs.evolve(queued, because=QueuedBecause.TRANSFER, since=at))


def unasked():
    """Somebody waits, and nobody is asked."""
    return without(rehearsed(arrives("i")), e.AssignmentOpened)


def rings_on():
    """Whoever is asked is not told that the customer has gone."""
    log = rehearsed(arrives("i"))
    closed = e.InteractionClosed("i", EndReason.ABANDONED, None, None, None, "voice")
    return then(log, closed)


def let_go():
    """Who serves lets go, and nobody is next."""
    return then(rehearsed(*SERVED), e.AssignmentReleased("i/1", "i", "p"))


def too_early():
    """Somebody's time to answer is over before it is."""
    log = rehearsed(arrives("i"))
    at = log[-1].recorded_at + SECOND
    over = e.AssignmentExpired("i/1", "i", "p")
    return then(log, over, cause=e.Cause.DEADLINE, command=None, occurred_at=at)


def too_late():
    """A command is served, and what was due before has not happened."""
    return then(rehearsed(arrives("i")), e.WorkerDefined("q", Worker(id="q")), after=60)


def never_set():
    """Something happens when something else was due."""
    log = rehearsed(arrives("i"))
    opened = next(x.data for x in reversed(log) if isinstance(x.data, e.AssignmentOpened))
    broken = e.PromiseBroken("p-1", None, None, None)
    due = {"cause": e.Cause.DEADLINE, "command": None, "occurred_at": opened.expires_at}
    return then(log, broken, after=30, **due)


def merged_again():
    """Who was merged into one is merged into another."""
    log = rehearsed(*(c.RegisterCustomer(customer=name) for name in "abc"))
    return then(log, e.CustomerMerged("a", "b", "x"), e.CustomerMerged("a", "c", "x"))


def known_twice():
    """An address that denotes one customer denotes another."""
    address = Address.parse("tel:+34600111222")
    log = rehearsed(
        c.RegisterCustomer(customer="a", addresses=(address,)), c.RegisterCustomer(customer="b")
    )
    return then(log, e.CustomerLinked("b", address, "x"))


WRONG = {
    backwards: "I9",
    another_tenants: "I11",
    served_again: "I2",
    arrived_again: "I2",
    two_owners: "I3",
    full: "I4",
    away: "I4",
    overtaken: "I5",
    made_young: "I5",
    unasked: "I6",
    rings_on: "I7",
    let_go: "I14",
    too_early: "I13",
    too_late: "I13",
    never_set: "I13",
    merged_again: "I10",
    known_twice: "I10",
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_a_log_that_cannot_be_breaks_its_rule(wrong):
    """Each invariant is broken by a log that breaks it, and by the event that does."""
    with pytest.raises(InvariantBroken) as broken:
        Invariants.of(wrong())
    assert broken.value.rule == WRONG[wrong], broken.value
    assert f"{broken.value.rule} at event {broken.value.position}: " in str(broken.value)


@pytest.mark.parametrize("steps", [(), SERVED, OVER, (arrives("i"), arrives("j"))])
def test_the_logs_they_are_made_of_can_be(steps):
    """What is spoilt above breaks nothing before it is spoilt."""
    log = rehearsed(*steps)
    Invariants.of(log).finish(log[-1].recorded_at)


def test_what_never_happened_is_missed_at_the_end():
    """What was due by the end and has not happened is complained of when the log is finished."""
    invariants = Invariants.of(rehearsed(arrives("i")))
    invariants.finish(START)
    with pytest.raises(InvariantBroken, match=r"^I13: the ring of assignment i/1 was due at "):
        invariants.finish(START + timedelta(minutes=5))


def test_personal_data_in_a_repr_is_found(monkeypatch):
    """An event whose `repr` shows what is personal is complained of, if one says how it looks."""
    log = rehearsed(arrives("i"), c.Say(interaction="i", text="my secret"))
    monkeypatch.setattr(e.MessageReceived, "__repr__", lambda self: self.text)
    invariants = Invariants(canary="secret")
    for event in log[:-1]:
        invariants.add(event)
    with pytest.raises(InvariantBroken, match=r"^I12 at event"):
        invariants.add(log[-1])


# -- at rest --------------------------------------------------------------------------------------


def test_a_replica_that_is_behind_is_found():
    """A kernel that is not what the log says is complained of."""
    log = rehearsed(*OVER)
    check_replicas(log, [Kernel.replay(log)])
    with pytest.raises(InvariantBroken, match=r"^I8 at event"):
        check_replicas(log, [Kernel.replay(log[:-1])])


def test_what_hangs_in_the_air_is_found():
    """Where somebody is asked or wraps up, nothing is at rest."""
    check_quiet(Kernel.replay(rehearsed(*SERVED)))
    with pytest.raises(InvariantBroken, match=r"^I7: i/1 is pending"):
        check_quiet(Kernel.replay(rehearsed(arrives("i"))))


@pytest.fixture
def store():
    """A store with a log, commands and letters."""
    made = MemoryStore()
    cycle = CommitCycle(made)
    letters = [Letter(source="s", id=str(number), body=b"x") for number in (1, 2, 1)]
    refused = Letter(source="s", id="3", orders=(Order(c.Leave(interaction="absent")),))
    cycle.run([*letters, refused, Submission(arrives("i"), "r1")], lambda: START)
    return made


def test_a_sound_store_is_known(store):
    """Of a store that lost nothing nothing is complained of."""
    check_known(store, Invariants.of(store.read()))
    check_mail(store)


def test_a_forgotten_command_is_found(store):
    """A store that does not know a command of its log is complained of."""
    del store._commands["r1"]
    with pytest.raises(InvariantBroken, match=r"^I2: r1 made "):
        check_known(store, Invariants.of(store.read()))


@pytest.mark.parametrize("what", ["received", "stored", "duplicate", "refused"])
@pytest.mark.parametrize("by", [1, -1])
def test_a_count_that_is_wrong_is_found(store, what, by):
    """A store whose counts do not add up to what is there is complained of."""
    store._mail.tallies["inbox", "s", what] += by
    with pytest.raises(InvariantBroken, match=r"^I1: "):
        check_mail(store)


def test_a_letter_that_is_lost_is_found(store):
    """A store that lost a letter which nobody has served is complained of."""
    del store._mail.rows["s", "3"]
    with pytest.raises(InvariantBroken, match=r"^I1: "):
        check_mail(store)

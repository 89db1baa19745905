"""The end of work: wrapping up, whatever path led there, and ends that nobody has heard."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.unit.scenes import (
    MINUTE,
    PLAIN,
    SECOND,
    WRAP_UP,
    Scene,
    everybody_was_somebodys,
    machine,
    person,
    supervisor,
    worker,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.model.channel import Channel
from onechannel.model.worker import Capacity, Worker
from onechannel.testing.strategies import START

__all__ = ["everybody_was_somebodys"]

TICK = timedelta(microseconds=1)
LEASE = 45 * SECOND
RETURN = PLAIN.return_after


# -- wrap-up, whatever path ended the work --------------------------------------------------------


def at_work(channel: str = "voice") -> Scene:
    """`p` serves `i`; `q` of the shop and `r` are there."""
    there = Scene(person("p"), person("q", department="shop"), person("r"))
    voice = Channel(name="voice", real_time=True, can_hold=True, lease=LEASE)
    there.ask(c.DefineChannel(channel=voice))
    there.queue("other")
    there.served("i", "p", channel)
    return there


def consulted(there: Scene) -> str:
    """`p` consults `q`, who is there; gives the part."""
    there.ask(c.Consult(interaction="i", worker="q"))
    return there.accepts("i", "q")


def conferenced(there: Scene) -> str:
    """`q` is in conference with them; gives the part."""
    part = consulted(there)
    there.ask(c.ChangeRole(assignment=part, role="conferenced"))
    return part


def by_asking(command: c.Command) -> Callable[[], tuple[Scene, str]]:
    """The path on which one command ends what `p` does."""

    def path() -> tuple[Scene, str]:
        there = at_work()
        there.ask(command)
        return there, "p"

    return path


def by_a_consult_transfer() -> tuple[Scene, str]:
    """`q`, consulted, takes over from `p`."""
    there = at_work()
    there.ask(c.ChangeRole(assignment=consulted(there), role="serves"))
    return there, "p"


def by_a_conference_transfer() -> tuple[Scene, str]:
    """`q`, in conference, stays and `p` leaves."""
    there = at_work()
    there.ask(c.ChangeRole(assignment=conferenced(there), role="serves"))
    return there, "p"


def by_a_take_over() -> tuple[Scene, str]:
    """A supervisor, who listened, takes over from `p`."""
    there = at_work()
    there.ask(c.Join(interaction="i", worker="q"))
    there.ask(c.ChangeRole(assignment=there.part("i", "q"), role="serves"))
    return there, "p"


def by_the_end_of_a_consult() -> tuple[Scene, str]:
    """`q` was consulted, and is no more."""
    there = at_work()
    there.ask(c.Release(assignment=consulted(there)))
    return there, "q"


def by_leaving_a_conference() -> tuple[Scene, str]:
    """`q` leaves a conference that goes on."""
    there = at_work()
    there.ask(c.Release(assignment=conferenced(there)))
    return there, "q"


def by_the_end_of_a_conference() -> tuple[Scene, str]:
    """The customer hangs up on all of them."""
    there = at_work()
    conferenced(there)
    there.ask(c.Leave(interaction="i"))
    return there, "q"


def by_a_hang_up_on_hold() -> tuple[Scene, str]:
    """The customer has had enough of the music."""
    there = at_work()
    there.ask(c.Hold(assignment="i/1"))
    there.ask(c.Leave(interaction="i"))
    return there, "p"


def by_the_end_of_a_lease() -> tuple[Scene, str]:
    """The hang-up was lost, and nothing is heard of the call."""
    there = at_work()
    there.passes(LEASE)
    return there, "p"


def by_sleep() -> tuple[Scene, str]:
    """It is the customer's turn."""
    there = at_work("email")
    there.ask(c.Sleep(interaction="i"))
    return there, "p"


def by_falling_asleep() -> tuple[Scene, str]:
    """The customer has not answered for long."""
    there = Scene(person("p"), person("q"), person("r"))
    there.queue("other")
    there.ask(c.DefineChannel(channel=Channel(name="sms", dormant_after=3 * MINUTE)))
    there.served("i", "p", "sms")
    there.ask(c.Say(interaction="i", text="hello", assignment="i/1"))
    there.passes(3 * MINUTE)
    return there, "p"


def by_a_return_after_signing_out() -> tuple[Scene, str]:
    """`p` has gone, its mail has gone back, and `p` is back."""
    there = at_work("email")
    there.ask(c.SignOut(worker="p"))
    there.passes(RETURN)
    there.ask(c.SignIn(worker="p"))
    return there, "p"


def by_a_missed_callback() -> tuple[Scene, str]:
    """Called back, and not reached."""
    there = Scene(person("p"))
    there.queue("other")
    there.arrives("i")
    there.ask(c.RequestCallback(interaction="i"))
    there.accepts("i", "p")
    there.has(person("q"), person("r"))
    there.ask(c.MissCallback(interaction="i"))
    return there, "p"


PATHS = {
    "hang-up": by_asking(c.Leave(interaction="i")),
    "hang-up on hold": by_a_hang_up_on_hold,
    "close": by_asking(c.Close(interaction="i")),
    "failure": by_asking(c.Close(interaction="i", reason="failed")),
    "transfer to a worker": by_asking(c.Transfer(interaction="i", worker="r")),
    "transfer to a queue": by_asking(c.Transfer(interaction="i", queue="other")),
    "transfer to a department": by_asking(c.Transfer(interaction="i", department="shop")),
    "transfer into the line": by_asking(c.Transfer(interaction="i")),
    "transfer with a time": by_asking(
        c.Transfer(interaction="i", queue="other", returns_after=MINUTE)
    ),
    "consult transfer": by_a_consult_transfer,
    "conference transfer": by_a_conference_transfer,
    "take-over": by_a_take_over,
    "assignment to another": by_asking(c.Assign(interaction="i", worker="r")),
    "end of a consult": by_the_end_of_a_consult,
    "leaving a conference": by_leaving_a_conference,
    "end of a conference": by_the_end_of_a_conference,
    "suspension": by_asking(
        c.Suspend(interaction="i", party="bank", reason="form", due=START + timedelta(days=9))
    ),
    "callback": by_asking(c.RequestCallback(interaction="i")),
    "missed callback": by_a_missed_callback,
    "sleep": by_sleep,
    "falling asleep": by_falling_asleep,
    "end of a lease": by_the_end_of_a_lease,
    "reconciliation": by_asking(c.Reconcile(channel="voice")),
    "return after signing out": by_a_return_after_signing_out,
}
REBUILT = {
    "live": lambda there: there.kernel,
    "replayed": Scene.replayed,
    "restored": Scene.restored,
}


@pytest.mark.parametrize("rebuilt", REBUILT.values(), ids=REBUILT)
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_rt_18_rt_19_nobody_is_asked_before_wrapping_up_is_over(path, rebuilt):
    """RT-18, RT-19: whatever path ended the work, no offer of any queue in (end, end + w)."""
    there, who = path()
    assert there.state("i", who) == "wrapping"
    for other in {"p", "q", "r"} - {who}:
        there.ask(c.BecomeUnavailable(worker=other))
    there.kernel = rebuilt(there)
    there.arrives("n", queue="other", priority=9)
    assert there.asked("n") is None
    there.passes(WRAP_UP - TICK)
    assert there.asked("n") is None
    there.passes(TICK)
    assert there.asked("n") == who


def test_the_queue_says_how_long_where_the_worker_does_not():
    """RT-18: the wrap-up is the worker's own, else that of the queue it was asked in."""
    there = Scene(Worker(id="p"))
    there.queue("main")
    there.queue("slow", wrap_up=MINUTE)
    there.served("i", "p", queue="slow")
    there.ask(c.Transfer(interaction="i", queue="main"))
    assert there.last(e.AssignmentWrapping).until == there.at + MINUTE


def test_who_is_only_asked_has_nothing_to_write_up():
    """RT-02: who is asked and then rescinded is free at once."""
    there = Scene(person("p"))
    there.arrives("i")
    there.ask(c.Leave(interaction="i"))
    assert there.state("i", "p") == "over"
    there.arrives("n")
    assert there.asked("n") == "p"


def test_wrapping_up_can_be_cut_short():
    """A worker who is ready sooner says so."""
    there = wrapping()
    there.ask(c.Release(assignment="i/1"), after=10, actor=worker("p"))
    assert there.state("i", "p") == "over"
    there.arrives("n")
    assert there.asked("n") == "p"


def test_wrapping_up_can_be_extended():
    """More time is added to what is left, as often as it is asked for."""
    there = wrapping()
    end = there.at + WRAP_UP
    for _ in range(2):
        there.ask(c.ExtendWrapUp(assignment="i/1", duration=MINUTE), after=5, actor=worker("p"))
    there.advance(end + 2 * MINUTE - TICK)
    assert there.state("i", "p") == "wrapping"
    there.passes(TICK)
    assert there.state("i", "p") == "over"


def test_wrapping_up_that_is_forced_is_not_cut_short_by_the_worker():
    """Where the queue forces it, only a supervisor ends it sooner; more time may be taken."""
    there = Scene(Worker(id="p"))
    there.queue("main", wrap_up=MINUTE, wrap_up_forced=True)
    there.served("i", "p")
    there.ask(c.Close(interaction="i"))
    there.refused(c.Release(assignment="i/1"), "cannot end it sooner", worker("p"))
    there.ask(c.ExtendWrapUp(assignment="i/1", duration=MINUTE), actor=worker("p"))
    there.ask(c.Release(assignment="i/1"), actor=supervisor())
    assert there.state("i", "p") == "over"


def test_presence_says_nothing_of_wrapping_up():
    """RT-20: a break during the wrap-up is a break, and the wrap-up runs on beside it."""
    there = wrapping()
    there.ask(c.BecomeUnavailable(worker="p", duration=WRAP_UP / 2))
    assert (there.custody.presence["p"], there.state("i", "p")) == ("unavailable", "wrapping")
    there.arrives("n")
    there.passes(WRAP_UP / 2)
    assert (there.custody.presence["p"], there.asked("n")) == ("available", None)
    there.passes(WRAP_UP / 2)
    assert there.asked("n") == "p"


def wrapping() -> Scene:
    """`p` wraps up `i`."""
    there = Scene(person("p"))
    there.served("i", "p")
    there.ask(c.Leave(interaction="i"))
    return there


# -- leases and reconciliation --------------------------------------------------------------------


def leased() -> Scene:
    """`p` serves `i` by voice, on which nothing may be heard for less than the lease."""
    there = Scene(person("p"), person("q"))
    voice = Channel(name="voice", real_time=True, can_hold=True, lease=LEASE)
    there.ask(c.DefineChannel(channel=voice))
    there.served("i", "p")
    return there


def test_rt_22_a_lost_hang_up_frees_the_worker_in_time():
    """RT-22: the end is lost; the lease ends it, and the capacity is free after the wrap-up."""
    there = leased()
    end = there.at + LEASE
    there.advance(end - TICK)
    assert there.holder() == "worker p"
    there.advance(end)
    assert there.ended() == "failed"
    assert [event.type for event in there.log[-3:]] == [
        "interaction.lease_expired",
        "interaction.closed",
        "assignment.wrapping",
    ]


def test_rt_22_a_lease_is_renewed_by_whoever_hears_of_it():
    """RT-22: for as long as something is heard, it goes on."""
    there = leased()
    for actor in (worker("p"), supervisor()) * 3:
        there.ask(c.RenewLease(interaction="i"), after=LEASE.seconds - 1, actor=actor)
    assert there.holder() == "worker p"
    there.passes(LEASE)
    assert there.ended() == "failed"


def there_and_back(there: Scene) -> None:
    """To another channel, and back to the one with the lease."""
    there.ask(c.MoveChannel(interaction="i", channel="video"))
    there.ask(c.MoveChannel(interaction="i", channel="voice"))


@pytest.mark.parametrize(
    "going_on",
    [
        lambda there: there.ask(c.Hold(assignment="i/1")),
        lambda there: there.ask(c.ChangeRole(assignment=consulted(there), role="serves")),
        lambda there: there.ask(c.Assign(interaction="i", worker="q")),
        lambda there: there.ask(c.Reconcile(channel="voice", serving={"i": "p"})),
        there_and_back,
    ],
    ids=["hold", "consult transfer", "assign", "reconcile", "moved and back"],
)
def test_rt_22_no_way_of_going_on_loses_the_lease(going_on):
    """RT-22: whoever has it next, the end may be lost there as well."""
    there = leased()
    there.passes(10 * SECOND)
    going_on(there)
    assert there.holder().startswith("worker")
    there.passes(LEASE)
    assert there.ended() == "failed"


@pytest.mark.parametrize("begins", ["machine", "reached", "moved"])
def test_rt_22_whatever_begins_has_a_lease(begins):
    """RT-22: taken by a machine, begun by us, or moved there: its end may be lost as well."""
    there = leased()
    there.has(machine("m", capacity=Capacity.only("chat", "voice")))
    there.knows("ana")
    there.ask(c.BecomeUnavailable(worker="q"))
    if begins == "machine":
        there.arrives("k")
    elif begins == "reached":
        there.ask(c.Reach(interaction="k", channel="voice", customer="ana", worker="q"))
    else:
        there.arrives("k", "chat")
        there.ask(c.Assign(interaction="k", worker="q"))
        there.ask(c.MoveChannel(interaction="k", channel="voice"))
    assert there.holder("k").startswith("worker")
    there.ask(c.RenewLease(interaction="i"), after=LEASE.seconds - 1)
    there.passes(SECOND - TICK)
    assert there.holder("k").startswith("worker")
    there.passes(TICK)
    assert (there.ended("k"), there.holder("i")) == ("failed", "worker p")


def test_a_lease_is_for_what_somebody_serves():
    """RT-22: what waits for us holds nobody's capacity, and ends by itself only if it is left."""
    there = leased()
    there.ask(c.BecomeUnavailable(worker="q"))
    there.ask(c.Transfer(interaction="i"))
    there.ask(c.BecomeUnavailable(worker="p"))
    there.passes(10 * LEASE)
    assert there.holder() == "queue main"


def test_rt_22_reconciliation_finds_what_has_ended_unheard():
    """RT-22: what the vendor no longer holds is over here, and what it holds goes on."""
    there = Scene(person("p"), person("q"), person("r"))
    there.served("i", "p")
    there.served("k", "q")
    there.served("m", "r", "email")
    there.ask(c.Reconcile(channel="voice", serving={"k": "q"}))
    assert there.ended("i") == "failed"
    assert there.last(e.InteractionClosed).disposition == "reconciled"
    assert there.holder("k") == "worker q"
    assert there.holder("m") == "worker r", "another channel's work is not looked at"


def test_rt_22_reconciliation_says_what_is_not_known_here():
    """RT-22: what the vendor holds and we do not is an anomaly, not a silence."""
    there = Scene(person("p"))
    there.ask(c.Reconcile(channel="voice", serving={"x": "p", "y": None}))
    assert [(one.interaction, dict(one.details)) for one in there.seen(e.AnomalyObserved)] == [
        ("x", {"worker": "p"}),
        ("y", {"worker": "nobody"}),
    ]


def test_rt_22_reconciliation_finds_who_has_hung_up_in_the_line():
    """RT-04, RT-22: nobody is rung for a caller of whom the vendor knows nothing any more."""
    there = Scene(person("p"))
    there.arrives("i")
    assert there.asked("i") == "p"
    there.ask(c.Reconcile(channel="voice"))
    assert there.holder() is None
    assert there.state("i", "p") == "over"


@pytest.mark.parametrize("channel", ["email", "whatsapp"])
def test_reconciliation_leaves_what_nobody_holds_open(channel):
    """What is asynchronous waits here and nowhere else; what is dormant or suspended, too."""
    there = Scene(person("p"))
    there.served("i", "p", channel)
    there.ask(c.Sleep(interaction="i"))
    there.passes(WRAP_UP)
    there.served("k", "p", channel)
    there.ask(c.Suspend(interaction="k", party="x", reason="y", due=there.at + MINUTE))
    there.ask(c.BecomeUnavailable(worker="p"))
    there.arrives("n", channel)
    there.ask(c.Reconcile(channel=channel))
    assert [there.holder(one) for one in "ikn"] == ["keeper p", "keeper p", "queue main"]

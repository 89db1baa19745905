"""Callbacks: the customer goes and keeps the place; the promise is kept, or broken openly."""

from datetime import timedelta

import pytest
from tests.unit.scenes import (
    MINUTE,
    PLAIN,
    RING,
    SECOND,
    WRAP_UP,
    Scene,
    customer,
    everybody_was_somebodys,
    machine,
    person,
    supervisor,
    worker,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import InvalidValue

__all__ = ["everybody_was_somebodys"]

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
RETRY, ATTEMPTS = PLAIN.callback_retry, PLAIN.callback_attempts


def waiting(channel: str = "voice", *there_are: str) -> Scene:
    """Ana waits since ten seconds; those named are there, and busy."""
    there = Scene(*(person(name) for name in there_are))
    there.queue("main")
    there.knows("ana")
    for name in there_are:
        there.ask(c.BecomeUnavailable(worker=name))
    there.arrives("i", channel, customer="ana")
    there.passes(10 * SECOND)
    return there


def requested(there: Scene, **more) -> e.PromiseMade:
    """Ana wants to be called back; gives the promise."""
    there.ask(c.RequestCallback(interaction="i", **more), actor=customer("ana"))
    return there.last(e.PromiseMade)


def free(there: Scene, *names: str) -> None:
    """These are available."""
    for name in names:
        there.ask(c.BecomeAvailable(worker=name))


def called_back() -> Scene:
    """`p` calls ana back."""
    there = waiting("voice", "p")
    requested(there)
    free(there, "p")
    there.accepts("i", "p")
    return there


# -- at once --------------------------------------------------------------------------------------


def test_a_callback_keeps_its_place():
    """As old as the call, and so before whoever came later, though asked for after that."""
    there = waiting("voice", "p")
    since = there.last(e.InteractionQueued).since
    there.arrives("later")
    requested(there)
    assert there.last(e.InteractionQueued).since == since
    free(there, "p")
    assert there.asked("i") == "p"


@pytest.mark.parametrize("channel", ["voice", "web", "chat", "sms"])
def test_going_away_is_what_a_callback_is_for(channel):
    """The line breaks, the page is closed: it waits on, whoever says that the customer went."""
    there = waiting(channel, "p")
    promise = requested(there)
    there.ask(c.Leave(interaction="i"), actor=customer("ana"))
    assert there.holder() == "queue main"
    assert there.seen(e.PromiseWithdrawn) == []
    free(there, "p")
    assert there.asked() == "p"
    there.ask(c.Leave(interaction="i"))
    assert there.asked() == "p"
    there.accepts("i", "p")
    there.ask(c.Close(interaction="i"), actor=worker("p"))
    kept = there.last(e.PromiseKept)
    assert (kept.promise, kept.customer, kept.interaction) == (promise.promise, "ana", "i")


def test_who_hangs_up_on_whoever_called_back_was_reached():
    """RT-04: the customer's going ends a conversation, and the promise was kept."""
    there = called_back()
    there.ask(c.Leave(interaction="i"))
    assert there.ended() == "resolved"
    assert len(there.seen(e.PromiseKept)) == 1


def test_a_callback_can_be_given_up():
    """Closed for whatever reason of the customer's, the promise need not be kept."""
    there = waiting()
    requested(there)
    there.ask(c.Close(interaction="i", reason="withdrawn"), actor=supervisor())
    assert there.last(e.PromiseWithdrawn).reason == "withdrawn"
    assert there.kernel.next_deadline is None


def test_a_customer_gives_up_its_own_callback():
    """She withdraws the promise, and waits no longer; nobody else's is hers to withdraw."""
    there = waiting()
    promise = requested(there).promise
    withdraw = c.WithdrawPromise(promise=promise)
    there.refused(withdraw, "not open", customer("bob"))
    there.ask(withdraw, actor=customer("ana"))
    assert there.ended() == "withdrawn"
    assert len(there.seen(e.PromiseWithdrawn)) == 1
    assert there.kernel.next_deadline is None


def test_people_call_back():
    """A machine that serves is left for people: nobody asks to be called by what one escapes."""
    there = Scene(machine("m"))
    there.arrives("i", "web")
    there.ask(c.RequestCallback(interaction="i"))
    assert (there.holder(), there.asked()) == ("queue main", None)
    there.has(person("p"))
    assert there.asked() == "p"


@pytest.mark.parametrize("state", ["rung", "served", "held", "consulting", "conference"])
def test_a_callback_may_be_asked_for_in_any_state(state):
    """RT-02: whoever was rung or took part is out of it, and it is in a queue from there on."""
    there = Scene(person("p"))
    there.queue("main")
    there.arrives("i")
    if state != "rung":
        there.accepts("i", "p")
        there.has(person("q"))
    if state == "held":
        there.ask(c.Hold(assignment="i/1"))
    elif state in {"consulting", "conference"}:
        there.ask(c.Consult(interaction="i", worker="q"))
        there.accepts("i", "q")
    if state == "conference":
        there.ask(c.ChangeRole(assignment="i/2", role="conferenced"))
    at = there.at + HOUR
    there.ask(c.RequestCallback(interaction="i", at=at))
    assert (there.holder(), there.asked()) == ("queue main", None)
    assert {part.state for part in there.custody.parts.values()} <= {"over", "wrapping"}
    there.advance(at)
    assert there.asked() in {"p", "q"}


def test_one_callback_at_a_time():
    """What is promised is not promised twice; the refusal names the promise."""
    there = waiting()
    promise = requested(there).promise
    there.refused(c.RequestCallback(interaction="i"), promise, customer("ana"))
    there.ask(c.Close(interaction="i"))
    there.refused(c.RequestCallback(interaction="i"), "not open")


def test_after_one_conversation_there_may_be_another():
    """Called back, and to be called back once more: the first promise is kept, a second made."""
    there = called_back()
    there.ask(c.RequestCallback(interaction="i", at=there.at + HOUR), actor=worker("p"))
    first, second = there.seen(e.PromiseMade)
    assert [one.promise for one in there.seen(e.PromiseKept)] == [first.promise]
    there.passes(HOUR)
    there.accepts("i", "p")
    there.ask(c.Close(interaction="i"))
    assert [one.promise for one in there.seen(e.PromiseKept)] == [first.promise, second.promise]


# -- at a time ------------------------------------------------------------------------------------


def test_a_callback_at_a_time_waits_for_it():
    """Nobody is asked before, whoever is free; at that time it is as old as that time."""
    there = waiting("voice", "p")
    at = there.at + HOUR
    promise = requested(there, at=at)
    assert promise.due == at + PLAIN.callback_within
    free(there, "p")
    there.advance(at - TICK)
    assert (there.holder(), there.asked()) == ("queue main", None)
    there.advance(at)
    assert (there.last(e.InteractionQueued).since, there.asked()) == (at, "p")


def test_a_callback_at_a_time_that_is_past_is_refused():
    """What is to be done yesterday is not promised."""
    there = waiting()
    for at in (there.at, there.at - SECOND):
        there.refused(c.RequestCallback(interaction="i", at=at), "past", customer("ana"))


def test_what_waits_for_its_time_is_not_set_aside():
    """A time was named to the customer: a third party's does not replace it."""
    there = waiting()
    at = there.at + HOUR
    requested(there, at=at)
    suspend = c.Suspend(interaction="i", party="bank", reason="form", due=at - MINUTE)
    there.refused(suspend, actor=supervisor())


def test_a_promise_of_a_time_is_broken_openly():
    """Nobody called back by then: the promise is broken when it was due, and still to be done."""
    there = waiting("voice", "p")
    promise = requested(there, within=HOUR)
    there.advance(promise.due - TICK)
    assert there.seen(e.PromiseBroken) == []
    there.advance(promise.due)
    assert [one.promise for one in there.seen(e.PromiseBroken)] == [promise.promise]
    free(there, "p")
    there.accepts("i", "p")
    there.ask(c.Close(interaction="i"))
    assert there.seen(e.PromiseKept) == []


# -- owned ----------------------------------------------------------------------------------------


def owned(**more) -> Scene:
    """`p` is to call back, alone for ten minutes; `q` is free, `p` is not."""
    there = waiting("voice", "p", "q")
    requested(there, worker="p", owned_for=10 * MINUTE, **more)
    free(there, "q")
    return there


def test_an_owner_is_asked_alone_and_then_anybody():
    """For as long as it is the owner's nobody else is asked, and after that whoever is there."""
    there = owned()
    there.passes(10 * MINUTE - TICK)
    assert there.asked() is None
    there.passes(TICK)
    assert there.asked() == "q"


def test_an_owner_who_is_free_in_time_has_it():
    """It is the owner's as soon as the owner can take it."""
    there = owned()
    there.passes(5 * MINUTE)
    free(there, "p")
    assert there.asked() == "p"


@pytest.mark.parametrize("fails", ["declines", "misses", "signs out"])
def test_an_owner_who_does_not_want_it_is_not_waited_for(fails):
    """RT-27: passed over once, it is anybody's."""
    there = owned()
    free(there, "p")
    refuses(there, fails)
    assert there.asked() == "q"


def refuses(there: Scene, how: str) -> None:
    """`p` does not take it."""
    if how == "declines":
        there.ask(c.Decline(assignment=there.part("i", "p")), actor=worker("p"))
    elif how == "misses":
        there.passes(RING)
    else:
        there.ask(c.SignOut(worker="p"), actor=worker("p"))


@pytest.mark.parametrize("fails", ["declines", "misses", "signs out"])
def test_what_is_only_the_owners_is_nobody_elses(fails):
    """Whatever the owner does, nobody else is asked; at the end of its time it is over."""
    there = owned(only=True)
    end = there.at + 10 * MINUTE
    free(there, "p")
    refuses(there, fails)
    if fails != "signs out":
        there.ask(c.BecomeUnavailable(worker="p"))
    there.advance(end - TICK)
    assert there.seen(e.AssignmentOpened, worker="q") == []
    assert there.holder() == "queue main"
    there.advance(end)
    assert there.ended() == "expired"


def test_a_promise_that_nobody_kept_is_not_taken_back():
    """It was ours to keep: over without having been tried, it is broken when it was due."""
    there = owned(only=True)
    promise = there.last(e.PromiseMade)
    there.advance(promise.due)
    assert there.ended() == "expired"
    assert there.seen(e.PromiseWithdrawn) == []
    assert there.last(e.PromiseBroken).promise == promise.promise
    assert there.when(e.PromiseBroken) == promise.due


def test_an_owner_must_be_known():
    """A callback that is owned names its owner, who exists."""
    there = waiting()
    there.refused(c.RequestCallback(interaction="i", worker="nobody"), "not defined")
    for owner in ({"only": True}, {"owned_for": MINUTE}):
        with pytest.raises(InvalidValue, match="names its owner"):
            c.RequestCallback(interaction="i", **owner)


# -- not reached ----------------------------------------------------------------------------------


def test_who_is_not_reached_is_tried_again():
    """After the policy's time, so many times, by whoever is there; then it is given up."""
    there = called_back()
    for attempt in range(2, ATTEMPTS + 1):
        there.ask(c.MissCallback(interaction="i"), actor=worker("p"))
        scheduled = there.last(e.InteractionScheduled)
        assert (scheduled.attempt, scheduled.at) == (attempt, there.at + RETRY)
        assert (there.holder(), there.state("i", "p")) == ("queue main", "wrapping")
        there.advance(scheduled.at - TICK)
        assert there.asked() is None
        there.passes(TICK)
        there.accepts("i", "p")
    there.ask(c.MissCallback(interaction="i"), actor=worker("p"))
    assert (there.ended(), there.last(e.InteractionClosed).disposition) == ("expired", "unreached")
    assert there.last(e.PromiseWithdrawn).reason == "unreached"
    assert len(there.seen(e.PromiseMade)) == 1, "it was one promise all the while"


def test_not_answering_the_ring_is_not_an_attempt():
    """That a worker was not there is not that the customer was not reached."""
    there = waiting("voice", "p")
    requested(there)
    free(there, "p")
    there.passes(10 * RING)
    there.accepts("i", "p")
    there.ask(c.MissCallback(interaction="i"))
    assert there.last(e.InteractionScheduled).attempt == 2


def test_an_owner_is_asked_again():
    """A second attempt is the owner's as the first was."""
    there = owned()
    free(there, "p")
    there.accepts("i", "p")
    there.ask(c.MissCallback(interaction="i"))
    there.passes(RETRY)
    assert there.asked() == "p"


def test_only_a_callback_can_be_missed():
    """RT-28: what was not promised is no attempt, and what is not served cannot fail."""
    there = Scene(person("p"))
    there.served("i", "p")
    there.refused(c.MissCallback(interaction="i"), "no callback", worker("p"))
    there = waiting()
    requested(there)
    there.refused(c.MissCallback(interaction="i"), "waiting")


@pytest.mark.parametrize("rebuilt", [Scene.replayed, Scene.restored])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_callback_survives_a_restart(rebuilt, after):
    """TM-05: whenever the process is lost, the attempts, the owner and the times go on."""
    there = owned(only=True)
    free(there, "p")
    for attempt in range(ATTEMPTS):
        if attempt == after:
            there.kernel = rebuilt(there)
        there.comes_to("p", within=HOUR)
        there.accepts("i", "p")
        there.ask(c.MissCallback(interaction="i"))
    assert (there.ended(), len(there.seen(e.InteractionScheduled))) == ("expired", ATTEMPTS)
    there.passes(WRAP_UP)
    assert there.kernel.next_deadline is None

"""Voice as a good exchange does it: ringing, hold, consult, conference, abandon, the place kept."""

from datetime import timedelta

import attrs
import pytest
from tests.unit.scenes import (
    MINUTE,
    PLAIN,
    RING,
    SECOND,
    WRAP_UP,
    Scene,
    everybody_was_somebodys,
    person,
    supervisor,
    worker,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.model.address import Address
from onechannel.model.policy import Pause
from onechannel.model.worker import Capacity

__all__ = ["everybody_was_somebodys"]

TICK = timedelta(microseconds=1)
ANA = Address.parse("tel:+34600111222")


def talking(*more: str) -> Scene:
    """`p` talks to `i`; those named are there as well."""
    there = Scene(person("p"))
    there.served("i", "p")
    there.has(*(person(name) for name in more))
    return there


def consulting(state: str = "active") -> Scene:
    """`p` talks to `i`, and `q` is asked for advice, or gives it."""
    there = talking("q", "r")
    there.ask(c.Consult(interaction="i", worker="q"), actor=worker("p"))
    if state != "pending":
        there.accepts("i", "q")
    if state == "conferenced":
        there.ask(c.ChangeRole(assignment="i/2", role="conferenced"), actor=worker("p"))
    if state == "held":
        there.ask(c.Hold(assignment="i/2"), actor=worker("p"))
    return there


# -- ringing --------------------------------------------------------------------------------------


def test_rt_01_of_two_accepts_one_succeeds():
    """RT-01: whoever says it second, or too late, is told that it is over."""
    there = Scene(person("p"))
    there.arrives("i")
    there.accepts("i", "p")
    there.refused(c.Accept(assignment="i/1"), "active", worker("p"))
    there.refused(c.Decline(assignment="i/1"), "active", worker("p"))


@pytest.mark.parametrize("offset", [-TICK, timedelta(0), TICK])
def test_an_accept_competes_with_the_end_of_the_ring(offset):
    """RT-02: until the last moment it is accepted; at it and after it is over, and rings on."""
    there = Scene(person("p"))
    there.arrives("i")
    there.advance(there.at + RING + offset)
    if offset < timedelta(0):
        there.accepts("i", "p")
        assert there.holder() == "worker p"
    else:
        there.refused(c.Accept(assignment="i/1"), "expired", worker("p"))
        assert there.part("i", "p") == "i/2"


def test_rt_04_who_hangs_up_while_it_rings_is_not_answered():
    """RT-04: the worker's leg ends with the customer's, in the same commit."""
    there = Scene(person("p"))
    there.arrives("i")
    made = there.ask(c.Leave(interaction="i"), after=3)
    assert [event.type for event in made] == ["interaction.closed", "assignment.rescinded"]
    assert there.ended() == "abandoned"
    there.refused(c.Accept(assignment="i/1"), "is over", worker("p"))


@pytest.mark.parametrize("state", ["pending", "active", "held", "conferenced"])
@pytest.mark.parametrize("end", [c.Leave, c.Close], ids=lambda kind: kind.__name__)
def test_rt_04_who_hangs_up_ends_every_leg(state, end):
    """RT-04: whoever is rung, talks or is on hold is out of it when the customer is."""
    there = consulting(state)
    there.ask(end(interaction="i"))
    took_part = state != "pending"
    assert there.state("i", "p") == "wrapping"
    assert there.state("i", "q") == ("wrapping" if took_part else "over")
    there.passes(WRAP_UP)
    assert there.kernel.next_deadline is None


# -- hold -----------------------------------------------------------------------------------------


def test_a_hold_is_the_workers_until_it_resumes():
    """On hold nothing is said, and the customer is still with the worker."""
    there = talking()
    there.ask(c.Hold(assignment="i/1"), actor=worker("p"))
    there.refused(c.Hold(assignment="i/1"), "held")
    there.refused(c.Say(interaction="i", text="hello", assignment="i/1"), "held", worker("p"))
    assert there.holder() == "worker p"
    there.passes(9 * MINUTE)
    there.ask(c.Resume(assignment="i/1"), actor=worker("p"))
    there.refused(c.Resume(assignment="i/1"), "active")
    there.ask(c.Say(interaction="i", text="hello", assignment="i/1"), actor=worker("p"))


@pytest.mark.parametrize("channel", ["chat", "email", "web", "whatsapp"])
def test_where_there_is_no_hold_nothing_is_held(channel):
    """A channel says whether it can be held; where it cannot, another way is named."""
    there = Scene(person("p"))
    there.served("i", "p", channel)
    there.refused(c.Hold(assignment="i/1"), "Sleep|Suspend", worker("p"))


def test_a_consult_does_not_need_the_customer_on_hold_nor_off_it():
    """RT-28: hold and consult are two things, in either order."""
    there = consulting()
    there.ask(c.Hold(assignment="i/1"), actor=worker("p"))
    there.ask(c.ChangeRole(assignment="i/2", role="serves"), actor=worker("p"))
    assert there.holder() == "worker q"
    assert there.state("i", "p") == "wrapping"


# -- consult --------------------------------------------------------------------------------------


def test_who_is_consulted_is_not_heard_by_the_customer():
    """Advice goes to the one who serves: it is suggested, and cannot be said."""
    there = consulting()
    there.ask(c.Suggest(assignment="i/2", text="offer ten percent"), actor=worker("q"))
    there.refused(c.Say(interaction="i", text="hello", assignment="i/2"), "speak", worker("q"))
    assert there.seen(e.MessageSent) == []


def declined(there: Scene) -> None:
    """`q` has no time."""
    there.ask(c.Decline(assignment="i/2"), actor=worker("q"))


def missed(there: Scene) -> None:
    """`q` does not answer."""
    there.passes(RING)


def gone(there: Scene) -> None:
    """`q` goes home."""
    there.ask(c.SignOut(worker="q"), actor=worker("q"))


@pytest.mark.parametrize("fails", [declined, missed, gone])
def test_rt_27_a_consult_that_fails_leaves_all_as_it_was(fails):
    """RT-27: the customer stays with the one who asked, who may ask somebody else."""
    there = consulting("pending")
    fails(there)
    assert (there.holder(), there.state("i", "q")) == ("worker p", "over")
    assert there.custody.parts["i/1"].state == "active"
    there.ask(c.Consult(interaction="i", worker="r"), actor=worker("p"))
    there.accepts("i", "r")


@pytest.mark.parametrize(
    "there_is_nobody",
    [
        c.BecomeUnavailable(worker="q"),
        c.SignOut(worker="q"),
        c.DefineWorker(worker=person("q", capacity=Capacity(total=0))),
        c.Arrive(interaction="k", channel="voice"),
    ],
    ids=["unavailable", "signed out", "full", "rung"],
)
def test_rt_27_who_cannot_be_asked_is_not_consulted(there_is_nobody):
    """RT-27: it is refused at once, and not found out after twenty seconds of music."""
    there = talking("q")
    there.ask(there_is_nobody)
    there.refused(c.Consult(interaction="i", worker="q"), "can be consulted now", worker("p"))
    there.refused(c.Consult(interaction="i", queue="main"), "can be consulted now", worker("p"))


def test_a_consult_of_a_department_asks_its_longest_idle():
    """Of several who could be asked it is the one idle longest, and never who is in it already."""
    there = talking()
    for name, department in (("a", "it"), ("b", "shop"), ("d", "it")):
        there.has(person(name, department=department))
    there.ask(c.Consult(interaction="i", department="it"), actor=worker("p"))
    assert there.last(e.AssignmentOpened).worker == "a"
    there.ask(c.Consult(interaction="i", department="it"), actor=worker("p"))
    assert there.last(e.AssignmentOpened).worker == "d"
    there.refused(c.Consult(interaction="i", department="it"), "can be consulted now")


@pytest.mark.parametrize("name", ["p", "q"])
def test_nobody_is_consulted_twice_or_by_itself(name):
    """Who has a part, the asker's own included, has it already."""
    there = consulting("pending")
    there.refused(c.Consult(interaction="i", worker=name), f"worker {name} has a part")


def test_two_may_be_consulted():
    """One may be asked while another is asked or talks; each ends for itself."""
    there = consulting("pending")
    there.ask(c.Consult(interaction="i", worker="r"), actor=worker("p"))
    there.accepts("i", "r")
    there.accepts("i", "q")
    there.ask(c.Release(assignment="i/2"), actor=worker("q"))
    assert [there.state("i", name) for name in "pqr"] == ["active", "wrapping", "active"]


@pytest.mark.parametrize("state", ["active", "held"])
@pytest.mark.parametrize("role", ["conferenced", "serves"])
def test_a_consult_ends_in_a_conference_or_a_transfer(state, role):
    """Whoever is asked for advice comes in or takes over, on hold or not, and speaks then."""
    there = consulting(state)
    there.ask(c.ChangeRole(assignment="i/2", role=role), actor=worker("p"))
    there.ask(c.Say(interaction="i", text="hello", assignment="i/2"), actor=worker("q"))
    assert there.holder() == ("worker q" if role == "serves" else "worker p")
    assert there.state("i", "p") == ("wrapping" if role == "serves" else "active")


def test_who_rings_cannot_take_over_yet():
    """RT-28: a part that is only asked for has no role to change."""
    there = consulting("pending")
    there.refused(c.ChangeRole(assignment="i/2", role="serves"), "pending", worker("p"))


def test_rt_21_to_decline_advice_is_to_decline():
    """RT-21: it counts as declining a call does, and ends as that does."""
    pause = Pause(reason="declined", duration=MINUTE)
    there = talking("q")
    there.ask(c.AdoptPolicy(policy=attrs.evolve(PLAIN, name="pausing", after_decline=pause)))
    there.ask(c.Consult(interaction="i", worker="q"))
    there.ask(c.Decline(assignment="i/2"))
    assert there.custody.presence["q"] == "unavailable"
    there.passes(MINUTE)
    assert there.custody.presence["q"] == "available"


# -- conference -----------------------------------------------------------------------------------


def test_in_a_conference_everybody_speaks():
    """Who serves and who has come in are both heard by the customer."""
    there = consulting("conferenced")
    for part, name in (("i/1", "p"), ("i/2", "q")):
        there.ask(c.Say(interaction="i", text="hello", assignment=part), actor=worker(name))
    assert [one.worker for one in there.seen(e.MessageSent)] == ["p", "q"]


def test_who_has_come_in_may_leave_or_be_put_out():
    """A conference goes on without one of them, for as long as somebody serves."""
    for actor in (worker("q"), worker("p"), supervisor()):
        there = consulting("conferenced")
        there.ask(c.Release(assignment="i/2"), actor=actor)
        assert (there.holder(), there.state("i", "q")) == ("worker p", "wrapping")
        there.refused(c.Release(assignment="i/1"), "serves: Close, Transfer", worker("p"))


def test_who_serves_leaves_a_conference_by_naming_who_stays():
    """The customer goes from one to the other: there is no moment with neither."""
    there = consulting("conferenced")
    made = there.ask(c.ChangeRole(assignment="i/2", role="serves"), actor=worker("p"))
    assert [event.type for event in made] == ["assignment.role_changed", "assignment.wrapping"]
    assert there.holder() == "worker q"


def test_a_conference_is_not_a_way_to_take_over():
    """Whoever serves gives it away: who came in cannot take it."""
    there = consulting("conferenced")
    there.refused(c.ChangeRole(assignment="i/2", role="serves"), actor=worker("q"))
    there.refused(c.Transfer(interaction="i", worker="r"), "not open", worker("q"))
    there.refused(c.Close(interaction="i"), "not open", worker("q"))
    there.refused(c.ChangeRole(assignment="i/2", role="consulted"), "can become serves")


def test_whom_they_know_outside_comes_in_as_well():
    """An outside party is a worker of kind partner: asked, in conference, given the call."""
    there = talking()
    there.has(person("bank", kind="partner", department="bank"))
    there.ask(c.Consult(interaction="i", department="bank"), actor=worker("p"))
    there.accepts("i", "bank")
    there.ask(c.ChangeRole(assignment="i/2", role="conferenced"), actor=worker("p"))
    there.ask(c.ChangeRole(assignment="i/2", role="serves"), actor=worker("p"))
    assert there.holder() == "worker bank"


def test_rt_11_who_takes_part_bears_it():
    """RT-11: capacity used is the count of live parts, of whatever role."""
    there = consulting("conferenced")
    there.ask(c.BecomeUnavailable(worker="r"))
    there.arrives("n")
    assert there.asked("n") is None
    there.ask(c.Release(assignment="i/2"))
    there.passes(WRAP_UP)
    assert there.asked("n") == "q"


# -- abandoning, and the place kept ---------------------------------------------------------------


def waiting_line(*, kept: timedelta | None = MINUTE) -> Scene:
    """`early` is Ana, who waits since ten seconds before `other`; nobody is there."""
    there = Scene()
    there.queue("main", place_kept=kept)
    there.ask(c.RegisterCustomer(customer="ana", addresses=(ANA,)))
    there.knows("bob")
    there.arrives("early", customer="ana", address=ANA)
    there.passes(10 * SECOND)
    there.arrives("other")
    there.ask(c.Leave(interaction="early"), after=5)
    return there


@pytest.mark.parametrize(
    "again",
    [{"customer": "ana"}, {"address": ANA}, {"customer": "ana", "address": ANA}],
    ids=["by customer", "by number", "by both"],
)
def test_who_is_back_in_time_has_its_place(again):
    """Abandoned and back within the limit: as old as before, and its successor."""
    there = waiting_line()
    there.passes(MINUTE - TICK)
    there.arrives("back", **again)
    assert there.last(e.InteractionArrived).predecessor == "early"
    there.has(person("p"))
    assert there.asked("back") == "p", "before the other"


def test_who_is_back_too_late_is_at_the_end():
    """At the limit the place is lost, and that is an event."""
    there = waiting_line()
    assert [event.type for event in there.passes(MINUTE)] == ["interaction.place_lost"]
    there.arrives("back", customer="ana")
    assert there.last(e.InteractionArrived).predecessor is None
    there.has(person("p"))
    assert there.asked("other") == "p"


def test_a_place_is_taken_once():
    """Who has its place back has no other one; the next arrival is at the end."""
    there = waiting_line()
    there.arrives("back", customer="ana")
    there.arrives("second", customer="ana")
    assert there.last(e.InteractionArrived).predecessor is None
    assert there.last(e.InteractionQueued).since == there.at


def test_who_gives_up_again_is_kept_the_same_place():
    """The age is that of the first arrival, however often the line broke."""
    there = waiting_line()
    first = there.seen(e.InteractionQueued)[0].since
    there.arrives("back", customer="ana")
    there.ask(c.Leave(interaction="back"), after=5)
    there.ask(c.Arrive(interaction="third", channel="voice", customer="ana"), after=5)
    assert there.last(e.InteractionQueued).since == first
    assert there.last(e.InteractionArrived).predecessor == "back"


@pytest.mark.parametrize(
    ("channel", "who", "queue"),
    [
        ("chat", {"customer": "ana"}, None),
        ("voice", {"customer": "bob"}, None),
        ("voice", {"customer": "bob", "address": ANA}, None),
        ("voice", {}, None),
        ("voice", {"customer": "ana"}, "sales"),
    ],
    ids=["another channel", "somebody else", "of the same house", "nobody known", "another line"],
)
def test_a_place_is_kept_for_the_same_customer_in_the_same_line(channel, who, queue):
    """Whoever is known to be another, and who comes another way, begins at the end."""
    there = waiting_line()
    there.queue("sales")
    there.arrives("back", channel, queue=queue, **who)
    assert there.last(e.InteractionArrived).predecessor is None
    assert there.last(e.InteractionQueued).since == there.at


def test_a_place_is_kept_only_where_the_line_says_so():
    """Without a limit there is no place to come back to, and no deadline."""
    there = waiting_line(kept=None)
    assert there.last(e.InteractionClosed).place_until is None
    assert there.kernel.next_deadline is None


def test_who_was_served_has_no_place():
    """Only who gave up waiting comes back to it: who hung up on a worker had been served."""
    there = Scene(person("p"))
    there.queue("main", place_kept=MINUTE)
    there.knows("ana")
    there.arrives("i", customer="ana")
    there.accepts("i", "p")
    there.ask(c.Leave(interaction="i"))
    assert (there.ended(), there.last(e.InteractionClosed).place_until) == ("resolved", None)


@pytest.mark.parametrize(
    ("channel", "reason"), [("voice", "abandoned"), ("web", "abandoned"), ("email", "withdrawn")]
)
def test_only_who_waits_in_real_time_abandons(channel, reason):
    """What is asynchronous is withdrawn."""
    there = Scene()
    there.arrives("i", channel)
    there.ask(c.Leave(interaction="i"))
    assert there.ended() == reason

"""Journeys: what belongs to one pursuit, why, and when the pursuit is over."""

from datetime import timedelta

import pytest
from tests.unit.scenes import (
    PLAIN,
    SECOND,
    WRAP_UP,
    Scene,
    customer,
    everybody_was_somebodys,
    person,
    supervisor,
    worker,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.machines import JOURNEY

__all__ = ["everybody_was_somebodys"]

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
WINDOW = PLAIN.journey_window
ANA = customer("ana")


def there_is() -> Scene:
    """A centre that knows ana, bob and cleo."""
    there = Scene()
    there.queue("main")
    there.knows("ana", "bob", "cleo")
    return there


def comes(there: Scene, name: str, channel: str = "email", **more) -> tuple[str | None, str | None]:
    """Ana comes, about billing; gives her journey, and why it is that one."""
    there.arrives(name, channel, **{"customer": "ana", "about": "billing", **more})
    arrived = there.last(e.InteractionArrived)
    return arrived.journey, arrived.stitched and arrived.stitched.value


# -- stitching ------------------------------------------------------------------------------------


def test_the_first_about_a_matter_opens_its_journey():
    """The event of the journey comes before the arrival that names it, which is its first."""
    there = there_is()
    journey, why = comes(there, "i")
    opened = there.last(e.JourneyOpened)
    assert (opened.journey, opened.customer, opened.about) == (journey, "ana", "billing")
    assert opened.lapses_at == there.at + WINDOW
    assert why == "first"


def test_the_same_customer_and_matter_go_on():
    """Any channel, open or closed, within the window: the same pursuit."""
    there = there_is()
    journey, _ = comes(there, "i")
    assert comes(there, "k", "voice") == (journey, "matter")
    there.ask(c.Close(interaction="i"))
    there.ask(c.Close(interaction="k"))
    there.passes(WINDOW - TICK)
    assert comes(there, "l", "web") == (journey, "matter")


@pytest.mark.parametrize(
    "other", [{"customer": "bob"}, {"about": "card"}], ids=["somebody else", "something else"]
)
def test_another_customer_or_matter_is_another_journey(other):
    """Nobody's pursuit is mixed with another's, nor one matter with another."""
    there = there_is()
    journey, _ = comes(there, "i")
    found, why = comes(there, "k", **other)
    assert found != journey
    assert why == "first"


@pytest.mark.parametrize(
    "nothing", [{"customer": None}, {"about": None}, {"customer": None, "about": None}]
)
def test_of_nobody_or_nothing_there_is_no_journey(nothing):
    """Who is not known, or what is about nothing, begins no pursuit."""
    assert comes(there_is(), "i", **nothing) == (None, None)


def test_what_is_named_goes_before_all_else():
    """Named, then by reference, then by descent, then by matter: the surest says why."""
    there = there_is()
    by_matter, _ = comes(there, "i")
    by_reference, why = comes(there, "k", about="card", reference="order-7")
    assert why == "first"
    assert comes(there, "l", reference="order-7") == (by_reference, "reference")
    given = {"reference": "order-7", "journey": by_matter, "about": "card"}
    assert comes(there, "m", **given) == (by_matter, "named")
    there.ask(c.Close(interaction="l"))
    there.ask(c.Arrive(channel="voice", follows="l"))
    returned = there.last(e.InteractionArrived)
    assert (returned.journey, returned.stitched) == (by_reference, "lineage")


def test_another_order_is_another_journey():
    """Though it be about the same: what is named explicitly tells two pursuits apart."""
    there = there_is()
    journey, _ = comes(there, "i", reference="order-7")
    other, why = comes(there, "k", reference="order-8")
    assert other != journey
    assert why == "first"


def test_a_reference_alone_begins_a_journey():
    """An order is pursued, whatever it is about."""
    there = there_is()
    journey, _ = comes(there, "i", about=None, reference="order-7")
    assert comes(there, "k", about="anything", reference="order-7") == (journey, "reference")


def test_a_reference_is_the_customers_own():
    """TH-03: who names another's order does not join its journey."""
    there = there_is()
    journey, _ = comes(there, "i", reference="order-7")
    found, why = comes(there, "k", customer="bob", reference="order-7")
    assert found != journey
    assert why == "first"


@pytest.mark.parametrize("actor", [ANA, customer("bob"), supervisor()])
def test_th_03_nobody_joins_anothers_journey(actor):
    """TH-03: by whomever it is named, a journey is its customer's; no telling of foreign ones."""
    there = there_is()
    journey, _ = comes(there, "i")
    foreign = c.Arrive(interaction="k", channel="email", customer="bob", journey=journey)
    refusal = there.refused(foreign, actor=actor)
    if actor == customer("bob"):
        absent = c.Arrive(interaction="k", channel="email", customer="bob", journey="j-99")
        assert refusal.replace(journey, "j-99") == there.refused(absent, actor=actor)


def test_what_is_over_is_not_joined():
    """A journey that is over is not there to be named, found or followed."""
    there = there_is()
    journey, _ = comes(there, "i")
    there.ask(c.AchieveJourney(journey=journey))
    there.refused(c.Arrive(interaction="k", channel="email", customer="ana", journey=journey))
    found, why = comes(there, "k")
    assert (found != journey, why) == (True, "first")
    there.ask(c.Close(interaction="i"))
    there.ask(c.Arrive(channel="email", follows="i"))
    assert there.last(e.InteractionArrived).journey == found


def test_of_two_alike_the_other_is_found_when_one_is_over():
    """RT-20: the latest is found first; when it is over the earlier is, live and rebuilt alike."""
    for rebuilt in (lambda there: there.kernel, Scene.replayed, Scene.restored):
        there = there_is()
        for _ in range(2):
            there.ask(c.OpenJourney(customer="ana", about="billing"))
        first, second = (one.journey for one in there.seen(e.JourneyOpened))
        there.kernel = rebuilt(there)
        assert comes(there, "i")[0] == second
        there.ask(c.AchieveJourney(journey=second))
        there.kernel = rebuilt(there)
        assert comes(there, "k")[0] == first


# -- joined by hand -------------------------------------------------------------------------------


def test_an_interaction_belongs_to_one_journey():
    """Joined to another it leaves the first; joined to its own nothing happens."""
    there = there_is()
    first, _ = comes(there, "i")
    second, _ = comes(there, "k", about="card")
    there.ask(c.JoinJourney(interaction="i", journey=second))
    assert there.last(e.JourneyJoined) == e.JourneyJoined(second, "i", "named")
    assert there.ask(c.JoinJourney(interaction="i", journey=second)) == ()
    there.ask(c.Close(interaction="i"))
    there.ask(c.Arrive(channel="email", follows="i"))
    assert there.last(e.InteractionArrived).journey == second, "the latest is followed"
    assert first != second


def test_who_may_say_where_it_belongs():
    """The customer's own journey only, and by who serves or the house."""
    there = there_is()
    mine, _ = comes(there, "i")
    hers, _ = comes(there, "k", customer="bob")
    there.refused(c.JoinJourney(interaction="i", journey=hers), "another customer's")
    there.refused(c.JoinJourney(interaction="i", journey="j-99"), "not open")
    there.refused(c.JoinJourney(interaction="x", journey=mine), "not open")
    there.refused(c.JoinJourney(interaction="i", journey=mine), "may not", ANA)
    there.refused(c.JoinJourney(interaction="i", journey=mine), "not open", worker("p"))
    there.arrives("u", "email")
    there.refused(c.JoinJourney(interaction="u", journey=mine), "another customer's")


# -- the end of a journey -------------------------------------------------------------------------


@pytest.mark.parametrize("end", [c.AchieveJourney, c.FailJourney], ids=lambda kind: kind.__name__)
def test_a_journey_ends_whatever_is_open_in_it(end):
    """Who serves goes on, promises stand, and what ends later ends without it."""
    there = Scene(person("p"))
    there.knows("ana")
    there.arrives("i", "email", customer="ana", about="billing")
    there.accepts("i", "p")
    there.ask(c.MakePromise(what="refund", interaction="i", within=HOUR))
    journey = there.last(e.JourneyOpened).journey
    there.ask(end(journey=journey, reason="refunded"))
    assert there.log[-1].data.reason == "refunded"
    assert there.holder() == "worker p"
    there.ask(c.Close(interaction="i"))
    there.passes(HOUR)
    assert len(there.seen(e.PromiseBroken)) == 1
    there.passes(2 * WINDOW)
    assert there.seen(e.JourneyLapsed) == []


@pytest.mark.parametrize("state", sorted(JOURNEY.final))
def test_rt_28_what_is_over_stays_over(state):
    """RT-28: achieved, failed or lapsed: every command about it is refused."""
    there = there_is()
    journey, _ = comes(there, "i")
    there.ask(c.Close(interaction="i"))
    there.arrives("k", "email", customer="ana")
    if state == "lapsed":
        there.passes(2 * WINDOW)
    else:
        end = {"achieved": c.AchieveJourney, "failed": c.FailJourney}[state]
        there.ask(end(journey=journey))
    for command in (
        c.AchieveJourney(journey=journey),
        c.FailJourney(journey=journey),
        c.JoinJourney(interaction="k", journey=journey),
    ):
        there.refused(command, f"journey {journey} is not open")


def test_whose_journey_it_is():
    """A customer ends its own; another's is answered as if it were not there."""
    there = there_is()
    journey, _ = comes(there, "i")
    refusal = there.refused(c.AchieveJourney(journey=journey), actor=customer("bob"))
    absent = there.refused(c.AchieveJourney(journey="j-99"), actor=customer("bob"))
    assert refusal.replace(journey, "j-99") == absent
    there.ask(c.AchieveJourney(journey=journey), actor=ANA)


# -- lapsing --------------------------------------------------------------------------------------


def lapses(there: Scene, within: timedelta) -> timedelta | None:
    """After what time the only journey lapses, if within that."""
    since = there.at
    there.passes(within)
    return there.when(e.JourneyLapsed) - since if there.seen(e.JourneyLapsed) else None


def test_a_journey_lapses_when_nothing_happens_in_it():
    """A window after the last thing that happened in it, and not before."""
    there = there_is()
    comes(there, "i")
    there.passes(3 * HOUR)
    there.ask(c.Close(interaction="i"))
    assert lapses(there, WINDOW - TICK) is None
    assert lapses(there, TICK) == TICK


@pytest.mark.parametrize("state", ["waiting", "dormant", "suspended", "scheduled"])
def test_a_journey_in_which_something_is_open_goes_on(state):
    """However long: waiting, asleep, with a third party or to be called back."""
    there = Scene(person("p"))
    there.knows("ana")
    if state == "waiting":
        there.ask(c.SignOut(worker="p"))
    there.arrives("i", "sms", customer="ana", about="billing")
    if state != "waiting":
        there.accepts("i", "p")
    later = there.at + 3 * WINDOW
    if state == "dormant":
        there.ask(c.Sleep(interaction="i"))
    elif state == "suspended":
        there.ask(c.Suspend(interaction="i", party="bank", reason="x", due=later))
    elif state == "scheduled":
        there.ask(c.RequestCallback(interaction="i", at=later))
    assert lapses(there, 2 * WINDOW) is None
    there.ask(c.Close(interaction="i"))
    assert lapses(there, 2 * WINDOW) is not None


def test_what_was_promised_in_it_keeps_a_journey_open():
    """A pursuit is not over while something was promised in it that may still happen."""
    there = there_is()
    comes(there, "i")
    there.ask(c.MakePromise(what="refund", interaction="i", within=2 * WINDOW))
    there.ask(c.Close(interaction="i"))
    assert lapses(there, 2 * WINDOW - SECOND) is None
    assert lapses(there, 2 * WINDOW) is not None


def test_a_return_within_the_window_is_a_new_beginning_of_it():
    """The window runs from the last thing that happened."""
    there = there_is()
    journey, _ = comes(there, "i")
    there.ask(c.Close(interaction="i"))
    there.passes(WINDOW - HOUR)
    assert comes(there, "k")[0] == journey
    there.ask(c.Close(interaction="k"))
    assert lapses(there, WINDOW - TICK) is None
    assert lapses(there, TICK) == TICK


# -- journeys and who is whom ---------------------------------------------------------------------


def test_merged_customers_pursue_both_journeys():
    """ID-02: the union of both; of two alike the survivor's; unmerged, each has its own again."""
    there = there_is()
    hers, _ = comes(there, "i")
    his, _ = comes(there, "k", customer="bob")
    card, _ = comes(there, "l", about="card")
    there.ask(c.MergeCustomers(customer="ana", survivor="bob"))
    assert comes(there, "m") == (his, "matter")
    assert comes(there, "n", customer="bob", about="card") == (card, "matter")
    there.ask(c.UnmergeCustomer(customer="ana"))
    assert comes(there, "o")[0] == hers
    assert comes(there, "q", customer="bob")[0] == his
    found, _ = comes(there, "r", customer="bob", about="card")
    assert found not in {hers, his, card}


def test_a_side_conversation_is_of_its_parents_journey():
    """What is asked of others belongs to the same pursuit."""
    there = Scene(person("p"))
    there.knows("ana")
    there.arrives("i", "email", customer="ana", about="billing")
    there.accepts("i", "p")
    there.ask(c.Delegate(interaction="i", worker="p"))
    parent, side = there.seen(e.InteractionArrived)
    assert parent.journey == side.journey
    there.passes(WRAP_UP)

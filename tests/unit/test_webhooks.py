"""Webhooks as vendors deliver them: the table of faults, and handlers that do not stand them."""

from datetime import timedelta
from itertools import permutations

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel import commands as c
from onechannel.delivery import Letter, Order
from onechannel.errors import InvalidValue, StoreFault
from onechannel.ports import LetterState, LineOf
from onechannel.simulation.outside import FAULTS, WebhookFault, again, orders, postings
from onechannel.testing import FakeCentre
from onechannel.testing.live import FakeLiveCentre
from onechannel.testing.webhooks import Asked, Webhooks, asked_for

ITEMS = st.lists(st.sampled_from("abc"), max_size=7)
SEEDS = st.integers(0, 10**6)
MINUTE = timedelta(minutes=1)
NEXT_TRY = timedelta(seconds=200)


def came(items, fault, seed=0):
    """What arrives, in order."""
    return [items[one.number] for one in postings(items, fault, seed=seed)]


# -- the table ------------------------------------------------------------------------------------


@given(ITEMS, st.sampled_from(WebhookFault), SEEDS)
def test_whatever_the_fault_each_comes_and_time_goes_on(items, fault, seed):
    """Nothing is lost for good, nothing comes that was not sent, and postings are in order of time.

    The same seed makes the same postings.
    """
    found = postings(items, fault, seed=seed)
    assert {one.number for one in found} == {*range(len(items))}
    assert [one.after for one in found] == sorted(one.after for one in found)
    assert found == postings(items, fault, seed=seed)


@given(ITEMS)
def test_each_fault_is_what_its_row_says(items):
    """As sent: once each. Doubled: twice each, one after the other. Repeated, stale: all again."""
    assert came(items, "as-sent") == items
    assert came(items, "doubled") == [one for one in items for _ in range(2)]
    assert came(items, "repeated") == items * 3
    assert {one.after for one in postings(items, "repeated")} <= {0 * MINUTE, MINUTE, 5 * MINUTE}
    stale = postings(items, "stale")
    assert [one.after for one in stale[len(items) :]] == [timedelta(days=7)] * len(items)


@given(ITEMS.filter(bool))
def test_what_is_late_or_lost_comes_after_the_others(items):
    """The first comes 200 seconds after all the others: itself if late, as a copy if it was lost.

    A vendor's next try has another number of delivery, the same item's id.
    """
    for fault, copy in (("late", 0), ("lost", 1)):
        *others, last = postings(items, fault)
        assert (last.number, last.after, last.copy) == (0, NEXT_TRY, copy)
        assert [one.number for one in others] == [*range(1, len(items))]
        assert {one.after for one in others} <= {timedelta(0)}


@given(ITEMS, SEEDS)
def test_reordered_is_never_the_order_it_was_sent_in(items, seed):
    """Where two of them differ, what comes first looks otherwise than what was sent."""
    found = came(items, "reordered", seed)
    assert sorted(found) == sorted(items)
    assert (found != items) == (len({*items}) > 1)
    after_the_outage = [*dict.fromkeys(one.number for one in postings(items, "burst", seed=seed))]
    assert ([items[number] for number in after_the_outage] != items) == (len({*items}) > 1)


@given(ITEMS.filter(bool), SEEDS)
def test_a_burst_is_all_at_once_and_some_of_it_twice(items, seed):
    """After an hour of silence everything comes at one moment, at least one of it twice."""
    found = postings(items, "burst", seed=seed)
    assert {one.after for one in found} == {60 * MINUTE}
    assert len(items) < len(found) <= 2 * len(items)
    first = {one.number: one.copy for one in reversed(found)}
    assert {*first.values()} == {0}  # no copy comes before what it is a copy of


def test_seeds_make_other_orders():
    """Over some seeds three items come in all of the five orders that are not the one sent."""
    found = {tuple(came("abc", "reordered", seed)) for seed in range(60)}
    assert found == {*permutations("abc")} - {("a", "b", "c")}


def test_every_order_is_every_order():
    """Of up to five items all orders are given; more are refused, with the way out."""
    assert [*orders(3)] == [*permutations(range(3))]
    assert len([*orders(5)]) == 120
    with pytest.raises(InvalidValue, match="seeds"):
        orders(6)


def test_a_copy_of_a_letter_is_another_delivery():
    """Who numbers its deliveries gives a repetition a number of its own; the item keeps its id."""
    letter = Letter(source="chat", id="m-1", delivery="d-1")
    assert again(letter, 0) == letter
    assert again(letter, 2) == Letter(source="chat", id="m-1", delivery="d-1~2")
    assert again(Letter(source="chat", id="m-1"), 1).delivery is None
    assert again("body", 3) == "body"


def test_each_row_says_what_comes_and_with_whom_it_was_seen():
    """The table has a row for every fault, and no row without a word on both."""
    assert {*FAULTS} == {*WebhookFault}
    assert all(row.what and row.seen for row in FAULTS.values())


# -- runs of a test -------------------------------------------------------------------------------


def test_what_a_marker_asks_for():
    """Each fault named is a run; none named is all of them; chance has as many seeds as asked."""
    assert [str(one) for one in asked_for("doubled", "late")] == ["doubled", "late"]
    every = {one.value for one in WebhookFault} - {"as-sent"}
    assert {str(one) for one in asked_for()} == every
    several = asked_for("reordered", "doubled", seeds=3)
    assert [str(one) for one in several] == ["reordered", "reordered-1", "reordered-2", "doubled"]
    assert [str(one) for one in asked_for("burst", seed=7)] == ["burst-7"]
    assert [str(one) for one in asked_for("every-order", of=2)] == ["order-1-2", "order-2-1"]


def test_what_cannot_be_asked_for_is_refused_with_the_way_out():
    """An unknown fault, an order of nobody knows how many, and no fault at all."""
    with pytest.raises(InvalidValue, match=r"doubled.*'twice' is none of these"):
        asked_for("twice")
    with pytest.raises(InvalidValue, match="of=3"):
        asked_for("every-order")
    with pytest.raises(InvalidValue, match=r"@pytest\.mark\.webhooks"):
        Webhooks()(["a"])
    with pytest.raises(InvalidValue, match="of=2"):
        Webhooks(None, Asked(order=(0, 1, 2)))(["a", "b"])


def test_time_passes_between_postings_and_not_before():
    """On the centre's own virtual time: what is late comes when it has become late."""
    centre = FakeCentre()
    begins = centre.now
    seen = [(body, centre.now - begins) for body in Webhooks(centre, "repeated")("ab")]
    assert seen == [
        (body, span) for span in (0 * MINUTE, MINUTE, 5 * MINUTE) for body in ("a", "b")
    ]
    assert [*Webhooks(None, "late")("ab")] == ["b", "a"]


# -- handlers that do not stand it ----------------------------------------------------------------


class Desk:
    """What handlers write to: the texts of one chat, and whether it is over."""

    def __init__(self):
        self.texts, self.over = [], False


BODIES = (
    {"id": "m-1", "delivery": "d-1", "text": "Hello?"},
    {"id": "m-2", "delivery": "d-2", "text": "Anybody there?"},
    {"id": "m-3", "delivery": "d-3", "gone": True},
)


def renumbered(body, copy):
    """A vendor's repetition of a body."""
    return body | {"delivery": f"{body['delivery']}-{copy}"}


def forgetful(centre, desk):
    """Remembers nothing: each delivery is new."""

    def handle(body):
        if "text" in body:
            desk.texts.append(body["text"])
        desk.over = desk.over or "gone" in body

    return handle


def believes_deliveries(centre, desk):
    """Tells copies by the number of the delivery, which a later try does not share."""
    known = set()

    def handle(body):
        if body["delivery"] not in known:
            known.add(body["delivery"])
            forgetful(centre, desk)(body)

    return handle


def remembers_briefly(centre, desk):
    """Tells copies by the item's id, for five minutes: until just before the last repetition."""
    known = {}

    def handle(body):
        if centre.now - known.get(body["id"], centre.now - MINUTE * 60) >= 5 * MINUTE:
            forgetful(centre, desk)(body)
        known.setdefault(body["id"], centre.now)

    return handle


def trusts_the_order(centre, desk):
    """Tells copies for ever, and takes nothing more once the customer has gone."""
    known = set()

    def handle(body):
        if body["id"] not in known and not desk.over:
            known.add(body["id"])
            forgetful(centre, desk)(body)

    return handle


def stands_it(centre, desk):
    """Tells copies for ever, and sorts by the vendor's id when it is looked at."""
    known = {}

    def handle(body):
        known.setdefault(body["id"], body)
        desk.texts = [known[name]["text"] for name in sorted(known) if "text" in known[name]]
        desk.over = any("gone" in one for one in known.values())

    return handle


def fails_under(make):
    """Under which faults a handler leaves anything but what was said, once, in order."""
    failed = set()
    for asked in [*asked_for(), *asked_for("as-sent"), *asked_for("every-order", of=3)]:
        centre, desk = FakeCentre(), Desk()
        handle = make(centre, desk)
        for body in Webhooks(centre, asked)(BODIES, again=renumbered):
            handle(body)
        if (desk.texts, desk.over) != (["Hello?", "Anybody there?"], True):
            failed.add(str(asked))
    return failed


ORDERS = {f"order-{'-'.join(map(str, one))}" for one in permutations((1, 2, 3))}


def test_a_handler_that_is_right_stands_all_of_it():
    """What is told by its id for ever, and put in order by what it says, is the same each time."""
    assert fails_under(stands_it) == set()


@pytest.mark.parametrize(
    ("make", "caught", "passes"),
    [
        (forgetful, {"doubled", "repeated", "stale", "burst"}, {"as-sent"}),
        (believes_deliveries, {"repeated", "stale", "burst"}, {"as-sent", "doubled"}),
        (remembers_briefly, {"repeated", "stale"}, {"as-sent", "doubled"}),
        (trusts_the_order, {"late", "lost"}, {"as-sent", "doubled", "repeated", "stale"}),
    ],
)
def test_planted_bugs_are_caught_and_good_days_show_nothing(make, caught, passes):
    """Handlers with one well-known mistake each fail under the faults that are there for it.

    As sent none of them fails: that is why nobody noticed.
    """
    failed = fails_under(make)
    assert caught <= failed
    assert not failed & passes


def test_who_trusts_the_order_fails_in_every_order_but_some():
    """Every order of three tries all six; the one sent, and those that happen to do, pass."""
    failed = fails_under(trusts_the_order) & ORDERS
    assert failed == ORDERS - {"order-1-2-3"}


# -- the centre itself stands it ------------------------------------------------------------------


def letters():
    """A chat of a vendor: whichever text comes first begins it, and who goes must have come."""
    begins = Order(c.Arrive(interaction="c-7", channel="sms"), unless=LineOf("c-7"))

    def letter(number, *means, **more):
        return Letter(source="sms", id=f"m-{number}", delivery=f"d-{number}", orders=means, **more)

    return [
        letter(1, begins, Order(c.Say(interaction="c-7", text="Hello?"))),
        letter(2, begins, Order(c.Say(interaction="c-7", text="Anybody there?"))),
        letter(3, Order(c.RegisterCustomer(customer="bo")), awaits=LineOf("c-7")),
    ]


@pytest.mark.parametrize("asked", [*asked_for(seeds=5), *asked_for("every-order", of=3)], ids=str)
def test_the_inbox_of_a_fake_centre_stands_every_fault(asked):
    """Letters are taken once whatever the fault, and everything received is accounted for."""
    centre = FakeCentre()
    states = [centre.receive(letter).state for letter in Webhooks(centre, asked)(letters())]
    assert LetterState.REFUSED not in states
    chat = centre.interaction("c-7")
    assert sorted(message.text for message in chat.messages) == ["Anybody there?", "Hello?"]
    assert centre.known_customer("bo")
    tallies = {what: count for (_, _, what), count in centre.store.tallies().items()}
    assert tallies["received"] == len(states)
    assert tallies["stored"] == 3


# -- a vendor that hears the answer ---------------------------------------------------------------


def test_what_was_not_taken_is_delivered_again():
    """After a 5xx, a 429 or an exception it comes again after one minute, five, and an hour."""
    centre = FakeCentre()
    begins, answers = centre.now, [503, RuntimeError("no"), 429, 204]

    def handle(_body):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    posted = Webhooks(centre, "as-sent")(["a"]).to(handle)
    assert [one.answer for one in posted] == [503, 500, 429, 204]
    assert [(one.at - begins) / MINUTE for one in posted] == [0, 1, 6, 66]
    assert [one.attempt for one in posted] == [1, 2, 3, 4]
    assert [one.accepted for one in posted] == [False, False, False, True]
    assert isinstance(posted[1].fault, RuntimeError)
    assert "no" not in repr(posted[1])


def test_what_is_never_taken_is_given_up_and_what_is_refused_comes_once():
    """After four tries a vendor gives up; after a 4xx it does not come again."""
    given = Webhooks(FakeCentre(), "as-sent")(["a", "b"])
    posted = given.to(lambda body: 500 if body == "a" else 404)
    assert [(one.payload, one.answer) for one in posted] == [
        ("a", 500),
        ("b", 404),
        *[("a", 500)] * 3,
    ]


def test_a_later_try_is_another_delivery():
    """What comes again because it was not taken is a copy, marked as the vendor marks those."""
    posted = Webhooks(FakeCentre(), "as-sent")([BODIES[0]], again=renumbered).to(
        lambda body: 200 if body["delivery"] == "d-1-1" else 503
    )
    assert [one.answer for one in posted] == [503, 200]


def test_an_answer_may_be_what_a_framework_gives():
    """A code, something with a status code, or whatever else, which means that it was taken."""

    class Response:
        status_code = 418

    found = Webhooks(None, "as-sent")([Response(), 202, None, "text", True]).to(lambda one: one)
    assert [one.answer for one in found] == [418, 202, 200, 200, 200]


def test_what_a_test_asserts_in_a_handler_is_the_tests():
    """An assertion that fails is no 500 of the handler's: it fails the test."""

    def handle(_body):
        raise AssertionError("mine")

    with pytest.raises(AssertionError, match="mine"):
        Webhooks(None, "doubled")(["a"]).to(handle)


# -- code that awaits -----------------------------------------------------------------------------


@pytest.mark.anyio
async def test_time_passes_for_code_that_awaits_too():
    """Between two postings whoever waits in virtual time is served at its moment."""
    centre, woken = FakeCentre(), []
    async with anyio.create_task_group() as group, FakeLiveCentre(centre) as live:
        begins = live.now

        async def remind():
            await live.wait(timedelta(seconds=90))
            woken.append(live.now - begins)

        group.start_soon(remind)
        seen = [live.now - begins async for _ in Webhooks(centre, "late")("ab")]
    assert seen == [timedelta(0), NEXT_TRY]
    assert woken == [timedelta(seconds=90)]


@pytest.mark.anyio
async def test_what_arrives_at_one_moment_arrives_side_by_side():
    """Two copies at once meet a handler that looks first and writes after an await: it is caught.

    One that writes before it awaits is not.
    """

    def handler(known, taken, *, careful):
        async def handle(body):
            if careful:
                fresh = body not in known
                known.add(body)
                await anyio.lowlevel.checkpoint()
            else:
                await anyio.lowlevel.checkpoint()
                fresh = body not in known
                await anyio.lowlevel.checkpoint()
                known.add(body)
            if fresh:
                taken.append(body)

        return handle

    for careful, times in ((True, 1), (False, 2)):
        taken = []
        await Webhooks(None, "doubled")(["a"]).to_async(handler(set(), taken, careful=careful))
        assert taken == ["a"] * times


@pytest.mark.anyio
@pytest.mark.parametrize("kept", [False, True])
async def test_a_store_that_fails_costs_nothing_since_the_vendor_comes_again(kept):
    """A handler answers 503 while the store fails, and each letter is taken once in the end.

    Whether or not the letter had been kept when it said so.
    """
    centre = FakeCentre()
    async with FakeLiveCentre(centre) as live:

        async def handle(letter):
            try:
                await live.receive(letter)
            except StoreFault:
                return 503
            return 200

        live.store_fails(2, kept=kept)
        posted = await Webhooks(centre, "reordered")(letters()).to_async(handle)
    assert sorted(one.answer for one in posted) == [200, 200, 200, 503, 503]
    assert len(centre.interaction("c-7").messages) == 2


def test_the_page_shows_the_table(request):
    """The page on what vendors do wrong has every row of the table, in its words and its order."""
    page = request.config.rootpath / "docs/how-to/test-what-vendors-do-wrong.md"
    rows = [f"| `{name}` | {row.what} | {row.seen} |" for name, row in FAULTS.items()]
    found = [line for line in page.read_text("utf-8").splitlines() if line in rows]
    assert found == rows

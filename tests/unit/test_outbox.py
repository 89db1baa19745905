"""The outbox: made with its event, claimed under a lease, sent at least once, in order.

That it holds for any sequence of claims and faults is proved in tests/property/test_mail.py.
"""

from datetime import timedelta

import attrs
import pytest
from tests.unit.mail_parts import (
    ADOPT,
    AT,
    DAY,
    HOUR,
    LEASE,
    SECOND,
    able,
    arrivals,
    arrive,
    claim,
    counted,
    do,
    letter,
    opened,
    said,
    say,
    settle,
    settlement,
    tell,
    wanting,
)

from onechannel import commands as c
from onechannel.delivery import (
    Bookmark,
    Claim,
    Claimed,
    CommitCycle,
    GivenUp,
    MailRules,
    Noted,
    Order,
    Postponed,
    Refused,
    ReplayEffect,
    Sent,
    Served,
    Settled,
    Settlement,
    Subscribe,
    effect_key,
)
from onechannel.errors import CommandRefused, InvalidValue
from onechannel.model.worker import Worker
from onechannel.ports import Destination, Effect, EffectState

DUE, DEAD = EffectState.DUE, EffectState.DEAD
ARRIVED, SAID = "interaction.arrived", "message.received"
BUSY = Postponed("busy")


@pytest.fixture(params=["memory", "sqlite"])
def store(request):
    """Each store, empty."""
    made = opened(request.param)
    yield made
    made.close()


def wanted(store, destination="d"):
    """The types and interactions of the events that are due at a destination."""
    log = {event.position: event for event in store.read()}
    effects = store.effects(DUE, destination)
    return [(log[one.position].type, log[one.position].subject("interaction")) for one in effects]


def one_effect(store, at=AT):
    """A cycle at a store with one effect that is due."""
    cycle = wanting(store, ARRIVED)
    tell(cycle, arrive("i"), at=at)
    return cycle


# -- what is made ---------------------------------------------------------------------------------


def test_an_effect_is_made_in_the_commit_of_its_event(store):
    """IN-20: for every event that a destination wants, and for no other."""
    cycle = wanting(store, ARRIVED, SAID)
    tell(cycle, arrive("i"), say("i"), c.Leave(interaction="i"))
    assert wanted(store) == [(ARRIVED, "i"), (SAID, "i")]
    (first, second) = store.effects(DUE)
    assert (first.conversation, first.made_at, first.due_at) == ("i", AT, AT)
    assert (first.attempts, first.token, first.holder, first.reason) == (0, 0, None, None)
    assert second.position > first.position
    assert counted(store, "d", "outbox") == {"made": 2}


@pytest.mark.parametrize("source", ["letter", "deadline", "released"])
def test_whatever_makes_the_event_makes_the_effect(store, source):
    """A letter, a letter that had waited, or time alone."""
    cycle = wanting(store, SAID, "assignment.expired")
    if source == "deadline":
        marc = c.DefineWorker(worker=Worker(id="marc"))
        call = c.Arrive(interaction="i", channel="voice")
        tell(cycle, marc, c.SignIn(worker="marc"), call)
        cycle.run((), lambda: AT + HOUR)
        assert wanted(store) == [("assignment.expired", "i")]
        return
    if source == "released":
        do(cycle, letter("a", say("i"), conversation="c"))
    do(cycle, letter("b", arrive("i"), say("i")))
    assert (SAID, "i") in wanted(store)


def test_every_process_makes_them(store):
    """IN-20: one that knows no destination itself, and was there before it was made, does too."""
    early = CommitCycle(store)
    assert early.kernel.position == 0
    wanting(store, ARRIVED)
    tell(early, arrive("i"))
    tell(CommitCycle(store), arrive("j"), prefix="t")
    assert wanted(store) == [(ARRIVED, "i"), (ARRIVED, "j")]


def test_what_was_observed_is_not_brought_about(store):
    """Somebody else has done it already."""
    cycle = wanting(store, ARRIVED)
    tell(cycle, c.ObserveArrival(interaction="i", channel="chat"), arrive("j"))
    assert arrivals(store) == ["i", "j"]
    assert wanted(store) == [(ARRIVED, "j")]


def test_a_refused_or_repeated_command_makes_none(store):
    """IN-19: the same client's command id twice is one effect."""
    cycle = wanting(store, ARRIVED)
    for _ in range(2):
        tell(cycle, arrive("i"), prefix="t")
    tell(cycle, arrive("i"), prefix="u")
    assert wanted(store) == [(ARRIVED, "i")]


def test_a_destination_may_name_channels(store):
    """Events on others are not its own; those that name no channel are."""
    cycle = wanting(store, ARRIVED, "interaction.queued", channels=["voice"])
    do(cycle, Subscribe(Destination(name="none", types=[ARRIVED], channels=[])))
    tell(cycle, arrive("i"), c.Arrive(interaction="j", channel="voice"))
    queued = "interaction.queued"
    assert wanted(store) == [(queued, "i"), (ARRIVED, "j"), (queued, "j")]
    assert wanted(store, "none") == []


def test_a_destination_is_told_from_now_on(store):
    """Of what happens in its own cycle too; given anew, it is what it was last."""
    cycle = CommitCycle(store)
    tell(cycle, arrive("i"))
    narrow = Destination(name="d", types=[ARRIVED])
    do(cycle, Subscribe(narrow), letter("a", arrive("j"), say("j")))
    assert wanted(store) == [(ARRIVED, "j")]
    do(cycle, Subscribe(attrs.evolve(narrow, types=[SAID])), letter("b", arrive("k"), say("k")))
    assert wanted(store) == [(ARRIVED, "j"), (SAID, "k")]
    assert counted(store, "d", "outbox") == {"made": 2}
    do(cycle, Subscribe(attrs.evolve(narrow, types=[])), letter("c", arrive("l"), say("l")))
    assert counted(store, "d", "outbox") == {"made": 2}


def test_each_destination_has_its_own(store):
    """What one has done, another still has to do."""
    cycle = wanting(store, ARRIVED)
    do(cycle, Subscribe(Destination(name="e", types=[ARRIVED])))
    tell(cycle, arrive("i"))
    (effect,) = claim(cycle)
    settle(cycle, effect, Sent())
    assert (wanted(store, "d"), wanted(store, "e")) == ([], [(ARRIVED, "i")])


# -- claims ---------------------------------------------------------------------------------------


def test_a_claim_leases_what_is_due(store):
    """To one holder, with a token; nobody else gets it before the lease ends."""
    cycle, other = one_effect(store), CommitCycle(store)
    (effect,) = claim(cycle, holder="one")
    assert (effect.token, effect.attempts, effect.holder) == (1, 1, "one")
    assert effect.due_at == AT + LEASE
    assert store.effects(DUE) == (effect,)
    assert claim(other, at=AT + LEASE - timedelta(microseconds=1)) == ()
    (again,) = claim(other, at=AT + LEASE, holder="two")
    assert (again.token, again.attempts, again.holder) == (2, 2, "two")
    assert again.due_at == AT + 2 * LEASE


def test_two_claims_in_one_cycle_share_nothing(store):
    """What the first takes is not the second's; each has what it asked for."""
    cycle = wanting(store, ARRIVED)
    tell(cycle, *(arrive(f"i{n}") for n in range(5)))
    mine = Claim(destination="d", holder="one", lease=LEASE, limit=2)
    theirs = attrs.evolve(mine, holder="two")
    first, second, third, fourth = (
        [one.position for one in claimed.effects] for claimed in do(cycle, mine, theirs, mine, mine)
    )
    assert [len(one) for one in (first, second, third, fourth)] == [2, 2, 1, 0]
    assert len({*first, *second, *third}) == 5
    assert {one.token for one in store.effects(DUE)} == {1}


def test_only_the_first_of_a_conversation_is_claimed(store):
    """IN-17: effects of a conversation leave in the order of their events, whatever happens."""
    cycle = wanting(store, ARRIVED, SAID)
    tell(cycle, arrive("i"), say("i", "1"), arrive("j"), say("j", "2"))
    first, other = claim(cycle)
    assert claim(cycle) == ()
    settle(cycle, first, BUSY)
    assert claim(cycle) == ()
    (again,) = claim(cycle, at=AT + SECOND)
    assert again.position == first.position
    settle(cycle, again, Sent(), at=AT + SECOND)
    (second,) = claim(cycle, at=AT + SECOND)
    assert (second.conversation, second.position > first.position) == ("i", True)
    settle(cycle, other, GivenUp("no such number"), at=AT + SECOND)
    (behind,) = claim(cycle, at=AT + SECOND)
    assert behind.conversation == "j"


def test_what_belongs_to_no_conversation_leaves_at_once(store):
    """Nothing waits for anything there."""
    cycle = wanting(store, "worker.defined")
    tell(cycle, *(c.DefineWorker(worker=Worker(id=f"w{n}")) for n in range(4)))
    assert len(claim(cycle)) == 4


def test_a_lost_lease_settles_nothing(store):
    """IN-03: whoever was paused for too long and resumes is refused, whatever it says."""
    cycle = one_effect(store)
    (late,) = claim(cycle, holder="late")
    (held,) = claim(cycle, at=AT + LEASE, holder="held")
    for outcome in (Sent(), GivenUp("no such number"), BUSY):
        assert settle(cycle, late, outcome, at=AT + LEASE) == Settled(held=False)
        assert store.effects(DUE) == (held,)
    assert settle(cycle, held, Sent(), at=AT + LEASE) == Settled(held=True)
    assert settle(cycle, late, Sent(), at=AT + LEASE) == Settled(held=False)
    assert settle(cycle, attrs.evolve(late, position=99), Sent()) == Settled(held=False)
    assert counted(store, "d", "outbox") == {"made": 1, "sent": 1}


def test_a_lease_that_ended_unclaimed_is_still_held(store):
    """Nobody else has it: what was sent was sent."""
    cycle = one_effect(store)
    (effect,) = claim(cycle)
    assert settle(cycle, effect, Sent(), at=AT + HOUR) == Settled(held=True)
    assert store.effects(DUE) == ()


def test_a_settlement_given_twice_settles_once(store):
    """Its commit was not known, so it comes again: nothing is moved a second time."""
    cycle = one_effect(store)
    (effect,) = claim(cycle)
    once = settlement(effect, BUSY)
    assert do(cycle, once, once) == (Settled(held=True), Settled(held=False))
    (waiting,) = store.effects(DUE)
    assert settle(cycle, effect, BUSY, at=AT + SECOND) == Settled(held=False)
    assert settle(cycle, effect, GivenUp("gone"), at=AT + SECOND) == Settled(held=False)
    assert store.effects(DUE) == (waiting,)


def test_a_settlement_of_old_spares_what_was_replayed(store):
    """A dead effect that is to be tried again is not killed by the news of its first death."""
    cycle = one_effect(store)
    (effect,) = claim(cycle)
    dead = settlement(effect, GivenUp("no such number"))
    do(cycle, dead, ReplayEffect(destination="d", position=effect.position))
    assert do(cycle, dead) == (Settled(held=False),)
    (again,) = claim(cycle)
    assert (again.token, again.attempts) == (2, 1)


def test_what_the_answer_means_is_served_once(store):
    """IN-12, IN-18: with the settlement, in its commit; a repetition does nothing more."""
    cycle = one_effect(store)
    (effect,) = claim(cycle)
    answer = settlement(effect, Sent(), say("i", "1"), c.Leave(interaction="absent"))
    (settled,) = do(cycle, answer)
    assert settled.held
    served, refused = settled.answers
    assert isinstance(served, Served)
    assert isinstance(refused, Refused)
    (again,) = do(cycle, answer)
    assert again.answers[0] == attrs.evolve(served, repeated=True)
    assert said(store, "i") == ["1"]


def test_what_was_sent_was_sent(store):
    """The answer's commands are served though the lease was lost: each try has its own."""
    cycle = one_effect(store)
    (late,) = claim(cycle)
    (held,) = claim(cycle, at=AT + LEASE)
    assert settle(cycle, late, Sent(), say("i", "late"), at=AT + LEASE).held is False
    assert settle(cycle, held, Sent(), say("i", "held"), at=AT + LEASE).held is True
    assert said(store, "i") == ["late", "held"]


def test_an_effect_of_the_answer_is_made(store):
    """Its events are events like any other."""
    cycle = wanting(store, ARRIVED)
    tell(cycle, arrive("i"))
    (effect,) = claim(cycle)
    settle(cycle, effect, Sent(), arrive("j"))
    assert wanted(store) == [(ARRIVED, "j")]


# -- tried again ----------------------------------------------------------------------------------


def failed(store, times, *, rules=None, retry_after=None, effects=1):
    """The waits between tries of one effect that always fails, till it is dead or that often."""
    cycle = wanting(store, ARRIVED)
    if rules is not None:
        cycle = CommitCycle(store, rules=rules)
    tell(cycle, *(arrive(f"i{n}") for n in range(effects)))
    at, waits = AT, []
    for _ in range(times):
        (effect,) = claim(cycle, at=at)
        settle(cycle, effect, Postponed("busy", retry_after), at=at)
        if not store.effects(DUE):
            break
        (waiting,) = store.effects(DUE)
        assert (waiting.holder, waiting.reason) == (None, "busy")
        waits.append(waiting.due_at - at)
        at = waiting.due_at
    return waits


def test_a_failed_effect_is_tried_again_later_each_time(store):
    """IN-18: after twice as long, less up to a half, and never longer than the longest delay."""
    waits = failed(store, 20)
    longest = [min(2**n * SECOND, timedelta(minutes=15)) for n in range(20)]
    assert all(most / 2 < wait <= most for wait, most in zip(waits, longest, strict=True))


def test_what_failed_together_is_not_tried_together(store):
    """The waits of many effects are spread, the same for whoever reckons them."""
    cycle = wanting(store, ARRIVED)
    tell(cycle, *(arrive(f"i{n}") for n in range(100)))
    do(cycle, *(settlement(effect, BUSY) for effect in claim(cycle, limit=100)))
    waits = sorted(one.due_at - AT for one in store.effects(DUE))
    assert len({*waits}) > 50
    assert waits[0] < 0.6 * SECOND
    assert waits[-1] > 0.9 * SECOND


def test_a_destination_may_say_when_to_come_again(store):
    """LP-05: what it asks for is kept to, however often; not sooner than the first delay."""
    assert failed(store, 5, retry_after=timedelta(minutes=7)) == [timedelta(minutes=7)] * 5


def test_at_once_is_not_at_once(store):
    """A destination that asks for no time at all would be asked for ever."""
    assert failed(store, 3, retry_after=timedelta(0)) == [SECOND] * 3


def test_an_effect_is_given_up_after_days(store):
    """Of failures: it is dead with the last reason, counted, and its conversation goes on."""
    rules = MailRules(give_up_after=timedelta(minutes=10))
    waits = failed(store, 99, rules=rules)
    assert timedelta(minutes=5) < sum(waits, timedelta(0)) <= timedelta(minutes=10)
    (dead,) = store.effects(DEAD)
    assert (dead.reason, dead.holder) == ("busy", None)
    assert counted(store, "d", "outbox") == {"made": 1, "dead": 1}


@pytest.mark.parametrize("retry_after", [timedelta(days=3, seconds=1), timedelta(days=36_500)])
def test_a_wait_beyond_giving_up_is_giving_up(store, retry_after):
    """LP-05: reported at once, rather than kept until nobody remembers."""
    assert failed(store, 2, retry_after=retry_after) == []
    assert len(store.effects(DEAD)) == 1


def test_a_refused_effect_is_dead_at_once(store):
    """With the reason; nothing more is tried by itself."""
    cycle = one_effect(store)
    (effect,) = claim(cycle)
    assert settle(cycle, effect, GivenUp("no such number")) == Settled(held=True)
    assert claim(cycle, at=AT + 9 * DAY) == ()
    (dead,) = store.effects(DEAD)
    assert (dead.reason, dead.state) == ("no such number", DEAD)
    assert counted(store, "d", "outbox") == {"made": 1, "dead": 1}


def test_a_dead_effect_is_replayed(store):
    """IN-24: by one command, and only while it is dead; its time begins anew, its key does not."""
    cycle = one_effect(store)
    (effect,) = claim(cycle)
    settle(cycle, effect, GivenUp("no such number"))
    replay = ReplayEffect(destination="d", position=effect.position)
    later = AT + 9 * DAY
    noted, refused = do(cycle, replay, replay, at=later)
    assert noted == Noted()
    assert isinstance(refused.error, CommandRefused)
    assert "is not dead" in str(refused.error)
    (again,) = claim(cycle, at=later)
    assert (again.attempts, again.made_at, again.reason) == (1, later, None)
    assert effect_key("main", again) == effect_key("main", effect)
    settle(cycle, again, BUSY, at=later)
    (waiting,) = store.effects(DUE)
    assert later + 0.5 * SECOND <= waiting.due_at <= later + SECOND
    assert counted(store, "d", "outbox") == {"made": 1}
    (refused,) = do(cycle, ReplayEffect(destination="d", position=99))
    assert isinstance(refused, Refused)


def test_an_effect_that_ends_its_senders_dies(store):
    """Nobody who claims it lives to say so: after days it is dead, and the others go on."""
    cycle = wanting(store, ARRIVED)
    tell(cycle, arrive("i"))
    at = AT
    while claim(cycle, at=at):
        at += HOUR
    assert at == AT + 3 * DAY + HOUR
    (dead,) = store.effects(DEAD)
    assert dead.reason == "whoever tried it never said what became of it"
    assert counted(store, "d", "outbox") == {"made": 1, "dead": 1}


def test_what_was_never_tried_does_not_die(store):
    """IN-17: whoever sends may have been away for as long as it likes."""
    cycle = one_effect(store)
    (effect,) = claim(cycle, at=AT + 99 * DAY)
    assert settle(cycle, effect, Sent(), at=AT + 99 * DAY) == Settled(held=True)


def test_a_storm_of_refusals_loses_nothing(store):
    """LP-05: 429 again and again: each effect is sent once, or reported as dead."""
    cycle = wanting(store, ARRIVED)
    tell(cycle, *(arrive(f"i{n}") for n in range(40)))
    at, sent = AT, []
    for turn in range(400):
        for number, effect in enumerate(claim(cycle, at=at, limit=7)):
            if (turn * 7 + number) % 5 == 0 and effect.position % 11:
                sent.append(effect.position)
                settle(cycle, effect, Sent(), at=at)
            else:
                settle(cycle, effect, Postponed("429", (turn % 3) * HOUR or None), at=at)
        at += timedelta(minutes=30)
    assert store.effects(DUE) == ()
    dead = [one.position for one in store.effects(DEAD)]
    assert len({*sent}) == len(sent)
    assert len(sent) + len(dead) == 40
    assert counted(store, "d", "outbox") == {"made": 40, "sent": len(sent), "dead": len(dead)}


# -- keys and values ------------------------------------------------------------------------------


def an_effect(position, destination="d"):
    """Some effect."""
    return Effect(
        destination=destination, position=position, conversation=None, made_at=AT, due_at=AT
    )


def test_a_key_tells_a_repetition_and_nothing_else():
    """IN-18, SE-08: the same for every try; another for any other tenant, event, destination."""
    mine = an_effect(12)
    assert effect_key("main", mine) == effect_key("main", attrs.evolve(mine, token=9, attempts=9))
    keys = {
        effect_key(tenant, an_effect(position, destination))
        for tenant in ("a", "a-1", "a:1", "1:a", "日本" * 90)
        for position in (1, 2, 11, 21)
        for destination in ("x", "1-x", "1:x", "2-x", "é" * 200)
    }
    assert len(keys) == 5 * 4 * 5
    assert all(len(key) == 64 and key.isascii() and key.isalnum() for key in keys)


def test_a_reader_may_go_back(store):
    """Its bookmark is where it was put last; each reader has its own."""
    cycle = CommitCycle(store)
    for position in (5, 3):
        assert do(cycle, Bookmark("r", position), Bookmark("s", 1)) == (Noted(), Noted())
        assert (store.cursor("r"), store.cursor("s")) == (position, 1)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Claim(destination="d", holder="", lease=LEASE, limit=1),
        lambda: Claim(destination="d", holder="h", lease=timedelta(0), limit=1),
        lambda: Claim(destination="d", holder="h", lease=LEASE, limit=0),
        lambda: Postponed(""),
        lambda: Postponed("busy", -SECOND),
        lambda: GivenUp(""),
        lambda: Bookmark("", 1),
        lambda: Bookmark("r", -1),
        lambda: MailRules(first_delay=timedelta(0)),
        lambda: MailRules(keep_letters=timedelta(0)),
        lambda: Destination(name="", types=()),
        lambda: Settlement(destination="d", position=1, token=1, outcome=Sent(), orders=[1]),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_made(build):
    """A lease of no time, an empty reason, a limit of nothing."""
    with pytest.raises(InvalidValue):
        build()


# -- processes that follow ------------------------------------------------------------------------


def test_a_follower_still_sends(store):
    """Whatever needs no decision: it claims, settles, reads; what its answer means it leaves."""
    capable, follower = able(store), CommitCycle(store)
    do(capable, Subscribe(Destination(name="d", types=[ARRIVED])))
    marc = c.DefineWorker(worker=Worker(id="marc"))
    call = c.Arrive(interaction="i", channel="voice")
    tell(capable, ADOPT, marc, c.SignIn(worker="marc"), call)
    late = AT + HOUR  # marc was asked, and did not answer: a deadline is due
    (claimed,) = do(follower, Claim(destination="d", holder="h", lease=LEASE, limit=1), at=late)
    assert isinstance(claimed, Claimed)
    (effect,) = claimed.effects
    (refused,) = do(follower, settlement(effect, Sent(), say("i")), at=late)
    assert isinstance(refused, Refused)
    (one, two), noted, settled = do(
        follower,
        [Order(say("i")).submission("a", 1), Order(say("i")).submission("a", 2)],
        Bookmark("r", 1),
        settlement(effect, Sent()),
        at=late,
    )
    assert (type(one), type(two), noted, settled) == (Refused, Refused, Noted(), Settled(held=True))
    assert (store.effects(DUE), store.cursor("r")) == ((), 1)

"""What goes out: IN-03, IN-16, IN-17, IN-18, IN-20, RT-07, CT-09 and LP-05.

Each test is named by its rule, and a bug that breaks the rule is planted for it in tests/mutants.
"""

from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reliability.centres import processes, serve
from tests.reliability.mail import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    SECOND,
    Failing,
    claim,
    counted,
    do,
    settle,
    wanting,
)
from tests.unit.scenes import RING

from onechannel import commands as c
from onechannel.delivery import (
    GivenUp,
    Postponed,
    ReplayEffect,
    Sent,
    Served,
    Submission,
    effect_key,
)
from onechannel.errors import StoreFault
from onechannel.model.worker import Capacity, Worker
from onechannel.ports import EffectState
from onechannel.runtime import Mailbox, examined
from onechannel.stores.memory import MemoryStore
from onechannel.testing.strategies import START

SPOKEN = ("message.sent", "interaction.closed")


def talking(store: Any, *threads: str) -> Any:
    """A centre in which `p` serves these threads, and whose words a destination wants."""
    cycle = wanting(store, *SPOKEN)
    much = Worker(id="p", capacity=Capacity(total=None))
    serve(cycle, c.DefineWorker(worker=much), c.SignIn(worker="p"))
    for name in threads:
        arrive = c.Arrive(interaction=name, channel="sms")
        serve(cycle, arrive, c.Accept(assignment=f"{name}/1"), prefix=f"{name} ")
    return cycle


def saying(thread: str, text: str) -> Submission:
    """`p` says something."""
    say = c.Say(interaction=thread, text=text, assignment=f"{thread}/1")
    return Submission(say, f"{thread} says {text}")


def says(cycle: Any, thread: str, text: str) -> int:
    """`p` says something; gives where it stands in the log."""
    (answer,) = do(cycle, saying(thread, text))
    assert isinstance(answer, Served)
    return answer.first


# -- IN-20: every event reaches whoever wants it --------------------------------------------------


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(st.tuples(st.sampled_from("tu"), st.booleans(), st.booleans()), max_size=12))
def test_in_20_every_committed_event_is_told_once_or_more_and_never_missed(steps):
    """Given events that are committed, or not, and senders who stop before they say so.

    Then each event that is wanted is sent, under one key by which a repetition is told.
    """
    store = MemoryStore()
    talking(store, "t", "u")
    failing = Failing(store)
    (cycle,) = processes(failing, 1)
    assert cycle.kernel.position > 0
    told: list[str] = []
    for number, (thread, fails, vanishes) in enumerate(steps):
        at = START + number * MINUTE
        both = [saying(thread, f"{number} {part}") for part in ("a", "b")]
        failing.before = fails
        try:
            do(cycle, *both, at=at)
        except StoreFault:
            do(cycle, *both, at=at)
        for effect in claim(cycle, at=at):
            told.append(effect_key("main", effect))
            assert vanishes or settle(cycle, effect, Sent(), at=at)
    at = START + HOUR
    while effects := claim(cycle, at=at):
        told += [effect_key("main", effect) for effect in effects]
        assert all(settle(cycle, effect, Sent(), at=at) for effect in effects)
    wanted = [event for event in store.read() if event.type in SPOKEN]
    assert len({*told}) == len(wanted) == 2 * len(steps)
    assert counted(store, "outbox")["made"] == counted(store, "outbox")["sent"] == len(wanted)


def test_in_20_an_event_and_its_effect_are_committed_together(store):
    """Given a commit that fails, then there is neither the event nor its effect."""
    talking(store, "t")
    failing = Failing(store)
    (cycle,) = processes(failing, 1)
    assert cycle.kernel.position > 0
    failing.before = 1
    with pytest.raises(StoreFault):
        says(cycle, "t", "hello")
    assert store.effects(EffectState.DUE) == ()
    position = says(cycle, "t", "hello")
    assert [one.position for one in store.effects(EffectState.DUE)] == [position]


# -- IN-03, RT-07: leases -------------------------------------------------------------------------


def test_in_03_who_lost_the_lease_settles_nothing(store):
    """Given a lease that ended while its holder was paused, when the holder resumes.

    Then what it says of the effect is not taken, whoever has it now; the new holder's is.
    """
    cycle = talking(store, "t")
    says(cycle, "t", "hello")
    (paused,) = claim(cycle, holder="slow")
    late = START + LEASE
    (taken,) = claim(cycle, holder="quick", at=late)
    assert taken.position == paused.position
    for outcome in (Sent(), Postponed("busy"), GivenUp("unknown")):
        assert settle(cycle, paused, outcome, at=late) is False
    (still,) = store.effects(EffectState.DUE)
    assert (still.holder, still.token) == ("quick", taken.token)
    assert settle(cycle, taken, Sent(), at=late) is True
    assert settle(cycle, taken, Postponed("busy"), at=late) is False
    assert store.effects(EffectState.DUE) == ()


def test_rt_07_when_a_holder_is_gone_another_takes_over_within_the_lease(store):
    """Given whoever claimed the work is killed or hangs, then others have it when the lease ends.

    Nobody need do anything for that, and before it nobody else has it.
    """
    cycle = talking(store, "t", "u")
    for thread in "tu":
        says(cycle, thread, "hello")
    assert len(claim(cycle, holder="killed")) == 2
    assert claim(cycle, holder="other", at=START + LEASE - SECOND) == ()
    assert len(claim(cycle, holder="other", at=START + LEASE)) == 2


# -- IN-17, IN-18: a destination that is down -----------------------------------------------------


@pytest.mark.parametrize("down", [MINUTE, 2 * HOUR, DAY])
def test_in_17_what_was_said_while_it_was_down_arrives_in_order(down, store):
    """Given a destination is down for up to a day, then all arrives when it is back, in order."""
    cycle = talking(store, "t", "u")
    order = {thread: [says(cycle, thread, f"{n}") for n in range(3)] for thread in "tu"}
    assert delivered(cycle, lambda at: at >= START + down, START + 2 * down + HOUR) == order
    assert store.effects(EffectState.DEAD) == ()


def delivered(cycle: Any, is_up: Any, until: datetime) -> dict[str, list[int]]:
    """What arrives by then, by conversation, where a destination is up now and then."""
    arrived: dict[str, list[int]] = {}
    at = START
    while at < until:
        for effect in claim(cycle, at=at):
            outcome = Sent() if is_up(at) else Postponed("unreachable")
            assert settle(cycle, effect, outcome, at=at)
            if is_up(at):
                arrived.setdefault(effect.conversation, []).append(effect.position)
        at += max((until - START) / 200, SECOND)
    return arrived


def test_in_18_a_send_that_fails_is_tried_again_under_its_key(store):
    """Given a send that fails after it was meant, then it is tried again, under the same key.

    It ends with success, or as a dead one that says why and can be tried again by a command.
    """
    cycle = talking(store, "t")
    says(cycle, "t", "hello")
    keys, at = set(), START
    for _ in range(60):
        for effect in claim(cycle, at=at):
            keys.add(effect_key("main", effect))
            assert settle(cycle, effect, Postponed("http-503"), at=at)
        at += 2 * HOUR
    (dead,) = store.effects(EffectState.DEAD)
    assert (dead.reason, dead.attempts > 20) == ("http-503", True)
    assert claim(cycle, at=at) == ()
    do(cycle, ReplayEffect(destination="d", position=dead.position), at=at)
    (effect,) = claim(cycle, at=at)
    assert settle(cycle, effect, Sent(), at=at)
    assert {*keys, effect_key("main", effect)} == keys
    assert len(keys) == 1


# -- IN-16: what nobody does shows ----------------------------------------------------------------


def test_in_16_a_centre_in_which_nothing_goes_on_says_so(store):
    """Given deadlines that nobody fires, or effects that nobody sends, then health is not well.

    It says which it is and for how long; done, it is well again.
    """
    cycle = talking(store, "t")
    assert examined(store, START).ok
    says(cycle, "t", "hello")
    serve(cycle, c.Arrive(interaction="rings", channel="voice"), prefix="rings ")
    late = START + 2 * MINUTE
    found = examined(store, late)
    assert not found.ok
    assert [one.partition(" ")[0] for one in found.problems] == ["a", "what"]
    assert found.overdue_by == late - START - RING
    assert found.unsent == {"d": late - START}
    do(cycle, at=late)
    (effect,) = claim(cycle, at=late)
    assert settle(cycle, effect, Sent(), at=late)
    assert examined(store, late).problems == ()
    assert examined(store, late).mail.sent == 1


def test_in_16_letters_that_are_nowhere_show():
    """Given figures that do not add up, then health says that something was lost."""
    well = examined(MemoryStore(), START)
    assert well.ok
    lost = attrs.evolve(well, mail=Mailbox(received=3, stored=1, parked=1))
    assert not lost.ok
    assert "not all accounted for" in lost.problems[0]


# -- CT-09, LP-05 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 99])
def test_ct_09_the_end_goes_out_after_the_last_word(limit, store):
    """Given the end is asked for after m words, then all are sent or given up before it goes out.

    However the tries of the words turn out, and however many are claimed at once.
    """
    cycle = talking(store, "t")
    words = [says(cycle, "t", f"{number}") for number in range(4)]
    (closing,) = do(cycle, Submission(c.Close(interaction="t"), "closes"))
    gone: list[int] = []
    at, tries = START, 0
    while len(gone) < 5:
        for effect in claim(cycle, at=at, limit=limit):
            tries += 1
            outcome = (Postponed("busy"), Sent(), GivenUp("refused"))[tries % 3]
            assert settle(cycle, effect, outcome, at=at)
            gone += [] if isinstance(outcome, Postponed) else [effect.position]
        at += MINUTE
        assert at < START + DAY
    assert gone == [*words, closing.first]


@pytest.mark.parametrize("after", [5 * SECOND, 10 * MINUTE, 3 * HOUR])
def test_lp_05_who_says_when_to_come_again_is_left_alone_until_then(after, store):
    """Given 429 with a time, then it is tried again at that time: not before, and not never."""
    cycle = talking(store, "t")
    says(cycle, "t", "hello")
    (effect,) = claim(cycle)
    assert settle(cycle, effect, Postponed("http-429", after))
    assert claim(cycle, at=START + after - SECOND) == ()
    (effect,) = claim(cycle, at=START + after)
    assert settle(cycle, effect, Sent(), at=START + after)
    assert counted(store, "outbox")["sent"] == 1


@pytest.mark.parametrize("rate", [1, 3])
def test_lp_05_a_campaign_under_a_limit_is_sent_or_said_to_have_failed(rate, store):
    """Given a destination that takes so many a minute and answers 429 to all others.

    Then each message is sent once, or dead with a reason: the sum is what there was.
    """
    threads = [f"t{number}" for number in range(20)]
    cycle = talking(store, *threads)
    for number, thread in enumerate(threads):
        says(cycle, thread, "hello" if number % 7 else "to nobody")
    sent: list[int] = []
    for minute in range(200):
        at = START + minute * MINUTE
        for number, effect in enumerate(claim(cycle, at=at)):
            outcome: Any = Postponed("http-429", timedelta(minutes=2))
            if effect.conversation in {"t0", "t7", "t14"}:
                outcome = GivenUp("no-such-number")
            elif number < rate:
                outcome = Sent()
                sent.append(effect.position)
            assert settle(cycle, effect, outcome, at=at)
    dead = store.effects(EffectState.DEAD)
    assert store.effects(EffectState.DUE) == ()
    assert len({*sent}) == len(sent) == 17
    assert [one.reason for one in dead] == ["no-such-number"] * 3
    tally = counted(store, "outbox")
    assert tally["made"] == 20 == tally["sent"] + tally["dead"]

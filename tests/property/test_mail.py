"""Inbox and outbox, over any letters, claims, faults, processes and times.

What ought to become of letters is in mail_model.py; both stores must come to that.
"""

from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.mail_model import Item, Model
from tests.unit.mail_parts import counted, settlement

from onechannel import commands as c
from onechannel.codec import event_to_json, snapshot_to_json
from onechannel.delivery import (
    Claim,
    CommitCycle,
    GivenUp,
    Order,
    Postponed,
    Replay,
    ReplayEffect,
    Sent,
    Submission,
    Subscribe,
    Tidy,
    replica,
)
from onechannel.errors import StoreFault
from onechannel.kernel import Kernel
from onechannel.ports import (
    Batch,
    Committed,
    Destination,
    Effect,
    EffectState,
    LetterRow,
    LetterState,
    Mail,
)
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
SOURCES = ("v", "w")
KINDS = (MemoryStore, lambda: SQLiteStore(":memory:"))


class Breaking(Kernel):
    """A kernel with a bug."""

    def handle(self, request, facts):
        if isinstance(request.command, c.Leave) and request.command.interaction == "poison":
            raise RuntimeError("a bug")
        return super().handle(request, facts)


@pytest.fixture(autouse=True, scope="module")
def _with_a_bug():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(replica, "Kernel", Breaking)
        yield


class Failing:
    """A store whose commits fail as told: before they are kept, or when they are already."""

    def __init__(self, store):
        self.store, self.faults = store, []

    def __getattr__(self, name):
        return getattr(self.store, name)

    @contextmanager
    def session(self):
        with self.store.session() as session:
            yield FailingSession(self, session)


class FailingSession:
    """A session of such a store."""

    def __init__(self, store, session):
        self.store, self.session = store, session

    def __getattr__(self, name):
        return getattr(self.session, name)

    def commit(self, expected, batch):
        fault = self.store.faults.pop(0) if self.store.faults else None
        if fault == "before":
            raise StoreFault("nothing was kept")
        answer = self.session.commit(expected, batch)
        if fault == "after":
            raise StoreFault("nobody knows")
        return answer


def insist(cycle, work, at):
    """Give the same work until the store works; gives the answers, and how often it was given."""
    for times in range(1, 99):
        try:
            return cycle.run(work, lambda: at).answers, times
        except StoreFault:
            pass
    raise AssertionError("it never worked")


# -- letters --------------------------------------------------------------------------------------

NAMES = [(source, str(number)) for source in SOURCES for number in range(6)]


@st.composite
def items(draw):
    """Twelve items of two sources; each is always the same."""
    made = {}
    for source, name in NAMES:
        other, number = draw(st.sampled_from(NAMES))
        made[source, name] = Item(
            name,
            source,
            awaits=draw(st.sampled_from([None, f"{other}{number}"])),
            conversation=draw(st.sampled_from([None, "c", "c", "d"])),
            arrives=draw(st.booleans()),
            words=draw(st.integers(0, 2)),
            ends=draw(st.sampled_from(["well"] * 6 + ["refused", "poison", "unread"])),
        )
    return made


#: A letter comes, perhaps with one of three numbers; one is tried again; one is given up.
LETTERS = st.tuples(
    st.just("letter"), st.sampled_from(NAMES), st.sampled_from([None, None, None, "1", "2", "3"])
)
REPLAYS = st.tuples(st.sampled_from(["replay", "give up"]), st.sampled_from(NAMES), st.none())
#: A replay stands alone, since one that is refused may not be when its group comes again.
GROUPS = st.lists(
    st.tuples(
        st.one_of(
            st.lists(LETTERS, min_size=1, max_size=8),
            st.lists(LETTERS, min_size=1, max_size=8),
            REPLAYS.map(lambda one: [one]),
            st.just("tidy"),
        ),
        st.sampled_from(
            [timedelta(0), timedelta(seconds=1), timedelta(hours=13), 9 * timedelta(1)]
        ),
        st.integers(0, 1),
        st.lists(st.sampled_from(["before", "after"]), max_size=2),
    ),
    max_size=10,
)


def at_once(item):
    """The same item; if it is poison, one that waits for nothing."""
    waits = item.ends != "poison"
    return item if waits else attrs.evolve(item, awaits=None, conversation=None)


def work_of(made, given):
    """A group as work."""
    if given == "tidy":
        return [Tidy()]
    return [
        made[key].letter(delivery)
        if what == "letter"
        else Replay(source=key[0], id=key[1], orders=() if what == "give up" else None)
        for what, key, delivery in given
    ]


def expect(model, made, given, at):
    """What a group ought to do."""
    if given == "tidy":
        model.tidy(at)
        return
    for what, key, delivery in given:
        if what == "letter":
            model.take(made[key], delivery, at)
        else:
            model.replay(key, at, given_up=what == "give up")


def states_of(store):
    """In which state each letter is."""
    return {
        (row.source, row.id): str(state) for state in LetterState for row in store.letters(state)
    }


def words(store):
    """All that was said, in order of the log."""
    return [event.data.text for event in store.read() if event.type == "message.received"]


def check_conservation(store):
    """I1: all that was received was stored, a duplicate, or is kept where it was counted."""
    rows = states_of(store)
    for source in SOURCES:
        tally = counted(store, source)
        kept = Counter(state for (of, _), state in rows.items() if of == source)
        assert all(tally[what] == kept[what] for what in ("parked", "refused", "dead"))
        assert tally["stored"] >= kept["stored"]
        assert tally["received"] == tally["duplicate"] + sum(
            tally[what] for what in ("stored", "parked", "refused", "dead")
        )
    for row in (*store.letters(LetterState.PARKED), *store.letters(LetterState.DEAD)):
        assert row.body == b"raw"


@pytest.mark.parametrize("kind", KINDS, ids=["memory", "sqlite"])
@given(items(), GROUPS, st.booleans())
def test_every_letter_is_somewhere_and_did_its_work_once(kind, made, groups, tidied):
    """I1, IN-01, 04, 12, 13, 15, 24: copies, waits, faults, replays, crashes: as in the model."""
    # Where what is taken up fails, what is late may die in this tidying or be taken up by it.
    groups = [group for group in groups if tidied or group[0] != "tidy"]
    made = {key: at_once(item) if tidied else item for key, item in made.items()}
    store, model, at, failed = Failing(kind()), Model(), AT, False
    cycles = [CommitCycle(store), CommitCycle(store)]
    for given_work, wait, process, faults in groups:
        at += wait
        store.faults = list(faults)
        failed = failed or bool(faults)
        insist(cycles[process], work_of(made, given_work), at)
        store.faults = []
        expect(model, made, given_work, at)
        assert states_of(store) == model.states()
        check_conservation(store)
    assert sorted(words(store)) == sorted(model.said)
    check_order(store, model, made)
    if not failed:
        received = Counter({(of, what): counted(store, of)[what] for of, what in model.tally})
        assert received == model.tally
    assert snapshot_to_json(CommitCycle(store).kernel.snapshot()) == snapshot_to_json(
        Kernel.replay(store.read()).snapshot()
    )
    store.close()


def check_order(store, model, made):
    """What the letters of a conversation said is in the order in which they were taken."""
    where = {
        f"{item.source}{item.name}.{number}": (item.source, item.conversation)
        for item in made.values()
        for number in range(item.words)
    }
    for talk in {*where.values()}:
        if talk[1] is not None:
            spoken = [text for text in words(store) if where[text] == talk]
            assert spoken == [text for text in model.said if where[text] == talk]


@given(items(), GROUPS)
def test_the_stores_come_to_the_same(made, groups):
    """The same rows, the same counts and the same log, byte for byte."""
    memory, sqlite, at = MemoryStore(), SQLiteStore(":memory:"), AT
    left, right = CommitCycle(memory), CommitCycle(sqlite)
    for given_work, wait, _, _ in groups:
        at += wait
        work = work_of(made, given_work)
        mine, theirs = insist(left, work, at)[0], insist(right, work, at)[0]
        assert list(map(repr, mine)) == list(map(repr, theirs))
    for state in LetterState:
        assert memory.letters(state) == sqlite.letters(state)
    assert memory.tallies() == sqlite.tallies()
    assert [*map(event_to_json, memory.read())] == [*map(event_to_json, sqlite.read())]
    sqlite.close()


@given(items(), st.lists(st.lists(LETTERS | REPLAYS, min_size=1, max_size=8), max_size=8))
def test_grouping_makes_no_difference_to_letters(made, groups):
    """One by one or together: each letter ends where it would have, and all that was said is."""
    together, singly = MemoryStore(), MemoryStore()
    one, many = CommitCycle(together), CommitCycle(singly)
    for group in groups:
        work = work_of(made, group)
        one.run(work, lambda: AT)
        for piece in work:
            many.run([piece], lambda: AT)
        assert states_of(together) == states_of(singly)
        assert together.tallies() == singly.tallies()
    assert sorted(words(together)) == sorted(words(singly))


# -- effects --------------------------------------------------------------------------------------

WANTED = ("interaction.arrived", "message.received")
MINUTE = timedelta(minutes=1)
OUTCOMES = st.sampled_from(
    [
        Sent(),
        Sent(),
        GivenUp("no such number"),
        Postponed("busy"),
        Postponed("429", 3 * MINUTE),
        Postponed("429", timedelta(days=2)),
    ]
)
STEPS = st.lists(
    st.tuples(
        st.one_of(
            st.tuples(st.just("say"), st.integers(0, 3), st.none()),
            st.tuples(st.just("claim"), st.integers(1, 5), st.sampled_from(["one", "two"])),
            st.tuples(st.just("settle"), st.integers(0, 99), OUTCOMES),
            st.tuples(st.just("settle"), st.integers(0, 99), OUTCOMES),
            st.tuples(st.just("replay"), st.integers(0, 99), st.none()),
        ),
        st.sampled_from([timedelta(0), timedelta(seconds=1), MINUTE, timedelta(hours=40)]),
        st.integers(0, 1),
        st.lists(st.sampled_from(["before", "after"]), max_size=1),
    ),
    max_size=40,
)


class Senders:
    """Those who claim and settle, and what must be true of it."""

    def __init__(self, store):
        self.store = store
        self.claims, self.held = [], {}
        self.sent, self.given_up, self.replayed = [], [], set()

    def not_told(self, told, at):
        """What was leased in a try of which nobody was told is held by nobody who knows."""
        leased = (
            effect
            for effect in self.store.effects(EffectState.DUE)
            if effect.holder and effect.due_at == at + MINUTE
        )
        for effect in leased:
            if effect not in told:
                self.held[effect.position] = effect.token, effect.due_at

    def claimed(self, effects, at, holder):
        """A claim was answered."""
        talks = [effect.conversation for effect in effects]
        assert len({*talks}) == len(talks)
        for effect in effects:
            last, until = self.held.get(effect.position, (0, AT))
            assert effect.token > last
            assert until <= at
            assert (effect.holder, effect.due_at) == (holder, at + MINUTE)
            self.held[effect.position] = effect.token, effect.due_at
            self.claims.append(effect)

    def settled(self, effect, outcome, *, held):
        """A settlement was answered for the first time."""
        token, _ = self.held[effect.position]
        assert not held or token == effect.token
        if held:
            self.held[effect.position] = token, AT  # whoever comes next may have it
            if isinstance(outcome, Sent):
                self.sent.append(effect.position)
            elif isinstance(outcome, GivenUp):
                self.given_up.append(effect.position)

    def let_go(self, effect):
        """Its lease may have ended by a settlement that nobody heard the answer of."""
        token, _ = self.held[effect.position]
        if token == effect.token:
            self.held[effect.position] = token, AT

    def check(self, lost):
        """Nothing is lost or doubled, and all is counted."""
        due = [one.position for one in self.store.effects(EffectState.DUE)]
        dead = [one.position for one in self.store.effects(EffectState.DEAD)]
        made = [event.position for event in self.store.read() if event.type in WANTED]
        tally = counted(self.store, "d", "outbox")
        assert tally["made"] == len(made)
        assert tally["dead"] == len(dead)
        assert tally["made"] == tally["sent"] + len(due) + len(dead)
        gone = sorted({*made} - {*due} - {*dead})
        assert len(gone) == tally["sent"]
        if not lost:
            assert gone == sorted(self.sent)
        assert len({*self.sent}) == len(self.sent)


@pytest.mark.parametrize("kind", KINDS, ids=["memory", "sqlite"])
@given(STEPS)
def test_every_effect_is_sent_or_reported(kind, steps):
    """IN-03, 18, 20, LP-05: leases, stale tokens, faults, replays: none lost or doubled."""
    store, at, number = Failing(kind()), AT, 0
    senders, lost = Senders(store), False
    cycles = [CommitCycle(store), CommitCycle(store)]
    insist(cycles[0], [Subscribe(Destination(name="d", types=WANTED))], at)
    insist(cycles[0], [Submission(arrive(n), f"a{n}") for n in range(4)], at)
    for (what, which, how), wait, process, faults in steps:
        at, number, cycle = at + wait, number + 1, cycles[process]
        store.faults = list(faults)
        if what == "say":
            insist(cycle, [Submission(c.Say(interaction=f"i{which}", text="x"), f"s{number}")], at)
        elif what == "claim":
            claim = Claim(destination="d", holder=how, lease=MINUTE, limit=which)
            (claimed,), times = insist(cycle, [claim], at)
            if times > 1:
                senders.not_told(claimed.effects, at)
            senders.claimed(claimed.effects, at, how)
        elif what == "settle" and senders.claims:
            effect = senders.claims[which % len(senders.claims)]
            (settled,), times = insist(cycle, [settlement(effect, how)], at)
            if times > 1:
                lost = True  # whether it was held the first time nobody knows
                senders.let_go(effect)
            senders.settled(effect, how, held=settled.held)
        elif what == "replay" and (dead := store.effects(EffectState.DEAD)):
            effect = dead[which % len(dead)]
            insist(cycle, [ReplayEffect(destination="d", position=effect.position)], at)
            senders.replayed.add(effect.position)
        senders.check(lost)
    check_order_of_effects(store, senders)
    drain(store, cycles[0], senders, at)
    store.close()


def arrive(number):
    """Somebody arrives."""
    return c.Arrive(interaction=f"i{number}", channel="chat")


def check_order_of_effects(store, senders):
    """IN-17: of a conversation, what was not replayed left in order of the log."""
    talk = {one.position: one.subject("interaction") for one in store.read()}
    for interaction in {*talk.values()}:
        mine = [
            position
            for position in senders.sent
            if talk[position] == interaction and position not in senders.replayed
        ]
        assert mine == sorted(mine)


def drain(store, cycle, senders, at):
    """Once everything works, everything leaves."""
    for _ in range(99):
        if not store.effects(EffectState.DUE):
            break
        at += timedelta(hours=1)
        claim = Claim(destination="d", holder="last", lease=MINUTE, limit=99)
        ((claimed,), _) = insist(cycle, [claim], at)
        insist(cycle, [settlement(effect, Sent()) for effect in claimed.effects], at)
    assert store.effects(EffectState.DUE) == ()
    tally = counted(store, "d", "outbox")
    assert tally["made"] == tally["sent"] + tally["dead"]


# -- stores ---------------------------------------------------------------------------------------

MOMENTS = st.datetimes(timezones=st.just(UTC))
NAME = st.sampled_from(["a", "b", "c", "é"])
MAYBE = st.one_of(st.none(), NAME)
ROWS = st.builds(
    LetterRow,
    source=st.sampled_from(SOURCES),
    id=NAME,
    delivery=MAYBE,
    conversation=MAYBE,
    state=st.sampled_from(LetterState),
    received_at=MOMENTS,
    changed_at=MOMENTS,
    awaits=MAYBE,
    orders=MAYBE,
    body=st.one_of(st.none(), st.binary(max_size=9)),
    reason=MAYBE,
)
EFFECTS = st.builds(
    Effect,
    destination=NAME,
    position=st.integers(1, 6),
    conversation=MAYBE,
    made_at=MOMENTS,
    due_at=MOMENTS,
    state=st.sampled_from(EffectState),
    attempts=st.integers(0, 9),
    token=st.integers(0, 9),
    holder=MAYBE,
    reason=MAYBE,
)
MAILS = st.builds(
    Mail,
    letters=st.lists(ROWS, max_size=3).map(tuple),
    effects=st.lists(
        EFFECTS, max_size=3, unique_by=lambda one: (one.destination, one.position)
    ).map(tuple),
    tallies=st.dictionaries(st.tuples(NAME, NAME, NAME), st.integers(-9, 9), max_size=3),
    cursors=st.dictionaries(NAME, st.integers(0, 9), max_size=2),
    destinations=st.lists(
        st.builds(
            Destination,
            name=NAME,
            types=st.frozensets(NAME),
            channels=st.one_of(st.none(), st.frozensets(NAME)),
        ),
        max_size=2,
    ).map(tuple),
    forget=st.one_of(st.none(), MOMENTS),
)


def outcome(store, mail):
    """What becomes of mail."""
    try:
        with store.session() as session:
            return session.commit(0, Batch(events=(), mail=mail))
    except StoreFault as fault:
        # Which of two rules it breaks is said as it is found.
        return str(fault).replace("a delivery", "a letter")


def everything(store, at):
    """All that can be asked about mail."""
    with store.session() as session:
        wanted = [(source, name, name) for source in SOURCES for name in "abcé"]
        return (
            [store.letters(state) for state in LetterState],
            [store.letters(state, after=2, limit=2) for state in LetterState],
            [store.effects(state) for state in EffectState],
            dict(session.letters(wanted)),
            [session.parked(awaits=[name]) for name in "abcé"],
            [session.parked(conversations=[(of, name)]) for of in SOURCES for name in "abcé"],
            session.parked(awaits="ab", conversations=[("v", "a")], before=at, limit=3),
            [session.due(name, at, limit) for name in "abcé" for limit in (1, 9)],
            dict(session.effects([(name, n) for name in "abcé" for n in range(7)])),
            {one.name: one for one in store.destinations()},
            {tally: count for tally, count in store.tallies().items() if count},
            [store.cursor(name) for name in "abcé"],
        )


@given(st.lists(MAILS, max_size=5), st.lists(st.integers(0, 9)), MOMENTS)
def test_both_stores_keep_and_refuse_the_same_mail(mails, moves, at):
    """Whatever rows are given, new or moved: kept, refused and found by both alike."""
    memory, sqlite = MemoryStore(), SQLiteStore(":memory:")
    moves = iter(moves)
    for mail in mails:
        rows = {(row.source, row.id): row for state in LetterState for row in memory.letters(state)}
        letters = []
        for row in mail.letters:
            known = rows.get((row.source, row.id))
            if known is not None and next(moves, 0) % 2:
                row = attrs.evolve(row, number=known.number, delivery=known.delivery)  # noqa: PLW2901
            letters.append(row)
        given_mail = attrs.evolve(mail, letters=tuple(letters))
        kept = outcome(memory, given_mail)
        assert outcome(sqlite, given_mail) == kept
        assert kept == Committed(0) or "a second time" in kept
        assert everything(memory, at) == everything(sqlite, at)
    sqlite.close()


def test_an_order_is_what_an_adapter_gives():
    """The actor of an order is the vendor, unless the adapter knows better."""
    assert str(Order(arrive(1)).actor) == "vendor"

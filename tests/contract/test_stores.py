"""Both stores keep the contract, and a store that breaks it is found out."""

from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract import broken_logs, broken_mail

from onechannel import events as e
from onechannel.errors import StoreFault
from onechannel.model.actor import SYSTEM
from onechannel.model.channel import VOICE
from onechannel.model.worker import Worker
from onechannel.ports import (
    Batch,
    Committed,
    CustomerKnown,
    StoredSnapshot,
)
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore
from onechannel.testing.store_contract import EventStoreContract
from onechannel.testing.strategies import events

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
TESTS = [name for name in dir(EventStoreContract) if name.startswith("test_")]


class TestMemoryStore(EventStoreContract):
    """The contract, on the store in memory."""

    @pytest.fixture
    def open_store(self):
        return in_memory(MemoryStore)


class TestSQLiteStore(EventStoreContract):
    """The contract, on the store in a file."""

    @pytest.fixture
    def open_store(self, tmp_path):
        opened = []

        def open_store(tenant="main"):
            opened.append(SQLiteStore(tmp_path / f"{tenant}.db", tenant))
            return opened[-1]

        yield open_store
        for store in opened:
            store.close()


def in_memory(kind):
    """Opens stores of a kind; what is gone with the process is the same store again."""
    stores = {}
    return lambda tenant="main": stores.setdefault(tenant, kind(tenant))


def an_event(position, data=None):
    """Some event at that position."""
    origin = e.Origin(AT, AT, e.Cause.COMMAND, "r", SYSTEM, "main")
    return e.Event(position, origin, data or said("hello"))


def said(text):
    """Some message."""
    return e.MessageReceived("i", "i#1", "voice", None, text)


# -- what both do beyond the contract -------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite"])
def store(request):
    """Each store, empty."""
    made = MemoryStore() if request.param == "memory" else SQLiteStore(":memory:")
    yield made
    made.close()


def outcome(store, batch):
    """What becomes of a batch at the end of a store's log."""
    try:
        with store.session() as session:
            return session.commit(store.last_position, batch)
    except StoreFault as fault:
        return str(fault)


@given(st.lists(st.lists(events(), max_size=4), max_size=3))
def test_both_stores_keep_and_refuse_the_same(batches):
    """Whatever events the model admits: kept or refused by both alike, and read back equal."""
    memory, sqlite, log = MemoryStore(), SQLiteStore(":memory:"), []
    for drawn in batches:
        batch = tuple(
            attrs.evolve(event, position=position, origin=attrs.evolve(event.origin, tenant="main"))
            for position, event in enumerate(drawn, start=len(log) + 1)
        )
        kept = outcome(memory, Batch(events=batch))
        assert outcome(sqlite, Batch(events=batch)) == kept
        log += batch if isinstance(kept, Committed) else ()
        assert isinstance(kept, Committed) or "a second time" in kept  # two ids that are one
    assert list(memory.read()) == list(sqlite.read()) == log
    sqlite.close()


def test_the_end_of_the_log_is_known(store):
    """`last_position` is that of the last event, and 0 before the first."""
    assert store.last_position == 0
    with store.session() as session:
        session.commit(0, Batch(events=(an_event(1), an_event(2))))
    assert store.last_position == 2


def test_definitions_are_found_by_themselves(store):
    """What channels and workers are, whole and in order, and nothing else of the log."""
    voice, marc = e.ChannelDefined(VOICE), e.WorkerDefined("marc", Worker(id="marc"))
    happened = [voice, said("hello"), e.WorkerSignedIn("marc"), marc, voice]
    log = [an_event(position, data) for position, data in enumerate(happened, start=1)]
    with store.session() as session:
        session.commit(0, Batch(events=tuple(log)))
    assert list(store.definitions()) == [log[0], log[3], log[4]]


def test_a_snapshot_is_no_part_of_a_session(store):
    """Saved inside a session it could be lost with it, so it is refused; the session goes on."""
    with store.session() as session:
        with pytest.raises(StoreFault, match="session"):
            store.save_snapshot(StoredSnapshot(1, "{}"))
        assert session.commit(0, Batch(events=(an_event(1),))) == Committed(1)
    assert store.snapshot() is None


def test_commands_point_at_events_of_their_batch(store):
    """A command whose events are not in the batch was put together wrongly, and is refused."""
    for made in ((0, 1), (1, 3), (2, 1), (3, 3), (-1, -1)):
        batch = Batch(events=(an_event(1), an_event(2)), commands={"r": made})
        with store.session() as session, pytest.raises(StoreFault, match="not in the batch"):
            session.commit(0, batch)
    assert store.last_position == 0


def test_after_a_refused_commit_a_session_reads_what_is_kept(store):
    """Nothing of the batch is seen by what is left of its session."""
    double = e.CustomerRegistered("c", None, ())
    with store.session() as session:
        with pytest.raises(StoreFault, match="second time"):
            session.commit(0, Batch(events=(an_event(1, double), an_event(2, double))))
        assert list(session.read_since(0)) == []
        assert session.lookup([CustomerKnown("c")]) == {CustomerKnown("c"): None}


def test_a_refusal_cites_nothing(store):
    """What a refused batch held is named by kind, and no id, name, address or text is cited."""
    canary = "canary\N{BIRD}"
    batch = Batch(
        events=(
            an_event(1, e.CustomerRegistered(canary, canary, ())),
            an_event(2, e.InteractionArrived(canary, canary, canary, None, canary, 0, None)),
            an_event(3, e.MessageReceived(canary, canary, canary, canary, canary)),
        ),
        commands={canary: (1, 3)},
        keys={canary: canary},
    )
    with store.session() as session:
        session.commit(0, batch)
    wrong = [
        Batch(events=(an_event(4, batch.events[0].data),)),
        Batch(events=(an_event(4, batch.events[1].data),)),
        Batch(events=(), commands={canary: (0, 0)}),
        Batch(events=(), keys=batch.keys),
        Batch(events=(an_event(5, batch.events[2].data),)),
        Batch(events=(an_event(4, said(f"{canary}\ud800")),)),
        Batch(events=(), commands={f"{canary}\ud800": (0, 0)}),
        Batch(events=(), freed=frozenset([f"{canary}\ud800"])),
    ]
    for one in wrong:
        with store.session() as session, pytest.raises(StoreFault) as caught:
            session.commit(3, one)
        assert "canary" not in str(caught.value)
        assert "kept" in str(caught.value)


# -- stores that break the contract ---------------------------------------------------------------

BROKEN = broken_logs.BROKEN | broken_mail.BROKEN


def broken_rules(kind):
    """The tests of the contract that a kind of store fails."""
    failed = []
    for name in TESTS:
        try:
            getattr(EventStoreContract(), name)(in_memory(kind))
        except (AssertionError, StoreFault, KeyError):
            failed.append(name)
    return failed


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_store_is_found_out(kind):
    """A store that breaks one rule fails the test of that rule."""
    assert BROKEN[kind] in broken_rules(kind)


def test_a_store_that_keeps_the_contract_passes():
    """What finds out the broken ones finds nothing in a sound one, wrapped as they are."""
    assert broken_rules(broken_logs.Sound) == []
    assert len(TESTS) >= 53


def test_tenants_that_share_a_log_are_found_out():
    """Two tenants in one log fail the suite."""
    shared = MemoryStore()
    with pytest.raises(AssertionError):
        EventStoreContract().test_tenants_are_apart(lambda tenant="main": shared)
    with pytest.raises(AssertionError):
        EventStoreContract().test_it_says_whose_log_it_is(lambda tenant="main": shared)
    shared = MemoryStore()
    with pytest.raises(AssertionError):
        EventStoreContract().test_the_mail_of_tenants_is_apart(lambda tenant="main": shared)


def test_a_store_that_forgets_is_found_out():
    """A store that is empty when it is opened again fails the suite."""
    with pytest.raises(AssertionError):
        EventStoreContract().test_opened_again_it_holds_the_same(MemoryStore)
    with pytest.raises(AssertionError):
        EventStoreContract().test_opened_again_it_holds_the_same_mail(MemoryStore)

"""Both stores keep the contract, and a store that breaks it is found out."""

import unicodedata
from contextlib import contextmanager

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel import events as e
from onechannel.errors import StoreFault
from onechannel.model.ids import root_of
from onechannel.ports import Batch, Committed, CustomerAt, CustomerKnown, LineOf, StoredSnapshot
from onechannel.stores import memory
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore
from onechannel.testing.store_contract import EventStoreContract
from onechannel.testing.strategies import events

TESTS = [name for name in vars(EventStoreContract) if name.startswith("test_")]


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


# -- what both do beyond the contract -------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite"])
def store(request):
    """Each store, empty."""
    made = MemoryStore() if request.param == "memory" else SQLiteStore(":memory:")
    yield made
    made.close()


@given(st.data())
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_any_log_comes_back(kind, data):
    """Whatever events the model admits are read back equal, in any number of commits."""
    store = MemoryStore() if kind == "memory" else SQLiteStore(":memory:")
    log = []
    for drawn in data.draw(st.lists(st.lists(events(), max_size=5), max_size=5)):
        batch = [
            attrs.evolve(event, position=position, origin=attrs.evolve(event.origin, tenant="main"))
            for position, event in enumerate(drawn, start=len(log) + 1)
        ]
        with store.session() as session:
            try:
                session.commit(len(log), Batch(events=tuple(batch)))
            except StoreFault as fault:
                assert "a second time" in str(fault)  # two ids that happen to be one
            else:
                log += batch
    assert list(store.read()) == log
    store.close()


def test_the_end_of_the_log_is_known(store):
    """`last_position` is that of the last event, and 0 before the first."""
    assert store.last_position == 0
    with store.session() as session:
        session.commit(0, Batch(events=(an_event(1), an_event(2))))
    assert store.last_position == 2


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


def test_a_refusal_cites_nothing(store):
    """What a refused batch held is named by kind, and no id, name, address or text is cited."""
    canary = "canary\N{BIRD}"
    batch = Batch(
        events=(
            an_event(1, e.CustomerRegistered(canary, canary, ())),
            an_event(2, e.InteractionArrived(canary, canary, canary, None, canary, 0, None)),
            an_event(3, e.MessageReceived(canary, canary)),
        ),
        commands={canary: (1, 3)},
        addresses={canary: canary},
    )
    with store.session() as session:
        session.commit(0, batch)
    wrong = [
        Batch(events=(an_event(4, batch.events[0].data),)),
        Batch(events=(an_event(4, batch.events[1].data),)),
        Batch(events=(), commands=batch.commands and {canary: (0, 0)}),
        Batch(events=(), addresses=batch.addresses),
        Batch(events=(an_event(5, batch.events[2].data),)),
        Batch(events=(an_event(4, e.MessageReceived(canary, f"{canary}\ud800")),)),
        Batch(events=(), commands={f"{canary}\ud800": (0, 0)}),
    ]
    for one in wrong:
        with store.session() as session, pytest.raises(StoreFault) as caught:
            session.commit(3, one)
        assert "canary" not in str(caught.value)
        assert "kept" in str(caught.value)


def an_event(position, data=None):
    """Some event at that position."""
    origin = e.Origin(*[EPOCH] * 2, e.Cause.COMMAND, "r", ACTOR, "main")
    return e.Event(position, origin, data or e.MessageReceived("i", "hello"))


EPOCH, ACTOR = (one := next(iter([*map(lambda at: at, [])]), None)), None

"""How a live centre is opened and left, in order and out of order."""

import asyncio

import anyio
import pytest
from tests.runtime.setting import address_of, arriving, in_time, memory

from onechannel.delivery import CommitCycle, Submission
from onechannel.errors import CommandRefused, InvalidValue, LogInconsistent, StoreFault
from onechannel.events import AssignmentHeld, Event
from onechannel.runtime import Centre, engine
from onechannel.simulation import START
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore

pytestmark = pytest.mark.anyio


def arrived(store):
    """The interactions that a log knows."""
    return [e.subject("interaction") for e in store.read() if e.type == "interaction.arrived"]


async def until(condition):
    """Wait for something that others bring about."""
    while not condition():
        await anyio.lowlevel.checkpoint()


class Callers:
    """Callers at once, each of one arrival: what was acknowledged, and what was not."""

    def __init__(self, centre):
        self.centre = centre
        self.done, self.failed = [], []

    async def call(self, command):
        try:
            await self.centre.do(command)
        except StoreFault:
            self.failed.append(command.interaction)
        else:
            self.done.append(command.interaction)

    def start(self, group, count):
        for command in arriving(count):
            group.start_soon(self.call, command)


# -- opening --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("", InvalidValue),
        ("centre.db", InvalidValue),
        ("postgres://somewhere", InvalidValue),
        ("sqlite:", InvalidValue),
        ("sqlite:///", InvalidValue),
        ("sqlite://centre.db", InvalidValue),
        ("sqlite:////no/such/folder/centre.db", StoreFault),
    ],
)
@in_time()
async def test_an_address_that_cannot_be_is_refused(address, fault):
    """What is no store's address is said to be none, and what cannot be opened raises so."""
    with pytest.raises(fault):
        async with Centre.open(address):
            raise AssertionError("it was opened")


@in_time()
async def test_addresses_relative_and_absolute(tmp_path, monkeypatch):
    """Three slashes begin a relative path, four an absolute one, and `memory:` is nobody's file."""
    monkeypatch.chdir(tmp_path)
    async with Centre.open("sqlite:///here.db") as centre:
        await centre.start(interaction="i-1", channel="chat")
    async with Centre.open(f"sqlite:///{tmp_path}/here.db") as centre:
        assert arrived(centre.store) == ["i-1"]
    async with Centre.open("memory:", tenant="t-1") as centre:
        assert centre.store.tenant == "t-1"
        assert not arrived(centre.store)
    assert {path.name for path in tmp_path.iterdir()} <= {"here.db", "here.db-lock"}


@in_time()
async def test_another_tenant_or_another_file_is_refused(tmp_path):
    """A centre of another tenant, and a file that is none, are the store's faults."""
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam, this is no database. " * 100)
    async with Centre.open(address_of(tmp_path), tenant="t-1"):
        pass
    with pytest.raises(StoreFault, match="t-1"):
        await Centre.open(address_of(tmp_path), tenant="t-2").__aenter__()
    with pytest.raises(StoreFault, match="not a database"):
        await Centre.open(address_of(tmp_path, "letter.txt")).__aenter__()


@in_time()
async def test_a_broken_log_is_not_opened():
    """A log whose events cannot follow each other is raised at opening, with the position."""
    store = MemoryStore()
    cycle = CommitCycle(store)
    work = [Submission(one, f"r-{n}") for n, one in enumerate(arriving(3))]
    log = cycle.run(work, lambda: START).events
    broken = MemoryStore()
    broken._events[:] = [*log, Event(len(log) + 1, log[0].origin, AssignmentHeld("i/1", "i", "w"))]
    with pytest.raises(LogInconsistent) as caught:
        async with Centre.open(broken):
            raise AssertionError("it was opened")
    assert caught.value.position == len(log) + 1


@in_time()
async def test_it_is_opened_once(opens):
    """One that is open is not opened again; before and after it takes nothing."""
    centre = opens()
    with pytest.raises(InvalidValue, match="not open"):
        await centre.sign_in(worker="marc")
    async with centre:
        with pytest.raises(InvalidValue, match="open already"):
            await centre.__aenter__()
        await centre.start(interaction="i-1", channel="chat")
    with pytest.raises(StoreFault, match="closed"):
        await centre.start(interaction="i-2", channel="chat")


# -- leaving --------------------------------------------------------------------------------------


async def body_that_raises(opens, fault):
    """A centre whose body ends so."""
    async with opens() as centre:
        await centre.start(interaction="i-1", channel="chat")
        raise fault


class Stopped(BaseException):
    """Something that is no `Exception`, as an interrupt from the keyboard is not."""


@pytest.mark.parametrize("raised", [KeyError, CommandRefused, StoreFault, StopAsyncIteration])
@in_time()
async def test_what_the_body_raises_comes_out_as_itself(opens, raised):
    """An exception of the body is not wrapped in a group, nor replaced, nor lost."""
    with pytest.raises(raised) as caught:
        await body_that_raises(opens, raised("mine"))
    assert caught.value.args == ("mine",)


@in_time()
async def test_an_interrupt_comes_out_as_itself(opens):
    """What is raised to end the whole program ends it, and is not wrapped either."""
    with pytest.raises(Stopped):
        await body_that_raises(opens, Stopped())


@in_time()
async def test_leaving_does_what_is_under_way():
    """Who waits for a commit when the body ends is answered, and what was acknowledged is kept."""
    store = memory()
    async with anyio.create_task_group() as group, Centre.open(store) as centre:
        callers = Callers(centre)
        with store.shut():
            callers.start(group, 50)
            while centre.health().waiting < 50:
                await anyio.lowlevel.checkpoint()
    assert sorted(callers.done) == sorted(arrived(store)) == sorted(f"i-{n}" for n in range(50))
    assert not callers.failed


@in_time()
async def test_who_comes_while_it_is_left_is_refused(tmp_path):
    """Callers who go on while a centre is left are each answered: done and kept, or not done."""
    callers = Callers(Centre.open(address_of(tmp_path)))
    async with anyio.create_task_group() as group:
        async with callers.centre:
            callers.start(group, 300)
            while not callers.done:
                await anyio.lowlevel.checkpoint()
        await callers.call(*arriving(1, 300))
    store = SQLiteStore(tmp_path / "centre.db", read_only=True)
    assert sorted(callers.done) == sorted(arrived(store))
    assert len(callers.done) + len(callers.failed) == 301
    store.close()


@in_time()
async def test_a_cancelled_scope_keeps_what_was_acknowledged(tmp_path):
    """Cancelled from outside in full flight, it ends in order: all that was answered is there."""
    with anyio.CancelScope() as scope:
        async with Centre.open(address_of(tmp_path)) as centre:
            callers = Callers(centre)
            async with anyio.create_task_group() as group:
                callers.start(group, 400)
                await until(lambda: len(callers.done) >= 3)
                scope.cancel()
    assert scope.cancelled_caught
    store = SQLiteStore(tmp_path / "centre.db", read_only=True)
    there = arrived(store)
    assert {*callers.done} <= {*there}
    assert len(there) == len({*there})
    store.close()
    async with Centre.open(address_of(tmp_path)) as again:
        assert await again.start(interaction="i-999", channel="chat")


@pytest.mark.parametrize("orderly", [True, False])
@in_time(4)
async def test_it_can_be_left_while_the_store_fails(orderly, monkeypatch):
    """A store that never comes back holds nobody up: callers hear its fault, and it ends soon."""
    monkeypatch.setattr(engine, "_GRACE", 0.2)
    store = memory()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group, Centre.open(store) as centre:
            callers = Callers(centre)
            store.fails["session"] = 10**9
            callers.start(group, 20)
            while centre.health().waiting < 20:
                await anyio.lowlevel.checkpoint()
            if not orderly:
                scope.cancel()
                await anyio.lowlevel.checkpoint()
    assert not callers.done
    assert len(callers.failed) == 20 * orderly


@in_time()
async def test_what_breaks_the_engine_is_raised_and_nobody_hangs():
    """An error that is nobody's command ends it: every caller hears, and leaving raises it."""
    store = memory()
    callers = Callers(None)

    def broken():
        raise ZeroDivisionError

    async def body():
        async with Centre.open(store) as callers.centre:
            async with anyio.create_task_group() as group:
                store.session = broken
                while not callers.failed:
                    callers.start(group, 1)
                    await anyio.lowlevel.checkpoint()
            await callers.call(*arriving(1))

    with pytest.raises(ZeroDivisionError):
        await body()
    assert not callers.done


@in_time()
async def test_a_body_that_does_nothing_leaves_nothing(opens):
    """Opened and left, cancelled at once or not, a centre leaves no file open and no thread."""
    for _ in range(5):
        async with opens():
            pass
        with anyio.CancelScope() as scope:
            scope.cancel()
            async with opens():
                await anyio.sleep_forever()
        assert scope.cancelled_caught


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@in_time()
async def test_a_native_cancellation_passes_through(opens):
    """asyncio's own cancellation of whoever has it open is neither swallowed nor wrapped."""
    store = memory()

    async def body():
        async with opens(store) as centre:
            await centre.start(interaction="i-1", channel="chat")
            ready.set()
            await asyncio.sleep(60)

    ready = asyncio.Event()
    running = asyncio.create_task(body())
    await ready.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert running.cancelled()
    assert arrived(store) == ["i-1"]

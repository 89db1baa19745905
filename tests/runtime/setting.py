"""What the tests of the runtime share: workers, stores that fail on purpose, senders, and waiting.

Law of this file: nobody sleeps; whoever waits, waits for an event, and not for long.
"""

import functools
import threading
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime, timedelta

import anyio
import anyio.lowlevel
import attrs

from onechannel import commands as c
from onechannel.delivery import GivenUp, Postponed, Sent
from onechannel.errors import BatchRefused, StoreFault
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import DEFAULT_POLICY, Named, Policy
from onechannel.model.requirement import Requirement
from onechannel.model.worker import Capacity, Worker
from onechannel.runtime import DEFAULT_LIMITS, Centre, Limits, Reply
from onechannel.simulation import START, VirtualCentre
from onechannel.stores.memory import MemoryStore
from onechannel.testing.live import FakeLiveCentre

__all__ = [
    "BOT",
    "CALLABLES",
    "QUICK",
    "RINGS_BRIEFLY",
    "THEIRS",
    "Failing",
    "Opening",
    "Post",
    "a_while",
    "address_of",
    "follow_until",
    "in_time",
    "memory",
]

#: A machine that takes whatever there is.
BOT = Worker(id="bot", kind="machine", capacity=Capacity(total=100_000), wrap_up=timedelta(0))

#: A centre that gives up soon.
QUICK = attrs.evolve(DEFAULT_LIMITS, patience=timedelta(milliseconds=300))

#: A policy that needs a callable, and the callable.
THEIRS = Policy(name="theirs", plan=Named("vip"), ring_for=timedelta(milliseconds=100))
CALLABLES = {"vip": lambda ask: Plan(queue="main", steps=(Step(requirement=Requirement()),))}
OUTCOMES = (Sent, Postponed, GivenUp)

#: Whoever is asked has a tenth of a second.
RINGS_BRIEFLY = attrs.evolve(DEFAULT_POLICY, name="brief", ring_for=timedelta(milliseconds=100))


def in_time(seconds=20.0):
    """Nothing here takes long: a test that hangs fails."""

    def timed(test):
        @functools.wraps(test)
        async def run(*arguments, **fixtures):
            with anyio.fail_after(seconds):
                await test(*arguments, **fixtures)

        return run

    return timed


def address_of(folder, name="centre.db"):
    """The address of a centre in a folder."""
    return f"sqlite:///{folder / name}"


@attrs.define(eq=False)
class Opening:
    """Opens live centres of one kind: "memory", "sqlite", or "fake", whose time is virtual.

    With `keeps_time` the clock of a real one stands until it is told to go on, by `comes`.
    """

    kind: str
    folder: object
    now: datetime = START

    def __call__(self, store=None, *, policy=None, callables=None, keeps_time=False, **options):
        if self.kind != "fake":
            address = address_of(self.folder) if self.kind == "sqlite" else "memory:"
            if keeps_time:
                options["clock"] = lambda: self.now
            parts = {"policy": policy, "callables": callables, **options}
            return Centre.open(address if store is None else store, **parts)
        options.pop("limits", None)
        virtual = VirtualCentre(store, policy=policy or DEFAULT_POLICY, callables=callables)
        return FakeLiveCentre(virtual, **options)

    async def comes(self, centre, moment):
        """Let it become so late."""
        self.now = moment
        if self.kind == "fake":
            await centre.advance_to(moment)


async def a_while(centre):
    """Let others run, and a little time pass."""
    if isinstance(centre, FakeLiveCentre):
        await centre.advance(milliseconds=50)
    else:
        await anyio.lowlevel.checkpoint()


async def bot_serves(centre):
    """A machine that serves at once whatever comes."""
    await centre.define_worker(worker=BOT)
    await centre.sign_in(worker="bot")


async def follow_until(feed, wanted: Callable) -> list:
    """The events of a feed up to the first that is wanted."""
    found = []
    async for event in feed:
        found.append(event)
        if wanted(event):
            return found
    raise AssertionError("the feed ended before it came")


def memory():
    """A store without a file, with all its cracks."""
    return Failing(MemoryStore())


class Failing:
    """A store whose next commits or sessions fail as they are told to.

    `fails` maps what fails ("before" it is kept, "after", or as the "session" begins) to how many
    times. A command of the id `poison` can never be kept. `commits` counts the batches that were
    kept, `sizes` how many commands each served. While it is `shut` no commit gets through.
    """

    def __init__(self, store):
        self._store = store
        self.fails = {}
        self.commits = 0
        self.sizes = []
        self._open = threading.Event()
        self._open.set()

    @contextmanager
    def shut(self):
        """Whoever commits has to wait."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def __getattr__(self, name):
        return getattr(self._store, name)

    def _fail(self, when):
        if self.fails.get(when, 0) > 0:
            self.fails[when] -= 1
            raise StoreFault(f"planted {when}")

    @contextmanager
    def session(self):
        self._fail("session")
        with self._store.session() as session:
            yield _FailingSession(self, session)

    @property
    def last_position(self):
        self._fail("look")
        return self._store.last_position


class _FailingSession:
    def __init__(self, store, session):
        self._owner, self._session = store, session

    def __getattr__(self, name):
        return getattr(self._session, name)

    def commit(self, expected, batch):
        assert self._owner._open.wait(20)
        self._owner._fail("before")
        if "poison" in batch.commands:
            raise BatchRefused("planted poison")
        committed = self._session.commit(expected, batch)
        self._owner.commits += 1
        self._owner.sizes.append(len(batch.commands))
        self._owner._fail("after")
        return committed


@attrs.define(eq=False)
class Post:
    """A destination that notes what it is sent, and answers as it is told to."""

    answers: list = attrs.field(factory=list, repr=False)
    got: list = attrs.field(factory=list)
    under_way: int = 0
    most_at_once: int = 0
    came: anyio.Event = attrs.field(factory=anyio.Event)
    #: Waits before it answers, if it is set.
    gate: anyio.Event | None = None

    async def __call__(self, outgoing):
        self.got.append(outgoing)
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        came, self.came = self.came, anyio.Event()
        came.set()
        try:
            await anyio.lowlevel.checkpoint()
            if self.gate is not None:
                await self.gate.wait()
            answer = self.answers.pop(0) if self.answers else Sent()
            if isinstance(answer, Exception):
                raise answer
            return Reply(outcome=answer) if isinstance(answer, OUTCOMES) else answer
        finally:
            self.under_way -= 1

    async def has(self, count):
        """Wait until it has been given so many."""
        while len(self.got) < count:
            await self.came.wait()

    @property
    def positions(self):
        """Of which events, in the order they came."""
        return [one.event.position for one in self.got]


def limits(**parts) -> Limits:
    """The limits with some of them changed."""
    return attrs.evolve(DEFAULT_LIMITS, **parts)


def closing(interaction):
    """Whether an event ends that interaction."""
    closed = "interaction.closed", interaction
    return lambda event: (event.type, event.subject("interaction")) == closed


def arriving(count, first=0):
    """So many arrivals, as commands."""
    return [c.Arrive(interaction=f"i-{first + n}", channel="chat") for n in range(count)]

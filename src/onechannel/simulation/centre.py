"""The virtual centre: the real kernel and commit cycle on virtual time.

Laws of this file: no clock but the one it is told; every deadline fires at its own moment, in
order; the ids it gives count up from what the log already holds, so that the same script makes the
same log.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from onechannel import commands as c
from onechannel.delivery import (
    CommitCycle,
    Failed,
    Letter,
    Received,
    Refused,
    Served,
    Submission,
    Turnout,
    Work,
)
from onechannel.errors import CommandRefused
from onechannel.events import Event
from onechannel.kernel import Kernel
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.address import Address
from onechannel.model.calendar import Calendar
from onechannel.model.channel import Channel
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, PromiseId, WorkerId
from onechannel.model.interaction import InteractionState
from onechannel.model.message import Delivery
from onechannel.model.policy import Callables, Policy
from onechannel.model.queue import Queue
from onechannel.model.worker import Capacity, Worker, WorkerKind, WorkerState
from onechannel.ports import EventStore
from onechannel.simulation.cast import Cast, Refusal
from onechannel.simulation.clockwork import Clockwork
from onechannel.simulation.explaining import Explained, as_of_now, recorded
from onechannel.simulation.handles import (
    CustomerHandle,
    InteractionHandle,
    JourneyHandle,
    PromiseHandle,
    SupervisorHandle,
    WorkerHandle,
)
from onechannel.simulation.records import Message
from onechannel.simulation.scripts import Turn
from onechannel.simulation.view import View
from onechannel.stores.memory import MemoryStore

__all__ = ["START", "VirtualCentre"]

#: A Monday morning.
START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)

_VENDOR: Final = Actor(ActorKind.VENDOR)


class VirtualCentre(Clockwork):
    """A centre whose time passes only when it is told to.

    On a store that already holds a log it goes on where that log ends. `zone` is what its clocks
    show: `at("09:00")`.
    """

    def __init__(
        self,
        store: EventStore | None = None,
        *,
        start: datetime = START,
        zone: str = "UTC",
        policy: Policy | None = None,
        callables: Callables | None = None,
    ) -> None:
        super().__init__(start, zone)
        self.store: EventStore = MemoryStore() if store is None else store
        self.cast: Cast = Cast(self)
        #: Told of all that is new in the log, at once; to act they ask for it with `later`.
        self.listeners: list[Callable[[Sequence[Event]], object]] = [self.cast.follow]
        self._view = View()
        self._unread: list[Event] = []
        self._cycle = CommitCycle(self.store, callables)
        self._passing: list[Event] = []
        for event in self.store.read():
            self._view.add(event)
            self._now = max(self._now, event.recorded_at)
        self._requests = self.kernel.position
        if policy is not None:
            self.adopts_policy(policy)

    def _next_deadline(self) -> datetime | None:
        return self.kernel.next_deadline

    def _fire(self) -> None:
        self._run(())

    # -- the log ----------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """What the log says, as handles show it."""
        if self._unread:
            for event in self._unread:
                self._view.add(event)
            self._unread.clear()
        return self._view

    @property
    def kernel(self) -> Kernel:
        """The kernel that decides here, to be asked and not to be told."""
        return self._cycle.kernel

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the adopted policy names and this centre was not given."""
        return self._cycle.lacks

    @property
    def log(self) -> Iterable[Event]:
        """Every event so far."""
        return self.store.read()

    @property
    def passing(self) -> tuple[Event, ...]:
        """What went by without being kept: that somebody is typing."""
        return tuple(self._passing)

    @property
    def refusals(self) -> Sequence[Refusal]:
        """What anybody asked for and was refused, in order; the log has nothing of it."""
        return tuple(self.cast.refusals)

    def do(
        self,
        command: c.Command,
        actor: Actor = SYSTEM,
        *,
        id: str | None = None,
        claimed_at: datetime | None = None,
    ) -> tuple[Event, ...]:
        """Give a command now; gives the events it made, raises what refuses it.

        Under an `id` that was served before nothing is done again, and the events are those it made
        then.
        """
        self.cast.check(actor)
        while True:
            self._requests += 1
            name = f"r-{self._requests}" if id is None else id
            turnout = self._run((Submission(command, name, actor, claimed_at),))
            answer = turnout.answers[0]
            if isinstance(answer, (Refused, Failed)):
                raise answer.error
            assert isinstance(answer, Served)
            if not answer.repeated:
                self._settle()
                return turnout.events
            # An id of ours that the log knows from an earlier opening says nothing of this command.
            if id is not None:
                return tuple(self.store.read(answer.first - 1, answer.last - answer.first + 1))

    def work(self, *work: Work) -> Turnout:
        """Have any work of a commit cycle done now, in one cycle: letters, claims, settlements."""
        turnout = self._run(work)
        self._settle()
        return turnout

    def receive(self, letter: Letter) -> Received:
        """Keep what a vendor delivered, and do what it means, as a live centre does."""
        answer = self.work(letter).answers[0]
        if isinstance(answer, (Refused, Failed)):
            raise answer.error
        assert isinstance(answer, Received)
        return answer

    def _run(self, work: Sequence[Work]) -> Turnout:
        turnout = self._cycle.run(work, lambda: self._now)
        if turnout.passing:
            self._passing.extend(turnout.passing)
        for one, answer in zip(work, turnout.answers, strict=True):
            if isinstance(answer, Refused) and isinstance(one, Submission):
                self._note(one, answer)
        news = turnout.news
        self._unread.extend(news)
        if news:
            for listen in self.listeners:
                listen(news)
        return turnout

    def _note(self, given: Submission, answer: Refused) -> None:
        if isinstance(answer.error, CommandRefused):
            position = self.kernel.position
            refusal = Refusal(self._now, position, given.actor, given.command, answer.error)
            self.cast.refusals.append(refusal)

    # -- what a vendor says -----------------------------------------------------------------------

    def observes(
        self, command: c.Command, *, claimed_at: datetime | None = None
    ) -> tuple[Event, ...]:
        """Take what a vendor's system says that it did, or at `claimed_at`: any `Observe…`."""
        return self.do(command, _VENDOR, claimed_at=claimed_at)

    def reconciles(
        self, channel: str, serving: Mapping[InteractionHandle, WorkerHandle | None]
    ) -> tuple[Event, ...]:
        """Take all that a vendor's system holds on a channel now, and who serves each."""
        held = {one.id: None if by is None else by.id for one, by in serving.items()}
        return self.observes(c.Reconcile(channel=channel, serving=held))

    def reports_delivery(
        self,
        state: Delivery | str,
        message: Message | None = None,
        *,
        reference: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Take a vendor's receipt: for a message, for what the vendor calls it, or for both."""
        named = None if message is None else message.id
        self.observes(
            c.ReportDelivery(state=state, message=named, reference=reference, reason=reason)
        )

    # -- who is there -----------------------------------------------------------------------------

    def customer(self, name: str | None = None, *addresses: str) -> CustomerHandle:
        """Register a customer, with addresses as URIs."""
        customer = _free("c", len(self.view.customers), self.view.customers)
        known = tuple(Address.parse(address) for address in addresses)
        self.do(c.RegisterCustomer(customer=customer, name=name, addresses=known))
        return CustomerHandle(self, customer)

    def worker(self, worker: WorkerId, **options: Any) -> WorkerHandle:
        """Define a worker and sign it in; `options` are the fields of `Worker`.

        By its name alone, one that is defined already is given as it is.
        """
        self._worker(worker, options)
        return WorkerHandle(self, worker)

    def machine(
        self, worker: WorkerId, *turns: Turn, channels: Iterable[str] = (), **options: Any
    ) -> WorkerHandle:
        """Define a machine that serves these channels alone, and sign it in.

        Without limit and without wrap-up, unless the `options` say otherwise. In each interaction
        it serves it takes these turns, one after the other.
        """
        defaults = {"kind": WorkerKind.MACHINE, "wrap_up": timedelta(0)}
        capacity = Capacity.only(*channels)
        self._worker(worker, {**defaults, **options}, capacity=capacity)
        handle = WorkerHandle(self, worker)
        if turns:
            handle.plays(*turns)
        return handle

    def supervisor(self, worker: WorkerId, **options: Any) -> SupervisorHandle:
        """The same of a supervisor, who is given no work by routing unless given a capacity."""
        self._worker(worker, options, capacity=Capacity(total=0))
        return SupervisorHandle(self, worker)

    def _worker(self, worker: WorkerId, options: dict[str, Any], **defaults: Any) -> None:
        if worker in self.view.workers and not options:
            return
        self.do(c.DefineWorker(worker=Worker(id=worker, **{**defaults, **options})))
        handle = WorkerHandle(self, worker)
        if handle.state is WorkerState.SIGNED_OUT:
            handle.signs_in()

    # -- what is defined --------------------------------------------------------------------------

    def queue(self, name: str, **options: Any) -> str:
        """Define a queue; `options` are the other fields of `Queue`. Gives its name."""
        self.do(c.DefineQueue(queue=Queue(name=name, **options)))
        return name

    def channel(self, name: str, **options: Any) -> str:
        """Define a channel; `options` are the other fields of `Channel`. Gives its name."""
        self.do(c.DefineChannel(channel=Channel(name=name, **options)))
        return name

    def calendar(self, calendar: Calendar) -> Calendar:
        """Define a calendar: `centre.calendar(Calendar.weekly("office", daily="09:00-17:00"))`."""
        self.do(c.DefineCalendar(calendar=calendar))
        return calendar

    def adopts_policy(self, policy: Policy) -> None:
        """Decide by this policy from now on."""
        self.do(c.AdoptPolicy(policy=policy))

    # -- what the log holds -----------------------------------------------------------------------

    def interaction(self, wanted: InteractionId) -> InteractionHandle:
        """An interaction of the log."""
        return InteractionHandle(self, _known("interaction", wanted, self.view.interactions))

    def known_customer(self, wanted: CustomerId) -> CustomerHandle:
        """A customer of the log."""
        return CustomerHandle(self, _known("customer", wanted, self.view.customers))

    def promise(self, wanted: PromiseId) -> PromiseHandle:
        """A promise of the log."""
        return PromiseHandle(self, _known("promise", wanted, self.view.promises))

    def journey(self, wanted: JourneyId) -> JourneyHandle:
        """A journey of the log."""
        return JourneyHandle(self, _known("journey", wanted, self.view.journeys))

    def explain(self, interaction: InteractionHandle) -> Explained:
        """Who was chosen for it and why nobody else; of what still waits, as things stand now."""
        known = _known("interaction", interaction.id, self.view.interactions)
        found = recorded(self.view, known)
        if found.winner is None and interaction.state is InteractionState.WAITING:
            found = as_of_now(found, self.kernel.explain(known))
        return Explained(self, found)

    def next_interaction(self) -> InteractionId:
        """The id that the next arrival gets."""
        return _free("i", self.view.begun, self.view.interactions)


def _known(what: str, wanted: str, known: Mapping[str, object]) -> str:
    if wanted in known:
        return wanted
    last = next(reversed(list(known)), None)
    there = "there is none yet: begin with a customer" if last is None else f"the last is {last}"
    raise CommandRefused(f"{what} {wanted} is not in the log: {there}")


def _free(letter: str, count: int, taken: Container[str]) -> str:
    """The next id of ours that nobody else has given to something."""
    while (name := f"{letter}-{count + 1}") in taken:
        count += 1
    return name

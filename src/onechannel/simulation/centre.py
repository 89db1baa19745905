"""The virtual centre: the real kernel and commit cycle on virtual time.

Laws of this file: no clock but the one it is told; every deadline fires at its own moment, in
order; the ids it gives count up from what the log already holds, so that the same script makes the
same log.
"""

from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from onechannel import commands as c
from onechannel.delivery import (
    CommitCycle,
    Failed,
    Refused,
    Served,
    Submission,
    Turnout,
    Work,
)
from onechannel.errors import CommandRefused, InvalidValue
from onechannel.events import Event
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.address import Address
from onechannel.model.calendar import Calendar
from onechannel.model.channel import Channel
from onechannel.model.checks import utc
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, PromiseId, WorkerId
from onechannel.model.interaction import InteractionState
from onechannel.model.message import Delivery
from onechannel.model.policy import Callables, Policy
from onechannel.model.queue import Queue
from onechannel.model.worker import Capacity, Worker, WorkerState
from onechannel.ports import EventStore
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
from onechannel.simulation.view import View
from onechannel.stores.memory import MemoryStore

__all__ = ["START", "VirtualCentre"]

#: A Monday morning.
START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)

_VENDOR: Final = Actor(ActorKind.VENDOR)


class VirtualCentre:
    """A centre whose time passes only when it is told to.

    On a store that already holds a log it goes on where that log ends.
    """

    def __init__(
        self,
        store: EventStore | None = None,
        *,
        start: datetime = START,
        policy: Policy | None = None,
        callables: Callables | None = None,
    ) -> None:
        self.store: EventStore = MemoryStore() if store is None else store
        self._view = View()
        self._cycle = CommitCycle(self.store, callables)
        self._now = utc(start)
        self._passing: list[Event] = []
        for event in self.store.read():
            self._view.add(event)
            self._now = max(self._now, event.recorded_at)
        self._requests = self._cycle.kernel.position
        if policy is not None:
            self.adopts_policy(policy)

    # -- time -------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return self._now

    def advance(self, span: timedelta | None = None, **parts: float) -> None:
        """Let time pass: `advance(timedelta(hours=1))` or `advance(minutes=5, seconds=30)`."""
        if span is not None and not isinstance(span, timedelta):
            raise InvalidValue(
                f"advance needs to know {type(span).__name__} of what: say advance(seconds=60), "
                "advance(days=2, hours=3) or advance(timedelta(minutes=5))"
            )
        self.advance_to(self._now + (timedelta(**parts) if span is None else span))

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until then; every deadline on the way fires at its own moment."""
        until = max(utc(moment), self._now)
        while (due := self._cycle.kernel.next_deadline) is not None and due <= until:
            self._now = max(due, self._now)
            self._run()
        self._now = until

    # -- the log ----------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """What the log says, as handles show it."""
        return self._view

    @property
    def log(self) -> Iterable[Event]:
        """Every event so far."""
        return self.store.read()

    @property
    def passing(self) -> tuple[Event, ...]:
        """What went by without being kept: that somebody is typing."""
        return tuple(self._passing)

    def do(
        self, command: c.Command, actor: Actor = SYSTEM, *, claimed_at: datetime | None = None
    ) -> tuple[Event, ...]:
        """Give a command now; gives the events it made, raises what refuses it."""
        while True:
            self._requests += 1
            submission = Submission(command, f"r-{self._requests}", actor, claimed_at)
            turnout = self._run(submission)
            (answer,) = turnout.answers
            if isinstance(answer, (Refused, Failed)):
                raise answer.error
            # An id that the log knows from an earlier opening says nothing of this command.
            if not (isinstance(answer, Served) and answer.repeated):
                return turnout.events

    def _run(self, *work: Work) -> Turnout:
        turnout = self._cycle.run(work, lambda: self._now)
        self._passing.extend(turnout.passing)
        for event in turnout.news:
            self._view.add(event)
        return turnout

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
            found = as_of_now(found, self._cycle.kernel.explain(known))
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

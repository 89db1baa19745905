"""The virtual centre: the real kernel and commit cycle on virtual time.

Laws of this file: no clock but the one it is told; every deadline fires at its own moment, in
order; the ids it gives count up from what the log already holds, so that the same script makes the
same log.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from onechannel import commands as c
from onechannel.delivery import CommitCycle, Refused, Served, Submission, Turnout
from onechannel.events import Event
from onechannel.model.actor import SYSTEM, Actor
from onechannel.model.address import Address
from onechannel.model.checks import utc
from onechannel.model.ids import InteractionId
from onechannel.model.policy import Planner, Policy
from onechannel.model.queue import Queue
from onechannel.model.worker import Capacity, Worker, WorkerKind, WorkerState
from onechannel.ports import EventStore
from onechannel.simulation.handles import CustomerHandle, InteractionHandle, WorkerHandle
from onechannel.simulation.view import View
from onechannel.stores.memory import MemoryStore

__all__ = ["START", "VirtualCentre"]

#: A Monday morning.
START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)


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
        callables: Mapping[str, Planner] | None = None,
    ) -> None:
        self.store: EventStore = MemoryStore() if store is None else store
        self._view = View()
        self._cycle = CommitCycle(self.store, callables)
        self._now = utc(start)
        for event in self.store.read():
            self._view.add(event)
            self._now = max(self._now, event.recorded_at)
        self._requests = self._cycle.kernel.position
        if policy is not None:
            self.do(c.AdoptPolicy(policy=policy))

    # -- time -------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return self._now

    def advance(self, span: timedelta | None = None, **parts: float) -> None:
        """Let time pass: `advance(timedelta(hours=1))` or `advance(minutes=5, seconds=30)`."""
        self.advance_to(self._now + (timedelta(**parts) if span is None else span))

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until then; every deadline on the way fires at its own moment."""
        until = max(utc(moment), self._now)
        while (due := self._cycle.kernel.next_deadline) is not None and due <= until:
            self._now = max(due, self._now)
            self._run(())
        self._now = until

    @property
    def view(self) -> View:
        """What the log says, as handles show it."""
        return self._view

    # -- the log ----------------------------------------------------------------------------------

    @property
    def log(self) -> Iterable[Event]:
        """Every event so far."""
        return self.store.read()

    def do(
        self, command: c.Command, actor: Actor = SYSTEM, *, claimed_at: datetime | None = None
    ) -> tuple[Event, ...]:
        """Give a command now; gives the events it made, raises what refuses it."""
        while True:
            self._requests += 1
            submission = Submission(command, f"r-{self._requests}", actor, claimed_at)
            turnout = self._run((submission,))
            answer = turnout.answers[0][0]
            if isinstance(answer, Refused):
                raise answer.error
            # An id that the log knows from an earlier opening says nothing of this command.
            if not (isinstance(answer, Served) and answer.repeated):
                return turnout.events

    def _run(self, chain: tuple[Submission, ...]) -> Turnout:
        turnout = self._cycle.run((chain,) if chain else (), lambda: self._now)
        for event in turnout.events:
            self._view.add(event)
        return turnout

    # -- who and what is there --------------------------------------------------------------------

    def customer(self, name: str | None = None, *addresses: str) -> CustomerHandle:
        """Register a customer, with addresses as URIs."""
        customer = f"c-{len(self.view.customers) + 1}"
        known = tuple(Address.parse(address) for address in addresses)
        self.do(c.RegisterCustomer(customer=customer, name=name, addresses=known))
        return CustomerHandle(self, customer)

    def worker(
        self,
        worker: str,
        *,
        kind: WorkerKind | str = WorkerKind.PERSON,
        skills: Mapping[str, float] | None = None,
        department: str | None = None,
        capacity: Capacity | None = None,
        **options: Any,
    ) -> WorkerHandle:
        """Define a worker and sign it in; `options` are the other fields of `Worker`."""
        definition = Worker(
            id=worker,
            kind=WorkerKind(kind),
            skills=skills or {},
            department=department,
            capacity=capacity or Capacity(),
            **options,
        )
        self.do(c.DefineWorker(worker=definition))
        handle = WorkerHandle(self, worker)
        if handle.state is WorkerState.SIGNED_OUT:
            handle.signs_in()
        return handle

    def queue(self, name: str, **options: Any) -> str:
        """Define a queue; `options` are the other fields of `Queue`. Gives its name."""
        self.do(c.DefineQueue(queue=Queue(name=name, **options)))
        return name

    def interaction(self, wanted: InteractionId) -> InteractionHandle:
        """The handle of an interaction in the log."""
        self.view.interactions[wanted]
        return InteractionHandle(self, wanted)

    def next_interaction(self) -> InteractionId:
        """The id that the next arrival gets."""
        return f"i-{len(self.view.interactions) + 1}"

"""The handles: customers, workers, interactions, promises, journeys, and how they lead on.

Law of this file: what begins something new gives its handle; what something shows by itself, and
what is done with it, stands beside, in modules that know no handle.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from onechannel import commands as c
from onechannel.events import (
    Event,
    InteractionArrived,
    JourneyOpened,
    MessageReceived,
    PromiseMade,
)
from onechannel.model.assignment import AssignmentState, Role
from onechannel.model.calendar import Calendar
from onechannel.model.ids import InteractionId, PromiseId
from onechannel.model.message import Attachment
from onechannel.simulation.handles.customers import CustomerVerbs
from onechannel.simulation.handles.facts import JourneyFacts, PromiseFacts, address_for
from onechannel.simulation.handles.interactions import InteractionVerbs
from onechannel.simulation.handles.stage import Stage, time_of
from onechannel.simulation.handles.supervising import SupervisingVerbs
from onechannel.simulation.handles.working import WorkingVerbs

__all__ = [
    "CustomerHandle",
    "InteractionHandle",
    "JourneyHandle",
    "PromiseHandle",
    "SupervisorHandle",
    "WorkerHandle",
]


def _interactions(centre: Stage, found: Iterable[InteractionId]) -> "tuple[InteractionHandle, ...]":
    return tuple(InteractionHandle(centre, one) for one in found)


def _promises(centre: Stage, found: Iterable[PromiseId]) -> "tuple[PromiseHandle, ...]":
    return tuple(PromiseHandle(centre, one) for one in found)


def _interaction_in(
    centre: Stage, events: Iterable[Event], kind: type[InteractionArrived | MessageReceived]
) -> "InteractionHandle":
    found = next(one.data for one in events if isinstance(one.data, kind))
    return InteractionHandle(centre, found.interaction)


class PromiseHandle(PromiseFacts):
    """A promise, open or not; a worker keeps it: `marc.keeps_promise(refund)`."""

    __slots__ = ()

    @property
    def customer(self) -> "CustomerHandle | None":
        """To whom it was made."""
        return self._other(CustomerHandle, self._view.made.customer)

    @property
    def worker(self) -> "WorkerHandle | None":
        """Who answers for it."""
        return self._other(WorkerHandle, self._view.made.worker)

    @property
    def interaction(self) -> "InteractionHandle | None":
        """In which it was made."""
        return self._other(InteractionHandle, self._view.made.interaction)

    @property
    def journey(self) -> "JourneyHandle | None":
        """The journey that it is a part of."""
        return self._other(JourneyHandle, self._view.made.journey)

    @property
    def predecessor(self) -> "PromiseHandle | None":
        """The promise that it replaces."""
        return self._other(PromiseHandle, self._view.made.predecessor)

    @property
    def successor(self) -> "PromiseHandle | None":
        """The promise of another time that the customer agreed to."""
        return self._other(PromiseHandle, self._view.successor)


class JourneyHandle(JourneyFacts):
    """What a customer pursues, across interactions."""

    __slots__ = ()

    @property
    def customer(self) -> "CustomerHandle":
        """Who pursues it."""
        return CustomerHandle(self.centre, self._view.opened.customer)

    @property
    def interactions(self) -> "tuple[InteractionHandle, ...]":
        """The customer's interactions in it, in order; side conversations are theirs."""
        found = _interactions(self.centre, self._view.interactions)
        return tuple(one for one in found if not one.is_side)

    @property
    def promises(self) -> tuple[PromiseHandle, ...]:
        """What was promised in it, in order."""
        return _promises(self.centre, self._view.promises)


class CustomerHandle(CustomerVerbs):
    """A customer of a virtual centre."""

    __slots__ = ()

    @property
    def interactions(self) -> "tuple[InteractionHandle, ...]":
        """All of this customer's, in order of arrival, and of those merged with it."""
        of_family = {one for view in self._views for one in view.interactions}
        every = self.centre.view.interactions
        found = _interactions(self.centre, (one for one in every if one in of_family))
        return tuple(one for one in found if not one.is_side)

    @property
    def journeys(self) -> tuple[JourneyHandle, ...]:
        """What this customer pursues or has pursued."""
        found = [one for view in self._views for one in view.journeys]
        return tuple(JourneyHandle(self.centre, one) for one in found)

    @property
    def promises(self) -> tuple[PromiseHandle, ...]:
        """What this customer was promised."""
        return _promises(self.centre, (one for view in self._views for one in view.promises))

    def starts(  # noqa: PLR0913 - all that one can say on arriving
        self,
        channel: str,
        *,
        about: str | None = None,
        says: str | None = None,
        queue: str | None = None,
        priority: int = 0,
        follows: "InteractionHandle | None" = None,
        journey: JourneyHandle | None = None,
        reference: str | None = None,
        department: str | None = None,
    ) -> "InteractionHandle":
        """Reach the company; gives the new interaction.

        The first address whose scheme the channel takes goes with it.
        """
        command = c.Arrive(
            interaction=None if follows else self.centre.next_interaction(),
            channel=channel,
            customer=self.id,
            address=address_for(self.centre.view, self.id, channel),
            queue=queue,
            about=about,
            priority=priority,
            says=says,
            follows=follows.id if follows else None,
            journey=journey.id if journey else None,
            reference=reference,
            department=department,
        )
        return _interaction_in(self.centre, self._do(command), InteractionArrived)

    def says(
        self,
        interaction: "InteractionHandle",
        text: str,
        *,
        channel: str | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> "InteractionHandle":
        """Say something; gives the interaction it was said in: a closed one's successor."""
        command = c.Say(
            interaction=interaction.id, text=text, channel=channel, attachments=attachments
        )
        return _interaction_in(self.centre, self._do(command), MessageReceived)

    def opens_journey(
        self, about: str | None = None, *, reference: str | None = None
    ) -> JourneyHandle:
        """Pursue something; gives the journey."""
        command = c.OpenJourney(customer=self.id, about=about, reference=reference)
        return _journey_in(self.centre, self._do(command))


class WorkerHandle(WorkingVerbs):
    """A worker of a virtual centre: a person, a machine or a partner."""

    __slots__ = ()

    @property
    def asked(self) -> "tuple[InteractionHandle, ...]":
        """What it is asked to take a part in."""
        return self._held(lambda state: state is AssignmentState.PENDING)

    @property
    def work(self) -> "tuple[InteractionHandle, ...]":
        """What takes its capacity: asked, taking part, or wrapping up."""
        return self._held(lambda _state: True)

    def _held(self, wanted: Callable[[AssignmentState], bool]) -> "tuple[InteractionHandle, ...]":
        every = self.centre.view.interactions
        return tuple(
            InteractionHandle(self.centre, one)
            for part, one in self._view.parts.items()
            if wanted(every[one].parts[part].state)
        )

    @property
    def promised(self) -> tuple[PromiseHandle, ...]:
        """What it answers for, or did."""
        return _promises(self.centre, self._view.promises)

    def reaches(
        self,
        customer: CustomerHandle,
        channel: str,
        *,
        about: str | None = None,
        purpose: str = "service",
        says: str | None = None,
        template: str | None = None,
        journey: JourneyHandle | None = None,
        reference: str | None = None,
    ) -> "InteractionHandle":
        """Reach a customer, and serve at once; gives the new interaction."""
        command = c.Reach(
            interaction=self.centre.next_interaction(),
            channel=channel,
            customer=customer.id,
            address=address_for(self.centre.view, customer.id, channel),
            worker=self.id,
            about=about,
            purpose=purpose,
            says=says,
            template=template,
            journey=None if journey is None else journey.id,
            reference=reference,
        )
        return _interaction_in(self.centre, self._do(command), InteractionArrived)

    def delegates(
        self,
        interaction: "InteractionHandle",
        to: "WorkerHandle | None" = None,
        *,
        queue: str | None = None,
        department: str | None = None,
        about: str | None = None,
        says: str | None = None,
        returns_after: timedelta | None = None,
    ) -> "InteractionHandle":
        """Hand a part of it to a worker, a queue or a department; gives the side conversation."""
        command = c.Delegate(
            interaction=interaction.id,
            worker=None if to is None else to.id,
            queue=queue,
            department=department,
            about=about,
            says=says,
            returns_after=returns_after,
        )
        return _interaction_in(self.centre, self._do(command), InteractionArrived)

    def promises(
        self,
        whom: "CustomerHandle | InteractionHandle",
        what: str,
        due: timedelta | datetime,
        *,
        calendar: Calendar | str | None = None,
    ) -> PromiseHandle:
        """Tell a customer what will happen, by a time or within one; gives the promise.

        It is made in the interaction that this worker serves for her, if there is one. Within a
        time of a calendar that time is business time.
        """
        at, within = time_of(due)
        command = c.MakePromise(
            what=what,
            customer=None if isinstance(whom, InteractionHandle) else whom.id,
            interaction=whom.id if isinstance(whom, InteractionHandle) else self._serving(whom),
            due=at,
            within=within,
            calendar=calendar.name if isinstance(calendar, Calendar) else calendar,
            worker=self.id,
        )
        return _promise_in(self.centre, self._do(command))

    def renegotiates_promise(
        self, promise: PromiseHandle, due: timedelta | datetime
    ) -> PromiseHandle:
        """Agree on another time with the customer; gives the promise of it."""
        at, within = time_of(due)
        command = c.RenegotiatePromise(promise=promise.id, due=at, within=within)
        return _promise_in(self.centre, self._do(command))

    def opens_journey(
        self, customer: CustomerHandle, about: str | None = None, *, reference: str | None = None
    ) -> JourneyHandle:
        """Note that a customer pursues something; gives the journey."""
        command = c.OpenJourney(customer=customer.id, about=about, reference=reference)
        return _journey_in(self.centre, self._do(command))


class SupervisorHandle(SupervisingVerbs, WorkerHandle):
    """A supervisor, who is a worker of the centre, too; equal to that worker's handle."""

    __slots__ = ()


class InteractionHandle(InteractionVerbs):
    """An interaction of a virtual centre, open or closed."""

    __slots__ = ()

    # -- whose it is ------------------------------------------------------------------------------

    @property
    def customer(self) -> CustomerHandle | None:
        """Whose it is, where that is known."""
        return self._other(CustomerHandle, self.customer_id)

    @property
    def worker(self) -> WorkerHandle | None:
        """Who serves it."""
        view = self._view
        owner = None if view.owner is None else view.parts[view.owner].worker
        return self._other(WorkerHandle, owner)

    @property
    def served_by(self) -> WorkerHandle | None:
        """Who serves it, or served it last."""
        return self._other(WorkerHandle, self._view.last_owner)

    @property
    def keeper(self) -> WorkerHandle | None:
        """Who had it before it was dormant or suspended, and is asked first when it comes back."""
        return self._other(WorkerHandle, self._view.keeper)

    @property
    def roles(self) -> Mapping[WorkerHandle, Role]:
        """What everybody is to it who takes part in it now: `call.roles[marc] == "serves"`."""
        taking_part = (AssignmentState.ACTIVE, AssignmentState.HELD)
        parts = [one for one in self.parts if one.state in taking_part]
        return MappingProxyType({WorkerHandle(self.centre, one.worker): one.role for one in parts})

    # -- what it belongs to -----------------------------------------------------------------------

    @property
    def predecessor(self) -> "InteractionHandle | None":
        """The one that this one goes on with: closed, or superseded."""
        return self._other(InteractionHandle, self._view.arrived.predecessor)

    @property
    def successor(self) -> "InteractionHandle | None":
        """The first that goes on with this one."""
        return next(iter(_interactions(self.centre, self._view.successors)), None)

    @property
    def lineage(self) -> "tuple[InteractionHandle, ...]":
        """This one and all that it goes on with, the first one first."""
        before = self.predecessor
        return (self,) if before is None else (*before.lineage, self)

    @property
    def parent(self) -> "InteractionHandle | None":
        """What a side conversation is a part of."""
        return self._other(InteractionHandle, self._view.arrived.parent)

    @property
    def sides(self) -> "tuple[InteractionHandle, ...]":
        """Its side conversations, in order."""
        return _interactions(self.centre, self._view.sides)

    @property
    def journey(self) -> JourneyHandle | None:
        """The journey that it belongs to."""
        return self._other(JourneyHandle, self._view.journey)

    @property
    def promises(self) -> tuple[PromiseHandle, ...]:
        """What was promised in it, in order."""
        return _promises(self.centre, self._view.promises)


def _promise_in(centre: Stage, events: Iterable[Event]) -> PromiseHandle:
    made = next(one.data for one in events if isinstance(one.data, PromiseMade))
    return PromiseHandle(centre, made.promise)


def _journey_in(centre: Stage, events: Iterable[Event]) -> JourneyHandle:
    opened = next(one.data for one in events if isinstance(one.data, JourneyOpened))
    return JourneyHandle(centre, opened.journey)

"""Handles: customers, workers and interactions to talk about and to act with.

Laws of this file: a handle is a name and a centre; what it does is a command, what it shows is read
from the log. A verb on an interaction acts as the worker who serves it. Handles of equal names are
equal.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

import attrs

from onechannel import commands as c
from onechannel.errors import CommandRefused
from onechannel.events import Event, InteractionArrived, MessageReceived
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.address import Address
from onechannel.model.channel import known_channel
from onechannel.model.ids import AssignmentId, CustomerId, InteractionId, WorkerId
from onechannel.model.interaction import EndReason, InteractionState
from onechannel.model.worker import WorkerState
from onechannel.simulation.view import InteractionView, Message, View, WorkerView

__all__ = ["CustomerHandle", "InteractionHandle", "Stage", "WorkerHandle"]


class Stage(Protocol):
    """What handles need of their centre."""

    @property
    def view(self) -> View:
        """What the log says."""
        ...

    def do(self, command: c.Command, actor: Actor = SYSTEM) -> tuple[Event, ...]:
        """Give a command now; gives the events it made, raises what refuses it."""
        ...

    def next_interaction(self) -> InteractionId:
        """The id that the next arrival gets."""
        ...


@attrs.frozen
class CustomerHandle:
    """A customer of a virtual centre."""

    centre: Stage = attrs.field(repr=False)
    id: CustomerId

    @property
    def _actor(self) -> Actor:
        return Actor(ActorKind.CUSTOMER, self.id)

    @property
    def interactions(self) -> "tuple[InteractionHandle, ...]":
        """All of this customer's, in order of arrival."""
        views = self.centre.view.interactions
        return tuple(
            InteractionHandle(self.centre, found)
            for found, view in views.items()
            if view.arrived.customer == self.id
        )

    def starts(
        self,
        channel: str,
        *,
        about: str | None = None,
        says: str | None = None,
        queue: str | None = None,
        priority: int = 0,
        follows: "InteractionHandle | None" = None,
    ) -> "InteractionHandle":
        """Reach the company; gives the new interaction.

        The first address whose scheme the channel takes goes with it.
        """
        events = self.centre.do(
            c.Arrive(
                interaction=None if follows else self.centre.next_interaction(),
                channel=channel,
                customer=self.id,
                address=self._address_for(channel),
                queue=queue,
                about=about,
                priority=priority,
                says=says,
                follows=follows.id if follows else None,
            ),
            self._actor,
        )
        return self._in(events, InteractionArrived)

    def says(self, interaction: "InteractionHandle", text: str) -> "InteractionHandle":
        """Say something; gives the interaction it was said in: a closed one's successor."""
        events = self.centre.do(c.Say(interaction=interaction.id, text=text), self._actor)
        return self._in(events, MessageReceived)

    def leaves(self, interaction: "InteractionHandle") -> None:
        """Hang up, close the page, walk out."""
        self.centre.do(c.Leave(interaction=interaction.id), self._actor)

    def _in(
        self, events: Iterable[Event], kind: type[InteractionArrived | MessageReceived]
    ) -> "InteractionHandle":
        found = next(one.data for one in events if isinstance(one.data, kind))
        return InteractionHandle(self.centre, found.interaction)

    def _address_for(self, channel: str) -> Address | None:
        known = self.centre.view.customers[self.id].addresses
        defined = self.centre.view.channels.get(channel) or known_channel(channel)
        for scheme in defined.schemes:
            for address in known:
                if address.scheme == scheme:
                    return address
        return None


@attrs.frozen
class WorkerHandle:
    """A worker of a virtual centre: a person, a machine or a partner."""

    centre: Stage = attrs.field(repr=False)
    id: WorkerId

    @property
    def _view(self) -> WorkerView:
        return self.centre.view.workers[self.id]

    @property
    def _actor(self) -> Actor:
        return Actor(ActorKind.WORKER, self.id)

    @property
    def state(self) -> WorkerState:
        """Signed out, available or unavailable."""
        return self._view.state

    @property
    def reason(self) -> str | None:
        """Why it is unavailable."""
        return self._view.reason

    @property
    def asked(self) -> "tuple[InteractionHandle, ...]":
        """What it is asked to take."""
        return tuple(InteractionHandle(self.centre, found) for found in self._view.asked.values())

    @property
    def holds(self) -> "tuple[InteractionHandle, ...]":
        """What takes its capacity: asked, served, or wrapping up."""
        return tuple(InteractionHandle(self.centre, found) for found in self._view.parts.values())

    def _part(
        self, interaction: "InteractionHandle", parts: dict[AssignmentId, InteractionId]
    ) -> AssignmentId:
        """The latest of these parts in the interaction: one may be wrapped up beside another."""
        for assignment, found in reversed(parts.items()):
            if found == interaction.id:
                return assignment
        raise CommandRefused(
            f"worker {self.id} has no such part in interaction {interaction.id}, "
            f"which is {interaction.state}"
        )

    def _serves(self, interaction: "InteractionHandle") -> AssignmentId:
        owner = self.centre.view.interactions[interaction.id].owner
        parts = self._view.parts
        return owner if owner is not None and owner in parts else self._part(interaction, parts)

    def accepts(self, interaction: "InteractionHandle") -> None:
        """Take what it is asked to take."""
        self.centre.do(c.Accept(assignment=self._part(interaction, self._view.asked)), self._actor)

    def declines(self, interaction: "InteractionHandle", reason: str | None = None) -> None:
        """Do not take it."""
        self.centre.do(
            c.Decline(assignment=self._part(interaction, self._view.asked), reason=reason),
            self._actor,
        )

    def says(self, interaction: "InteractionHandle", text: str) -> None:
        """Say something to the customer."""
        assignment = self._serves(interaction)
        command = c.Say(interaction=interaction.id, text=text, assignment=assignment)
        self.centre.do(command, self._actor)

    def escalates(self, interaction: "InteractionHandle", reason: str | None = None) -> None:
        """Hand it to people."""
        self.centre.do(c.Escalate(interaction=interaction.id, reason=reason), self._actor)

    def hands_back(self, interaction: "InteractionHandle", reason: str | None = None) -> None:
        """Hand it back to a machine."""
        self.centre.do(c.HandBack(interaction=interaction.id, reason=reason), self._actor)

    def closes(
        self,
        interaction: "InteractionHandle",
        *,
        disposition: str | None = None,
        reason: EndReason | str = EndReason.RESOLVED,
    ) -> None:
        """End it."""
        command = c.Close(
            interaction=interaction.id, reason=EndReason(reason), disposition=disposition
        )
        self.centre.do(command, self._actor)

    def releases(self, interaction: "InteractionHandle") -> None:
        """Have wrapped up."""
        self.centre.do(
            c.Release(assignment=self._part(interaction, self._view.wrapping)), self._actor
        )

    def signs_in(self) -> None:
        """Be there, and available."""
        self.centre.do(c.SignIn(worker=self.id), self._actor)

    def signs_out(self) -> None:
        """Be gone."""
        self.centre.do(c.SignOut(worker=self.id), self._actor)

    def becomes_available(self) -> None:
        """Take new work again."""
        self.centre.do(c.BecomeAvailable(worker=self.id), self._actor)

    def becomes_unavailable(self, reason: str = "break", duration: timedelta | None = None) -> None:
        """Take no new work, for a time or until further notice."""
        command = c.BecomeUnavailable(worker=self.id, reason=reason, duration=duration)
        self.centre.do(command, self._actor)


@attrs.frozen
class InteractionHandle:
    """An interaction of a virtual centre, open or closed."""

    centre: Stage = attrs.field(repr=False)
    id: InteractionId

    @property
    def _view(self) -> InteractionView:
        return self.centre.view.interactions[self.id]

    @property
    def state(self) -> InteractionState:
        """Waiting, engaged or closed."""
        return self._view.state

    @property
    def end_reason(self) -> EndReason | None:
        """Why it ended; None while it is open."""
        return self._view.end_reason

    @property
    def disposition(self) -> str | None:
        """The code recorded at the end."""
        return self._view.disposition

    @property
    def channel(self) -> str:
        """The channel it began on."""
        return self._view.arrived.channel

    @property
    def queue(self) -> str | None:
        """The queue it stands in, or last stood in."""
        return self._view.queue

    @property
    def customer(self) -> CustomerHandle | None:
        """Whose it is, where that is known."""
        found = self._view.arrived.customer
        return None if found is None else CustomerHandle(self.centre, found)

    @property
    def predecessor(self) -> "InteractionHandle | None":
        """The closed interaction that this one goes on with."""
        found = self._view.arrived.predecessor
        return None if found is None else InteractionHandle(self.centre, found)

    @property
    def worker(self) -> WorkerHandle | None:
        """Who serves it."""
        view = self._view
        if view.owner is None or view.last_owner is None:
            return None
        return WorkerHandle(self.centre, view.last_owner)

    @property
    def served_by(self) -> WorkerHandle | None:
        """Who serves it, or served it last."""
        found = self._view.last_owner
        return None if found is None else WorkerHandle(self.centre, found)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was said, in order."""
        return tuple(self._view.messages)

    def _serving(self) -> WorkerHandle:
        worker = self.worker
        if worker is None:
            raise CommandRefused(f"interaction {self.id} is {self.state.value}: nobody serves it")
        return worker

    def says(self, text: str) -> None:
        """Who serves it says something to the customer."""
        self._serving().says(self, text)

    def escalates(self, reason: str | None = None) -> None:
        """The machine that serves it hands it to people."""
        self._serving().escalates(self, reason)

    def hands_back(self, reason: str | None = None) -> None:
        """The person who serves it hands it back to a machine."""
        self._serving().hands_back(self, reason)

    def leaves(self) -> None:
        """The customer goes."""
        self.centre.do(c.Leave(interaction=self.id), SYSTEM)

    def closes(
        self, *, disposition: str | None = None, reason: EndReason | str = EndReason.RESOLVED
    ) -> None:
        """It is over; one that waits is ended by the centre itself."""
        command = c.Close(interaction=self.id, reason=EndReason(reason), disposition=disposition)
        worker = self.worker
        self.centre.do(command, SYSTEM if worker is None else Actor(ActorKind.WORKER, worker.id))

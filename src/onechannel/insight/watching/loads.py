"""Loads: whom the policy asks, and how much each worker bears.

Laws of this file: the policy asks nobody who is not available, and lifts no load above capacity;
what somebody forced, joined or began, or what was observed, it did not ask.
"""

from collections.abc import Callable
from typing import Any, Final

import attrs

from onechannel import events as e
from onechannel.insight.watching.stand import Stand, refuse
from onechannel.model.channel import Channel
from onechannel.model.ids import AssignmentId, InteractionId, WorkerId
from onechannel.model.worker import Worker

__all__ = ["LoadWatch"]


@attrs.define(eq=False)
class _Bearer:
    """A worker, with what it bears."""

    definition: Worker
    available: bool = False
    load: int = 0
    counts: dict[str, int] = attrs.field(factory=dict)

    def bear(self, channel: str, load: int, times: int) -> None:
        self.load += times * load
        self.counts[channel] = self.counts.get(channel, 0) + times

    def excess(self, channel: str) -> str | None:
        """What it bears too much of."""
        capacity = self.definition.capacity
        limit = capacity.channels.get(channel, capacity.others)
        if capacity.total is not None and self.load > capacity.total:
            return f"a load of {self.load}, above its capacity of {capacity.total}"
        if limit is not None and self.counts[channel] > limit:
            return f"{self.counts[channel]} on channel {channel}, above its limit of {limit}"
        return None


@attrs.define(eq=False)
class _Burden:
    """What an assignment adds to its worker's load."""

    worker: _Bearer
    channel: str
    load: int


#: Why somebody has a part that the policy did not ask for.
_UNASKED: Final = ("joined", "outbound", "assigned by ")


@attrs.define(eq=False)
class LoadWatch:
    """What each worker bears, counted anew."""

    channels: dict[str, Channel] = attrs.field(factory=dict)
    workers: dict[WorkerId, _Bearer] = attrs.field(factory=dict)
    burdens: dict[AssignmentId, _Burden] = attrs.field(factory=dict)
    channel_of: dict[InteractionId, str] = attrs.field(factory=dict)

    def end(self) -> None:
        """A log may end whatever anybody bears."""

    def see(self, event: e.Event, stand: Stand) -> None:
        """Look at one event."""
        see = _SEE.get(type(event.data))
        if see is not None:
            see(self, event, event.data, stand)

    def _channel_defined(self, _event: e.Event, data: e.ChannelDefined, _stand: Stand) -> None:
        self.channels[data.channel.name] = data.channel

    def _worker_defined(self, _event: e.Event, data: e.WorkerDefined, _stand: Stand) -> None:
        known = self.workers.get(data.worker)
        if known is None:
            self.workers[data.worker] = _Bearer(data.definition)
        else:
            known.definition = data.definition

    def _there(
        self, _event: e.Event, data: e.WorkerSignedIn | e.WorkerAvailable, _stand: Stand
    ) -> None:
        self.workers[data.worker].available = True

    def _not_there(
        self,
        _event: e.Event,
        data: e.WorkerSignedOut | e.WorkerUnavailable | e.WorkerDraining,
        _stand: Stand,
    ) -> None:
        self.workers[data.worker].available = False

    def _arrived(self, _event: e.Event, data: e.InteractionArrived, _stand: Stand) -> None:
        self.channel_of[data.interaction] = data.channel

    def _moved(self, _event: e.Event, data: e.InteractionMoved, stand: Stand) -> None:
        """Everybody who takes part bears it as of the new channel; whoever wraps up, as before."""
        self.channel_of[data.interaction] = data.channel
        channel = self.channels[data.channel]
        for name, _ in stand.parts(data.interaction):
            burden = self.burdens[name]
            burden.worker.bear(burden.channel, burden.load, -1)
            burden.channel, burden.load = channel.name, channel.load
            burden.worker.bear(channel.name, channel.load, 1)

    def _closed(self, _event: e.Event, data: e.InteractionClosed, _stand: Stand) -> None:
        del self.channel_of[data.interaction]

    def _opened(self, event: e.Event, data: e.AssignmentOpened, _stand: Stand) -> None:
        worker = self.workers[data.worker]
        channel = self.channels[self.channel_of[data.interaction]]
        self.burdens[data.assignment] = _Burden(worker, channel.name, channel.load)
        worker.bear(channel.name, channel.load, 1)
        if event.origin.cause is e.Cause.OBSERVED or data.reason.startswith(_UNASKED):
            return
        if not worker.available:
            raise refuse(event, f"worker {data.worker} is asked and not available")
        excess = worker.excess(channel.name)
        if excess is not None:
            raise refuse(event, f"it gives worker {data.worker} {excess}")

    def _over(
        self,
        _event: e.Event,
        data: e.AssignmentDeclined
        | e.AssignmentExpired
        | e.AssignmentRescinded
        | e.AssignmentReleased,
        _stand: Stand,
    ) -> None:
        over = self.burdens.pop(data.assignment)
        over.worker.bear(over.channel, over.load, -1)


_SEE: Final[dict[type[e.EventData], Callable[[LoadWatch, e.Event, Any, Stand], None]]] = {
    e.ChannelDefined: LoadWatch._channel_defined,
    e.WorkerDefined: LoadWatch._worker_defined,
    e.WorkerSignedIn: LoadWatch._there,
    e.WorkerAvailable: LoadWatch._there,
    e.WorkerSignedOut: LoadWatch._not_there,
    e.WorkerUnavailable: LoadWatch._not_there,
    e.WorkerDraining: LoadWatch._not_there,
    e.InteractionArrived: LoadWatch._arrived,
    e.InteractionMoved: LoadWatch._moved,
    e.InteractionClosed: LoadWatch._closed,
    e.AssignmentOpened: LoadWatch._opened,
    e.AssignmentDeclined: LoadWatch._over,
    e.AssignmentExpired: LoadWatch._over,
    e.AssignmentRescinded: LoadWatch._over,
    e.AssignmentReleased: LoadWatch._over,
}

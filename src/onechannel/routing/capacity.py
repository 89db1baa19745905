"""Capacity: how much a worker has, and whether one more fits.

Law of this file: load is the sum over live assignments, wrap-up included; whether something fits is
asked here only.
"""

import attrs

from onechannel.model.channel import Channel
from onechannel.model.worker import Worker

__all__ = ["Seat"]


@attrs.define(eq=False)
class Seat:
    """A worker as routing sees it.

    `open` is true while it takes new work. `order` is the log position at which it was last given
    work, ended work or became available: the lowest is the longest idle.
    """

    worker: Worker
    open: bool = False
    order: int = 0
    load: int = 0
    counts: dict[str, int] = attrs.field(factory=dict)

    def fits(self, channel: Channel) -> bool:
        """Whether this worker may be asked for one more interaction on that channel now."""
        if not self.open:
            return False
        capacity = self.worker.capacity
        if capacity.total is not None and self.load + channel.load > capacity.total:
            return False
        name = channel.name
        limit = capacity.channels.get(name, capacity.others)
        return limit is None or self.counts.get(name, 0) < limit

    def take(self, channel: Channel) -> None:
        """Bear one more."""
        self.load += channel.load
        self.counts[channel.name] = self.counts.get(channel.name, 0) + 1

    def drop(self, channel: Channel, load: int) -> None:
        """Bear one less, which was taken at `load`: a channel may have been redefined since."""
        self.load -= load
        left = self.counts[channel.name] - 1
        if left:
            self.counts[channel.name] = left
        else:
            del self.counts[channel.name]

"""The index: who could serve what, kept so that a decision costs the same at any size.

Laws of this file: the index is a function of seats and waiting interactions, so it is rebuilt,
never stored; the next pair is the best-ranked waiting interaction that somebody can serve, given to
the longest idle who can.
"""

from collections import OrderedDict
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias

import attrs

from onechannel.model.channel import Channel
from onechannel.model.ids import InteractionId, WorkerId
from onechannel.model.requirement import Requirement
from onechannel.model.worker import Worker
from onechannel.routing.capacity import Seat
from onechannel.routing.matching import admits

__all__ = ["Rank", "RoutingIndex"]

#: Lower is sooner: (minus priority, age in the line, order of arrival).
Rank: TypeAlias = tuple[int, datetime, int]

_Entry: TypeAlias = tuple[int, datetime, int, InteractionId]

# Stale heap entries are thrown away when they outnumber the live ones by more than this.
_SLACK: Final = 64


@attrs.define(eq=False)
class _Pool:
    """Workers alike who could be asked on one channel now, longest idle first."""

    channel: Channel
    seats: OrderedDict[WorkerId, Seat] = attrs.field(factory=OrderedDict)


@attrs.define(eq=False)
class _Profile:
    """Workers alike in all that requirements look at."""

    sample: Worker
    members: dict[WorkerId, Seat] = attrs.field(factory=dict)
    pools: dict[str, _Pool] = attrs.field(factory=dict)
    lanes: "list[_Lane]" = attrs.field(factory=list)


@attrs.define(eq=False)
class _Lane:
    """Waiting interactions alike in channel and requirement, best rank first."""

    channel: Channel
    requirement: Requirement
    pools: list[_Pool] = attrs.field(factory=list)
    heap: list[_Entry] = attrs.field(factory=list)
    live: int = 0


@attrs.define(eq=False)
class RoutingIndex:
    """Waiting interactions on one side, workers on the other."""

    _profiles: dict[object, _Profile] = attrs.field(factory=dict)
    _profile_of: dict[WorkerId, _Profile] = attrs.field(factory=dict)
    _lanes: dict[tuple[str, Requirement], _Lane] = attrs.field(factory=dict)
    _waiting: dict[InteractionId, tuple[_Entry, _Lane]] = attrs.field(factory=dict)
    #: Where a pair may have become possible since `next_pair` last answered None.
    _fresh: dict[InteractionId, None] = attrs.field(factory=dict)
    _freed: dict[WorkerId, Seat] = attrs.field(factory=dict)

    # -- workers ----------------------------------------------------------------------------------

    def seat(self, seat: Seat) -> None:
        """Take in a worker, or one whose definition has changed."""
        worker = seat.worker
        old = self._profile_of.pop(worker.id, None)
        if old is not None:
            del old.members[worker.id]
            for pool in old.pools.values():
                pool.seats.pop(worker.id, None)
            if not old.members:
                self._forget_profile(old)
        key = (worker.kind, worker.skills)
        profile = self._profiles.get(key)
        if profile is None:
            profile = self._profiles[key] = _Profile(worker)
            for lane in self._lanes.values():
                self._join(profile, lane)
        profile.members[worker.id] = seat
        self._profile_of[worker.id] = profile
        for channel in profile.pools.values():
            _sort_in(channel, profile)
        self._freed[worker.id] = seat

    def touch(self, seat: Seat) -> None:
        """A worker's presence, load or order has changed; its order is now the highest."""
        worker_id = seat.worker.id
        for pool in self._profile_of[worker_id].pools.values():
            if seat.open and seat.fits(pool.channel):
                pool.seats[worker_id] = seat
                pool.seats.move_to_end(worker_id)
                self._freed[worker_id] = seat
            else:
                pool.seats.pop(worker_id, None)

    # -- waiting interactions ---------------------------------------------------------------------

    def put(
        self, interaction: InteractionId, channel: Channel, requirement: Requirement, rank: Rank
    ) -> None:
        """It waits, for a worker who meets the requirement."""
        lane = self._lane(channel, requirement)
        entry = (*rank, interaction)
        heappush(lane.heap, entry)
        lane.live += 1
        self._waiting[interaction] = (entry, lane)
        self._fresh[interaction] = None

    def drop(self, interaction: InteractionId) -> None:
        """It waits no longer; one that did not wait is as good."""
        found = self._waiting.pop(interaction, None)
        if found is None:
            return
        lane = found[1]
        lane.live -= 1
        self._fresh.pop(interaction, None)
        if len(lane.heap) > 2 * lane.live + _SLACK:
            lane.heap = [entry for entry in lane.heap if self._is_live(entry)]
            heapify(lane.heap)

    def redefine(self, channel: Channel) -> None:
        """A channel's load may have changed: everybody is looked at anew."""
        for lane in self._lanes.values():
            if lane.channel.name == channel.name:
                lane.channel = channel
        for profile in self._profiles.values():
            pool = profile.pools.get(channel.name)
            if pool is not None:
                pool.channel = channel
                _sort_in(pool, profile)
                self._freed.update(profile.members)

    # -- decisions --------------------------------------------------------------------------------

    def anybody(self, channel: Channel, requirement: Requirement) -> bool:
        """Whether somebody who meets the requirement could be asked on that channel now."""
        return self._longest_idle(self._lane(channel, requirement)) is not None

    @property
    def restless(self) -> bool:
        """Whether `next_pair` has anything to look at."""
        return bool(self._fresh or self._freed)

    def next_pair(self) -> tuple[InteractionId, WorkerId] | None:
        """Whom to ask for what next, or None when no offerable pair is left."""
        best: _Entry | None = None
        if self._fresh:
            best = self._best_fresh()
        if self._freed:
            found = self._best_for_freed()
            if best is None or (found is not None and found < best):
                best = found
        if best is None:
            return None
        seat = self._longest_idle(self._waiting[best[3]][1])
        assert seat is not None  # whichever look-up found it made sure
        return best[3], seat.worker.id

    def _best_fresh(self) -> _Entry | None:
        best: _Entry | None = None
        for interaction in tuple(self._fresh):
            entry, lane = self._waiting[interaction]
            if self._longest_idle(lane) is None:
                del self._fresh[interaction]
            elif best is None or entry < best:
                best = entry
        return best

    def _best_for_freed(self) -> _Entry | None:
        best: _Entry | None = None
        for worker_id in tuple(self._freed):
            found = self._best_for(worker_id, self._freed[worker_id])
            if found is None:
                del self._freed[worker_id]
            elif best is None or found < best:
                best = found
        return best

    def _longest_idle(self, lane: _Lane) -> Seat | None:
        best: Seat | None = None
        for pool in lane.pools:
            if pool.seats:
                seat = next(iter(pool.seats.values()))
                if best is None or seat.order < best.order:
                    best = seat
        return best

    def _best_for(self, worker_id: WorkerId, seat: Seat) -> _Entry | None:
        best: _Entry | None = None
        for lane in self._profile_of[worker_id].lanes:
            if not lane.live or not seat.fits(lane.channel):
                continue
            while not self._is_live(lane.heap[0]):
                heappop(lane.heap)
            if best is None or lane.heap[0] < best:
                best = lane.heap[0]
        return best

    # -- lanes and pools --------------------------------------------------------------------------

    def _is_live(self, entry: _Entry) -> bool:
        found = self._waiting.get(entry[3])
        return found is not None and found[0] is entry

    def _lane(self, channel: Channel, requirement: Requirement) -> _Lane:
        key = (channel.name, requirement)
        lane = self._lanes.get(key)
        if lane is None:
            if len(self._lanes) > 2 * len(self._waiting) + _SLACK:
                self._forget_lanes()
            lane = self._lanes[key] = _Lane(channel, requirement)
            for profile in self._profiles.values():
                self._join(profile, lane)
        return lane

    def _forget_lanes(self) -> None:
        """Lanes nobody waits in: what things are about may be as many as the things."""
        self._lanes = {key: lane for key, lane in self._lanes.items() if lane.live}
        for profile in self._profiles.values():
            profile.lanes = [lane for lane in profile.lanes if lane.live]

    def _forget_profile(self, profile: _Profile) -> None:
        del self._profiles[profile.sample.kind, profile.sample.skills]
        for lane in profile.lanes:
            lane.pools.remove(profile.pools[lane.channel.name])

    def _join(self, profile: _Profile, lane: _Lane) -> None:
        if not admits(lane.requirement, profile.sample):
            return
        pool = profile.pools.get(lane.channel.name)
        if pool is None:
            pool = profile.pools[lane.channel.name] = _Pool(lane.channel)
            _sort_in(pool, profile)
        profile.lanes.append(lane)
        lane.pools.append(pool)


def _sort_in(pool: _Pool, profile: _Profile) -> None:
    fitting = [seat for seat in profile.members.values() if seat.fits(pool.channel)]
    fitting.sort(key=lambda seat: (seat.order, seat.worker.id))
    pool.seats = OrderedDict((seat.worker.id, seat) for seat in fitting)

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
    """Waiting interactions alike in channel and requirement, best rank first.

    Where the requirement names workers these are `seats`, and there are no pools.
    """

    channel: Channel
    requirement: Requirement
    pools: list[_Pool] = attrs.field(factory=list)
    seats: dict[WorkerId, Seat] = attrs.field(factory=dict)
    heap: list[_Entry] = attrs.field(factory=list)
    live: int = 0


@attrs.define(eq=False)
class RoutingIndex:
    """Waiting interactions on one side, workers on the other."""

    _profiles: dict[object, _Profile] = attrs.field(factory=dict)
    _profile_of: dict[WorkerId, _Profile] = attrs.field(factory=dict)
    _lanes: dict[tuple[str, Requirement], _Lane] = attrs.field(factory=dict)
    _named: dict[WorkerId, list[_Lane]] = attrs.field(factory=dict)
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
        key = _alike(worker)
        profile = self._profiles.get(key)
        if profile is None:
            profile = self._profiles[key] = _Profile(worker)
            for lane in self._lanes.values():
                self._join(profile, lane)
        profile.members[worker.id] = seat
        self._profile_of[worker.id] = profile
        for channel in profile.pools.values():
            _sort_in(channel, profile)
        for lane in self._named.get(worker.id, ()):
            _name(lane, seat)
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
        if seat.open and worker_id in self._named:
            self._freed[worker_id] = seat

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
            elif self._named:
                self._freed.update(profile.members)

    # -- decisions --------------------------------------------------------------------------------

    def anybody(self, channel: Channel, requirement: Requirement) -> bool:
        """Whether somebody who meets the requirement could be asked on that channel now."""
        return self._longest_idle(self._lane(channel, requirement)) is not None

    def waiting_for(self, worker: WorkerId) -> list[InteractionId]:
        """What waits for that worker by name, in order of the line."""
        lanes = [lane for lane in self._named.get(worker, ()) if lane.live]
        entries = {entry for lane in lanes for entry in lane.heap if self._is_live(entry)}
        return [entry[3] for entry in sorted(entries)]

    def somebody(
        self, channel: Channel, requirement: Requirement, but: frozenset[WorkerId]
    ) -> WorkerId | None:
        """The longest idle who meets the requirement and could be asked now, but for these."""
        lane = self._lane(channel, requirement)
        named = [seat for seat in lane.seats.values() if seat.fits(lane.channel)]
        able = [seat for pool in lane.pools for seat in pool.seats.values()] + named
        able = [seat for seat in able if seat.worker.id not in but]
        return min(able, key=_idle).worker.id if able else None

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
                if best is None or seat.order < best.order or _ties(seat, best):
                    best = seat
        for seat in lane.seats.values():
            if seat.fits(lane.channel) and (best is None or _idle(seat) < _idle(best)):
                best = seat
        return best

    def _best_for(self, worker_id: WorkerId, seat: Seat) -> _Entry | None:
        best: _Entry | None = None
        lanes = self._profile_of[worker_id].lanes
        if worker_id in self._named:
            named = (lane for lane in self._named[worker_id] if worker_id in lane.seats)
            lanes = [*lanes, *named]
        for lane in lanes:
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
            if requirement.workers:
                self._name(lane)
            else:
                for profile in self._profiles.values():
                    self._join(profile, lane)
        return lane

    def _name(self, lane: _Lane) -> None:
        for worker_id in sorted(lane.requirement.workers):
            self._named.setdefault(worker_id, []).append(lane)
            profile = self._profile_of.get(worker_id)
            if profile is not None:
                _name(lane, profile.members[worker_id])

    def _forget_lanes(self) -> None:
        """Lanes nobody waits in: what things are about may be as many as the things."""
        self._lanes = {key: lane for key, lane in self._lanes.items() if lane.live}
        for profile in self._profiles.values():
            profile.lanes = [lane for lane in profile.lanes if lane.live]
        named = {name: [lane for lane in lanes if lane.live] for name, lanes in self._named.items()}
        self._named = {name: lanes for name, lanes in named.items() if lanes}

    def _forget_profile(self, profile: _Profile) -> None:
        del self._profiles[_alike(profile.sample)]
        for lane in profile.lanes:
            lane.pools.remove(profile.pools[lane.channel.name])

    def _join(self, profile: _Profile, lane: _Lane) -> None:
        if lane.requirement.workers or not admits(lane.requirement, profile.sample):
            return
        pool = profile.pools.get(lane.channel.name)
        if pool is None:
            pool = profile.pools[lane.channel.name] = _Pool(lane.channel)
            _sort_in(pool, profile)
        profile.lanes.append(lane)
        lane.pools.append(pool)


def _idle(seat: Seat) -> tuple[int, WorkerId]:
    """Lower is longer."""
    return seat.order, seat.worker.id


def _ties(seat: Seat, best: Seat) -> bool:
    return seat.order == best.order and seat.worker.id < best.worker.id


def _alike(worker: Worker) -> object:
    """All that requirements look at."""
    return worker.kind, worker.department, worker.skills


def _name(lane: _Lane, seat: Seat) -> None:
    """A worker whom the lane names, if it meets the rest of the requirement."""
    if admits(lane.requirement, seat.worker):
        lane.seats[seat.worker.id] = seat
    else:
        lane.seats.pop(seat.worker.id, None)


def _sort_in(pool: _Pool, profile: _Profile) -> None:
    fitting = [seat for seat in profile.members.values() if seat.fits(pool.channel)]
    fitting.sort(key=_idle)
    pool.seats = OrderedDict((seat.worker.id, seat) for seat in fitting)

"""Lives: what of an interaction the figures still need, and how it is counted in the end.

Laws of this file: a stay in a queue is a waiting once something else than a machine at that very
instant ended it; no instant of waiting counts twice; each interaction is counted once.
"""

from datetime import datetime, timedelta
from typing import Final, TypeAlias

import attrs

from onechannel.insight.figures import Tally
from onechannel.insight.handling import Work
from onechannel.model.ids import CustomerId
from onechannel.model.interaction import EndReason

__all__ = ["Key", "Live", "Stay", "count", "end_stay", "key_of"]

_ZERO: Final = timedelta(0)
_WELL_ENDED: Final = frozenset({EndReason.RESOLVED, EndReason.WITHDRAWN})


@attrs.define(eq=False)
class Stay:
    """A stay in a queue, which may prove to be a waiting; `left_at` is by the queue's own clock."""

    queue: str
    put_at: datetime
    since: datetime
    observed: bool
    left_at: datetime | None = None
    end_unknown: bool = False


@attrs.define(eq=False)
class Live:
    """What of an interaction the figures still need; `tally` once it is counted.

    One that came back to a place that was kept has waited since it `came_back`.
    """

    channel: str
    customer: CustomerId | None
    about: str | None
    priority: int
    outbound: bool = False
    came_back: datetime | None = None
    put_into: str | None = None
    waited_in: str | None = None
    stay: Stay | None = None
    waited: timedelta = _ZERO
    waited_until: datetime | None = None
    wait_known: bool = True
    unserved: bool = False
    by_person: bool = False
    by_machine: bool = False
    machine_serves: bool = False
    walked_out: bool = False
    called_back: bool = False
    said_accepted: bool = False
    work: Work = attrs.field(factory=Work)
    tally: Tally | None = None

    @property
    def worked(self) -> Work:
        """Where its work counts: once it is counted, with all that is."""
        return self.work if self.tally is None else self.tally.work


#: The channel it began on, and the queue it counts under.
Key: TypeAlias = tuple[str, str | None]


def key_of(live: Live) -> Key:
    """Under what it counts."""
    stayed_in = None if live.stay is None else live.stay.queue
    return live.channel, live.waited_in or stayed_in or live.put_into or live.about


def end_stay(live: Live, at: datetime) -> None:
    """The stay was a waiting, and is over: by the queue's own clock, or else at `at`."""
    stay = live.stay
    if stay is None:
        return
    live.stay = None
    live.unserved = True
    if live.waited_in is None:
        live.waited_in = stay.queue
    end = stay.left_at
    if end is None:
        if stay.end_unknown:
            live.wait_known = False
            return
        end = at
    # No instant counts twice, though a second waiting may keep the age of the first.
    begin = stay.since if live.waited_until is None else max(stay.since, live.waited_until)
    live.waited_until = max(begin, end)
    live.waited += live.waited_until - begin


def count(tally: Tally, live: Live, reason: EndReason | None) -> None:
    """Count an interaction that ended for this reason, or is open."""
    tally.work.add(live.work)
    if live.outbound:
        tally.outbound += 1
        return
    queued = live.waited_in is not None or live.stay is not None
    abandoned = reason is EndReason.ABANDONED
    answered = live.by_person or (live.said_accepted and not abandoned)
    tally.interactions += 1
    tally.queued += queued
    tally.answered += answered
    tally.superseded += reason is EndReason.SUPERSEDED
    tally.callbacks += live.called_back
    if live.customer is None:
        tally.unidentified += 1
    else:
        tally.customers[live.customer] = tally.customers.get(live.customer, 0) + 1
    if not answered:
        _count_unanswered(tally, live, reason, queued)
    elif not queued:
        tally.at_once += 1
    elif live.wait_known:
        tally.waits.append(live.waited.total_seconds())


def _count_unanswered(tally: Tally, live: Live, reason: EndReason | None, queued: bool) -> None:
    tally.abandoned += reason is EndReason.ABANDONED and live.unserved
    tally.walked_out += live.walked_out
    if live.by_machine and not queued and not live.walked_out:
        tally.self_served += reason in _WELL_ENDED

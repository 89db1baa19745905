"""Figures: counts, means and medians of any number of interactions.

Laws of this file: a mean of nothing is None; nothing is rounded; sums are exact, so that neither
the order of the log nor the way it was grouped shows in them.
"""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from math import fsum
from typing import Any, Final

import attrs

from onechannel.insight.handling import Work
from onechannel.model.ids import CustomerId

__all__ = ["Figures", "Tally", "figures"]

# "80 % within 20 seconds" is the target most centres name; the field's name says so too.
_PROMPT_S: Final = 20.0


@attrs.frozen(kw_only=True)
class Figures:
    """What became of a number of interactions.

    - `interactions`: a customer reached us. `outbound`: we reached a customer, which counts nowhere
      else but in handling. Side conversations count in neither.
    - `queued`: waited in a queue. Being put into one and accepted by a machine at that very instant
      is no waiting, unless somebody else routes the queue.
    - `answered`: a person (whoever is not a machine) began to serve. Where the log holds an anomaly
      instead of the acceptance, before the closing, it is answered unless it closed as abandoned.
    - `abandoned`: closed as abandoned after a waiting that no acceptance ended, and not answered.
      `abandoned_returned`: likewise, but the customer came back while the place was kept.
    - `self_served`: accepted by a machine, never queued, never answered, closed as resolved or
      withdrawn; `walked_out`: not answered, and the customer left while a machine served.
    - `superseded`: ended because the customer came another way. `callbacks`: a callback was
      promised. Neither is an abandonment.
    - `wait_mean_s`, `wait_median_s`: over all answered whose wait is known; not queued counts 0.
      The wait is the sum of all stays in queues.
    - `wait_queued_mean_s`: over those of them that were queued.
    - `handle_mean_s`: from a person's beginning to serve to the release, hold and wrap-up included,
      over all that are over; `talk_mean_s`, `hold_mean_s` and `wrap_up_mean_s` are its parts.
    - `consult_mean_s`: the same of those who were consulted or came into the conference.
    - `answered_within_20s`: answered after a wait of at most 20 s in a queue, divided by `queued`:
      who abandoned counts as missed.
    - `customers`: who came, each once; `returning_customers`: those of them who came again.
    - `unidentified`: interactions without a customer.
    """

    interactions: int
    outbound: int
    self_served: int
    walked_out: int
    queued: int
    abandoned: int
    abandoned_returned: int
    superseded: int
    callbacks: int
    answered: int
    wait_mean_s: float | None
    wait_median_s: float | None
    wait_queued_mean_s: float | None
    handle_mean_s: float | None
    talk_mean_s: float | None
    hold_mean_s: float | None
    wrap_up_mean_s: float | None
    consult_mean_s: float | None
    answered_within_20s: float | None
    customers: int
    returning_customers: int
    unidentified: int

    def to_dict(self) -> dict[str, Any]:
        """The same in plain JSON values."""
        return {field.name: _plain(getattr(self, field.name)) for field in attrs.fields(type(self))}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value.to_dict() if isinstance(value, Figures) else value


@attrs.define(eq=False)
class Tally:
    """Sums of which figures are made; `waits` are seconds, of those queued and answered.

    `at_once` were answered without having queued.
    """

    interactions: int = 0
    outbound: int = 0
    self_served: int = 0
    walked_out: int = 0
    queued: int = 0
    abandoned: int = 0
    abandoned_returned: int = 0
    superseded: int = 0
    callbacks: int = 0
    answered: int = 0
    at_once: int = 0
    unidentified: int = 0
    work: Work = attrs.field(factory=Work)
    waits: "array[float]" = attrs.field(factory=lambda: array("d"))
    customers: dict[CustomerId, int] = attrs.field(factory=dict)


#: What is counted, and needs no more than to be added up.
_COUNTS: Final = [
    field.name
    for field in attrs.fields(Tally)
    if field.name in {figure.name for figure in attrs.fields(Figures)} - {"customers"}
]


def figures(tallies: Sequence[Tally]) -> Figures:
    """The figures of everything these tallies count."""
    counts = {name: sum(getattr(tally, name) for tally in tallies) for name in _COUNTS}
    at_once = sum(tally.at_once for tally in tallies)
    waits = sorted(chain.from_iterable(tally.waits for tally in tallies))
    waited = fsum(waits)
    work = Work()
    customers: Counter[CustomerId] = Counter()
    for tally in tallies:
        work.add(tally.work)
        customers.update(tally.customers)
    return Figures(
        **counts,
        wait_mean_s=_mean(waited, len(waits) + at_once),
        wait_median_s=_median(at_once, waits),
        wait_queued_mean_s=_mean(waited, len(waits)),
        handle_mean_s=_mean(work.handled.total_seconds(), work.served),
        talk_mean_s=_mean(work.talked.total_seconds(), work.served),
        hold_mean_s=_mean(work.held.total_seconds(), work.served),
        wrap_up_mean_s=_mean(work.wrapped.total_seconds(), work.served),
        consult_mean_s=_mean(work.advised.total_seconds(), work.consulted),
        answered_within_20s=_mean(bisect_right(waits, _PROMPT_S), counts["queued"]),
        customers=len(customers),
        returning_customers=sum(times > 1 for times in customers.values()),
    )


def _mean(total: float, number: int) -> float | None:
    return total / number if number else None


def _median(zeros: int, waits: Sequence[float]) -> float | None:
    """The middle of the sorted waits, after that many zeros."""
    number = zeros + len(waits)
    if not number:
        return None
    low, high = (number - 1) // 2, number // 2
    return sum(waits[middle - zeros] if middle >= zeros else 0.0 for middle in (low, high)) / 2

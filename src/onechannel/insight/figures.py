"""Figures: counts, means and medians of any number of interactions.

Laws of this file: a mean of nothing is None; nothing is rounded; sums are exact, so that neither
the order of the log nor the way it was grouped shows in them.
"""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import chain
from math import fsum
from typing import Any, Final

import attrs

from onechannel.model.ids import CustomerId

__all__ = ["Figures", "Tally", "figures"]

_ZERO: Final = timedelta(0)
# "80 % within 20 seconds" is the target most centres name; the field's name says so too.
_PROMPT_S: Final = 20.0


@attrs.frozen(kw_only=True)
class Figures:
    """What became of a number of interactions.

    - `interactions`: arrived.
    - `queued`: waited in a queue. Being put into one and accepted by a machine at that very instant
      is no waiting, unless somebody else routes the queue.
    - `answered`: a person (whoever is not a machine) accepted it. Where the log holds an anomaly
      instead of the acceptance, before the closing, it is answered unless it closed as abandoned.
    - `abandoned`: closed as abandoned after a waiting that no acceptance ended, and not answered.
    - `self_served`: accepted by a machine, never queued, never answered, closed as resolved or
      withdrawn.
    - `wait_mean_s`, `wait_median_s`: over all answered whose wait is known; not queued counts 0.
    - `wait_queued_mean_s`: over those of them that were queued.
    - `handle_mean_s`: from acceptance to release, wrap-up included, over all assignments of persons
      that are over.
    - `answered_within_20s`: answered after a wait of at most 20 s in a queue, divided by `queued`:
      who abandoned counts as missed.
    - `customers`: who came, each once; `returning_customers`: those of them who came again.
    - `unidentified`: interactions without a customer.
    """

    interactions: int
    self_served: int
    queued: int
    abandoned: int
    answered: int
    wait_mean_s: float | None
    wait_median_s: float | None
    wait_queued_mean_s: float | None
    handle_mean_s: float | None
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
    self_served: int = 0
    queued: int = 0
    abandoned: int = 0
    answered: int = 0
    at_once: int = 0
    handlings: int = 0
    handled: timedelta = _ZERO
    unidentified: int = 0
    waits: "array[float]" = attrs.field(factory=lambda: array("d"))
    customers: dict[CustomerId, int] = attrs.field(factory=dict)


def figures(tallies: Sequence[Tally]) -> Figures:
    """The figures of everything these tallies count."""
    queued = sum(tally.queued for tally in tallies)
    at_once = sum(tally.at_once for tally in tallies)
    handlings = sum(tally.handlings for tally in tallies)
    handled = sum((tally.handled for tally in tallies), _ZERO)
    waits = sorted(chain.from_iterable(tally.waits for tally in tallies))
    waited = fsum(waits)
    customers: Counter[CustomerId] = Counter()
    for tally in tallies:
        customers.update(tally.customers)
    return Figures(
        interactions=sum(tally.interactions for tally in tallies),
        self_served=sum(tally.self_served for tally in tallies),
        queued=queued,
        abandoned=sum(tally.abandoned for tally in tallies),
        answered=sum(tally.answered for tally in tallies),
        wait_mean_s=_mean(waited, len(waits) + at_once),
        wait_median_s=_median(at_once, waits),
        wait_queued_mean_s=_mean(waited, len(waits)),
        handle_mean_s=_mean(handled.total_seconds(), handlings),
        answered_within_20s=_mean(bisect_right(waits, _PROMPT_S), queued),
        customers=len(customers),
        returning_customers=sum(times > 1 for times in customers.values()),
        unidentified=sum(tally.unidentified for tally in tallies),
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

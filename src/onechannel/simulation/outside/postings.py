"""Postings: in which order, when and how often a vendor delivers what it has to deliver.

Laws of this file: a fault is one row of the table, and says which vendor does so; nothing is lost
for good; the same seed gives the same postings.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import permutations
from random import Random
from typing import Final, TypeVar

import attrs

from onechannel.delivery import Letter
from onechannel.errors import InvalidValue
from onechannel.model.checks import member
from onechannel.model.code import Code

__all__ = ["FAULTS", "Fault", "Posting", "WebhookFault", "again", "orders", "postings"]

T = TypeVar("T")

_AT_ONCE: Final = timedelta(0)
#: Of five items there are 120 orders; more are not tried by anybody's test.
_MOST_PERMUTED: Final = 5


class WebhookFault(Code):
    """What a vendor makes of its deliveries; `FAULTS` says what each is, and who does so."""

    AS_SENT = "as-sent"
    DOUBLED = "doubled"
    REPEATED = "repeated"
    STALE = "stale"
    LATE = "late"
    LOST = "lost"
    REORDERED = "reordered"
    BURST = "burst"


@attrs.frozen
class Posting:
    """One delivery: of which item, how long after the first could have come, and which copy of it.

    `copy` is 0 for what was sent in the first place, however often that arrives; a vendor that
    numbers its deliveries gives a later copy a number of its own.
    """

    number: int
    after: timedelta = _AT_ONCE
    copy: int = 0


@attrs.frozen
class Fault:
    """A row of the table: what comes, with whom that was seen, and how it is made."""

    what: str
    seen: str
    make: Callable[[Sequence[object], Random], list[Posting]] = attrs.field(repr=False)


def postings(
    items: Sequence[object], fault: WebhookFault | str, *, seed: int = 0
) -> tuple[Posting, ...]:
    """How a vendor with this fault delivers these, in the order in which they arrive."""
    row = FAULTS[member(WebhookFault, fault)]
    made = row.make(items, Random(seed))
    return tuple(sorted(made, key=lambda one: one.after))  # those of a moment stay as they are


def orders(count: int) -> Iterator[tuple[int, ...]]:
    """Every order in which so many may come; raises `InvalidValue` for more than five."""
    if count > _MOST_PERMUTED:
        raise InvalidValue(
            f"{count} items come in too many orders to try each: take {_MOST_PERMUTED} or fewer, "
            'or "reordered" with several seeds'
        )
    return permutations(range(count))


def again(item: T, copy: int) -> T:
    """An item as its copy comes: a `Letter` whose deliveries are numbered has another number."""
    if copy and isinstance(item, Letter) and item.delivery is not None:
        return attrs.evolve(item, delivery=f"{item.delivery}~{copy}")
    return item


# -- how each is made -----------------------------------------------------------------------------

#: Slack repeats what was not answered after one minute and after five; a centre that remembers for
#: five minutes has just forgotten it.
_SOON: Final = (_AT_ONCE, timedelta(minutes=1), timedelta(minutes=5))
#: Meta repeats for up to seven days.
_MUCH_LATER: Final = (_AT_ONCE, timedelta(days=7))
#: What was on its way when a connection broke comes by the vendor's next try.
_NEXT_TRY: Final = timedelta(seconds=200)
_OUTAGE: Final = timedelta(hours=1)


def _at(moments: Sequence[timedelta], items: Sequence[object], _chance: Random) -> list[Posting]:
    """All of it at each of these moments; what comes later are copies."""
    return [
        Posting(number, moment, copy)
        for copy, moment in enumerate(moments)
        for number in range(len(items))
    ]


def _doubled(items: Sequence[object], _chance: Random) -> list[Posting]:
    return [Posting(number) for number in range(len(items)) for _ in range(2)]


def _first_comes_last(copy: int, items: Sequence[object], _chance: Random) -> list[Posting]:
    """The others refer to what the first begins, and come before it."""
    first = Posting(0, _NEXT_TRY, copy)
    return [*(Posting(number) for number in range(1, len(items))), *[first][: len(items)]]


def _reordered(items: Sequence[object], chance: Random) -> list[Posting]:
    return [Posting(number) for number in _another_order(items, chance)]


def _burst(items: Sequence[object], chance: Random) -> list[Posting]:
    """All that was held back, some of it twice by now."""
    order = _another_order(items, chance)
    twice = [number for number in order if number == order[0] or chance.random() < 1 / 2]
    found = [Posting(number, _OUTAGE) for number in order]
    for number in twice:
        after = found.index(Posting(number, _OUTAGE)) + 1
        found.insert(chance.randint(after, len(found)), Posting(number, _OUTAGE, 1))
    return found


def _another_order(items: Sequence[object], chance: Random) -> list[int]:
    """An order in which they look otherwise than they were sent, if there is one."""
    order = [*range(len(items))]
    chance.shuffle(order)
    if all(items[number] == item for number, item in zip(order, items, strict=True)):
        order.sort()
        for number, item in enumerate(items):
            if item != items[0]:
                order[0], order[number] = order[number], order[0]
                break
    return order


#: What vendors do. Each has been seen, by many more than the one that is named.
FAULTS: Final[Mapping[WebhookFault, Fault]] = {
    WebhookFault.AS_SENT: Fault(
        "each once, in the order in which they were sent", "on good days", partial(_at, _SOON[:1])
    ),
    WebhookFault.DOUBLED: Fault(
        "each twice, the second time at once",
        "whoever is called back by two servers of a vendor",
        _doubled,
    ),
    WebhookFault.REPEATED: Fault(
        "all of them, all again after a minute, and again after five",
        "Slack, where an answer took more than three seconds",
        partial(_at, _SOON),
    ),
    WebhookFault.STALE: Fault(
        "all of them, and all again seven days later",
        "WhatsApp, Messenger and Instagram, where an answer was lost",
        partial(_at, _MUCH_LATER),
    ),
    WebhookFault.LATE: Fault(
        "the first comes last, 200 seconds after the others",
        "receipts that overtake their message, and whatever is queued in two places",
        partial(_first_comes_last, 0),
    ),
    WebhookFault.LOST: Fault(
        "the first never arrives; a copy of it does, 200 seconds later, as another delivery",
        "Slack, Twilio and GitHub, whose repetitions are marked as such",
        partial(_first_comes_last, 1),
    ),
    WebhookFault.REORDERED: Fault(
        "all at once, in another order than they were sent in",
        "everybody who delivers by more than one connection",
        _reordered,
    ),
    WebhookFault.BURST: Fault(
        "nothing for an hour, then all of it at once, in another order and some twice",
        "everybody who repeats, after an outage on either side",
        _burst,
    ),
}

"""Webhooks: what a vendor posts, delivered to a handler under test as vendors do.

Laws of this file: what comes, when and how often is decided by the table of postings alone; time
passes only between two postings, on the centre that is given.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

import attrs

from onechannel.errors import InvalidValue
from onechannel.model.checks import member
from onechannel.simulation import VirtualCentre
from onechannel.simulation.outside import Posting, WebhookFault, orders, postings
from onechannel.simulation.outside import again as again_by_default

__all__ = ["Asked", "Deliveries", "Posted", "Webhooks", "asked_for"]

T = TypeVar("T")

EVERY_ORDER: Final = "every-order"
#: Those that chance has a part in: other seeds make other postings.
_BY_CHANCE: Final = frozenset({WebhookFault.REORDERED, WebhookFault.BURST})

#: What a vendor does where it was not told 2xx: it comes again after these, and then no more.
_TRIES: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1))
_GOOD: Final = range(200, 300)
_THEIRS: Final = 500
_TOO_MANY: Final = 429


@attrs.frozen
class Asked:
    """How one run of a test has its webhooks delivered: with a fault, or in a given order."""

    fault: WebhookFault = WebhookFault.AS_SENT
    seed: int = 0
    order: tuple[int, ...] | None = None

    def __str__(self) -> str:
        if self.order is not None:
            return "order-" + "-".join(str(number + 1) for number in self.order)
        return f"{self.fault}-{self.seed}" if self.seed else self.fault.value


def asked_for(
    *faults: str, seed: int = 0, seeds: int = 1, of: int | None = None
) -> tuple[Asked, ...]:
    """The runs that `@pytest.mark.webhooks(*faults)` means; without any fault, all there are.

    Faults with chance in them run once for each of so many `seeds`, from `seed` on. "every-order"
    runs once for each order of `of` payloads. Raises `InvalidValue` for a fault that is none.
    """
    found: list[Asked] = []
    for name in faults or [one for one in WebhookFault if one is not WebhookFault.AS_SENT]:
        if name == EVERY_ORDER:
            if of is None:
                raise InvalidValue('"every-order" needs to know of how many payloads: say of=3')
            found += [Asked(order=order) for order in orders(of)]
            continue
        fault = _fault(name)
        many = range(seed, seed + seeds) if fault in _BY_CHANCE else (0,)
        found += [Asked(fault, number) for number in many]
    return tuple(found)


def _fault(name: str) -> WebhookFault:
    known = [*(one.value for one in WebhookFault), EVERY_ORDER]
    if name not in known:
        raise InvalidValue(f"webhooks come {', '.join(known)}: {name!r} is none of these")
    return member(WebhookFault, name)


def _kind(fault: Exception | None) -> str:
    return type(fault).__name__


class Webhooks:
    """Delivers what a vendor posts: `for body in webhooks(bodies): handle(body)`.

    Under the fault that `@pytest.mark.webhooks` asked for, or `Webhooks(centre, "doubled")`; on the
    centre's virtual time, where one is given. Payloads are whatever the handler takes.
    """

    def __init__(
        self,
        centre: VirtualCentre | None = None,
        asked: Asked | str | None = None,
        *,
        seed: int = 0,
    ) -> None:
        self.centre: VirtualCentre | None = centre
        self._asked = Asked(_fault(asked), seed) if isinstance(asked, str) else asked

    def __call__(
        self, payloads: Iterable[T], *, again: Callable[[T, int], T] = again_by_default
    ) -> "Deliveries[T]":
        """These payloads, in the order in which the vendor sent them, as they arrive.

        `again(payload, copy)` makes what a later copy looks like, with a delivery id of its own; as
        it is, a `Letter` has another `delivery`, and everything else comes as it was.
        """
        if self._asked is None:
            known = ", ".join(one.value for one in WebhookFault)
            raise InvalidValue(
                f"say how they are delivered: @pytest.mark.webhooks(...), with some of {known}, or "
                "with nothing for all of them"
            )
        sent = tuple(payloads)
        return Deliveries(self.centre, sent, self._postings(sent), again)

    def _postings(self, sent: Sequence[object]) -> tuple[Posting, ...]:
        assert self._asked is not None
        order = self._asked.order
        if order is None:
            return postings(sent, self._asked.fault, seed=self._asked.seed)
        if len(order) != len(sent):
            raise InvalidValue(
                f'there are {len(sent)} payloads: say @pytest.mark.webhooks("{EVERY_ORDER}", '
                f"of={len(sent)})"
            )
        return tuple(Posting(number) for number in order)


@attrs.define(eq=False)
class Posted(Generic[T]):
    """What a handler was given, when, which try of the vendor's it was, and what it answered.

    `answer` is the code, or 500 for what it raised, which is `fault`.
    """

    payload: T = attrs.field(repr=False)
    at: datetime | None
    attempt: int = 1
    answer: int = 200
    fault: Exception | None = attrs.field(default=None, repr=_kind)

    @property
    def accepted(self) -> bool:
        """Whether the vendor takes it for delivered."""
        return self.answer in _GOOD


@attrs.frozen
class Deliveries(Generic[T]):
    """Payloads as they arrive; to be gone through, once, or given to a handler."""

    centre: VirtualCentre | None
    sent: tuple[T, ...]
    postings: tuple[Posting, ...]
    again: Callable[[T, int], T]

    def __iter__(self) -> Iterator[T]:
        begins = self._now()
        for posting in self.postings:
            self._pass(begins, posting.after)
            yield self._payload(posting)

    async def __aiter__(self) -> AsyncIterator[T]:
        begins = self._now()
        for posting in self.postings:
            await self._pass_async(begins, posting.after)
            yield self._payload(posting)

    # -- to a handler -----------------------------------------------------------------------------

    def to(self, handle: Callable[[T], Any]) -> tuple[Posted[T], ...]:
        """Give all of it to a handler, one after the other; gives what it answered, in order.

        It answers a code, something that has a `status_code` or a `status`, or anything else for
        200; what it raises is a 500. After a 429 or a 5xx the vendor comes again, after a minute,
        five and an hour, and then no more; after another 4xx it does not come again.
        """
        begins, schedule = self._now(), _Schedule(self.postings)
        while (after := schedule.next_moment) is not None:
            self._pass(begins, after)
            for one in schedule.due():
                posted = self._posted(one)
                with _taken(posted):
                    posted.answer = _code(handle(posted.payload))
                schedule.note(one, posted)
        return tuple(schedule.posted)

    async def to_async(self, handle: Callable[[T], Awaitable[Any]]) -> tuple[Posted[T], ...]:
        """The same for a handler to be awaited; what arrives at one moment arrives side by side."""
        import anyio

        begins, schedule = self._now(), _Schedule(self.postings)

        async def post(one: _Try) -> None:
            posted = self._posted(one)
            with _taken(posted):
                posted.answer = _code(await handle(posted.payload))
            schedule.note(one, posted)

        while (after := schedule.next_moment) is not None:
            await self._pass_async(begins, after)
            async with anyio.create_task_group() as group:
                for one in schedule.due():
                    group.start_soon(post, one)
        return tuple(schedule.posted)

    # -- how it is done ---------------------------------------------------------------------------

    def _payload(self, posting: Posting) -> T:
        payload = self.sent[posting.number]
        return self.again(payload, posting.copy) if posting.copy else payload

    def _posted(self, one: "_Try") -> Posted[T]:
        return Posted(self._payload(one.posting), self._now(), one.attempt)

    def _now(self) -> datetime | None:
        return None if self.centre is None else self.centre.now

    def _pass(self, begins: datetime | None, after: timedelta) -> None:
        if self.centre is not None and begins is not None and begins + after > self.centre.now:
            self.centre.advance_to(begins + after)

    async def _pass_async(self, begins: datetime | None, after: timedelta) -> None:
        """Let time pass where code that awaits can see it, if such is being tested."""
        from onechannel.testing.live import live_of

        live = None if self.centre is None else live_of(self.centre)
        if live is None:
            self._pass(begins, after)
        elif begins is not None and begins + after > live.now:
            await live.advance_to(begins + after)


@attrs.frozen
class _Try:
    """A delivery, or a later try of it."""

    posting: Posting
    attempt: int = 1


class _Schedule:
    """What is still to come, and what has come."""

    def __init__(self, ahead: Iterable[Posting]) -> None:
        self._ahead = [_Try(one) for one in ahead]
        self.posted: list[Posted[Any]] = []

    @property
    def next_moment(self) -> timedelta | None:
        return min((one.posting.after for one in self._ahead), default=None)

    def due(self) -> list[_Try]:
        """What comes at the next moment, which is come."""
        moment = self.next_moment
        found = [one for one in self._ahead if one.posting.after == moment]
        self._ahead = [one for one in self._ahead if one.posting.after != moment]
        return found

    def note(self, one: _Try, posted: Posted[Any]) -> None:
        """It was answered so; perhaps the vendor comes again."""
        self.posted.append(posted)
        passing = posted.answer >= _THEIRS or posted.answer == _TOO_MANY
        if passing and one.attempt <= len(_TRIES):
            posting = one.posting
            later = attrs.evolve(
                posting, after=posting.after + _TRIES[one.attempt - 1], copy=posting.copy + 1
            )
            self._ahead.append(_Try(later, one.attempt + 1))


@contextmanager
def _taken(posted: Posted[Any]) -> Iterator[None]:
    """What a handler raises is a 500 to the vendor; what a test asserts is the test's."""
    try:
        yield
    except AssertionError:
        raise
    except Exception as raised:  # noqa: BLE001 - as whatever serves the handler would answer
        posted.answer, posted.fault = _THEIRS, raised


def _code(answer: object) -> int:
    if isinstance(answer, int) and not isinstance(answer, bool):
        return answer
    for name in ("status_code", "status"):
        if isinstance(code := getattr(answer, name, None), int):
            return code
    return 200

"""Answers: what a vendor answers to what it is sent, as it was told to, and what it was sent.

Laws of this file: what was told for so many times comes first, in the order it was told; what a
request holds is never shown but to whoever asks for it.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from itertools import count
from typing import Any, Final

import attrs

from onechannel.delivery import GivenUp, Outcome, Postponed, Sent
from onechannel.errors import InvalidValue
from onechannel.events import Event
from onechannel.model.checks import utc
from onechannel.model.code import Code
from onechannel.model.personal import personal
from onechannel.simulation.clockwork import span_of

__all__ = ["Answering", "Manner", "VendorAnswer", "VendorRequest", "outcome_of"]

_AT_ONCE: Final = timedelta(0)
_CODES: Final = range(200, 600)

#: What a client may try again though it is one of the 4xx: a time-out, and too many.
_PASSING: Final = frozenset({408, 425, 429})
_FAULTS_OF_THEIRS: Final = 500
_REFUSALS: Final = 400


class Manner(Code):
    """How a vendor treats whoever calls: it answers, cannot be reached, or never says anything."""

    ANSWERS = "answers"
    DOWN = "down"
    HANGS = "hangs"


@attrs.frozen(kw_only=True)
class VendorAnswer:
    """What a vendor answers, and after how long; `retry_after` is what it asks for."""

    manner: Manner = Manner.ANSWERS
    code: int = 200
    retry_after: timedelta | datetime | None = None
    after: timedelta = _AT_ONCE
    body: Any = attrs.field(default=None, repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict)

    def spared(self, now: datetime) -> timedelta | None:
        """For how long it asks to be left alone, if it does."""
        if isinstance(self.retry_after, datetime):
            return max(self.retry_after - now, _AT_ONCE)
        return self.retry_after

    @property
    def said(self) -> str:
        """In a word: its code, or that there was none."""
        return str(self.code) if self.manner is Manner.ANSWERS else self.manner.value


def outcome_of(answer: VendorAnswer, now: datetime) -> Outcome:
    """What an answer means for the effect it answers."""
    if answer.manner is not Manner.ANSWERS:
        return Postponed("no answer")
    if answer.code < _REFUSALS:
        return Sent()
    said = f"HTTP {answer.code}"
    if answer.code in _PASSING or answer.code >= _FAULTS_OF_THEIRS:
        return Postponed(said, answer.spared(now))
    return GivenUp(said)


@attrs.define(kw_only=True, eq=False)
class VendorRequest:
    """What a vendor was sent; `answered` says how, "429" or "down", once it is.

    `headers` are by their names in small letters. `too_soon` says that the vendor had asked to be
    left alone until later. Of an effect of the centre there is the `event`. `attempt` counts those
    of one key from 1.
    """

    at: datetime
    method: str = "POST"
    path: str = "/"
    query: str = attrs.field(default="", repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=", ".join)
    body: bytes = personal(subject="customer", default=b"")
    answered: str | None = None
    too_soon: bool = False
    event: Event | None = attrs.field(default=None, repr=False)
    attempt: int = 1

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)

    @property
    def key(self) -> str | None:
        """By which a repetition can be told: the header `Idempotency-Key`."""
        return self.headers.get("idempotency-key")


@attrs.define
class _Told:
    """What it was told to answer, to paths that match; `times` are left, or there is no end."""

    answer: VendorAnswer
    to: str
    times: int | None


@attrs.frozen
class _Spared:
    """Since when it has asked to be left alone, by two clocks, for how long, and where."""

    at: datetime
    mark: timedelta
    span: timedelta
    to: str


class Answering(ABC):
    """A vendor that answers as it is told to, and notes what it is sent.

    What it is told for so many `times` comes first, in the order it was told; without them it holds
    from now on, until something else is told or `is_up` is. `to` limits it to paths of a pattern:
    `to="/messages/*"`, `to="/message.sent"` for effects of the centre. Told nothing, it answers 200
    with an id of its own.
    """

    def __init__(self) -> None:
        self._first: list[_Told] = []
        self._from_now_on: list[_Told] = []
        self._spared: list[_Spared] = []
        self._requests: list[VendorRequest] = []
        self._ids = count(1)

    # -- what it is told --------------------------------------------------------------------------

    def answers(
        self,
        code: int = 200,
        *,
        times: int | None = None,
        retry_after: float | timedelta | datetime | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        to: str = "*",
    ) -> None:
        """Answer with this code, and perhaps with `Retry-After`: seconds, a span, or a date.

        `body` is bytes, a text, or what becomes JSON; or it is called with the request to make it.
        """
        if code not in _CODES:
            raise InvalidValue(f"no vendor answers {code}: say a code from 200 to 599")
        asked = retry_after
        if isinstance(asked, datetime):
            asked = utc(asked, "retry_after")
        elif isinstance(asked, int | float):
            asked = span_of(None, {"seconds": asked}, "retry_after")
        answer = VendorAnswer(code=code, retry_after=asked, body=body, headers=headers or {})
        self._tell(answer, times, to)

    def is_down(self, *, times: int | None = None, to: str = "*") -> None:
        """Break every connection without an answer."""
        self._tell(VendorAnswer(manner=Manner.DOWN), times, to)

    def hangs(self, *, times: int | None = None, to: str = "*") -> None:
        """Take the request, and never answer."""
        self._tell(VendorAnswer(manner=Manner.HANGS), times, to)

    def is_slow(
        self,
        span: timedelta | None = None,
        *,
        times: int | None = None,
        to: str = "*",
        **parts: float,
    ) -> None:
        """Answer as usual, but only after so long: `is_slow(seconds=20)`."""
        after = span_of(span, parts, "is_slow")
        if not after:
            raise InvalidValue("say after how long it answers: is_slow(seconds=20)")
        self._tell(VendorAnswer(after=after), times, to)

    def is_up(self) -> None:
        """Forget all that was told: answer 200 from now on."""
        self._first.clear()
        self._from_now_on.clear()

    def _tell(self, answer: VendorAnswer, times: int | None, to: str) -> None:
        if times is None:
            self._from_now_on.append(_Told(answer, to, None))
        elif times > 0:
            self._first.append(_Told(answer, to, times))
        else:
            raise InvalidValue(f"a vendor cannot answer {times} times: say how often, or nothing")

    # -- what it was sent -------------------------------------------------------------------------

    @property
    def requests(self) -> tuple[VendorRequest, ...]:
        """All that it was sent, in order."""
        return tuple(self._requests)

    @property
    def accepted(self) -> tuple[VendorRequest, ...]:
        """What it was sent and answered with a code below 400."""
        return tuple(
            one
            for one in self._requests
            if one.answered is not None and one.answered.isdigit() and int(one.answered) < _REFUSALS
        )

    @property
    def too_soon(self) -> tuple[VendorRequest, ...]:
        """What came though it had asked, by `Retry-After`, to be left alone until later."""
        return tuple(one for one in self._requests if one.too_soon)

    # -- how it is done ---------------------------------------------------------------------------

    @property
    @abstractmethod
    def _now(self) -> datetime:
        """What time it is."""

    def _mark(self) -> timedelta:
        """Another clock, if there is one by which somebody may have waited."""
        return _AT_ONCE

    def _begun(self, request: VendorRequest) -> VendorRequest:
        """Note a request that has come."""
        request.too_soon = any(
            max(self._now - one.at, self._mark() - one.mark) < one.span
            for one in self._spared
            if fnmatchcase(request.path, one.to)
        )
        if request.event is None and request.key is not None:
            request.attempt += sum(one.key == request.key for one in self._requests)
        self._requests.append(request)
        return request

    def _answered(self, request: VendorRequest) -> VendorAnswer:
        """What this one is answered, with its body as bytes."""
        told = self._told(request.path)
        answer = VendorAnswer() if told is None else told.answer
        span = answer.spared(self._now)
        if span is not None:
            to = "*" if told is None else told.to
            self._spared.append(_Spared(self._now, self._mark(), span, to))
        request.answered = answer.said
        return attrs.evolve(answer, body=self._body(answer, request))

    def _told(self, path: str) -> _Told | None:
        for told in self._first:
            if fnmatchcase(path, told.to):
                assert told.times is not None
                told.times -= 1
                if not told.times:
                    self._first.remove(told)
                return told
        found = (told for told in reversed(self._from_now_on) if fnmatchcase(path, told.to))
        return next(found, None)

    def _body(self, answer: VendorAnswer, request: VendorRequest) -> bytes:
        body = answer.body(request) if callable(answer.body) else answer.body
        if body is None:
            body = {"id": f"v-{next(self._ids)}"} if answer.code < _REFUSALS else {}
        if isinstance(body, bytes):
            return body
        return (body if isinstance(body, str) else json.dumps(body)).encode()

"""An expectation: that something happens in a centre, asked in one of four ways.

Laws of this file: what is not asked says nothing, and is remembered; time passes only as far as is
needed to know.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import attrs

from onechannel.errors import InvalidValue
from onechannel.model.checks import utc
from onechannel.simulation.clockwork import span_of
from onechannel.simulation.expecting.failing import broken, missing
from onechannel.simulation.expecting.steps import Steps, taken
from onechannel.simulation.expecting.telling import clock, happened, told
from onechannel.simulation.expecting.witness import (
    Found,
    Mark,
    Place,
    Sought,
    Witness,
    moment_of,
)

__all__ = ["Expectation", "end_of"]

F = TypeVar("F", bound=Found)


@attrs.define(eq=False, repr=False)
class Expectation(Generic[F]):
    """That something happens, after a mark; it counts for nothing until it is asked.

    `now`: it has happened. `within`: it happens from this moment on, in time. `never`: it has not
    happened, nor does. `times`: it has happened so often.
    """

    witness: Witness
    sought: Sought

    @property
    def said(self) -> str:
        """What is expected, in words."""
        return told(self.witness, self.sought)

    def __repr__(self) -> str:
        return f"<expectation: {self.said}>"

    def now(self) -> F:
        """It has happened by now; gives the first time it did: an event, or a refusal."""
        __tracebackhide__ = True
        self.is_asked()
        for one in self._found():
            return one
        said = f"expected so far: {self.said}\nbut it has not happened"
        raise missing(self.witness, said, self.sought)

    def within(self, span: timedelta | None = None, **parts: float) -> F:
        """It happens before so much time has passed; gives the first time it does.

        This very moment counts, and whatever it has brought already; what was before does not.
        Time passes until it happens, and no further.
        """
        __tracebackhide__ = True
        return taken(self.witness.centre, self.within_steps(span, **parts))

    def never(self, span: timedelta | None = None, **parts: float) -> None:
        """It has not happened so far, nor does before so much time has passed, if any is given."""
        __tracebackhide__ = True
        taken(self.witness.centre, self.never_steps(span, **parts))

    def times(self, count: int, span: timedelta | None = None, **parts: float) -> tuple[F, ...]:
        """It has happened exactly so often once so much time has passed, if any is given."""
        __tracebackhide__ = True
        return taken(self.witness.centre, self.times_steps(count, span, **parts))

    # -- the same, for whoever keeps the time itself ----------------------------------------------

    def within_steps(self, span: timedelta | None = None, **parts: float) -> Steps[F]:
        """`within`, step by step."""
        __tracebackhide__ = True
        begin = self.witness.centre.now
        end = end_of(self.witness, "within", span, parts)
        if end is None:
            raise InvalidValue(
                "within needs to know how long: within(seconds=20), or "
                "within(timedelta(minutes=5)); of what has happened already, say now()"
            )
        self.is_asked()
        for one in self._found(since=begin):
            return one
        after = self.witness.mark()
        while (yield end):
            for one in self._found(after):
                return one
            after = self.witness.mark()
        between = f"from {self._clock(begin)} to {self._clock(end)}"
        said = f"expected {between}: {self.said}\nbut it did not happen"
        raise missing(self.witness, said, self.sought, begin)

    def never_steps(self, span: timedelta | None = None, **parts: float) -> Steps[None]:
        """`never`, step by step."""
        __tracebackhide__ = True
        end = end_of(self.witness, "never", span, parts)
        self.is_asked()
        self._refuse_any(self.sought.after, end)
        after = self.witness.mark()
        while end is not None and (yield end):
            self._refuse_any(after, end)
            after = self.witness.mark()

    def times_steps(
        self, count: int, span: timedelta | None = None, **parts: float
    ) -> Steps[tuple[F, ...]]:
        """`times`, step by step."""
        __tracebackhide__ = True
        if type(count) is not int or count < 0:
            raise InvalidValue(f"times takes a whole number, 0 or more, not {count!r}")
        end = end_of(self.witness, "times", span, parts)
        self.is_asked()
        found = list(self._found())
        self._refuse_more(count, found)
        after = self.witness.mark()
        while end is not None and (yield end):
            found += self._found(after)
            self._refuse_more(count, found)
            after = self.witness.mark()
        if len(found) < count:
            raise missing(self.witness, self._but(count, found), self.sought)
        return tuple(found)

    # -- asking -----------------------------------------------------------------------------------

    def is_asked(self) -> None:
        """Let it not be told as one that nobody asked."""
        self.witness.unasked.pop(self, None)

    def first(self, after: Place, since: datetime | None, seen: Mark) -> F | None:
        """The first time it happens after that place; it is known not to have up to `seen`."""
        own = self.sought.after
        start = Mark(max(own.position, seen.position, after[0]), max(own.refusals, seen.refusals))
        place = self.witness.place
        return next((one for one in self._found(start, since) if place(one) > after), None)

    def _found(self, after: Mark | None = None, since: datetime | None = None) -> Iterator[F]:
        sought = self.sought if after is None else attrs.evolve(self.sought, after=after)
        found: Iterator[Any] = self.witness.found(sought, since)
        return found

    # -- failing ----------------------------------------------------------------------------------

    def _refuse_more(self, count: int, found: Sequence[F]) -> None:
        __tracebackhide__ = True
        if len(found) > count:
            raise broken(self.witness, self._but(count, found), found[count])

    def _but(self, count: int, found: Sequence[F]) -> str:
        said = f"expected {_times(count)}: {self.said}\nbut it "
        if not found:
            return f"{said}has not happened"
        at = ", ".join(self._clock(moment_of(one)) for one in found)
        return f"{said}happened {_times(len(found))}: at {at}"

    def _refuse_any(self, after: Mark, end: datetime | None) -> None:
        __tracebackhide__ = True
        for one in self._found(after):
            until = "" if end is None else f" until {self._clock(end)}"
            what = happened(self.witness, self.sought, one)
            but = f"but at {self._clock(moment_of(one))} {what}"
            raise broken(self.witness, f"expected never{until}: {self.said}\n{but}", one)

    def _clock(self, moment: datetime) -> str:
        return clock(self.witness, moment)


def end_of(
    witness: Witness, verb: str, span: timedelta | None, parts: dict[str, float]
) -> datetime | None:
    """The end of a span from now on; None where none is given."""
    if span is None and not parts:
        return None
    lasts = span_of(span, parts, verb)
    try:
        return utc(witness.centre.now + lasts, f"the end of {verb}")
    except OverflowError:
        raise InvalidValue(f"{verb} takes a span that ends some day, not {lasts}") from None


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"

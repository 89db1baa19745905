"""Expect: what a test says of a centre.

Laws of this file: what is asked at once raises at once; what is not asked is told at the end.
"""

from collections.abc import Callable, Iterable
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from onechannel.errors import InvalidValue
from onechannel.events import EVENT_TYPES, Event
from onechannel.simulation.expecting.conditions import condition, did_you_mean, id_of
from onechannel.simulation.expecting.expectation import Expectation, end_of
from onechannel.simulation.expecting.expectations import Expectations
from onechannel.simulation.expecting.failing import ExpectationFailed, broken
from onechannel.simulation.expecting.kinds import KINDS, STATEMENTS, Kind, fields_of
from onechannel.simulation.expecting.ordering import Order
from onechannel.simulation.expecting.steps import Steps, taken
from onechannel.simulation.expecting.telling import clock, happened_at_all
from onechannel.simulation.expecting.wanted import Is
from onechannel.simulation.expecting.witness import (
    BEGINNING,
    Expected,
    Found,
    Mark,
    Sought,
    Witness,
    moment_of,
)
from onechannel.simulation.handles.facts import WorkerFacts

__all__ = ["Expect"]


class Expect(Expectations):
    """What may be expected of a centre: `centre.expect.assigned(marc).within(seconds=20)`.

    Things are given by handle or id; codes as text; of what was said, what stands in it; of any
    text, a pattern instead. Each method gives an `Expectation`, which counts for nothing until it
    is asked: by `now`, `within`, `never` or `times`. `silent`, `no_anomaly` and `in_order` ask by
    themselves.

    `show_text` says whether failures show what was said.
    """

    def __init__(self, centre: Expected, *, show_text: bool = True) -> None:
        self._witness: Witness = Witness(centre, show_text)
        self._after: Mark = BEGINNING

    @property
    def from_now(self) -> "Expect":
        """The same of what comes after this, even at this very moment."""
        found = copy(self)
        found._after = self._witness.mark()
        return found

    def by_name(self, name: str, /, **fields: Any) -> Expectation[Any]:
        """The expectation of that name in `KINDS`, with these fields: for who reads it in a file.

        A field that is None is as if it were not there.
        """
        kind = KINDS.get(name)
        if kind is None:
            every = [*KINDS, *STATEMENTS]
            raise InvalidValue(f"there is no expectation {name}: {did_you_mean(name, every)}")
        given = {field: value for field, value in fields.items() if value is not None}
        return self._made(kind, given)

    def event(self, kind: str, /, **fields: Any) -> Expectation[Event]:
        """An event of that stored name has these fields: `event("interaction.moved", channel=…)`.

        Of a field `text` it is what stands in it; None is as good a value as any.
        """
        declared = EVENT_TYPES.get(kind)
        if declared is None:
            raise InvalidValue(f"there is no event {kind}: {did_you_mean(kind, EVENT_TYPES)}")
        row = Kind(name=kind, event=kind, fields=fields_of(declared), words=kind)
        return self._made(row, fields)

    def _made(self, kind: Kind, fields: dict[str, Any]) -> Expectation[Any]:
        wanted = {name: condition(self._witness, kind, name, one) for name, one in fields.items()}
        fixed = {name: Is(value) for name, value in kind.fixed.items()}
        sought = Sought(kind, wanted | fixed, self._after)
        made: Expectation[Any] = Expectation(self._witness, sought)
        self._witness.unasked[made] = None
        return made

    # -- what is asked at once --------------------------------------------------------------------

    def silent(
        self, worker: WorkerFacts | str, span: timedelta | None = None, **parts: float
    ) -> None:
        """It has handed something over, and speaks there no more, nor tries to.

        So far, and until so much time has passed, if any is given. What a machine has to be.
        """
        __tracebackhide__ = True
        taken(self._witness.centre, self.silent_steps(worker, span, **parts))

    def no_anomaly(self, span: timedelta | None = None, **parts: float) -> None:
        """Nothing was claimed that cannot be, and no policy has failed.

        So far, and until so much time has passed, if any is given.
        """
        __tracebackhide__ = True
        taken(self._witness.centre, self.no_anomaly_steps(span, **parts))

    def in_order(
        self, *expectations: Expectation[Any], span: timedelta | None = None, **parts: float
    ) -> tuple[Found, ...]:
        """Each has happened, and after the one before it; gives what did.

        If a time is given, all of it from this moment on, and before so much time has passed: time
        passes only until it has.
        """
        __tracebackhide__ = True
        steps = self.in_order_steps(*expectations, span=span, **parts)
        return taken(self._witness.centre, steps)

    # -- the same, for whoever keeps the time itself ----------------------------------------------

    def silent_steps(
        self, worker: WorkerFacts | str, span: timedelta | None = None, **parts: float
    ) -> Steps[None]:
        """`silent`, step by step."""
        __tracebackhide__ = True
        name = id_of(self._witness.centre, "silent", "worker", worker)
        said = STATEMENTS["silent"].replace("{worker}", name)
        end = end_of(self._witness, "silent", span, parts)
        yield from self._throughout(said, partial(self._witness.spoke_late, name), end)
        if not self._witness.has_handed_over(name):
            raise broken(self._witness, f"expected: {said}\nbut it has handed nothing over")

    def no_anomaly_steps(self, span: timedelta | None = None, **parts: float) -> Steps[None]:
        """`no_anomaly`, step by step."""
        __tracebackhide__ = True
        end = end_of(self._witness, "no_anomaly", span, parts)
        yield from self._throughout(STATEMENTS["no_anomaly"], self._witness.anomalies, end)

    def in_order_steps(
        self, *expectations: Expectation[Any], span: timedelta | None = None, **parts: float
    ) -> Steps[tuple[Found, ...]]:
        """`in_order`, step by step."""
        __tracebackhide__ = True
        begin = self._witness.centre.now
        end = end_of(self._witness, "in_order", span, parts)
        order = Order(self._witness, expectations, None if end is None else begin)
        holds = order.holds()
        while not holds and end is not None and (yield end):
            holds = order.holds()
        if not holds:
            raise order.failure(end)
        return tuple(order.found)

    def _throughout(
        self, said: str, violations: Callable[[Mark], Iterable[Found]], end: datetime | None
    ) -> Steps[None]:
        """Look now and, if a time is given, after whatever comes in it."""
        __tracebackhide__ = True
        self._refuse_any(said, violations(self._after))
        after = self._witness.mark()
        while end is not None and (yield end):
            self._refuse_any(said, violations(after))
            after = self._witness.mark()

    def _refuse_any(self, said: str, violations: Iterable[Found]) -> None:
        __tracebackhide__ = True
        for one in violations:
            at = clock(self._witness, moment_of(one))
            what = happened_at_all(self._witness, one)
            raise broken(self._witness, f"expected: {said}\nbut at {at} {what}", one)

    # -- what is not asked ------------------------------------------------------------------------

    @property
    def unasked(self) -> tuple[Expectation[Any], ...]:
        """Those that were made and not asked, which says nothing."""
        return tuple(self._witness.unasked)

    def all_asked(self) -> None:
        """Raise `ExpectationFailed` if any was not asked; those are forgotten then."""
        __tracebackhide__ = True
        unasked = self.unasked
        self._witness.unasked.clear()
        if unasked:
            raise ExpectationFailed(
                "expected, but never asked whether it is so:\n"
                + "\n".join(f"- {one.said}" for one in unasked)
                + "\nend each with now(), within(...), never(...) or times(...)"
            )

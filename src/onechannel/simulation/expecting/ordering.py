"""Order: that things happen one after the other.

Law of this file: each is looked for after the one before it, and nothing is looked for twice.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from onechannel.errors import InvalidValue
from onechannel.simulation.expecting.expectation import Expectation
from onechannel.simulation.expecting.failing import ExpectationFailed, missing
from onechannel.simulation.expecting.telling import clock
from onechannel.simulation.expecting.witness import (
    BEGINNING,
    NOWHERE,
    Found,
    Mark,
    Place,
    Witness,
    moment_of,
)

__all__ = ["Order"]


@attrs.define(eq=False)
class Order:
    """Expectations in the order in which they are to come true.

    `found` is how far they have; the next one has not, up to `seen`.
    """

    witness: Witness
    expectations: Sequence[Any]
    since: datetime | None = None
    found: list[Found] = attrs.field(factory=list)
    _seen: Mark = BEGINNING

    def __attrs_post_init__(self) -> None:
        if len(self.expectations) < 2:  # noqa: PLR2004 - one alone has no order
            raise InvalidValue("in_order takes two expectations or more: of one alone, say now()")
        for one in self.expectations:
            if not isinstance(one, Expectation) or one.witness is not self.witness:
                raise InvalidValue(
                    "in_order takes expectations of the same centre, which are not asked "
                    "themselves: in_order(centre.expect.asked(eva), centre.expect.declined(eva))"
                )
            one.is_asked()

    def holds(self) -> bool:
        """Whether all of it has happened by now."""
        while len(self.found) < len(self.expectations):
            one = self.expectations[len(self.found)].first(self._place, self.since, self._seen)
            if one is None:
                self._seen = self.witness.mark()
                return False
            self.found.append(one)
        return True

    @property
    def _place(self) -> Place:
        return self.witness.place(self.found[-1]) if self.found else NOWHERE

    def failure(self, until: datetime | None) -> ExpectationFailed:
        """What is raised where it does not hold: which one is missing."""
        lines = [f"{number}. {one.said}" for number, one in enumerate(self.expectations, start=1)]
        for number, found in enumerate(self.found):
            lines[number] += f" ({clock(self.witness, moment_of(found))})"
        when = "" if until is None else f" until {clock(self.witness, until)}"
        short = self.expectations[len(self.found)]
        number = len(self.found) + 1
        after = f" after {number - 1}." if self.found else ""
        said = [f"expected in this order{when}:", *lines, f"but {number}. did not happen{after}"]
        text = "\n".join(said)
        return missing(short.witness, text, short.sought, self.since, self._place)

"""Steps: what is asked while time passes, one deadline after the other.

Law of this file: whoever asks does not let time pass: it says until when that may, and is told
whether it has; so the same asking is driven by whoever keeps the time.
"""

from collections.abc import Generator
from contextlib import closing
from datetime import datetime
from typing import TypeAlias, TypeVar

from onechannel.simulation.expecting.witness import Expected

__all__ = ["Steps", "taken"]

R = TypeVar("R")

#: An asking: it gives the moment until which time may pass, and takes whether it has stopped once
#: more on the way (or at the end, for the last time), until False says that the end is past.
Steps: TypeAlias = Generator[datetime, bool, R]


def taken(centre: Expected, steps: Steps[R]) -> R:
    """What an asking comes to, as time passes in a centre; no further than it needs."""
    __tracebackhide__ = True
    with closing(steps):
        try:
            end = next(steps)
            for _ in centre.until(end):
                steps.send(True)
            steps.send(False)
        except StopIteration as over:
            result: R = over.value
            return result
    raise AssertionError("an asking ends once time is over")

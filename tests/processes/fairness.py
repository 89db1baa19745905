"""How processes share one file of which each asks as much as it can.

Law of this file: who got how much is counted by who got it, over one and the same time.
"""

import tempfile
from pathlib import Path

import attrs
from tests.benchmarks.several_processes import PROCESSES, Saturating, in_processes

__all__ = ["Shares", "share"]


@attrs.frozen
class Shares:
    """How many commands a second each process had answered."""

    rates: tuple[float, ...]

    @property
    def most_to_least(self) -> float:
        """How much more the luckiest had than the one that had least."""
        return max(self.rates) / max(min(self.rates), 1e-9)

    def __str__(self) -> str:
        told = ", ".join(f"{rate:,.0f}" for rate in self.rates)
        return f"{told} commands a second: most/least {self.most_to_least:.2f}"


def share(seconds: float, backend: str = "asyncio") -> Shares:
    """What four processes with 64 callers each come to in so many seconds."""
    with tempfile.TemporaryDirectory() as name:
        makers = [lambda: Saturating(seconds)] * PROCESSES
        found = in_processes(Path(name), backend, makers)
    return Shares(tuple(part["rate"][0] for part in found))

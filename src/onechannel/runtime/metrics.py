"""Metrics through the OpenTelemetry API: what a centre did, how long it took, and how it is.

Law of this file: a metric's attributes are names of the table and of states, never ids, never what
stands in a command.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from onechannel.errors import ExtraMissing
from onechannel.runtime.health import Health

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

__all__ = ["Metrics"]

#: Each gauge, its unit, what it says, and how it is read.
_GAUGES: Final[tuple[tuple[str, str, str, Callable[[Health], float]], ...]] = (
    ("onechannel.log.position", "{event}", "Where the log ends", lambda h: h.position),
    ("onechannel.replica.lag", "{event}", "Events not yet taken in", lambda h: h.lag),
    (
        "onechannel.deadline.overdue",
        "s",
        "How late the oldest deadline is",
        lambda h: h.overdue_by.total_seconds(),
    ),
    ("onechannel.work.waiting", "{item}", "Work that waits for a commit", lambda h: h.waiting),
    (
        "onechannel.commit.failing",
        "s",
        "For how long nothing could be committed",
        lambda h: h.failing_for.total_seconds(),
    ),
    ("onechannel.letters.refused", "{letter}", "Letters refused", lambda h: h.mail.refused),
    ("onechannel.letters.dead", "{letter}", "Dead letters", lambda h: h.mail.dead),
    ("onechannel.letters.parked", "{letter}", "Letters that wait", lambda h: h.mail.parked),
    ("onechannel.letters.received", "{letter}", "Letters received", lambda h: h.mail.received),
    ("onechannel.effects.due", "{effect}", "Effects to be brought about", lambda h: h.mail.due),
    ("onechannel.effects.dead", "{effect}", "Effects given up", lambda h: h.mail.undelivered),
    ("onechannel.effects.sent", "{effect}", "Effects brought about", lambda h: h.mail.sent),
)


class Metrics:
    """Instruments of one centre: `Centre.open(…, metrics=Metrics())`.

    Of the global meter provider, unless one is given. Needs the extra `otel`, without which this
    raises `ExtraMissing`; what collects and exports is the application's to set up.
    """

    def __init__(self, provider: "MeterProvider | None" = None) -> None:
        try:
            from opentelemetry.metrics import get_meter
        except ImportError:
            raise ExtraMissing("metrics", "otel") from None
        meter = get_meter("onechannel", meter_provider=provider)
        self._commands = meter.create_counter(
            "onechannel.commands", "{command}", "Commands by verb and by what became of them"
        )
        self._duration = meter.create_histogram(
            "onechannel.command.duration", "s", "From being given to being durable"
        )
        self._gauges = [
            (meter.create_gauge(name, unit, description), read)
            for name, unit, description, read in _GAUGES
        ]

    def command(self, verb: str, outcome: str, seconds: float) -> None:
        """A command was answered."""
        self._commands.add(1, {"verb": verb, "outcome": outcome})
        self._duration.record(seconds, {"verb": verb})

    def health(self, found: Health) -> None:
        """How the centre is, as of now."""
        for gauge, read in self._gauges:
            gauge.set(read(found))

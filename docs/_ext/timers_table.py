"""A Sphinx extension: the table of everything that happens by itself, when its time has come.

Laws of this file: which events arm and clear what is read from the table the kernel keeps; how long
each takes, and what then happens, is said here once for each alarm.
"""

from collections.abc import Mapping
from typing import Final

import attrs
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from doc_tables import table
from onechannel.live import deadlines
from onechannel.live.deadlines import TIMERS, Alarm

__all__ = ["MEANT", "Armings", "Clearings", "Meant", "Timers", "setup"]


@attrs.frozen
class Meant:
    """How long until an alarm, by the fields that say so, and what happens then."""

    length: tuple[str, ...]
    then: str


#: What each alarm is for. A length is `Class.field` of the model or the commands, or a fixed time.
MEANT: Final[Mapping[Alarm, Meant]] = {
    Alarm.STEP: Meant(
        ("Step.expires_after",),
        "the plan comes to its next step: `interaction.step_expired`",
    ),
    Alarm.CLOSE: Meant(
        (
            "Channel.closes_after",
            "Delegate.returns_after",
            "RequestCallback.owned_for",
            "Policy.callback_within",
        ),
        "it is closed as expired: dormant for too long, a side conversation that nobody took, a "
        "callback that only its owner could make",
    ),
    Alarm.TURN: Meant(
        ("Suspend.due", "RequestCallback.at", "Policy.callback_retry"),
        "what was suspended comes back, and whoever kept it is asked first; the turn of a callback "
        "has come: `interaction.queued`",
    ),
    Alarm.IDLE: Meant(
        ("Channel.dormant_after",),
        "the customer has not answered: it is dormant, `interaction.slept`",
    ),
    Alarm.LEASE: Meant(
        ("Channel.lease",),
        "its end was lost: `interaction.lease_expired`, closed as failed",
    ),
    Alarm.PLACE: Meant(
        ("Queue.place_kept",),
        "who abandoned did not come back: `interaction.place_lost`",
    ),
    Alarm.RING: Meant(
        ("Policy.ring_for",),
        "the worker did not answer: `assignment.expired`, then what `Policy.after_expiry` says",
    ),
    Alarm.WRAP_UP: Meant(
        ("Worker.wrap_up", "Queue.wrap_up", "ExtendWrapUp.duration"),
        "the wrap-up is over: `assignment.released`",
    ),
    Alarm.PAUSE: Meant(
        ("BecomeUnavailable.duration", "Sanction.duration", "Pause.duration"),
        "the worker takes new work again: `worker.available`",
    ),
    Alarm.RETURN: Meant(
        ("Policy.return_after",),
        "what is asynchronous leaves the worker who signed out, and goes back to its queue",
    ),
    Alarm.DUE: Meant(
        ("MakePromise.due", "MakePromise.within", "RenegotiatePromise.due",
         "RenegotiatePromise.within", "RequestCallback.within", "Policy.callback_within"),
        "it was not kept: `promise.broken`",
    ),
    Alarm.RESUME: Meant(
        ("PausePromise.duration",),
        "its time runs again: `promise.resumed`, due as much later as it stood still",
    ),
    Alarm.LAPSE: Meant(
        ("Policy.journey_window",),
        "nothing happened in it: `journey.lapsed`; where something did, or is open in it, "
        "`journey.extended`",
    ),
    Alarm.RECEIPT: Meant(
        ("24 hours",),
        "what the receipts are for never came: `receipt.unmatched`",
    ),
}  # fmt: skip


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" if "." in name else name for name in names)


class Timers(SphinxDirective):
    """Every alarm: whose it is, for how long it is armed, and what happens then."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        self.env.note_dependency(deadlines.__file__)
        whose = {alarm: timers.thing for timers in TIMERS.values() for alarm in timers.arms}
        rows = [
            [f"`{alarm.value}`", whose[alarm], _listed(MEANT[alarm].length), MEANT[alarm].then]
            for alarm in Alarm
        ]
        return [table(["alarm", "of a", "for", "then"], rows)]


class Armings(SphinxDirective):
    """Every alarm, with the events that arm it and the field that holds its time."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        armed: dict[Alarm, list[str]] = {alarm: [] for alarm in Alarm}
        for event, timers in TIMERS.items():
            for alarm, field in timers.fields:
                armed[alarm].append(f"`{event.stored_name}` ({field})")
        rows = [[f"`{alarm.value}`", ", ".join(events)] for alarm, events in armed.items()]
        return [table(["alarm", "is armed by (its time)"], rows)]


class Clearings(SphinxDirective):
    """For each kind of thing, the events that clear its deadlines: all of them, or some."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        found: dict[str, tuple[list[str], list[str]]] = {}
        for event, timers in TIMERS.items():
            every, some = found.setdefault(timers.thing, ([], []))
            if timers.clears_all:
                every.append(f"`{event.stored_name}`")
            else:
                alarms = ", ".join(alarm.value for alarm in timers.arms)
                some.append(f"`{event.stored_name}` ({alarms})")
        rows = [
            [thing, ", ".join(every), ", ".join(some) or "–"]
            for thing, (every, some) in found.items()
        ]
        return [table(["of a", "all are cleared by", "some are cleared by"], rows)]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directives known to Sphinx."""
    app.add_directive("timers", Timers)
    app.add_directive("armings", Armings)
    app.add_directive("clearings", Clearings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

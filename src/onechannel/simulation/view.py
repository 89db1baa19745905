"""The view: what handles show, folded from the log.

Law of this file: it reads events only, never kernel state, so that what a handle says outlives the
interaction.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import attrs

from onechannel import events as e
from onechannel.machines import WORKER
from onechannel.simulation.pursuits import PURSUITS
from onechannel.simulation.records import Records, WorkerView
from onechannel.simulation.service import SERVICE

__all__ = ["View"]


@attrs.define(eq=False)
class View(Records):
    """Everything the handles of one centre show."""

    def add(self, event: e.Event) -> None:
        """Take in one event."""
        fold = _FOLDS.get(type(event.data))
        if fold is not None:
            fold(self, event.data, event)


def _channel_defined(shown: Records, data: e.ChannelDefined, _event: e.Event) -> None:
    shown.channels[data.channel.name] = data.channel


def _worker_defined(shown: Records, data: e.WorkerDefined, _event: e.Event) -> None:
    known = shown.workers.get(data.worker)
    if known is None:
        shown.workers[data.worker] = WorkerView(data.definition)
    else:
        known.definition = data.definition


_Presence: TypeAlias = (
    e.WorkerSignedIn
    | e.WorkerSignedOut
    | e.WorkerAvailable
    | e.WorkerUnavailable
    | e.WorkerDraining
)


def _presence(shown: Records, data: _Presence, _event: e.Event) -> None:
    worker = shown.workers[data.worker]
    worker.state = WORKER.moves[worker.state, type(data)]
    worker.reason = data.reason if isinstance(data, e.WorkerUnavailable) else None


_FOLDS: Final[dict[type[e.EventData], Callable[[Records, Any, e.Event], object]]] = {
    e.ChannelDefined: _channel_defined,
    e.WorkerDefined: _worker_defined,
    **dict.fromkeys((e.WorkerSignedIn, e.WorkerSignedOut, e.WorkerAvailable), _presence),
    **dict.fromkeys((e.WorkerUnavailable, e.WorkerDraining), _presence),
    **PURSUITS,
    **SERVICE,
}

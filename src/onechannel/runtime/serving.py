"""Serving: a centre kept open for its deadlines and its outbox, until it is told to stop.

Law of this file: what goes wrong is said when it begins, and once it is over.
"""

import gc
import signal
from collections.abc import Callable, Sequence
from typing import Final

import anyio

from onechannel.errors import StoreFault
from onechannel.runtime.centre import Centre
from onechannel.runtime.health import Health

__all__ = ["serve_until_stopped"]

_LOOK: Final = 1.0


def serve_until_stopped(centre: Centre, say: Callable[[str], None]) -> None:
    """Keep a centre open until SIGINT or SIGTERM; `say` is given what somebody should know."""
    anyio.run(_serve, centre, say)


async def _serve(centre: Centre, say: Callable[[str], None]) -> None:
    async with centre:
        # What was loaded stays; looking through it again and again would hold up the others, too.
        gc.freeze()
        found = centre.health()
        say(f"serving: position {found.position:,}, policy {found.policy}")
        async with anyio.create_task_group() as group:
            group.start_soon(_watch, centre, say)
            await _told_to_stop()
            group.cancel_scope.cancel()
        say("stopping: what is under way is committed")
    say("stopped")


async def _told_to_stop() -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            return


async def _watch(centre: Centre, say: Callable[[str], None]) -> None:
    said: Sequence[str] = ()
    while True:
        try:
            lines, kinds = _lines(centre.health())
        except StoreFault as fault:
            lines = kinds = [str(fault)]
        if kinds != said:
            for line in lines or ["all is well"] * bool(said):
                say(line)
            said = kinds
        await anyio.sleep(_LOOK)


def _lines(found: Health) -> tuple[list[str], list[str]]:
    """What there is to say, and the same without its figures, which change all the time."""
    lines = [*found.problems, *found.notes]
    return lines, ["".join(sign for sign in line if not sign.isdigit()) for line in lines]

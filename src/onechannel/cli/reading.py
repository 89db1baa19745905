"""What is read of a centre's file: all of its log, or what concerns one thing.

Law of this file: what concerns one thing is found by indexes, whatever the length of the log.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Final, TypeVar

import attrs

from onechannel.errors import ExtraMissing, OneChannelError
from onechannel.events import CustomerMerged, Event, InteractionArrived
from onechannel.model.ids import CustomerId, InteractionId, JourneyId, side_id
from onechannel.stores.sqlite import SQLiteStore

try:
    import typer
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
except ImportError:
    raise ExtraMissing("the command line", "cli") from None

__all__ = ["Choice", "opened", "progress", "read", "recorded", "refuse_empty"]

T = TypeVar("T")

# Where there is no terminal to draw on, a line now and then says that work goes on.
_SAY_EVERY: Final = 2.0
_TICK: Final = 1000


@contextmanager
def opened(path: Path, *, create: bool = False) -> Iterator[SQLiteStore]:
    """A centre's file, to be read unless it may be made."""
    store = SQLiteStore(path, create=create, read_only=not create)
    try:
        yield store
    finally:
        store.close()


# -- all of it ------------------------------------------------------------------------------------


def read(store: SQLiteStore, doing: str) -> Iterator[Event]:
    """The whole log, with something to look at meanwhile."""
    with progress(doing, store.last_position) as advance:
        for event in store.read():
            yield event
            if event.position % _TICK == 0:
                advance(_TICK)


@contextmanager
def progress(doing: str, total: int) -> Iterator[Callable[[int], None]]:
    """Something to look at while it takes long: a bar on a terminal, else a line now and then."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _spoken(doing, total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        row = bar.add_task(doing, total=total)
        yield lambda count: bar.advance(row, count)


def _spoken(doing: str, total: int) -> Callable[[int], None]:
    done, said = 0, time.monotonic()

    def advance(count: int) -> None:
        nonlocal done, said
        done += count
        if time.monotonic() - said >= _SAY_EVERY:
            said = time.monotonic()
            typer.echo(f"{doing}: {100 * done // max(total, 1)} %", err=True)

    return advance


# -- what concerns one thing ----------------------------------------------------------------------


@attrs.frozen
class Choice:
    """Of whom or of what; of several, what is all of them."""

    customer: CustomerId | None
    interaction: InteractionId | None
    journey: JourneyId | None

    @property
    def named(self) -> dict[str, str | None]:
        """By name."""
        return attrs.asdict(self)

    def __bool__(self) -> bool:
        return any(one is not None for one in self.named.values())

    def __str__(self) -> str:
        named = [f"{name} {one}" for name, one in self.named.items() if one is not None]
        return " of ".join(reversed(named)) if len(named) > 1 else named[0]


def recorded(store: SQLiteStore, choice: Choice) -> Iterator[Event]:
    """What is recorded of all that is chosen, and of whatever explains it, in order."""
    found = {event.position: event for event in store.definitions()}
    for name, one in choice.named.items():
        if one is None:
            continue
        about = list(_same(store, one) if name == "customer" else store.history(**{name: one}))
        if not about:
            raise OneChannelError(f"{store.path}: there is no {name} {one}")
        found |= {event.position: event for event in about}
    found |= {event.position: event for event in _related(store, list(found.values()))}
    return (found[position] for position in sorted(found))


def _same(store: SQLiteStore, customer: CustomerId) -> Iterator[Event]:
    """Everything of a customer, and of whoever was ever merged with it."""
    known = {customer: None}
    waiting = [customer]
    for one in waiting:
        for event in store.history(customer=one):
            yield event
            data = event.data
            if isinstance(data, CustomerMerged):
                others = [other for other in (data.customer, data.survivor) if other not in known]
                waiting += others
                known |= dict.fromkeys(others)


def _related(store: SQLiteStore, found: list[Event]) -> Iterator[Event]:
    """Everything of the side conversations of what arrived, and of what those are beside."""
    arrived = [event.data for event in found if isinstance(event.data, InteractionArrived)]
    known = {one.interaction for one in arrived}
    for one in arrived:
        if one.parent is not None and one.parent not in known:
            known.add(one.parent)
            yield from store.history(interaction=one.parent)
        for number in count(1):
            side = side_id(one.interaction, number)
            events = list(store.history(interaction=side))
            if not events:
                break
            yield from events
            if side not in known:
                known.add(side)
                arrived += [x.data for x in events if isinstance(x.data, InteractionArrived)]


def refuse_empty(some: Iterator[T], store: SQLiteStore, choice: Choice) -> Iterator[T]:
    """The same, if there is any: each of the chosen is there, and all of them may be nothing."""
    first = next(some, None)
    if first is None:
        raise OneChannelError(f"{store.path}: there is no {choice}")
    return chain([first], some)

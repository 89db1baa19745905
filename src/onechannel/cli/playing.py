"""`play`: a scenario file, played and shown.

Law of this file: what is printed is what was played, and what was expected of it; whether that was
so is the exit code.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Final

from onechannel.cli.printing import print_json, print_report, print_timeline
from onechannel.cli.reading import opened, progress
from onechannel.errors import ExtraMissing
from onechannel.events import Event
from onechannel.insight import Entry, EntryKind, printable, report, timeline
from onechannel.simulation.expecting import ExpectationFailed
from onechannel.simulation.scenario import Played, Result, play, read_scenario
from onechannel.stores.memory import MemoryStore

try:
    import typer
except ImportError:
    raise ExtraMissing("the command line", "cli") from None

__all__ = ["play_file"]

#: Of more interactions than this, only those of customers whom the file names are shown.
_SHOWN: Final = 40

_OTHERWISE: Final = 6

_SET_UP: Final = frozenset({EntryKind.DEFINED})


def play_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A scenario: see the how-to.")],
    db: Annotated[
        Path | None, typer.Option("--db", metavar="DB", help="Keep the log in this new file.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Play a scenario: show its timeline, what was expected of it, and a report."""
    scenario = read_scenario(
        file.read_bytes(), str(file), beside=lambda name: (file.parent / name).read_bytes()
    )
    with ExitStack() as stack:
        store = MemoryStore() if db is None else stack.enter_context(opened(db, create=True))
        with progress("playing", len(scenario.steps)) as advance:
            played = play(scenario, store, progress=lambda _done: advance(1))
        events = [*played.centre.log]
    figures = report(events).to_dict()
    if as_json:
        print_json(_as_dict(played, figures))
    else:
        _print(played, events, figures, db)
    if played.failures:
        raise typer.Exit(_OTHERWISE)


def _as_dict(played: Played, figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": played.scenario.title,
        "ended_at": played.centre.now.isoformat(),
        "steps": [
            {
                "line": one.line,
                "said": one.said,
                "failure": None if one.failure is None else _why(one.failure),
            }
            for one in played.results
        ],
        "left_out": len(played.scenario.steps) - len(played.results),
        "refusals": len(played.centre.refusals),
        "report": figures,
    }


def _why(failure: Exception) -> str:
    return failure.said if isinstance(failure, ExpectationFailed) else str(failure)


def _print(played: Played, events: list[Event], figures: dict[str, Any], db: Path | None) -> None:
    typer.echo(f"{printable(played.scenario.title)}\n")
    shown, left_out = _story(played, events)
    print_timeline(shown, show_text=True, zone=played.centre.zone)
    if left_out:
        typer.echo(f"\nand {left_out:,} more interactions, of customers the file has no name for")
    typer.echo()
    for one in played.results:
        if one in played.checked or one.failure is not None:
            _print_result(one)
    missed = len(played.scenario.steps) - len(played.results)
    if missed:
        typer.echo(f"       not played: {missed} of {len(played.scenario.steps)} steps")
    print_report(figures)
    if db is not None:
        typer.echo(f"The log is in {db}. Try: onechannel timeline {db} --show-text")


def _print_result(one: Result) -> None:
    mark = "ok    " if one.failure is None else "FAILED"
    typer.echo(f"{mark} line {one.line}: {printable(one.said)}")
    if one.failure is not None:
        for line in str(one.failure).splitlines():
            typer.echo(f"       {printable(line)}")


def _story(played: Played, events: list[Event]) -> tuple[Iterable[Entry], int]:
    """What to show, and how many interactions that leaves out."""
    arrived = sum(1 for event in events if event.type == "interaction.arrived")
    if arrived <= _SHOWN:
        return (entry for entry in timeline(events) if entry.kind not in _SET_UP), 0
    named = [one.name for one in played.scenario.customers]
    found = {entry.position: entry for name in named for entry in _of(events, name)}
    own = {entry.interaction for entry in found.values()} - {None}
    entries = sorted(found.values(), key=attrgetter("at", "position"))
    return entries, arrived - len(own)


def _of(events: list[Event], customer: str) -> Iterator[Entry]:
    return timeline(events, customer=customer)

"""The command line: the composition root, where files, clock and terminal meet the pure parts.

Laws of this file: a command reads, calls one function of the library and prints; what goes to
standard output is the answer, everything else goes to standard error. Exit codes: 0 done, 1 could
not be done, 2 wrong usage, 3 `check` found the log inconsistent, 4 `import` could read no line.
"""

import codecs
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from onechannel.adapters.delimited import Mapping, SetAside, read_history, read_mapping
from onechannel.errors import ExtraMissing, MappingInvalid, OneChannelError
from onechannel.events import Event
from onechannel.insight import EntryKind, printable, render_lines
from onechannel.insight import check as check_log
from onechannel.insight import report as fold_report
from onechannel.insight import timeline as fold_timeline
from onechannel.runtime.history import bounded_lines, import_history
from onechannel.simulation import START, VirtualCentre
from onechannel.simulation.story import a_day
from onechannel.stores.sqlite import SQLiteStore

try:
    import typer
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Table
except ImportError:
    raise ExtraMissing("the command line", "cli") from None

__all__ = ["app", "main"]

_INCONSISTENT: Final = 3
_NOTHING_READ: Final = 4
# Where there is no terminal to draw on, a line now and then says that work goes on.
_SAY_EVERY: Final = 2.0
_TICK: Final = 1000

app: typer.Typer = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="All channels are one: play, import, read and check the log of a contact centre.",
)

Database = Annotated[Path, typer.Argument(metavar="DB", help="A centre's SQLite file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def main() -> None:
    """Run the command line; what the library refuses becomes one line and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a sign shows its code.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except OneChannelError as error:
        _fail(str(error))
    except UnicodeError:
        _fail("an argument is not text that can be looked up")
    except BrokenPipeError:
        # Whoever read our output has enough of it, as in `onechannel timeline DB | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or 'cannot be used'}")


def _fail(message: str) -> None:
    print(f"onechannel: {message}", file=sys.stderr)
    sys.exit(1)


# -- playing --------------------------------------------------------------------------------------


@app.command()
def demo(
    db: Annotated[
        Path | None, typer.Option("--db", metavar="FILE", help="Keep the log in this file.")
    ] = None,
) -> None:
    """Play one customer's day over five channels, and show it as a timeline."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _opened(db or Path(folder) / "demo.db", create=True) as store,
    ):
        centre = VirtualCentre(store)
        if centre.now > START:
            centre.advance_to(_next_morning(centre.now))
        ana = a_day(centre)
        _print_timeline(store.history(customer=ana.id), show_text=True)
        last = [one.served_by.id for one in ana.interactions if one.served_by is not None]
        machine = last.count("guide")
        people = len(last) - machine
    typer.echo(
        f"\nOne customer, five channels: {machine} interaction served by a machine alone, "
        f"{people} by people."
    )
    if db is None:
        typer.echo("Keep the log with --db FILE, then try: onechannel report FILE")
    else:
        typer.echo(f"The log is in {db}. Try: onechannel report {db}")


def _next_morning(now: datetime) -> datetime:
    morning = now.replace(hour=START.hour, minute=0, second=0, microsecond=0)
    return morning if morning >= now else morning + timedelta(days=1)


# -- importing ------------------------------------------------------------------------------------


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A delimited call log.")],
    mapping: Annotated[
        Path, typer.Option("--mapping", metavar="MAPPING.toml", help="How a row is to be read.")
    ],
    into: Annotated[Path, typer.Option("--into", metavar="DB", help="The centre's SQLite file.")],
    set_aside: Annotated[
        Path | None,
        typer.Option("--set-aside", metavar="FILE", help="Keep lines that cannot be read here."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Turn a call log into observed facts; the same file again adds nothing."""
    described = _described(mapping, file)
    if set_aside is not None:
        _refuse_taken(set_aside, into)
    asides = _Asides(set_aside, described.source.delimiter)
    with (
        file.open("rb") as lines,
        _progress("importing", os.path.getsize(file)) as advance,
        _opened(into, create=True) as store,
    ):
        watched = asides.watch(bounded_lines(lines), advance)
        counts = import_history(store, watched, described, clock=_now, set_aside=asides.keep)
    if as_json:
        _print_json(
            {
                "read": counts.read,
                "imported": counts.imported,
                "duplicates": counts.duplicates,
                "set_aside": counts.set_aside,
                "anomalies": counts.anomalies,
                "events": counts.events,
            }
        )
    else:
        typer.echo(
            f"{counts.read:,} rows read: {counts.imported:,} imported, "
            f"{counts.duplicates:,} known already, {counts.set_aside:,} set aside\n"
            f"{counts.events:,} events added, {counts.anomalies:,} of them anomalies"
        )
        _print_asides(asides.shown, counts.set_aside, set_aside)
    if counts.read and not counts.imported and not counts.duplicates:
        raise typer.Exit(_NOTHING_READ)


# How many set-aside lines are named on the terminal; the file has them all.
_SHOWN: Final = 10


def _print_asides(shown: list[SetAside], total: int, kept: Path | None) -> None:
    for line in shown:
        typer.echo(f"  line {line.number}: {line.reason}", err=True)
    if total > len(shown):
        typer.echo(f"  and {total - len(shown):,} more", err=True)
    if total and kept is None:
        typer.echo("Keep them with --set-aside FILE, mend them, and import that file.", err=True)


def _refuse_taken(set_aside: Path, into: Path) -> None:
    """Lines are set aside in a file of their own, or not at all."""
    database = [f"{into.resolve()}{ending}" for ending in ("", "-wal", "-shm", "-journal")]
    if set_aside.exists() or str(set_aside.resolve()) in database:
        raise OneChannelError(f"{set_aside}: exists already: give --set-aside a new name")


def _described(mapping: Path, file: Path) -> Mapping:
    """The mapping, tried on the file's header before anything is opened to be written."""
    try:
        described = read_mapping(_text(mapping))
        with file.open("rb") as lines:
            next(read_history(bounded_lines(lines), described), None)
    except MappingInvalid as invalid:
        raise MappingInvalid(f"{mapping}: {invalid}") from None
    return described


class _Asides:
    """The file of lines set aside: the log's own header and lines, with number and reason in front.

    Mended, it is itself a log that the same mapping reads: columns are found by name.
    """

    def __init__(self, path: Path | None, delimiter: str) -> None:
        self._path = path
        self._delimiter = delimiter.encode()
        self.header = b""
        self.shown: list[SetAside] = []

    def keep(self, line: SetAside) -> None:
        """Take in one line."""
        if len(self.shown) < _SHOWN:
            self.shown.append(line)
        if self._path is None:
            return
        if line is self.shown[0]:
            self._path.write_bytes(self._row(b"set_aside_line", b"set_aside_reason", self.header))
        with self._path.open("ab") as out:
            out.write(self._row(str(line.number).encode(), line.reason.encode(), line.raw))

    def _row(self, number: bytes, reason: bytes, raw: bytes) -> bytes:
        reason = reason.replace(self._delimiter, b" ")
        return self._delimiter.join((number, reason, raw.rstrip(b"\r\n"))) + b"\n"

    def watch(self, lines: Iterable[bytes], advance: Callable[[int], None]) -> Iterator[bytes]:
        """The same lines; the first is the header."""
        for line in lines:
            self.header = self.header or line.removeprefix(codecs.BOM_UTF8)
            advance(len(line))
            yield line


def _now() -> datetime:
    return datetime.now(UTC)


# -- reading --------------------------------------------------------------------------------------


@app.command()
def timeline(
    db: Database,
    customer: Annotated[str | None, typer.Option(help="Only this customer's.")] = None,
    interaction: Annotated[str | None, typer.Option(help="Only this interaction.")] = None,
    *,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Show what was said: it is personal.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what happened, in order of time."""
    with _opened(db) as store:
        events = _wanted(store, customer, interaction)
        if as_json:
            for entry in fold_timeline(events):
                _print_json(entry.to_dict(show_text=show_text))
        else:
            _print_timeline(events, show_text=show_text)


def _wanted(store: SQLiteStore, customer: str | None, interaction: str | None) -> Iterable[Event]:
    if customer is None and interaction is None:
        return _read(store, "reading")
    events = list(store.history(customer=customer, interaction=interaction))
    if not events:
        missing = f"customer {customer}" if interaction is None else f"interaction {interaction}"
        raise OneChannelError(f"{store.path}: there is no {missing}; without it, all are shown")
    return events


@app.command()
def report(db: Database, *, as_json: AsJson = False) -> None:
    """Report on a log: how many, how long they waited, who served them."""
    with _opened(db) as store:
        figures = fold_report(_read(store, "reporting")).to_dict()
    if as_json:
        _print_json(figures)
    else:
        _print_report(figures)


@app.command()
def check(db: Database, *, as_json: AsJson = False) -> None:
    """Replay a log and prove it consistent, or name the first event that is not."""
    with _opened(db) as store:
        found = check_log(_read(store, "checking"))
    if as_json:
        _print_json({"events": found.events, "position": found.position, "reason": found.reason})
    elif found.position is None:
        typer.echo(f"{found.events:,} events, all consistent")
    else:
        typer.echo(f"event {found.position} cannot be: {printable(found.reason or '')}")
    if found.position is not None:
        raise typer.Exit(_INCONSISTENT)


# -- what they share ------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path, *, create: bool = False) -> Iterator[SQLiteStore]:
    store = SQLiteStore(path, create=create, read_only=not create)
    try:
        yield store
    finally:
        store.close()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise OneChannelError(f"{path}: is not UTF-8 text") from None


def _read(store: SQLiteStore, doing: str) -> Iterator[Event]:
    with _progress(doing, store.last_position) as advance:
        for event in store.read():
            yield event
            if event.position % _TICK == 0:
                advance(_TICK)


@contextmanager
def _progress(doing: str, total: int) -> Iterator[Callable[[int], None]]:
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


class _Console(Console):
    """A console that leaves a closed pipe to whoever started it."""

    def on_broken_pipe(self) -> None:
        """Say so, instead of ending the process as if something had failed."""
        raise BrokenPipeError


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


def _print_timeline(events: Iterable[Event], *, show_text: bool) -> None:
    console = _Console(highlight=False, soft_wrap=True, emoji=False)
    for line in render_lines(fold_timeline(events), show_text=show_text):
        style = "bold" if line.kind is None else _STYLES.get(line.kind)
        console.print(line.text, style=style, markup=False)


#: What catches the eye on a terminal; everything else is plain.
_STYLES: Final = {
    EntryKind.ARRIVAL: "bold cyan",
    EntryKind.WAITING: "yellow",
    EntryKind.SERVED: "green",
    EntryKind.WRAPPING: "dim",
    EntryKind.PRESENCE: "dim",
    EntryKind.DEFINED: "dim",
    EntryKind.ENDED: "bold",
    EntryKind.ANOMALY: "red",
}


def _print_report(figures: dict[str, Any]) -> None:
    console = _Console(emoji=False)
    totals = Table(title="The whole log", title_justify="left", show_header=False, box=SIMPLE_HEAD)
    totals.add_column()
    totals.add_column(justify="right")
    for name, value in figures.items():
        if not isinstance(value, dict):
            totals.add_row(_label(name), _figure(name, value))
    console.print(totals)
    for part, title in (("by_channel", "By channel"), ("by_queue", "By queue")):
        if figures[part]:
            console.print(_part_table(title, figures[part]))
    if figures["anomalies"]:
        anomalies = Table(title="Anomalies", title_justify="left", box=SIMPLE_HEAD)
        anomalies.add_column("what the source claims: why it cannot be")
        anomalies.add_column("count", justify="right")
        for claim, count in figures["anomalies"].items():
            anomalies.add_row(escape(printable(claim)), f"{count:,}")
        console.print(anomalies)


#: The columns of a table by part, with heads that leave room; the other figures are in the JSON.
_COLUMNS: Final = {
    "interactions": "all",
    "self_served": "self\nserved",
    "queued": "queued",
    "abandoned": "aban-\ndoned",
    "answered": "ans-\nwered",
    "wait_mean_s": "wait\ns",
    "handle_mean_s": "handle\ns",
    "answered_within_20s": "within\n20 s",
}


def _part_table(title: str, parts: dict[str, dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("", no_wrap=True, min_width=max(map(len, parts)))
    for head in _COLUMNS.values():
        table.add_column(head, justify="right", no_wrap=True)
    for part, figures in parts.items():
        cells = (_figure(name, figures[name]).removesuffix(" s") for name in _COLUMNS)
        table.add_row(escape(printable(part)), *cells)
    return table


def _label(name: str) -> str:
    return name.removesuffix("_s").replace("_", " ")


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name == "answered_within_20s":
        return f"{value:.1%}"
    if name.endswith("_s"):
        return f"{value:,.1f} s"
    return f"{value:,}"

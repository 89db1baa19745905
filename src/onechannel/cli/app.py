"""The commands.

Laws of this file: a command reads, calls one function of the library and prints; what goes to
standard output is the answer, everything else goes to standard error. Exit codes: 0 done, 1 could
not be done, 2 wrong usage, 3 `check` found the log inconsistent, 4 `import` could read no line,
5 `health` found what keeps a centre from its work, or `replay` left letters dead, 6 `play` found
something otherwise than expected.
"""

import io
import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, NoReturn

from onechannel.cli.importing import Asides, described, refuse_taken
from onechannel.cli.living import dead_letters, health, serve
from onechannel.cli.playing import play_file
from onechannel.cli.printing import print_asides, print_json, print_report, print_timeline
from onechannel.cli.reading import Choice, opened, progress, read, recorded, refuse_empty
from onechannel.errors import ExtraMissing, OneChannelError
from onechannel.insight import check as check_log
from onechannel.insight import clocks as fold_clocks
from onechannel.insight import printable, render_clocks
from onechannel.insight import report as fold_report
from onechannel.insight import timeline as fold_timeline
from onechannel.reports import journey_svg
from onechannel.runtime.history import bounded_lines, import_history
from onechannel.simulation import START, VirtualCentre
from onechannel.simulation.story import a_day

try:
    import typer
except ImportError:
    raise ExtraMissing("the command line", "cli") from None

__all__ = ["app", "main"]

_INCONSISTENT: Final = 3
_NOTHING_READ: Final = 4

app: typer.Typer = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="All channels are one: play, import, serve, read and check a contact centre's log.",
)
app.command("play")(play_file)
app.command()(serve)
app.command()(health)
app.add_typer(dead_letters, name="dead-letters")

Database = Annotated[Path, typer.Argument(metavar="DB", help="A centre's SQLite file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
OfCustomer = Annotated[
    str | None,
    typer.Option("--customer", metavar="ID", help="Only of this customer, and who is the same."),
]
OfInteraction = Annotated[
    str | None,
    typer.Option(
        "--interaction", metavar="ID", help="Only of this interaction, and what was asked aside."
    ),
]
OfJourney = Annotated[
    str | None,
    typer.Option("--journey", metavar="ID", help="Only of this journey, and what belongs to it."),
]


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


def _fail(message: str) -> NoReturn:
    typer.echo(f"onechannel: {message}", err=True)
    sys.exit(1)


def _now() -> datetime:
    return datetime.now(UTC)


# -- playing --------------------------------------------------------------------------------------


@app.command()
def demo(
    db: Annotated[
        Path | None, typer.Option("--db", metavar="FILE", help="Keep the log in this file.")
    ] = None,
) -> None:
    """Play one customer's day over many channels, and show it as a timeline."""
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(db or Path(folder) / "demo.db", create=True) as store,
    ):
        centre = VirtualCentre(store)
        if centre.now > START:
            centre.advance_to(_next_morning(centre.now))
        ana = a_day(centre)
        print_timeline(fold_timeline(store.history(customer=ana.id)), show_text=True)
        last = [one.served_by.id for one in ana.interactions if one.served_by is not None]
        channels = {one.channel for one in ana.interactions}
        machine = last.count("guide")
        people = len(last) - machine
    typer.echo(
        f"\nOne customer, {len(channels)} channels: "
        f"{machine} interaction served by a machine alone, {people} by people."
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
    how = described(mapping, file)
    if set_aside is not None:
        refuse_taken(set_aside, into)
    asides = Asides(set_aside, how.source.delimiter)
    with (
        file.open("rb") as lines,
        progress("importing", os.path.getsize(file)) as advance,
        opened(into, create=True) as store,
    ):
        watched = asides.watch(bounded_lines(lines), advance)
        counts = import_history(store, watched, how, clock=_now, set_aside=asides.keep)
    if as_json:
        names = ("read", "imported", "duplicates", "set_aside", "anomalies", "events")
        print_json({name: getattr(counts, name) for name in names})
    else:
        typer.echo(
            f"{counts.read:,} rows read: {counts.imported:,} imported, "
            f"{counts.duplicates:,} known already, {counts.set_aside:,} set aside\n"
            f"{counts.events:,} events added, {counts.anomalies:,} of them anomalies"
        )
        print_asides(asides.shown, counts.set_aside, kept=set_aside is not None)
    if counts.read and not counts.imported and not counts.duplicates:
        raise typer.Exit(_NOTHING_READ)


# -- reading --------------------------------------------------------------------------------------


@app.command()
def timeline(
    db: Database,
    customer: OfCustomer = None,
    interaction: OfInteraction = None,
    journey: OfJourney = None,
    *,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Show what was said: it is personal.")
    ] = False,
    svg: Annotated[
        Path | None,
        typer.Option("--svg", metavar="FILE.svg", help="Draw it into this file instead."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened, in order of time; of several choices, what is all of them."""
    choice = Choice(customer, interaction, journey)
    if svg is not None:
        _draw(db, choice, _picture_file(svg, as_json=as_json), show_text=show_text)
        return
    with opened(db) as store:
        events = recorded(store, choice) if choice else read(store, "reading")
        entries = fold_timeline(events, **choice.named)
        if choice:
            entries = refuse_empty(entries, store, choice)
        if as_json:
            for entry in entries:
                print_json(entry.to_dict(show_text=show_text))
        else:
            print_timeline(entries, show_text=show_text)


def _picture_file(file: Path, *, as_json: bool) -> Path:
    """Its name says what it is, so that no log is ever drawn over."""
    if file.suffix != ".svg":
        raise typer.BadParameter(f"--svg {file}: give a name that ends in .svg")
    if as_json:
        raise typer.BadParameter("--svg draws, --json prints: give one of them")
    return file


def _draw(db: Path, choice: Choice, file: Path, *, show_text: bool) -> None:
    with opened(db) as store:
        events = list(recorded(store, choice)) if choice else read(store, "reading")
        if choice:
            refuse_empty(fold_timeline(events, **choice.named), store, choice)
        picture = journey_svg(
            events,
            customer=choice.customer,
            interaction=choice.interaction,
            journey=choice.journey,
            show_text=show_text,
        )
    file.write_text(picture, encoding="utf-8")
    typer.echo(f"The picture is in {file}.")


def _instant(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise typer.BadParameter("give a time with its zone, as 2026-01-05T09:00:00+01:00")
    return value.astimezone(UTC)


@app.command()
def clocks(
    db: Database,
    customer: OfCustomer = None,
    interaction: OfInteraction = None,
    journey: OfJourney = None,
    *,
    at: Annotated[
        datetime | None,
        typer.Option(
            parser=_instant, metavar="TIME", help="Read what is open at this time, and not now."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how long it was with whom: with us, the customer, third parties and partners."""
    choice = Choice(customer, interaction, journey)
    if not choice:
        raise typer.BadParameter("choose --interaction, --journey or --customer")
    with opened(db) as store:
        found = fold_clocks(recorded(store, choice), **choice.named, until=at or _now())
        refuse_empty(iter(found.lives), store, choice)
    if as_json:
        print_json(found.to_dict())
    else:
        for line in render_clocks(found):
            typer.echo(line)


@app.command()
def report(db: Database, *, as_json: AsJson = False) -> None:
    """Report on a log: how many, how long they waited, who served them."""
    with opened(db) as store:
        figures = fold_report(read(store, "reporting")).to_dict()
    if as_json:
        print_json(figures)
    else:
        print_report(figures)


@app.command()
def check(db: Database, *, as_json: AsJson = False) -> None:
    """Replay a log and prove it consistent, or name the first event that is not."""
    with opened(db) as store:
        found = check_log(read(store, "checking"))
    if as_json:
        print_json({"events": found.events, "position": found.position, "reason": found.reason})
    elif found.position is None:
        typer.echo(f"{found.events:,} events, all consistent")
    else:
        typer.echo(f"event {found.position} cannot be: {printable(found.reason or '')}")
    if found.position is not None:
        raise typer.Exit(_INCONSISTENT)

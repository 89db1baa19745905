"""Printing: what a terminal shows of what was found.

Law of this file: nothing is computed here; whatever could command a terminal is escaped.
"""

import json
from collections.abc import Iterable
from datetime import UTC, tzinfo
from typing import Any, Final

from onechannel.adapters.delimited import SetAside
from onechannel.errors import ExtraMissing
from onechannel.insight import Entry, EntryKind, printable, render_lines

try:
    import typer
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table
except ImportError:
    raise ExtraMissing("the command line", "cli") from None

__all__ = ["print_asides", "print_json", "print_report", "print_timeline"]


class _Console(Console):
    """A console that leaves a closed pipe to whoever started it."""

    def on_broken_pipe(self) -> None:
        """Say so, instead of ending the process as if something had failed."""
        raise BrokenPipeError


def print_json(value: Any) -> None:
    """One line of JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def print_asides(shown: list[SetAside], total: int, *, kept: bool) -> None:
    """The first of the lines that were set aside, on standard error."""
    for line in shown:
        typer.echo(f"  line {line.number}: {line.reason}", err=True)
    if total > len(shown):
        typer.echo(f"  and {total - len(shown):,} more", err=True)
    if total and not kept:
        typer.echo("Keep them with --set-aside FILE, mend them, and import that file.", err=True)


def print_timeline(entries: Iterable[Entry], *, show_text: bool, zone: tzinfo = UTC) -> None:
    """A timeline in the times of a zone, coloured where there is a terminal."""
    console = _Console(highlight=False, soft_wrap=True, emoji=False)
    for line in render_lines(entries, show_text=show_text, zone=zone):
        style = "bold" if line.kind is None else _STYLES.get(line.kind)
        console.print(line.text, style=style, markup=False)


#: What catches the eye on a terminal; everything else is plain.
_STYLES: Final = {
    EntryKind.ARRIVAL: "bold cyan",
    EntryKind.WAITING: "yellow",
    EntryKind.AWAY: "yellow",
    EntryKind.SERVED: "green",
    EntryKind.BESIDE: "green",
    EntryKind.JOURNEY: "cyan",
    EntryKind.PROMISE: "magenta",
    EntryKind.WRAPPING: "dim",
    EntryKind.RECEIPT: "dim",
    EntryKind.LEASE: "dim",
    EntryKind.PRESENCE: "dim",
    EntryKind.DEFINED: "dim",
    EntryKind.ENDED: "bold",
    EntryKind.ANOMALY: "red",
}


# -- the report -----------------------------------------------------------------------------------


def print_report(figures: dict[str, Any]) -> None:
    """The figures of a report as tables."""
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
        for claim, number in figures["anomalies"].items():
            anomalies.add_row(escape(printable(claim)), f"{number:,}")
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

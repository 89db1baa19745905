"""What a person reads of a log: folds over its events, and nothing else."""

from onechannel.insight.clocks import Clock, Clocks, ClocksFold, ClocksReport, Life, clocks
from onechannel.insight.consistency import Consistency, check
from onechannel.insight.custody import Custody, Party, PartyKind
from onechannel.insight.entries import Entry, EntryKind
from onechannel.insight.figures import Figures
from onechannel.insight.operations import OperationsFold, OperationsReport, report
from onechannel.insight.rendering import Line, render_lines, render_text
from onechannel.insight.tables import render_clocks
from onechannel.insight.terminal import printable
from onechannel.insight.timeline import timeline

__all__ = [
    "Clock",
    "Clocks",
    "ClocksFold",
    "ClocksReport",
    "Consistency",
    "Custody",
    "Entry",
    "EntryKind",
    "Figures",
    "Life",
    "Line",
    "OperationsFold",
    "OperationsReport",
    "Party",
    "PartyKind",
    "check",
    "clocks",
    "printable",
    "render_clocks",
    "render_lines",
    "render_text",
    "report",
    "timeline",
]

"""What a person reads of a log: folds over its events, and nothing else."""

from onechannel.insight.consistency import Consistency, check
from onechannel.insight.figures import Figures
from onechannel.insight.operations import OperationsFold, OperationsReport, report
from onechannel.insight.rendering import Line, render_lines, render_text
from onechannel.insight.timeline import Entry, EntryKind, printable, timeline

__all__ = [
    "Consistency",
    "Entry",
    "EntryKind",
    "Figures",
    "Line",
    "OperationsFold",
    "OperationsReport",
    "check",
    "printable",
    "render_lines",
    "render_text",
    "report",
    "timeline",
]

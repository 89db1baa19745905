"""Deterministic fault simulation: whole centres at work, and everything that can go wrong."""

from onechannel.testing.faults._dice import Dice
from onechannel.testing.faults._hunt import FAULTS, Hunt, hunt
from onechannel.testing.faults._moves import Move, plan
from onechannel.testing.faults._play import Report, simulate
from onechannel.testing.faults._shrink import shrink
from onechannel.testing.faults._store import Crash, FaultyStore, Planted, Step, Strike

__all__ = [
    "FAULTS",
    "Crash",
    "Dice",
    "FaultyStore",
    "Hunt",
    "Move",
    "Planted",
    "Report",
    "Step",
    "Strike",
    "hunt",
    "plan",
    "shrink",
    "simulate",
]

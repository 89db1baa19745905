"""What holds whatever happens: the invariants of a log, of replicas and of the mail."""

from onechannel.testing.invariants._broken import InvariantBroken
from onechannel.testing.invariants._floor import Desk, Floor, Line, Part, Rank
from onechannel.testing.invariants._fold import Invariants
from onechannel.testing.invariants._quiet import (
    check_known,
    check_mail,
    check_quiet,
    check_replicas,
)
from onechannel.testing.invariants._timers import Timers

__all__ = [
    "Desk",
    "Floor",
    "InvariantBroken",
    "Invariants",
    "Line",
    "Part",
    "Rank",
    "Timers",
    "check_known",
    "check_mail",
    "check_quiet",
    "check_replicas",
]

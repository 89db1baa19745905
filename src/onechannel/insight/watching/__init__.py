"""What of a log is watched beside its replay: each law in a file of its own."""

from onechannel.insight.watching.homes import HomeWatch
from onechannel.insight.watching.loads import LoadWatch
from onechannel.insight.watching.parts import PartWatch
from onechannel.insight.watching.pursuits import PursuitWatch
from onechannel.insight.watching.stand import Stand, Watch

__all__ = ["HomeWatch", "LoadWatch", "PartWatch", "PursuitWatch", "Stand", "Watch"]

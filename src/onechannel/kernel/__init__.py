"""The kernel: commands in, events out, nothing else."""

from onechannel.kernel.facts import NOTHING_PAST, Facts
from onechannel.kernel.kernel import Kernel
from onechannel.kernel.snapshot import SNAPSHOT_VERSION, Snapshot

__all__ = ["NOTHING_PAST", "SNAPSHOT_VERSION", "Facts", "Kernel", "Snapshot"]

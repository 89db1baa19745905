"""The kernel: commands in, events out, nothing else."""

from onechannel.kernel.kernel import Kernel
from onechannel.live.snapshot import SNAPSHOT_VERSION, Snapshot

__all__ = ["SNAPSHOT_VERSION", "Kernel", "Snapshot"]

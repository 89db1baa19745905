"""A log, event by event, with what the kernel knew before and after each.

Law of this file: the kernel only follows; nothing here decides.
"""

from collections.abc import Iterable, Iterator

from onechannel import events as e
from onechannel.codec import snapshot_to_json
from onechannel.kernel import Kernel, Snapshot
from onechannel.testing.strategies import PLANNERS


def text(kernel: Kernel) -> str:
    """Everything a kernel knows, as text."""
    return snapshot_to_json(kernel.snapshot())


def steps(log: Iterable[e.Event]) -> Iterator[tuple[Snapshot, e.Event, Snapshot]]:
    """Every event of a log, between the state before it and the state after it."""
    kernel = Kernel(PLANNERS)
    before = kernel.snapshot()
    for event in log:
        kernel.follow([event])
        after = kernel.snapshot()
        yield before, event, after
        before = after

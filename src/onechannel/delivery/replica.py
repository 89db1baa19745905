"""The replica: a kernel that stands where the log ends.

Laws of this file: the log is the only truth; a snapshot saves time, and one that is damaged, of
another version or not of this log is as good as none.
"""

from hashlib import sha256

from onechannel.codec import snapshot_from_json, snapshot_to_json
from onechannel.errors import StoreFault
from onechannel.kernel import SNAPSHOT_VERSION, Kernel, Snapshot
from onechannel.model.policy import Callables
from onechannel.ports import EventStore, StoredSnapshot

__all__ = ["rebuilt", "stored_snapshot"]


def rebuilt(store: EventStore, callables: Callables | None = None) -> Kernel:
    """The kernel of a store's log; raises `StoreFault`, `LogInconsistent` among them."""
    snapshot = _usable(store)
    kernel = Kernel(callables) if snapshot is None else Kernel.restore(snapshot, callables)
    kernel.follow(store.read(kernel.position))
    return kernel


def stored_snapshot(kernel: Kernel) -> StoredSnapshot:
    """A kernel's state as a store keeps it, under a seal that shows whether it was damaged."""
    snapshot = kernel.snapshot()
    body = snapshot_to_json(snapshot)
    return StoredSnapshot(snapshot.position, f"{_seal(body)}\n{body}")


def _usable(store: EventStore) -> Snapshot | None:
    stored = store.snapshot()
    if stored is None:
        return None
    seal, _, body = stored.text.partition("\n")
    if seal != _seal(body):
        return None
    try:
        snapshot = snapshot_from_json(body)
    except StoreFault:
        return None
    if snapshot.version != SNAPSHOT_VERSION:
        return None
    # A log restored from a backup may end before it, or go on otherwise.
    last = next(store.read(snapshot.position - 1, 1), None) if snapshot.position else None
    return snapshot if last is not None and last.recorded_at == snapshot.at else None


def _seal(body: str) -> str:
    return sha256(body.encode()).hexdigest()

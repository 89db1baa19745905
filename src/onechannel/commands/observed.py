"""What somebody else decided.

Law of this file: a command is a frozen value that says what a vendor's system did, in its order.
"""

from collections.abc import Mapping

import attrs

from onechannel.model.checks import ident, mapping_of, member, optional, reference, text, whole
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import CustomerId, InteractionId, WorkerId
from onechannel.model.interaction import EndReason
from onechannel.model.worker import WorkerKind

__all__ = [
    "ObserveAccepted",
    "ObserveAnomaly",
    "ObserveArrival",
    "ObserveClosed",
    "ObserveDequeued",
    "ObserveQueued",
    "ObserveReleased",
    "Reconcile",
]

_maybe_ident = optional(ident)


def _end_reason(value: EndReason | str) -> EndReason:
    return member(EndReason, value)


@attrs.frozen(kw_only=True)
class ObserveArrival:
    """A customer reached a system we observe; an unknown `customer` becomes known by it."""

    interaction: InteractionId = attrs.field(validator=ident)
    channel: str = attrs.field(validator=ident)
    customer: CustomerId | None = attrs.field(default=None, validator=_maybe_ident)
    about: str | None = attrs.field(default=None, validator=_maybe_ident)
    priority: int = attrs.field(default=0, validator=whole)


@attrs.frozen(kw_only=True)
class ObserveQueued:
    """It joined a queue; whoever served it does so no longer."""

    interaction: InteractionId = attrs.field(validator=reference)
    queue: str = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class ObserveDequeued:
    """It left the queue, by the queue's own clock."""

    interaction: InteractionId = attrs.field(validator=reference)


def _worker_kind(value: WorkerKind | str) -> WorkerKind:
    return member(WorkerKind, value)


@attrs.frozen(kw_only=True)
class ObserveAccepted:
    """A worker began to serve; an unknown one becomes known, as of this `kind`."""

    interaction: InteractionId = attrs.field(validator=reference)
    worker: WorkerId = attrs.field(validator=ident)
    kind: WorkerKind = attrs.field(default=WorkerKind.PERSON, converter=_worker_kind)


@attrs.frozen(kw_only=True)
class ObserveReleased:
    """A worker ceased to serve."""

    interaction: InteractionId = attrs.field(validator=reference)
    worker: WorkerId = attrs.field(validator=ident)


@attrs.frozen(kw_only=True)
class ObserveClosed:
    """It ended; whoever served it does so no longer."""

    interaction: InteractionId = attrs.field(validator=reference)
    reason: EndReason = attrs.field(default=EndReason.RESOLVED, converter=_end_reason)
    disposition: str | None = attrs.field(default=None, validator=_maybe_ident)


def _details(value: Mapping[str, object]) -> FrozenMap[str, str]:
    return FrozenMap({name: str(detail) for name, detail in mapping_of(value).items()})


@attrs.frozen(kw_only=True)
class ObserveAnomaly:
    """A source claims what cannot be.

    `verb` is what it claims, `details` the rest of the claim in codes and ids, `reason` why not.
    """

    interaction: InteractionId = attrs.field(validator=reference)
    verb: str = attrs.field(validator=ident)
    reason: str = attrs.field(validator=ident)
    details: FrozenMap[str, str] = attrs.field(factory=FrozenMap, converter=_details)

    @details.validator
    def _check(self, field: "attrs.Attribute[object]", value: FrozenMap[str, str]) -> None:
        for name, detail in value.items():
            ident(self, field, name)
            text(self, field, detail)


def _serving(value: Mapping[str, str | None]) -> FrozenMap[str, str | None]:
    return mapping_of(value)


@attrs.frozen(kw_only=True)
class Reconcile:
    """All that a vendor's system holds on one channel at this moment, and who serves each.

    What is open here and not there has ended without our hearing of it.
    """

    channel: str = attrs.field(validator=ident)
    serving: FrozenMap[InteractionId, WorkerId | None] = attrs.field(
        factory=FrozenMap, converter=_serving
    )

    @serving.validator
    def _check(self, field: "attrs.Attribute[object]", value: FrozenMap[str, str | None]) -> None:
        for interaction, worker in value.items():
            reference(self, field, interaction)
            _maybe_ident(self, field, worker)

"""The overlay: what a session has decided and not yet committed.

Law of this file: a later request of the same session sees the earlier ones as if they were
committed.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs

from onechannel.events import (
    CustomerLinked,
    CustomerRegistered,
    CustomerUnlinked,
    Event,
    EventData,
    InteractionArrived,
    InteractionClosed,
    MessageIdentified,
)
from onechannel.model.ids import CustomerId, InteractionId, root_of
from onechannel.model.personal import personal
from onechannel.ports import (
    Answer,
    CustomerKnown,
    HolderOf,
    LineOf,
    Past,
    Reference,
    reference_key,
)

__all__ = ["OVERLAID", "Overlay"]


@attrs.define(eq=False)
class Overlay:
    """Facts of uncommitted events, over those of the store.

    `lines` holds what arrived in this session, `closed` what ended in it and had arrived before;
    `keys` what was made known in it, `freed` what was known before and is so no longer.
    """

    customers: dict[CustomerId, CustomerRegistered] = attrs.field(factory=dict)
    keys: dict[str, str] = personal(subject="customer", factory=dict)
    freed: set[str] = personal(subject="customer", factory=set)
    lines: dict[InteractionId, Past] = attrs.field(factory=dict)
    closed: dict[InteractionId, InteractionClosed] = attrs.field(factory=dict)

    def add(self, event: Event) -> None:
        """Take in one uncommitted event."""
        add = OVERLAID.get(type(event.data))
        if add is not None:
            add(self, event.data)

    def _register(self, data: CustomerRegistered) -> None:
        self.customers[data.customer] = data
        self.keys.update((address.key, data.customer) for address in data.addresses)

    def _link(self, data: CustomerLinked) -> None:
        self.keys[data.address.key] = data.customer

    def _unlink(self, data: CustomerUnlinked) -> None:
        self.keys.pop(data.address.key, None)
        self.freed.add(data.address.key)

    def _identify(self, data: MessageIdentified) -> None:
        self.keys[reference_key(data.reference)] = data.message

    def _arrive(self, data: InteractionArrived) -> None:
        self.lines[root_of(data.interaction)] = Past(data, None)

    def _close(self, data: InteractionClosed) -> None:
        root = root_of(data.interaction)
        line = self.lines.get(root)
        if line is not None and line.arrived.interaction == data.interaction:
            self.lines[root] = Past(line.arrived, data)
        else:
            self.closed[data.interaction] = data

    @property
    def has_news(self) -> bool:
        """Whether anything was not known before this session, and is."""
        return bool(self.lines or self.keys or self.customers)

    def news(self) -> Iterator[Reference]:
        """What was not known before this session, and is."""
        yield from map(CustomerKnown, self.customers)
        yield from map(HolderOf, self.keys)
        yield from map(LineOf, self.lines)

    def answer(self, reference: Reference, stored: Answer) -> Answer:
        """The store's answer, corrected by what is uncommitted."""
        if isinstance(reference, CustomerKnown):
            return self.customers.get(reference.customer) or stored
        if isinstance(reference, HolderOf):
            freed = reference.key in self.freed
            return self.keys.get(reference.key) or (None if freed else stored)
        if reference.root in self.lines:
            return self.lines[reference.root]
        if isinstance(stored, Past) and stored.arrived.interaction in self.closed:
            return Past(stored.arrived, self.closed[stored.arrived.interaction])
        return stored


#: What makes a fact; of anything else there is none.
OVERLAID: Final[dict[type[EventData], Callable[[Overlay, Any], None]]] = {
    CustomerRegistered: Overlay._register,
    CustomerLinked: Overlay._link,
    CustomerUnlinked: Overlay._unlink,
    MessageIdentified: Overlay._identify,
    InteractionArrived: Overlay._arrive,
    InteractionClosed: Overlay._close,
}

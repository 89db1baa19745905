"""The overlay: what a session has decided and not yet committed.

Law of this file: a later request of the same session sees the earlier ones as if they were
committed.
"""

import attrs

from onechannel.events import CustomerRegistered, Event, InteractionArrived, InteractionClosed
from onechannel.model.ids import CustomerId, InteractionId, root_of
from onechannel.model.personal import personal
from onechannel.ports import Answer, CustomerAt, CustomerKnown, Past, Reference

__all__ = ["Overlay"]


@attrs.define(eq=False)
class Overlay:
    """Facts of uncommitted events, over those of the store.

    `lines` holds what arrived in this session, `closed` what ended in it and had arrived before.
    """

    customers: dict[CustomerId, CustomerRegistered] = attrs.field(factory=dict)
    addresses: dict[str, CustomerId] = personal(subject="customer", factory=dict)
    lines: dict[InteractionId, Past] = attrs.field(factory=dict)
    closed: dict[InteractionId, InteractionClosed] = attrs.field(factory=dict)

    def add(self, event: Event) -> None:
        """Take in one uncommitted event."""
        data = event.data
        if isinstance(data, CustomerRegistered):
            self.customers[data.customer] = data
            self.addresses.update((address.key, data.customer) for address in data.addresses)
        elif isinstance(data, InteractionArrived):
            self.lines[root_of(data.interaction)] = Past(data, None)
        elif isinstance(data, InteractionClosed):
            self._close(data)

    def _close(self, data: InteractionClosed) -> None:
        root = root_of(data.interaction)
        line = self.lines.get(root)
        if line is not None and line.arrived.interaction == data.interaction:
            self.lines[root] = Past(line.arrived, data)
        else:
            self.closed[data.interaction] = data

    def answer(self, reference: Reference, stored: Answer) -> Answer:
        """The store's answer, corrected by what is uncommitted."""
        if isinstance(reference, CustomerKnown):
            return self.customers.get(reference.customer) or stored
        if isinstance(reference, CustomerAt):
            return self.addresses.get(reference.key) or stored
        if reference.root in self.lines:
            return self.lines[reference.root]
        if isinstance(stored, Past) and stored.arrived.interaction in self.closed:
            return Past(stored.arrived, self.closed[stored.arrived.interaction])
        return stored

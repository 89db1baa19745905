"""The ledger: the envelope of every event, and who is known by what.

Laws of this file: positions have no gaps and time never runs backwards; a command makes its events
once, in one go; nobody is registered twice, and no key denotes two.
"""

import attrs

from onechannel import events as e
from onechannel.model.ids import CustomerId, TenantId
from onechannel.ports import reference_key
from onechannel.testing.invariants._broken import InvariantBroken

__all__ = ["Ledger"]


@attrs.define(eq=False)
class Ledger:
    """What was served, and who is who, after the events that were added.

    `commands` maps the id of each command that made events to the first and last of them; `keys`
    maps keys to what each denotes, `survivors` who was merged to whom.
    """

    tenant: TenantId | None = None
    position: int = 0
    commands: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    customers: set[CustomerId] = attrs.field(factory=set)
    keys: dict[str, str] = attrs.field(factory=dict, repr=False)
    survivors: dict[CustomerId, CustomerId] = attrs.field(factory=dict)
    _last: e.Event | None = None

    def add(self, event: e.Event) -> bool:
        """Take in the next event; gives whether another occasion begins with it."""
        last, origin = self._last, event.origin
        self._check_envelope(event, last)
        self._last, self.position = event, event.position
        command = origin.command
        if command is not None:
            block = self.commands.get(command)
            if block is not None and block[1] != event.position - 1:
                reason = f"command {command} was served at {block[0]} and is served again"
                raise InvariantBroken("I2", reason, event.position)
            first = event.position if block is None else block[0]
            self.commands[command] = (first, event.position)
        self._add_people(event)
        return last is None or _occasion(last) != _occasion(event)

    def _check_envelope(self, event: e.Event, last: e.Event | None) -> None:
        if event.position != self.position + 1:
            raise InvariantBroken("I9", f"the log goes on after {self.position}", event.position)
        if last is not None and event.recorded_at < last.recorded_at:
            raise InvariantBroken("I9", "time runs backwards", event.position)
        if self.tenant is None:
            self.tenant = event.origin.tenant
        elif event.origin.tenant != self.tenant:
            raise InvariantBroken("I11", "it is another tenant's", event.position)

    # -- who is who -------------------------------------------------------------------------------

    def root(self, customer: CustomerId) -> CustomerId:
        """By whom a customer is known."""
        while customer in self.survivors:
            customer = self.survivors[customer]
        return customer

    def _add_people(self, event: e.Event) -> None:
        data = event.data
        if isinstance(data, e.CustomerRegistered):
            if data.customer in self.customers:
                raise InvariantBroken("I2", f"{data.customer} is registered again", event.position)
            self.customers.add(data.customer)
            for address in data.addresses:
                self._denote(event, address.key, data.customer)
        elif isinstance(data, e.CustomerLinked):
            self._denote(event, data.address.key, data.customer)
        elif isinstance(data, e.CustomerUnlinked):
            if self.keys.pop(data.address.key, None) != data.customer:
                raise InvariantBroken("I10", f"{data.customer} had no such key", event.position)
        elif isinstance(data, e.MessageIdentified):
            self._denote(event, reference_key(data.reference), data.message)
        elif isinstance(data, e.CustomerMerged):
            if data.customer in self.survivors or self.root(data.survivor) == data.customer:
                raise InvariantBroken("I10", f"{data.customer} is merged again", event.position)
            self.survivors[data.customer] = data.survivor
        elif isinstance(data, e.CustomerUnmerged):
            survivor = self.survivors.pop(data.customer, None)
            if survivor != data.survivor:
                reason = f"{data.customer} was merged into {survivor}, not {data.survivor}"
                raise InvariantBroken("I10", reason, event.position)

    def _denote(self, event: e.Event, key: str, whom: str) -> None:
        if self.keys.setdefault(key, whom) != whom:
            raise InvariantBroken("I10", f"a key of {whom} denotes another", event.position)


def _occasion(event: e.Event) -> object:
    origin = event.origin
    return origin.command, origin.recorded_at, origin.actor

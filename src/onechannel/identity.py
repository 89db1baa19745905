"""Identity: which customers are one.

Laws of this file: nothing is rewritten. Two customers are one for as long as a merge of them
stands; when it is undone, everything is as if it had never been.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol, TypeAlias

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused
from onechannel.facts import Facts
from onechannel.model.ids import CustomerId

__all__ = ["IDENTITY", "Asking", "Families"]


@attrs.define(eq=False)
class Families:
    """Who is the same as whom: `survivors` maps a merged customer to the one it was merged into."""

    survivors: dict[CustomerId, CustomerId] = attrs.field(factory=dict)
    _merged: dict[CustomerId, dict[CustomerId, None]] = attrs.field(factory=dict)

    def join(self, customer: CustomerId, survivor: CustomerId) -> None:
        """They are one."""
        self.survivors[customer] = survivor
        self._merged.setdefault(survivor, {})[customer] = None

    def part(self, customer: CustomerId) -> None:
        """They are not."""
        merged = self._merged[self.survivors.pop(customer)]
        del merged[customer]

    def root(self, customer: CustomerId) -> CustomerId:
        """By whom a customer is known."""
        while (survivor := self.survivors.get(customer)) is not None:
            customer = survivor
        return customer

    def family(self, customer: CustomerId) -> Iterator[CustomerId]:
        """Everybody who is the same, by whom they are known first."""
        found = [self.root(customer)]
        for one in found:
            found.extend(self._merged.get(one, ()))
        return iter(found)


class Asking(Protocol):
    """What a decision about customers looks at: who asks, what is known, and who are one."""

    @property
    def facts(self) -> Facts:
        """What is known of the past."""
        ...

    @property
    def families(self) -> Families:
        """Who is the same as whom."""
        ...

    def may_for(self, customer: CustomerId) -> bool:
        """Whether who asks is that customer, or may ask for any."""
        ...

    def customer(self, wanted: CustomerId) -> CustomerId:
        """By whom a registered customer is known; refused for any other."""
        ...


_Decision: TypeAlias = Iterator[e.EventData]


def _register(asking: Asking, command: c.RegisterCustomer) -> _Decision:
    if not asking.may_for(command.customer):
        raise CommandRefused("a customer registers as itself, and as nobody else")
    if asking.facts.customer(command.customer) is not None:
        raise CommandRefused(f"customer {command.customer} is registered already")
    for number, address in enumerate(command.addresses, start=1):
        holder = asking.facts.holder_of(address.key)
        if holder is not None:
            raise CommandRefused(
                f"address {number} of customer {command.customer} is {_whose(asking, holder)}: "
                "register without it, or use that customer"
            )
    yield e.CustomerRegistered(command.customer, command.name, command.addresses)


def _whose(asking: Asking, holder: CustomerId) -> str:
    """Whose an address is, for those who may know."""
    return f"customer {holder}'s" if asking.may_for(holder) else "another customer's"


def _link(asking: Asking, command: c.LinkAddress) -> _Decision:
    known_as, root = asking.customer(command.customer), asking.families.root
    holder = asking.facts.holder_of(command.address.key)
    if holder is None:
        yield e.CustomerLinked(command.customer, command.address, command.evidence)
    elif root(holder) != known_as:
        raise CommandRefused(
            f"the address is {_whose(asking, holder)}: UnlinkAddress, or MergeCustomers"
        )


def _unlink(asking: Asking, command: c.UnlinkAddress) -> _Decision:
    known_as, root = asking.customer(command.customer), asking.families.root
    holder = asking.facts.holder_of(command.address.key)
    if holder is None or root(holder) != known_as:
        raise CommandRefused(f"the address is not customer {command.customer}'s: nothing to undo")
    yield e.CustomerUnlinked(holder, command.address, command.evidence)


def _merge(asking: Asking, command: c.MergeCustomers) -> _Decision:
    """Two customers are one; those who are one already stay as they are."""
    one, other = asking.customer(command.customer), asking.customer(command.survivor)
    if one != other:
        yield e.CustomerMerged(one, other, command.evidence)


def _unmerge(asking: Asking, command: c.UnmergeCustomer) -> _Decision:
    survivor = asking.families.survivors.get(command.customer)
    if survivor is None:
        raise CommandRefused(
            f"customer {command.customer} is not merged into another: nothing to undo"
        )
    yield e.CustomerUnmerged(command.customer, survivor, command.evidence)


#: The decision on every command about who a customer is.
IDENTITY: Final[dict[type, Callable[[Asking, Any], _Decision]]] = {
    c.RegisterCustomer: _register,
    c.LinkAddress: _link,
    c.UnlinkAddress: _unlink,
    c.MergeCustomers: _merge,
    c.UnmergeCustomer: _unmerge,
}

"""A letter's commands: as text while they wait, what they refer to, and what they bring.

Law of this file: what is written here is read here and nowhere else; a kind of command that brings
something is one row of a table.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from onechannel import commands as c
from onechannel.codec import commands_from_json, commands_to_json, dumps, loads
from onechannel.delivery.work import Order
from onechannel.errors import StoreFault
from onechannel.model.ids import root_of
from onechannel.ports import CustomerKnown, HolderOf, LineOf, Reference, reference_key

__all__ = ["awaited", "brought", "read", "reference_of", "written"]


# -- what is referred to --------------------------------------------------------------------------


def awaited(reference: Reference) -> str:
    """What a letter waits for, as text."""
    if isinstance(reference, HolderOf):
        return f"key {reference.key}"
    if isinstance(reference, CustomerKnown):
        return f"customer {reference.customer}"
    return f"interaction {reference.root}"


def reference_of(text: str) -> Reference:
    """What a letter waits for, from its text; raises `StoreFault`."""
    kind, _, name = text.partition(" ")
    make = _REFERENCES.get(kind)
    if make is None:
        raise StoreFault("what a parked letter waits for cannot be read: restore from a backup")
    return make(name)


_REFERENCES: Final[dict[str, Callable[[str], Reference]]] = {
    "key": HolderOf,
    "customer": CustomerKnown,
    "interaction": LineOf,
}


# -- commands -------------------------------------------------------------------------------------


def written(orders: tuple[Order, ...]) -> str:
    """Commands as text; raises `BatchRefused` for what cannot be carried."""
    commands = commands_to_json((one.command, one.actor, one.claimed_at) for one in orders)
    unless = [None if one.unless is None else awaited(one.unless) for one in orders]
    return dumps({"commands": loads(commands), "unless": unless})


def read(orders: str | None) -> tuple[Order, ...]:
    """The commands of a row; raises `StoreFault` where this release does not know them."""
    if orders is None:
        return ()
    try:
        kept = loads(orders)
        commands, unless = dumps(kept["commands"]), list(kept["unless"])
    except (ValueError, TypeError, KeyError):
        raise StoreFault("the commands kept cannot be read: read them anew") from None
    found = zip(commands_from_json(commands), unless, strict=True)
    return tuple(
        Order(*one, unless=None if other is None else reference_of(other)) for one, other in found
    )


def brought(orders: tuple[Order, ...]) -> set[str]:
    """What is known once these commands are served, as far as they say so themselves."""
    return {
        awaited(one)
        for order in orders
        for one in _BRINGS.get(type(order.command), _nothing)(order.command)
    }


def _nothing(_command: object) -> Iterator[Reference]:
    return iter(())


def _line_of(command: c.Arrive | c.Reach | c.ObserveArrival) -> Iterator[Reference]:
    if command.interaction is not None:
        yield LineOf(root_of(command.interaction))


def _registration(command: c.RegisterCustomer) -> Iterator[Reference]:
    yield CustomerKnown(command.customer)
    yield from (HolderOf(address.key) for address in command.addresses)


def _link(command: c.LinkAddress) -> Iterator[Reference]:
    yield HolderOf(command.address.key)


def _receipt(command: c.ReportDelivery) -> Iterator[Reference]:
    if command.message is not None and command.reference is not None:
        yield HolderOf(reference_key(command.reference))


_BRINGS: Final[dict[type, Callable[[Any], Iterator[Reference]]]] = {
    c.Arrive: _line_of,
    c.Reach: _line_of,
    c.ObserveArrival: _line_of,
    c.RegisterCustomer: _registration,
    c.LinkAddress: _link,
    c.ReportDelivery: _receipt,
}

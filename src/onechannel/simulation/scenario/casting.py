"""Casting: who and what there is in a scenario, from its tables.

Law of this file: a table has the fields of what it makes, under their own names, and what that does
by itself.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar

import attrs

from onechannel.commands import RegisterCustomer
from onechannel.errors import InvalidValue
from onechannel.events import EVENT_TYPES
from onechannel.model.address import Address
from onechannel.model.channel import Channel, known_channel
from onechannel.model.worker import Capacity, Worker, WorkerKind
from onechannel.ports import Destination
from onechannel.settings import (
    Read,
    Setting,
    arguments,
    built,
    culprit,
    duration_of,
    fields_of,
    hint,
)
from onechannel.simulation.handles import CustomerHandle, SupervisorHandle, WorkerHandle
from onechannel.simulation.outside import VirtualVendor
from onechannel.simulation.scenario.book import Book, clock_of
from onechannel.simulation.scenario.values import Clock, Crowd, CustomerRole, VendorRole, WorkerRole
from onechannel.simulation.scripts import Patience, Routine, Turn, TurnKind

__all__ = ["channel", "crowd", "customer", "turn", "vendor", "worker"]

T = TypeVar("T")

_LARGEST_CROWD: Final = 100_000


def channel(name: str, setting: Setting) -> Channel:
    """A channel; of a well-known one only what is otherwise."""

    def make(**fields: Any) -> Channel:
        return attrs.evolve(known_channel(name), **fields)

    return _made(make, setting, arguments(Channel, setting, {"name": name}))


def _made(make: Callable[..., T], setting: Setting, values: Mapping[str, Any]) -> T:
    """What is made of the values; what is wrong is said at the key."""
    try:
        return make(**values)
    except InvalidValue as wrong:
        raise culprit(make, setting, values, wrong).wrong(str(wrong)) from None


# -- customers ------------------------------------------------------------------------------------

#: How a table of a customer or a crowd says its patience.
_PATIENCE: Final = {"patience": "waits_for", "returns_after": "returns_after", "returns": "returns"}


def customer(book: Book, name: str, setting: Setting) -> CustomerRole:
    """A customer: `name`, `addresses`, and its patience."""
    book.enter(name, CustomerHandle, setting)
    setting.refuse_others(("name", "addresses", *_PATIENCE))
    addresses = setting.each("addresses")
    for one in addresses:
        try:
            address = Address.parse(one.text)
        except InvalidValue as wrong:
            raise one.wrong(str(wrong)) from None
        book.hold(address, name, one)
    called = setting.table["name"].text if "name" in setting.table else None
    _made(RegisterCustomer, setting, {"customer": name, "name": called})
    return CustomerRole(
        name=name,
        called=called,
        addresses=tuple(one.text for one in addresses),
        patience=_patience(setting),
    )


def _patience(setting: Setting) -> Patience | None:
    kept = {new: setting.table[key] for key, new in _PATIENCE.items() if key in setting.table}
    if not kept:
        return None
    if "waits_for" not in kept:
        raise setting.wrong(
            'says when to come again, and not after which patience: patience = "2m"'
        )
    return built(Patience, attrs.evolve(setting, value=kept))


def crowd(setting: Setting) -> Crowd:
    """So many customers who come about the same."""
    own = [name for name in fields_of(Crowd) if name not in {"setting", "patience"}]
    setting.refuse_others((*own, *_PATIENCE))
    given = {"setting": setting, "patience": _patience(setting)}
    values = arguments(Crowd, setting.only(own), given, reading=_clocks)
    of = values["of"]
    if type(of) is not int or not 0 < of <= _LARGEST_CROWD:
        raise setting.table["of"].wrong(f"must be a whole number from 1 to {_LARGEST_CROWD:,}")
    return _made(Crowd, setting, {**given, **values})


def _clocks(of: Any) -> Read | None:
    return clock_of if of is Clock else None


# -- workers --------------------------------------------------------------------------------------

_KINDS: Final[Mapping[str, type]] = {
    "workers": WorkerHandle,
    "machines": WorkerHandle,
    "supervisors": SupervisorHandle,
}
#: What a table of each kind has besides the fields of a worker and of a routine.
_BESIDES: Final[Mapping[str, tuple[str, ...]]] = {
    "workers": ("signs_in", "turns"),
    "machines": ("signs_in", "turns", "channels"),
    "supervisors": ("signs_in",),
}


def worker(book: Book, kind: str, name: str, setting: Setting) -> WorkerRole:
    """A worker, a machine or a supervisor."""
    book.enter(name, _KINDS[kind], setting)
    fields = [one for one in fields_of(Worker) if one != "id"]
    habits = [*fields_of(Routine)]
    setting.refuse_others((*fields, *habits, *_BESIDES[kind]))
    given: dict[str, Any] = {"id": name}
    own = setting.only(fields)
    if kind == "supervisors" and "capacity" not in setting.table:
        given["capacity"] = Capacity(total=0)
    if kind == "machines":
        given |= _of_a_machine(setting)
    signs_in = setting.table["signs_in"].value if "signs_in" in setting.table else True
    if not isinstance(signs_in, bool):
        raise setting.table["signs_in"].wrong("must be true or false")
    routine = setting.only(habits)
    return WorkerRole(
        worker=built(Worker, own, given),
        supervises=kind == "supervisors",
        signs_in=signs_in,
        routine=built(Routine, routine) if routine.value else None,
        turns=tuple(turn(one) for one in setting.table["turns"].items)
        if "turns" in setting.table
        else (),
    )


def _of_a_machine(setting: Setting) -> dict[str, Any]:
    """Without limit on its channels, and without wrap-up, unless the table says otherwise."""
    given: dict[str, Any] = {}
    if "kind" in setting.table:
        raise setting.table["kind"].wrong("is that of a machine: of another it is a worker")
    given["kind"] = WorkerKind.MACHINE
    if "wrap_up" not in setting.table:
        given["wrap_up"] = timedelta(0)
    if "channels" in setting.table:
        if "capacity" in setting.table:
            raise setting.table["capacity"].wrong("says what channels says: give one of the two")
        given["capacity"] = Capacity.only(*(one.text for one in setting.each("channels")))
    elif "capacity" not in setting.table:
        raise setting.wrong("channels is missing: on which it serves")
    return given


_SAYS: Final = frozenset({TurnKind.ANSWERS, TurnKind.ASKS})


def turn(setting: Setting) -> Turn:
    """A turn: its kind with what it says or why, and after how long."""
    kinds = [kind for kind in TurnKind if kind in setting.table]
    setting.refuse_others((*TurnKind, "after"))
    if len(kinds) != 1:
        raise setting.wrong(f"must have one of {', '.join(TurnKind)}")
    kind, given = kinds[0], setting.table[kinds[0]]
    values: dict[str, Any] = {"kind": kind}
    if "after" in setting.table:
        values["after"] = duration_of(setting.table["after"])
    if kind in _SAYS:
        values["said"] = given.text
    elif given.value is not True:
        values["why"] = given.text
    return _made(Turn, setting, values)


# -- vendors --------------------------------------------------------------------------------------


def vendor(book: Book, name: str, setting: Setting) -> VendorRole:
    """A vendor: which events it takes, on which channels."""
    book.enter(name, VirtualVendor, setting)
    setting.refuse_others(("takes", "channels"))
    takes = setting.each("takes")
    for one in takes:
        if one.text not in EVENT_TYPES:
            raise one.wrong(f"there is no event {one.text}: {hint(one.text, EVENT_TYPES)}")
    channels = None
    if "channels" in setting.table:
        channels = tuple(one.text for one in setting.each("channels"))
    takes_all = tuple(one.text for one in takes) or ("message.sent",)
    _made(Destination, setting, {"name": name, "types": takes_all})
    return VendorRole(name=name, takes=takes_all, channels=channels)

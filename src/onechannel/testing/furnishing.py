"""What a fake centre is furnished with, written as people like to write it.

Laws of this file: every way to write a thing gives the same value of the model; what cannot be one
is refused with what would do; files are read here, and nowhere else in the fake.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from onechannel.errors import InvalidValue, SettingsInvalid
from onechannel.model.calendar import Calendar
from onechannel.model.channel import Channel, known_channel
from onechannel.model.policy import Policy
from onechannel.model.queue import Queue
from onechannel.model.zones import zone_named
from onechannel.ports import EventStore
from onechannel.routing import read_policy
from onechannel.settings import Setting, built, read_settings
from onechannel.simulation import START
from onechannel.simulation.clockwork import clock_reading

__all__ = [
    "Calendars",
    "Channels",
    "Policies",
    "Queues",
    "Start",
    "Store",
    "calendars_from",
    "channels_from",
    "names_from",
    "policy_from",
    "queues_from",
    "start_from",
    "store_from",
]

T = TypeVar("T")

#: A policy, or the file it stands in.
Policies: TypeAlias = Policy | Path | str
#: Calendars, or the files they stand in; one, or any number.
Calendars: TypeAlias = Calendar | Path | str | Iterable[Calendar | Path | str]
#: Channels, their names, or the fields of each; one, or any number.
Channels: TypeAlias = (
    Channel | Mapping[str, Any] | str | Iterable[Channel | Mapping[str, Any] | str]
)
#: The same of queues.
Queues: TypeAlias = Queue | Mapping[str, Any] | str | Iterable[Queue | Mapping[str, Any] | str]
#: An instant, or what a clock of the centre reads.
Start: TypeAlias = datetime | str
#: A store, what makes one, or the name of a kind.
Store: TypeAlias = EventStore | Callable[[], EventStore] | str


def policy_from(given: Policies) -> Policy:
    """A policy as such, or the one of a TOML file."""
    if isinstance(given, Policy):
        return given
    if isinstance(given, (Path, str)):
        return read_policy(_text(given), str(given))
    raise InvalidValue(f"policy cannot be {type(given).__name__}: {_WAYS['policy']}")


def calendars_from(given: Calendars) -> tuple[Calendar, ...]:
    """Calendars as such, or those of TOML files."""
    each = _each("calendar", given, Calendar, Path, str)
    return tuple(one if isinstance(one, Calendar) else _calendar(one) for one in each)


def channels_from(given: Channels) -> tuple[Channel, ...]:
    """Channels as such, the well-known or plain ones of a name, or those of given fields."""
    each = _each("channels", given, Channel, Mapping, str)
    return tuple(_built("channel", Channel, one, known_channel) for one in each)


def queues_from(given: Queues) -> tuple[Queue, ...]:
    """Queues as such, plain ones of a name, or those of given fields."""
    each = _each("queues", given, Queue, Mapping, str)
    return tuple(_built("queue", Queue, one, lambda name: Queue(name=name)) for one in each)


def names_from(given: Iterable[str]) -> tuple[str, ...]:
    """The names of channels that the greeter serves; one, or any number."""
    return _each("greeter", given, str)


def start_from(given: Start, zone: str) -> datetime:
    """An instant as such or as text, or the first at which a clock of the zone reads so.

    Clocks begin with the Monday on which a fake centre starts by itself. A date and a time without
    an offset are those of the zone.
    """
    if isinstance(given, datetime):
        return given
    local: tzinfo = UTC if zone == "UTC" else zone_named(zone)
    try:
        if not given[:4].isdigit():
            return clock_reading(given, START.replace(hour=0, tzinfo=local), local)
        moment = datetime.fromisoformat(given)
    except (InvalidValue, TypeError, ValueError):
        raise InvalidValue(f"start must be {_STARTS}, not {given!r}") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=local)


_STARTS: Final = (
    'an aware datetime or text such as "2026-03-29T00:30Z", "2026-03-29 09:00", "09:00" or '
    '"Tue 14:30"'
)


def store_from(given: Store) -> EventStore:
    """A store as such, or a new one: by what makes it, or of the kind `memory` or `sqlite`."""
    make = _STORES.get(given) if isinstance(given, str) else given
    made: Any = make() if callable(make) else make
    if not hasattr(made, "session"):
        what = repr(given) if isinstance(given, str) else type(made).__name__
        kinds = ", ".join(f'"{kind}"' for kind in _STORES)
        raise InvalidValue(f"store must be a store, what makes one, or one of {kinds}, not {what}")
    return made  # type: ignore[no-any-return]


def _memory() -> EventStore:
    from onechannel.stores.memory import MemoryStore

    return MemoryStore()


def _sqlite() -> EventStore:
    from onechannel.stores.sqlite import SQLiteStore

    return SQLiteStore(":memory:")


_STORES: Final[dict[str, Callable[[], EventStore]]] = {"memory": _memory, "sqlite": _sqlite}


# -- parts ----------------------------------------------------------------------------------------


def _each(what: str, given: Any, *kinds: type) -> tuple[Any, ...]:
    """All that was given, whether one or many."""
    every = (given,) if isinstance(given, kinds) else given
    if not isinstance(every, Iterable):
        raise InvalidValue(f"{what} cannot be {type(given).__name__}: {_WAYS[what]}")
    found = tuple(every)
    for one in found:
        if not isinstance(one, kinds):
            raise InvalidValue(f"{what} cannot have {type(one).__name__} in it: {_WAYS[what]}")
    return found


_WAYS: Final = {
    "calendar": "give a Calendar or the name of its file",
    "policy": "give a Policy or the name of its file",
    "channels": 'give names such as "voice", fields such as {"name": "kiosk"}, or a Channel',
    "greeter": "give the names of channels, or () for none",
    "queues": 'give names such as "billing", fields such as {"name": "billing"}, or a Queue',
}


def _calendar(file: Path | str) -> Calendar:
    """The calendar of a TOML file, written as for `Calendar.weekly`; its name is the file's."""
    setting = read_settings(_text(file), str(file))
    named = {} if "name" in setting.table else {"name": Path(file).stem}
    return built(Calendar.weekly, setting, named)


def _text(file: Path | str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as fault:
        raise InvalidValue(f"{file} cannot be read: {fault.strerror}") from None


def _built(what: str, kind: type[T], given: Any, plain: Callable[[str], T]) -> T:
    """A value of the model, by itself, by its name or by its fields."""
    if isinstance(given, kind):
        return given
    if isinstance(given, str):
        return plain(given)
    try:
        return built(kind, _setting(given))
    except SettingsInvalid as wrong:
        raise InvalidValue(f"{what}: {str(wrong).removeprefix(_NOWHERE)}") from None


#: How an error begins that is of no file.
_NOWHERE: Final = ":0: "


def _setting(given: Any, path: tuple[str | int, ...] = ()) -> Setting:
    """What was given in Python as if it stood in a file."""
    value = given
    if isinstance(given, Mapping):
        value = {key: _setting(one, (*path, key)) for key, one in given.items()}
    elif isinstance(given, (list, tuple)):
        value = tuple(_setting(one, (*path, number)) for number, one in enumerate(given))
    elif isinstance(given, timedelta):
        value = given.total_seconds()
    return Setting(value, "", 0, path)

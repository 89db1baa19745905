"""The codec: values to JSON and back.

Laws of this file: equal values give equal bytes, whatever the process and the JSON library; what an
old version wrote is brought up to date here and nowhere else; an error says which event cannot be
read, never what stands in it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cache, lru_cache
from math import isfinite
from types import NoneType
from typing import Any, Final, TypeAlias, get_args, get_origin, get_type_hints

import attrs
from cattrs import Converter
from cattrs.strategies import configure_tagged_union

from onechannel.commands import VERBS, Command
from onechannel.errors import BatchRefused, LogInconsistent, StoreFault
from onechannel.events import EVENT_TYPES, Cause, Event, EventData, Origin
from onechannel.kernel import Snapshot
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.code import Code
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import TenantId
from onechannel.model.policy import Named, PlanRule

__all__ = [
    "ORIGIN",
    "SUBJECTS",
    "UPCASTERS",
    "actor_from_text",
    "check_data",
    "check_origin",
    "commands_from_json",
    "commands_to_json",
    "data_from_json",
    "data_to_json",
    "dumps",
    "event_from_json",
    "event_to_dict",
    "event_to_json",
    "loads",
    "origin_from_texts",
    "origin_to_texts",
    "snapshot_from_json",
    "snapshot_to_json",
    "subjects_of",
    "time_from_text",
    "time_to_text",
]

Json: TypeAlias = dict[str, Any]

#: The subjects an envelope names.
SUBJECTS: Final = ("interaction", "customer", "journey", "worker")

#: Brings the data of (stored name, version) to the next version.
UPCASTERS: Final[dict[tuple[str, int], Callable[[Json], Json]]] = {}


# -- text -----------------------------------------------------------------------------------------

# Once, and not for each call: that is half of the time that `json.dumps` and `json.loads` take.
_plain_dumps: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode
_decoder: Final = json.JSONDecoder()


def _plain_loads(text: str | bytes) -> Any:
    if isinstance(text, str) and text[:1] == "{":
        value, end = _decoder.raw_decode(text)
        if end == len(text):
            return value
    return json.loads(text)


try:
    import orjson
except ImportError:
    #: JSON without needless space; the extra `fast` makes the same bytes sooner.
    dumps: Callable[[object], str] = _plain_dumps
    loads: Callable[[str | bytes], Any] = _plain_loads
else:

    def dumps(value: object) -> str:
        """JSON without needless space."""
        return orjson.dumps(value).decode()

    loads = orjson.loads


def time_to_text(value: datetime) -> str:
    """`2026-01-05T09:00:00Z`, with microseconds where there are any; `ValueError` if not UTC."""
    if value.tzinfo is not UTC:
        raise ValueError
    return _written(value)


# The events of one cycle share their moment, those of one conversation their actor.
@lru_cache(maxsize=64)
def _written(value: datetime) -> str:
    return value.isoformat()[:-6] + "Z"


def time_from_text(text: str) -> datetime:
    """The instant that `time_to_text` wrote; raises `ValueError` for any that it did not."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is not UTC:
        raise ValueError
    return value


@lru_cache(maxsize=1024)
def _actor_to_text(actor: Actor) -> str:
    return _storable(str(actor))


@lru_cache(maxsize=1024)
def actor_from_text(text: str) -> Actor:
    """The actor that `str` wrote."""
    kind, colon, name = text.partition(":")
    return Actor(ActorKind(kind), name if colon else None)


# -- values ---------------------------------------------------------------------------------------

# What both JSON libraries carry: a larger number comes back from one of them as another.
_WHOLE: Final = range(-(2**63), 2**63)


def _whole_out(value: int) -> int:
    # A range looks an int up at once, and anything else one by one.
    if type(value) is not int or value not in _WHOLE:
        raise ValueError
    return value


def _number_out(value: float) -> float | str:
    """The number, or its text where the two libraries would write it differently: `1e-07`."""
    if not isfinite(value):
        raise ValueError
    text = repr(value)
    return text if "e" in text else value


def _duration_out(value: timedelta) -> int | float | str:
    """In seconds."""
    if not value.microseconds:
        return value.days * 86_400 + value.seconds
    seconds = value.total_seconds()
    if timedelta(seconds=seconds) != value:
        raise ValueError  # some centuries and a microsecond
    return _number_out(seconds)


def _exactly(value: object, kind: type) -> object:
    """The value, if it is of that type: what is of another was not written here."""
    if type(value) is not kind:
        raise TypeError
    return value


def _iso_in(text: str, kind: type[date] | type[time]) -> date | time:
    """The day or the time of day of an ISO text, if that is how it was written here."""
    value = kind.fromisoformat(text)
    if value.isoformat() != text:
        raise ValueError
    return value


def _text_in(value: object, kind: type) -> object:
    if type(value) is not str:
        raise TypeError
    return value if kind is str else _member(kind, value)


@cache
def _member(kind: type[Enum], value: str) -> Enum:
    return kind(value)


def _frozen_map_out(
    kind: type, converter: Converter
) -> Callable[[FrozenMap[str, Any]], dict[str, Any]]:
    out = converter.get_unstructure_hook(get_args(kind)[1])
    return lambda value: {key: out(item) for key, item in value.items()}


def _frozen_map_in(
    kind: type, converter: Converter
) -> Callable[[Mapping[str, Any], Any], FrozenMap[str, Any]]:
    value_type = get_args(kind)[1]
    take = converter.get_structure_hook(value_type)
    return lambda value, _: FrozenMap({key: take(item, value_type) for key, item in value.items()})


def _make_converter() -> Converter:
    converter = Converter(detailed_validation=False)
    converter.register_structure_hook(str, _text_in)
    converter.register_structure_hook(bool, _exactly)
    converter.register_unstructure_hook(int, _whole_out)
    converter.register_unstructure_hook(bool, lambda value: value)
    converter.register_structure_hook(int, _exactly)
    converter.register_unstructure_hook(float, _number_out)
    converter.register_structure_hook(float, lambda value, _: float(value))
    converter.register_unstructure_hook(datetime, time_to_text)
    converter.register_structure_hook(datetime, lambda text, _: time_from_text(text))
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, _iso_in)
    converter.register_unstructure_hook(time, time.isoformat)
    converter.register_structure_hook(time, _iso_in)
    converter.register_unstructure_hook(timedelta, _duration_out)
    converter.register_structure_hook(timedelta, lambda value, _: timedelta(seconds=float(value)))
    converter.register_unstructure_hook(Actor, str)
    converter.register_structure_hook(Actor, lambda text, _: actor_from_text(text))
    converter.register_unstructure_hook_factory(_is_frozen_map, _frozen_map_out)
    converter.register_structure_hook_factory(_is_frozen_map, _frozen_map_in)
    # A set has no order of its own, and its order in memory differs between processes.
    converter.register_unstructure_hook_func(
        _is_frozenset,
        lambda value: sorted(item.value if isinstance(item, Enum) else item for item in value),
    )
    configure_tagged_union(
        PlanRule | Named, converter, tag_name="by", tag_generator=_TAGS.__getitem__
    )
    return converter


_TAGS: Final[dict[type, str]] = {PlanRule: "rule", Named: "callable"}


def _is_frozen_map(kind: object) -> bool:
    return getattr(kind, "__origin__", kind) is FrozenMap


def _is_frozenset(kind: object) -> bool:
    return getattr(kind, "__origin__", kind) is frozenset


_CONVERTER: Final = _make_converter()
_OUT: Final = {kind: _CONVERTER.get_unstructure_hook(kind) for kind in EVENT_TYPES.values()}
_IN: Final = {kind: _CONVERTER.get_structure_hook(kind) for kind in EVENT_TYPES.values()}


#: No value is of it.
class _Any: ...


#: What can be written where `check_data` finds nothing wrong.
_CHECKED: Final = frozenset({str, datetime, int, bool})


def _fields_of(kind: type[EventData]) -> tuple[tuple[str, type, object], ...]:
    """Each field, with the type of which any value can be written, and what it has for nothing."""
    hints = get_type_hints(kind)
    return tuple((field.name, *_writable(hints[field.name])) for field in attrs.fields(kind))  # type: ignore[arg-type]  # `event` makes it one


def _writable(hint: Any) -> tuple[type, object]:
    kinds = [kind for kind in get_args(hint) if kind is not NoneType] or [hint]
    if get_origin(hint) is tuple:
        return _Any, ()
    empty = None if NoneType in get_args(hint) else _Any
    kind = kinds[0]
    if len(kinds) > 1 or not isinstance(kind, type):
        return _Any, empty
    is_ours = attrs.has(kind) and kind.__module__.startswith("onechannel.model.")
    return (kind if is_ours or kind in _CHECKED or issubclass(kind, Code) else _Any), empty


_FIELDS: Final = {kind: _fields_of(kind) for kind in EVENT_TYPES.values()}

# What a value that cannot be written, or a text that cannot be read, raises underneath. Whatever
# the value was, it may be personal: it goes no further.
_UNFIT: Final = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    RecursionError,
)


# -- what happened --------------------------------------------------------------------------------


def data_to_json(data: EventData) -> str:
    """What happened, without the envelope; raises `BatchRefused` for what cannot be carried."""
    try:
        return _storable(dumps(_OUT[type(data)](data)))
    except _UNFIT:
        raise _unwritable(type(data).__name__) from None


def _storable(text: str) -> str:
    """The same text, or a `UnicodeEncodeError` where it holds half of a character."""
    if not text.isascii():
        text.encode()
    return text


def check_data(data: EventData) -> None:
    """Raise `BatchRefused` wherever `data_to_json` would, and sooner.

    Codes, instants in UTC and values of the model can always be written; of all else it is tried.
    """
    for name, kind, empty in _FIELDS[type(data)]:
        value: Any = getattr(data, name)
        if value is empty:
            continue
        known = type(value) is kind
        if (
            not known
            or (kind is str and not value.isascii())
            or (kind is datetime and value.tzinfo is not UTC)
            or (kind is int and value not in _WHOLE)
        ):
            data_to_json(data)
            return


def _unwritable(what: str) -> BatchRefused:
    return BatchRefused(
        f"{what} cannot be written: it holds half of a character, a number beyond 64 bits, "
        "a time that is not UTC or a value of another type; nothing was kept"
    )


def data_from_json(position: int, stored_name: str, version: int, text: str | bytes) -> EventData:
    """What happened; raises `LogInconsistent` where this release cannot know it."""
    try:
        return _structure(position, stored_name, version, loads(text))
    except _UNFIT:
        raise _unreadable(position, stored_name, version) from None


def _unreadable(position: int, stored_name: object, version: object) -> LogInconsistent:
    if stored_name not in EVENT_TYPES:
        return LogInconsistent(position, "its data is of no kind known here")
    return LogInconsistent(position, f"its data is not that of {stored_name} {version}")


def _structure(position: int, stored_name: str, version: int, data: Json) -> EventData:
    kind = EVENT_TYPES.get(stored_name)
    if kind is None or version > kind.version:
        raise LogInconsistent(
            position,
            f"{stored_name} {version} is unknown here: a newer release of onechannel wrote it",
        )
    while version < kind.version:
        data = UPCASTERS[stored_name, version](data)
        version += 1
    made: EventData = _IN[kind](data, kind)
    return made


# -- events ---------------------------------------------------------------------------------------


def _subjects_getter(kind: type[EventData]) -> Callable[[EventData], tuple[str | None, ...]]:
    fields = [name if name in kind.__annotations__ else None for name in SUBJECTS]
    return lambda data: tuple([None if name is None else getattr(data, name) for name in fields])


_SUBJECTS_OF: Final = {kind: _subjects_getter(kind) for kind in EVENT_TYPES.values()}


def subjects_of(data: EventData) -> tuple[str | None, ...]:
    """The ids of what it is about, in order of `SUBJECTS`."""
    return _SUBJECTS_OF[type(data)](data)


#: The texts of an origin; its tenant is the log's.
ORIGIN: Final = ("recorded_at", "occurred_at", "cause", "command", "actor")


def origin_to_texts(origin: Origin) -> tuple[str | None, ...]:
    """The origin as texts, in order of `ORIGIN`; raises `BatchRefused` for what does not fit."""
    try:
        return (
            time_to_text(origin.recorded_at),
            time_to_text(origin.occurred_at),
            origin.cause.value,
            None if origin.command is None else _storable(origin.command),
            _actor_to_text(origin.actor),
        )
    except _UNFIT:
        raise _unwritable("the envelope") from None


def check_origin(origin: Origin) -> None:
    """Raise `BatchRefused` wherever `origin_to_texts` would, and sooner."""
    command = origin.command
    if not (
        type(origin.recorded_at) is type(origin.occurred_at) is datetime
        and origin.recorded_at.tzinfo is UTC
        and origin.occurred_at.tzinfo is UTC
        and type(origin.cause) is Cause
        and (command is None or (type(command) is str and command.isascii()))
        and type(origin.actor) is Actor
        and (origin.actor.id or "").isascii()
    ):
        origin_to_texts(origin)


def origin_from_texts(position: int, texts: Sequence[Any], tenant: TenantId) -> Origin:
    """The origin that these texts were made of; raises `LogInconsistent`."""
    recorded_at, occurred_at, cause, command, actor = texts
    try:
        if command is not None and type(command) is not str:
            raise TypeError
        return Origin(
            time_from_text(recorded_at),
            time_from_text(occurred_at),
            Cause(cause),
            command,
            actor_from_text(actor),
            tenant,
        )
    except _UNFIT:
        raise LogInconsistent(position, "its envelope cannot be read") from None


def event_to_dict(event: Event) -> Json:
    """The envelope and what happened, in plain values."""
    origin, data = event.origin, event.data
    envelope = {
        "position": event.position,
        "id": event.id,
        "type": data.stored_name,
        "version": data.version,
        **dict(zip(ORIGIN, origin_to_texts(origin), strict=True)),
        "tenant": origin.tenant,
        **dict(zip(SUBJECTS, subjects_of(data), strict=True)),
    }
    envelope["data"] = _OUT[type(data)](data)
    return envelope


def event_to_json(event: Event) -> str:
    """One line of a log; raises `BatchRefused` for what cannot be carried."""
    try:
        return _storable(dumps(event_to_dict(event)))
    except _UNFIT:
        raise _unwritable(type(event.data).__name__) from None


def event_from_json(text: str | bytes) -> Event:
    """The event of one line of a log; raises `StoreFault` or `LogInconsistent`."""
    try:
        line = loads(text)
        position, name, version = line["position"], line["type"], line["version"]
        origin, tenant = [line[key] for key in ORIGIN], line["tenant"]
        data = line["data"]
        if type(name) is not str or type(tenant) is not str or type(position) is not int:
            raise TypeError
        if position < 1:
            raise ValueError
    except _UNFIT:
        raise StoreFault("the text is not an event of a log") from None
    try:
        made = _structure(position, name, version, data)
    except _UNFIT:
        raise _unreadable(position, name, version) from None
    return Event(position, origin_from_texts(position, origin, tenant), made)


# -- commands -------------------------------------------------------------------------------------

_COMMANDS: Final = {verb.name: kind for kind, verb in VERBS.items()}


def commands_to_json(given: Iterable[tuple[Command, Actor, datetime | None]]) -> str:
    """Commands as they wait to be given, each with its actor and when it claims to be of.

    Raises `BatchRefused` for what cannot be carried.
    """
    try:
        rows = [
            [
                VERBS[type(command)].name,
                _CONVERTER.unstructure(command),
                str(actor),
                None if claimed_at is None else time_to_text(claimed_at),
            ]
            for command, actor, claimed_at in given
        ]
        return _storable(dumps(rows))
    except _UNFIT:
        raise _unwritable("a command") from None


def commands_from_json(text: str) -> tuple[tuple[Command, Actor, datetime | None], ...]:
    """The commands of a text; raises `StoreFault` where this release does not know them."""
    try:
        return tuple(
            (
                _CONVERTER.structure(data, _COMMANDS[verb]),
                actor_from_text(actor),
                None if claimed_at is None else time_from_text(claimed_at),
            )
            for verb, data, actor, claimed_at in loads(text)
        )
    except _UNFIT:
        raise StoreFault(
            "the commands kept are not those of this release: read them anew"
        ) from None


# -- snapshots ------------------------------------------------------------------------------------


def snapshot_to_json(snapshot: Snapshot) -> str:
    """A snapshot as text; raises `BatchRefused` for what cannot be carried."""
    try:
        return _storable(dumps(_CONVERTER.unstructure(snapshot)))
    except _UNFIT:
        raise _unwritable("the snapshot") from None


def snapshot_from_json(text: str | bytes) -> Snapshot:
    """The snapshot of a text; raises `StoreFault`, upon which the log is replayed instead."""
    try:
        return _CONVERTER.structure(loads(text), Snapshot)
    except _UNFIT:
        raise StoreFault("the snapshot cannot be read: replay the log") from None

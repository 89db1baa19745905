"""The codec: values to JSON and back.

Laws of this file: equal values give equal bytes, whatever the process and the JSON library; what an
old version wrote is brought up to date here and nowhere else; an error says which event cannot be
read, never what stands in it.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, TypeAlias, get_args

from cattrs import Converter
from cattrs.strategies import configure_tagged_union

from onechannel.errors import LogInconsistent, StoreFault
from onechannel.events import EVENT_TYPES, Cause, Event, EventData, Origin
from onechannel.kernel import Snapshot
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.policy import Named, PlanRule

__all__ = [
    "SUBJECTS",
    "UPCASTERS",
    "actor_from_text",
    "data_from_json",
    "data_to_json",
    "dumps",
    "event_from_json",
    "event_to_dict",
    "event_to_json",
    "loads",
    "snapshot_from_json",
    "snapshot_to_json",
    "time_from_text",
    "time_to_text",
]

Json: TypeAlias = dict[str, Any]

#: The subjects an envelope names.
SUBJECTS: Final = ("interaction", "customer", "journey", "worker")

#: Brings the data of (stored name, version) to the next version.
UPCASTERS: Final[dict[tuple[str, int], Callable[[Json], Json]]] = {}


# -- text -----------------------------------------------------------------------------------------


def _plain_dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


try:
    import orjson
except ImportError:
    #: JSON without needless space; the extra `fast` makes the same bytes sooner.
    dumps: Callable[[object], str] = _plain_dumps
    loads: Callable[[str | bytes], Any] = json.loads
else:

    def dumps(value: object) -> str:
        """JSON without needless space."""
        return orjson.dumps(value).decode()

    loads = orjson.loads


def time_to_text(value: datetime) -> str:
    """`2026-01-05T09:00:00Z`: UTC, with microseconds where there are any."""
    return value.isoformat()[:-6] + "Z"


time_from_text: Final = datetime.fromisoformat


def actor_from_text(text: str) -> Actor:
    """The actor that `str` wrote."""
    kind, colon, name = text.partition(":")
    return Actor(ActorKind(kind), name if colon else None)


def _seconds(value: timedelta) -> float | int:
    seconds = value.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


# -- values ---------------------------------------------------------------------------------------


def _frozen_map_out(kind: Any) -> Callable[[FrozenMap[str, Any]], Json]:
    return lambda value: dict(value.items())


def _frozen_map_in(kind: Any) -> Callable[[Mapping[str, Any], Any], FrozenMap[str, Any]]:
    value_type = get_args(kind)[1]
    return lambda value, _: FrozenMap(
        {key: _CONVERTER.structure(item, value_type) for key, item in value.items()}
    )


def _make_converter() -> Converter:
    converter = Converter(detailed_validation=False)
    converter.register_unstructure_hook(datetime, time_to_text)
    converter.register_structure_hook(datetime, lambda text, _: time_from_text(text))
    converter.register_unstructure_hook(timedelta, _seconds)
    converter.register_structure_hook(timedelta, lambda seconds, _: timedelta(seconds=seconds))
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


def _is_frozen_map(kind: Any) -> bool:
    return getattr(kind, "__origin__", kind) is FrozenMap


def _is_frozenset(kind: Any) -> bool:
    return getattr(kind, "__origin__", kind) is frozenset


_CONVERTER: Final = _make_converter()
_OUT: Final = {kind: _CONVERTER.get_unstructure_hook(kind) for kind in EVENT_TYPES.values()}
_IN: Final = {kind: _CONVERTER.get_structure_hook(kind) for kind in EVENT_TYPES.values()}


# -- events ---------------------------------------------------------------------------------------


def data_to_json(data: EventData) -> str:
    """What happened, without the envelope."""
    kind = type(data)
    return dumps(_OUT[kind](data))


def data_from_json(position: int, stored_name: str, version: int, text: str | bytes) -> EventData:
    """What happened; raises `LogInconsistent` where this release cannot know it."""
    try:
        return _structure(position, stored_name, version, loads(text))
    except (ValueError, TypeError, KeyError, AttributeError):
        # Whatever the value was, it may be personal: it goes no further.
        raise LogInconsistent(
            position, f"its data is not that of {stored_name} {version}"
        ) from None


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


def event_to_dict(event: Event) -> Json:
    """The envelope and what happened, in plain values."""
    origin, data = event.origin, event.data
    envelope = {
        "position": event.position,
        "id": event.id,
        "type": data.stored_name,
        "version": data.version,
        "recorded_at": time_to_text(origin.recorded_at),
        "occurred_at": time_to_text(origin.occurred_at),
        "cause": origin.cause.value,
        "command": origin.command,
        "actor": str(origin.actor),
        "tenant": origin.tenant,
    }
    envelope.update({subject: event.subject(subject) for subject in SUBJECTS})
    envelope["data"] = _OUT[type(data)](data)
    return envelope


def event_to_json(event: Event) -> str:
    """One line of a log."""
    return dumps(event_to_dict(event))


def event_from_json(text: str | bytes) -> Event:
    """The event of one line of a log; raises `StoreFault` or `LogInconsistent`."""
    try:
        envelope = loads(text)
        position = envelope["position"]
        origin = Origin(
            time_from_text(envelope["recorded_at"]),
            time_from_text(envelope["occurred_at"]),
            Cause(envelope["cause"]),
            envelope["command"],
            actor_from_text(envelope["actor"]),
            envelope["tenant"],
        )
        stored_name, version, data = envelope["type"], envelope["version"], envelope["data"]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise StoreFault("the text is not an event of a log") from None
    return Event(position, origin, data_from_json(position, stored_name, version, dumps(data)))


# -- snapshots ------------------------------------------------------------------------------------


def snapshot_to_json(snapshot: Snapshot) -> str:
    """A snapshot as text."""
    return dumps(_CONVERTER.unstructure(snapshot))


def snapshot_from_json(text: str | bytes) -> Snapshot:
    """The snapshot of a text; raises `StoreFault`, upon which the log is replayed instead."""
    try:
        return _CONVERTER.structure(loads(text), Snapshot)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise StoreFault("the snapshot cannot be read: replay the log") from None

"""A policy as a TOML file, and what stands in modules by name.

Law of this file: what is wrong is said by its path in the file, with what would be right; a policy
file holds the fields of `Policy` under their own names, durations in seconds or as "20s", "5m",
"2h", "30d".
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs

from onechannel.errors import InvalidValue, OneChannelError
from onechannel.model.policy import Named, Pause, PlanRule, Policy, StepRule
from onechannel.runtime import Sending

__all__ = ["named_callables", "named_sendings", "read_policy"]

T = TypeVar("T")

_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")


def read_policy(path: Path) -> Policy:
    """The policy of a file; raises `OneChannelError` naming the file and the key."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise OneChannelError(f"{path}: is not TOML: {fault}") from None
    try:
        return _built(Policy, data, "")
    except InvalidValue as wrong:
        raise OneChannelError(f"{path}: {wrong}") from None


def _built(kind: type[T], data: Any, path: str) -> T:
    """A value of a class from the table that stands at a path."""
    if not isinstance(data, Mapping):
        raise InvalidValue(
            f"{path.rstrip('.') or 'the file'} must be a table, not {type(data).__name__}"
        )
    fields = {field.name: field for field in attrs.fields(kind)}  # type: ignore[arg-type]
    for key in data:
        if key not in fields:
            near = get_close_matches(key, fields, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(fields)}"
            raise InvalidValue(f"{path}{key} is no field of a policy here: {hint}")
    values = {key: _value(fields[key], value, f"{path}{key}") for key, value in data.items()}
    missing = [
        name
        for name, field in fields.items()
        if field.default is attrs.NOTHING and name not in values
    ]
    if missing:
        raise InvalidValue(f"{path}{missing[0]} is missing")
    try:
        return kind(**values)
    except InvalidValue as wrong:
        raise InvalidValue(f"{path.rstrip('.') or 'the file'}: {wrong}") from None


def _value(field: "attrs.Attribute[Any]", value: Any, path: str) -> Any:
    """The value of one field, by what its type says."""
    name = field.name
    if name in _NESTED:
        return _built(_NESTED[name], value, f"{path}.")
    if name == "plan":
        kind = Named if isinstance(value, Mapping) and "name" in value else PlanRule
        return _built(kind, value, f"{path}.")
    if name == "steps" and isinstance(value, list):
        steps = enumerate(value, start=1)
        return tuple(_built(StepRule, one, f"{path}[{number}].") for number, one in steps)
    if "timedelta" in str(field.type):
        return _duration(value, path)
    return value


_NESTED: Final[dict[str, type]] = {
    "after_decline": Pause,
    "after_expiry": Pause,
    "consent": Named,
}


def _duration(value: Any, path: str) -> timedelta:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return timedelta(seconds=value)
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidValue(f'{path} must be a duration: seconds, or as "20s", "5m", "2h", "30d"')
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


# -- what stands in modules -----------------------------------------------------------------------


def named_callables(given: list[str]) -> dict[str, Any]:
    """What a policy may name, from `NAME=module:attribute`."""
    found = {}
    for one in given:
        name, mark, place = one.partition("=")
        if not mark or not name:
            raise OneChannelError(f"--callable {one}: say NAME=module:attribute")
        found[name] = _attribute(place)
        if not callable(found[name]):
            raise OneChannelError(f"--callable {one}: what stands there cannot be called")
    return found


def named_sendings(given: list[str]) -> list[Sending]:
    """The destinations with their senders, each a `Sending` at `module:attribute`."""
    found = []
    for place in given:
        one = _attribute(place)
        if not isinstance(one, Sending):
            raise OneChannelError(f"--send {place}: what stands there is no Sending")
        found.append(one)
    return found


def _attribute(place: str) -> Any:
    module, mark, name = place.partition(":")
    if not mark:
        raise OneChannelError(f"{place}: say module:attribute")
    try:
        return getattr(import_module(module), name)
    except ImportError:
        raise OneChannelError(f"{place}: there is no module {module} to be imported") from None
    except AttributeError:
        raise OneChannelError(f"{place}: module {module} has no {name}") from None

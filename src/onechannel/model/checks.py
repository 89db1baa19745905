"""Converters and validators of the model: what is built is valid and normalised.

Law of this file: a check names the field it refuses, never the value; it costs nothing worth
measuring.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeVar

from onechannel.errors import InvalidValue
from onechannel.model.frozenmap import FrozenMap

if TYPE_CHECKING:
    import attrs

__all__ = [
    "TEXT_LIMIT",
    "Check",
    "at_least",
    "duration",
    "each",
    "flag",
    "ident",
    "is_a",
    "levels",
    "mapping_of",
    "member",
    "members",
    "names",
    "optional",
    "reference",
    "skills",
    "some_time",
    "text",
    "tuple_of",
    "utc",
    "vendor_id",
    "whole",
]

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")
V = TypeVar("V")


# What a mail may hold once its attachments are kept elsewhere: 1 MiB of text.
TEXT_LIMIT: Final = 1_048_576
# What every JSON library reads back as it was written.
_LARGEST: Final = 2**53
_NO_TIME: Final = timedelta(0)
# Whatever is armed for longer than this is a mistake, and would soon leave the calendar.
_CENTURY: Final = timedelta(days=36_525)
# A century and a year from either end of what a datetime can be.
_YEARS: Final = range(101, 9899)

Check = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def _refuse(instance: object, field: "attrs.Attribute[Any]", reason: str) -> InvalidValue:
    return InvalidValue(f"{type(instance).__name__}.{field.name} {reason}")


def utc(value: datetime, what: str = "the time") -> datetime:
    """The same instant in UTC; a naive datetime is refused, since it names no instant.

    So is one within a century of the calendar's ends: any duration can be added to what is taken.
    """
    if type(value) is datetime and value.tzinfo is UTC and value.year in _YEARS:
        return value
    if not isinstance(value, datetime):
        raise InvalidValue(f"{what} must be an aware datetime, not {type(value).__name__}")
    if value.utcoffset() is None:
        raise InvalidValue(f"{what} is a naive datetime and names no instant: give it a zone")
    with suppress(OverflowError):
        found = value.astimezone(UTC)
        if found.year in _YEARS:
            return found
    raise InvalidValue(f"{what} is beyond the years 101 to 9898: for never, give none")


def _name_of(limit: int) -> Check:
    def check(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
        # Most are letters and digits, which is one question.
        if type(value) is str and value.isalnum() and len(value) <= limit:
            return
        if (
            type(value) is str
            and 0 < len(value) <= limit
            and value.isprintable()
            and value[0] != " "
            and value[-1] != " "
        ):
            return
        raise _refuse(instance, field, _wrong_name(value, limit))

    return check


def _wrong_name(value: Any, limit: int) -> str:
    if type(value) is not str:
        return f"must be text, not {type(value).__name__}"
    if not 0 < len(value) <= limit:
        return f"must have 1 to {limit} characters, not {len(value)}"
    return "must be printable, without space at either end"


#: An id or name: 1 to 200 characters, printable, no surrounding space.
ident: Final[Check] = _name_of(200)
#: The same with room for what is derived from an id: a part's number, a successor's.
reference: Final[Check] = _name_of(230)
#: A vendor's own id, as it came: a mail's Message-ID may have the 998 characters of a line.
vendor_id: Final[Check] = _name_of(1_000)


def text(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
    """Text that every store keeps as it is: no NUL, no lone surrogate, at most `TEXT_LIMIT`."""
    if not isinstance(value, str):
        raise _refuse(instance, field, f"must be text, not {type(value).__name__}")
    if len(value) > TEXT_LIMIT:
        raise _refuse(instance, field, f"has {len(value)} characters; the limit is {TEXT_LIMIT}")
    if value.isascii():
        storable = "\0" not in value
    else:
        storable = "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)
    if not storable:
        raise _refuse(instance, field, "holds NUL or half of a character (a lone surrogate)")


def duration(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
    """A timedelta from nothing to a century."""
    if not isinstance(value, timedelta):
        raise _refuse(instance, field, f"must be a timedelta, not {type(value).__name__}")
    if not _NO_TIME <= value <= _CENTURY:
        raise _refuse(instance, field, "must not be negative, nor longer than a century")


def some_time(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
    """A duration, and not none at all: a deadline armed with it is never due at once."""
    duration(instance, field, value)
    if value == _NO_TIME:
        raise _refuse(instance, field, "must be longer than nothing")


def at_least(least: int) -> Check:
    """A whole number, `least` or more."""

    def check(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
        if type(value) is not int or not least <= value <= _LARGEST:
            raise _refuse(instance, field, f"must be a whole number, {least} or more")

    return check


def optional(check: Check) -> Check:
    """The same check, where None is as good."""

    def maybe(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
        if value is not None:
            check(instance, field, value)

    return maybe


def whole(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
    """A whole number of either sign."""
    if type(value) is not int or abs(value) > _LARGEST:
        raise _refuse(instance, field, "must be a whole number")


def flag(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
    """True or False."""
    if type(value) is not bool:
        raise _refuse(instance, field, "must be True or False")


def is_a(*kinds: type) -> Check:
    """A value of one of these classes."""
    names = " or ".join(kind.__name__ for kind in kinds)

    def check(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
        if not isinstance(value, kinds):
            raise _refuse(instance, field, f"must be a {names}, not {type(value).__name__}")

    return check


def each(check: Check) -> Check:
    """A tuple, of whose members the check is true; `tuple_of` makes one."""

    def check_each(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
        for item in value:
            check(instance, field, item)

    return check_each


def tuple_of(kind: type[T], value: Iterable[T]) -> tuple[T, ...]:
    """Any number of things of one class, in order; text is one thing and not many."""
    items = _items(value)
    if not all(isinstance(item, kind) for item in items):
        raise InvalidValue(f"a sequence of {kind.__name__} is needed, and of nothing else")
    return items


def _items(value: Any) -> tuple[Any, ...]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise InvalidValue(f"a sequence is needed, not {type(value).__name__}")
    return tuple(value)


def member(kind: type[E], value: E | str) -> E:
    """A member of a closed set, given as such or as its text."""
    if type(value) is kind:
        return value
    try:
        return kind(value)
    except ValueError:
        raise InvalidValue(f"{kind.__name__} must be one of {', '.join(kind)}") from None


def members(kind: type[E], value: Iterable[E | str]) -> frozenset[E]:
    """Any number of members of a closed set."""
    return frozenset(member(kind, item) for item in _items(value))


def names(value: Iterable[str]) -> frozenset[str]:
    """Any number of names."""
    items = _items(value)
    if not all(isinstance(item, str) and item for item in items):
        raise InvalidValue("a set of names is needed, and of nothing else")
    return frozenset(items)


def mapping_of(value: Mapping[str, V]) -> FrozenMap[str, V]:
    """Anything by name."""
    return FrozenMap(_by_name(value))


def _by_name(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return value
    raise InvalidValue(f"a mapping by name is needed, not {type(value).__name__}")


def levels(value: Mapping[str, float]) -> FrozenMap[str, float]:
    """Converter: a proficiency, any finite number, by skill."""
    return FrozenMap({name: _level(level) for name, level in _by_name(value).items()})


def _level(value: Any) -> float:
    if isinstance(value, (int, float)) and isfinite(value):
        return float(value) + 0.0  # minus nothing is nothing, and is written so
    raise InvalidValue("a proficiency must be a finite number")


def skills(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
    """Skills that have names."""
    for name in value:
        ident(instance, field, name)

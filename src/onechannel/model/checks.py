"""Converters and validators of the model: what is built is valid and normalised.

Law of this file: a check names the field it refuses, never the value; it costs nothing worth
measuring.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from onechannel.errors import InvalidValue

if TYPE_CHECKING:
    import attrs

__all__ = ["TEXT_LIMIT", "at_least", "duration", "ident", "optional", "text", "utc"]

_ID_LIMIT: Final = 200
# The largest body a channel we know of carries inline (e-mail, after attachments moved to blobs): 1
# MiB of text.
TEXT_LIMIT: Final = 1_048_576

Check = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def _refuse(instance: object, field: "attrs.Attribute[Any]", reason: str) -> InvalidValue:
    return InvalidValue(f"{type(instance).__name__}.{field.name} {reason}")


def utc(value: datetime) -> datetime:
    """The same instant in UTC; a naive datetime is refused, since it names no instant."""
    if type(value) is datetime and value.tzinfo is UTC:
        return value
    if not isinstance(value, datetime):
        raise InvalidValue(f"an aware datetime is needed, not {type(value).__name__}")
    if value.utcoffset() is None:
        raise InvalidValue(
            "a naive datetime names no instant: give it a zone, datetime(…, tzinfo=UTC)"
        )
    return value.astimezone(UTC)


def ident(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
    """An id or name: 1 to 200 characters, printable, no surrounding space."""
    if (
        type(value) is str
        and 0 < len(value) <= _ID_LIMIT
        and value.isprintable()
        and value[0] != " "
        and value[-1] != " "
    ):
        return
    raise _refuse(instance, field, _wrong_ident(value))


def _wrong_ident(value: Any) -> str:
    if type(value) is not str:
        return f"must be text, not {type(value).__name__}"
    if not 0 < len(value) <= _ID_LIMIT:
        return f"must have 1 to {_ID_LIMIT} characters, not {len(value)}"
    return "must be printable, without space at either end"


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
    """A timedelta that is not negative."""
    if not isinstance(value, timedelta):
        raise _refuse(instance, field, f"must be a timedelta, not {type(value).__name__}")
    if value < timedelta(0):
        raise _refuse(instance, field, "must not be negative")


def at_least(least: int) -> Check:
    """A whole number, `least` or more."""

    def check(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise _refuse(instance, field, f"must be a whole number, {least} or more")

    return check


def optional(check: Check) -> Check:
    """The same check, where None is as good."""

    def maybe(instance: object, field: "attrs.Attribute[Any]", value: Any) -> None:
        if value is not None:
            check(instance, field, value)

    return maybe

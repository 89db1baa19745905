"""Personal data, declared where it is defined.

Law of this file: one declaration (`personal`) per field; everything else, hiding it in `repr` first
of all, follows from that declaration and is never written a second time.
"""

from typing import Any, Final

import attrs

from onechannel.model.code import Code

__all__ = ["DataKind", "hidden", "personal", "personal_fields"]

_SUBJECT: Final = "onechannel.subject"
_KIND: Final = "onechannel.kind"


class DataKind(Code):
    """How much care a field needs; `PUBLIC` and `INTERNAL` fields need no declaration."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


def hidden(value: object) -> str:
    """What stands in a `repr` for a personal value: whether there is one, never what it is."""
    return "None" if value is None else "<personal>"


def personal(*, subject: str, kind: DataKind = DataKind.PERSONAL, **options: Any) -> Any:
    """An attrs field that holds personal data.

    `subject` names whose data it is ("customer", "worker"); `options` go to `attrs.field`.
    """
    return attrs.field(repr=hidden, metadata={_SUBJECT: subject, _KIND: kind}, **options)


def personal_fields(cls: type) -> dict[str, DataKind]:
    """The personal fields of a class, by name."""
    return {
        field.name: field.metadata[_KIND] for field in attrs.fields(cls) if _KIND in field.metadata
    }

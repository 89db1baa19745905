"""Tables of a mapping file, read key by key.

Laws of this file: whatever is wrong is a `MappingInvalid` with the path of the key, what is wrong
and what would be right; a key that nobody asked for is wrong.
"""

import tomllib
from collections.abc import Iterable
from typing import Any, Final

from onechannel.commands import ObserveQueued
from onechannel.errors import InvalidValue, MappingInvalid

__all__ = ["Table", "listed", "read_toml"]

_MISSING: Final = object()
_KINDS: Final[dict[type, str]] = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a table",
}
# Nobody's clocks differ by more; a larger number would be another unit.
_MOST_SECONDS: Final = 86_400


def read_toml(text: str) -> "Table":
    """The whole file as a table."""
    try:
        return Table("", tomllib.loads(text.removeprefix("\ufeff")))
    except (ValueError, RecursionError) as fault:
        raise MappingInvalid(f"the mapping is not TOML: {fault}") from None


def listed(names: Iterable[str]) -> str:
    """The names, for a message."""
    return ", ".join(names)


class Table:
    """One table of the file, which remembers what was asked of it."""

    def __init__(self, path: str, values: dict[str, Any]) -> None:
        self.path = path
        self._values = values
        self._known: list[str] = []

    def wrong(self, key: str, reason: str) -> MappingInvalid:
        """What to raise where the key's value will not do."""
        return MappingInvalid(f"{self._at(key)} {reason}")

    def names(self) -> list[str]:
        """The keys that are there."""
        return list(self._values)

    def nothing_more(self) -> None:
        """Every key must have been asked for by now."""
        for key in self._values:
            if key not in self._known:
                where = f"[{self.path}]" if self.path else "the mapping"
                raise self.wrong(key, f"is unknown: {where} knows {listed(self._known)}")

    def table(self, key: str) -> "Table":
        """A table that must be there."""
        return Table(self._at(key), self._take(key, (dict,), "a table"))

    def maybe_table(self, key: str) -> "Table | None":
        """A table, None where it is left out."""
        found = self._take(key, (dict,), "a table", None)
        return None if found is None else Table(self._at(key), found)

    def is_text(self, key: str) -> bool:
        """Whether the key has a text, and no table."""
        return type(self._values.get(key)) is str

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty."""
        default_or_missing = _MISSING if default is None else default
        found: str = self._take(key, (str,), "text", default_or_missing)
        if found == "" or found != found.strip():
            raise self.wrong(key, "must not be empty, nor begin or end with space")
        return found

    def maybe_text(self, key: str) -> str | None:
        """A text that is not empty, None where it is left out."""
        if key in self._values:
            return self.text(key)
        self._known.append(key)
        return None

    def name(self, key: str) -> str:
        """A text that can be an id."""
        found = self.text(key)
        try:
            ObserveQueued(interaction=found, queue=found)
        except InvalidValue as fault:
            # The check's own words, after the name of its field.
            raise self.wrong(key, str(fault).partition(" ")[2]) from None
        return found

    def sign(self, key: str, default: str) -> str:
        """One sign that can stand between fields or around them."""
        found: str = self._take(key, (str,), "one sign", default)
        if key in self._values and (len(found) != 1 or found in "\r\n\0" or not found.isascii()):
            raise self.wrong(key, "must be one ASCII sign that ends no line")
        return found

    def flag(self, key: str) -> bool:
        """True or false; false where it is left out."""
        return bool(self._take(key, (bool,), "true or false", False))

    def seconds(self, key: str, default: int) -> float:
        """A number of seconds, a day at most."""
        found = self._take(key, (int, float), "a number of seconds", default)
        if not 0 <= found <= _MOST_SECONDS:
            raise self.wrong(key, f"must be 0 to {_MOST_SECONDS} seconds")
        return float(found)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text; empty where it is left out."""
        what = "text or a list of texts"
        found = self._take(key, (list, str), what, [])
        texts = [found] if type(found) is str else found
        if not all(type(one) is str for one in texts):
            raise self.wrong(key, f"must be {what}")
        stripped = tuple(one.strip() for one in texts)
        if len(set(stripped)) < len(stripped):
            raise self.wrong(key, "must name each only once")
        return stripped

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _take(
        self, key: str, kinds: tuple[type, ...], what: str, default: object = _MISSING
    ) -> Any:
        self._known.append(key)
        value = self._values.get(key, default)
        if value is _MISSING:
            raise self.wrong(key, f"is missing: it must be {what}")
        if key in self._values and type(value) not in kinds:
            kind = _KINDS.get(type(value), "a date or time")
            raise self.wrong(key, f"must be {what}, not {kind}")
        return value

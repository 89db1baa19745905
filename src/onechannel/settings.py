"""Settings: a TOML text in which every value knows where it stands.

Laws of this file: whatever is wrong is said with the file, the line and the key, and with what
would be right; TOML itself is read by the standard library, and only the lines are looked up here.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from inspect import Parameter, signature
from types import NoneType, UnionType
from typing import Any, Final, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

from onechannel.errors import InvalidValue, SettingsInvalid

__all__ = [
    "Field",
    "Read",
    "Reading",
    "Setting",
    "arguments",
    "built",
    "culprit",
    "duration_of",
    "fields_of",
    "hint",
    "read_settings",
]

T = TypeVar("T")

#: Keys of tables and numbers of a list's members, from the top.
_Path: TypeAlias = tuple[str | int, ...]

#: No file that a person writes is longer, in bytes.
_LONGEST: Final = 1_048_576

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+\Z")


@attrs.frozen
class Setting:
    """A value of a file, with the line and the key path at which it stands.

    A table's value maps its keys to settings, a list's is a tuple of them.
    """

    value: Any = attrs.field(repr=False)
    file: str
    line: int
    path: _Path = ()

    @property
    def key(self) -> str:
        """The key path as people write it: `steps[3].who`; the third has the number 3."""
        said = ""
        for part in self.path:
            if isinstance(part, int):
                said += f"[{part + 1}]"
            else:
                said += f"{'.' if said else ''}{part if _BARE.match(part) else repr(part)}"
        return said

    def wrong(self, said: str) -> SettingsInvalid:
        """The error that says what is wrong here."""
        where = f"{self.key}: " if self.path else ""
        return SettingsInvalid(f"{self.file}:{self.line}: {where}{said}")

    @property
    def table(self) -> Mapping[str, "Setting"]:
        """Its keys; raises where it is no table."""
        if not isinstance(self.value, dict):
            raise self.wrong(f"must be a table, not {_kind(self.value)}")
        return self.value

    @property
    def items(self) -> "tuple[Setting, ...]":
        """Its members; raises where it is no list."""
        if not isinstance(self.value, tuple):
            raise self.wrong(f"must be a list, not {_kind(self.value)}")
        return self.value

    @property
    def text(self) -> str:
        """Itself, as text; raises where it is none."""
        if not isinstance(self.value, str):
            raise self.wrong(f"must be text, not {_kind(self.value)}")
        return self.value

    def each(self, key: str) -> "tuple[Setting, ...]":
        """The members of the list that this table has there; none where it has not."""
        return self.table[key].items if key in self.table else ()

    def only(self, keys: Iterable[str]) -> "Setting":
        """This table with these of its keys alone."""
        kept = {key: self.table[key] for key in keys if key in self.table}
        return attrs.evolve(self, value=kept)

    @property
    def plain(self) -> Any:
        """What `tomllib` makes of it."""
        if isinstance(self.value, dict):
            return {key: one.plain for key, one in self.value.items()}
        if isinstance(self.value, tuple):
            return [one.plain for one in self.value]
        return self.value

    def refuse_others(self, known: Iterable[str]) -> None:
        """Raise where this table has a key that is none of these."""
        there = list(known)
        for key, one in self.table.items():
            if key not in there:
                raise one.wrong(f"is not known here: {hint(key, there)}")


def hint(word: str, known: Iterable[str]) -> str:
    """`did you mean marc?`, or what there is."""
    there = list(known)
    near = get_close_matches(word, there, 1)
    if near:
        return f"did you mean {near[0]}?"
    return f"there is {', '.join(there)}" if there else "there is none"


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), type(value).__name__)


_KINDS: Final = {dict: "a table", tuple: "a list", str: "text", bool: "true or false"}


# -- reading --------------------------------------------------------------------------------------


def read_settings(given: str | bytes, file: str) -> Setting:
    """The settings of a TOML text; raises `SettingsInvalid` naming the file and the line."""
    try:
        data = given if isinstance(given, bytes) else given.encode()
        if len(data) > _LONGEST:
            raise SettingsInvalid(f"{file}: is longer than {_LONGEST:,} bytes, which nobody writes")
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeError:
        raise SettingsInvalid(f"{file}: is not UTF-8 text") from None
    tokens = [*_tokens(text)]
    _refuse_depth(tokens, file)
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise SettingsInvalid(_is_no_toml(file, str(fault), text)) from None
    except ValueError:
        raise SettingsInvalid(f"{file}: has a number that nobody would write") from None
    lines = dict(_Scanner(tokens).scan())

    def settings(value: Any, path: _Path, line: int) -> Setting:
        line = lines.get(path, line)
        if isinstance(value, dict):
            value = {key: settings(one, (*path, key), line) for key, one in value.items()}
        elif isinstance(value, list):
            value = tuple(settings(one, (*path, number), line) for number, one in enumerate(value))
        return Setting(value, file, line, path)

    return settings(plain, (), 1)


_WHERE: Final = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)


def _is_no_toml(file: str, said: str, text: str) -> str:
    found = _WHERE.fullmatch(said)
    if found is None:
        return f"{file}: is not TOML: {said}"
    line = found[2] or text.rstrip().count("\n") + 1
    return f"{file}:{line}: is not TOML: {found[1]}"


# What a TOML text that `tomllib` has read is made of.
_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r]+|\#[^\n]*)
    | (?P<newline>\n)
    | (?P<long>\"\"\"(?:[^\\]|\\.)*?\"{3,5}|'''.*?'{3,5})
    | (?P<quoted>"(?:[^"\\]|\\.)*"|'[^']*')
    | (?P<mark>\[\[|\]\]|[\[\]{}=,.])
    | (?P<bare>[^\s\[\]{}=,."'\#]+)""",
    re.DOTALL | re.VERBOSE,
)

#: A token's kind, its text, and the line it begins on.
_Token: TypeAlias = tuple[str, str, int]


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        if kind != "space":
            yield kind, found[0], line
        line += found[0].count("\n")


def _refuse_depth(tokens: Iterable[_Token], file: str) -> None:
    """Raise where keys or lists go deeper than anybody writes them: each level costs a call."""
    depth = dots = 0
    for kind, text, line in tokens:
        if kind == "mark":
            depth += _DEEPER.get(text, 0)
            dots += text == "."
        elif kind == "newline":
            dots = 0
        if max(depth, dots) > _DEEPEST:
            raise SettingsInvalid(f"{file}:{line}: goes deeper than {_DEEPEST} levels")


_DEEPER: Final = {"[": 1, "[[": 2, "{": 1, "]": -1, "]]": -2, "}": -1}
_DEEPEST: Final = 64


class _Scanner:
    """Goes through a text that is TOML, and says where what stands."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        #: How many tables each list of tables has so far.
        self._counts: dict[_Path, int] = {}

    def _next(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    @property
    def _ahead(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def scan(self) -> Iterator[tuple[_Path, int]]:
        """Every key path with its line."""
        table: _Path = ()
        while self._at < len(self._tokens):
            kind, text, line = self._tokens[self._at]
            if kind == "newline":
                self._at += 1
            elif kind == "mark" and text in {"[", "[["}:
                self._at += 1
                table = self._header(is_list=text == "[[")
                yield table, line
            else:
                yield from self._pair(table)

    def _header(self, *, is_list: bool) -> _Path:
        *before, last = self._key(("]", "]]"))
        path: _Path = ()
        for part in before:
            path = self._inside((*path, part))
        path = (*path, last)
        if not is_list:
            return self._inside(path)
        self._counts[path] = self._counts.get(path, 0) + 1
        return self._inside(path)

    def _inside(self, path: _Path) -> _Path:
        """The path, or that of the last table of the list that it is."""
        return (*path, self._counts[path] - 1) if path in self._counts else path

    def _key(self, ends: tuple[str, ...]) -> list[str]:
        """The parts of a dotted key, up to what ends it."""
        parts = []
        while (token := self._next())[1] not in ends or token[0] != "mark":
            if token[0] == "quoted":
                parts.append(_unquoted(token[1]))
            elif token[0] == "bare":
                parts.append(token[1])
        return parts

    def _pair(self, table: _Path) -> Iterator[tuple[_Path, int]]:
        line = self._tokens[self._at][2]
        path = table
        for part in self._key(("=",)):
            path = (*path, part)
            yield path, line
        yield from self._value(path)

    def _value(self, path: _Path) -> Iterator[tuple[_Path, int]]:
        if self._ahead == "[":
            yield from self._list(path)
        elif self._ahead == "[[":
            # Two lists that begin at once.
            _, _, line = self._tokens[self._at]
            self._tokens[self._at : self._at + 1] = [("mark", "[", line), ("mark", "[", line)]
            yield from self._list(path)
        elif self._ahead == "{":
            yield from self._inline(path)
        else:
            while self._at < len(self._tokens) and self._ahead not in _ENDS:
                self._at += 1

    def _list(self, path: _Path) -> Iterator[tuple[_Path, int]]:
        self._at += 1
        number = 0
        while True:
            kind, text, line = self._tokens[self._at]
            if text == "]]" and kind == "mark":
                # Two lists that end at once.
                self._tokens[self._at : self._at + 1] = [("mark", "]", line), ("mark", "]", line)]
                text = "]"
            if text == "]" and kind == "mark":
                self._at += 1
                return
            if kind == "newline" or text == ",":
                self._at += 1
            else:
                yield (*path, number), line
                yield from self._value((*path, number))
                number += 1

    def _inline(self, path: _Path) -> Iterator[tuple[_Path, int]]:
        self._at += 1
        while self._ahead != "}":
            if self._ahead in {",", "\n"}:
                self._at += 1
            else:
                yield from self._pair(path)
        self._at += 1


#: What ends a value that is neither a list nor a table.
_ENDS: Final = frozenset({"\n", ",", "]", "]]", "}"})


def _unquoted(text: str) -> str:
    found: str = tomllib.loads(f"key = {text}")["key"]
    return found


# -- values ---------------------------------------------------------------------------------------

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
_MANY: Final = r"[0-9]+(?:\.[0-9]+)?"
_DURATION: Final = re.compile(
    r"\s*".join(rf"(?:(?P<{unit}>{_MANY})\s*{unit}(?![a-z]))?" for unit in _UNITS)
)


def duration_of(setting: Setting) -> timedelta:
    """A span of time: seconds as a number, or "20s", "1h30m", "2d"."""
    value = setting.value
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
            return timedelta(seconds=value)
        found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
        parts = {} if found is None else {k: v for k, v in found.groupdict().items() if v}
        if parts:
            return timedelta(**{_UNITS[unit]: float(many) for unit, many in parts.items()})
    except (OverflowError, ValueError):
        pass
    raise setting.wrong('must be a span of time: seconds, or "20s", "5m", "1h30m", "2d"')


Read: TypeAlias = Callable[[Setting], Any]
#: Says how a value of a type is read; None where the usual way will do.
Reading: TypeAlias = Callable[[Any], Read | None]

_NOTHING: Final[Mapping[str, Any]] = {}


def built(
    make: Callable[..., T],
    setting: Setting,
    given: Mapping[str, Any] = _NOTHING,
    *,
    reading: Reading | None = None,
) -> T:
    """What a class or a function makes of the table that has its fields, and of what is `given`.

    Raises `SettingsInvalid` at the key that is wrong.
    """
    values = arguments(make, setting, given, reading=reading)
    try:
        return make(**given, **values)
    except InvalidValue as wrong:
        key = culprit(make, setting, {**given, **values}, wrong)
        raise key.wrong(str(wrong)) from None


def arguments(
    make: Callable[..., Any],
    setting: Setting,
    given: Mapping[str, Any] = _NOTHING,
    *,
    reading: Reading | None = None,
) -> dict[str, Any]:
    """The fields of a class, or arguments of a function, that a table has, each read by its type.

    Spans of time are written as such, values in it as tables, one of several classes by whose
    fields it has. Raises `SettingsInvalid` where one is unknown, missing or of another type.
    """
    fields = fields_of(make)
    setting.refuse_others(name for name in fields if name not in given)
    for name, field in fields.items():
        if field.needed and name not in setting.table and name not in given:
            raise setting.wrong(f"{name} is missing")
    readers = {
        name: (reading and reading(fields[name].hint)) or _reader(fields[name].hint)
        for name in setting.table
    }
    return {name: readers[name](one) for name, one in setting.table.items()}


def culprit(
    make: Callable[..., Any], setting: Setting, values: Mapping[str, Any], wrong: InvalidValue
) -> Setting:
    """The key that an error speaks of, `Worker.skills must …`, or without which it is gone."""
    named = str(wrong).partition(" ")[0].rpartition(".")[2]
    if named in setting.table:
        return setting.table[named]
    for name in setting.table:
        others = {one: value for one, value in values.items() if one != name}
        try:
            make(**others)
        except InvalidValue as still:
            if str(still) == str(wrong):
                continue
        except TypeError:
            continue  # without that one it is nothing at all
        return setting.table[name]
    return setting


@attrs.frozen
class Field:
    """A field of a class, or an argument of a function: its type, and whether it is needed."""

    hint: Any
    needed: bool


@cache
def fields_of(make: Callable[..., Any]) -> Mapping[str, Field]:
    """What a class or a function is given by name."""
    if isinstance(make, type):
        hints = get_type_hints(make)
        return {
            field.name: Field(hints[field.name], field.default is attrs.NOTHING)
            for field in attrs.fields(make)
            if field.init
        }
    hints = get_type_hints(make)
    return {
        name: Field(hints.get(name, Any), one.default is Parameter.empty)
        for name, one in signature(make).parameters.items()
        if one.kind in {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}
        and name not in {"self", "cls"}
    }


def _reader(of: Any) -> Read:
    """How a value of that type is read."""
    inside = [one for one in get_args(of) if one is not NoneType]
    if get_origin(of) in {Union, UnionType}:
        classes = [one for one in inside if attrs.has(one)]
        if len(classes) > 1:
            return lambda setting: built(_fitting(classes, setting), setting)
        return _reader(inside[0]) if len(inside) == 1 else _plain
    if get_origin(of) is tuple and inside and attrs.has(inside[0]):
        kind = inside[0]
        return lambda setting: tuple(built(kind, one) for one in setting.items)
    if isinstance(of, type) and attrs.has(of):
        return lambda setting: built(of, setting)
    return duration_of if of is timedelta else _plain


def _plain(setting: Setting) -> Any:
    return setting.plain


def _fitting(classes: list[type], setting: Setting) -> type:
    """The first that has all the keys; else the first, which says what is wrong."""
    keys = set(setting.table)
    return next((one for one in classes if keys <= set(fields_of(one))), classes[0])

"""Reading a log: lines of bytes in, rows of observed facts out.

Laws of this file: one physical line is one row, read as it comes and forgotten; whatever is wrong
with a line sets it aside, with its number and a reason that cites columns, never values; only what
is wrong with the whole file raises.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Final

import attrs

from onechannel.adapters.delimited.facts import Interpreter, Observation
from onechannel.adapters.delimited.mapping import Mapping, Source
from onechannel.adapters.delimited.stages import Unfit
from onechannel.commands import VERBS
from onechannel.errors import MappingInvalid
from onechannel.model.ids import InteractionId
from onechannel.model.personal import personal

__all__ = ["LINE_LIMIT", "Row", "SetAside", "read_history"]

#: The most bytes a line may have: hundreds of times what a row of any call log needs.
LINE_LIMIT: Final = 65_536

_BOM: Final = b"\xef\xbb\xbf"
_BLANK: Final = "the line is blank"
_COLUMN_LIMIT: Final = 60


@attrs.frozen
class Row:
    """One line as observed facts, the arrival first.

    `number` is the line's in the file, whose header is line 1; `key` is the interaction's id;
    `digest` is the same for the same content, whatever the process. `raw` has no line ending.
    """

    number: int
    key: InteractionId
    facts: tuple[Observation, ...]
    digest: str
    raw: bytes = personal(subject="customer")


@attrs.frozen
class SetAside:
    """A line that is not imported: its number in the file, why, and itself without its ending."""

    number: int
    reason: str
    raw: bytes = personal(subject="customer")


def read_history(lines: Iterable[bytes], mapping: Mapping) -> Iterator[Row | SetAside]:
    """Each line of a log as a row of facts, or set aside; empty lines at its end are no rows.

    Raises `MappingInvalid` at the first line, the header, where it lacks what the mapping names.
    """
    numbered = enumerate((_without_ending(line) for line in lines), start=1)
    _, first = next(numbered, (1, b""))
    header = _header(first.removeprefix(_BOM), mapping.source)
    reader = _RowReader(mapping, header)
    empty = 0
    for number, raw in numbered:
        if raw == b"":
            empty += 1
            continue
        yield from (SetAside(one, _BLANK, b"") for one in range(number - empty, number))
        empty = 0
        try:
            yield reader.read(number, raw)
        except Unfit as unfit:
            yield SetAside(number, str(unfit), raw)


def _without_ending(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _split(raw: bytes, source: Source) -> list[str]:
    """The stripped fields of a line; raises `Unfit` where it has none."""
    try:
        line = raw.decode(source.encoding)
    except ValueError:
        raise Unfit(f"the line is not {source.encoding} text") from None
    if source.quote == "" or source.quote not in line:
        return [field.strip() for field in line.split(source.delimiter)]
    rows = csv.reader([line], delimiter=source.delimiter, quotechar=source.quote, strict=True)
    try:
        return [field.strip() for field in next(rows)]
    except csv.Error:
        raise Unfit("a quote is out of place, or not closed on its line") from None


def _header(raw: bytes, source: Source) -> list[str]:
    if raw == b"":
        raise MappingInvalid("the first line must name the columns, but it is empty")
    if len(raw) > LINE_LIMIT:
        raise MappingInvalid(
            f"the first line must name the columns, but it has more than {LINE_LIMIT:,} bytes"
        )
    try:
        return _split(raw, source)
    except Unfit as unfit:
        raise MappingInvalid(f"the first line must name the columns, but {unfit}") from None


class _RowReader:
    """Reads the rows under one header."""

    def __init__(self, mapping: Mapping, header: Sequence[str]) -> None:
        places: dict[str, int] = {}
        columns = list(mapping.columns())
        # Without a header the first line is a row, and what stands in it may be personal.
        named = 2 * sum(column in header for _, column in columns) >= len(columns)
        for key, column in columns:
            if header.count(column) != 1:
                absence = _absence(column, header, named=named)
                raise MappingInvalid(f"{key} names column {column}, {absence}")
            places[column] = header.index(column)
        self._source = mapping.source
        self._header = header
        self._used = list(places.values())
        self._interpreter = Interpreter(mapping, places)

    def read(self, number: int, raw: bytes) -> Row:
        if len(raw) > LINE_LIMIT:
            raise Unfit(f"the line has more than {LINE_LIMIT:,} bytes")
        fields = _split(raw, self._source)
        if len(fields) != len(self._header):
            here, there = len(fields), len(self._header)
            raise Unfit(
                f"the line has {here} fields, the header {there}" if any(fields) else _BLANK
            )
        if fields == self._header:
            raise Unfit("the line repeats the header")
        key, facts = self._interpreter.read(fields)
        return Row(number, key, facts, self._digest(fields, facts), raw)

    def _digest(self, fields: Sequence[str], facts: Sequence[Observation]) -> str:
        # The verbs too: where another mapping finds other facts in the same values, that is
        # other content, not a repetition.
        parts = [fields[place] for place in self._used]
        parts += [VERBS[type(fact.command)].name for fact in facts]
        return blake2b(
            "\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8
        ).hexdigest()


def _absence(column: str, header: Sequence[str], *, named: bool) -> str:
    """What is wrong with a column's name, and what there is instead."""
    if column in header:
        return f"which the header has {header.count(column)} times"
    if named and all(_is_column(name) for name in header if name):
        return f"which the file does not have: its columns are {', '.join(filter(None, header))}"
    return (
        "which the file does not have: its first line does not look like a header "
        f"(split by file.delimiter: {_fields(header)})"
    )


def _fields(fields: Sequence[str]) -> str:
    return "1 field" if len(fields) == 1 else f"{len(fields)} fields"


def _is_column(name: str) -> bool:
    """Whether a column may be called so: of a file without a header, no row shall be printed."""
    lettered = any(sign.isalpha() for sign in name)
    return lettered and len(name) <= _COLUMN_LIMIT and name.isprintable() and "@" not in name

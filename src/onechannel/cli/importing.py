"""What an import needs beside the library: the mapping as a file, and the lines set aside.

Law of this file: nothing is written over, and nothing is opened to be written before it is known
that the log can be read.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from onechannel.adapters.delimited import Mapping, SetAside, read_history, read_mapping
from onechannel.errors import MappingInvalid, OneChannelError
from onechannel.runtime.history import bounded_lines

__all__ = ["Asides", "described", "refuse_taken"]

# How many set-aside lines are named on the terminal; the file has them all.
_SHOWN: Final = 10


def described(mapping: Path, file: Path) -> Mapping:
    """The mapping, tried on the file's header before anything is opened to be written."""
    try:
        found = read_mapping(_text(mapping))
        with file.open("rb") as lines:
            next(read_history(bounded_lines(lines), found), None)
    except MappingInvalid as invalid:
        raise MappingInvalid(f"{mapping}: {invalid}") from None
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise OneChannelError(f"{path}: is not UTF-8 text") from None


def refuse_taken(set_aside: Path, into: Path) -> None:
    """Lines are set aside in a file of their own, or not at all."""
    database = [f"{into.resolve()}{ending}" for ending in ("", "-wal", "-shm", "-journal")]
    if set_aside.exists() or str(set_aside.resolve()) in database:
        raise OneChannelError(f"{set_aside}: exists already: give --set-aside a new name")


class Asides:
    """The file of lines set aside: the log's own header and lines, with number and reason in front.

    Mended, it is itself a log that the same mapping reads: columns are found by name.
    """

    def __init__(self, path: Path | None, delimiter: str) -> None:
        self._path = path
        self._delimiter = delimiter.encode()
        self.header: bytes = b""
        self.shown: list[SetAside] = []

    def keep(self, line: SetAside) -> None:
        """Take in one line."""
        if len(self.shown) < _SHOWN:
            self.shown.append(line)
        if self._path is None:
            return
        if line is self.shown[0]:
            self._path.write_bytes(self._row(b"set_aside_line", b"set_aside_reason", self.header))
        with self._path.open("ab") as out:
            out.write(self._row(str(line.number).encode(), line.reason.encode(), line.raw))

    def _row(self, number: bytes, reason: bytes, raw: bytes) -> bytes:
        reason = reason.replace(self._delimiter, b" ")
        return self._delimiter.join((number, reason, raw.rstrip(b"\r\n"))) + b"\n"

    def watch(self, lines: Iterable[bytes], advance: Callable[[int], None]) -> Iterator[bytes]:
        """The same lines; the first is the header."""
        for line in lines:
            self.header = self.header or line.removeprefix(codecs.BOM_UTF8)
            advance(len(line))
            yield line

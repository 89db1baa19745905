"""The connection to a database: what the store asks of it, and SQLite's own through `sqlite3`.

Law of this file: the store's SQL goes through nothing else, so that the same SQL can be run through
another library, and on a disk that fails on purpose.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeAlias

__all__ = ["Connect", "Connection", "Cursor", "Row", "Values", "connect"]

Row: TypeAlias = tuple[Any, ...]
#: What is bound to a statement's parameters, by place or by name.
Values: TypeAlias = Sequence[object] | Mapping[str, object]


class Cursor(Protocol):
    """The rows of one statement."""

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One connection, on which a transaction begins where a statement says so and nowhere else.

    Whatever fails raises `sqlite3.Error` with the database's code in `sqlite_errorcode`, and a
    constraint `sqlite3.IntegrityError`; a connection that is closed, `sqlite3.ProgrammingError`.
    """

    @property
    def in_transaction(self) -> bool:
        """Whether one is open."""
        ...

    def execute(self, statement: str, values: Values = ..., /) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, statement: str, values: Iterable[Values], /) -> object:
        """Run one statement for each of so many values."""
        ...

    def rollback(self) -> None:
        """Undo what the open transaction did; without one, nothing."""
        ...

    def close(self) -> None:
        """Let go of the file; a second time does nothing."""
        ...


#: Connects to a place (`:memory:` or a URI), waiting so long for locks that SQLite waits for.
Connect: TypeAlias = Callable[[str, timedelta], Connection]


def connect(place: str, patience: timedelta) -> Connection:
    """A connection of the standard library."""
    return sqlite3.connect(
        place,
        uri=place.startswith("file:"),
        timeout=patience.total_seconds(),
        isolation_level=None,
        check_same_thread=False,
    )

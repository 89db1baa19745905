"""Opening a store by its address.

Law of this file: a kind of store is one row of a table, imported when it is opened.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from onechannel.errors import InvalidValue
from onechannel.model.ids import TenantId
from onechannel.ports import EventStore

__all__ = ["Opened", "open_store"]

#: A store to write, and the same log to be read meanwhile by another thread.
Opened = tuple[EventStore, EventStore]


def open_store(address: str, tenant: TenantId | None) -> Opened:
    """The store at an address: `sqlite:///centre.db`, `sqlite:////var/lib/centre.db`, `memory:`.

    A path after three slashes is relative, after four absolute, as elsewhere. A file's may say
    `?lock_timeout=5&evict_after=10`, in seconds: see `SQLiteStore`. Raises `InvalidValue` for an
    address of no kind known here, and `StoreFault`.
    """
    scheme, found, rest = address.partition(":")
    kind = _KINDS.get(scheme)
    if not found or kind is None:
        known = ", ".join(sorted(_KINDS))
        raise InvalidValue(f"no store has an address that begins so: begin with one of {known}")
    return kind(rest, tenant)


def _sqlite(rest: str, tenant: TenantId | None) -> Opened:
    from onechannel.stores.sqlite import SQLiteStore

    named, _, query = rest.partition("?")
    path = named.removeprefix("///")
    if path == named or not path:
        raise InvalidValue("say sqlite:///centre.db, with three slashes before the file's name")
    store = SQLiteStore(path, tenant, **_options(query))
    try:
        return store, SQLiteStore(path, store.tenant, read_only=True)
    except BaseException:
        store.close()
        raise


def _options(query: str) -> dict[str, Any]:
    """The durations that an address gives."""
    found = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise InvalidValue(f"an address has no {name}: it may have {' and '.join(_OPTIONS)}")
        try:
            found[name] = timedelta(seconds=float(value))
        except (ValueError, OverflowError):
            raise InvalidValue(f"{name} of an address is a number of seconds") from None
    return found


_OPTIONS: Final = ("lock_timeout", "evict_after")


def _memory(_rest: str, tenant: TenantId | None) -> Opened:
    from onechannel.stores.memory import MemoryStore

    store = MemoryStore(tenant or "main")
    return store, store


_KINDS: Final[dict[str, Callable[[str, TenantId | None], Opened]]] = {
    "sqlite": _sqlite,
    "memory": _memory,
}

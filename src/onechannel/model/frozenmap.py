"""An immutable, hashable mapping, kept in order of its keys.

Law of this file: equal maps have equal hashes, equal iteration order and equal bytes when written,
whatever the order they were built in.
"""

from collections.abc import ItemsView, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

__all__ = ["FrozenMap"]

K = TypeVar("K", bound=str)
V = TypeVar("V")


class FrozenMap(Mapping[K, V], Generic[K, V]):
    """A read-only mapping sorted by key: `FrozenMap({"billing": 4.0})`."""

    __slots__ = ("_hash", "_items")

    def __init__(self, items: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        pairs = dict(items)
        self._items: dict[K, V] = {key: pairs[key] for key in sorted(pairs)}
        self._hash: int | None = None

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    # The three below are the mapping protocol's own, without its detour over exceptions.

    def get(self, key: K, default: Any = None) -> Any:
        """The value of the key, or the default."""
        return self._items.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def items(self) -> ItemsView[K, V]:
        """The pairs, by key."""
        return self._items.items()

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(self._items.items()))
        return self._hash

    def __repr__(self) -> str:
        return repr(self._items)

    def __reduce__(self) -> tuple[Any, ...]:
        # The cached hash of text differs between processes, so it is left behind.
        return (FrozenMap, (self._items,))

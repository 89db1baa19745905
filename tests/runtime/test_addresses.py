"""Addresses: what may stand in one beside the file."""

from datetime import timedelta

import pytest

from onechannel.errors import InvalidValue
from onechannel.runtime.opening import open_store
from onechannel.stores.sqlite import SQLiteStore


def test_a_files_address_may_say_how_long(tmp_path, monkeypatch):
    """What an address says of locks is the store's, and a reader beside it is opened."""
    given = []

    class Noted(SQLiteStore):
        """A store that notes how it was opened."""

        def __init__(self, *args, **options):
            given.append(options)
            super().__init__(*args, **options)

    monkeypatch.setattr("onechannel.stores.sqlite.SQLiteStore", Noted)
    address = f"sqlite:///{tmp_path}/c.db?lock_timeout=2.5&evict_after=10"
    store, reader = open_store(address, None)
    assert given[0] == {
        "lock_timeout": timedelta(seconds=2.5), "evict_after": timedelta(seconds=10)
    }  # fmt: skip
    assert given[1] == {"read_only": True}
    assert store.path == reader.path == f"{tmp_path}/c.db"
    for one in (store, reader):
        one.close()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("evict=1", "has no evict"),
        ("evict_after=soon", "number of seconds"),
        ("lock_timeout=", "nu"),
    ],
)
def test_an_address_says_nothing_else(tmp_path, query, said):
    """What is not known, or is no number, is refused before anything is opened."""
    with pytest.raises(InvalidValue, match=said):
        open_store(f"sqlite:///{tmp_path}/c.db?{query}", None)
    assert not list(tmp_path.iterdir())

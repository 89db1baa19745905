"""What the tests of rules ask for: both stores, and a check of every scene when a test is over."""

import pytest
from tests.unit.scenes import everybody_was_somebodys

from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore

__all__ = ["everybody_was_somebodys"]


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    """A store, new and empty: the one in memory, and the one in a file."""
    made = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "centre.db")
    yield made
    made.close()

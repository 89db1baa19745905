"""The store through another library than the standard one: the same statements, the same faults."""

import sqlite3

import pytest
from tests.crash.running import needs_apsw

from onechannel.errors import StoreFault
from onechannel.stores.sqlite._database import translated
from onechannel.testing.store_contract import EventStoreContract

# A constraint is not a fault of the database's, and has an exception of its own.
CODES = [code for code in range(1, 27) if code != sqlite3.SQLITE_CONSTRAINT]


class TestDiskStore(EventStoreContract):
    """The contract, on SQLite through apsw, on a disk in memory."""

    @pytest.fixture
    def open_store(self):
        needs_apsw()
        from tests.crash.disk import Disk, DiskStore, insert

        insert(Disk())
        opened = []

        def open_store(tenant="main"):
            opened.append(DiskStore(f"/disk/{tenant}.db", tenant))
            return opened[-1]

        yield open_store
        for store in opened:
            store.close()


def said(ask):
    """What is said of a fault."""
    with pytest.raises(StoreFault) as caught, translated("centre.db"):
        ask()
    return str(caught.value)


@pytest.mark.parametrize("code", CODES)
def test_both_libraries_fail_alike(code):
    """Whatever code SQLite gives, the fault is the same, whichever library hands it on."""
    needs_apsw()
    import apsw
    from tests.crash.disk import _translated

    def by_apsw():
        raise apsw.exception_for(code)

    def by_sqlite3():
        fault = sqlite3.OperationalError("whatever")
        fault.sqlite_errorcode = code
        raise fault

    assert said(lambda: _translated(by_apsw)) == said(by_sqlite3)


def test_a_closed_connection_says_so_in_both():
    """A store that was closed is refused as such by either library."""
    needs_apsw()
    from tests.crash.disk import Disk, DiskStore, insert

    insert(Disk())
    store = DiskStore()
    store.close()
    store.close()
    for ask in (lambda: store.last_position, lambda: store.session().__enter__()):
        with pytest.raises(StoreFault, match="the store is closed: open it again"):
            ask()

"""The store in one SQLite file."""

from onechannel.stores.sqlite._database import SCHEMA, SCHEMA_VERSION
from onechannel.stores.sqlite._store import SQLiteStore

__all__ = ["SCHEMA", "SCHEMA_VERSION", "SQLiteStore"]

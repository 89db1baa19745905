"""How fast a call log is imported, beside writing the same rows with bare sqlite3.

    python tests/benchmarks/import_rate.py [FILE] [--repeats 3] [--directory DIR]

FILE is a month of the bank's call log, by default the shared January. Each repeat imports it into a
fresh file, and then writes what that file holds (its events, and the rows that belong to them) into
another one of the same schema, indexes and pragmas, 100 events to a transaction; reading them back
is not counted. The answer is one JSON line: the medians of both rates in events per second, the
median of the repeats' ratios, and the peak of resident memory after a tenth of the first import and
at its end.
"""

import argparse
import json
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from onechannel.adapters.delimited import read_mapping
from onechannel.runtime import import_history
from onechannel.stores.sqlite import SQLiteStore

ROOT = Path(__file__).parents[2]
JANUARY = ROOT.parent / "shared/data/anonymous_bank/january.txt"
MAPPING = ROOT / "examples/anonymous_bank.toml"
EVENTS_A_TRANSACTION = 100
#: Each table that an import fills, with the column that says at which event a row is complete.
TABLES = {"events": "position", "commands": "last", "interactions": "closed"}


def peak_mib() -> float:
    """The most memory that this process has held."""
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


def imported(log: Path, db: Path) -> dict[str, float]:
    """Import a log into a new file: rows, events, seconds and memory."""
    with log.open("rb") as lines:
        tenth = sum(1 for _ in lines) // 10
    peaks = [peak_mib()]
    store = SQLiteStore(db)
    began = time.perf_counter()
    with log.open("rb") as lines:
        counts = import_history(
            store,
            lines,
            read_mapping(MAPPING.read_text("utf-8")),
            clock=lambda: datetime.now(UTC),
            progress=lambda read: peaks.append(peak_mib()) if read < tenth else None,
        )
    seconds = time.perf_counter() - began
    store.close()
    return {
        "rows": counts.read,
        "events": counts.events,
        "seconds": seconds,
        "peak_mib_at_a_tenth": peaks[-1],
        "peak_mib": peak_mib(),
    }


def bare(imported_db: Path, db: Path) -> float:
    """Write what the first file holds into a second; the seconds of writing."""
    source = sqlite3.connect(imported_db)
    target = sqlite3.connect(db, isolation_level=None)
    target.execute("pragma journal_mode = wal")
    target.execute("pragma synchronous = full")
    made = source.execute("select sql from sqlite_schema where sql is not null order by rowid")
    for (sql,) in made.fetchall():
        target.execute(sql)
    for table, column in TABLES.items():
        source.execute(f"create index {table}_in_order on {table} ({column})")
    (last,) = source.execute("select max(position) from events").fetchone()
    seconds = 0.0
    for first in range(1, last + 1, EVENTS_A_TRANSACTION):
        span = (first, first + EVENTS_A_TRANSACTION - 1)
        rows = {
            table: source.execute(
                f"select * from {table} where {column} between ? and ?",  # noqa: S608 - our names
                span,
            ).fetchall()
            for table, column in TABLES.items()
        }
        seconds += write(target, rows)
    source.close()
    target.close()
    return seconds


def write(target: sqlite3.Connection, rows: dict[str, list[tuple[object, ...]]]) -> float:
    """Write the rows of some tables in one transaction; the seconds it took."""
    began = time.perf_counter()
    target.execute("begin immediate")
    for table, found in rows.items():
        if found:
            signs = ", ".join("?" * len(found[0]))
            target.executemany(f"insert into {table} values ({signs})", found)  # noqa: S608
    target.execute("commit")
    return time.perf_counter() - began


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("file", nargs="?", type=Path, default=JANUARY)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--directory", help="where the databases are made, and thrown away")
    asked = parser.parse_args()
    if not asked.file.exists():
        sys.exit(f"{asked.file} is missing: name a month of the bank's call log")
    imports, bares = [], []
    for _ in range(asked.repeats):
        with tempfile.TemporaryDirectory(dir=asked.directory) as directory:
            db = Path(directory) / "imported.db"
            imports.append(imported(asked.file, db))
            bares.append(bare(db, Path(directory) / "bare.db"))
    first = imports[0]
    events = first["events"]
    import_seconds = [one["seconds"] for one in imports]
    ratios = [plain / whole for plain, whole in zip(bares, import_seconds, strict=True)]
    answer = {
        "rows": first["rows"],
        "events": events,
        "import_seconds": round(statistics.median(import_seconds), 2),
        "import_events_per_s": round(events / statistics.median(import_seconds)),
        "bare_events_per_s": round(events / statistics.median(bares)),
        "ratio": round(statistics.median(ratios), 3),
        "peak_mib_at_a_tenth": first["peak_mib_at_a_tenth"],
        "peak_mib": first["peak_mib"],
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()

"""Importing call logs: the bank's January as it is, and made-up files that go wrong."""

import os
import signal
import statistics
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.integration.bank_truth import truth
from tests.property.test_delimited_lines import rows_of_cells
from tests.unit.bank_rows import EXAMPLE, HEADER, bank, line

from onechannel import events as e
from onechannel.adapters.delimited import read_mapping
from onechannel.errors import InvalidValue, MappingInvalid, StoreFault
from onechannel.kernel import Kernel
from onechannel.model.worker import WorkerKind
from onechannel.runtime import Imported, import_history
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def load(store, *lines, header=HEADER, mapping=None, **options):
    """Import these lines under the bank's header."""
    lines = [header, *lines]
    return import_history(store, lines, mapping or bank(), clock=lambda: NOW, **options)


def content(store):
    """Everything the log says, but for when it was recorded."""
    return [
        (event.position, event.type, event.occurred_at, event.origin.command, event.data)
        for event in store.read()
    ]


# -- the bank's January ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def january(shared_data, tmp_path_factory):
    """The file, a store into which it was imported, and what that came to."""
    path = shared_data / "anonymous_bank/january.txt"
    if not path.exists():
        pytest.skip(f"{path} is missing")
    store = SQLiteStore(tmp_path_factory.mktemp("bank") / "bank.db")
    with path.open("rb") as lines:
        counts = import_history(store, lines, bank(), clock=lambda: NOW)
    yield path, store, counts
    store.close()


def measured(events):
    """Each call of a log: what of it the figures need."""
    calls, kinds, begun = {}, {}, {}
    for event in events:
        data, at = event.data, event.occurred_at
        call = calls.get(event.subject("interaction"))
        if isinstance(data, e.WorkerDefined):
            kinds[data.worker] = data.definition.kind
        elif isinstance(data, e.InteractionArrived):
            calls[data.interaction] = dict.fromkeys(("queued", "handled", "ended"))
            calls[data.interaction] |= {"of": data, "wait": 0, "answered": False}
        elif isinstance(data, e.InteractionQueued):
            call["queued"] = at
        elif isinstance(data, e.InteractionDequeued):
            call["wait"] = (at - call["queued"]).total_seconds()
        elif isinstance(data, e.AssignmentAccepted) and kinds[data.worker] is WorkerKind.PERSON:
            call["answered"], begun[data.assignment] = True, at
        elif isinstance(data, e.AssignmentReleased) and data.assignment in begun:
            call["handled"] = (at - begun.pop(data.assignment)).total_seconds()
        elif isinstance(data, e.AnomalyObserved) and data.verb == "observe_accepted":
            call["answered"] |= call["ended"] is None
        elif isinstance(data, e.InteractionClosed):
            call["ended"] = data.reason.value
    return list(calls.values())


def figures(calls):
    """The figures that `bank_truth` gives."""
    answered = [call for call in calls if call["answered"]]
    queued = [call for call in calls if call["queued"]]
    waits = [call["wait"] for call in answered]
    customers = Counter(call["of"].customer for call in calls if call["of"].customer)
    ended = Counter((call["ended"], bool(call["queued"]), call["answered"]) for call in calls)
    return {
        "interactions": len(calls),
        "self_served": ended["resolved", False, False],
        "queued": len(queued),
        "abandoned": ended["abandoned", True, False],
        "answered": len(answered),
        "wait_mean_s": mean(waits),
        "wait_median_s": statistics.median(waits) if waits else None,
        "wait_queued_mean_s": mean([call["wait"] for call in answered if call["queued"]]),
        "handle_mean_s": mean(
            [call["handled"] for call in answered if call["handled"] is not None]
        ),
        "answered_within_20s": mean([call["answered"] and call["wait"] <= 20 for call in queued]),
        "customers": len(customers),
        "returning_customers": sum(times > 1 for times in customers.values()),
        "unidentified": len(calls) - customers.total(),
    }


def mean(values):
    """The mean, None of nothing."""
    return sum(values) / len(values) if values else None


def test_january_is_all_there(january):
    """Every row is imported, and what no rule of ours would allow is an anomaly, counted."""
    _, store, counts = january
    assert (counts.read, counts.imported, counts.duplicates, counts.set_aside) == (
        31599,
        31599,
        0,
        0,
    )
    assert counts.events == sum(1 for _ in store.read())
    found = Counter(
        (event.data.verb, event.data.reason)
        for event in store.read()
        if isinstance(event.data, e.AnomalyObserved)
    )
    assert found == {
        ("observe_accepted", "the worker is not named"): 490,
        ("observe_accepted", "the service has no start"): 42,
        ("observe_accepted", "the outcome is not answered"): 83 + 239,
        ("observe_accepted", "service began before the wait was over"): 125,
        ("observe_released", "it ended before it began"): 33,
        ("observe_queued", "the queue is not a known one"): 2,
    }
    assert counts.anomalies == found.total()


def test_the_log_says_what_the_file_says(january):
    """Figures from the events alone are those counted from the file by an independent script."""
    path, store, _ = january
    expected = truth(path)
    assert expected.pop("unreadable") == 0
    by_queue = expected.pop("by_queue")
    calls = measured(store.read())
    assert figures(calls) == pytest.approx(expected)
    for queue, of_queue in by_queue.items():
        of_type = [call for call in calls if call["of"].about == queue]
        assert figures(of_type) == pytest.approx(of_queue)


def test_january_again_adds_nothing(january):
    """A row is known by its key and its content."""
    path, store, counts = january
    with path.open("rb") as lines:
        again = import_history(store, lines, bank(), clock=lambda: NOW)
    assert again == Imported(read=31599, duplicates=31599)
    assert sum(1 for _ in store.read()) == counts.events


def test_january_replays(january):
    """What was imported is a log like any other: a kernel that follows it arrives at its end."""
    _, store, counts = january
    kernel = Kernel.replay(store.read())
    assert (kernel.position, kernel.next_deadline) == (counts.events, None)


# -- what goes wrong -------------------------------------------------------------------------------


def rows(number, **changes):
    """Made-up calls, each with a key of its own."""
    return [line(**{"call_id": str(4000 + each)} | changes) for each in range(number)]


def test_a_header_alone_adds_nothing():
    """A file without rows is imported, and was empty."""
    store = MemoryStore()
    assert load(store) == load(store, b"\r\n", b"\n") == Imported()
    assert content(store) == []


@pytest.mark.parametrize("lines", [[], [b""], [HEADER.replace(b"\t", b",")], [line()]])
def test_a_file_the_mapping_does_not_describe_is_refused_as_a_whole(lines):
    """Nothing is imported where the first line is no header, or another one."""
    store = MemoryStore()
    with pytest.raises(MappingInvalid):
        import_history(store, lines, bank(), clock=lambda: NOW)
    assert content(store) == []


def test_the_same_key_with_other_content_is_set_aside():
    """Whether in the same commit or years later, a call arrives once."""
    store, kept = MemoryStore(), []
    other = line(server="TOVA")
    first = load(store, line(), line(), other, set_aside=kept.append)
    assert (first.imported, first.duplicates, first.set_aside) == (1, 1, 1)
    log = content(store)
    again = load(store, other, line(), set_aside=kept.append)
    assert (again.imported, again.duplicates, again.set_aside) == (0, 1, 1)
    reason = "columns date, vru+line, call_id: this key has arrived already, with other content"
    assert [(one.number, one.reason, one.raw) for one in kept] == [
        (4, reason, other.rstrip()),
        (2, reason, other.rstrip()),
    ]
    assert content(store) == log


def test_another_mapping_does_not_add_to_what_is_there():
    """Where another mapping finds other facts in a known row, the row is set aside, not mixed."""
    store = MemoryStore()
    load(store, *rows(2), line(ser_start="9:00:33", ser_time="87"))
    log = content(store)
    strict = read_mapping(EXAMPLE.read_text("utf-8").replace("tolerance = 5", "tolerance = 1"))
    again = load(store, *rows(2), line(ser_start="9:00:33", ser_time="87"), mapping=strict)
    assert (again.duplicates, again.set_aside, again.events) == (2, 1, 0)
    assert content(store) == log


def test_mended_lines_are_imported():
    """What was set aside, mended under the same header, completes the import."""
    good, kept = rows(5), []
    broken = [*good]
    broken[1] = broken[1].replace(b"\tPS\t", b"\tPS")
    broken[3] = broken[3].replace(b"9:00:05\t5\t", b"9:00:O5\t5\t")
    store = MemoryStore()
    counts = load(store, *broken, set_aside=kept.append)
    assert (counts.read, counts.imported, counts.set_aside) == (5, 3, 2)
    assert [one.number for one in kept] == [3, 5]
    mended = [
        one.raw.replace(b"\tPS", b"\tPS\t").replace(b"9:00:O5", b"9:00:05").replace(b"\t\t", b"\t")
        for one in kept
    ]
    assert load(store, *mended).imported == 2
    whole = MemoryStore()
    load(whole, *good)
    assert {line[3:] for line in content(store)} == {line[3:] for line in content(whole)}
    assert load(store, *good) == Imported(read=5, duplicates=5)


def test_line_endings_are_not_content():
    """A file that went through another system is the same file."""
    store = MemoryStore()
    load(store, *rows(3))
    again = load(store, *(row.replace(b"\r\n", b"\n") for row in rows(3)), header=HEADER.rstrip())
    assert again.duplicates == 3


def test_set_aside_lines_and_progress_come_in_order():
    """Lines set aside by adapter and kernel alike come by number; progress after each commit."""
    kept, seen = [], []
    lines = [line(), b"\r\n", line(server="TOVA"), b"?\n", *rows(2)]
    counts = load(MemoryStore(), *lines, batch=2, set_aside=kept.append, progress=seen.append)
    assert [one.number for one in kept] == [3, 4, 5]
    assert seen == [2, 4, 6]
    assert counts.read == 6
    with pytest.raises(InvalidValue, match="batch must be 1 or more"):
        load(MemoryStore(), batch=0)


@given(st.lists(rows_of_cells(), max_size=8), st.integers(1, 4))
def test_every_line_is_counted_once(lines, batch):
    """Read is imported, duplicates and set aside, together; the second time nothing is added."""
    lines = [one.replace(b"\n", b"") + b"\n" for one in lines]
    while lines and not lines[-1].strip(b"\r\n"):
        lines.pop()
    store, kept = MemoryStore(), []
    counts = load(store, *lines, batch=batch, set_aside=kept.append)
    assert counts.read == len(lines) == counts.imported + counts.duplicates + counts.set_aside
    assert len(kept) == counts.set_aside
    log = content(store)
    assert counts.events == len(log)
    assert counts.anomalies == sum(one[1] == "anomaly.observed" for one in log)
    again = load(store, *lines)
    assert (again.read, again.imported, again.events) == (len(lines), 0, 0)
    assert again.set_aside == counts.set_aside
    whole = MemoryStore()
    load(whole, *lines)
    assert content(whole) == log


# -- what is interrupted ---------------------------------------------------------------------------


class FailingStore(MemoryStore):
    """A store whose disk is full from some commit on."""

    commits_left = 2

    def _keep(self, batch):
        if self.commits_left == 0:
            raise StoreFault("the disk is full")
        self.commits_left -= 1
        super()._keep(batch)


def test_a_store_that_fails_keeps_what_was_committed():
    """The same import again adds the rest, and the log is that of an import in one go."""
    store = FailingStore()
    with pytest.raises(StoreFault):
        load(store, *rows(50), batch=10)
    store.commits_left = 99
    counts = load(store, *rows(50), batch=10)
    assert (counts.duplicates, counts.imported) == (20, 30)
    whole = MemoryStore()
    load(whole, *rows(50), batch=10)
    assert content(store) == content(whole)


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from onechannel.adapters.delimited import read_mapping
from onechannel.runtime import import_history
from onechannel.stores.sqlite import SQLiteStore

mapping, log, db = map(Path, sys.argv[1:])
import_history(
    SQLiteStore(db),
    log.open("rb"),
    read_mapping(mapping.read_text("utf-8")),
    clock=lambda: datetime(2026, 1, 5, 9, tzinfo=UTC),
    progress=lambda read: os.kill(os.getpid(), signal.SIGKILL) if read >= 20 else None,
    batch=10,
)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill a process")
def test_an_import_that_was_killed_is_completed_by_another(tmp_path):
    """After a kill without warning, no row is there in part, and the next import adds the rest."""
    log, db = tmp_path / "calls.txt", tmp_path / "bank.db"
    log.write_bytes(HEADER + b"".join(rows(50)))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, EXAMPLE, log, db], check=False, env=os.environ
    )
    assert done.returncode == -signal.SIGKILL
    store = SQLiteStore(db)
    closed = Counter(one[1] for one in content(store))["interaction.closed"]
    assert closed == Counter(one[1] for one in content(store))["interaction.arrived"] == 20
    counts = load(store, *rows(50), batch=10)
    assert (counts.duplicates, counts.imported) == (20, 30)
    whole = MemoryStore()
    load(whole, *rows(50), batch=10)
    assert content(store) == content(whole)
    store.close()


def test_the_log_is_in_order_though_the_file_is_not():
    """Facts keep the time at which they happened; the log, in which order they were learnt."""
    store = MemoryStore()
    load(store, line(date="990105"), line(date="990104"))
    log = list(store.read())
    assert all(one.recorded_at <= other.recorded_at for one, other in pairwise(log))
    days = [event.occurred_at.day for event in log if event.type == "interaction.arrived"]
    assert days == [5, 4]


def test_the_next_import_need_not_replay_this_one():
    """An import that added something leaves a snapshot of where it ended."""
    store = MemoryStore()
    load(store)
    assert store.snapshot() is None
    counts = load(store, *rows(3))
    assert store.snapshot().position == counts.events

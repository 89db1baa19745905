"""What a month of the bank's call log says, counted from the file itself.

An independent witness: it imports nothing of onechannel and follows the file's documentation. Run
as a script it prints its findings as JSON.

    python tests/integration/bank_truth.py FILE

- A row is queued if `q_start` is not 0:00:00.
- `outcome` decides: AGENT is answered; HANG is abandoned if queued, else self-served; PHANTOM is an
  interaction, queued or not, and nothing more.
- The wait is `q_time`, and 0 for who was not queued; a negative one is not known, and counts in no
  mean. Whoever was queued and not answered within 20 seconds is missed.
- Handle time is the `ser_time` of answered rows whose service has a start, a named server and no
  negative duration.
- `customer_id` 0, or none, is not identified.
- A row that occurs twice counts once; a row that cannot be read counts as `unreadable` alone.
"""

import csv
import json
import re
import statistics
import sys
from collections import Counter

NEVER = "0:00:00"
CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
WHOLE = re.compile(r"-?[0-9]+")
CLOCKS = ("vru_entry", "vru_exit", "q_start", "q_exit", "ser_start", "ser_exit")
WHOLES = ("priority", "date", "vru_time", "q_time", "ser_time")
OUTCOMES = ("AGENT", "HANG", "PHANTOM")


def truth(path):
    """The figures of one file, as a dictionary; under `by_queue` the same for each type of call."""
    rows, unreadable = _read(path)
    types = sorted({row["type"] for row in rows})
    by_queue = {one: _figures([row for row in rows if row["type"] == one]) for one in types}
    return {"unreadable": unreadable, **_figures(rows), "by_queue": by_queue}


def _read(path):
    rows, unreadable = {}, 0
    with open(path, newline="\n", encoding="ascii", errors="surrogateescape") as file:
        lines = (line.rstrip("\r\n") for line in file)
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if _is_readable(row):
                rows.setdefault((row["date"], row["vru+line"], row["call_id"]), row)
            else:
                unreadable += 1
    return list(rows.values()), unreadable


def _is_readable(row):
    if None in row or None in row.values():  # more fields than columns, or fewer
        return False
    return (
        "".join(row.values()).isascii()
        and all(cell or name == "customer_id" for name, cell in row.items())
        and all(CLOCK.fullmatch(row[name]) for name in CLOCKS)
        and all(WHOLE.fullmatch(row[name]) for name in WHOLES)
        and row["outcome"] in OUTCOMES
    )


def _figures(rows):
    answered = [row for row in rows if row["outcome"] == "AGENT"]
    hung_up = [row for row in rows if row["outcome"] == "HANG"]
    queued = [row for row in rows if _is_queued(row)]
    waits = [_wait(row) for row in answered if _wait(row) >= 0]
    queued_waits = [_wait(row) for row in answered if _is_queued(row) and _wait(row) >= 0]
    in_time = sum(wait <= 20 for wait in queued_waits)
    callers = Counter(row["customer_id"] for row in rows if row["customer_id"] not in ("", "0"))
    return {
        "interactions": len(rows),
        "self_served": sum(not _is_queued(row) for row in hung_up),
        "queued": len(queued),
        "abandoned": sum(_is_queued(row) for row in hung_up),
        "answered": len(answered),
        "wait_mean_s": _mean(waits),
        "wait_median_s": float(statistics.median(waits)) if waits else None,
        "wait_queued_mean_s": _mean(queued_waits),
        "handle_mean_s": _mean([int(row["ser_time"]) for row in answered if _is_handled(row)]),
        "answered_within_20s": in_time / len(queued) if queued else None,
        "customers": len(callers),
        "returning_customers": sum(calls > 1 for calls in callers.values()),
        "unidentified": len(rows) - sum(callers.values()),
    }


def _is_queued(row):
    return row["q_start"] != NEVER


def _wait(row):
    return int(row["q_time"]) if _is_queued(row) else 0


def _is_handled(row):
    named = row["server"] != "NO_SERVER"
    return named and row["ser_start"] != NEVER and int(row["ser_time"]) >= 0


def _mean(values):
    return sum(values) / len(values) if values else None


if __name__ == "__main__":
    json.dump(truth(sys.argv[1]), sys.stdout, indent=2)
    sys.stdout.write("\n")

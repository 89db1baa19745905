"""The shortest history that still fails, for whoever has to find out why.

Law of this file: parts of a history are left out as long as kernel and model still part ways.
"""

from collections.abc import Sequence

from tests.property.kernel_machine_both import Both

# So many histories are played at most: a failure must be told within the time of a test.
MOST = 300


def parts_ways(history: Sequence, callables) -> bool:
    """Whether kernel and model differ somewhere along it."""
    both = Both(callables)
    try:
        for what in history:
            both.play(what)
    except Exception:  # noqa: BLE001 - a kernel that breaks differs as well
        return True
    return False


def shortest(history: Sequence, callables) -> list:
    """What is left when no part of it can be left out; nothing, if it does not fail again."""
    found, length, played = [*history], len(history), 0
    if not parts_ways(found, callables):
        return []
    while length >= 1 and played < MOST:
        length //= 2
        first = 0
        while length and first < len(found) and played < MOST:
            without = found[:first] + found[first + length :]
            played += 1
            if parts_ways(without, callables):
                found = without
            else:
                first += length
    return found


def told(history: Sequence) -> str:
    """A history, line by line."""
    lines = []
    for what in history:
        request = getattr(what, "command", None)
        lines.append(f"  {what.at:%d %H:%M:%S} {what.actor} {request}" if request else f"  {what}")
    return "\n".join(["the shortest history in which kernel and model part ways:", *lines])

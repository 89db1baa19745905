"""Images of a living centre, with a torn write-ahead log."""

from tests.crash.running import crash, many, planted
from tests.crash.test_kills import TWO_COMMITS
from tests.crash.torn import commit_ends

# Whoever judges takes every image for whole.
BLIND = """
import tests.crash.torn as torn
torn._first_difference = lambda left, right: len(left)
"""


def test_a_torn_image_holds_a_beginning():
    """Whatever of the log was whole before the tear is there, and nothing of what came after.

    It opens, is consistent, and takes the next command.
    """
    assert "each a beginning, whole up to the tear" in crash("torn", many(30, 500))


def test_a_torn_commit_in_two_is_found_out():
    """Where events and command ids are not committed together, a tear between them shows it."""
    assert "is known for" in planted(TWO_COMMITS, "torn", 200)


def test_the_tear_is_looked_at():
    """A check that took any image for whole would complain of what the tear took away."""
    assert "events before the tear are gone" in planted(BLIND, "torn", 50)


def test_commits_are_read_off_the_frames():
    """A commit ends with a frame that says how large the file then is; old frames do not count."""
    frame = b"\0\0\0\1" + b"\0\0\0\0" + b"salts..." + bytes(8 + 4096)
    last = b"\0\0\0\1" + b"\0\0\0\2" + b"salts..." + bytes(8 + 4096)
    stale = last.replace(b"salts...", b"others..")
    head = bytes(16) + b"salts..." + bytes(8)
    assert commit_ends(b"") == commit_ends(head) == commit_ends(head + frame) == []
    assert commit_ends(head + frame + last + last[:-1]) == [32 + 2 * 4120]
    assert commit_ends(head + last + frame + last + stale) == [32 + 4120, 32 + 3 * 4120]

"""`timeline --svg`: a journey drawn from a centre's file, as whoever types it meets it."""

import subprocess
import sys
from xml.etree import ElementTree

import pytest


@pytest.fixture
def run(tmp_path):
    """Runs the command line in a directory of its own."""

    def run(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "onechannel", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    run.folder = tmp_path
    run("demo", "--db", "day.db")
    return run


def _drawn(run, name="day.svg"):
    return (run.folder / name).read_text(encoding="utf-8")


def test_a_customer_is_drawn_into_a_file(run):
    """The picture is in the file that was named, well-formed, and twice the same; texts are not."""
    done = run("timeline", "day.db", "--customer", "c-1", "--svg", "day.svg")
    assert done.stdout == "The picture is in day.svg.\n"
    first = _drawn(run)
    ElementTree.fromstring(first)  # noqa: S314  (our own picture)
    assert "Customer c-1" in first
    assert "charged twice" not in first
    run("timeline", "day.db", "--customer", "c-1", "--svg", "day.svg")
    assert _drawn(run) == first


def test_what_was_said_is_drawn_where_it_is_asked_for(run):
    """Without a choice all is drawn; `--show-text` tells what was said, too."""
    run("timeline", "day.db", "--svg", "all.svg", "--show-text")
    assert "All that happened" in _drawn(run, "all.svg")
    assert "charged twice" in _drawn(run, "all.svg")


def test_no_log_is_drawn_over(run):
    """A name that does not end in .svg is refused, and so is a choice of nothing."""
    before = (run.folder / "day.db").read_bytes()
    refused = run("timeline", "day.db", "--svg", "day.db", code=2)
    assert ".svg" in refused.stderr
    run("timeline", "day.db", "--svg", "day.svg", "--json", code=2)
    missing = run("timeline", "day.db", "--customer", "c-9", "--svg", "day.svg", code=1)
    assert "there is no customer c-9" in missing.stderr
    run("timeline", "day.db", "--svg", "nowhere/day.svg", code=1)
    assert not (run.folder / "day.svg").exists()
    assert (run.folder / "day.db").read_bytes() == before

"""`onechannel play`, as whoever types it meets it."""

import json
import re
import subprocess
import sys

import pytest

GOOD = """
title = "A short day"

[customers.ana]
name = "Ana"
addresses = ["tel:+34600111222"]

[workers.marc]
skills = { billing = 3 }

[story]
steps = [
    { who = "ana", does = "starts", channel = "voice", about = "billing", as = "call" },
    { after = "5s", who = "marc", does = "accepts", interaction = "call" },
    { expect = "assigned", worker = "marc", interaction = "call" },
    { after = "2m", who = "marc", does = "closes", interaction = "call", disposition = "sold" },
    { expect = "closed", interaction = "call", disposition = "sold", within = "0s" },
]
"""
CROWD = """
[workers.marc]
skills = { billing = 3 }
answers_after = "3s"
serves_for = "40s"

[customers.ana]
name = "Ana"

[[crowds]]
name = "caller"
of = 60
starts = "09:00"
over = "10m"
channel = "voice"
about = "billing"

[story]
steps = [
    { who = "ana", does = "starts", channel = "voice", about = "billing", as = "hers" },
    { expect = "closed", interaction = "hers", within = "2h" },
]
"""


@pytest.fixture
def play(tmp_path):
    """Plays a file in a directory of its own."""

    def play(text, *options, code=0):
        (tmp_path / "day.toml").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "onechannel", "play", "day.toml", *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    play.folder = tmp_path
    return play


def test_it_shows_the_day_what_was_expected_and_a_report(play):
    """The title, the timeline with what was said and who served, each expectation, the figures."""
    shown = play(GOOD).stdout
    assert shown.startswith("A short day\n")
    assert re.search(r"09:00:05 .* marc +serves", shown)
    assert "ok     line 15: expect assigned (worker marc, interaction call)" in shown
    assert "ok     line 17: expect closed" in shown
    assert re.search(r"answered +1 ", shown)


def test_the_log_can_be_kept_and_read(play):
    """With --db the log is one like any other: timeline, report and check read it."""
    assert "onechannel timeline kept.db" in play(GOOD, "--db", "kept.db").stdout
    for command in ("check", "report", "timeline"):
        done = subprocess.run(
            [sys.executable, "-m", "onechannel", command, "kept.db"],
            cwd=play.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout


def test_a_log_that_is_there_is_not_played_into(play):
    """A second play into the same file is refused, and the file is as it was."""
    play(GOOD, "--db", "kept.db")
    before = (play.folder / "kept.db").read_bytes()
    refused = play(GOOD, "--db", "kept.db", code=1)
    assert "the log is not empty" in refused.stderr
    assert (play.folder / "kept.db").read_bytes() == before


def test_what_is_otherwise_than_expected_is_said_and_is_the_exit_code(play):
    """The expectation with its line, what happened instead, a timeline; the others are told too."""
    shown = play(
        GOOD.replace('disposition = "sold", within', 'disposition = "lost", within'), code=6
    )
    assert "FAILED line 17: expect closed" in shown.stdout
    assert "but it did not happen" in shown.stdout
    assert "ok     line 15" in shown.stdout


def test_a_step_that_cannot_be_done_ends_it(play):
    """What the kernel refuses is said with the line, and how many steps were left out."""
    shown = play(GOOD.replace('does = "accepts"', 'does = "releases"'), code=6).stdout
    assert re.search(r"FAILED line 14: marc releases", shown)
    assert "day.toml:14: story.steps[2]: was refused: " in shown
    assert "not played: 3 of 5 steps" in shown


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('who = "marc"', 'who = "mark"', "day.toml:14: story.steps[2].who: "),
        ("title =", "titel =", "day.toml:2: titel: is not known here: did you mean title?"),
        ("[story]", "[story", "day.toml:11: is not TOML: "),
    ],
)
def test_a_file_that_is_wrong_is_said_with_its_line(play, old, new, said):
    """File, line and key; nothing is played, and no log is made."""
    assert said in play(GOOD.replace(old, new), "--db", "kept.db", code=1).stderr
    assert not (play.folder / "kept.db").exists()


def test_of_a_crowd_only_those_with_a_name_are_shown(play):
    """A long day is shown as far as somebody can read it, and says what is left out."""
    shown = play(CROWD).stdout
    assert "and 60 more interactions, of customers the file has no name for" in shown
    assert "hers" in shown
    assert "caller" not in shown.partition("The whole log")[0]
    assert re.search(r"interactions +61 ", shown)


def test_json_has_all_of_it(play):
    """One object: the title, each step with its line, the figures."""
    found = json.loads(play(CROWD, "--json").stdout)
    assert [one["failure"] for one in found["steps"]] == [None, None]
    assert (found["title"], found["left_out"], found["refusals"]) == ("day.toml", 0, 0)
    assert found["report"]["interactions"] == 61

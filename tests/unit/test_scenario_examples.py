"""The example scenarios: they play as they say, and would not if the centre did otherwise."""

# ruff: noqa: E501 - a row of a table stands on one line, however long

from pathlib import Path

import pytest

from onechannel.codec import event_to_json
from onechannel.insight import check
from onechannel.simulation.scenario import play, read_scenario

FOLDER = Path(__file__).parents[2] / "examples"
FILES = sorted(FOLDER.glob("*.scenario.toml"))

#: In which example, what is written otherwise, and the words of the step that then is not so.
PLANTED = [
    ("charged_twice", 'about = "billing", as = "call"', 'about = "cards", as = "call"', "superseded"),
    ("charged_twice", 'at = "Tue 11:00"', 'at = "Thu 11:00"', "keeps_promise"),
    ("charged_twice", '{ escalates = "two-charges", after = "1s" }', "{ hangs = true }", "expect asked"),
    ("charged_twice", 'due = "2d"', 'due = "1d"', "keeps_promise"),
    ("cancelled_flight", "of = 200", "of = 20", "expect arrived"),
    ("cancelled_flight", 'does = "requests_callback"', 'does = "leaves"', "expect assigned"),
    ("cancelled_flight", 'patience = "5m"', 'patience = "10s"', "expect arrived"),
    ("broken_promise", 'does = "renegotiates_promise", promise = "again", due = "Mon 17:00", as = "later"', 'does = "promises", whom = "ana", what = "refund", due = "Mon 17:00", as = "later"', "renegotiated"),
    ("broken_promise", '"09:00-18:00"', '"09:00-20:00"', "expect broken"),
    ("engineering_takes_over", 'who = "lena", does = "says", interaction = "aside"', 'who = "eva", does = "says", interaction = "mail"', "expect sent"),
    ("engineering_takes_over", 'department = "engineering"\ncapacity', 'department = "sales"\ncapacity', "lena accepts"),
    ("engineering_takes_over", 'due = "14:00"', 'due = "15:00"', "expect asked"),
    ("family_phone", 'who = "leo", does = "unmerges", evidence', 'who = "leo", does = "links", address = "tel:+34600777888", evidence', "promised"),
    ("family_phone", 'whom = "leo-calls"', 'whom = "marta"', "promised"),
    ("bot_must_fall_silent", 'after = "40s" }', 'after = "4s" }', "expect refused"),
    ("bot_must_fall_silent", '{ fails = "out-of-memory", after = "2s" }', "{ hangs = true }", "expect asked"),
    ("bot_must_fall_silent", '{ hangs = true }]', '{ answers = "Cancelled." }]', "expect sent"),
]  # fmt: skip


def text_of(name: str) -> str:
    """An example."""
    return (FOLDER / f"{name}.scenario.toml").read_text("utf-8")


def test_there_are_six():
    """Each example has at least two planted changes below."""
    names = [file.name.partition(".")[0] for file in FILES]
    assert len(names) == 6
    for name in names:
        assert sum(1 for row in PLANTED if row[0] == name) >= 2


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_an_example_plays_as_it_says(file):
    """All that it expects is so; the log is consistent, and the same each time, byte for byte."""
    logs = []
    for _ in range(2):
        played = play(read_scenario(file.read_bytes(), file.name))
        assert [str(one.failure) for one in played.failures] == []
        assert len(played.results) == len(played.scenario.steps)
        assert played.checked
        logs.append([event_to_json(event) for event in played.centre.log])
    assert logs[0] == logs[1]
    assert check(played.centre.log).position is None


@pytest.mark.parametrize("row", PLANTED, ids=lambda row: f"{row[0]}-{row[3]}-{row[2][:20]}")
def test_an_example_notices_what_is_otherwise(row):
    """With something in it changed, the first thing that is not so is the one that should be."""
    name, old, new, said = row
    assert old in text_of(name)
    played = play(read_scenario(text_of(name).replace(old, new), name))
    assert said in played.failures[0].said


def test_an_example_says_how_to_play_it():
    """The head of each file is the command that plays it."""
    for file in FILES:
        assert f"# Play it: onechannel play examples/{file.name}" in file.read_text("utf-8")

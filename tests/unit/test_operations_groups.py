"""The report by customers, channels and queues, and what a rule of ours would forbid."""

import json
from pathlib import Path

import attrs
import pytest
from tests.unit.test_operations import (
    VRU,
    accepted,
    arrived,
    closed,
    doubted,
    log,
    ours,
    queued,
    released,
)

from onechannel.insight import Figures, OperationsFold, OperationsReport, report

# -- customers and groups -------------------------------------------------------------------------


def test_customers():
    """Each counts once; those with more than one interaction returned; None is unidentified."""
    happened = [
        *(arrived(0, "1", customer="ana"), arrived(0, "2", customer="ana", channel="chat")),
        *(arrived(0, "3", customer="ben"), arrived(0, "4"), closed(9, interaction="1")),
    ]
    figures = report(log(*happened))
    assert (figures.customers, figures.returning_customers, figures.unidentified) == (2, 1, 1)
    voice = figures.by_channel["voice"]
    assert (voice.customers, voice.returning_customers, voice.unidentified) == (2, 0, 1)


def test_by_channel():
    """An interaction counts under the channel on which it began; nothing counts twice."""
    happened = [arrived(0, "1", channel="chat"), arrived(0, "2"), closed(9, interaction="2")]
    figures = report(log(*happened))
    assert {name: part.interactions for name, part in figures.by_channel.items()} == {
        "chat": 1,
        "voice": 1,
    }


@pytest.mark.parametrize(
    ("happened", "queue"),
    [
        ([queued(0, queue="a"), accepted(5), queued(6, queue="b"), closed(9)], "a"),
        ([queued(0, queue="a", plan=True), accepted(0, "vru"), queued(6, queue="b")], "b"),
        (
            [queued(0, queue="a", plan=True), accepted(0, "vru"), queued(6, queue="b"), closed(9)],
            "b",
        ),
        ([queued(0, queue="a", plan=True), accepted(0, "vru"), closed(9)], "a"),
        ([accepted(0, "vru"), closed(9)], "billing"),
        ([], "billing"),
    ],
)
def test_by_queue(happened, queue):
    """The first it waited in, else the first it was put into, else what it was about."""
    figures = report(ours(VRU, arrived(0, about="billing"), *happened))
    assert {name: part.interactions for name, part in figures.by_queue.items()} == {queue: 1}


def test_in_no_queue_and_about_nothing():
    """What was in no queue, about nothing that is known, counts in the whole alone."""
    figures = report(log(arrived(0), closed(9)))
    assert (figures.interactions, figures.by_queue) == (1, {})


# -- what a rule of ours would forbid -------------------------------------------------------------


def served(name, begin, end, person="marc"):
    """One observed call, not queued."""
    parts = [arrived(begin, name), accepted(begin, person, name), closed(end, interaction=name)]
    return [*parts, released(end, person, name)]


@pytest.mark.parametrize(
    ("calls", "times"),
    [
        ([("a", 0, 10), ("b", 10, 20)], 0),
        ([("a", 0, 10), ("b", 9, 20)], 1),
        ([("b", 9, 20), ("a", 0, 10)], 1),
        ([("a", 0, 99), ("b", 10, 20), ("c", 30, 40)], 2),
        ([("a", 0, 10), ("b", 0, 10)], 1),
        ([("a", 0, 10), ("b", 5, 9, "eva")], 0),
    ],
)
def test_two_at_once(calls, times):
    """A person's acceptance while an earlier accepted one still ran, in whatever order recorded."""
    happened = [part for call in calls for part in served(*call)]
    assert report(log(*happened)).two_at_once == times
    assert report(ours(*happened)).two_at_once == 0


def test_what_still_runs_overlaps_what_comes():
    """An assignment that is never released runs on; a machine may have any number."""
    happened = [arrived(0, "a"), accepted(0, "marc", "a"), *served("b", 500, 600)]
    assert report(log(*happened)).two_at_once == 1
    machine = [VRU, *served("a", 0, 10, "vru"), *served("b", 5, 10, "vru")]
    assert report(log(*machine)).two_at_once == 0


def turn(name, begin, end, *, queue="main", priority=0, plan=False):
    """One call that queued, and was accepted by a worker of its own."""
    arrival = arrived(begin, name, priority=priority)
    return [arrival, queued(begin, name, queue, plan=plan), accepted(end, f"worker-{name}", name)]


@pytest.mark.parametrize(
    ("turns", "times"),
    [
        ([turn("a", 0, 10), turn("b", 1, 11)], 0),
        ([turn("a", 0, 10), turn("b", 1, 9)], 1),
        ([turn("b", 1, 9), turn("a", 0, 10)], 1),
        ([turn("a", 0, 10), turn("b", 1, 10)], 0),
        ([turn("a", 0, 10), turn("b", 0, 9)], 0),
        ([turn("a", 0, 10), turn("b", 1, 9), turn("c", 2, 8)], 2),
        ([turn("a", 0, 10), turn("b", 1, 9, queue="other")], 0),
        ([turn("a", 0, 10), turn("b", 1, 9, priority=1)], 0),
        ([turn("a", 0, 10)[:2], turn("b", 1, 9)], 0),
    ],
)
def test_out_of_turn(turns, times):
    """Accepted before one of the same queue and priority that queued earlier, and was accepted."""
    assert report(log(*(part for one in turns for part in one))).out_of_turn == times


def test_our_own_routing_is_not_judged_by_turns():
    """Where we route, who is next is the plan's business: nothing is out of turn."""
    happened = [*turn("a", 0, 10, plan=True), *turn("b", 1, 9, plan=True)]
    assert report(ours(*happened)).out_of_turn == 0


# -- the report as a value ------------------------------------------------------------------------


def test_a_report_in_between_changes_nothing():
    """Asking a fold for its report, at any event, leaves the later ones as they were."""
    happened = [*turn("a", 0, 10), *served("b", 3, 20), *turn("c", 4, 8)]
    fold = OperationsFold()
    for number, event in enumerate(events := log(*happened), start=1):
        fold.add(event)
        assert fold.report() == fold.report() == report(events[:number])


def test_a_report_is_plain_json():
    """`to_dict` has every field of the report and of its parts, in JSON values."""
    happened = [arrived(0), queued(0), accepted(9), closed(9), doubted(0, "x")]
    plain = report(log(*happened)).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert [*plain] == [field.name for field in attrs.fields(OperationsReport)]
    parts = [*plain["by_channel"].values(), *plain["by_queue"].values()]
    assert all([*part] == [field.name for field in attrs.fields(Figures)] for part in parts)


def test_every_figure_is_defined_in_the_reference():
    """docs/reference/report.md names each figure in the first column of a table, or as a group."""
    text = (Path(__file__).parents[2] / "docs/reference/report.md").read_text("utf-8")
    heads = [line.removeprefix("| ").partition(" | ")[0] for line in text.splitlines()]
    terms = [head for head in heads if head.startswith("`") and head.endswith("`")]
    defined = {term.strip("`") for head in terms for term in head.split(", ")}
    assert {field.name for field in attrs.fields(OperationsReport)} <= defined

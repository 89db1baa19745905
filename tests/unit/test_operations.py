"""The report's definitions, each on a log small enough to count by hand.

Seconds are counted from nine o'clock; a log is a list of (second, what happened).
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from onechannel import events as e
from onechannel.insight import Figures, OperationsFold, OperationsReport, report
from onechannel.model.actor import SYSTEM
from onechannel.model.assignment import Role
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.interaction import EndReason, QueuedBecause
from onechannel.model.plan import Plan, Step
from onechannel.model.worker import Capacity, Worker, WorkerKind
from onechannel.simulation import VirtualCentre

NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)


def at(second: float) -> datetime:
    """So many seconds after nine."""
    return NINE + timedelta(seconds=second)


def log(*happened, cause=e.Cause.OBSERVED) -> list[e.Event]:
    """The events of a log, recorded in this order."""
    recorded = at(1_000_000)
    return [
        e.Event(number, e.Origin(recorded, at(second), cause, None, SYSTEM, "main"), data)
        for number, (second, data) in enumerate(happened, start=1)
    ]


def ours(*happened) -> list[e.Event]:
    """The same, as decided by us."""
    return log(*happened, cause=e.Cause.POLICY)


def worker(name, kind=WorkerKind.PERSON):
    return (0, e.WorkerDefined(name, Worker(id=name, kind=kind)))


VRU = worker("vru", WorkerKind.MACHINE)


def arrived(second, interaction="i", *, customer=None, about=None, channel="voice", priority=0):
    data = e.InteractionArrived(interaction, channel, customer, None, about, priority, None)
    return (second, data)


def queued(second, interaction="i", queue="main", *, since=None, plan=False):
    plan = Plan(queue=queue, steps=(Step(),)) if plan else None
    began = at(second if since is None else since)
    because = QueuedBecause.OBSERVED if plan is None else QueuedBecause.ARRIVAL
    data = e.InteractionQueued(interaction, queue, because, began, plan, 0, None, None)
    return (second, data)


def dequeued(second, interaction="i"):
    return (second, e.InteractionDequeued(interaction))


def accepted(second, name="marc", interaction="i"):
    return (second, e.AssignmentAccepted(f"{interaction}/{name}", interaction, name))


def opened(second, name="marc", interaction="i"):
    data = e.AssignmentOpened(f"{interaction}/{name}", interaction, name, Role.SERVES, None, "why")
    return (second, data)


def wrapping(second, name="marc", interaction="i"):
    data = e.AssignmentWrapping(f"{interaction}/{name}", interaction, name, at(second + 9))
    return (second, data)


def released(second, name="marc", interaction="i"):
    return (second, e.AssignmentReleased(f"{interaction}/{name}", interaction, name))


def closed(second, reason="resolved", interaction="i"):
    return (second, e.InteractionClosed(interaction, EndReason(reason), None))


def doubted(second, verb, interaction="i", reason="no end", **details):
    return (second, e.AnomalyObserved(interaction, verb, reason, FrozenMap(details)))


# -- counting -------------------------------------------------------------------------------------


def test_nothing_has_no_mean():
    """Of no interactions every count is 0 and every mean is None."""
    figures = report([])
    assert figures.interactions == figures.open == figures.customers == 0
    assert figures.wait_mean_s is figures.wait_median_s is figures.wait_queued_mean_s is None
    assert figures.handle_mean_s is figures.answered_within_20s is None
    assert figures.by_channel == figures.by_queue == figures.anomalies == {}


def test_a_free_machine_makes_nobody_wait():
    """Put into a queue and accepted by a machine at that instant: not queued, and self-served."""
    centre = VirtualCentre()
    centre.worker("bot", kind=WorkerKind.MACHINE, capacity=Capacity.only("web"))
    ana = centre.customer("Ana")
    page = ana.starts("web")
    centre.advance(seconds=30)
    page.closes()
    figures = report(centre.log)
    assert (figures.interactions, figures.self_served, figures.queued) == (1, 1, 0)
    assert (figures.answered, figures.wait_mean_s) == (0, None)


def test_a_busy_machine_makes_people_wait():
    """A stay in a queue that a machine ends later is a waiting, and the interaction queued."""
    happened = [VRU, arrived(0), queued(0, plan=True), accepted(8, "vru"), closed(20)]
    figures = report(ours(*happened))
    assert (figures.queued, figures.self_served, figures.answered) == (1, 0, 0)


def test_a_person_at_once_is_a_waiting_of_zero_seconds():
    """Who is accepted by a person at the instant of queueing was queued, and waited 0 seconds."""
    figures = report(ours(arrived(0), queued(0, plan=True), accepted(0), closed(20)))
    assert (figures.queued, figures.answered, figures.wait_queued_mean_s) == (1, 1, 0.0)


def test_a_stay_in_their_queue_is_always_a_waiting():
    """In a queue that somebody else routes, even a machine's acceptance at once ends a waiting."""
    figures = report(log(VRU, arrived(0), queued(0), accepted(0, "vru"), closed(9)))
    assert (figures.queued, figures.self_served) == (1, 0)


@pytest.mark.parametrize("reason", EndReason)
def test_self_served_is_resolved_or_withdrawn(reason):
    """Of those a machine alone served, only the resolved and the withdrawn are self-served."""
    figures = report(log(VRU, arrived(0), accepted(0, "vru"), closed(9, reason)))
    well = reason in (EndReason.RESOLVED, EndReason.WITHDRAWN)
    assert (figures.self_served, figures.answered, figures.abandoned) == (well, 0, 0)


def test_self_served_needs_a_machine():
    """What nobody accepted was not served, whatever it closed as."""
    assert report(log(VRU, arrived(0), closed(9))).self_served == 0


def test_who_serves_is_as_the_log_defines_it():
    """Kinds come from definitions, the latest counts, and partners and strangers are persons."""
    partner = worker("marc", WorkerKind.PARTNER)
    for defined in ([], [partner], [worker("marc", WorkerKind.MACHINE), partner]):
        assert report(log(*defined, arrived(0), accepted(1), closed(9))).answered == 1
    machine = [partner, worker("marc", WorkerKind.MACHINE)]
    assert report(log(*machine, arrived(0), accepted(1), closed(9))).answered == 0


def test_abandoned_while_waiting():
    """Closed as abandoned in a queue, or after it, with nobody's acceptance: abandoned."""
    figures = report(log(arrived(0), queued(0), closed(30, "abandoned")))
    assert (figures.abandoned, figures.answered, figures.wait_mean_s) == (1, 0, None)
    assert report(log(arrived(0), queued(0), dequeued(9), closed(9, "abandoned"))).abandoned == 1


@pytest.mark.parametrize(
    "happened",
    [
        [arrived(0), closed(9, "abandoned")],
        [arrived(0), queued(0), closed(9, "withdrawn")],
        [arrived(0), queued(0), accepted(5), closed(9, "abandoned")],
        [arrived(0), queued(0), accepted(5), queued(6), closed(9, "abandoned")],
        [VRU, arrived(0), queued(0), accepted(5, "vru"), closed(9, "abandoned")],
    ],
)
def test_not_abandoned(happened):
    """Not waiting, another reason, answered before, or served since: not abandoned."""
    assert report(log(*happened)).abandoned == 0


def test_what_is_open_counts_as_far_as_it_got():
    """An open interaction is counted, queued and answered by what has happened so far."""
    figures = report(log(arrived(0, "a"), queued(1, "a"), arrived(2, "b"), accepted(3, "eva", "b")))
    assert (figures.interactions, figures.open, figures.queued, figures.answered) == (2, 2, 1, 1)
    assert (figures.abandoned, figures.wait_mean_s, figures.handle_mean_s) == (0, 0.0, None)


def test_what_never_arrived_is_not_counted():
    """Events of an interaction whose arrival the log does not hold count nowhere."""
    happened = [queued(0), dequeued(1), accepted(1), released(2), closed(2), doubted(3, "x")]
    figures = report(log(*happened))
    assert (figures.interactions, figures.answered, figures.open) == (0, 0, 0)
    assert figures.handle_mean_s is None


# -- waits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("happened", "seconds"),
    [
        ([queued(10), dequeued(25), accepted(24), released(30)], 15),
        ([queued(10), accepted(24), released(30)], 14),
        ([queued(10), dequeued(25), dequeued(29), accepted(30)], 15),
        ([queued(10, since=4, plan=True), accepted(24)], 20),
        ([queued(10), dequeued(12), queued(20), dequeued(25), accepted(25)], 7),
        ([queued(10), queued(20, queue="other"), accepted(25)], 15),
        ([queued(10), queued(20, since=10), accepted(25)], 15),
        ([queued(10), accepted(15, "eva"), queued(20), accepted(27)], 12),
        ([queued(10), dequeued(8), accepted(8)], 0),
        ([queued(10), dequeued(5), queued(8), accepted(30)], 20),
        ([accepted(5)], 0),
    ],
)
def test_the_wait(happened, seconds):
    """From the age in the line to the queue's clock, the acceptance, the next queue or the end.

    Waitings add up, no instant counts twice, and none is negative.
    """
    figures = report(log(arrived(0), *happened, closed(99)))
    assert figures.wait_mean_s == figures.wait_median_s == seconds


def test_a_waiting_may_end_by_the_closing():
    """Who was answered, waits again and is not accepted waited until the closing."""
    happened = [arrived(0), queued(10), accepted(15), queued(20), closed(50)]
    assert report(log(*happened)).wait_mean_s == 35


def test_a_wait_whose_end_is_an_anomaly_is_not_known():
    """An anomaly in place of the queue's own clock: answered, and out of all means of waits."""
    known = [arrived(0, "a"), queued(0, "a"), dequeued(8, "a"), accepted(8, "eva", "a")]
    unknown = [arrived(0), queued(0), doubted(0, "observe_dequeued"), accepted(20), closed(30)]
    figures = report(log(*known, *unknown))
    assert (figures.queued, figures.answered) == (2, 2)
    assert figures.wait_mean_s == figures.wait_median_s == figures.wait_queued_mean_s == 8
    assert figures.answered_within_20s == 1 / 2


def test_an_anomaly_beside_the_queues_clock_changes_no_wait():
    """Where the queue's own clock has the end of the wait, before or after, it is known."""
    happened = [arrived(0), queued(0), doubted(0, "observe_dequeued"), dequeued(6), accepted(9)]
    assert report(log(*happened)).wait_mean_s == 6
    happened = [arrived(0), queued(0), dequeued(6), doubted(0, "observe_dequeued"), accepted(9)]
    assert report(log(*happened)).wait_mean_s == 6
    happened = [arrived(0), queued(0), accepted(9), doubted(9, "observe_dequeued")]
    assert report(log(*happened)).wait_mean_s == 9


def test_the_means_differ_by_who_did_not_queue():
    """Who was answered without queueing waited 0 in mean and median, and is no queued one."""
    happened = [arrived(0, "a"), accepted(0, "eva", "a"), arrived(0, "b"), accepted(0, "tom", "b")]
    for name, seconds in (("c", 10), ("d", 30)):
        happened += [arrived(0, name), queued(0, name), accepted(seconds, "marc", name)]
    figures = report(log(*happened))
    assert (figures.wait_mean_s, figures.wait_median_s) == (10, 5)
    assert figures.wait_queued_mean_s == 20


def test_who_abandons_counts_as_missed():
    """Within 20 s: answered after at most 20 s in a queue, divided by all that queued."""
    happened = [arrived(0, "direct"), accepted(0, "eva", "direct")]
    for name, seconds in (("a", 20), ("b", 20.5), ("c", 3)):
        happened += [arrived(0, name), queued(0, name), accepted(seconds, "marc", name)]
    happened += [arrived(0, "d"), queued(0, "d"), closed(4, "abandoned", "d")]
    happened += [arrived(0, "e"), queued(0, "e")]
    assert report(log(*happened)).answered_within_20s == 2 / 5


# -- answered -------------------------------------------------------------------------------------


def test_a_source_may_say_that_somebody_answered():
    """An anomaly in place of the acceptance, before the closing, is an answer; handling unknown."""
    happened = [arrived(0), queued(0), dequeued(7), doubted(7, "observe_accepted"), closed(30)]
    figures = report(log(*happened))
    assert (figures.answered, figures.wait_mean_s, figures.handle_mean_s) == (1, 7, None)


def test_a_claimed_answer_without_the_queues_clock_leaves_the_wait_unknown():
    """Answered at an unknown time out of a queue without a clock of its own: no wait is known."""
    happened = [arrived(0), queued(0), doubted(7, "observe_accepted"), closed(30)]
    figures = report(log(*happened))
    assert (figures.answered, figures.wait_mean_s) == (1, None)


@pytest.mark.parametrize(
    "happened",
    [
        [arrived(0), queued(0), closed(9), doubted(9, "observe_accepted")],
        [arrived(0), queued(0), doubted(9, "observe_accepted"), closed(9, "abandoned")],
        [VRU, arrived(0), doubted(0, "observe_accepted", kind="machine"), closed(9)],
        [arrived(0), doubted(0, "observe_released"), closed(9)],
    ],
)
def test_a_claim_that_answers_nothing(happened):
    """After the closing, with an abandonment, of a machine or of another verb: not answered."""
    assert report(log(*happened)).answered == 0


def test_anomalies_are_counted_by_claim_and_reason():
    """Every anomaly counts under "verb: reason", whatever it is about."""
    happened = [doubted(0, "observe_closed", "?", "not open"), *[doubted(0, "x", "i", "y")] * 2]
    assert report(log(*happened)).anomalies == {"observe_closed: not open": 1, "x: y": 2}


# -- handling -------------------------------------------------------------------------------------


def test_handling_is_from_acceptance_to_release():
    """Wrap-up is included, after the closing too; a machine's part is not, nor what still runs."""
    figures = report(
        ours(
            *(VRU, arrived(0), queued(0, plan=True), accepted(0, "vru"), queued(50, plan=True)),
            *(released(50, "vru"), accepted(60), closed(100), wrapping(100), released(130)),
            *(arrived(0, "b"), queued(0, "b", plan=True), accepted(9, "marc", "b")),
        )
    )
    assert figures.handle_mean_s == 70
    assert figures.by_queue["main"].handle_mean_s == 70


def test_every_part_of_a_person_counts_by_itself():
    """Two persons' parts in one interaction are two assignments of the mean."""
    happened = [arrived(0), accepted(0, "eva"), accepted(10), released(10, "eva"), released(40)]
    assert report(log(*happened, closed(40))).handle_mean_s == 20


def test_a_release_before_the_acceptance_took_no_time():
    """Clocks that disagree make no negative handling."""
    assert report(log(arrived(0), accepted(20), released(10), closed(20))).handle_mean_s == 0


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

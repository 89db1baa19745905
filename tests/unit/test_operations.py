"""The report's definitions, each on a log small enough to count by hand.

Seconds are counted from nine o'clock; a log is a list of (second, what happened).
"""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from onechannel import events as e
from onechannel.insight import report
from onechannel.model.actor import SYSTEM
from onechannel.model.assignment import Role
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.interaction import Direction, EndReason, QueuedBecause
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


def reached(second, interaction="i", customer="ana"):
    direction = Direction.OUTBOUND
    data = e.InteractionArrived(interaction, "voice", customer, None, None, 0, None, direction)
    return (second, data)


def aside(second, interaction="i>1", parent="i"):
    fields = (interaction, "task", "ana", None, None, 0, None, Direction.INTERNAL, parent)
    return (second, e.InteractionArrived(*fields))


def returned(second, interaction, predecessor):
    data = e.InteractionArrived(interaction, "voice", None, None, None, 0, predecessor)
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


def opened(second, name="marc", interaction="i", role=Role.SERVES):
    data = e.AssignmentOpened(f"{interaction}/{name}", interaction, name, role, None, "why")
    return (second, data)


def takes(second, name, role, interaction="i"):
    """Somebody is asked for a part, and has it at once."""
    return (opened(second, name, interaction, role), accepted(second, name, interaction))


def becomes(second, name, role, interaction="i"):
    return (second, e.RoleChanged(f"{interaction}/{name}", interaction, name, role))


def held(second, name="marc", interaction="i"):
    return (second, e.AssignmentHeld(f"{interaction}/{name}", interaction, name))


def resumed(second, name="marc", interaction="i"):
    return (second, e.AssignmentResumed(f"{interaction}/{name}", interaction, name))


def slept(second, interaction="i"):
    return (second, e.InteractionSlept(interaction, "marc", None))


def suspended(second, interaction="i"):
    return (second, e.InteractionSuspended(interaction, "marc", "bank", "cheque", at(9000)))


def scheduled(second, interaction="i", attempt=1):
    owned = ("p-1", attempt, None, None, False)
    return (second, e.InteractionScheduled(interaction, at(9000), *owned))


def wrapping(second, name="marc", interaction="i"):
    data = e.AssignmentWrapping(f"{interaction}/{name}", interaction, name, at(second + 9))
    return (second, data)


def released(second, name="marc", interaction="i"):
    return (second, e.AssignmentReleased(f"{interaction}/{name}", interaction, name))


def closed(second, reason="resolved", interaction="i", *, disposition=None, place=None):
    until = None if place is None else at(place)
    return (second, e.InteractionClosed(interaction, EndReason(reason), disposition, until))


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


def test_talk_hold_and_wrap_up_make_the_handling():
    """Each by itself: a hold until it is resumed or the part over, a wrap-up however extended."""
    figures = report(
        ours(
            *(arrived(0), accepted(0), held(10), resumed(25), held(40), closed(60), wrapping(60)),
            *(wrapping(65), released(90), arrived(0, "b"), accepted(0, "eva", "b")),
            *(closed(30, interaction="b"), released(30, "eva", "b")),
        )
    )
    assert figures.handle_mean_s == (90 + 30) / 2
    assert figures.talk_mean_s == (10 + 15 + 30) / 2
    assert figures.hold_mean_s == (15 + 20) / 2
    assert figures.wrap_up_mean_s == 30 / 2


def test_whoever_is_consulted_is_told_apart():
    """Advice and conference are one consulting, wrap-up included: no answering nor handling."""
    happened = [VRU, arrived(0), accepted(0, "vru"), *takes(10, "zoe", Role.CONSULTED)]
    happened += [becomes(30, "zoe", Role.CONFERENCED), wrapping(70, "zoe"), released(80, "zoe")]
    figures = report(ours(*happened, closed(90)))
    assert (figures.consult_mean_s, figures.handle_mean_s, figures.answered) == (70, None, 0)
    assert figures.self_served == 1


@pytest.mark.parametrize("role", ["listens", "whispers", "barges", "assists"])
def test_whoever_only_looks_on_counts_nowhere(role):
    """Supervisors and assistants are neither service nor consulting, however long they stay."""
    happened = [arrived(0), accepted(0), *takes(5, "sue", Role(role)), released(60, "sue")]
    figures = report(ours(*happened, closed(90), released(90)))
    assert (figures.consult_mean_s, figures.handle_mean_s) == (None, 90)


def test_advice_becomes_service():
    """Whoever takes over from advice has two parts: so long advising, and from there on serving."""
    happened = [arrived(0), accepted(0, "eva"), *takes(10, "zoe", Role.CONSULTED)]
    happened += [becomes(40, "zoe", Role.SERVES), wrapping(40, "eva"), released(50, "eva")]
    figures = report(ours(*happened, closed(100), released(100, "zoe")))
    assert figures.consult_mean_s == 30
    assert figures.handle_mean_s == (50 + 60) / 2
    barged = [arrived(0), *takes(0, "sue", Role.BARGES), becomes(40, "sue", Role.SERVES)]
    assert report(ours(*barged, closed(60), released(60, "sue"))).handle_mean_s == 20


def test_whoever_takes_over_answers():
    """A person who takes over from a machine answers, at that instant, without a waiting."""
    happened = [VRU, arrived(0), queued(0, plan=True), accepted(0, "vru")]
    happened += [*takes(5, "sue", Role.LISTENS), becomes(40, "sue", Role.SERVES)]
    figures = report(ours(*happened, closed(60)))
    assert (figures.answered, figures.queued, figures.self_served) == (1, 0, 0)
    machine = [VRU, arrived(0), accepted(0), *takes(5, "vru", Role.ASSISTS)]
    taken = report(ours(*machine, becomes(9, "vru", Role.SERVES), closed(60, disposition="left")))
    assert (taken.answered, taken.walked_out) == (1, 0)


def test_a_part_that_was_not_taken_leaves_nothing():
    """Asked for advice and not answering, then asked to serve: what counts is the service."""
    happened = [arrived(0), opened(0, role=Role.CONSULTED)]
    happened += [(5, e.AssignmentExpired("i/marc", "i", "marc")), accepted(9), released(19)]
    figures = report(ours(*happened))
    assert (figures.answered, figures.handle_mean_s, figures.consult_mean_s) == (1, 10, None)


@pytest.mark.parametrize("away", [slept, suspended, scheduled])
def test_being_away_is_nobodys_time(away):
    """Dormant, suspended, or with a callback to come: nobody handles it, and nobody waits."""
    happened = [arrived(0), queued(0), accepted(10), away(30), released(30)]
    happened += [queued(500), accepted(520), closed(540), released(540)]
    figures = report(ours(*happened))
    assert (figures.handle_mean_s, figures.wait_mean_s) == (20, 10 + 20)


@pytest.mark.parametrize("away", [suspended, scheduled])
def test_a_waiting_ends_where_it_goes_away(away):
    """Whoever waits and is suspended, or is promised a callback, waited until then."""
    happened = [arrived(0), queued(0, plan=True), away(25), queued(500, plan=True), accepted(510)]
    assert report(ours(*happened, closed(540))).wait_mean_s == 25 + 10


# -- ways to end, and to come back -----------------------------------------------------------------


@pytest.mark.parametrize("reason", ["superseded", "withdrawn", "expired", "rejected", "failed"])
def test_only_who_abandons_has_abandoned(reason):
    """Whoever came another way, withdrew, or was never reached has abandoned nothing."""
    figures = report(ours(arrived(0), queued(0, plan=True), closed(30, reason)))
    assert (figures.abandoned, figures.superseded) == (0, reason == "superseded")


def test_who_comes_another_way_has_waited_since_the_first():
    """The successor of a superseded one waits with its age; the first is counted by itself."""
    happened = [arrived(0), queued(0, plan=True), returned(40, "k", "i")]
    happened += [queued(40, "k", since=0, plan=True), closed(40, "superseded")]
    figures = report(ours(*happened, accepted(50, "marc", "k")))
    assert (figures.interactions, figures.superseded, figures.wait_mean_s) == (2, 1, 50)


def test_a_callback_is_counted_once():
    """However often it is tried, and whether or not the customer is reached: no abandonment."""
    happened = [
        arrived(0),
        queued(0, plan=True),
        scheduled(30),
        queued(60, plan=True),
        accepted(70),
    ]
    happened += [scheduled(80, attempt=2), released(80), queued(90, plan=True)]
    figures = report(ours(*happened, closed(99, "expired", disposition="unreached")))
    assert (figures.callbacks, figures.abandoned, figures.answered) == (1, 0, 1)


def test_who_leaves_a_machine_has_walked_out():
    """The customer left while a machine served, and no person had: a figure of its own."""
    left = {"disposition": "left"}
    by_machine = [VRU, arrived(0), accepted(0, "vru")]
    figures = report(ours(*by_machine, closed(9, **left)))
    assert (figures.walked_out, figures.self_served, figures.abandoned) == (1, 0, 0)
    busy = [VRU, arrived(0), queued(0, plan=True), accepted(8, "vru"), closed(9, **left)]
    assert report(ours(*busy)).walked_out == 1
    for happened in (
        [*by_machine, closed(9)],
        [*by_machine, closed(9, "withdrawn", **left)],
        [arrived(0), accepted(0), closed(9, **left)],
        [VRU, arrived(0), accepted(0), queued(5), accepted(5, "vru"), closed(9, **left)],
        [*by_machine, queued(5, plan=True), closed(9, **left)],
        [*by_machine, slept(5), closed(9, **left)],
    ):
        assert report(ours(*happened)).walked_out == 0


def test_the_kernel_says_who_left():
    """A customer who leaves a machine has walked out; one whom the machine lets go has not."""
    for leaves in (True, False):
        centre = VirtualCentre()
        centre.worker("bot", kind=WorkerKind.MACHINE, capacity=Capacity.only("web"))
        page = centre.customer("Ana").starts("web")
        page.leaves() if leaves else page.closes()
        figures = report(centre.log)
        assert (figures.walked_out, figures.self_served) == (leaves, not leaves)


def back_in_line(*between):
    """One who abandons after 30 s, has the place kept for a minute, and is served as another."""
    left = [arrived(0), queued(0, plan=True), closed(30, "abandoned", place=90)]
    again = [returned(80, "k", "i"), queued(80, "k", since=0, plan=True)]
    return report(ours(*left, *between, *again, accepted(95, "marc", "k")))


def test_who_comes_back_to_the_place_has_not_abandoned_for_good():
    """Abandoned and returned, once; and the wait is that of the second coming alone."""
    figures = back_in_line()
    assert (figures.abandoned, figures.abandoned_returned, figures.answered) == (0, 1, 1)
    assert (figures.wait_mean_s, figures.interactions) == (15, 2)
    assert figures.by_queue["main"].abandoned_returned == 1


def test_who_comes_back_too_late_has_abandoned():
    """Once the place is lost, whoever goes on with it is a new one, and abandoned it was."""
    figures = back_in_line((90, e.PlaceLost("i")))
    assert (figures.abandoned, figures.abandoned_returned) == (1, 0)


def test_a_place_is_kept_for_who_abandoned():
    """An answered one that ends as abandoned counts as answered, whoever comes back after it."""
    happened = [arrived(0), queued(0), accepted(5), queued(6), closed(9, "abandoned", place=90)]
    figures = report(log(*happened, returned(20, "k", "i")))
    assert (figures.abandoned, figures.abandoned_returned, figures.answered) == (0, 0, 1)


# -- what no customer began ------------------------------------------------------------------------


def test_reaching_out_is_counted_apart():
    """Whom we reach has not come, waited or been answered; the work of it is work."""
    happened = [reached(0), queued(0, plan=True), accepted(0), closed(50), released(60)]
    figures = report(ours(*happened, reached(70, "k")))
    assert (figures.outbound, figures.interactions, figures.open) == (2, 0, 1)
    assert (figures.queued, figures.answered, figures.customers) == (0, 0, 0)
    assert (figures.handle_mean_s, figures.wait_mean_s) == (60, None)
    assert figures.by_channel["voice"].outbound == 2


def test_a_side_conversation_is_no_interaction():
    """What one department asks another counts by itself, and moves no figure of the customers'."""
    happened = [arrived(0, customer="ana"), accepted(0)]
    beside = [aside(10), queued(10, "i>1", plan=True), accepted(40, "zoe", "i>1")]
    beside += [*takes(50, "max", Role.CONSULTED, "i>1"), released(60, "max", "i>1")]
    beside += [closed(70, interaction="i>1"), released(70, "zoe", "i>1")]
    end = [closed(90), released(90)]
    with_it, without = report(ours(*happened, *beside, *end)), report(ours(*happened, *end))
    assert (with_it.side_conversations, without.side_conversations) == (1, 0)
    assert attrs.evolve(with_it, side_conversations=0) == without

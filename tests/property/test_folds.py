"""The folds, over random logs: each against its definition, counted in the plainest way.

The plain way looks at all events of an interaction at once, and at all pairs of interactions.
"""

from collections import Counter
from datetime import timedelta
from itertools import groupby
from statistics import fmean, median

import attrs
from hypothesis import given
from hypothesis import strategies as st

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import event_from_json, event_to_json
from onechannel.errors import LogInconsistent
from onechannel.insight import check, render_text, report, timeline
from onechannel.kernel import Kernel
from onechannel.model.interaction import EndReason
from onechannel.model.worker import WorkerKind
from onechannel.testing.strategies import START, Rehearsal, events, logs

# -- logs of what others decided ------------------------------------------------------------------

PEOPLE, MACHINES = ("eva", "marc"), ("vru", "bot")
CLAIMS = st.tuples(
    st.sampled_from(["queued", "dequeued", "accepted", "released", "closed", "anomaly"]),
    st.integers(0, 5),
    st.sampled_from(PEOPLE + MACHINES),
    st.sampled_from(["main", "voice"]),
    st.integers(0, 200),
)


def claimed(verb, interaction, worker, queue):
    """The command by which a source says so."""
    if verb == "queued":
        return c.ObserveQueued(interaction=interaction, queue=queue)
    if verb == "dequeued":
        return c.ObserveDequeued(interaction=interaction)
    if verb == "accepted":
        kind = WorkerKind.MACHINE if worker in MACHINES else WorkerKind.PERSON
        return c.ObserveAccepted(interaction=interaction, worker=worker, kind=kind)
    if verb == "released":
        return c.ObserveReleased(interaction=interaction, worker=worker)
    if verb == "closed":
        reason = "abandoned" if queue == "main" else "resolved"
        return c.ObserveClosed(interaction=interaction, reason=reason)
    verb = "observe_dequeued" if worker in MACHINES else "observe_accepted"
    return c.ObserveAnomaly(interaction=interaction, verb=verb, reason="unlikely")


def observed(claims) -> list[e.Event]:
    """What a kernel records of a source's claims, their times in any order."""
    rehearsal = Rehearsal(stocked=False)
    for number in range(6):
        command = c.ObserveArrival(
            interaction=f"i-{number}",
            channel=("voice", "chat")[number % 2],
            customer=(None, "ana", "ben")[number % 3],
            about=("main", "voice", None)[number % 3],
            priority=number // 4,
        )
        rehearsal.ask(command, claimed_at=START)
    for verb, number, worker, queue, second in claims:
        command = claimed(verb, f"i-{number}", worker, queue)
        rehearsal.ask(command, claimed_at=START + timedelta(seconds=second))
    return rehearsal.log


HISTORIES = st.lists(CLAIMS, min_size=20, max_size=80).map(observed)
ANY_LOG = HISTORIES | logs()


# -- the report, in the plainest way --------------------------------------------------------------


@attrs.define
class Story:
    """What became of one interaction."""

    arrived: e.InteractionArrived
    reason: EndReason | None
    queues: list[str]
    put_into: list[str]
    wait: float | None
    by_person: bool
    by_machine: bool
    said: bool
    last_is_queue: bool
    handled: list[float]

    @property
    def answered(self) -> bool:
        return self.by_person or (self.said and self.reason is not EndReason.ABANDONED)


def seconds(begin, end) -> float:
    return max(0.0, (end - begin).total_seconds())


def kinds_of(log) -> dict[int, bool]:
    """For the position of each acceptance and release, whether a machine's."""
    machines, found = set(), {}
    for event in log:
        if isinstance(event.data, e.WorkerDefined):
            machines.discard(event.data.worker)
            if event.data.definition.kind is WorkerKind.MACHINE:
                machines.add(event.data.worker)
        found[event.position] = getattr(event.data, "worker", None) in machines
    return found


def waitings(own, machine):
    """Every waiting of an interaction: the stay, what ended it, when it was left, if known."""
    ends = (e.AssignmentAccepted, e.InteractionQueued, e.InteractionClosed)
    for place, stay in enumerate(own):
        if not isinstance(stay.data, e.InteractionQueued):
            continue
        rest = own[place + 1 :]
        stop = next((n for n, event in enumerate(rest) if isinstance(event.data, ends)), len(rest))
        end = rest[stop] if stop < len(rest) else None
        taken = end is not None and isinstance(end.data, e.AssignmentAccepted)
        at_once = taken and end.occurred_at == stay.occurred_at and machine[end.position]
        if at_once and stay.data.plan is not None:
            continue
        left = [x.occurred_at for x in rest[:stop] if isinstance(x.data, e.InteractionDequeued)]
        doubts = ("observe_dequeued", "observe_accepted")
        lost = any(
            isinstance(x.data, e.AnomalyObserved)
            and x.data.verb in doubts
            and (x.data.verb == doubts[0] or x.data.details.get("kind") != "machine")
            for x in rest[:stop]
        )
        if left:
            yield stay, end, left[0], True
        else:
            yield stay, end, None if end is None or lost else end.occurred_at, not lost


def story(log, arrival, machine) -> Story:
    """Everything of one interaction, read at once."""
    name = arrival.data.interaction
    whole = [event for event in log if event.subject("interaction") == name]
    closing = [event for event in whole if isinstance(event.data, e.InteractionClosed)]
    end = closing[0].position if closing else whole[-1].position
    own = [event for event in whole if event.position <= end]
    accepted = [event for event in own if isinstance(event.data, e.AssignmentAccepted)]
    total, until, known = 0.0, None, True
    found = list(waitings(own, machine))
    for stay, stop, left, sure in found:
        known = known and (sure or stop is None)
        if left is not None and stop is not None:
            begin = stay.data.since if until is None else max(stay.data.since, until)
            total += seconds(begin, left)
            until = max(begin, left)
    people = [event for event in accepted if not machine[event.position]]
    handled = []
    for event in people:
        release = [
            other
            for other in whole
            if isinstance(other.data, e.AssignmentReleased)
            and other.data.assignment == event.data.assignment
        ]
        handled += [seconds(event.occurred_at, other.occurred_at) for other in release]
    moves = [x for x in own if isinstance(x.data, e.AssignmentAccepted | e.InteractionQueued)]
    return Story(
        arrived=arrival.data,
        reason=closing[0].data.reason if closing else None,
        queues=[stay.data.queue for stay, *_ in found],
        put_into=[x.data.queue for x in own if isinstance(x.data, e.InteractionQueued)],
        wait=total if known else None,
        by_person=bool(people),
        by_machine=len(accepted) > len(people),
        said=any(
            isinstance(x.data, e.AnomalyObserved)
            and x.data.verb == "observe_accepted"
            and x.data.details.get("kind") != "machine"
            for x in own
        ),
        last_is_queue=bool(moves) and isinstance(moves[-1].data, e.InteractionQueued),
        handled=handled,
    )


def mean(numbers):
    return fmean(numbers) if numbers else None


def plain_figures(stories) -> dict:
    answered = [one for one in stories if one.answered]
    known = [one for one in answered if one.wait is not None]
    waited = [one.wait for one in known if one.queues]
    queued = [one for one in stories if one.queues]
    times = Counter(one.arrived.customer for one in stories)
    unidentified = times.pop(None, 0)
    well = (EndReason.RESOLVED, EndReason.WITHDRAWN)
    return {
        "interactions": len(stories),
        "self_served": sum(
            one.by_machine and not one.queues and not one.answered and one.reason in well
            for one in stories
        ),
        "queued": len(queued),
        "abandoned": sum(
            one.reason is EndReason.ABANDONED and one.last_is_queue and not one.answered
            for one in stories
        ),
        "answered": len(answered),
        "wait_mean_s": mean([one.wait for one in known]),
        "wait_median_s": median([one.wait for one in known]) if known else None,
        "wait_queued_mean_s": mean(waited),
        "handle_mean_s": mean([part for one in stories for part in one.handled]),
        "answered_within_20s": sum(w <= 20 for w in waited) / len(queued) if queued else None,
        "customers": len(times),
        "returning_customers": sum(number > 1 for number in times.values()),
        "unidentified": unidentified,
    }


def queue_of(one):
    return [*one.queues, *one.put_into, one.arrived.about][0]


def grouped(stories, name):
    named = [one for one in stories if name(one) is not None]
    parts = groupby(sorted(named, key=name), key=name)
    return {part: plain_figures(list(members)) for part, members in parts}


def stories_of(log):
    machine = kinds_of(log)
    arrivals = [event for event in log if isinstance(event.data, e.InteractionArrived)]
    return [story(log, arrival, machine) for arrival in arrivals]


@given(ANY_LOG)
def test_the_report_is_what_its_definitions_say(log):
    """In one pass come the same figures as by reading all of each interaction at once."""
    stories = stories_of(log)
    found = report(iter(log)).to_dict()
    expected = plain_figures(stories) | {
        "open": sum(one.reason is None for one in stories),
        "by_channel": grouped(stories, lambda one: one.arrived.channel),
        "by_queue": grouped(stories, queue_of),
        "anomalies": Counter(
            f"{event.data.verb}: {event.data.reason}"
            for event in log
            if isinstance(event.data, e.AnomalyObserved)
        ),
    }
    assert {name: found[name] for name in expected} == expected
    assert set(found) - set(expected) == {"two_at_once", "out_of_turn"}


@given(HISTORIES)
def test_two_at_once_and_out_of_turn_are_what_they_say(log):
    """Looking at every pair of services, and of turns, comes to the same numbers."""
    machine, running, services, stays, turns = kinds_of(log), {}, {}, {}, []
    priority = {}
    for event in log:
        data, at = event.data, event.occurred_at
        if isinstance(data, e.InteractionArrived):
            priority[data.interaction] = data.priority
        elif isinstance(data, e.InteractionQueued):
            stays[data.interaction] = (data.queue, priority[data.interaction], at)
        elif isinstance(data, e.AssignmentAccepted):
            stay = stays.pop(data.interaction, None)
            if not machine[event.position]:
                running[data.assignment] = at
                services[data.assignment] = (data.worker, at, START + timedelta(days=9))
                turns += [] if stay is None else [(*stay, at)]
        elif isinstance(data, e.AssignmentReleased) and data.assignment in running:
            begin = running.pop(data.assignment)
            services[data.assignment] = (data.worker, begin, max(begin, at))
    found = report(log)
    ordered = sorted(services.values())
    assert found.two_at_once == sum(
        any(one[0] == other[0] and other[2] > one[1] for other in ordered[:place])
        for place, one in enumerate(ordered)
    )
    assert found.out_of_turn == sum(
        any(one[:2] == other[:2] and other[2] < one[2] and other[3] > one[3] for other in turns)
        for one in turns
    )


@given(HISTORIES)
def test_the_order_of_recording_among_interactions_does_not_show(log):
    """A history recorded row by row, in whatever order of rows, gives the same report."""
    defined = {event.position for event in log if event.type.endswith(".defined")}

    def row(event):
        return event.position in defined, event.subject("interaction") or ""

    forwards = sorted(log, key=lambda event: (not row(event)[0], row(event)[1]))
    backwards = sorted(log, key=row, reverse=True)
    assert report(forwards) == report(backwards) == report(log)


@given(ANY_LOG)
def test_the_parts_make_the_whole(log):
    """Channels add up to the whole; queues to no more; nobody is counted as two things."""
    whole = report(log)
    counts = ("interactions", "self_served", "queued", "abandoned", "answered", "unidentified")
    for name in counts:
        total = getattr(whole, name)
        assert sum(getattr(part, name) for part in whole.by_channel.values()) == total
        assert sum(getattr(part, name) for part in whole.by_queue.values()) <= total
    ended = whole.answered + whole.abandoned + whole.self_served
    assert ended <= whole.interactions
    assert whole.abandoned <= whole.queued <= whole.interactions
    assert whole.returning_customers <= whole.customers <= whole.interactions


@given(ANY_LOG)
def test_folds_read_a_stored_log_as_the_live_one(log):
    """From the store's text come the same report, timeline and check as from the events."""
    stored = [event_from_json(event_to_json(event)) for event in log]
    assert report(stored) == report(log)
    assert list(timeline(stored)) == list(timeline(log))
    assert check(stored) == check(log)


# -- the timeline ---------------------------------------------------------------------------------


@given(ANY_LOG)
def test_a_timeline_is_in_order_and_ends_after_it_begins(log):
    """By time, then position; no span is negative; every event is there, or ends what is there."""
    entries = list(timeline(iter(log)))
    assert entries == sorted(entries, key=lambda entry: (entry.at, entry.position))
    assert all(entry.until is None or entry.until >= entry.at for entry in entries)
    silent = (e.InteractionQueued, e.AssignmentOpened, e.InteractionDequeued, e.AssignmentReleased)
    told = {entry.position for entry in entries}
    assert all(event.position in told or isinstance(event.data, silent) for event in log)


@given(ANY_LOG)
def test_timelines_of_interactions_are_parts_of_the_whole(log):
    """All interactions' timelines together hold what the whole one says of interactions."""
    whole = [entry for entry in timeline(log) if entry.interaction is not None]
    names = {event.subject("interaction") for event in log} - {None}
    parts = [entry for name in names for entry in timeline(log, interaction=name)]
    assert sorted(parts, key=lambda entry: (entry.at, entry.position)) == whole


@given(st.lists(events(), max_size=8))
def test_whatever_is_in_a_log_can_be_told_and_printed(some):
    """Any events at all make a timeline, of which every line is safe to print."""
    entries = list(timeline(some))
    apart = (e.AssignmentReleased, e.InteractionQueued, e.AssignmentOpened, e.InteractionDequeued)
    assert len(entries) >= sum(not isinstance(event.data, apart) for event in some)
    joiner = "\u200d"
    for line in render_text(entries, show_text=True):
        assert line.replace(joiner, "").isprintable()


# -- the check ------------------------------------------------------------------------------------


@given(ANY_LOG)
def test_what_the_kernel_made_is_consistent(log):
    """A whole log is consistent, and so is its beginning up to the end of any decision."""
    assert attrs.astuple(check(iter(log))) == (len(log), None, None)
    decisions = [list(part) for _, part in groupby(log, key=lambda event: event.origin.command)]
    begin = [event for part in decisions[: len(decisions) // 2] for event in part]
    assert check(begin).position is None


def replayed(log) -> int | None:
    """The position at which replay refuses the log."""
    try:
        Kernel().follow(log)
    except LogInconsistent as fault:
        return fault.position
    return None


@given(ANY_LOG.filter(len), st.data())
def test_a_spoilt_log_is_judged_and_never_trusted_further_than_replay(log, data):
    """An event lost, doubled or out of its place: the first that cannot be is named.

    It is named no later than replay would, and the number of good events is that before it.
    """
    place = data.draw(st.integers(0, len(log) - 1))
    other = data.draw(st.integers(0, len(log) - 1))
    spoilt = list(log)
    event = spoilt.pop(place)
    if data.draw(st.booleans()):
        spoilt.insert(other, event)
    spoilt = [
        attrs.evolve(event, position=number, origin=log[0].origin)
        if data.draw(st.booleans())
        else attrs.evolve(event, position=number)
        for number, event in enumerate(spoilt, start=1)
    ]
    found, refused = check(spoilt), replayed(spoilt)
    if found.position is None:
        assert (found.events, found.reason, refused) == (len(spoilt), None, None)
    else:
        assert refused is None or found.position <= refused
        assert found.events == found.position - 1
        assert found.reason

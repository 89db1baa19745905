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
from onechannel.insight import (
    check,
    clocks,
    report,
    timeline,
)
from onechannel.model.assignment import Role
from onechannel.model.interaction import Direction, EndReason
from onechannel.model.worker import WorkerKind
from onechannel.testing.strategies import START, Rehearsal, logs

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
    closed: e.InteractionClosed | None
    queues: list[str]
    put_into: list[str]
    wait: float | None
    by_person: bool
    by_machine: bool
    said: bool
    last_is_queue: bool
    machine_at_last: bool
    called_back: bool
    served: list[tuple[float, float, float]]
    advised: list[float]
    came_back: bool = False

    @property
    def reason(self) -> EndReason | None:
        return None if self.closed is None else self.closed.reason

    @property
    def answered(self) -> bool:
        return self.by_person or (self.said and self.reason is not EndReason.ABANDONED)

    @property
    def abandoned(self) -> bool:
        return self.reason is EndReason.ABANDONED and self.last_is_queue and not self.answered

    @property
    def walked_out(self) -> bool:
        left = self.reason is EndReason.RESOLVED and self.closed.disposition == "left"
        return left and self.machine_at_last and not self.answered


def seconds(begin, end) -> float:
    return max(0.0, (end - begin).total_seconds())


def kinds_of(log) -> dict[int, bool]:
    """For the position of each event of a worker, whether a machine's."""
    machines, found = set(), {}
    for event in log:
        if isinstance(event.data, e.WorkerDefined):
            machines.discard(event.data.worker)
            if event.data.definition.kind is WorkerKind.MACHINE:
                machines.add(event.data.worker)
        found[event.position] = getattr(event.data, "worker", None) in machines
    return found


AWAY = (e.InteractionScheduled, e.InteractionSlept, e.InteractionSuspended)


def begins_to_serve(own) -> set[int]:
    """The positions at which somebody begins to serve."""
    roles, found = {}, set()
    for event in own:
        if isinstance(event.data, e.AssignmentOpened):
            roles[event.data.assignment] = event.data.role
        accepted = isinstance(event.data, e.AssignmentAccepted)
        if (accepted and roles.get(event.data.assignment, Role.SERVES) is Role.SERVES) or (
            isinstance(event.data, e.RoleChanged) and event.data.role is Role.SERVES
        ):
            found.add(event.position)
    return found


def waitings(own, serving, machine):
    """Every waiting of an interaction: the stay, what ended it, when it was left, if known."""
    ends = (e.InteractionQueued, e.InteractionClosed, *AWAY)
    for place, stay in enumerate(own):
        if not isinstance(stay.data, e.InteractionQueued):
            continue
        rest = own[place + 1 :]
        stops = (isinstance(one.data, ends) or one.position in serving for one in rest)
        stop = next((number for number, is_end in enumerate(stops) if is_end), len(rest))
        end = rest[stop] if stop < len(rest) else None
        taken = end is not None and end.position in serving
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


def parts_of(whole, machine):
    """The parts of persons that are over: of each its role and its events, cut by the role."""
    for event in whole:
        if not isinstance(event.data, e.AssignmentAccepted) or machine[event.position]:
            continue
        name = event.data.assignment
        own = [one for one in whole if getattr(one.data, "assignment", None) == name]
        opened = [one.data.role for one in own if isinstance(one.data, e.AssignmentOpened)]
        role, part, begin = (opened or [Role.SERVES])[0], [], event.occurred_at
        for one in own[own.index(event) :]:
            part.append(one)
            changed = isinstance(one.data, e.RoleChanged)
            if changed and not {role, one.data.role} <= ADVISING:
                yield role, part, begin
                part, begin = [one], max(begin, one.occurred_at)
            if changed:
                role = one.data.role
            if isinstance(one.data, e.AssignmentReleased):
                yield role, part, begin


ADVISING = {Role.CONSULTED, Role.CONFERENCED}


def spent(part, begin) -> tuple[float, float, float]:
    """Talk, hold and wrap-up of a part that began then, until its last event."""
    end = max(begin, part[-1].occurred_at)
    wraps = [one.occurred_at for one in part[1:] if isinstance(one.data, e.AssignmentWrapping)]
    wrapped = seconds(max(begin, wraps[0]), end) if wraps else 0.0
    held = 0.0
    for place, one in enumerate(part[1:], start=1):
        if isinstance(one.data, e.AssignmentHeld):
            until = next(
                other
                for other in part[place + 1 :]
                if not isinstance(other.data, e.MessageSent | e.MessageSuggested)
            )
            held += seconds(one.occurred_at, until.occurred_at)
    held = min(held, seconds(begin, end) - wrapped)
    return seconds(begin, end) - wrapped - held, held, wrapped


def story(log, arrival, machine, kept) -> Story:
    """Everything of one interaction, read at once; `kept` if it came back to a place of its own."""
    name = arrival.data.interaction
    whole = [event for event in log if event.subject("interaction") == name]
    closing = [event for event in whole if isinstance(event.data, e.InteractionClosed)]
    end = closing[0].position if closing else whole[-1].position
    own = [event for event in whole if event.position <= end]
    serving = begins_to_serve(own)
    total, until, known = 0.0, None, True
    found = list(waitings(own, serving, machine))
    for stay, stop, left, sure in found:
        known = known and (sure or stop is None)
        if left is not None and stop is not None:
            since = max(stay.data.since, arrival.occurred_at) if kept else stay.data.since
            begin = since if until is None else max(since, until)
            total += seconds(begin, left)
            until = max(begin, left)
    parts = list(parts_of(whole, machine))
    moves = [x for x in own if x.position in serving or isinstance(x.data, e.InteractionQueued)]
    turns = [x for x in own if x in moves or isinstance(x.data, AWAY)]
    at_last = turns[-1].position if turns else None
    return Story(
        arrived=arrival.data,
        closed=closing[0].data if closing else None,
        queues=[stay.data.queue for stay, *_ in found],
        put_into=[x.data.queue for x in own if isinstance(x.data, e.InteractionQueued)],
        wait=total if known else None,
        by_person=any(not machine[position] for position in serving),
        by_machine=any(machine[position] for position in serving),
        said=any(
            isinstance(x.data, e.AnomalyObserved)
            and x.data.verb == "observe_accepted"
            and x.data.details.get("kind") != "machine"
            for x in own
        ),
        last_is_queue=bool(moves) and isinstance(moves[-1].data, e.InteractionQueued),
        machine_at_last=at_last in serving and machine[at_last],
        called_back=any(isinstance(x.data, e.InteractionScheduled) for x in own),
        served=[spent(*part) for role, *part in parts if role is Role.SERVES],
        advised=[sum(spent(*part)) for role, *part in parts if role in ADVISING],
    )


def mean(numbers):
    return fmean(numbers) if numbers else None


def plain_figures(stories) -> dict:
    inbound = [one for one in stories if one.arrived.direction is Direction.INBOUND]
    answered = [one for one in inbound if one.answered]
    known = [one for one in answered if one.wait is not None]
    waited = [one.wait for one in known if one.queues]
    queued = [one for one in inbound if one.queues]
    times = Counter(one.arrived.customer for one in inbound)
    unidentified = times.pop(None, 0)
    well = (EndReason.RESOLVED, EndReason.WITHDRAWN)
    served = [part for one in stories for part in one.served]
    return {
        "interactions": len(inbound),
        "outbound": len(stories) - len(inbound),
        "self_served": sum(
            one.by_machine
            and not (one.queues or one.answered or one.walked_out)
            and one.reason in well
            for one in inbound
        ),
        "walked_out": sum(one.walked_out for one in inbound),
        "queued": len(queued),
        "abandoned": sum(one.abandoned and not one.came_back for one in inbound),
        "abandoned_returned": sum(one.abandoned and one.came_back for one in inbound),
        "superseded": sum(one.reason is EndReason.SUPERSEDED for one in inbound),
        "callbacks": sum(one.called_back for one in inbound),
        "answered": len(answered),
        "wait_mean_s": mean([one.wait for one in known]),
        "wait_median_s": median([one.wait for one in known]) if known else None,
        "wait_queued_mean_s": mean(waited),
        "handle_mean_s": mean([sum(part) for part in served]),
        "talk_mean_s": mean([talk for talk, _, _ in served]),
        "hold_mean_s": mean([hold for _, hold, _ in served]),
        "wrap_up_mean_s": mean([wrap for _, _, wrap in served]),
        "consult_mean_s": mean([part for one in stories for part in one.advised]),
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
    """All interactions with customers; who abandoned and came back in time is marked so."""
    machine, found, kept = kinds_of(log), {}, {}
    arrivals = [event for event in log if isinstance(event.data, e.InteractionArrived)]
    for event in arrivals:
        before = event.data.predecessor
        if event.data.direction is not Direction.INTERNAL:
            back = kept.get(before) is not None and event.position < kept[before]
            if back:
                found[before].came_back = True
                del kept[before]
            one = story(log, event, machine, back)
            found[event.data.interaction] = one
            if one.abandoned and one.closed.place_until is not None:
                kept[event.data.interaction] = next(
                    (
                        other.position
                        for other in log
                        if isinstance(other.data, e.PlaceLost)
                        and other.data.interaction == event.data.interaction
                    ),
                    len(log) + 1,
                )
    return list(found.values())


@given(ANY_LOG)
def test_the_report_is_what_its_definitions_say(log):
    """In one pass come the same figures as by reading all of each interaction at once."""
    stories = stories_of(log)
    arrivals = [event.data for event in log if isinstance(event.data, e.InteractionArrived)]
    found = report(iter(log)).to_dict()
    expected = plain_figures(stories) | {
        "open": sum(one.reason is None for one in stories),
        "side_conversations": sum(one.direction is Direction.INTERNAL for one in arrivals),
        "by_channel": grouped(stories, lambda one: one.arrived.channel),
        "by_queue": grouped(stories, queue_of),
        "anomalies": Counter(
            f"{event.data.verb}: {event.data.reason}"
            for event in log
            if isinstance(event.data, e.AnomalyObserved)
        ),
    }
    assert rounded({name: found[name] for name in expected}) == rounded(expected)
    assert set(found) - set(expected) == {"two_at_once", "out_of_turn"}


def rounded(value):
    """The same to the microsecond: the plain way adds in another order."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return round(value, 6) if isinstance(value, float) else value


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
    counts = ("interactions", "outbound", "self_served", "walked_out", "queued", "abandoned")
    counts += ("abandoned_returned", "superseded", "callbacks", "answered", "unidentified")
    for name in counts:
        total = getattr(whole, name)
        assert sum(getattr(part, name) for part in whole.by_channel.values()) == total
        assert sum(getattr(part, name) for part in whole.by_queue.values()) <= total
    ended = whole.answered + whole.abandoned + whole.abandoned_returned
    ended += whole.self_served + whole.walked_out
    assert ended <= whole.interactions
    if whole.handle_mean_s is not None:
        parts = whole.talk_mean_s + whole.hold_mean_s + whole.wrap_up_mean_s
        assert abs(parts - whole.handle_mean_s) < 1e-6
    assert whole.abandoned <= whole.queued <= whole.interactions
    assert whole.returning_customers <= whole.customers <= whole.interactions


@given(ANY_LOG)
def test_folds_read_a_stored_log_as_the_live_one(log):
    """From the store's text come the same report, timeline, clocks and check as from the events."""
    stored = [event_from_json(event_to_json(event)) for event in log]
    assert report(stored) == report(log)
    assert list(timeline(stored)) == list(timeline(log))
    assert clocks(stored) == clocks(log)
    assert check(stored) == check(log)

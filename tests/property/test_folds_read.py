"""Timelines, clocks, histories and checks of whatever log there is."""

from collections import Counter
from datetime import timedelta
from itertools import groupby

import attrs
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.property.test_folds import ANY_LOG, AWAY, begins_to_serve, rounded

from onechannel import events as e
from onechannel.cli.reading import Choice, recorded
from onechannel.errors import LogInconsistent
from onechannel.insight import (
    EntryKind,
    PartyKind,
    check,
    clocks,
    render_clocks,
    render_text,
    report,
    timeline,
)
from onechannel.kernel import Kernel
from onechannel.ports import Batch
from onechannel.stores.memory import MemoryStore
from onechannel.testing.strategies import events, logs

# -- the timeline ---------------------------------------------------------------------------------


@given(ANY_LOG)
def test_a_timeline_is_in_order_and_ends_after_it_begins(log):
    """By time, then position; no span is negative; every event is there, or ends what is there."""
    entries = list(timeline(iter(log)))
    assert entries == sorted(entries, key=lambda entry: (entry.at, entry.position))
    assert all(entry.until is None or entry.until >= entry.at for entry in entries)
    told = {entry.position for entry in entries}
    assert all(event.position in told or isinstance(event.data, SILENT) for event in log)


#: What may put an end to an entry, or be told with what it leads to at that instant.
SILENT = (
    *(e.AssignmentReleased, e.AssignmentResumed, e.InteractionQueued, e.AssignmentOpened),
    e.InteractionDequeued,
)


@given(ANY_LOG)
def test_timelines_of_interactions_are_parts_of_the_whole(log):
    """All interactions' timelines together hold what the whole one says of interactions."""
    whole = [entry for entry in timeline(log) if entry.interaction is not None]
    beside = {
        event.data.interaction
        for event in log
        if isinstance(event.data, e.InteractionArrived) and event.data.parent is not None
    }
    names = {event.subject("interaction") for event in log} - {None} - beside
    parts = [entry for name in names for entry in timeline(log, interaction=name)]
    assert sorted(parts, key=lambda entry: (entry.at, entry.position)) == whole
    assert {entry.interaction for entry in whole if entry.aside} == beside


@given(ANY_LOG)
def test_nothing_said_aside_is_told_as_said_to_the_customer(log):
    """In a side conversation nobody says anything but aside; elsewhere nobody says it aside."""
    for entry in timeline(log):
        if entry.kind is EntryKind.MESSAGE and entry.text is not None:
            assert entry.aside is (entry.what == "says aside") or entry.what.startswith(
                ("suggests", "changes")
            )


@given(st.lists(events(), max_size=8))
def test_whatever_is_in_a_log_can_be_told_and_printed(some):
    """Any events at all make a timeline, of which every line is safe to print."""
    entries = list(timeline(some))
    assert len(entries) >= sum(not isinstance(event.data, SILENT) for event in some)
    joiner = "\u200d"
    for line in render_text(entries, show_text=True):
        assert line.replace(joiner, "").isprintable()


@given(st.lists(events(), max_size=12))
def test_whatever_is_in_a_log_can_be_measured(some):
    """Any events at all make a report, and clocks that add up, of which every line is printable."""
    report(some)
    found = clocks(some)
    for life in found.lives:
        assert sum((one.time for one in life.clocks.custody), ZERO) == life.clocks.lifetime
    joiner = "\u200d"
    assert all(line.replace(joiner, "").isprintable() for line in render_clocks(found))


# -- clocks ---------------------------------------------------------------------------------------

ZERO = timedelta(0)


@given(ANY_LOG, st.integers(-600, 6_000))
def test_clocks_are_a_partition_of_each_life(log, later):
    """With whom it was adds up to the life, to the microsecond, whenever it is read."""
    until = log[-1].recorded_at + timedelta(seconds=later)
    for found in (clocks(log), clocks(log, until=until)):
        arrived = [event for event in log if isinstance(event.data, e.InteractionArrived)]
        mains = [event for event in arrived if event.data.parent is None]
        assert [life.interaction for life in found.lives] == [
            event.data.interaction for event in mains
        ]
        for life, event in zip(found.lives, mains, strict=True):
            parties = [one.party for one in life.clocks.custody]
            assert len(parties) == len(set(parties))
            assert all(one.time > ZERO for one in life.clocks.custody)
            assert all(ZERO <= one.held <= one.time for one in life.clocks.custody)
            assert sum((one.time for one in life.clocks.custody), ZERO) == life.clocks.lifetime
            assert life.begun == event.occurred_at
            if life.ended is not None:
                assert life.clocks.lifetime == life.ended - life.begun
        assert sum((one.time for one in found.total.custody), ZERO) == found.total.lifetime


def plain_custody(log, interaction) -> Counter:
    """With whom it was, by looking at the last event that gave it to somebody, after each event."""
    own = [event for event in log if event.subject("interaction") == interaction]
    serving, spent_with = begins_to_serve(own), Counter()
    gives = (e.InteractionQueued, e.StepExpired, e.InteractionDequeued, *AWAY)
    lets_go = (e.AssignmentReleased, e.AssignmentWrapping)
    now, holder, served_by = own[0].occurred_at, "", None
    for event in own[1:]:
        data = event.data
        owner_gone = isinstance(data, lets_go) and data.assignment == served_by
        closed = isinstance(data, e.InteractionClosed)
        if not (isinstance(data, gives) or event.position in serving or owner_gone or closed):
            continue
        at = max(now, event.occurred_at)
        spent_with[holder] += (at - now).total_seconds()
        now = at
        if isinstance(data, e.StepExpired):
            continue
        served_by = None
        if event.position in serving:
            holder, served_by = f"worker {data.worker}", data.assignment
        elif isinstance(data, e.InteractionQueued):
            holder = f"queue {data.queue}"
        elif isinstance(data, AWAY):
            holder = {
                "interaction.slept": "customer",
                "interaction.scheduled": "appointment",
            }.get(event.type) or f"third_party {data.party}"
        else:
            holder = ""
        if closed:
            break
    return +spent_with


@given(ANY_LOG)
def test_clocks_are_what_the_events_say(log):
    """Of what is over, each party has had it as long as the events of giving and taking say."""
    for life in clocks(log).lives:
        if life.ended is None:
            continue
        found = Counter()
        for one in life.clocks.custody:
            kind = "worker" if one.party.kind is PartyKind.PARTNER else one.party.kind.value
            name = "" if one.party.kind is PartyKind.NOBODY else f"{kind} {one.party.name}".strip()
            found[name] += one.time.total_seconds()
        assert rounded(dict(found)) == rounded(dict(plain_custody(log, life.interaction)))


# -- what is found by indexes ---------------------------------------------------------------------


@given(logs(60), st.data())
def test_what_is_found_by_indexes_is_all_there_is(log, data):
    """A store's history of a choice makes the same timeline, and clocks, as the whole log."""
    store = MemoryStore()
    with store.session() as session:
        session.commit(0, Batch(events=log))
    subjects = {
        kind: sorted({event.subject(kind) for event in log} - {None})
        for kind in ("customer", "interaction", "journey")
    }
    chosen = {
        kind: data.draw(st.sampled_from(names)) if names and data.draw(st.booleans()) else None
        for kind, names in subjects.items()
    }
    choice = Choice(**chosen)
    assume(choice)
    found = list(recorded(store, choice))
    assert list(timeline(found, **chosen)) == list(timeline(log, **chosen))
    until = log[-1].recorded_at
    assert clocks(found, **chosen, until=until) == clocks(log, **chosen, until=until)


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

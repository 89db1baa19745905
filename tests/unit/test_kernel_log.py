"""Following a log: what cannot have happened is noticed, and named by its position."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import snapshot_to_json
from onechannel.errors import InvalidValue, LogInconsistent, PolicyMissing
from onechannel.facts import Facts
from onechannel.kernel import SNAPSHOT_VERSION, Kernel, Snapshot
from onechannel.model.policy import Named, Policy
from onechannel.testing.strategies import PLANNERS, Rehearsal, logs, seeded

LOG = tuple(Rehearsal.of(seeded(3, 60)).log)

PARTS = {field.name for field in attrs.fields(Snapshot)}


def renumbered(log) -> list[e.Event]:
    """The same events, in this order, as if they had always stood so."""
    origin = log[0].origin if log else None
    return [e.Event(number, origin, event.data) for number, event in enumerate(log, start=1)]


# -- the envelope ---------------------------------------------------------------------------------


@given(logs(), st.data())
def test_a_gap_is_noticed_at_its_position(log, data):
    """A log that lacks an event is inconsistent where the event should stand."""
    lost = data.draw(st.integers(1, len(log) - 1))
    kernel = Kernel()
    with pytest.raises(LogInconsistent) as caught:
        kernel.follow([*log[: lost - 1], *log[lost:]])
    assert caught.value.position == lost
    assert kernel.position == lost - 1


def test_a_second_copy_is_noticed():
    """An event that is given twice cannot follow itself."""
    with pytest.raises(LogInconsistent) as caught:
        Kernel.replay([*LOG, LOG[-1]])
    assert caught.value.position == len(LOG) + 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda at: {"recorded_at": at - timedelta(seconds=1)}, "recorded before"),
        (lambda at: {"tenant": "other"}, "another tenant"),
    ],
)
def test_an_envelope_that_cannot_follow_is_noticed(change, reason):
    """Time does not run backwards in a log, and a log is one tenant's."""
    last = LOG[-1]
    origin = attrs.evolve(last.origin, **change(last.recorded_at))
    event = e.Event(last.position + 1, origin, e.CustomerRegistered("c9", None, ()))
    with pytest.raises(LogInconsistent, match=reason) as caught:
        Kernel.replay([*LOG, event])
    assert caught.value.position == event.position


@given(logs(), st.randoms(use_true_random=False))
def test_whatever_is_followed_nothing_else_is_raised(log, chance):
    """Events in any order, some missing: following them works, or the log is inconsistent."""
    shuffled = list(log)
    for _ in range(chance.randint(1, 3)):
        shuffled.insert(
            chance.randrange(len(shuffled)), shuffled.pop(chance.randrange(len(shuffled)))
        )
    del shuffled[chance.randrange(len(shuffled))]
    follow(renumbered(shuffled))


def follow(log) -> None:
    """Follow as much of a log as there can be."""
    fault = None
    try:
        Kernel.replay(log)
    except LogInconsistent as caught:
        fault = caught
    assert fault is None or 1 <= fault.position <= len(log)


def test_a_step_that_the_plan_does_not_have_is_noticed():
    """What an event says of a plan must be in the plan."""
    there = Rehearsal(stocked=False)
    there.ask(c.Arrive(interaction="i", channel="chat"))
    last = there.log[-1]
    event = e.Event(last.position + 1, last.origin, e.StepExpired("i", 9, None))
    with pytest.raises(LogInconsistent, match=r"step_expired does not apply") as caught:
        Kernel.replay([*there.log, event])
    assert caught.value.position == event.position


# -- whoever follows ------------------------------------------------------------------------------


def test_a_process_without_the_planner_follows_and_does_not_decide():
    """A policy's callable is needed to plan, and for nothing else: not to follow, not to close."""
    there = Rehearsal()
    there.ask(c.Arrive(interaction="i", channel="email"))
    there.ask(c.AdoptPolicy(policy=Policy(name="by-good", plan=Named("good"))))
    there.ask(c.Arrive(interaction="j", channel="email"))
    there.kernel = Kernel.replay(there.log)
    before = snapshot_to_json(there.kernel.snapshot())
    with pytest.raises(PolicyMissing, match="by-good asks good"):
        there.ask(c.Arrive(interaction="k", channel="email"))
    assert snapshot_to_json(there.kernel.snapshot()) == before
    assert there.ask(c.Close(interaction="j"))


def test_a_replica_that_is_fed_event_by_event_keeps_up():
    """Following works in pieces of any size, and gives the state of the whole."""
    replica = Kernel()
    for event in LOG:
        replica.follow([event])
    replica.follow([])
    assert snapshot_to_json(replica.snapshot()) == snapshot_to_json(Kernel.replay(LOG).snapshot())
    assert replica.position == len(LOG)


def test_a_restored_kernel_goes_on_as_if_nothing_had_been():
    """With everything in it that a kernel can hold: what comes after is the same, to the byte."""
    held = set()
    for seed in range(3):
        script = seeded(seed, 300)
        whole = Rehearsal.of(script).log
        for cut in range(30, 300, 30):
            restored = Rehearsal.of(script[:cut])
            snapshot = restored.kernel.snapshot()
            held |= {name for name in PARTS if getattr(snapshot, name)}
            restored.kernel = Kernel.restore(snapshot, PLANNERS)
            for cue in script[cut:]:
                restored.perform(cue)
            assert restored.log == whole
    assert held == PARTS


def test_a_snapshot_of_another_version_is_refused():
    """What another release wrote is not guessed at: the log is there to be replayed."""
    snapshot = attrs.evolve(Kernel.replay(LOG).snapshot(), version=SNAPSHOT_VERSION + 1)
    with pytest.raises(InvalidValue, match="replay the log"):
        Kernel.restore(snapshot)


def test_an_empty_log_is_a_new_kernel():
    """Before the first event there is no position, no time, no deadline, and anybody's tenant."""
    kernel = Kernel.replay([])
    assert (kernel.position, kernel.next_deadline) == (0, None)
    assert snapshot_to_json(kernel.snapshot()) == snapshot_to_json(Kernel().snapshot())


def test_restored_kernels_keep_their_planners():
    """A restored kernel decides with the callables it is given."""
    there = Rehearsal()
    there.ask(c.AdoptPolicy(policy=Policy(name="by-good", plan=Named("good"))))
    there.kernel = Kernel.restore(there.kernel.snapshot(), PLANNERS)
    made = there.ask(c.Arrive(interaction="i", channel="email"))
    assert made[-1].data.stored_name.startswith("assignment.")


def test_needs_is_silent_where_the_facts_are_complete():
    """A driver that knows that there is no past is asked nothing."""
    there = Rehearsal()
    request = c.Request(c.Arrive(interaction="i", channel="email"), "r", there.at)
    assert there.kernel.needs(request, Facts())
    assert there.kernel.needs(request, Facts(complete=True)) == ()

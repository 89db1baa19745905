"""The check of a log: each invariant broken once, by events that replay alone would take."""

from datetime import timedelta

import attrs
import pytest

from onechannel import events as e
from onechannel.errors import LogInconsistent, StoreFault
from onechannel.insight import Consistency, check
from onechannel.kernel import Kernel
from onechannel.model.worker import Capacity, WorkerKind
from onechannel.simulation import VirtualCentre


@pytest.fixture
def centre():
    """Ana is served by a machine, escalates, and is served by Marc; Ben waits."""
    centre = VirtualCentre()
    centre.queue("main", wrap_up=timedelta(seconds=30))
    centre.worker("bot", kind=WorkerKind.MACHINE, capacity=Capacity.only("chat"))
    marc = centre.worker("marc", capacity=Capacity(total=300, channels={"voice": 1}))
    ana, ben = centre.customer("Ana"), centre.customer("Ben")
    chat = ana.starts("chat")
    centre.advance(seconds=20)
    chat.escalates()
    marc.accepts(chat)
    call = ben.starts("voice")
    centre.advance(seconds=10)
    marc.closes(chat)
    marc.accepts(call)
    ana.starts("voice")
    return centre


def renumbered(log) -> list[e.Event]:
    """The same events, as a log without gaps."""
    return [attrs.evolve(event, position=number) for number, event in enumerate(log, start=1)]


def position_of(log, kind, which=0) -> int:
    """Where the first event of a kind stands, or a later one."""
    return [event.position for event in log if isinstance(event.data, kind)][which]


def test_a_whole_log_is_consistent(centre):
    """Of a log that the kernel made, every event is; of an empty log, all none."""
    log = list(centre.log)
    assert check(log) == Consistency(len(log))
    assert check([]) == Consistency(0)


def test_what_replay_refuses_is_named(centre):
    """A gap, an event out of place, a tenant's other: the position and the reason of replay."""
    log = list(centre.log)
    gap = [*log[:6], *log[7:]]
    with pytest.raises(LogInconsistent) as fault:
        Kernel.replay(gap)
    assert check(gap) == Consistency(6, 7, fault.value.reason)
    assert check(log[3:]).position == 1


def test_a_log_that_cannot_be_read_further():
    """What the store cannot read cannot be; what the store cannot do is the store's fault."""

    def unreadable():
        raise LogInconsistent(1, "its data is not that of worker.defined 1")
        yield

    def locked():
        raise StoreFault("the file is locked")
        yield

    assert check(unreadable()) == Consistency(0, 1, "its data is not that of worker.defined 1")
    with pytest.raises(StoreFault):
        check(locked())


def test_an_arrival_must_come_to_a_queue(centre):
    """An arrival that its decision puts into no queue is named, though nothing follows."""
    log = list(centre.log)
    queued = position_of(log, e.InteractionQueued)
    arrived = position_of(log, e.InteractionArrived)
    lost = renumbered([*log[: queued - 1], *log[queued + 1 :]])
    found = check(lost)
    assert found.position in (arrived, queued)
    assert check(log[:arrived]).position == arrived
    assert "neither queue nor worker" in check(log[:arrived]).reason


@pytest.mark.parametrize("kind", [e.AssignmentReleased, e.AssignmentWrapping])
def test_nobody_is_let_go_without_a_home(centre, kind):
    """Whoever serves may not let go of an open interaction that no queue has taken before."""
    log = list(centre.log)
    queued = next(event for event in log if getattr(event.data, "because", None) == "escalation")
    before = log[: queued.position - 1]
    owner = before[position_of(before, e.AssignmentAccepted) - 1].data
    extra = (queued.occurred_at + timedelta(seconds=9),) if kind is e.AssignmentWrapping else ()
    data = kind(owner.assignment, owner.interaction, owner.worker, *extra)
    spoilt = [*before, attrs.evolve(queued, data=data)]
    Kernel.replay(spoilt)
    found = check(spoilt)
    assert (found.events, found.position) == (len(before), len(spoilt))
    assert "i-1" in found.reason
    later = attrs.evolve(queued.origin, command="another")
    late = [*spoilt, attrs.evolve(queued, position=len(spoilt) + 1, origin=later)]
    assert check(late) == found


def test_one_worker_serves(centre):
    """A second acceptance, while the first still serves, is named."""
    log = list(centre.log)
    accepted = log[position_of(log, e.AssignmentAccepted) - 1]
    log = log[: accepted.position]
    opened = e.AssignmentOpened("i-1/9", "i-1", "marc", "serves", None, "why")
    again = e.AssignmentAccepted("i-1/9", "i-1", "marc")
    log += [attrs.evolve(accepted, data=data) for data in (opened, again)]
    log = renumbered(log)
    Kernel.replay(log)
    found = check(log)
    assert (found.position, found.events) == (len(log), len(log) - 1)
    assert found.reason == "interaction i-1 is served by another worker"


def asked(centre, cause=e.Cause.POLICY, worker="marc") -> list[e.Event]:
    """The log, with a worker asked for the call that waits."""
    log = list(centre.log)
    waiting = log[position_of(log, e.InteractionArrived, -1) - 1].data.interaction
    opened = e.AssignmentOpened(f"{waiting}/1", waiting, worker, "serves", None, "why")
    origin = attrs.evolve(log[-1].origin, cause=cause)
    return renumbered([*log, e.Event(0, origin, opened)])


def test_the_policy_overloads_nobody(centre):
    """Asked beyond a limit by the policy: named, with load and limit; by others: recorded."""
    found = check(asked(centre))
    assert found.position == len(asked(centre))
    assert found.reason == "it gives worker marc 2 on channel voice, above its limit of 1"
    assert check(asked(centre, e.Cause.OBSERVED)).position is None


def test_a_load_above_capacity(centre):
    """The load is the sum of what a worker bears, wrap-up included."""
    defined = [event for event in centre.log if isinstance(event.data, e.WorkerDefined)]
    small = attrs.evolve(defined[1].data.definition, capacity=Capacity(total=150))
    log = asked(centre)
    place = len(log) - 1
    log.insert(place, attrs.evolve(log[-2], data=e.WorkerDefined("marc", small)))
    found = check(renumbered(log))
    assert found.reason == "it gives worker marc a load of 225, above its capacity of 150"


def test_the_policy_asks_who_is_there(centre):
    """A worker who is not available is not asked."""
    data = e.WorkerUnavailable("marc", "break", None)
    log = asked(centre)
    log.insert(len(log) - 1, attrs.evolve(log[-2], data=data))
    found = check(renumbered(log))
    assert found.reason == "worker marc is asked and not available"


def test_a_spoilt_event_is_named_whatever_it_does():
    """An event on which replay itself stumbles is named; its values are not."""
    centre = VirtualCentre()
    centre.customer("Ana").starts("voice")
    log = list(centre.log)
    queued = position_of(log, e.InteractionQueued)
    data = attrs.evolve(log[queued - 1].data, step=99)
    spoilt = [*log[: queued - 1], attrs.evolve(log[queued - 1], data=data)]
    found = check(spoilt)
    assert (found.events, found.position) == (queued - 1, queued)


def test_the_result_is_a_value():
    """What was found is frozen, and equal where it is the same."""
    found = Consistency(4, 5, "why")
    assert found == Consistency(4, 5, "why")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        found.events = 9

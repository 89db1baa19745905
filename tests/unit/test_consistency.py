"""The check of a log: each invariant broken once, by events that replay alone would take."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import LogInconsistent, StoreFault
from onechannel.insight import Consistency, check
from onechannel.kernel import Kernel
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.assignment import Role
from onechannel.model.journey import StitchedBecause
from onechannel.model.queue import Queue
from onechannel.model.worker import Capacity, Worker, WorkerKind
from onechannel.simulation import VirtualCentre
from onechannel.testing.strategies import Rehearsal


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
    """A second acceptance is named where the first does not let go of it at once."""
    log = list(centre.log)
    accepted = log[position_of(log, e.AssignmentAccepted) - 1]
    log = log[: accepted.position]
    opened = e.AssignmentOpened("i-1/9", "i-1", "marc", Role.SERVES, None, "assigned by x")
    again = e.AssignmentAccepted("i-1/9", "i-1", "marc")
    log += [attrs.evolve(accepted, data=data) for data in (opened, again)]
    log = renumbered(log)
    Kernel.replay(log)
    found = check(log)
    assert (found.position, found.events) == (len(log), len(log) - 1)
    assert found.reason == (
        "assignment i-1/1 has no part in interaction i-1 any more, and does not let go of it"
    )


def asked(centre, cause=e.Cause.POLICY, worker="marc") -> list[e.Event]:
    """The log, with a worker asked for the call that waits."""
    log = list(centre.log)
    waiting = log[position_of(log, e.InteractionArrived, -1) - 1].data.interaction
    opened = e.AssignmentOpened(f"{waiting}/1", waiting, worker, Role.SERVES, None, "why")
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


# -- everything that can happen while someone is served --------------------------------------------

EVA, ZOE = Actor(ActorKind.WORKER, "eva"), Actor(ActorKind.WORKER, "zoe")
HOUR = timedelta(hours=1)


@pytest.fixture
def life():
    """Eva serves Ana by chat, is heard by Sue, consults Zoe, who takes over, and it sleeps."""
    centre = Rehearsal(stocked=False)
    for worker in ("eva", "zoe", "sue"):
        centre.ask(c.DefineWorker(worker=Worker(id=worker)))
    centre.ask(c.DefineWorker(worker=Worker(id="bot", kind=WorkerKind.MACHINE)))
    centre.ask(c.RegisterCustomer(customer="ana"))
    centre.ask(c.RegisterCustomer(customer="bo"))
    centre.ask(c.DefineQueue(queue=Queue(name="main", wrap_up=timedelta(seconds=30))))
    centre.ask(c.SignIn(worker="eva"))
    centre.ask(c.Arrive(interaction="i", channel="email", customer="ana", says="May I?"))
    centre.ask(c.Accept(assignment="i/1"), after=5)
    centre.ask(c.SignIn(worker="sue"))
    centre.ask(c.Join(interaction="i", worker="sue"))
    centre.ask(c.SignIn(worker="zoe"))
    centre.ask(c.Consult(interaction="i", worker="zoe"), actor=EVA)
    centre.ask(c.Accept(assignment="i/3"), after=5)
    centre.ask(c.ChangeRole(assignment="i/3", role="serves"), after=5)
    centre.ask(c.Say(interaction="i", text="You may.", assignment="i/3"))
    centre.ask(c.MakePromise(what="refund", interaction="i", within=HOUR))
    centre.ask(c.Sleep(interaction="i"), after=5)
    centre.ask(c.OpenJourney(customer="bo", about="cards"))
    centre.ask(c.SignOut(worker="sue"))
    return centre


def spoilt(log, kind, change, which=0) -> tuple[list[e.Event], int]:
    """The log with one event changed or, where None is made of it, left out; and its position."""
    position = position_of(log, kind, which)
    before, event, after = log[: position - 1], log[position - 1], log[position:]
    data = change(event.data)
    kept = [] if data is None else [attrs.evolve(event, data=data)]
    return renumbered([*before, *kept, *after]), position


def extended(log, *happened, cause=e.Cause.COMMAND) -> list[e.Event]:
    """The log, with what happened next."""
    origin = attrs.evolve(log[-1].origin, cause=cause, command="more")
    return renumbered([*log, *(e.Event(0, origin, data) for data in happened)])


def refusal(log) -> str:
    """Why a log that replay takes cannot be, at its last event or the one that owes something."""
    Kernel.replay(log)
    found = check(log)
    assert found.position is not None
    assert found.events == found.position - 1
    return found.reason


def test_a_whole_life_is_consistent(life):
    """Joined, consulted, taken over and set aside: every event is as it must be."""
    assert check(life.log) == Consistency(len(life.log))


def test_what_is_set_aside_is_kept_by_who_had_it(life):
    """A dormant or suspended interaction has for its keeper whoever served or kept it before."""
    log, position = spoilt(life.log, e.InteractionSlept, lambda d: attrs.evolve(d, keeper="eva"))
    assert refusal(log) == "zoe had interaction i, and keeps it"
    assert check(log).position == position
    due = life.at + HOUR
    life.ask(c.Suspend(interaction="i", party="bank", reason="cheque", due=due), after=5)
    assert check(life.log).position is None
    for keeper in ("eva", None):
        change = lambda d, keeper=keeper: attrs.evolve(d, keeper=keeper)  # noqa: E731
        log, _ = spoilt(life.log, e.InteractionSuspended, change)
        assert refusal(log) == "zoe had interaction i, and keeps it"


@pytest.mark.parametrize(
    ("takes", "part"),
    [(e.InteractionSlept, "i/3"), (e.RoleChanged, "i/1"), (e.InteractionSlept, "i/2")],
)
def test_whoever_has_it_no_longer_lets_go_at_once(life, takes, part):
    """Set aside or taken over by another: every part that is over ends right after that event."""
    taken = position_of(life.log, takes)
    ends = [
        event
        for event in life.log[taken:]
        if isinstance(event.data, (e.AssignmentWrapping, e.AssignmentReleased))
        and event.data.assignment == part
    ]
    log = renumbered([event for event in life.log if event not in ends])
    found = check(log)
    assert found.position == taken
    assert found.reason.startswith(f"assignment {part} has no part in interaction i any more")


def test_an_arrival_is_queued_before_anything_else(life):
    """Between an arrival and its queue nothing happens that is not a part of it."""
    log = list(life.log)
    arrived = position_of(log, e.InteractionArrived)
    log.insert(arrived, attrs.evolve(log[arrived], data=e.WorkerSignedIn("zoe")))
    found = check(renumbered(log))
    assert (found.position, found.reason) == (
        arrived,
        "it leaves interaction i with neither queue nor worker",
    )


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (
            [e.AssignmentOpened("i/9", "i", "eva", Role.LISTENS, None, "joined")],
            "worker eva has a part in interaction i already",
        ),
        (
            [e.AssignmentOpened("i/9", "i", "bot", Role.LISTENS, None, "joined")],
            "worker bot listens, of that kind",
        ),
        (
            [e.AssignmentOpened("i/9", "i", "zoe", Role.ASSISTS, None, "joined")],
            "worker zoe assists, of that kind",
        ),
        (
            [e.AssignmentOpened("i/9", "i", "zoe", Role.SERVES, None, "named: zoe")],
            "worker zoe is asked for what worker eva serves",
        ),
        (
            [e.RoleChanged("i/2", "i", "sue", Role.CONFERENCED)],
            "assignment i/2 listens becomes conferenced",
        ),
        (
            [e.RoleChanged("i/1", "i", "eva", Role.LISTENS)],
            "assignment i/1 serves becomes listens",
        ),
        (
            [e.MessageSent("i", "i#2", "email", "i/2", "sue", "hello")],
            "assignment i/2 does not speak to the customer",
        ),
        (
            [e.MessageSuggested("i", "i/2", "sue", "hello")],
            "assignment i/2 does not speak to the one who serves",
        ),
        (
            [e.AssignmentWrapping("i/2", "i", "sue", datetime(2030, 1, 1, tzinfo=UTC))],
            "assignment i/2 has nothing to wrap up",
        ),
    ],
)
def test_nobody_has_a_part_that_cannot_be(life, happened, reason):
    """Two parts of one worker, a role of another kind of worker, words without a part for them."""
    log = life.log[: position_of(life.log, e.AssignmentOpened, 2) - 1]
    signed_in = [e.WorkerSignedIn("bot")]
    assert refusal(extended(log, *signed_in, *happened)) == reason


def test_nobody_is_consulted_where_nobody_serves(life):
    """Whoever waits has nobody who could ask for advice, or be listened to."""
    log = life.log[: position_of(life.log, e.AssignmentOpened) - 1]
    opened = e.AssignmentOpened("i/9", "i", "eva", Role.CONSULTED, None, "consulted")
    assert refusal(extended(log, opened)) == "worker eva consulted where nobody serves i"


def test_who_drains_is_not_asked(life):
    """A worker that takes no new work is as good as one that is not there."""
    life.ask(c.Arrive(interaction="k", channel="email", customer="bo"))
    draining = e.WorkerDraining("eva", None)
    opened = e.AssignmentOpened("k/9", "k", "eva", Role.SERVES, None, "longest idle of: people")
    log = [one for one in life.log if one.subject("interaction") != "k" or one.type[:2] == "in"]
    assert refusal(extended(renumbered(log), draining, opened)) == (
        "worker eva is asked and not available"
    )


def test_a_move_is_borne_as_of_the_new_channel():
    """What moves to a channel of greater load counts as that, for everybody who takes part."""
    centre = Rehearsal(stocked=False)
    centre.ask(c.DefineWorker(worker=Worker(id="eva")))
    centre.ask(c.SignIn(worker="eva"))
    centre.ask(c.Arrive(interaction="i", channel="sms"))
    centre.ask(c.Accept(assignment="i/1"))
    centre.ask(c.MoveChannel(interaction="i", channel="voice"))
    centre.ask(c.Arrive(interaction="k", channel="sms"))
    assert check(centre.log).position is None
    opened = e.AssignmentOpened("k/1", "k", "eva", Role.SERVES, None, "longest idle of: people")
    log = extended(centre.log, opened, cause=e.Cause.POLICY)
    assert refusal(log) == "it gives worker eva a load of 125, above its capacity of 100"


def test_what_nobody_asked_the_policy_for_is_not_its_excess(life):
    """Assigned by force, joined, or reached out: whatever it bears, nobody overlooked anything."""
    for number in range(3):
        name = f"k{number}"
        life.ask(c.Arrive(interaction=name, channel="voice", customer="bo"))
        life.ask(c.Assign(interaction=name, worker="eva"))
        life.ask(c.Join(interaction=name, worker="zoe", role="barges"))
        reach = c.Reach(interaction=f"r{number}", channel="voice", customer="bo", worker="zoe")
        life.ask(reach, actor=ZOE)
    assert check(life.log).position is None


# -- journeys and promises ------------------------------------------------------------------------


def test_a_journey_belongs_to_its_customer(life):
    """Nothing is stitched to another customer's journey, to one that is over, or to none."""
    journey = life.log[position_of(life.log, e.JourneyOpened) - 1].data.journey
    joined = e.JourneyJoined(journey, "i", StitchedBecause.NAMED)
    reason = f"interaction i is not of the customer whose journey {journey} is"
    assert refusal(extended(life.log, joined)) == reason
    merged = e.CustomerMerged("ana", "bo", "said")
    assert check(extended(life.log, merged, joined)).position is None
    unmerged = e.CustomerUnmerged("ana", "bo", "error")
    assert refusal(extended(life.log, merged, unmerged, joined)) == reason


def test_a_journey_does_not_lapse_while_something_is_open(life):
    """An open interaction or promise keeps it from lapsing; achieved it may be at any time."""
    life.ask(c.Arrive(interaction="k", channel="email", customer="bo", about="cards"))
    journey = life.log[position_of(life.log, e.JourneyOpened) - 1].data.journey
    lapsed = e.JourneyLapsed(journey)
    assert refusal(extended(life.log, lapsed)) == f"journey {journey} lapses while k is open in it"
    assert check(extended(life.log, e.JourneyAchieved(journey, None))).position is None
    life.ask(c.MakePromise(what="card", interaction="k", within=HOUR))
    life.ask(c.Close(interaction="k"))
    promise = life.log[position_of(life.log, e.PromiseMade, 1) - 1].data.promise
    reason = f"journey {journey} lapses while {promise} is open in it"
    assert refusal(extended(life.log, lapsed)) == reason
    life.ask(c.KeepPromise(promise=promise))
    assert check(extended(life.log, lapsed)).position is None


def test_a_promise_is_broken_when_it_is_due(life):
    """No sooner; and every end of it names what it was made in."""
    made = life.log[position_of(life.log, e.PromiseMade) - 1].data
    ids = (made.promise, made.customer, made.interaction, made.journey)
    early = extended(life.log, e.PromiseBroken(*ids))
    assert refusal(early) == f"promise {made.promise} is broken before it is due"
    life.advance(made.due)
    assert isinstance(life.log[-1].data, e.PromiseBroken)
    assert check(life.log).position is None
    elsewhere = extended(early[:-1], e.PromiseKept(made.promise, made.customer, "k", None, None))
    assert refusal(elsewhere) == (
        f"promise {made.promise} was made in another interaction or journey"
    )


def test_a_paused_promise_is_due_later(life):
    """Resumed, it is due as much later as it was paused: at its first time it is too soon."""
    made = life.log[position_of(life.log, e.PromiseMade) - 1].data
    life.ask(c.PausePromise(promise=made.promise, reason="stock", duration=2 * HOUR))
    life.advance(life.at + 2 * HOUR)
    ids = (made.promise, made.customer, made.interaction, made.journey)
    assert refusal(extended(life.log, e.PromiseBroken(*ids))).endswith("broken before it is due")


@pytest.fixture
def callback(life):
    """Bo waits for a callback, which Eva makes."""
    life.ask(c.Arrive(interaction="k", channel="voice", customer="bo"))
    life.ask(c.RequestCallback(interaction="k", at=life.at + HOUR), after=5)
    life.advance(life.at + HOUR)
    life.ask(c.Assign(interaction="k", worker="eva"))
    return life


@pytest.mark.parametrize(
    ("reason", "owes"),
    [("resolved", True), ("withdrawn", True), ("rejected", True), ("expired", False)],
)
def test_the_promise_of_a_callback_ends_with_it(callback, reason, owes):
    """Kept or withdrawn at once, unless we did not get to it: then it is broken when it is due."""
    callback.ask(c.Close(interaction="k", reason=reason))
    assert check(callback.log).position is None
    closed = position_of(callback.log, e.InteractionClosed)
    ended = (e.PromiseKept, e.PromiseWithdrawn)
    log = renumbered(one for one in callback.log if not isinstance(one.data, ended))
    found = check(log)
    assert (found.position, len(log) < len(callback.log)) == (closed if owes else None, owes)
    if owes:
        assert "of a callback open, which is over" in found.reason


def test_a_callback_is_promised(callback):
    """One that nobody promised, or that was promised of another interaction, is named."""
    log = callback.log[: position_of(callback.log, e.PromiseMade, 1)]
    data = callback.log[len(log)].data
    assert isinstance(data, e.InteractionScheduled)
    for promise in ("p-99", callback.log[position_of(log, e.PromiseMade) - 1].data.promise):
        spoilt_log = extended(log, attrs.evolve(data, promise=promise))
        assert refusal(spoilt_log) == "interaction k has a callback that nobody promised"


def test_the_result_is_a_value():
    """What was found is frozen, and equal where it is the same."""
    found = Consistency(4, 5, "why")
    assert found == Consistency(4, 5, "why")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        found.events = 9

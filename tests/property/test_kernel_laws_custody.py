"""The laws of custody, each over random scripts: who has a customer, and who may speak to it."""

from hypothesis import given
from tests.property.kernel_steps import steps
from tests.unit.custody import assert_custody

from onechannel import events as e
from onechannel.kernel import Snapshot
from onechannel.model.assignment import SPEAKING, SUGGESTING, Role
from onechannel.model.ids import is_derived, root_of
from onechannel.model.interaction import Direction, EndReason, InteractionState
from onechannel.model.worker import WorkerState
from onechannel.testing.strategies import logs

ENDINGS = (e.AssignmentDeclined, e.AssignmentExpired, e.AssignmentRescinded)
LINING_UP = (e.InteractionArrived, e.InteractionQueued, e.InteractionScheduled)
TAKING_PART = {"active", "held"}


def role_of(now: Snapshot, part: str) -> Role | None:
    """The role of an assignment that is not over."""
    return next((one.role for one in now.assignments if one.id == part), None)


# -- somebody has the customer --------------------------------------------------------------------


@given(logs())
def test_the_log_read_aloud_leaves_nobody_in_the_air(log):
    """By the events alone: the next who has a customer is named before the last lets go."""
    assert_custody(log)


@given(logs())
def test_somebody_has_the_customer_at_every_position(log):
    """From its arrival to its end, ours is in a queue, with a worker who serves, or kept."""
    for _, event, after in steps(log):
        parts = {part.id: part for part in after.assignments}
        workers = {one.seat.worker.id: one for one in after.workers}
        queues = {queue.name for queue in after.queues}
        for live in after.interactions:
            if live.plan is None:
                continue
            engaged = live.state is InteractionState.ENGAGED
            assert engaged is (live.owner is not None)
            if engaged:
                owner = parts[live.owner]
                assert (owner.interaction, owner.role) == (live.id, Role.SERVES)
                assert owner.state in TAKING_PART
                assert workers[owner.worker].state is not WorkerState.SIGNED_OUT
            elif live.state is InteractionState.WAITING:
                assert live.queue in queues
                assert live.keeper is None
            else:
                assert live.keeper in workers or live.queue in queues
            # Being asked, moved or scheduled is not having: there is one owner, or a queue.
            serving = [
                part
                for part in after.assignments
                if part.interaction == live.id
                and part.role is Role.SERVES
                and part.state in TAKING_PART
            ]
            # Between naming the next and letting go there are two; never when a call is over.
            assert len(serving) - engaged in {0, 1}, event


@given(logs())
def test_whoever_has_a_part_is_known_by_it(log):
    """An interaction, its parts and their workers name each other, and nobody else."""
    for _, _, after in steps(log):
        live = {one.id: one for one in after.interactions}
        for part in after.assignments:
            worker = next(one for one in after.workers if one.seat.worker.id == part.worker)
            assert part.id in worker.assignments
            found = live.get(part.interaction)
            if found is not None and part.state in {"pending", *TAKING_PART}:
                others = {found.owner, found.pending, *found.others}
                # Who has just been passed over lets go with the next event.
                assert part.id in others or part.role is Role.SERVES
        assert sum(len(one.assignments) for one in after.workers) == len(after.assignments)


@given(logs())
def test_what_is_dormant_or_suspended_holds_no_capacity(log):
    """When a call is over, nobody has a live part in what is the customer's or a third's turn."""
    for _, event, after in steps(log):
        if event is not log[-1] and log[event.position].origin.command == event.origin.command:
            continue
        for live in after.interactions:
            if live.state in {InteractionState.DORMANT, InteractionState.SUSPENDED}:
                parts = [one for one in after.assignments if one.interaction == live.id]
                assert all(one.state == "wrapping" for one in parts)


@given(logs())
def test_what_is_not_accepted_keeps_its_place_and_age(log):
    """Only standing in line anew gives another age; declining, expiring and waiting do not."""
    for before, event, after in steps(log):
        data, places = event.data, {one.id: (one.place, one.since) for one in before.interactions}
        plans = {one.id: one.plan for one in before.interactions}
        for live in after.interactions:
            if not (isinstance(data, LINING_UP) and data.interaction == live.id):
                assert (live.place, live.since) == places[live.id]
                assert live.plan == plans[live.id]
            answered = isinstance(data, ENDINGS) and data.interaction == live.id
            if answered and role_of(before, data.assignment) is Role.SERVES:
                assert live.pending is None
                # Who was asked may be passed over by one who was given it.
                assert live.state is not InteractionState.WAITING or live.queue is not None


# -- beginnings and ends --------------------------------------------------------------------------

#: What may still be said of an interaction that is over.
AFTERWARDS = (
    *(e.AnomalyObserved, e.AssignmentReleased, e.AssignmentWrapping, e.AssignmentRescinded),
    *(e.MessageEdited, e.MessageRetracted, e.MessageIdentified, e.DeliveryReported, e.PlaceLost),
    *(e.PromiseKept, e.PromiseBroken, e.PromiseWithdrawn, e.PromisePaused, e.PromiseResumed),
    *(e.PromiseRenegotiated, e.PromiseMade, e.LeaseExpired),
)


@given(logs())
def test_a_closed_interaction_never_reopens(log):
    """Nothing but loose ends follows an end; a return is another interaction."""
    arrived, closed = set(), {}
    for event in log:
        data, name = event.data, event.subject("interaction")
        if isinstance(data, e.InteractionArrived):
            assert name not in arrived
            arrived.add(name)
            if is_derived(name) and data.parent is None:
                assert root_of(name) == root_of(data.predecessor)
        elif isinstance(data, e.InteractionClosed):
            assert name not in closed
            closed[name] = data.reason
        elif name in closed:
            assert isinstance(data, AFTERWARDS)
        elif name is not None and not isinstance(data, e.AnomalyObserved):
            assert name in arrived


@given(logs())
def test_a_return_names_what_it_follows(log):
    """A predecessor is over, or ends at once because its customer came another way."""
    closed, followed = {}, {}
    for event in log:
        data = event.data
        if isinstance(data, e.InteractionArrived) and data.predecessor is not None:
            assert data.predecessor != data.interaction
            if data.predecessor not in closed:
                followed[data.predecessor] = event.origin.command
        elif isinstance(data, e.InteractionClosed):
            closed[data.interaction] = data.reason
            if data.interaction in followed:
                assert data.reason is EndReason.SUPERSEDED
                assert event.origin.command == followed.pop(data.interaction)
    assert followed == {}


@given(logs())
def test_a_side_conversation_ends_with_its_parent(log):
    """It never outlives what it is a part of, and no customer speaks in it."""
    sides, open_ = {}, set()
    for number, event in enumerate(log):
        data = event.data
        if isinstance(data, e.InteractionArrived):
            open_.add(data.interaction)
            assert (data.direction is Direction.INTERNAL) is (data.parent is not None)
            if data.parent is not None:
                assert data.parent in open_
                sides[data.interaction] = data.parent
        elif isinstance(data, e.InteractionClosed):
            open_.discard(data.interaction)
            superseded = data.reason is EndReason.SUPERSEDED
            left = [side for side in open_ if sides.get(side) == data.interaction]
            ends = [
                next(one.data.reason for one in log[number:] if closes(one, side)) for side in left
            ]
            assert superseded or set(ends) <= {EndReason.WITHDRAWN}
        elif isinstance(data, e.MessageReceived) and data.interaction in sides:
            assert data.author is None


def closes(event: e.Event, interaction: str) -> bool:
    """Whether an event is the end of an interaction."""
    return isinstance(event.data, e.InteractionClosed) and event.data.interaction == interaction


# -- who speaks -----------------------------------------------------------------------------------


@given(logs())
def test_only_who_has_a_speaking_part_speaks(log):
    """Every message that went out came from one who was active in such a part at that position."""
    for before, event, _ in steps(log):
        data = event.data
        if isinstance(data, e.MessageSent | e.MessageSuggested):
            part = next(one for one in before.assignments if one.id == data.assignment)
            assert (part.worker, part.interaction) == (data.worker, data.interaction)
            assert part.state.value == "active"
            may = SPEAKING if isinstance(data, e.MessageSent) else SUGGESTING
            assert part.role in may


@given(logs())
def test_public_and_private_are_never_mixed(log):
    """In private nobody speaks but whose it is; every message says on which channel it was."""
    for before, event, _ in steps(log):
        data = event.data
        if isinstance(data, e.MessageReceived | e.MessageSent):
            live = next(one for one in before.interactions if one.id == data.interaction)
            assert data.channel in {live.channel, *live.been_on}
            channel = next(one for one in before.channels if one.name == data.channel)
            if isinstance(data, e.MessageReceived) and not channel.public:
                assert data.author in {None, known_as(before, live.customer)}


def known_as(now: Snapshot, customer: str | None) -> str | None:
    """By whom a customer is known."""
    while customer in now.merged:
        customer = now.merged[customer]
    return customer


@given(logs())
def test_messages_are_counted_within_their_interaction(log):
    """Each message has an id of its own, in order, whoever said it."""
    said = {}
    for event in log:
        data = event.data
        if isinstance(data, e.MessageReceived | e.MessageSent):
            said[data.interaction] = said.get(data.interaction, 0) + 1
            assert data.message == f"{data.interaction}#{said[data.interaction]}"


# -- workers --------------------------------------------------------------------------------------


@given(logs())
def test_who_is_unavailable_has_a_reason_and_a_way_back(log):
    """A worker is back by somebody's word, or at the time that was said when it went."""
    until = {}
    for _, event, after in steps(log):
        data = event.data
        if isinstance(data, e.WorkerUnavailable):
            until[data.worker] = data.until
        elif isinstance(data, e.WorkerAvailable):
            asked = event.origin.cause is e.Cause.COMMAND
            assert asked or event.occurred_at == until[data.worker]
        for worker in after.workers:
            away = worker.state is WorkerState.UNAVAILABLE
            assert away is (worker.reason is not None)


@given(logs())
def test_who_is_gone_has_nothing_of_ours_left(log):
    """Nobody signs out with live work, and who drains is gone with the last of it."""
    for _, _, after in steps(log):
        gone = {one.seat.worker.id for one in after.workers if one.state is WorkerState.SIGNED_OUT}
        theirs = {live.id for live in after.interactions if live.plan is None}
        for part in after.assignments:
            # Where somebody else routes, presence is theirs to say.
            asked = part.state.value == "pending"
            assert part.worker not in gone or part.interaction in theirs or asked


@given(logs())
def test_who_takes_no_new_work_is_not_asked(log):
    """Routing asks nobody who is away, drains or is gone; others may be given work by name."""
    for before, event, _ in steps(log):
        if isinstance(event.data, e.AssignmentOpened) and event.origin.cause is e.Cause.POLICY:
            asked = next(one for one in before.workers if one.seat.worker.id == event.data.worker)
            assert asked.state is WorkerState.AVAILABLE

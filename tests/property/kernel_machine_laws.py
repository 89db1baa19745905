"""What holds whatever happens: the laws of the kernel, asked of its log and of its snapshots.

Laws of this file: nothing here foretells anything; what is asked of the log is asked at every
position, and of a snapshot at the end of every call.
"""

from collections.abc import Sequence

from onechannel import events as e
from onechannel.events import Event
from onechannel.kernel import Snapshot

# What a thing must be for a deadline of that kind to be armed for it.
WAITS_FOR = {
    "step": {"waiting"},
    "close": {"waiting", "dormant"},
    "turn": {"waiting", "suspended"},
    "idle": {"engaged"},
    "lease": {"engaged"},
    "place": {"place"},
    "ring": {"pending"},
    "wrap-up": {"wrapping"},
    "pause": {"unavailable"},
    "return": {"draining"},
    "due": {"open"},
    "resume": {"paused"},
    "lapse": {"open"},
    "receipt": {"parked"},
}
PROMISE_ENDS = (
    *(e.PromiseKept, e.PromiseBroken, e.PromiseRenegotiated, e.PromiseWithdrawn),
)  # fmt: skip
JOURNEY_ENDS = (e.JourneyAchieved, e.JourneyFailed, e.JourneyLapsed)


class Laws:
    """Who has each customer, and what has ended, by the log alone."""

    def __init__(self) -> None:
        self.holders: dict[str, str | None] = {}
        self.theirs: set[str] = set()
        self.roles: dict[str, str] = {}
        self.messages: set[str] = set()
        self.ids: set[str] = set()
        self.open: set[str] = set()
        self.arriving: str | None = None

    # -- of the log -------------------------------------------------------------------------------

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what happened, one position after the other."""
        for event in events:
            data = event.data
            follow = FOLLOWS.get(type(data))
            if follow is not None:
                follow(self, data)
            if isinstance(data, e.InteractionArrived):
                self.arriving = data.interaction
                if event.origin.cause == "observed":
                    # Until we queue it, it is with whoever we observe.
                    self.theirs.add(data.interaction)
            elif not isinstance(data, (e.PolicyFaulted, e.QueueDefined)):
                assert self.with_somebody(self.arriving), event
                assert self.with_somebody(getattr(data, "interaction", None)), event
                self.arriving = None
        assert self.with_somebody(self.arriving), "it arrived, and is with nobody"
        self.arriving = None

    def with_somebody(self, interaction: str | None) -> bool:
        """Whether an open interaction that we route has a queue, a worker or a keeper."""
        ours = interaction in self.holders and interaction not in self.theirs
        return not ours or self.holders[interaction] is not None

    def arrived(self, data: e.InteractionArrived) -> None:
        assert data.interaction not in self.ids, "an interaction arrives once"
        self.ids.add(data.interaction)
        self.holders[data.interaction] = None

    def queued(self, data: e.InteractionQueued) -> None:
        self.holders[data.interaction] = f"queue {data.queue}"
        if data.plan is not None:
            self.theirs.discard(data.interaction)

    def set_aside(self, data: e.InteractionSlept | e.InteractionSuspended) -> None:
        self.holders[data.interaction] = "keeper"

    def scheduled(self, data: e.InteractionScheduled) -> None:
        self.holders[data.interaction] = "queue"

    def closed(self, data: e.InteractionClosed) -> None:
        del self.holders[data.interaction]
        self.theirs.discard(data.interaction)

    def opened(self, data: e.AssignmentOpened) -> None:
        assert data.assignment not in self.ids, "an assignment is opened once"
        self.ids.add(data.assignment)
        self.roles[data.assignment] = data.role

    def accepted(self, data: e.AssignmentAccepted | e.RoleChanged) -> None:
        role = self.roles[data.assignment] = getattr(data, "role", self.roles[data.assignment])
        if role == "serves":
            self.holders[data.interaction] = data.assignment

    def let_go(self, data: e.AssignmentReleased | e.AssignmentWrapping) -> None:
        if self.holders.get(data.interaction) == data.assignment:
            self.holders[data.interaction] = None

    def said(self, data: e.MessageReceived | e.MessageSent) -> None:
        assert data.message not in self.messages, "a message has an id of its own"
        self.messages.add(data.message)

    def begun(self, data: e.PromiseMade | e.JourneyOpened) -> None:
        name = getattr(data, "promise", None) or data.journey
        assert name not in self.ids, "a promise is made once, a journey opened once"
        self.ids.add(name)
        self.open.add(name)

    def goes_on(self, data: e.EventData) -> None:
        name = getattr(data, "promise", None) or data.journey
        assert name in self.open, "what has ended is in one state for ever"
        if isinstance(data, (*PROMISE_ENDS, *JOURNEY_ENDS)):
            self.open.remove(name)

    # -- of what is there -------------------------------------------------------------------------

    def hold(self, now: Snapshot) -> None:
        """Whatever was asked, this is so afterwards."""
        assert {one.id for one in now.interactions} == self.holders.keys()
        pursued = {one.id for one in now.promises} | {one.id for one in now.journeys}
        assert pursued == self.open
        self.owners(now)
        self.loads(now)
        self.deadlines(now)

    def owners(self, now: Snapshot) -> None:
        """An engaged interaction has one owner, which serves; no other has any."""
        serving = {}
        for one in now.assignments:
            if one.role == "serves" and one.state in {"active", "held"}:
                assert serving.setdefault(one.interaction, one.id) == one.id, "two owners"
        owned = {one.id: one.owner for one in now.interactions if one.state == "engaged"}
        assert serving == owned

    def loads(self, now: Snapshot) -> None:
        """A worker's load is that of its live assignments; who drains has some left."""
        loads = dict.fromkeys((one.seat.worker.id for one in now.workers), 0)
        for one in now.assignments:
            loads[one.worker] += one.load
        for one in now.workers:
            assert one.seat.load == loads[one.seat.worker.id]
            assert one.state != "draining" or one.assignments, "it drains, and has nothing left"

    def deadlines(self, now: Snapshot) -> None:
        """No deadline is armed for what is gone, or is not what the deadline is for."""
        states = {one.id: one.state for one in now.interactions}
        for kind in (now.assignments, now.promises, now.journeys):
            states.update((one.id, one.state) for one in kind)
        workers = {one.seat.worker.id: one.state for one in now.workers}
        places = {one.id for one in now.places}
        for one in now.deadlines:
            if one.alarm in {"pause", "return"}:
                state = workers.get(one.subject)
            elif one.alarm == "place":
                state = "place" if one.subject in places else None
            elif one.alarm == "receipt":
                state = "parked" if one.subject in now.parked else None
            else:
                state = states.get(one.subject)
            assert state in WAITS_FOR[one.alarm], one
            assert one.at > now.at, one


FOLLOWS = {
    e.InteractionArrived: Laws.arrived,
    e.InteractionQueued: Laws.queued,
    e.InteractionScheduled: Laws.scheduled,
    e.InteractionClosed: Laws.closed,
    e.AssignmentOpened: Laws.opened,
    **dict.fromkeys((e.InteractionSlept, e.InteractionSuspended), Laws.set_aside),
    **dict.fromkeys((e.AssignmentAccepted, e.RoleChanged), Laws.accepted),
    **dict.fromkeys((e.AssignmentReleased, e.AssignmentWrapping), Laws.let_go),
    **dict.fromkeys((e.MessageReceived, e.MessageSent), Laws.said),
    **dict.fromkeys((e.PromiseMade, e.JourneyOpened), Laws.begun),
    **dict.fromkeys(PROMISE_ENDS, Laws.goes_on),
    **dict.fromkeys((e.PromisePaused, e.PromiseResumed), Laws.goes_on),
    **dict.fromkeys(JOURNEY_ENDS, Laws.goes_on),
    **dict.fromkeys((e.JourneyJoined, e.JourneyExtended), Laws.goes_on),
}

"""The commit cycle: what is served, refused, skipped and repeated, and what a fault leaves behind.

That all this holds for any submissions is proved in tests/property/test_delivery_cycle.py.
"""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import attrs
import pytest

from onechannel import commands as c
from onechannel.codec import snapshot_to_json
from onechannel.delivery import CommitCycle, Refused, Served, Skipped, Submission
from onechannel.errors import CommandRefused, InvalidValue, PolicyMissing, StoreFault
from onechannel.events import Cause
from onechannel.kernel import SNAPSHOT_VERSION, Kernel
from onechannel.model.address import Address
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import Named, Policy
from onechannel.model.worker import Worker
from onechannel.ports import Conflict, StoredSnapshot
from onechannel.stores.memory import MemoryStore

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
RINGING = timedelta(seconds=20)  # the default policy's
SET_UP = 7  # where the log of `ringing_centre` ends


def run(cycle, *chains, at=AT):
    """One cycle of chains, each a sequence of (id, command)."""
    given = [[Submission(command, name) for name, command in chain] for chain in chains]
    return cycle.run(given, lambda: at)


def serve(cycle, *commands, at=AT, prefix="s"):
    """Serve commands that nothing keeps from being served."""
    for number, command in enumerate(commands):
        ((answer,),) = run(cycle, [(f"{prefix}{number}", command)], at=at).answers
        assert isinstance(answer, Served), answer


def arrive(interaction, **fields):
    """A call comes in."""
    return c.Arrive(interaction=interaction, channel="voice", **fields)


def ringing_centre(store):
    """A centre in which marc is asked to take the call i."""
    cycle = CommitCycle(store)
    marc = Worker(id="marc")
    serve(cycle, c.DefineWorker(worker=marc), c.SignIn(worker="marc"), arrive("i"))
    return cycle


class Probed(MemoryStore):
    """A store that keeps what it is asked, and calls `before` and `after` around each commit."""

    def __init__(self):
        super().__init__()
        self.asked = []
        self.before = self.after = lambda: None

    @contextmanager
    def session(self):
        self.asked.append("session")
        with super().session() as session:
            yield ProbedSession(self, session)
        self.asked.append("end")

    def read(self, after=0, limit=None):
        self.asked.append("read")
        return super().read(after, limit)

    def save_snapshot(self, snapshot):
        self.asked.append("save")
        super().save_snapshot(snapshot)


class ProbedSession:
    """A session of such a store."""

    def __init__(self, store, session):
        self.store, self.session = store, session

    def read_since(self, position):
        self.store.asked.append("catch up")
        return self.session.read_since(position)

    def lookup(self, references):
        self.store.asked.append("lookup")
        return self.session.lookup(references)

    def __getattr__(self, name):
        return getattr(self.session, name)

    def commit(self, expected, batch):
        self.store.asked.append("commit")
        self.store.before()
        answer = self.session.commit(expected, batch)
        self.store.after()
        return answer


# -- the order within a cycle ---------------------------------------------------------------------


def test_a_cycle_catches_up_then_advances_then_serves():
    """Others' events come first, then the deadlines that are due, then the requests."""
    store = MemoryStore()
    mine = CommitCycle(store)
    assert mine.kernel.position == 0
    ringing_centre(store)
    before = store.last_position
    turnout = run(mine, [("r", c.BecomeAvailable(worker="marc"))], at=AT + RINGING)
    assert [(event.position - before, event.type) for event in turnout.events] == [
        (1, "assignment.expired"),
        (2, "worker.unavailable"),
        (3, "worker.available"),
        (4, "assignment.opened"),
    ]
    assert [event.origin.cause for event in turnout.events] == [
        Cause.DEADLINE,
        Cause.DEADLINE,
        Cause.COMMAND,
        Cause.POLICY,
    ]
    assert turnout.answers == ((Served(before + 3, before + 4),),)
    assert list(store.read(before)) == list(turnout.events)


def test_what_deadlines_made_is_kept_though_everything_is_refused():
    """A cycle of refusals alone commits the events of the deadlines that were due."""
    store = MemoryStore()
    cycle = ringing_centre(store)
    before = store.last_position
    turnout = run(cycle, [("r", c.Accept(assignment="i/1"))], at=AT + RINGING)
    assert [type(one) for one in turnout.answers[0]] == [Refused]
    assert "expired" in str(turnout.answers[0][0].error)
    assert [event.type for event in store.read(before)] == [
        "assignment.expired",
        "worker.unavailable",
    ]


def test_a_cycle_without_requests_fires_what_is_due():
    """Time alone is a reason for a cycle."""
    store = MemoryStore()
    cycle = ringing_centre(store)
    assert cycle.kernel.next_deadline == AT + RINGING
    assert run(cycle, at=AT + RINGING - timedelta(microseconds=1)).events == ()
    types = [event.type for event in run(cycle, at=AT + RINGING).events]
    assert types == ["assignment.expired", "worker.unavailable"]
    assert cycle.kernel.position == store.last_position == SET_UP + 2


def test_a_cycle_with_nothing_to_keep_commits_nothing():
    """Without events and without command ids there is no commit."""
    store = Probed()
    cycle = CommitCycle(store)
    assert run(cycle).events == ()
    run(cycle, [("r", c.Leave(interaction="absent"))])
    assert "commit" not in store.asked


def test_the_clock_is_asked_within_the_session():
    """The time of a decision is that of its turn, not that of its waiting for a turn."""
    store = Probed()
    cycle = CommitCycle(store)
    assert cycle.kernel.position == 0
    store.asked.clear()
    cycle.run([], lambda: store.asked.append("clock") or AT)
    assert [one for one in store.asked if one != "read"] == ["session", "catch up", "clock", "end"]


# -- answers --------------------------------------------------------------------------------------


def test_a_refused_command_may_come_again():
    """A refusal leaves nothing behind: under the same id the command is tried anew."""
    store = MemoryStore()
    cycle = CommitCycle(store)
    leave = ("r", c.Leave(interaction="i"))
    (refusal,) = run(cycle, [leave]).answers[0]
    assert isinstance(refusal, Refused)
    assert isinstance(refusal.error, CommandRefused)
    assert store.last_position == 0
    serve(cycle, arrive("i"))
    (answer,) = run(cycle, [leave]).answers[0]
    assert answer == Served(store.last_position, store.last_position)


def test_a_served_command_is_answered_with_its_first_events():
    """The same id again, in any cycle, of any process, makes nothing new."""
    store = MemoryStore()
    cycle = CommitCycle(store)
    once = run(cycle, [("r", arrive("i"))], [("r", arrive("j"))], [("q", c.Leave(interaction="i"))])
    first, again, _ = (chain[0] for chain in once.answers)
    assert first == Served(1, 4)
    assert again == Served(1, 4, repeated=True)
    for other in (cycle, CommitCycle(store)):
        turnout = run(other, [("r", arrive("k")), ("q", c.Leave(interaction="i"))])
        assert turnout.answers == ((again, Served(5, 5, repeated=True)),)
        assert turnout.events == ()


def test_a_command_that_makes_nothing_is_served_once():
    """No event is an answer too: it is remembered, and says so when it is repeated."""
    store = MemoryStore()
    cycle = CommitCycle(store)
    marc = c.DefineWorker(worker=Worker(id="marc"))
    serve(cycle, marc)
    assert run(cycle, [("r", marc)]).answers == ((Served(0, 0),),)
    serve(cycle, c.DefineWorker(worker=Worker(id="marc", department="claims")), prefix="t")
    assert run(cycle, [("r", marc)]).answers == ((Served(0, 0, repeated=True),),)
    assert store.last_position == 2


def test_what_follows_a_refusal_in_its_chain_is_skipped():
    """A chain ends at its first refusal, but for what was served before; other chains go on."""
    cycle = CommitCycle(MemoryStore())
    serve(cycle, arrive("i"), prefix="early")
    answers = run(
        cycle,
        [
            ("a", c.Say(interaction="i", text="hello")),
            ("b", c.Leave(interaction="absent")),
            ("early0", arrive("i")),
            ("c", c.Leave(interaction="i")),
            ("d", c.Leave(interaction="absent")),
        ],
        [("e", c.Leave(interaction="i"))],
    ).answers
    assert [type(one) for one in answers[0]] == [Served, Refused, Served, Skipped, Skipped]
    assert answers[0][2].repeated
    assert answers[1] == (Served(6, 6),)
    # what was skipped was not served: it may come again
    assert isinstance(run(cycle, [("c", c.Leave(interaction="i"))]).answers[0][0], Refused)


def test_a_policy_that_this_process_lacks_is_a_refusal():
    """A process without the callable that the policy names refuses, and changes nothing."""
    store = MemoryStore()
    able = CommitCycle(store, {"vip": lambda _: Plan(queue="main", steps=(Step(),))})
    serve(able, c.AdoptPolicy(policy=Policy(name="vip", plan=Named("vip"))))
    unable = CommitCycle(store)
    ((refusal,),) = run(unable, [("r", arrive("i"))]).answers
    assert isinstance(refusal.error, PolicyMissing)
    assert store.last_position == 1
    ((answer,),) = run(able, [("r", arrive("i"))]).answers
    assert isinstance(answer, Served)


def test_a_request_sees_the_earlier_ones_of_its_cycle():
    """Customers, addresses, arrivals and ends of the same cycle count as if committed."""
    store = MemoryStore()
    ana = Address.parse("tel:+34600111222")
    turnout = run(
        CommitCycle(store),
        [
            ("register", c.RegisterCustomer(customer="ana", addresses=(ana,))),
            ("by address", arrive("i", address=ana)),
            ("end", c.Leave(interaction="i")),
            ("return", c.Say(interaction="i", text="one more thing")),
            ("end again", c.Leave(interaction="i~1")),
            ("follow", c.Arrive(channel="voice", follows="i")),
        ],
        [("twice", c.RegisterCustomer(customer="ana"))],
        [("taken", c.RegisterCustomer(customer="bo", addresses=(ana,)))],
        [("id", arrive("i"))],
    )
    assert [type(one) for one in turnout.answers[0]] == [Served] * 6
    assert [type(chain[0]) for chain in turnout.answers[1:]] == [Refused] * 3
    arrived = [event.data for event in turnout.events if event.type == "interaction.arrived"]
    assert [(one.interaction, one.customer) for one in arrived] == [
        ("i", "ana"),
        ("i~1", "ana"),
        ("i~2", "ana"),
    ]


def test_a_request_sees_what_its_cycle_did_to_what_was_there():
    """What arrived in an earlier cycle and ended in this one is over, and can be followed."""
    store = MemoryStore()
    cycle = CommitCycle(store)
    serve(cycle, arrive("i"), arrive("j"))
    turnout = run(
        cycle,
        [("end", c.Leave(interaction="i")), ("return", c.Say(interaction="i", text="once more"))],
        [("open", c.Arrive(channel="voice", follows="j"))],
    )
    assert [type(one) for one in turnout.answers[0]] == [Served, Served]
    assert "still open" in str(turnout.answers[1][0].error)
    assert "i~1" in [event.subject("interaction") for event in turnout.events]


def test_an_address_is_known_in_later_cycles():
    """By whom a customer is known is committed with the registration."""
    store = MemoryStore()
    ana = Address.parse("tel:+34600111222")
    cycle = CommitCycle(store)
    serve(cycle, c.RegisterCustomer(customer="ana", addresses=(ana,)), arrive("i", address=ana))
    (arrived,) = [event.data for event in store.read() if event.type == "interaction.arrived"]
    assert arrived.customer == "ana"
    ((refusal,),) = run(cycle, [("r", c.RegisterCustomer(customer="bo", addresses=(ana,)))]).answers
    assert "is customer ana's" in str(refusal.error)


# -- faults ---------------------------------------------------------------------------------------


def failing():
    """A store that cannot work."""
    raise StoreFault("the disk is full")


def test_a_commit_that_failed_is_done_again():
    """The replica that decided on it is thrown away; the same submissions succeed later, once."""
    store = Probed()
    cycle = ringing_centre(store)
    accept = ("r", c.Accept(assignment="i/1"))
    store.before = failing
    for _ in range(3):
        with pytest.raises(StoreFault, match="full"):
            run(cycle, [accept])
        assert cycle.kernel.position == store.last_position == SET_UP
    store.before = lambda: None
    assert run(cycle, [accept]).answers == ((Served(SET_UP + 1, SET_UP + 1),),)


def test_a_commit_that_nobody_knows_the_end_of_is_not_doubled():
    """It was kept and the answer lost: the same submissions are answered as repeated."""
    store = Probed()
    cycle = ringing_centre(store)
    chain = [("r", c.Accept(assignment="i/1")), ("q", c.Leave(interaction="i"))]
    store.after = failing
    with pytest.raises(StoreFault):
        run(cycle, chain)
    store.after = lambda: None
    log = list(store.read())
    turnout = run(cycle, chain)
    first, last = (SET_UP + 1, SET_UP + 1), (SET_UP + 2, SET_UP + 3)
    assert turnout.answers == ((Served(*first, repeated=True), Served(*last, repeated=True)),)
    assert turnout.events == ()
    assert list(store.read()) == log


def test_whoever_comes_first_is_followed():
    """Where a store has no lock and another appends first, the decision is taken anew, after it."""
    store = Probed()
    cycle = ringing_centre(store)
    other = CommitCycle(store)

    def first():
        store.before = lambda: None
        store._in_session = False
        run(other, [("o", c.Decline(assignment="i/1"))])
        store._in_session = True

    store.before = first
    ((answer,),) = run(cycle, [("r", c.Accept(assignment="i/1"))]).answers
    assert isinstance(answer, Refused)
    assert "declined" in str(answer.error)
    kept = [event.type for event in store.read(SET_UP)]
    assert kept == ["assignment.declined", "worker.unavailable"]


def test_a_contest_that_does_not_end_is_given_up(monkeypatch):
    """Whoever always loses is told so, and may come again."""
    store, tries = Probed(), []
    cycle = CommitCycle(store)

    def lose(_session, expected, _batch):
        tries.append(expected)
        return Conflict(expected + 1)

    with monkeypatch.context() as contested:
        contested.setattr(ProbedSession, "commit", lose)
        with pytest.raises(StoreFault, match="somebody else appended first, 8 times in a row"):
            run(cycle, [("r", arrive("i"))])
    assert tries == [0] * 8
    assert run(cycle, [("r", arrive("i"))]).answers == ((Served(1, 4),),)


def test_a_fault_before_anything_was_decided_costs_no_replica():
    """A session that could not begin has changed nothing: the log is not replayed for it."""
    store = Probed()
    cycle = ringing_centre(store)
    store._in_session = True  # somebody else's turn
    with pytest.raises(StoreFault, match="locked"):
        run(cycle, [("r", c.Accept(assignment="i/1"))])
    store._in_session = False
    store.asked.clear()
    ((answer,),) = run(cycle, [("r", c.Accept(assignment="i/1"))]).answers
    assert answer == Served(SET_UP + 1, SET_UP + 1)
    assert store.asked[0] == "session"


def test_any_other_error_costs_the_replica():
    """Whatever goes wrong in the middle, the next cycle decides on what the log says."""
    store = Probed()
    cycle = ringing_centre(store)
    kernel = cycle.kernel
    with pytest.raises(InvalidValue):
        cycle.run([], lambda: datetime(2026, 1, 5))  # noqa: DTZ001 - that is the error
    assert cycle.kernel is not kernel
    assert cycle.kernel.position == SET_UP


def test_cycles_at_one_store_take_turns():
    """Each sees what the others have committed, and none decides on what is past."""
    store = MemoryStore()
    left, right = ringing_centre(store), CommitCycle(store)
    assert isinstance(run(left, [("l", c.Accept(assignment="i/1"))]).answers[0][0], Served)
    ((refusal,),) = run(right, [("r", c.Accept(assignment="i/1"))]).answers
    assert "is active" in str(refusal.error)
    serve(right, c.Leave(interaction="i"), prefix="right")
    ((refusal,),) = run(left, [("m", c.Leave(interaction="i"))]).answers
    assert "is not open" in str(refusal.error)
    assert left.kernel.position == right.kernel.position == store.last_position


# -- snapshots ------------------------------------------------------------------------------------


def test_a_snapshot_is_saved_outside_sessions():
    """Writing it keeps nobody from the log."""
    store = Probed()
    cycle = ringing_centre(store)
    store.asked.clear()
    cycle.save_snapshot()
    assert store.asked == ["save"]
    assert store.snapshot().position == SET_UP


def test_a_start_reads_the_tail_only():
    """With a snapshot, a new process reads what came after it, and decides as the old one."""
    store = MemoryStore()
    cycle = ringing_centre(store)
    cycle.save_snapshot()
    serve(cycle, c.Accept(assignment="i/1"), prefix="later")
    read = []
    store.read = lambda after=0, limit=None: (
        read.append(after) or MemoryStore.read(store, after, limit)
    )
    fresh = CommitCycle(store)
    assert snapshot_to_json(fresh.kernel.snapshot()) == snapshot_to_json(cycle.kernel.snapshot())
    assert min(read) == SET_UP - 1  # the event at the snapshot, to see that it is of this log
    assert isinstance(run(fresh, [("r", c.Leave(interaction="i"))]).answers[0][0], Served)


def spoilt_snapshots():
    """Snapshots that must not be used, each with the reason."""
    store = MemoryStore()
    cycle = ringing_centre(store)
    cycle.save_snapshot()
    sound = store.snapshot()
    newer = attrs.evolve(cycle.kernel.snapshot(), version=SNAPSHOT_VERSION + 1)
    seal, _, body = sound.text.partition("\n")
    other = MemoryStore()
    cycle = CommitCycle(other)
    for number in range(4):
        serve(cycle, arrive(f"j-{number}"), at=AT + timedelta(hours=1), prefix=f"{number}-")
    cycle.save_snapshot()
    yield "nothing", ""
    yield "no seal", body
    yield "cut short", sound.text[:-1]
    yield "a letter changed", sound.text.replace("marc", "mark")
    yield "another's seal", f"{seal[::-1]}\n{body}"
    yield "of another log", other.snapshot().text
    yield "sealed nonsense", sealed("{}")
    yield "of another version", sealed(snapshot_to_json(newer))


def sealed(body):
    """A body under its seal, as a later release would write it."""
    return f"{sha256(body.encode()).hexdigest()}\n{body}"


@pytest.mark.parametrize("text", [pytest.param(t, id=name) for name, t in spoilt_snapshots()])
def test_a_snapshot_that_does_not_fit_is_thrown_away(text):
    """Damaged, of another version or of another log: the log is replayed instead."""
    store = MemoryStore()
    cycle = ringing_centre(store)
    store.save_snapshot(StoredSnapshot(SET_UP, text))
    fresh = CommitCycle(store)
    assert snapshot_to_json(fresh.kernel.snapshot()) == snapshot_to_json(cycle.kernel.snapshot())
    fresh.save_snapshot()
    assert store.snapshot().text != text


def test_a_snapshot_ahead_of_the_log_is_thrown_away():
    """A log put back from a backup ends before the snapshot: what the log says is what was."""
    store, backup = MemoryStore(), MemoryStore()
    ringing_centre(backup)
    cycle = ringing_centre(store)
    serve(cycle, c.Accept(assignment="i/1"), prefix="later")
    cycle.save_snapshot()
    backup.save_snapshot(store.snapshot())
    restored = CommitCycle(backup)
    assert restored.kernel.position == SET_UP
    assert isinstance(run(restored, [("r", c.Accept(assignment="i/1"))]).answers[0][0], Served)
    assert Kernel.replay(backup.read()).position == SET_UP + 1


def test_a_submission_is_checked_when_it_is_made():
    """An id is printable text, and the time claimed names an instant."""
    with pytest.raises(InvalidValue, match=r"Submission\.id"):
        Submission(c.Leave(interaction="i"), "")
    with pytest.raises(InvalidValue, match="zone"):
        Submission(c.Leave(interaction="i"), "r", claimed_at=datetime(2026, 1, 5))  # noqa: DTZ001

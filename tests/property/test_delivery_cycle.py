"""The commit cycle, on any submissions: grouping, sharing, faults and restarts change nothing.

What is submitted are the requests of rehearsals: commands of every kind, some served and some
refused, over some minutes of a centre's life.
"""

import copy
from collections import Counter
from contextlib import contextmanager

import attrs
from hypothesis import given
from hypothesis import strategies as st

from onechannel.codec import event_to_json, snapshot_to_json
from onechannel.delivery import CommitCycle, Refused, Served, Skipped, Submission
from onechannel.errors import StoreFault
from onechannel.facts import Facts
from onechannel.kernel import Kernel
from onechannel.ports import (
    Batch,
    CustomerKnown,
    HolderOf,
    LineOf,
    StoredSnapshot,
    reference_key,
)
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore
from onechannel.testing.strategies import PLANNERS, Rehearsal, scripts


@attrs.frozen
class Group:
    """What goes into one cycle: chains of submissions, and the time of that cycle."""

    chains: tuple
    at: object


@st.composite
def groups(draw, most=60):
    """The requests of a rehearsal, in order, in cycles of any size, and chains of any length."""
    requests = Rehearsal.of(draw(scripts(most))).requests
    made = []
    while requests:
        size = draw(st.integers(1, 12))
        part, requests = requests[:size], requests[size:]
        length = draw(st.integers(1, 4))
        submissions = [Submission(r.command, r.id, r.actor, r.claimed_at) for r in part]
        chains = [submissions[at : at + length] for at in range(0, len(part), length)]
        made.append(Group(tuple(map(tuple, chains)), part[0].at))
    return made


def cycle_at(store):
    """A cycle that has the planners which policies name."""
    return CommitCycle(store, PLANNERS)


def play(cycle, group):
    """One cycle; gives its answers."""
    return cycle.run(group.chains, lambda: group.at).answers


def play_singly(cycle, group):
    """As many cycles as there are submissions, at the same time; gives the same answers."""
    answers = []
    for chain in group.chains:
        said = []
        for submission in chain:
            if any(isinstance(one, Refused) for one in said):
                said.append(Skipped())
            else:
                said.append(cycle.run([[submission]], lambda: group.at).answers[0][0])
        answers.append(tuple(said))
    return tuple(answers)


def plain(answers):
    """Answers as plain values: why something was refused counts, not which exception said it."""
    return [
        [str(one.error) if isinstance(one, Refused) else one for one in chain] for chain in answers
    ]


def lines(store):
    """The log as text."""
    return [event_to_json(event) for event in store.read()]


def state(cycle):
    """Everything that the next decision depends on, as text."""
    return snapshot_to_json(cycle.kernel.snapshot())


# -- grouping and sharing -------------------------------------------------------------------------


@given(groups())
def test_one_cycle_is_as_good_as_many(given_groups):
    """So many submissions in one cycle make the log, and have the answers, of as many cycles."""
    together, singly = MemoryStore(), MemoryStore()
    one, many = cycle_at(together), cycle_at(singly)
    for group in given_groups:
        assert plain(play(one, group)) == plain(play_singly(many, group))
    assert lines(together) == lines(singly)
    assert state(one) == state(many)


@given(groups(), st.lists(st.integers(0, 2), min_size=1))
def test_cycles_at_one_store_are_as_good_as_one(given_groups, turns):
    """Whoever serves which group, the log is that of one process which serves them all."""
    alone, shared = MemoryStore(), MemoryStore()
    one, several = cycle_at(alone), [cycle_at(shared) for _ in range(3)]
    for number, group in enumerate(given_groups):
        served = play(several[turns[number % len(turns)]], group)
        assert plain(served) == plain(play(one, group))
    assert lines(shared) == lines(alone)
    for cycle in several:
        cycle.run([], lambda: given_groups[0].at)  # catches up
    assert {state(cycle) for cycle in several} == {state(one)}


@given(groups())
def test_stores_are_as_good_as_each_other(given_groups):
    """The store in memory and the store in SQLite lead to the same log and the same answers."""
    memory, sqlite = MemoryStore(), SQLiteStore(":memory:")
    left, right = cycle_at(memory), cycle_at(sqlite)
    for group in given_groups:
        assert plain(play(left, group)) == plain(play(right, group))
    assert lines(memory) == lines(sqlite)
    with memory.session() as one, sqlite.session() as other:
        asked = list(references(memory.read()))
        assert one.lookup(asked) == other.lookup(asked)
        ids = [s.id for group in given_groups for chain in group.chains for s in chain]
        assert one.seen(ids) == other.seen(ids)
    sqlite.close()


def references(log):
    """Everything that a look-up may be asked about a log, and a little more."""
    for event in log:
        if event.type == "customer.registered":
            yield CustomerKnown(event.data.customer)
            yield from (HolderOf(address.key) for address in event.data.addresses)
        elif event.type in {"customer.linked", "customer.unlinked"}:
            yield HolderOf(event.data.address.key)
        elif event.type == "message.identified":
            yield HolderOf(reference_key(event.data.reference))
        elif event.type == "interaction.arrived":
            yield LineOf(event.data.interaction)
    yield from (CustomerKnown("absent"), HolderOf("tel:+1"), LineOf("absent"))


@given(groups())
def test_a_served_command_is_served_for_ever(given_groups):
    """Given again in any grouping, at any later time, all that was served makes nothing."""
    store = MemoryStore()
    cycle = cycle_at(store)
    first = {}
    for group in given_groups:
        for chain, answers in zip(group.chains, play(cycle, group), strict=True):
            first.update(
                (submission.id, answer)
                for submission, answer in zip(chain, answers, strict=True)
                if isinstance(answer, Served)
            )
    again = [[s] for g in given_groups for chain in g.chains for s in chain if s.id in first]
    turnout = CommitCycle(store).run(again, lambda: given_groups[0].at)
    for (submission,), (answer,) in zip(again, turnout.answers, strict=True):
        assert answer == attrs.evolve(first[submission.id], repeated=True)
    assert turnout.events == ()


@given(groups())
def test_what_passes_is_never_in_the_log(given_groups):
    """Every event of a cycle is either kept, at the next position, or passes; never both."""
    store = MemoryStore()
    cycle, kept = cycle_at(store), []
    for group in given_groups:
        turnout = cycle.run(group.chains, lambda at=group.at: at)
        assert all(event.data.stored for event in turnout.events)
        assert not any(event.data.stored for event in turnout.passing)
        kept += turnout.events
    assert list(store.read()) == kept


@given(groups())
def test_a_cycle_leaves_nothing_due(given_groups):
    """What a request arms is never due in its own cycle: to advance once, at first, is enough."""
    store = MemoryStore()
    cycle = cycle_at(store)
    for group in given_groups:
        play(cycle, group)
        now = max([group.at, *(event.recorded_at for event in store.read())])
        assert cycle.kernel.next_deadline is None or cycle.kernel.next_deadline > now


# -- faults ---------------------------------------------------------------------------------------


class Unreliable(MemoryStore):
    """A store that fails as it is told: before a commit, or after it, when it is kept already.

    It has no lock: where it is told so, an intruder appends between reading and committing.
    """

    def __init__(self, faults, intruder=None):
        super().__init__()
        self.faults, self.intruder = iter(faults), intruder

    @contextmanager
    def session(self):
        self._in_session = False  # nobody locks anybody out
        with super().session() as session:
            yield UnreliableSession(self, session)


class UnreliableSession:
    """A session of such a store."""

    def __init__(self, store, session):
        self.store, self.session = store, session

    def __getattr__(self, name):
        return getattr(self.session, name)

    def commit(self, expected, batch):
        fault = next(self.store.faults, None)
        if fault == "before":
            raise StoreFault("nothing was kept")
        if fault == "intruder":
            self.store.intruder()
        answer = self.session.commit(expected, batch)
        if fault == "after":
            raise StoreFault("nobody knows")
        return answer


def insist(cycle, group):
    """Give the same submissions again until the store works; gives the answers."""
    while True:
        try:
            return play(cycle, group)
        except StoreFault:
            pass


def check_conservation(store, given_groups, answers):
    """Each command that was served has its events, once; no event has another command."""
    served = {
        submission.id: answer
        for group, said in zip(given_groups, answers, strict=True)
        for chain, chained in zip(group.chains, said, strict=True)
        for submission, answer in zip(chain, chained, strict=True)
        if isinstance(answer, Served)
    }
    made = Counter()
    for event in store.read():
        command = event.origin.command
        if command in served:
            assert served[command].first <= event.position <= served[command].last
            made[command] += 1
    for command, answer in served.items():
        assert made[command] == (answer.last - answer.first + 1 if answer.last else 0)
    with store.session() as session:
        seen = session.seen([s.id for g in given_groups for chain in g.chains for s in chain])
    assert seen == {name: (answer.first, answer.last) for name, answer in served.items()}


@given(groups(), st.lists(st.sampled_from([None, "before"])))
def test_commits_that_fail_change_nothing(given_groups, faults):
    """After any number of failed commits the log is that of a store that never failed."""
    sound, unreliable = MemoryStore(), Unreliable(faults)
    one, other = cycle_at(sound), cycle_at(unreliable)
    for group in given_groups:
        assert plain(insist(other, group)) == plain(play(one, group))
    assert lines(unreliable) == lines(sound)


@given(groups(), st.lists(st.sampled_from([None, "before", "after"])))
def test_nothing_is_lost_or_doubled_whatever_is_unknown(given_groups, faults):
    """Whether a commit failed or was kept and its answer lost: each command is served once."""
    store = Unreliable(faults)
    cycle = cycle_at(store)
    answers = [insist(cycle, group) for group in given_groups]
    check_conservation(store, given_groups, answers)
    assert snapshot_to_json(Kernel.replay(store.read()).snapshot()) == state(cycle)


@given(groups(40), groups(20), st.lists(st.sampled_from([None, "intruder", "before", "after"])))
def test_whoever_appends_in_between_is_followed(given_groups, others, faults):
    """Where anybody may append before a commit, decisions are taken anew, and each command once."""
    others = [
        Group(tuple(tuple(attrs.evolve(s, id=f"o-{s.id}") for s in c) for c in g.chains), g.at)
        for g in others
    ]
    waiting, served = iter(others), []

    def intrude():
        group = next(waiting, None)
        if group is not None:
            faults_then, store.faults = store.faults, iter(())
            served.append((group, play(intruder, group)))
            store.faults = faults_then

    store = Unreliable(faults, intrude)
    cycle, intruder = cycle_at(store), cycle_at(store)
    answers = [insist(cycle, group) for group in given_groups]
    check_conservation(
        store,
        [*given_groups, *(group for group, _ in served)],
        [*answers, *(said for _, said in served)],
    )
    assert [event.position for event in store.read()] == [*range(1, store.last_position + 1)]
    assert snapshot_to_json(Kernel.replay(store.read()).snapshot()) == state(cycle)


# -- restarts -------------------------------------------------------------------------------------


@given(groups(), st.integers(0, 60), st.integers(0, 60))
def test_a_snapshot_and_its_tail_are_the_whole_log(given_groups, saved, restarted):
    """Restarted with a snapshot, a process stands where a replay stands, and decides the same."""
    store = MemoryStore()
    cycle = cycle_at(store)
    restarted = min(restarted, len(given_groups))
    for number, group in enumerate(given_groups[:restarted]):
        play(cycle, group)
        if number == saved:
            cycle.save_snapshot()
    bare = copy.deepcopy(store)
    bare._snapshot = None
    with_snapshot, replayed = cycle_at(store), cycle_at(bare)
    assert state(with_snapshot) == state(replayed) == state(cycle)
    for group in given_groups[restarted:]:
        assert plain(play(with_snapshot, group)) == plain(play(replayed, group))
    assert lines(store) == lines(bare)


@given(groups(20), st.data())
def test_a_damaged_snapshot_is_as_good_as_none(given_groups, data):
    """Whatever happens to a snapshot's text, the replica is that of the log."""
    store = MemoryStore()
    cycle = cycle_at(store)
    for group in given_groups:
        play(cycle, group)
    cycle.save_snapshot()
    stored = store.snapshot()
    at = data.draw(st.integers(0, len(stored.text) - 1))
    sign = data.draw(st.sampled_from(["", "0", "1", "x", '"', "é"]))
    damaged = stored.text[:at] + sign + stored.text[at + 1 :]
    store._snapshot = StoredSnapshot(stored.position, damaged)
    assert state(cycle_at(store)) == state(cycle)


# -- facts ----------------------------------------------------------------------------------------


@given(groups())
def test_what_is_uncommitted_counts_as_committed(given_groups):
    """The facts of the last request of a cycle are those it would find if all before were kept."""
    store, asked = MemoryStore(), []

    class Listening(Kernel):
        """A kernel that keeps the facts it was given."""

        def handle(self, request, facts):
            asked.append((self.position, facts))
            return super().handle(request, facts)

    cycle = cycle_at(store)
    cycle._kernel = Listening(PLANNERS)
    for group in given_groups:
        play(cycle, group)
    log = list(store.read())
    for position, facts in asked:
        kept = MemoryStore()
        with kept.session() as session:
            session.commit(0, batch_of(log[:position]))
        with kept.session() as session:
            assert facts == Facts(session.lookup(facts.answers))


def batch_of(log):
    """A log as one batch, with what each key denotes at its end."""
    keys = {}
    for event in log:
        data = event.data
        if event.type == "customer.registered":
            keys |= dict.fromkeys((address.key for address in data.addresses), data.customer)
        elif event.type == "customer.linked":
            keys[data.address.key] = data.customer
        elif event.type == "customer.unlinked":
            del keys[data.address.key]
        elif event.type == "message.identified":
            keys[reference_key(data.reference)] = data.message
    return Batch(events=tuple(log), keys=keys)

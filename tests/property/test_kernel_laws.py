"""The laws of the kernel, each over random scripts: whatever is tried, in whatever order.

Here: that there is one history, however it is come by; and customers who are one and are not.
"""

import os
import subprocess
import sys

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.kernel_steps import text

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import event_to_json, snapshot_from_json, snapshot_to_json
from onechannel.errors import CommandRefused, PolicyMissing
from onechannel.kernel import Kernel
from onechannel.testing.strategies import PLANNERS, Rehearsal, logs, scripts

# -- one history, however it is come by -----------------------------------------------------------


@given(scripts())
def test_deciding_is_deterministic(script):
    """The same requests at the same times make the same events, to the byte."""
    first, second = Rehearsal.of(script), Rehearsal.of(script)
    assert first.log == second.log
    assert [*map(event_to_json, first.log)] == [*map(event_to_json, second.log)]
    assert text(first.kernel) == text(second.kernel)


HASHED = """
from hashlib import sha256
from onechannel.codec import event_to_json, snapshot_to_json
from onechannel.testing.strategies import Rehearsal, seeded
done = Rehearsal.of(seeded(7, 2000))
print(len(done.log), sha256("".join(map(event_to_json, done.log)).encode()).hexdigest())
print(sha256(snapshot_to_json(done.kernel.snapshot()).encode()).hexdigest())
"""


def test_hash_order_decides_nothing():
    """A long history is the same to the byte whatever order sets and hashes have in the process."""
    told = {
        subprocess.run(
            [sys.executable, "-c", HASHED],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(told) == 1
    assert int(told.pop().split()[0]) > 500, "the history is too short to prove anything"


@given(scripts())
def test_a_refused_request_changes_nothing(script):
    """After a refusal the kernel knows what it knew, and is due when it was due."""
    rehearsal = Rehearsal()
    for cue in script:
        request = rehearsal.request(cue)
        rehearsal.advance(request.at)
        kernel = rehearsal.kernel
        before = (text(kernel), kernel.position, kernel.next_deadline)
        try:
            rehearsal.handle(request)
        except (CommandRefused, PolicyMissing):
            assert (text(kernel), kernel.position, kernel.next_deadline) == before


@given(scripts())
def test_the_log_is_the_same_without_the_refused(script):
    """What was refused leaves no trace in any later decision, not even in an index."""
    told, untold = Rehearsal(), Rehearsal()
    for cue in script:
        request = told.request(cue)
        untold.advance(told.at)
        untold.advance(request.at)
        if told.attempt(request):
            untold.handle(request)
    assert untold.log == told.log


@given(scripts())
def test_a_replay_stands_where_the_live_kernel_stood(script):
    """The log alone gives the same state, with no policy code at all."""
    live = Rehearsal.of(script)
    assert text(Kernel.replay(live.log)) == text(live.kernel)


@given(scripts(), st.integers(0, 100))
def test_a_replay_decides_as_the_live_kernel(script, cut):
    """Half-way, the kernel is exchanged for one that only read the log: nothing changes."""
    exchanged = Rehearsal.of(script[:cut])
    exchanged.kernel = Kernel.replay(exchanged.log, PLANNERS)
    for cue in script[cut:]:
        exchanged.perform(cue)
    assert exchanged.log == Rehearsal.of(script).log


@given(logs(), st.integers(0, 10_000))
def test_a_snapshot_and_the_tail_are_the_whole_log(log, cut):
    """At whatever event the snapshot was taken: with the rest of the log it is the full replay."""
    position = cut % (len(log) + 1)
    kept = snapshot_to_json(Kernel.replay(log[:position]).snapshot())
    restored = Kernel.restore(snapshot_from_json(kept))
    assert text(restored) == kept
    restored.follow(log[position:])
    assert text(restored) == text(Kernel.replay(log))


@given(scripts(), st.integers(0, 100))
def test_a_restored_kernel_decides_as_the_live_one(script, cut):
    """Half-way, the kernel is exchanged for one restored from its snapshot: nothing changes."""
    exchanged = Rehearsal.of(script[:cut])
    kept = text(exchanged.kernel)
    exchanged.kernel = Kernel.restore(snapshot_from_json(kept), PLANNERS)
    for cue in script[cut:]:
        exchanged.perform(cue)
    assert exchanged.log == Rehearsal.of(script).log


@given(scripts())
def test_a_snapshot_is_a_value(script):
    """Later events do not change a snapshot, nor does a kernel that was restored from it."""
    rehearsal = Rehearsal()
    kept = rehearsal.kernel.snapshot()
    before = snapshot_to_json(kept)
    rehearsal.kernel = Kernel.restore(kept, PLANNERS)
    for cue in script:
        rehearsal.perform(cue)
    assert snapshot_to_json(kept) == before


# -- customers who are one ------------------------------------------------------------------------


def known(kernel: Kernel) -> str:
    """Everything a kernel knows, but for where the log ends."""
    return snapshot_to_json(attrs.evolve(kernel.snapshot(), position=0, at=None))


PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), max_size=8)


@given(scripts(40), PAIRS)
def test_an_unmerge_undoes_a_merge_exactly(script, pairs):
    """Whatever was merged before, and whatever is there: what is known is as it was, to the byte.

    Merges are undone in any order; when the last is undone, nobody is one with anybody.
    """
    there = Rehearsal.of(script)
    for name in "abcd":
        there.ask(c.RegisterCustomer(customer=name))
    was = [known(there.kernel)]
    merged = []
    for one, other in pairs:
        made = there.ask(c.MergeCustomers(customer=one, survivor=other))
        merged += [event.data.customer for event in made]
        was += [known(there.kernel)] * len(made)
    for customer in reversed(merged):
        was.pop()
        there.ask(c.UnmergeCustomer(customer=customer))
        assert known(there.kernel) == was[-1]


@given(PAIRS, st.randoms(use_true_random=False))
def test_merges_are_undone_in_any_order(pairs, chance):
    """Who is one with whom follows from the merges that stand, and not from their history."""
    there, merges = Rehearsal(stocked=False), {}
    for name in "abcd":
        there.ask(c.RegisterCustomer(customer=name))
    for one, other in pairs:
        for event in there.ask(c.MergeCustomers(customer=one, survivor=other)):
            merges[event.data.customer] = event.data.survivor
        if merges and chance.random() < 0.5:
            gone = chance.choice(sorted(merges))
            there.ask(c.UnmergeCustomer(customer=gone))
            del merges[gone]
        assert there.kernel.snapshot().merged == merges
        for name in "abcd":
            made = there.ask(c.OpenJourney(customer=name))
            assert made[-1].data.customer == root(merges, name)


def root(merges: dict[str, str], name: str) -> str:
    """By whom a customer is known."""
    while name in merges:
        name = merges[name]
    return name


@given(PAIRS, st.sampled_from("abcd"))
def test_who_is_one_already_is_not_merged_again(pairs, name):
    """Merged with itself, or with whom it is one already, a customer makes no event."""
    there = Rehearsal(stocked=False)
    for one in "abcd":
        there.ask(c.RegisterCustomer(customer=one))
    for one, other in pairs:
        there.ask(c.MergeCustomers(customer=one, survivor=other))
        assert there.ask(c.MergeCustomers(customer=one, survivor=other)) == ()
        assert there.ask(c.MergeCustomers(customer=other, survivor=one)) == ()
    assert there.ask(c.MergeCustomers(customer=name, survivor=name)) == ()


@given(logs())
def test_nothing_is_rewritten_by_a_merge(log):
    """What stands in the log names whom it named; who was merged is named by nothing new."""
    merged = {}
    for event in log:
        data = event.data
        if isinstance(data, e.CustomerMerged):
            assert data.customer not in merged
            merged[data.customer] = data.survivor
        elif isinstance(data, e.CustomerUnmerged):
            assert merged.pop(data.customer) == data.survivor
        elif isinstance(data, e.InteractionArrived | e.JourneyOpened):
            assert data.customer not in merged


@pytest.mark.parametrize("customer", ["a", "nobody"])
def test_what_was_not_merged_is_not_unmerged(customer):
    """There is nothing to undo, and the refusal says so."""
    there = Rehearsal(stocked=False)
    there.ask(c.RegisterCustomer(customer="a"))
    with pytest.raises(CommandRefused, match="nothing to undo"):
        there.ask(c.UnmergeCustomer(customer=customer))

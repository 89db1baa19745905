"""Bugs to be planted: each is one that a careful person could make, and the hunt must find.

Law of this file: a plant changes one thing in the library as it runs, by name, and nothing in the
simulation.
"""

import sys
from datetime import timedelta

import attrs

from onechannel.delivery import Claimed, CommitCycle, MailRules
from onechannel.delivery.inbox import Inbox
from onechannel.delivery.outbox import Outbox
from onechannel.delivery.overlay import Overlay
from onechannel.delivery.sitting import Sitting
from onechannel.errors import StoreFault
from onechannel.events import MessageReceived
from onechannel.identity import Families
from onechannel.kernel import Kernel
from onechannel.ports import EffectState
from onechannel.routing import Seat
from onechannel.routing.index import RoutingIndex
from onechannel.stores.memory import MemoryStore


def before(patch, kind, name, change):
    """Replace a method by one that is given the original first."""
    original = getattr(kind, name)
    patch.setattr(kind, name, lambda *given, **named: change(original, *given, **named))


# -- the commit cycle -----------------------------------------------------------------------------


def commands_are_not_remembered(patch):
    """The ids of commands are not committed with their events (IN-04, IN-08)."""

    def forgotten(original, self):
        batch = original(self)
        return None if batch is None else attrs.evolve(batch, commands={})

    before(patch, Sitting, "batch", forgotten)


def commands_are_served_again(patch):
    """Nobody asks whether a command was served before (IN-01, IN-19)."""
    patch.setattr(Sitting, "_repeated", lambda *_: None)


def replica_survives_an_unknown_commit(patch):
    """After a commit of which nobody knows the replica is kept as it is."""
    original = CommitCycle.run

    def run(self, work, clock):
        kernel = self.kernel
        try:
            return original(self, work, clock)
        except StoreFault:
            self._kernel = kernel
            raise

    patch.setattr(CommitCycle, "run", run)


def overlay_is_ignored(patch):
    """A command does not see what an earlier one of the same session decided (IN-25)."""
    patch.setattr(Overlay, "answer", lambda self, reference, stored: stored)


def deadlines_are_dropped_with_refusals(patch):
    """Where nothing else is done, what deadlines brought about is not committed (TM-05)."""

    def dropped(original, self):
        batch = original(self)
        return batch if batch is None or batch.commands or batch.mail else None

    before(patch, Sitting, "batch", dropped)


def expected_positions_are_ignored(patch):
    """A store keeps whatever is decided, wherever the log ends by then (RT-10)."""

    def trusting(original, self, _expected, batch):
        return original(self, self._store.last_position, batch)

    before(patch, sys.modules["onechannel.stores.memory"]._MemorySession, "commit", trusting)


def followers_decide(patch):
    """A process without the policy's callables does not look whether it lacks any."""
    patch.setattr(CommitCycle, "_lacks", lambda self, kernel: ())


# -- time -----------------------------------------------------------------------------------------


def restored_deadlines_are_lost(patch):
    """A kernel that is restored from a snapshot arms nothing (TM-05)."""

    def bare(original, snapshot):
        return original(attrs.evolve(snapshot, deadlines=()))

    before(patch, sys.modules["onechannel.kernel.kernel"], "restore", bare)


def deadlines_come_early(patch):
    """The clock of deadlines is a second ahead."""
    original = Kernel.advance

    def early(self, at):
        due = self.next_deadline
        soon = due is not None and at < due <= at + timedelta(seconds=1)
        return original(self, due if soon else at)

    patch.setattr(Kernel, "advance", early)


def time_runs_backwards(patch):
    """Whatever the clock says is believed, though the log is further."""
    patch.setattr(Kernel, "_effective", lambda self, at: at)


# -- routing --------------------------------------------------------------------------------------


def capacity_is_not_looked_at(patch):
    """Whoever is there has room (RT-11)."""
    patch.setattr(Seat, "fits", lambda self, channel: self.open)


def newest_comes_first(patch):
    """Of those who wait the newest is asked for (RT-12)."""

    def last(self):
        found = [
            self._waiting[one][0]
            for one in self._fresh
            if self._longest_idle(self._waiting[one][1]) is not None
        ]
        return max(found, default=None)

    patch.setattr(RoutingIndex, "_best_fresh", last)
    patch.setattr(
        RoutingIndex,
        "_best_for",
        lambda self, name, seat: max(
            (entry for entry, lane in self._waiting.values() if self._longest_idle(lane) is seat),
            default=None,
        ),
    )


def freed_workers_are_not_asked(patch):
    """Who becomes free is asked for nothing that waits (RT-16, RT-12)."""
    patch.setattr(RoutingIndex, "_best_for_freed", lambda self: self._freed.clear())


def rings_go_on(patch):
    """Who is asked is not told that the customer has gone (RT-04)."""

    def silent(original, state, live):
        return [one for one in original(state, live) if one.id != live.pending]

    before(patch, sys.modules["onechannel.kernel.custody"], "parts_of", silent)


# -- people ---------------------------------------------------------------------------------------


def merges_cannot_be_undone(patch):
    """Who is told apart stays the same as before (ID-02)."""
    patch.setattr(Families, "part", lambda self, customer: None)


def personal_data_is_shown(patch):
    """What a customer said stands in the `repr` of its event."""
    patch.setattr(MessageReceived, "__repr__", lambda self: self.text)


# -- letters and effects --------------------------------------------------------------------------


def letters_are_taken_again(patch):
    """Nobody asks whether a letter came before (IN-01)."""
    patch.setattr(Inbox, "_earlier", lambda self, letter: None)


def letters_are_forgotten_early(patch):
    """Letters are known for two days, and vendors repeat for seven (IN-06)."""
    rules = MailRules(keep_letters=timedelta(days=2))
    patch.setattr("onechannel.testing.faults._world._RULES", (rules,))


def parked_letters_stay(patch):
    """What a parked letter waits for becomes known, and it waits on (IN-12)."""
    patch.setattr(Inbox, "release", lambda self, news: None)
    patch.setattr(Inbox, "_follow", lambda self, row: None)


def letters_overtake(patch):
    """A letter goes before an earlier one of its conversation that still waits (IN-17)."""

    def eager(original, self, letter):
        reason = original(self, letter)
        return None if reason is not None and letter.awaits is None else reason

    before(patch, Inbox, "_waits", eager)


def tokens_are_ignored(patch):
    """Whoever had claimed an effect settles it, though somebody else has it now (IN-03)."""

    def trusting(original, self, settlement):
        known = self._known((settlement.destination, settlement.position))
        if known is not None:
            settlement = attrs.evolve(settlement, token=known.token)
        return original(self, settlement)

    before(patch, Outbox, "settle", trusting)


def leases_are_ignored(patch):
    """What is claimed is claimed again at once (IN-03)."""

    def due(self, destination, at, limit):
        found = self.effects(EffectState.DUE, destination)
        return found[:limit]

    patch.setattr(MemoryStore, "due", due)
    patch.setattr(
        "onechannel.stores.memory._MemorySession.due",
        lambda self, destination, at, limit: due(self._store, destination, at, limit),
    )


def effects_are_forgotten(patch):
    """A failed effect is not tried again (IN-18)."""

    def gone(self, effect, outcome):
        self._end(effect, EffectState.DONE, None)

    patch.setattr(Outbox, "_postpone", gone)


def effects_are_made_of_commands_alone(patch):
    """What deadlines bring about has no effects (IN-20)."""

    def some(original, self, events, destinations):
        return original(self, [one for one in events if one.origin.command], destinations)

    before(patch, Outbox, "make", some)


def claims_are_not_kept(patch):
    """A claim is answered and not committed."""

    def lost(original, self, claim):
        found = original(self, claim)
        for one in found.effects:
            self.rows.pop((one.destination, one.position), None)
        return Claimed(found.effects)

    before(patch, Outbox, "claim", lost)


#: Every plant, with the rules of which one is broken.
PLANTS = {
    commands_are_not_remembered: {"I2", "I1"},
    commands_are_served_again: {"I1", "I2"},
    replica_survives_an_unknown_commit: {"I1", "I2", "I8", "I9", "I13"},
    expected_positions_are_ignored: {"I1"},
    followers_decide: {"I1"},
    merges_cannot_be_undone: {"I8", "I10", "I13"},
    personal_data_is_shown: {"I12"},
    overlay_is_ignored: {"I1", "I2", "I3", "I10"},
    deadlines_are_dropped_with_refusals: {"I1", "I7", "I8", "I9", "I13"},
    restored_deadlines_are_lost: {"I1", "I7", "I8", "I13"},
    deadlines_come_early: {"I13"},
    time_runs_backwards: {"I1", "I9", "I8"},
    capacity_is_not_looked_at: {"I4"},
    newest_comes_first: {"I5"},
    freed_workers_are_not_asked: {"I6"},
    rings_go_on: {"I3", "I7", "I8", "I14"},
    letters_are_taken_again: {"I1", "I2"},
    letters_are_forgotten_early: {"I2", "I1"},
    parked_letters_stay: {"I7"},
    letters_overtake: {"I1"},
    tokens_are_ignored: {"I1", "I2", "I3"},
    leases_are_ignored: {"I1", "I3"},
    effects_are_forgotten: {"I1"},
    effects_are_made_of_commands_alone: {"I2", "I1"},
    claims_are_not_kept: {"I1", "I2", "I3"},
}

__all__ = ["PLANTS"]

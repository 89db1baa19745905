"""The kernel and a plain model of it, asked the same in whatever order.

Laws of this file: one rule for every verb, in the other `kernel_machine_*.py`, of which a few bytes
choose one whose time it is; after every step both are compared in all they say and know, and the
laws are asked for that hold whatever happens.
"""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.property.kernel_machine_asking import (
    CALLABLES,
    ROLLS,
    SECOND,
    TRIALS,
    Dice,
    stock,
    trial,
)
from tests.property.kernel_machine_both import Both, in_full
from tests.property.kernel_machine_customers import CustomerRules
from tests.property.kernel_machine_serving import ServingRules
from tests.property.kernel_machine_shortest import shortest, told
from tests.property.kernel_machine_talking import TalkingRules
from tests.property.kernel_machine_theirs import TheirRules
from tests.property.kernel_machine_workers import WorkerRules

from onechannel import commands as c
from onechannel.errors import CommandRefused, DeadlineDue, PolicyMissing
from onechannel.kernel import Kernel
from onechannel.model.policy import Named

# The history that failed last, and the shortest of it: it is looked for once.
FAILED: dict[str, object] = {}


class KernelMachine(
    CustomerRules,
    TalkingRules,
    ServingRules,
    WorkerRules,
    TheirRules,
    Both,
    RuleBasedStateMachine,
):
    """Two centres, one of them right by being plain."""

    def __init__(self) -> None:
        super().__init__(CALLABLES)
        self.failed = False

    @initialize(roll=ROLLS, more=ROLLS)
    def stock(self, roll: bytes = b"", more: bytes = b"") -> None:
        """Little of everything, so that some have to wait; some rules are left out of it."""
        dice = Dice(roll + more)
        self.trials = [one for one in TRIALS.values() if not dice.rarely(4)]
        for command in stock():
            self.ask(command)

    @rule(roll=ROLLS)
    def something_happens(self, roll: bytes) -> None:
        """One of the rules whose time it is; if it fails, the shortest way there is told."""
        try:
            self.attempt(Dice(roll))
        except Exception as error:
            if FAILED.get("history") != self.history:
                found = shortest(self.history, CALLABLES)
                FAILED.update(history=[*self.history], told=told(found))
            error.add_note(FAILED["told"])
            self.failed = True
            raise

    def attempt(self, dice: Dice) -> None:
        """Try one of the rules."""
        for _ in range(8):
            when, attempt = dice.one(self.trials)
            if when(self):
                attempt(self, dice)
                return
        self.until(self.now + SECOND)

    def teardown(self) -> None:
        """Whoever reads the log, or restores a snapshot, knows the same."""
        if not self.failed:
            self.replayed()
            self.restored()

    # -- time -------------------------------------------------------------------------------------

    @trial()
    def a_moment_passes(self, dice) -> None:
        self.until(self.now + dice.one([1, 2, 5]) * SECOND)

    @trial()
    def a_while_passes(self, dice) -> None:
        """Most of the time little time passes."""
        self.until(self.now + dice.one([5, 10, 20]) * SECOND)

    @trial()
    def time_passes(self, dice) -> None:
        """Deadlines fire, in order of time."""
        self.until(self.now + dice.one([30, 60, 60, 600]) * SECOND)

    @trial(lambda self: self.model.parked)
    def days_pass(self, dice) -> None:
        """Even the longest deadlines fire."""
        self.until(self.now + dice.one([1, 40]) * timedelta(days=1))

    @trial(lambda self: self.model.deadlines)
    def it_is_just_the_time(self, dice) -> None:
        """The first deadline fires when it is due, and no sooner."""
        due = self.kernel.next_deadline
        if dice.below(2):
            self.until(due - SECOND / 1000)
        self.until(due)

    @trial(lambda self: self.model.deadlines)
    def a_request_overtakes_a_deadline(self, dice) -> None:
        """It may not: the deadline comes first, even one that is due at the same instant."""
        at = max(self.kernel.next_deadline, self.model.at)
        with pytest.raises(DeadlineDue):
            self.kernel.handle(c.Request(c.Leave(interaction="absent"), "early", at))
        self.compare()

    # -- processes --------------------------------------------------------------------------------

    @trial()
    def another_process_goes_on(self, dice) -> None:
        """It has restored a snapshot, or read the log, and decides the same from then on."""
        self.kernel = self.restored() if dice.below(4) else self.replayed()

    @trial(lambda self: isinstance(self.model.policy.plan, Named))
    def a_process_lacks_the_policy(self, dice) -> None:
        """It may follow the log and not decide: whatever it raises, it has changed nothing."""
        name, worker = self.interaction(dice), self.worker(dice, "available")
        commands = (
            c.Arrive(interaction="lacking", channel="voice"),
            *(c.Say(interaction=one, text="hello") for one in self.in_state("dormant")),
            *(c.MoveChannel(interaction=one, channel="sms") for one in self.in_state("dormant")),
            *(kind(interaction=name) for kind in (c.Escalate, c.Transfer, c.RequestCallback)),
            *(kind(worker=worker) for kind in (c.SignOut, c.BecomeUnavailable)),
            c.Consult(interaction=name, queue="main"),
            c.Delegate(interaction=name, queue="main"),
        )
        self.until(self.now)
        for command in commands:
            request = c.Request(command, "lacking", self.now)
            kernel = Kernel.restore(self.kernel.snapshot())
            with suppress(CommandRefused, PolicyMissing):
                kernel.handle(request, self.facts(request))
                continue
            assert in_full(kernel.snapshot()) == in_full(self.kernel.snapshot()), command

    @trial(lambda self: self.model.open)
    def somebody_elses_centre(self, dice) -> None:
        """Whoever asks for another tenant finds nothing here, whatever the ids."""
        command = c.Close(interaction=self.interaction(dice, ours=None))
        self.ask(command, self.asker(dice), tenant="other")

    @trial()
    def what_cannot_be(self, dice) -> None:
        """Something is asked about what is absent, over, or in any state at all."""
        name = dice.one(["absent", *self.everything()])
        part = dice.one([f"{name}/1", *self.model.parts])
        worker = dice.one(["absent", *self.model.workers])
        by_name = (c.Leave, c.Escalate, c.HandBack, c.Close, c.ObserveDequeued, c.ObserveClosed)
        by_name += (c.Sleep, c.Reactivate, c.MissCallback, c.RenewLease, c.Transfer, c.Type)
        commands = [kind(interaction=name) for kind in by_name]
        by_part = (c.Accept, c.Decline, c.Release, c.Hold, c.Resume)
        commands += [kind(assignment=part) for kind in by_part]
        by_worker = (c.SignIn, c.SignOut, c.BecomeAvailable, c.BecomeUnavailable, c.Drain)
        commands += [kind(worker=worker) for kind in by_worker]
        commands += [
            c.Say(interaction=name, text="hello"),
            c.Suggest(assignment=part, text="no"),
            c.ChangeRole(assignment=part, role=dice.one(["serves", "conferenced", "whispers"])),
            c.ExtendWrapUp(assignment=part, duration=SECOND),
            c.RequestCallback(interaction=name),
            c.Consult(interaction=name, worker=worker),
            c.Delegate(interaction=name, worker=worker),
            c.Assign(interaction=name, worker=worker),
            c.Join(interaction=name, worker=worker),
            c.Suspend(interaction=name, party="x", reason="y", due=self.now + SECOND),
            c.ObserveReleased(interaction=name, worker=worker),
        ]
        self.ask(dice.one(commands), self.asker(dice, worker))

"""One world: a centre of several processes, with everybody who has to do with it.

Laws of this file: there are no threads, no clock but the world's, and no chance but the dice of the
move at hand; so a world follows from its seed and the moves that are played. What was kept is
looked at batch by batch, and whoever was told otherwise is heard.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from heapq import heappop, heappush
from typing import Final

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import event_to_json
from onechannel.delivery import (
    DEFAULT_RULES,
    CommitCycle,
    Letter,
    MailRules,
    Submission,
    Subscribe,
    Turnout,
)
from onechannel.model.actor import SYSTEM, Actor
from onechannel.model.policy import Callables
from onechannel.ports import Batch, Destination, EventStore, HolderOf, LineOf, Reference
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore
from onechannel.testing.faults._dice import Dice, mixed
from onechannel.testing.faults._errands import Asked, Chore, Delivered, Errand
from onechannel.testing.faults._stage import CALLABLES, CANARY, Stage, opening
from onechannel.testing.faults._store import Crash, FaultyStore, Planted, Step
from onechannel.testing.faults._truth import Truth
from onechannel.testing.invariants import InvariantBroken, Invariants

__all__ = ["DESTINATIONS", "Process", "World"]

_SECOND: Final = timedelta(seconds=1)
_HOUR: Final = timedelta(hours=1)

DESTINATIONS: Final = (
    Destination(name="ring", types={"assignment.accepted", "assignment.rescinded"}),
    Destination(name="archive", types={"interaction.closed", "promise.broken"}),
    Destination(
        name="messages", types={"message.sent", "message.retracted"}, channels={"whatsapp", "email"}
    ),
)
#: As they are, and with less patience: letters and effects die sooner.
_RULES: Final = (
    DEFAULT_RULES,
    DEFAULT_RULES,
    attrs.evolve(DEFAULT_RULES, park_for=timedelta(minutes=5), give_up_after=timedelta(minutes=3)),
)
#: For so long vendors repeat what was taken (Meta, the longest of all).
_REPEATED: Final = timedelta(days=7)
#: After so many events some process keeps a snapshot.
_SAVED_EVERY: Final = 150
#: How a store fails: nothing was kept, or nobody knows whether it was, or nothing could be read.
_FAULTS: Final = {Step.BEFORE: "disk full", Step.AFTER: "commit unknown"}
_BROKEN: Final = "disk broken"


@attrs.define(eq=False)
class Process:
    """One process at the store: what it remembers, how wrong its clock is, what it can decide."""

    name: str
    callables: Callables
    skew: timedelta
    rules: MailRules
    cycle: CommitCycle | None = None
    position: int | None = None


@attrs.define(eq=False)
class _Blow:
    """What is to happen at a step."""

    step: Step
    what: str


class World:
    """A centre at work, seed by seed; `counts` says what happened."""

    def __init__(self, seed: int) -> None:
        self.seed: int = seed
        dice = Dice(mixed(seed, 0))
        self.counts: Counter[str] = Counter()
        self.now: datetime
        self.now, setting = opening(dice)
        self.disk: EventStore = SQLiteStore(":memory:") if dice.chance(100) else MemoryStore()
        self.store: FaultyStore = FaultyStore(self.disk, self._strike, self._keep)
        self.invariants: Invariants = Invariants(CANARY if dice.chance(250) else None)
        self.truth: Truth = Truth(self.disk.tenant)
        self.stage: Stage = Stage(self.invariants.floor, self.now)
        rules = dice.one(_RULES)
        self.processes: list[Process] = [
            self._process(number, rules, dice) for number in range(2 + dice.below(3))
        ]
        # Where somebody lacks callables a letter may have to wait for whoever has them.
        self.all_decide: bool = all(one.callables for one in self.processes)
        self.errands: list[Errand] = []
        self.post: list[tuple[datetime, int, Letter]] = []
        self.in_hand: list[Errand] = []
        self._taken: dict[tuple[str, str], datetime] = {}
        self._posted = 0
        self._saved = 0
        self._batches: list[tuple[Batch, datetime]] = []
        self._answers: list[tuple[Process, Sequence[Errand], Turnout]] = []
        self._blow: _Blow | None = None
        self._broken: InvariantBroken | None = None
        self._dice = dice
        self._acting: list[Process] = []
        self._setting = setting
        self._customers: dict[str, str] = {}

    def _process(self, number: int, rules: MailRules, dice: Dice) -> Process:
        callables = CALLABLES if number == 0 or dice.chance(750) else {}
        skew = timedelta(seconds=dice.below(121) - 60) if dice.chance(500) else timedelta(0)
        return Process(f"process-{number}", callables, skew, rules)

    def open(self) -> None:
        """Destinations and definitions, before anything can go wrong."""
        first = self.processes[0]
        self.run(first, [Chore(Subscribe(one)) for one in DESTINATIONS])
        for command in self._setting:
            self.run(first, [self.asked(command)])

    # -- what people and vendors want -------------------------------------------------------------

    def asked(self, command: c.Command, actor: Actor = SYSTEM) -> Asked:
        """A command under an id of its own."""
        name = self.stage.name("q")
        if isinstance(command, c.Arrive) and command.customer is not None:
            self._customers[name] = command.customer
        return Asked(Submission(command, name, actor))

    def mail(self, letter: Letter, at: datetime) -> None:
        """A letter is on its way, and comes at that time."""
        self._posted += 1
        heappush(self.post, (at, self._posted, letter))

    def arrived_mail(self, limit: int) -> list[Errand]:
        """Letters whose time has come."""
        found: list[Errand] = []
        while self.post and self.post[0][0] <= self.now and len(found) < limit:
            letter = heappop(self.post)[2]
            taken = self._taken.get((letter.source, letter.id), self.now)
            if self.now - taken <= _REPEATED:
                found.append(Delivered(letter))
        return found

    # -- time -------------------------------------------------------------------------------------

    def passes(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span
        self.stage.now = self.now

    # -- processes --------------------------------------------------------------------------------

    def run(
        self, process: Process, errands: Sequence[Errand], blow: tuple[Step, str] | None = None
    ) -> bool:
        """One cycle of a process; gives whether it came to an end.

        What was kept is looked at afterwards, whatever the process was told.
        """
        self._blow = None if blow is None else _Blow(*blow)
        ended = self._cycle(process, errands)
        self._blow = None
        self._look()
        if ended and self.disk.last_position > self._saved + _SAVED_EVERY:
            self._saved = self.disk.last_position
            self.save(process)
        return ended

    def save(self, process: Process) -> None:
        """A process keeps its state, so that the next begins from there."""
        if process.cycle is not None:
            process.cycle.save_snapshot()

    def _cycle(self, process: Process, errands: Sequence[Errand]) -> bool:
        if process.cycle is None:
            process.cycle = CommitCycle(self.store, process.callables, process.rules)
            process.position = None
        self._acting.append(process)
        try:
            turnout = process.cycle.run(
                [one.work for one in errands], lambda: self.now + process.skew
            )
        except Crash:
            process.cycle = None
            return False
        except Planted:
            return False
        except Exception as fault:  # noqa: BLE001 - nothing may come out of a cycle but what was planted
            # It is complained of later: whoever is interrupted would take it for his own.
            shown = "a fault shows personal data" if CANARY in str(fault) else None
            what = shown or f"a cycle raised {type(fault).__name__}: {fault}"
            self._broken = self._broken or InvariantBroken("I12" if shown else "I1", what)
            return False
        finally:
            self._acting.pop()
        self._answers.append((process, errands, turnout))
        return True

    def follow(self, process: Process, blow: tuple[Step, str] | None = None) -> None:
        """A process takes in what others have done."""
        if process.cycle is None:
            return
        self._blow = None if blow is None or blow[1] == "conflict" else _Blow(*blow)
        self._acting.append(process)
        try:
            events = process.cycle.follow()
        except Crash:
            process.cycle = None
            return
        except Planted:
            return
        finally:
            self._acting.pop()
            self._blow = None
        self._check_told(process, [event.position for event in events])

    def _check_told(self, process: Process, positions: Sequence[int]) -> None:
        """Whoever listens to a process is told of every event once, in order."""
        if process.position is not None:
            first = process.position + 1
            if [*positions] != [*range(first, first + len(positions))]:
                reason = f"{process.name} tells of {positions} after {first - 1}"
                raise InvariantBroken("I9", reason)
        if positions:
            process.position = positions[-1]

    def restart(self, process: Process) -> None:
        """It begins anew, with nothing but what is stored."""
        process.cycle = None

    # -- what goes wrong --------------------------------------------------------------------------

    def _strike(self, step: Step) -> None:
        blow = self._blow
        if blow is None or blow.step is not step or len(self._acting) != 1:
            return
        self._blow = None
        planted = _FAULTS.get(step, _BROKEN) if blow.what == "fault" else f"{blow.what}, {step}"
        self.counts[planted] += 1
        if blow.what == "crash":
            raise Crash
        if blow.what == "fault":
            raise Planted(planted)
        self._intrude()

    def _intrude(self) -> None:
        """Somebody else's whole cycle, right here."""
        others = [one for one in self.processes if one is not self._acting[0]]
        other = self._dice.one(others)
        take = self._dice.below(4)
        own = self.errands[:take]
        self.errands = self.errands[take:]
        if not self._cycle(other, own):
            self.errands = [*own, *self.errands]

    def use(self, dice: Dice) -> None:
        """From here on what goes wrong follows from these."""
        self._dice = dice

    # -- what was kept, and what was told ---------------------------------------------------------

    def _keep(self, batch: Batch) -> None:
        self._batches.append((batch, self.now + self._acting[-1].skew))

    def _look(self) -> None:
        if self._broken is not None:
            raise self._broken
        for batch, clock in self._batches:
            at = max(clock, self.invariants.timers.at or clock)
            for event in batch.events:
                if event.recorded_at > at:
                    raise InvariantBroken("I13", "it is ahead of the clock", event.position)
                self.stage.see(event)
                self.invariants.add(event)
                self._check_customer(event)
            self.invariants.rest()
            self.truth.take(batch)
            for row in () if batch.mail is None else batch.mail.letters:
                self._taken.setdefault((row.source, row.id), self.now)
            if self.all_decide:
                self.truth.check_parked(self._knows)
        self._batches.clear()
        for process, errands, turnout in self._answers:
            news = (*turnout.followed, *turnout.events)
            self._check_told(process, sorted(event.position for event in news))
            if len(turnout.answers) != len(errands):
                raise InvariantBroken("I1", f"{len(turnout.answers)} answers to {len(errands)}")
            for errand, answer in zip(errands, turnout.answers, strict=True):
                said = errand.judge(answer, self.truth)
                self.counts[f"answered {said}"] += 1
                if said == "again":
                    self.errands.append(errand)
        self._answers.clear()

    def _check_customer(self, event: e.Event) -> None:
        """Whoever arrives is who it is known as at that time, and nobody else."""
        named = self._customers.get(event.origin.command or "")
        if named is not None and isinstance(event.data, e.InteractionArrived):
            root = self.invariants.root(named)
            if event.data.customer != root:
                reason = f"{named} is known as {root}, and arrives as {event.data.customer}"
                raise InvariantBroken("I10", reason, event.position)

    def _knows(self, reference: Reference) -> bool:
        if isinstance(reference, LineOf):
            return reference.root in self.invariants.floor.arrived
        return isinstance(reference, HolderOf) and reference.key in self.invariants.keys

    # -- at the end -------------------------------------------------------------------------------

    @property
    def interactions(self) -> int:
        """How many interactions arrived."""
        return self.stage.arrivals

    @property
    def digest(self) -> str:
        """The hash of the whole log, by what is stored of it."""
        found = sha256()
        for event in self.disk.read():
            found.update(event_to_json(event).encode())
            found.update(b"\n")
        return found.hexdigest()

    def close(self) -> None:
        """Let go of the store, and of what would keep the world after it is over."""
        self.disk.close()
        self.store.strike, self.store.kept = _nothing, None

    def log(self) -> tuple[e.Event, ...]:
        """The whole log."""
        return tuple(self.disk.read())


def _nothing(_step: Step) -> None:
    """Nothing happens."""

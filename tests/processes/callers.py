"""Callers of a live centre in one process, who write down what they asked and what they were told.

Laws of this file: every process walks through the same things at about the same pace, so that
callers of all of them meet at each; what is asked is drawn from a seed; a time is taken before a
command is given and after it is answered, by the clock that all processes of a machine share.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import anyio
import attrs
from tests.processes.things import REFUSED

from onechannel import commands as c
from onechannel.commands import Command
from onechannel.delivery import (
    Claim,
    Claimed,
    CommitCycle,
    MailRules,
    Outcome,
    Postponed,
    Sent,
    Settled,
    Settlement,
    Submission,
    Subscribe,
    Work,
)
from onechannel.errors import CommandRefused
from onechannel.events import AssignmentOpened, Event
from onechannel.model import Capacity, Worker
from onechannel.model.policy import DEFAULT_POLICY
from onechannel.ports import Destination
from onechannel.runtime import DEFAULT_LIMITS, Centre
from onechannel.stores.sqlite import SQLiteStore

__all__ = ["DESK", "PER_THING", "call_many", "name_of", "prepare", "written"]

#: So many operations are meant for each interaction, on the average.
PER_THING: Final = 20
#: How far around the pace of all a caller looks for an interaction.
_WINDOW: Final = 4
_CALLERS: Final = 6
DESK: Final = "desk"
_POLICY: Final = attrs.evolve(
    DEFAULT_POLICY, name="patient", after_decline=None, ring_for=timedelta(hours=1)
)
_LIMITS: Final = attrs.evolve(
    DEFAULT_LIMITS,
    patience=timedelta(seconds=30),
    mail=MailRules(first_delay=timedelta(milliseconds=1)),
)
_LEASE: Final = timedelta(hours=1)


def name_of(number: int) -> str:
    """What the interaction of that number is called."""
    return f"i-{number}"


def prepare(path: str, things: int) -> None:
    """A file with workers of any capacity, a destination, and so many interactions that wait."""
    store = SQLiteStore(path)
    cycle = CommitCycle(store, rules=_LIMITS.mail)
    commands: list[Command] = [c.AdoptPolicy(policy=_POLICY)]
    for number in range(6):
        capacity = Capacity(total=None)
        worker = Worker(id=f"w-{number}", capacity=capacity, wrap_up=timedelta(0))
        commands += [c.DefineWorker(worker=worker), c.SignIn(worker=worker.id)]
    commands += [c.Arrive(interaction=name_of(n), channel="chat") for n in range(things)]
    desk = Subscribe(Destination(name=DESK, types=frozenset({"message.sent"})))
    work: list[Work] = [desk, *(Submission(one, f"p-{n}") for n, one in enumerate(commands))]
    for start in range(0, len(work), 500):
        answers = cycle.run(work[start : start + 500], lambda: datetime.now(UTC)).answers
        assert all(type(one).__name__ in {"Served", "Noted"} for one in answers)
    cycle.save_snapshot()
    store.close()


@attrs.define(eq=False)
class _Process:
    """One process' callers."""

    name: str
    operations: int
    things: int
    chance: Random
    centre: Centre
    given: int = 0
    lines: list[dict[str, Any]] = attrs.field(factory=list)
    #: The latest part in each interaction, as far as this process has heard.
    parts: dict[str, int] = attrs.field(factory=dict)

    async def follow(self) -> None:
        async for event in self.centre.feed():
            if isinstance(event.data, AssignmentOpened):
                name, _, number = event.data.assignment.partition("/")
                self.parts[name] = int(number)

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            for number in range(_CALLERS):
                group.start_soon(self.call, str(number))

    async def call(self, caller: str) -> None:
        while self.given < self.operations:
            number, self.given = self.given, self.given + 1
            if self.chance.random() < 1 / 10:
                await self._deliver(caller)
            else:
                await self._ask(caller, number)

    # -- interactions -----------------------------------------------------------------------------

    async def _ask(self, caller: str, number: int) -> None:
        pace = number * self.things // self.operations
        thing = name_of(min(pace + self.chance.randrange(_WINDOW), self.things - 1))
        name = self.chance.choices(*_MIX)[0]
        part = None
        if name not in {"transfer", "close"}:
            part = self.parts.get(thing, 1) - (self.chance.random() < 1 / 20)
        invoked = time.monotonic()
        command = _command(name, thing, part)
        try:
            events = await self.centre.do(command, id=f"{self.name}-{number}")
        except CommandRefused:
            result = REFUSED
        else:
            result = _told(command, thing, events)
        self._note(caller, thing, name, part, result, invoked)

    # -- effects ----------------------------------------------------------------------------------

    async def _deliver(self, caller: str) -> None:
        """Claim some, say what became of them, and perhaps say so twice."""
        limit = self.chance.randint(1, 4)
        claim = Claim(destination=DESK, holder=self.name, lease=_LEASE, limit=limit)
        invoked = time.monotonic()
        claimed = await self.centre._work(claim)
        assert isinstance(claimed, Claimed)
        for effect in claimed.effects:
            thing = f"{DESK}@{effect.position}"
            self._note(caller, thing, "claim", None, effect.token, invoked)
        for effect in claimed.effects:
            await self._settle(caller, effect.position, effect.token)
            if self.chance.random() < 1 / 5:
                token = effect.token - self.chance.randint(0, 1)
                await self._settle(caller, effect.position, token)

    async def _settle(self, caller: str, position: int, token: int) -> None:
        postpones = self.chance.random() < 1 / 3
        outcome: Outcome = Postponed("busy") if postpones else Sent()
        settlement = Settlement(destination=DESK, position=position, token=token, outcome=outcome)
        invoked = time.monotonic()
        settled = await self.centre._work(settlement)
        assert isinstance(settled, Settled)
        name = "postpone" if postpones else "settle"
        self._note(caller, f"{DESK}@{position}", name, token, settled.held, invoked)

    def _note(
        self, caller: str, thing: str, name: str, argument: Any, result: Any, invoked: float
    ) -> None:
        self.lines.append(
            {
                "thing": thing,
                "caller": f"{self.name}.{caller}",
                "name": name,
                "argument": argument,
                "result": result,
                "invoked": invoked,
                "returned": time.monotonic(),
            }
        )


_MIX: Final = (
    ["accept", "say", "decline", "transfer", "close"],
    [35, 40, 8, 16, 1],
)


def _command(name: str, thing: str, part: int | None) -> Command:
    assignment = f"{thing}/{part}"
    match name:
        case "accept":
            return c.Accept(assignment=assignment)
        case "decline":
            return c.Decline(assignment=assignment)
        case "say":
            return c.Say(interaction=thing, assignment=assignment, text="hello")
        case "transfer":
            return c.Transfer(interaction=thing)
    return c.Close(interaction=thing)


def _told(command: Command, thing: str, events: tuple[Event, ...]) -> Any:
    """What of the events the caller goes by."""
    told, reads = _TOLD[type(command)]
    found = [reads(e.data) for e in events if (e.type, e.subject("interaction")) == (told, thing)]
    return found[0] if len(found) == 1 else "nothing of the kind"


#: The event that answers each command, and what it tells.
_TOLD: Final[dict[type[Command], tuple[str, Callable[[Any], Any]]]] = {
    c.Accept: ("assignment.accepted", lambda data: "accepted"),
    c.Close: ("interaction.closed", lambda data: "closed"),
    c.Say: ("message.sent", lambda data: int(data.message.rpartition("#")[2])),
    c.Decline: ("assignment.opened", lambda data: int(data.assignment.rpartition("/")[2])),
    c.Transfer: ("assignment.opened", lambda data: int(data.assignment.rpartition("/")[2])),
}


async def call_many(
    path: str, name: str, operations: int, things: int, seed: str, ready: Callable[[], None]
) -> list[dict[str, Any]]:
    """What so many operations of one process came to, given by callers at once."""
    async with Centre.open(f"sqlite:///{path}", limits=_LIMITS) as centre:
        process = _Process(name, operations, things, Random(seed), centre)
        async with anyio.create_task_group() as following:
            following.start_soon(process.follow)
            await anyio.to_thread.run_sync(ready)
            await process.run()
            following.cancel_scope.cancel()
    return process.lines


def written(lines: list[dict[str, Any]], place: Path) -> None:
    """Keep a history, one operation a line."""
    place.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")

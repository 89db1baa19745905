"""The commit cycle: requests in, committed events out.

Laws of this file: one cycle is one session of the store, in this order: catch up, advance, then each request against the
store as overlaid by this session, then one commit at the expected position. After a commit that failed, or that nobody
knows the end of, the replica is thrown away and built anew. A command id is served once, for ever.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import attrs

from onechannel.codec import snapshot_from_json, snapshot_to_json
from onechannel.commands import Command, Request
from onechannel.delivery.overlay import Overlay
from onechannel.errors import CommandRefused, OneChannelError, PolicyMissing, StoreFault
from onechannel.events import Event
from onechannel.kernel import SNAPSHOT_VERSION, Facts, Kernel
from onechannel.model.actor import SYSTEM, Actor
from onechannel.model.checks import ident, utc
from onechannel.model.policy import Planner
from onechannel.ports import Answer, Batch, Clock, Conflict, EventStore, Reference, StoredSnapshot, StoreSession
from datetime import datetime

__all__ = ["Chain", "CommitCycle", "Refused", "Served", "Skipped", "Submission", "Turnout"]

# Somebody else's append can come between reading and committing only where the store has no lock.
_TRIES: Final = 8


@attrs.frozen
class Submission:
    """A command as its sender gives it: the session adds the time and the tenant."""

    command: Command
    id: str = attrs.field(validator=ident)
    actor: Actor = SYSTEM
    claimed_at: datetime | None = attrs.field(
        default=None, converter=attrs.converters.optional(utc)
    )


#: Submissions that stand or fall together from the first refusal on.
Chain: TypeAlias = Sequence[Submission]


@attrs.frozen
class Served:
    """The events a command made; `repeated` if it did so on an earlier occasion."""

    first: int
    last: int
    repeated: bool = False


@attrs.frozen
class Refused:
    """Why a command was refused; it may come again under the same id."""

    error: CommandRefused | PolicyMissing


@attrs.frozen
class Skipped:
    """Not tried, since an earlier one of its chain was refused."""


@attrs.frozen
class Turnout:
    """What one cycle came to: an answer for each submission of each chain, and every event committed."""

    answers: tuple[tuple[Served | Refused | Skipped, ...], ...]
    events: tuple[Event, ...]


class _Conflicted(Exception):  # noqa: N818 - a turn of events, not an error anybody sees
    pass


@attrs.define(eq=False)
class _Sitting:
    """One session's uncommitted work."""

    session: StoreSession
    kernel: Kernel
    at: datetime
    tenant: str
    events: list[Event] = attrs.field(factory=list)
    commands: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    overlay: Overlay = attrs.field(factory=Overlay)

    def add(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        for event in events:
            self.overlay.add(event)

    def serve(self, submission: Submission) -> Served | Refused:
        request = Request(
            submission.command,
            submission.id,
            self.at,
            self.tenant,
            submission.actor,
            submission.claimed_at,
        )
        try:
            events = self.kernel.handle(request, self._facts(request))
        except (CommandRefused, PolicyMissing) as refusal:
            return Refused(refusal)
        self.add(events)
        served = Served(events[0].position, events[-1].position) if events else Served(0, 0)
        self.commands[submission.id] = (served.first, served.last)
        return served

    def _facts(self, request: Request) -> Facts:
        facts = Facts()
        while missing := self.kernel.needs(request, facts):
            stored = self.session.lookup(missing)
            known: dict[Reference, Answer] = dict(facts.answers)
            known |= {asked: self.overlay.answer(asked, stored[asked]) for asked in missing}
            facts = Facts(known)
        return facts


class CommitCycle:
    """A centre's kernel at its store."""

    def __init__(self, store: EventStore, callables: Mapping[str, Planner] | None = None) -> None:
        self._store = store
        self._callables = callables
        self._kernel: Kernel | None = None

    @property
    def kernel(self) -> Kernel:
        """The replica, as of its last cycle; built from the store where there is none."""
        if self._kernel is None:
            self._kernel = self._rebuilt()
        return self._kernel

    def run(self, chains: Sequence[Chain], clock: Clock) -> Turnout:
        """One cycle; raises `StoreFault`, after which the same submissions may come again under their ids."""
        for _ in range(_TRIES):
            try:
                return self._run(chains, clock)
            except _Conflicted:
                self._kernel = None
            except BaseException:
                # The replica may be ahead of the log.
                self._kernel = None
                raise
        raise StoreFault(f"somebody else appended first, {_TRIES} times in a row: try again")

    def save_snapshot(self) -> None:
        """Keep the replica's state, so that the next start need not replay the log."""
        snapshot = self.kernel.snapshot()
        self._store.save_snapshot(StoredSnapshot(snapshot.position, snapshot_to_json(snapshot)))

    def _run(self, chains: Sequence[Chain], clock: Clock) -> Turnout:
        kernel = self.kernel
        with self._store.session() as session:
            kernel.follow(session.read_since(kernel.position))
            expected = kernel.position
            sitting = _Sitting(session, kernel, clock(), self._store.tenant)
            seen = session.seen([one.id for chain in chains for one in chain])
            sitting.add(kernel.advance(sitting.at))
            answers = tuple(tuple(self._serve(sitting, chain, seen)) for chain in chains)
            if sitting.events or sitting.commands:
                batch = Batch(
                    events=tuple(sitting.events),
                    commands=sitting.commands,
                    addresses=sitting.overlay.addresses,
                )
                if isinstance(session.commit(expected, batch), Conflict):
                    raise _Conflicted
        return Turnout(answers, tuple(sitting.events))

    def _serve(
        self, sitting: _Sitting, chain: Chain, seen: Mapping[str, tuple[int, int]]
    ) -> list[Served | Refused | Skipped]:
        answers: list[Served | Refused | Skipped] = []
        refused = False
        for submission in chain:
            earlier = seen.get(submission.id) or sitting.commands.get(submission.id)
            if earlier is not None:
                answers.append(Served(*earlier, repeated=True))
            elif refused:
                answers.append(Skipped())
            else:
                answer = sitting.serve(submission)
                refused = isinstance(answer, Refused)
                answers.append(answer)
        return answers

    def _rebuilt(self) -> Kernel:
        kernel = self._from_snapshot() or Kernel(self._callables)
        kernel.follow(self._store.read(kernel.position))
        return kernel

    def _from_snapshot(self) -> Kernel | None:
        stored = self._store.snapshot()
        if stored is None:
            return None
        try:
            snapshot = snapshot_from_json(stored.text)
        except StoreFault:
            return None
        return Kernel.restore(snapshot, self._callables) if snapshot.version == SNAPSHOT_VERSION else None

"""One sitting: the work of one session of the store, before its commit.

Laws of this file: deadlines come first, then each piece of work against the store as overlaid by
this sitting; every kind of work is one row of a table.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

from onechannel.commands import Request
from onechannel.delivery import work as w
from onechannel.delivery.inbox import Inbox, any_parked, letter_key
from onechannel.delivery.outbox import MailRules, Outbox
from onechannel.delivery.overlay import OVERLAID, Overlay
from onechannel.errors import CommandRefused, PolicyMissing
from onechannel.events import Event
from onechannel.facts import Facts
from onechannel.kernel import Kernel
from onechannel.model.ids import TenantId
from onechannel.ports import Answer, Batch, Destination, Mail, Reference, StoreSession

__all__ = ["Sitting"]


class Sitting:
    """One session's uncommitted work."""

    def __init__(
        self,
        session: StoreSession,
        kernel: Kernel,
        at: datetime,
        tenant: TenantId,
        *,
        rules: MailRules,
        work: Sequence[w.Work],
    ) -> None:
        self._turn, self._kernel, self._at, self._tenant = session, kernel, at, tenant
        self._rules = rules
        self._asked = {*_ids(work)}
        self._seen = dict(session.seen(self._asked))
        self.events: list[Event] = []
        self.passing: list[Event] = []
        self._commands: dict[str, tuple[int, int]] = {}
        self._overlay = Overlay()
        # Made when something is done with them: most sittings serve commands alone.
        self._made_inbox: Inbox | None = None
        self._made_outbox: Outbox | None = None
        self._letters = [
            (one.source, one.id, one.delivery) for one in work if type(one) is w.Letter
        ]
        self._cursors: dict[str, int] = {}
        self._destinations: list[Destination] = []
        self._forget: datetime | None = None

    @property
    def inbox(self) -> Inbox:
        """The letters of this sitting."""
        if self._made_inbox is None:
            known = self._turn.letters(self._letters) if self._letters else {}
            self._made_inbox = Inbox(self._turn, self._at, self._serve_derived, self._knows, known)
        return self._made_inbox

    @property
    def _outbox(self) -> Outbox:
        if self._made_outbox is None:
            self._made_outbox = Outbox(self._turn, self._at, self._rules)
        return self._made_outbox

    def done(self, work: Sequence[w.Work], lacks: Sequence[str]) -> tuple[w.Answer, ...]:
        """The answers to all of it; deadlines come first."""
        if lacks:
            missing = self.inbox.missing = _missing(self._kernel.policy.name, lacks)
            due = self._kernel.next_deadline
            # What needs no callable is decided as long as no deadline is due.
            if due is not None and due <= self._at:
                return tuple([self._followed(one, w.Refused(missing)) for one in work])
        self._add(self._kernel.advance(self._at))
        answers = tuple([_DO.get(type(one), Sitting._chain)(self, one) for one in work])
        if self._overlay.has_news and (self._made_inbox or any_parked(self._turn)):
            self.inbox.release(self._overlay.news)
        return answers

    def _followed(self, one: w.Work, refused: w.Refused) -> w.Answer:
        """What can be done where nothing can be decided: whatever needs no decision."""
        kind = type(one)
        if kind in _WITHOUT_DECISION or (isinstance(one, w.Settlement) and not one.orders):
            return _DO[kind](self, one)
        return refused if kind in _DO else (refused,) * len(cast("w.Chain", one))

    def batch(self) -> Batch | None:
        """What there is to commit, if anything."""
        if self.events and (told := (*self._turn.destinations(), *self._destinations)):
            self._outbox.make(self.events, told)
        mail = self._mail()
        if not self.events and not self._commands and mail is None:
            return None
        return Batch(
            events=tuple(self.events),
            commands=self._commands,
            keys=self._overlay.keys,
            freed=frozenset(self._overlay.freed),
            mail=mail,
        )

    def _mail(self) -> Mail | None:
        used = self._made_inbox or self._made_outbox
        if not (used or self._cursors or self._destinations or self._forget):
            return None
        inbox, outbox = self.inbox, self._outbox
        tallies = {**inbox.tallies, **outbox.tallies}
        if not (tallies or outbox.rows or self._cursors or self._destinations or self._forget):
            return None
        return Mail(
            letters=tuple(inbox.rows.values()),
            effects=tuple(outbox.rows.values()),
            tallies=tallies,
            cursors=self._cursors,
            destinations=tuple(self._destinations),
            forget=self._forget,
        )

    # -- commands ---------------------------------------------------------------------------------

    def _chain(self, chain: w.Chain) -> tuple[w.Served | w.Refused | w.Skipped, ...]:
        refused = False
        answers: list[w.Served | w.Refused | w.Skipped] = []
        for submission in chain:
            answer = self._repeated(submission) or (
                w.Skipped() if refused else self._decided(submission)
            )
            refused = refused or isinstance(answer, w.Refused)
            answers.append(answer)
        return tuple(answers)

    def _serve(self, submission: w.Submission) -> w.Served | w.Refused:
        return self._repeated(submission) or self._decided(submission)

    def _serve_derived(self, submission: w.Submission) -> w.Served | w.Refused:
        """The same of a command whose id was not known before this session began."""
        if submission.id not in self._asked:
            self._asked.add(submission.id)
            self._seen |= self._turn.seen([submission.id])
        return self._serve(submission)

    def _repeated(self, submission: w.Submission) -> w.Served | None:
        earlier = self._seen.get(submission.id) or self._commands.get(submission.id)
        return None if earlier is None else w.Served(*earlier, repeated=True)

    def _decided(self, submission: w.Submission) -> w.Served | w.Refused:
        request = Request(
            submission.command,
            submission.id,
            self._at,
            self._tenant,
            submission.actor,
            submission.claimed_at,
        )
        try:
            events = self._kernel.handle(request, self._facts(request))
        except (CommandRefused, PolicyMissing) as refusal:
            return w.Refused(refusal)
        passing = [event for event in events if not event.data.stored]
        if passing:
            self.passing += passing
            events = tuple(event for event in events if event.data.stored)
        self._add(events)
        served = w.Served(events[0].position, events[-1].position) if events else w.Served(0, 0)
        self._commands[submission.id] = (served.first, served.last)
        return served

    def _add(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        for event in events:
            if type(event.data) in OVERLAID:
                self._overlay.add(event)

    def _facts(self, request: Request) -> Facts:
        facts = Facts()
        while missing := self._kernel.needs(request, facts):
            stored = self._turn.lookup(missing)
            known: dict[Reference, Answer] = {**facts.answers}
            for asked in missing:
                known[asked] = self._overlay.answer(asked, stored[asked])
            facts = Facts(known)
        return facts

    # -- mail -------------------------------------------------------------------------------------

    def _knows(self, reference: Reference) -> bool:
        stored = self._turn.lookup([reference])[reference]
        return self._overlay.answer(reference, stored) is not None

    def _take(self, letter: w.Letter) -> w.Received | w.Refused:
        return self.inbox.take(letter)

    def _replay(self, replay: w.Replay) -> w.Received | w.Refused:
        try:
            return self.inbox.again(replay.source, replay.id, replay.orders)
        except CommandRefused as refusal:
            return w.Refused(refusal)

    def _take_up(self, one: w.TakeUp) -> w.Noted:
        if one.fault is None:
            self.inbox.take_up(one.source, one.id)
        else:
            self.inbox.condemn(one.source, one.id, one.fault)
        return w.Noted()

    def _tidy(self, _tidy: w.Tidy) -> w.Noted:
        self._forget = self._at - self._rules.keep_letters
        return w.Noted(self.inbox.bury(self._at - self._rules.park_for))

    def _subscribe(self, subscribe: w.Subscribe) -> w.Noted:
        self._destinations.append(subscribe.destination)
        return w.Noted()

    def _claim(self, claim: w.Claim) -> w.Claimed:
        return self._outbox.claim(claim)

    def _settle(self, settlement: w.Settlement) -> w.Settled | w.Refused:
        key = f"{settlement.destination}@{settlement.position}~{settlement.token}"
        answers: list[w.Served | w.Refused] = []
        for number, order in enumerate(settlement.orders, start=1):
            if order.unless is not None and self._knows(order.unless):
                continue
            answer = self._serve_derived(order.submission(key, number))
            if isinstance(answer, w.Refused) and isinstance(answer.error, PolicyMissing):
                return answer  # else what was answered would be lost; it is given again
            answers.append(answer)
        return w.Settled(self._outbox.settle(settlement), tuple(answers))

    def _replay_effect(self, replay: w.ReplayEffect) -> w.Noted | w.Refused:
        try:
            self._outbox.again(replay.destination, replay.position)
        except CommandRefused as refusal:
            return w.Refused(refusal)
        return w.Noted()

    def _bookmark(self, bookmark: w.Bookmark) -> w.Noted:
        self._cursors[bookmark.name] = bookmark.position
        return w.Noted()


#: How each kind of work is done; what is none of these is a chain.
_DO: Final[Mapping[type, Callable[[Sitting, Any], w.Answer]]] = {
    w.Submission: Sitting._serve,
    w.Letter: Sitting._take,
    w.Replay: Sitting._replay,
    w.Tidy: Sitting._tidy,
    w.TakeUp: Sitting._take_up,
    w.Subscribe: Sitting._subscribe,
    w.Claim: Sitting._claim,
    w.Settlement: Sitting._settle,
    w.ReplayEffect: Sitting._replay_effect,
    w.Bookmark: Sitting._bookmark,
}


_WITHOUT_DECISION: Final = frozenset({w.Subscribe, w.Claim, w.Bookmark})


def _missing(policy: str, lacks: Sequence[str]) -> PolicyMissing:
    return PolicyMissing(
        f"policy {policy} names {', '.join(lacks)}, which this process lacks: it follows the log "
        "and decides nothing; give it the callables, or leave it to others"
    )


def _ids(work: Sequence[w.Work]) -> list[str]:
    ids: list[str] = []
    for one in work:
        if type(one) is w.Submission:
            ids.append(one.id)
        elif isinstance(one, w.Letter):
            key = letter_key(one.source, one.id)
            ids += [w.derived_id(key, number) for number in range(1, len(one.orders) + 1)]
        elif type(one) not in _DO:
            ids += [submission.id for submission in one]  # type: ignore[union-attr]  # a chain
    return ids

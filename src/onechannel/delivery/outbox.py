"""The outbox: what has to be brought about outside because an event happened.

Laws of this file: an effect is made in the commit of its event, so that it is never lost; it is
claimed under a lease with a token that counts up, so that whoever lost the lease settles nothing;
it is tried again until it is done or dead, under one key, at least once. Effects of a conversation
leave in order.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, TypeAlias

import attrs

from onechannel.delivery.work import (
    Claim,
    Claimed,
    GivenUp,
    Postponed,
    Sent,
    Settlement,
)
from onechannel.errors import CommandRefused
from onechannel.events import Cause, Event
from onechannel.model.checks import duration, some_time
from onechannel.ports import Destination, Effect, EffectState, StoreSession, Tally

__all__ = ["DEFAULT_RULES", "MailRules", "Outbox", "effect_key"]

_Key: TypeAlias = tuple[str, int]


@attrs.frozen(kw_only=True)
class MailRules:
    """How long letters are kept and wait, and how often effects are tried.

    A letter is known for `keep_letters`, which is longer than any vendor's last repetition, and
    parked for at most `park_for`. A failed effect is tried again after `first_delay`, then after
    twice as long each time up to `longest_delay`, and dead `give_up_after` it was made.
    """

    #: Meta repeats for seven days, the longest of all; a day is for clocks and mistakes.
    keep_letters: timedelta = attrs.field(default=timedelta(days=8), validator=some_time)
    park_for: timedelta = attrs.field(default=timedelta(days=1), validator=some_time)
    first_delay: timedelta = attrs.field(default=timedelta(seconds=1), validator=some_time)
    longest_delay: timedelta = attrs.field(default=timedelta(minutes=15), validator=some_time)
    #: Whoever is down for a day is up again before.
    give_up_after: timedelta = attrs.field(default=timedelta(days=3), validator=duration)


DEFAULT_RULES: Final = MailRules()


def effect_key(tenant: str, effect: Effect) -> str:
    """What a destination tells a repetition by: the same for every try, of nothing else.

    It may become a header, so it is 64 letters and digits, whatever the names are.
    """
    named = f"{len(tenant)}:{tenant}{effect.position}:{effect.destination}"
    return sha256(named.encode()).hexdigest()


@attrs.define(eq=False)
class Outbox:
    """The effects of one session."""

    session: StoreSession
    at: datetime
    rules: MailRules
    rows: dict[_Key, Effect] = attrs.field(factory=dict)
    tallies: Counter[Tally] = attrs.field(factory=Counter)

    def make(self, events: Iterable[Event], destinations: Iterable[Destination]) -> None:
        """Make the effects of events that are about to be committed.

        Of destinations of one name the last counts.
        """
        for destination in {one.name: one for one in destinations}.values():
            for event in events:
                if _wants(destination, event):
                    self.rows[destination.name, event.position] = Effect(
                        destination=destination.name,
                        position=event.position,
                        conversation=event.subject("interaction"),
                        made_at=self.at,
                        due_at=self.at,
                    )
                    self._count(destination.name, "made")

    def claim(self, claim: Claim) -> Claimed:
        """Lease what is due to whoever will bring it about."""
        due = self.session.due(claim.destination, self.at, claim.limit + len(self.rows))
        fresh = [one for one in due if (one.destination, one.position) not in self.rows]
        claimed = tuple(
            attrs.evolve(
                effect,
                token=effect.token + 1,
                attempts=effect.attempts + 1,
                holder=claim.holder,
                due_at=self.at + claim.lease,
            )
            for effect in fresh[: claim.limit]
            if not self._abandoned(effect)
        )
        self._keep(claimed)
        return Claimed(claimed)

    def settle(self, settlement: Settlement) -> bool:
        """Take in what became of an effect; False where the lease was lost, or settled, before."""
        key = settlement.destination, settlement.position
        effect = self._known(key)
        if effect is None or effect.token != settlement.token or effect.holder is None:
            return False
        outcome = settlement.outcome
        if isinstance(outcome, Sent):
            self._end(effect, EffectState.DONE, None)
        elif isinstance(outcome, GivenUp):
            self._end(effect, EffectState.DEAD, outcome.reason)
        else:
            self._postpone(effect, outcome)
        return True

    def again(self, destination: str, position: int) -> None:
        """Make a dead effect due; raises `CommandRefused` where there is none."""
        effect = self._known((destination, position))
        if effect is None or effect.state is not EffectState.DEAD:
            raise CommandRefused(
                f"effect {position} for {destination} is not dead: list the dead ones first"
            )
        self._count(destination, EffectState.DEAD, -1)
        self._keep(
            [
                attrs.evolve(
                    effect,
                    state=EffectState.DUE,
                    attempts=0,
                    made_at=self.at,
                    due_at=self.at,
                    reason=None,
                )
            ]
        )

    # -- one effect -------------------------------------------------------------------------------

    def _known(self, key: _Key) -> Effect | None:
        return self.rows.get(key) or self.session.effects([key]).get(key)

    def _abandoned(self, effect: Effect) -> bool:
        """Whether it has been tried for too long by those who never said what became of it.

        Perhaps it is what ends them.
        """
        late = self.at - effect.made_at > self.rules.give_up_after
        if effect.holder is None or not late:
            return False
        self._end(effect, EffectState.DEAD, "whoever tried it never said what became of it")
        return True

    def _postpone(self, effect: Effect, outcome: Postponed) -> None:
        wait = _delay(effect, self.rules)
        if outcome.retry_after is not None:
            wait = max(outcome.retry_after, self.rules.first_delay)
        if wait > self.rules.give_up_after - (self.at - effect.made_at):
            self._end(effect, EffectState.DEAD, outcome.reason)
            return
        self._keep(
            [attrs.evolve(effect, due_at=self.at + wait, holder=None, reason=outcome.reason)]
        )

    def _end(self, effect: Effect, state: EffectState, reason: str | None) -> None:
        self._count(effect.destination, "sent" if state is EffectState.DONE else state)
        self._keep([attrs.evolve(effect, state=state, holder=None, reason=reason)])

    def _keep(self, effects: Iterable[Effect]) -> None:
        self.rows |= {(one.destination, one.position): one for one in effects}

    def _count(self, destination: str, what: str, by: int = 1) -> None:
        self.tallies["outbox", destination, str(what)] += by


def _wants(destination: Destination, event: Event) -> bool:
    # What somebody else did and we observed has been brought about already.
    if event.type not in destination.types or event.origin.cause is Cause.OBSERVED:
        return False
    channel = event.subject("channel")
    return destination.channels is None or channel is None or channel in destination.channels


def _delay(effect: Effect, rules: MailRules) -> timedelta:
    """Twice as long each time, less up to a half by the effect's own number.

    Without it whatever failed together would be tried together for ever; no two processes need
    agree on it, and no chance is needed.
    """
    times: int = 2 ** min(max(effect.attempts - 1, 0), 30)
    wait = min(rules.first_delay * times, rules.longest_delay)
    digest = sha256(f"{effect.destination} {effect.position} {effect.attempts}".encode()).digest()
    return wait * (1 - digest[0] / 512)


# -- the breaker ----------------------------------------------------------------------------------

_FAILURES: Final = 5
_REST: Final = timedelta(seconds=30)
_LONGEST_REST: Final = timedelta(minutes=5)


@attrs.frozen(kw_only=True)
class Breaker:
    """Whether a destination is spared: closed (it is not), open until then, or on trial.

    Opened by `failures` in a row, or by a destination that says when to come again. Once its rest
    is over one effect is tried; that decides.
    """

    failures: int = 0
    open_until: datetime | None = None
    rests: int = 0

    def admits(self, at: datetime) -> int | None:
        """How many may be tried now; None: as many as there are."""
        if self.open_until is None:
            return None
        return 0 if at < self.open_until else 1

    def after(self, outcome: Sent | Postponed | GivenUp, at: datetime) -> "Breaker":
        """What a try makes of it; whatever the destination answers with sense closes it.

        A failure of a try that had begun before it opened says nothing new.
        """
        if not isinstance(outcome, Postponed):
            return Breaker()
        resting = self.open_until is not None and at < self.open_until
        if outcome.retry_after is not None:
            asked = at + min(outcome.retry_after, _LONGEST_REST)
            return attrs.evolve(self, open_until=max(asked, self.open_until or asked))
        if resting:
            return self
        failures = self.failures + 1
        if failures < _FAILURES:
            return attrs.evolve(self, failures=failures)
        rest = min(_REST * 2**self.rests, _LONGEST_REST)
        return Breaker(failures=failures, open_until=at + rest, rests=min(self.rests + 1, 8))

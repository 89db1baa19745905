"""The truth: what was kept, batch by batch, whatever anybody was told.

Laws of this file: it is fed with what the store kept and nothing else; a letter moves along one
table, an effect's token counts up by one, and a lease keeps others out until it ends.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeAlias

import attrs

from onechannel.delivery import effect_key
from onechannel.delivery.inbox import letter_key
from onechannel.delivery.work import derived_id
from onechannel.ports import Batch, Effect, EffectState, LetterRow, LetterState, Mail, Reference
from onechannel.testing.faults._stage import CANARY
from onechannel.testing.invariants import InvariantBroken

__all__ = ["LEASE", "Truth"]

_Key: TypeAlias = tuple[str, str]

#: For how long senders claim effects.
LEASE: Final = timedelta(seconds=30)

_MOVES: Final = {
    LetterState.PARKED: frozenset(LetterState),
    LetterState.REFUSED: frozenset({LetterState.STORED, LetterState.REFUSED, LetterState.DEAD}),
    LetterState.DEAD: frozenset({LetterState.STORED, LetterState.REFUSED, LetterState.DEAD}),
    LetterState.STORED: frozenset[LetterState](),
}


@attrs.define(eq=False)
class Truth:
    """What was kept.

    `served` maps command ids to their events, `letters` and `effects` are the rows as they were
    last kept. Of each letter `orders` says which of its commands have to be served, `awaits` what
    it waits for, and `brings` what it makes known.
    """

    tenant: str
    served: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    letters: dict[_Key, LetterRow] = attrs.field(factory=dict)
    effects: dict[tuple[str, int], Effect] = attrs.field(factory=dict)
    orders: dict[_Key, tuple[int, ...]] = attrs.field(factory=dict)
    awaits: dict[_Key, Reference] = attrs.field(factory=dict)
    brings: dict[_Key, Reference] = attrs.field(factory=dict)
    received: set[str] = attrs.field(factory=set)
    _sent: dict[str, _Key] = attrs.field(factory=dict)
    _parked: dict[_Key, None] = attrs.field(factory=dict)
    _due: dict[tuple[str, str | None], dict[int, Effect]] = attrs.field(factory=dict)
    _came: dict[_Key, int] = attrs.field(factory=dict)
    _talks: dict[_Key, list[_Key]] = attrs.field(factory=dict)
    _furthest: dict[_Key, int] = attrs.field(factory=dict)

    def take(self, batch: Batch) -> None:
        """Take in what was kept next; raises `InvariantBroken`."""
        for command, block in batch.commands.items():
            if command in self.served:
                raise InvariantBroken("I2", f"{command} was served at {self.served[command]}")
            self.served[command] = block
        self._check_whole(batch)
        if batch.mail is not None:
            self._take_letters(batch.mail)
            for effect in batch.mail.effects:
                self._take_effect(effect)

    def know(self, source: str, name: str) -> None:
        """A letter is on its way."""
        self._sent[letter_key(source, name)] = source, name

    def _check_whole(self, batch: Batch) -> None:
        """What a letter did is kept with what became of it."""
        letters = () if batch.mail is None else batch.mail.letters
        kept = {(row.source, row.id) for row in letters}
        for command in batch.commands:
            key = self._sent.get(command.partition("#")[0])
            if key is not None and key not in kept:
                raise InvariantBroken("I1", f"{command} is served, and its letter is not kept")

    # -- letters ----------------------------------------------------------------------------------

    def _take_letters(self, mail: Mail) -> None:
        waited: set[_Key] = set()
        for row in mail.letters:
            key = row.source, row.id
            before = self.letters.get(key)
            if before is not None and row.state not in _MOVES[before.state]:
                raise InvariantBroken("I2", f"a letter that was {before.state} is {row.state}")
            self.letters[key] = row
            _refuse_personal(row.reason)
            if row.state is LetterState.PARKED:
                self._parked[key] = None
            else:
                self._parked.pop(key, None)
            if before is None:
                self._came[key] = len(self._came)
                if row.conversation is not None:
                    self._talks.setdefault((row.source, row.conversation), []).append(key)
            if row.state is LetterState.STORED:
                self._check_served(key)
            if row.state is not LetterState.PARKED and (
                before is None or before.state is LetterState.PARKED
            ):
                waited.add(key)
        for key in sorted(waited, key=self._came.__getitem__):
            self._check_turn(key)

    def _check_served(self, key: _Key) -> None:
        for number in self.orders.get(key, ()):
            if derived_id(letter_key(*key), number) not in self.served:
                raise InvariantBroken("I1", f"a letter of {key[0]} is stored and was not served")

    def _check_turn(self, key: _Key) -> None:
        """Letters of a conversation are taken in the order they came.

        One that brings what an earlier one waits for goes before it.
        """
        row = self.letters[key]
        if row.conversation is None or row.state is LetterState.DEAD:
            return
        talk = row.source, row.conversation
        brought = self.brings.get(key)
        if brought is not None and brought in map(self.awaits.get, self._talks[talk]):
            return
        for earlier in self._talks[talk]:
            if earlier == key:
                break
            if self.letters[earlier].state is LetterState.PARKED:
                raise InvariantBroken("I1", f"a letter of {row.source} went before an earlier one")
        first = self.served.get(derived_id(letter_key(*key), 1), (0, 0))[0]
        if first and first < self._furthest.get(talk, 0):
            raise InvariantBroken("I1", f"a letter of {row.source} was served out of turn")
        self._furthest[talk] = max(first, self._furthest.get(talk, 0))

    def check_parked(self, knows: Callable[[Reference], bool]) -> None:
        """No letter waits for what is known, for a turn that has come, or for one behind it."""
        first: dict[_Key, Reference] = {}
        for key in self._parked:
            row = self.letters[key]
            talk = row.source, row.conversation or row.id
            awaits = self.awaits.get(key)
            if talk not in first:
                if awaits is None or knows(awaits):
                    raise InvariantBroken("I7", f"a letter of {row.source} waits for nothing")
                first[talk] = awaits
            elif self.brings.get(key) == first[talk]:
                reason = f"two letters of {row.source} wait for each other"
                raise InvariantBroken("I7", reason)

    # -- effects ----------------------------------------------------------------------------------

    def _take_effect(self, effect: Effect) -> None:
        key = effect.destination, effect.position
        before = self.effects.get(key)
        self.effects[key] = effect
        _refuse_personal(effect.reason)
        talk = self._due.setdefault((effect.destination, effect.conversation), {})
        if effect.state is EffectState.DUE:
            talk[effect.position] = effect
        else:
            talk.pop(effect.position, None)
        if before is None:
            if (effect.state, effect.token) != (EffectState.DUE, 0):
                raise InvariantBroken("I2", "an effect begins in the middle", effect.position)
            return
        if before.state is EffectState.DONE:
            raise InvariantBroken("I2", "an effect that is done goes on", effect.position)
        claimed = effect.token - before.token
        if claimed not in {0, 1}:
            reason = f"the token of an effect goes from {before.token} to {effect.token}"
            raise InvariantBroken("I3", reason, effect.position)
        if claimed and before.due_at > effect.due_at - LEASE:
            raise InvariantBroken("I3", "an effect is claimed within a lease", effect.position)

    def receive(self, effect: Effect) -> bool:
        """Whoever is outside receives an effect; gives whether it is the first time."""
        key = effect_key(self.tenant, effect)
        if key in self.received:
            return False
        self.received.add(key)
        if effect.conversation is None:
            return True
        for position, one in self._due[effect.destination, effect.conversation].items():
            earlier = position < effect.position
            if earlier and effect_key(self.tenant, one) not in self.received:
                reason = f"an effect leaves before that of {position}"
                raise InvariantBroken("I1", reason, effect.position)
        return True

    def check_sent(self) -> None:
        """Every effect is done, and was received by whoever it is for."""
        for (_, position), effect in self.effects.items():
            if effect.state is not EffectState.DONE:
                raise InvariantBroken("I1", "an effect was never brought about", position)
            if effect_key(self.tenant, effect) not in self.received:
                raise InvariantBroken("I1", "an effect is done, and nobody received it", position)


def _refuse_personal(reason: str | None) -> None:
    if reason is not None and CANARY in reason:
        raise InvariantBroken("I12", "a reason shows personal data")

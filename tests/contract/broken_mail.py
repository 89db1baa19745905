"""Stores that break a rule of the inbox or the outbox, each with the test that finds it out.

Law of this file: each breaks one rule, and its docstring says how it came to that.
"""

import copy

import attrs
from tests.contract.broken_logs import Sound

from onechannel.errors import StoreFault
from onechannel.ports import Conflict, EffectState
from onechannel.stores.memory import MemoryStore


class KeepsMailOnConflict(Sound):
    """What came in is remembered before the batch is kept."""

    def commit(self, session, expected, batch):
        committed = session.commit(expected, batch)
        if isinstance(committed, Conflict) and batch.mail is not None:
            self._mail.keep(batch.mail)
        return committed


class KeepsMailOfARefusedBatch(Sound):
    """Mail goes first, and whatever is wrong with the events comes to light later."""

    def commit(self, session, expected, batch):
        before = copy.deepcopy(self._mail)
        try:
            return session.commit(expected, batch)
        except StoreFault:
            self._mail = before
            if batch.mail is not None and batch.commands:
                self._mail.keep(batch.mail)
            raise


class WantsEventsForMail(Sound):
    """A batch without events is nothing to keep."""

    def commit(self, session, expected, batch):
        if not batch.events:
            batch = attrs.evolve(batch, mail=None)
        return session.commit(expected, batch)


class KnowsLettersByIdOnly(Sound):
    """Whoever gives an item another id delivers it twice."""

    def letters_of(self, session, wanted):
        found = session.letters([(source, name, None) for source, name, _ in wanted])
        return {one: found[*one[:2], None] for one in wanted if (*one[:2], None) in found}


class AnswersByIdOnly(Sound):
    """A letter that is asked for twice, with a delivery and without, has one answer."""

    def letters_of(self, session, wanted):
        found = {one[:2]: row for one, row in session.letters(wanted).items()}
        return {one: found[one[:2]] for one in wanted if one[:2] in found}


class KnowsLettersOfAnySource(Sound):
    """Two mailboxes that number their items alike are one."""

    def letters_of(self, session, wanted):
        found = dict(session.letters(wanted))
        for asked in wanted:
            for row in self._mail.rows.values():
                if row.id == asked[1]:
                    found.setdefault(asked, row)
        return found


class TakesLettersAgain(Sound):
    """A letter that comes twice replaces the first."""

    def commit(self, session, expected, batch):
        for row in batch.mail.letters if batch.mail else ():
            if not row.number:
                self._mail.rows.pop((row.source, row.id), None)
        return session.commit(expected, batch)


class TakesDeliveriesAgain(Sound):
    """A delivery that comes twice is looked up and not enforced."""

    def commit(self, session, expected, batch):
        self._mail.deliveries.clear()
        return session.commit(expected, batch)


class MovesOnlyTheState(Sound):
    """A letter that moves keeps why it was where it was."""

    def commit(self, session, expected, batch):
        if batch.mail is not None:
            rows = self._mail.rows
            letters = [
                attrs.evolve(rows[row.source, row.id], state=row.state) if row.number else row
                for row in batch.mail.letters
            ]
            batch = attrs.evolve(batch, mail=attrs.evolve(batch.mail, letters=tuple(letters)))
        return session.commit(expected, batch)


class NumbersLettersAnew(Sound):
    """The number of a letter that was forgotten is given to the next."""

    def commit(self, session, expected, batch):
        self._mail.last = max((row.number for row in self._mail.rows.values()), default=0)
        return session.commit(expected, batch)


class LooksUpAllLetters(Sound):
    """A letter that waits no more is found among those that do."""

    def parked(self, session, **asked):
        texts = frozenset(asked.get("awaits", ()))
        found = {row.number: row for row in session.parked(**asked | {"awaits": texts})}
        found |= {row.number: row for row in self._mail.in_order() if row.awaits in texts}
        return tuple(found[number] for number in sorted(found))[: asked.get("limit")]


class ParkedInAnyOrder(Sound):
    """The last that came is the first."""

    def parked(self, session, **asked):
        return session.parked(**asked)[::-1]


class ForgetsWhatIsNotStored(Sound):
    """Whatever is old is let go."""

    def commit(self, session, expected, batch):
        committed = session.commit(expected, batch)
        if batch.mail is not None and batch.mail.forget is not None:
            for key, row in [*self._mail.rows.items()]:
                if row.changed_at < batch.mail.forget:
                    self._mail.rows.pop(key)
                    self._mail.parked.pop(key, None)
        return committed


class ForgetsIdsOnly(Sound):
    """The delivery of a letter that was forgotten stays taken."""

    def commit(self, session, expected, batch):
        before = dict(self._mail.deliveries)
        committed = session.commit(expected, batch)
        self._mail.deliveries = before | self._mail.deliveries
        return committed


class KeepsMilliseconds(Sound):
    """A column of moments has three digits."""

    def commit(self, session, expected, batch):
        if batch.mail is not None:
            cut = [
                attrs.evolve(one, due_at=one.due_at.replace(microsecond=0))
                for one in batch.mail.effects
            ]
            batch = attrs.evolve(batch, mail=attrs.evolve(batch.mail, effects=tuple(cut)))
        return session.commit(expected, batch)


class DueWhateverIsBefore(MemoryStore):
    """Effects of a conversation overtake each other."""

    def due(self, destination, at, limit):
        found = [one for one in self.effects(EffectState.DUE, destination) if one.due_at <= at]
        return tuple(sorted(found, key=lambda one: (one.due_at, one.position))[:limit])


class HeldBackByTheDead(MemoryStore):
    """A dead effect keeps its conversation waiting for ever."""

    def due(self, destination, at, limit):
        dead = {one.conversation: one.position for one in self.effects(EffectState.DEAD)}
        return tuple(
            one
            for one in super().due(destination, at, limit)
            if one.position < dead.get(one.conversation, one.position + 1)
        )


class OneLineForAll(MemoryStore):
    """Those that belong to no conversation are taken for one conversation."""

    def due(self, destination, at, limit):
        found = super().due(destination, at, limit)
        alone = [one for one in found if one.conversation is None]
        return tuple(one for one in found if one not in alone[1:])


class KeepsWhatIsDone(Sound):
    """An effect that is done is a row like any other."""

    def commit(self, session, expected, batch):
        committed = session.commit(expected, batch)
        for one in batch.mail.effects if batch.mail else ():
            self._mail.effects[one.destination, one.position] = one
        return committed


class CountsAnew(Sound):
    """What is counted replaces what was."""

    def commit(self, session, expected, batch):
        if batch.mail is not None:
            self._mail.tallies.clear()
        return session.commit(expected, batch)


class NeverReadsBack(MemoryStore):
    """A cursor only ever goes on."""

    def cursor(self, name):
        far = self.__dict__.setdefault("far", {})
        far[name] = max(super().cursor(name), far.get(name, 0))
        return far[name]


class NoChannelIsEveryChannel(MemoryStore):
    """An empty list of channels is stored as none."""

    def destinations(self):
        return tuple(
            attrs.evolve(one, channels=one.channels or None) for one in super().destinations()
        )


#: What finds each out.
BROKEN = {
    KeepsMailOnConflict: "test_mail_is_kept_with_its_events_or_not_at_all",
    KeepsMailOfARefusedBatch: "test_mail_is_kept_with_its_events_or_not_at_all",
    WantsEventsForMail: "test_mail_can_come_alone",
    KnowsLettersByIdOnly: "test_a_letter_is_found_by_its_id_or_else_its_delivery",
    AnswersByIdOnly: "test_a_letter_is_found_by_its_id_or_else_its_delivery",
    KnowsLettersOfAnySource: "test_a_letter_is_found_by_its_id_or_else_its_delivery",
    TakesLettersAgain: "test_a_letter_is_given_once",
    TakesDeliveriesAgain: "test_a_letter_is_given_once",
    MovesOnlyTheState: "test_a_letter_moves",
    NumbersLettersAnew: "test_letters_are_listed_in_the_order_they_came",
    LooksUpAllLetters: "test_parked_letters_are_looked_up",
    ParkedInAnyOrder: "test_parked_letters_are_looked_up",
    ForgetsWhatIsNotStored: "test_stored_letters_are_forgotten",
    ForgetsIdsOnly: "test_stored_letters_are_forgotten",
    KeepsMilliseconds: "test_what_is_due",
    DueWhateverIsBefore: "test_effects_of_a_conversation_are_due_one_by_one",
    HeldBackByTheDead: "test_effects_of_a_conversation_are_due_one_by_one",
    OneLineForAll: "test_effects_of_a_conversation_are_due_one_by_one",
    KeepsWhatIsDone: "test_an_effect_stands_in_place_of_the_earlier_one",
    CountsAnew: "test_tallies_are_added_up",
    NeverReadsBack: "test_a_cursor_is_where_it_was_last_put",
    NoChannelIsEveryChannel: "test_destinations_are_replaced_by_name",
}

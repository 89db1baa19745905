"""Stores that break a rule of the log, each with the test of the contract that finds it out.

Law of this file: each breaks one rule, and its docstring says how it came to that.
"""

import unicodedata
from contextlib import contextmanager

import attrs

from onechannel import events as e
from onechannel.errors import StoreFault
from onechannel.ports import (
    Committed,
    Conflict,
    HolderOf,
    LineOf,
)
from onechannel.stores.memory import MemoryStore


class Wrapped:
    """A session in which the store has its say."""

    def __init__(self, store, inner):
        self.store, self.inner = store, inner

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def lookup(self, references):
        return self.store.lookup(self.inner, references)

    def seen(self, commands):
        return self.store.seen(self.inner, commands)

    def letters(self, wanted):
        return self.store.letters_of(self.inner, list(wanted))

    def parked(self, **asked):
        return self.store.parked(self.inner, **asked)

    def commit(self, expected, batch):
        return self.store.commit(self.inner, expected, batch)


class Sound(MemoryStore):
    """A store like any other; those below break one rule each."""

    @contextmanager
    def session(self):
        with super().session() as inner:
            yield Wrapped(self, inner)

    def lookup(self, session, references):
        return session.lookup(references)

    def seen(self, session, commands):
        return session.seen(commands)

    def letters_of(self, session, wanted):
        return session.letters(wanted)

    def parked(self, session, **asked):
        return session.parked(**asked)

    def commit(self, session, expected, batch):
        return session.commit(expected, batch)


class AppendsWhateverIsExpected(Sound):
    """The last writer wins."""

    def commit(self, session, expected, batch):
        last = self.last_position
        moved = [
            attrs.evolve(event, position=position)
            for position, event in enumerate(batch.events, start=last + 1)
        ]
        return session.commit(last, attrs.evolve(batch, events=tuple(moved)))


class KeepsHalf(Sound):
    """What comes before a double is kept."""

    def commit(self, session, expected, batch):
        try:
            return session.commit(expected, batch)
        except StoreFault:
            self._events += batch.events[:1]
            raise


class KeepsCommandsOnConflict(Sound):
    """The ids of commands are remembered before the batch is kept."""

    def commit(self, session, expected, batch):
        committed = session.commit(expected, batch)
        if isinstance(committed, Conflict):
            self._commands |= batch.commands
        return committed


class CommitsAgain(Sound):
    """A session never ends."""

    def commit(self, session, expected, batch):
        session.over = False
        return session.commit(expected, batch)


class SortsSuccessorsAsText(Sound):
    """The ninth successor is the latest for ever."""

    def lookup(self, session, references):
        answers = dict(session.lookup(references))
        for asked in answers:
            line = [place for place in self._arrivals if place[0] == getattr(asked, "root", "")]
            if line:
                answers[asked] = self._arrivals[max(line, key=lambda place: str(place[1]))]
        return answers


class LooksUpByPattern(Sound):
    """Somebody wrote `like` for `=`."""

    def lookup(self, session, references):
        answers = dict(session.lookup(references))
        for asked in references:
            if isinstance(asked, LineOf) and "_" in asked.root:
                other = LineOf(asked.root.replace("_", "x"))
                answers[asked] = session.lookup([other])[other] or answers[asked]
        return answers


class NormalisesText(Sound):
    """Two keys that look alike are one."""

    def commit(self, session, expected, batch):
        keys = {unicodedata.normalize("NFC", key): holder for key, holder in batch.keys.items()}
        return session.commit(expected, attrs.evolve(batch, keys=keys))

    def lookup(self, session, references):
        answers = {}
        for asked in references:
            normal = asked
            if isinstance(asked, HolderOf):
                normal = HolderOf(unicodedata.normalize("NFC", asked.key))
            answers[asked] = session.lookup([normal])[normal]
        return answers


class TruncatesText(Sound):
    """A column has room for 65,535 characters."""

    def commit(self, session, expected, batch):
        cut = [
            attrs.evolve(event, data=attrs.evolve(event.data, text=event.data.text[:65_535]))
            if isinstance(event.data, e.MessageReceived)
            else event
            for event in batch.events
        ]
        return session.commit(expected, attrs.evolve(batch, events=tuple(cut)))


class LeavesOutWhatIsNotThere(Sound):
    """A reference without an answer is missing."""

    def lookup(self, session, references):
        found = session.lookup(references)
        return {asked: answer for asked, answer in found.items() if answer is not None}


class SeesTheFirstThousand(Sound):
    """More parameters than a statement takes."""

    def seen(self, session, commands):
        return session.seen([*commands][:999])


class KeepsTheLastSnapshot(MemoryStore):
    """A snapshot that comes late replaces a later one."""

    def save_snapshot(self, snapshot):
        self._snapshot = snapshot


class ForgetsInteractions(MemoryStore):
    """A history is what names the one thing itself."""

    def history(self, *, customer=None, interaction=None, journey=None):
        wanted = {("customer", customer), ("interaction", interaction), ("journey", journey)}
        for event in self.read():
            if any(name and event.subject(kind) == name for kind, name in wanted):
                yield event


class KnowsArrivalsOnly(MemoryStore):
    """What joins a journey later is no part of its history."""

    def history(self, *, customer=None, interaction=None, journey=None):
        joined = {
            event.data.interaction
            for event in self.read()
            if isinstance(event.data, e.JourneyJoined) and event.data.journey == journey
        }
        found = super().history(customer=customer, interaction=interaction, journey=journey)
        return (event for event in found if event.subject("interaction") not in joined)


class GivesBeforeItFrees(Sound):
    """A key that one batch frees and gives again denotes nothing after it."""

    def commit(self, session, expected, batch):
        committed = session.commit(expected, batch)
        for key in batch.freed if isinstance(committed, Committed) else ():
            self._keys.pop(key, None)
        return committed


class FreesOnConflict(Sound):
    """What a batch frees is free though the batch is not kept."""

    def commit(self, session, expected, batch):
        for key in batch.freed:
            self._keys.pop(key, None)
        return session.commit(expected, batch)


class SkipsWhenItGrows(MemoryStore):
    """Read by offset from the end."""

    def read(self, after=0, limit=None):
        size = len(self._events)
        for number in range(after, size if limit is None else min(after + limit, size)):
            yield self._events[number - size]


class NestsSessions(MemoryStore):
    """A session within a session sees nothing wrong."""

    def session(self):
        self._in_session = False
        return super().session()


#: What finds each out.
BROKEN = {
    AppendsWhateverIsExpected: "test_the_expected_position_is_the_guarantee",
    KeepsHalf: "test_nothing_is_given_a_second_time",
    KeepsCommandsOnConflict: "test_the_expected_position_is_the_guarantee",
    CommitsAgain: "test_a_turn_commits_once",
    SortsSuccessorsAsText: "test_successors_are_counted_in_numbers",
    LooksUpByPattern: "test_a_line_is_no_other_line",
    NormalisesText: "test_ids_of_any_shape_are_found",
    TruncatesText: "test_whatever_text_the_model_admits_comes_back",
    LeavesOutWhatIsNotThere: "test_every_reference_is_answered",
    SeesTheFirstThousand: "test_seen_gives_the_positions_of_those_served",
    KeepsTheLastSnapshot: "test_a_later_snapshot_replaces_an_earlier_one",
    ForgetsInteractions: "test_the_history_of_a_customer",
    KnowsArrivalsOnly: "test_the_history_of_a_journey",
    GivesBeforeItFrees: "test_a_key_that_was_freed_may_be_given_again",
    FreesOnConflict: "test_a_conflict_or_a_refusal_frees_no_key",
    SkipsWhenItGrows: "test_reading_goes_on_while_others_append",
    NestsSessions: "test_turns_do_not_nest",
}

"""What ought to become of letters, in as few words as it can be said; it knows no store.

Laws of this file: it takes one letter after another, and releases what waits at once; that the
inbox works in groups, fails, comes again and has several processes, must make no difference.
"""

from collections import Counter
from datetime import timedelta

import attrs

from onechannel import commands as c
from onechannel.delivery import Letter, Order
from onechannel.ports import LineOf

POISON = c.Leave(interaction="poison")
REFUSED = c.Leave(interaction="absent")
PARK_FOR, KEEP = timedelta(days=1), timedelta(days=8)


@attrs.frozen
class Item:
    """What a vendor delivers, always the same under its name: it arrives, says, waits, fails.

    An item makes known the interaction of its own name, and speaks in that, or in what it waits
    for.
    """

    name: str
    source: str
    awaits: str | None
    conversation: str | None
    arrives: bool
    words: int
    ends: str  # well, refused, poison, unread

    @property
    def key(self):
        """Whose it is, and its name."""
        return self.source, self.name

    @property
    def place(self):
        """Where it speaks."""
        return self.awaits or (f"{self.source}{self.name}" if self.arrives else None)

    def orders(self):
        """What it means: a list of what is done, in short."""
        if self.ends == "unread":
            return []
        doing = [("arrive", f"{self.source}{self.name}")] if self.arrives else []
        if self.place is not None:
            words = (f"{self.source}{self.name}.{number}" for number in range(self.words))
            doing += [("say", self.place, text) for text in words]
        return doing + ([(self.ends,)] if self.ends in {"refused", "poison"} else [])

    def letter(self, delivery):
        """The same as a letter."""
        return Letter(
            source=self.source,
            id=self.name,
            orders=[Order(_command(*one)) for one in self.orders()],
            delivery=delivery,
            conversation=self.conversation,
            awaits=None if self.awaits is None else LineOf(self.awaits),
            body=b"raw",
            fault="no JSON" if self.ends == "unread" else None,
        )


def _command(what, *rest):
    if what == "arrive":
        return c.Arrive(interaction=rest[0], channel="chat")
    if what == "say":
        return c.Say(interaction=rest[0], text=rest[1])
    return POISON if what == "poison" else REFUSED


class Poisoned(Exception):
    """The kernel breaks down over an order."""


@attrs.define
class Kept:
    """A letter, and what became of it."""

    item: Item
    state: str
    since: object
    came: object


class Model:
    """Letters and what they did."""

    def __init__(self):
        self.kept, self.deliveries, self.done = {}, {}, set()
        self.known, self.said, self.tally = set(), [], Counter()

    # -- what is done -----------------------------------------------------------------------------

    def take(self, item, delivery, at):
        """A letter comes."""
        self.tally[item.source, "received"] += 1
        if item.key in self.kept or (item.source, delivery) in self.deliveries:
            self.tally[item.source, "duplicate"] += 1
            return
        kept = self.kept[item.key] = Kept(item, "parked", at, at)
        if delivery is not None:
            self.deliveries[item.source, delivery] = item.key
        if item.ends == "unread":
            kept.state = "dead"
        elif self._may_go(kept) or self._brings(kept):
            self._go(kept, at)
        self._release(at)

    def replay(self, key, at, *, given_up):
        """Somebody tries a letter again, or gives it up."""
        kept = self.kept.get(key)
        if kept is None or kept.state not in {"refused", "dead"}:
            return
        if given_up:
            kept.state, kept.since = "stored", at
        elif kept.item.ends != "unread" and kept.item.orders():
            before = kept.state, kept.since
            if self._go(kept, at) == "poison":
                kept.state, kept.since = before
            self._release(at)

    def tidy(self, at):
        """What waits for too long dies, what is old is forgotten."""
        for kept in self._parked():
            if kept.state != "parked":
                continue
            if self._may_go(kept):
                self._go(kept, at)
                self._follow(kept.item, at)
            elif kept.came < at - PARK_FOR and not self._knows(kept.item):
                kept.state, kept.since = "dead", at
                self._follow(kept.item, at)
        self._release(at)
        for key, kept in [*self.kept.items()]:
            if kept.state == "stored" and kept.since < at - KEEP:
                del self.kept[key]
                self.deliveries = {d: of for d, of in self.deliveries.items() if of != key}

    # -- one letter -------------------------------------------------------------------------------

    def _go(self, kept, at):
        said, known, done = list(self.said), set(self.known), set(self.done)
        try:
            kept.state = self._serve(kept.item)
        except Poisoned:
            self.said, self.known, self.done = said, known, done
            kept.state = "dead"
            kept.since = at
            return "poison"
        kept.since = at
        return kept.state

    def _serve(self, item):
        for number, (what, *rest) in enumerate(item.orders()):
            if (item.key, number) in self.done:
                continue
            if what == "poison":
                raise Poisoned
            if what == "refused" or (what == "say" and rest[0] not in self.known):
                return "refused"
            self.done.add((item.key, number))
            if what == "arrive":
                self.known.add(rest[0])
            else:
                self.said.append(rest[1])
        return "stored"

    def _parked(self):
        return [kept for kept in self.kept.values() if kept.state == "parked"]

    def _line(self, item):
        talk = item.source, item.conversation
        return [k for k in self._parked() if (k.item.source, k.item.conversation) == talk]

    def _knows(self, item):
        return item.awaits is None or item.awaits in self.known

    def _may_go(self, kept):
        item = kept.item
        if not self._knows(item):
            return False
        return item.conversation is None or self._line(item)[0] is kept

    def _brings(self, kept):
        """Whether what comes is what the first of its conversation waits for."""
        first = self._line(kept.item)[0].item if kept.item.conversation is not None else kept.item
        arrives = [order[1] for order in kept.item.orders() if order[0] == "arrive"]
        return self._knows(kept.item) and first.awaits in arrives

    def _follow(self, item, at):
        while item.conversation is not None:
            line = self._line(item)
            if not line or not self._may_go(line[0]):
                return
            self._go(line[0], at)

    def _release(self, at):
        while ready := [kept for kept in self._parked() if self._may_go(kept)]:
            self._go(ready[0], at)

    # -- what is compared -------------------------------------------------------------------------

    def states(self):
        """In which state each letter is."""
        return {key: kept.state for key, kept in self.kept.items()}

    def now(self, source):
        """How many letters of a source wait, were refused, are dead."""
        return Counter(k.state for k in self.kept.values() if k.item.source == source)

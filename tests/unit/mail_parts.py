"""Letters, effects and the cycles they go through, for the tests of the inbox and the outbox.

Law of this file: it says what is given and shows what is kept, and judges nothing.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

from onechannel import commands as c
from onechannel.delivery import (
    Claim,
    CommitCycle,
    Letter,
    Order,
    Replay,
    Settlement,
    Submission,
    Subscribe,
)
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import Named, Policy
from onechannel.ports import Destination, LetterState, LineOf
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
LEASE = 30 * SECOND


def do(cycle, *work, at=AT):
    """One cycle; gives its answers."""
    return cycle.run(work, lambda: at).answers


def tell(cycle, *commands, at=AT, prefix="s"):
    """Give plain commands, one cycle for all; gives the answers."""
    given = [Submission(command, f"{prefix}{n}") for n, command in enumerate(commands)]
    return do(cycle, *given, at=at)


def arrive(interaction):
    """Somebody arrives."""
    return c.Arrive(interaction=interaction, channel="chat")


def say(interaction, text="hello"):
    """Somebody says something."""
    return c.Say(interaction=interaction, text=text)


def letter(name, *commands, source="v", **fields):
    """A letter that means these commands."""
    return Letter(source=source, id=name, orders=[Order(one) for one in commands], **fields)


def for_line(name, interaction, *commands, **fields):
    """A letter about an interaction, which waits until there is that."""
    return letter(name, *commands, awaits=LineOf(interaction), **fields)


def again(name, *commands, source="v"):
    """A letter is tried again, with other commands if there are any."""
    orders = [Order(one) for one in commands] or None
    return Replay(source=source, id=name, orders=orders)


def states(store, source="v"):
    """In which state each letter of a source is."""
    return {
        row.id: str(state)
        for state in LetterState
        for row in store.letters(state)
        if row.source == source
    }


def counted(store, source="v", box="inbox"):
    """What was counted of a source or destination, without the zeros."""
    tallies = store.tallies().items()
    return Counter(
        {what: n for (of, name, what), n in tallies if (of, name) == (box, source) and n}
    )


def conserved(store, source="v"):
    """Whether all that was received is somewhere, and the letters are where they were counted."""
    tally = counted(store, source)
    where = ("stored", "duplicate", "parked", "refused", "dead")
    assert tally["received"] == sum(tally[what] for what in where)
    kept = Counter(states(store, source).values())
    return all(tally[what] == kept[what] for what in ("parked", "refused", "dead"))


def said(store, interaction):
    """What was said in an interaction, in order of the log."""
    return [
        event.data.text
        for event in store.read()
        if event.type == "message.received" and event.subject("interaction") == interaction
    ]


def arrivals(store):
    """The interactions that arrived, in order of the log."""
    return [e.subject("interaction") for e in store.read() if e.type == "interaction.arrived"]


# -- the outbox -----------------------------------------------------------------------------------


def wanting(store, *types, name="d", **fields):
    """A cycle at a store whose events of these types are wanted."""
    cycle = CommitCycle(store)
    do(cycle, Subscribe(Destination(name=name, types=types, **fields)))
    return cycle


def claim(cycle, *, at=AT, limit=99, name="d", holder="h", lease=LEASE):
    """What somebody gets to bring about."""
    (claimed,) = do(cycle, Claim(destination=name, holder=holder, lease=lease, limit=limit), at=at)
    return claimed.effects


def settle(cycle, effect, outcome, *commands, at=AT):
    """Say what became of an effect."""
    (settled,) = do(cycle, settlement(effect, outcome, *commands), at=at)
    return settled


def settlement(effect, outcome, *commands):
    """What became of an effect."""
    return Settlement(
        destination=effect.destination,
        position=effect.position,
        token=effect.token,
        outcome=outcome,
        orders=[Order(one) for one in commands],
    )


# -- processes ------------------------------------------------------------------------------------


def able(store):
    """A process with the callable that `ADOPT` needs."""
    return CommitCycle(store, {"vip": lambda _: Plan(queue="main", steps=(Step(),))})


ADOPT = c.AdoptPolicy(policy=Policy(name="vip", plan=Named("vip")))


def opened(kind):
    """An empty store, in memory or in SQLite."""
    return MemoryStore() if kind == "memory" else SQLiteStore(":memory:")


def broken_kernel(monkeypatch, cycle, kinds, failure=RuntimeError):
    """From now on the kernel breaks down over commands of these kinds."""
    kernel = type(cycle.kernel)
    handle = kernel.handle

    def handled(self, request, facts):
        if isinstance(request.command, kinds):
            raise failure(f"over {request.command!r}")
        return handle(self, request, facts)

    monkeypatch.setattr(kernel, "handle", handled)

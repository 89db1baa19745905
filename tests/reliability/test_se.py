"""SE: nobody sees or touches what is not theirs, and nothing personal leaves by a side door.

Each test is named by its rule, and a bug that breaks the rule is planted for it in tests/mutants.
"""

import logging
import traceback
from collections.abc import Callable
from contextlib import suppress

import attrs
import pytest
from tests.reliability.centres import processes, serve, submit
from tests.unit import test_who_may as table

from onechannel import commands as c
from onechannel.codec import event_to_json
from onechannel.commands import VERBS, Relation
from onechannel.delivery import Refused
from onechannel.errors import (
    BatchRefused,
    CommandRefused,
    InvalidValue,
    LogInconsistent,
    OneChannelError,
    StoreFault,
)
from onechannel.facts import Facts
from onechannel.kernel import Kernel
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.address import Address
from onechannel.model.calendar import Calendar
from onechannel.model.message import Attachment
from onechannel.model.worker import Worker
from onechannel.ports import Batch
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore
from onechannel.testing.strategies import START

CUSTOMER, WORKER = ActorKind.CUSTOMER, ActorKind.WORKER
HOUSE, SYSTEM, VENDOR = ActorKind.SUPERVISOR, ActorKind.SYSTEM, ActorKind.VENDOR


# -- SE-08: tenants -------------------------------------------------------------------------------

NUMBER = Address.parse("tel:+34600111222")


def day(greeting: str) -> list[c.Command]:
    """A day at a centre, with the ids and the number that everybody has."""
    return [
        c.DefineWorker(worker=Worker(id="p")),
        c.SignIn(worker="p"),
        c.RegisterCustomer(customer="ana", name=greeting, addresses=(NUMBER,)),
        c.Arrive(interaction="i", channel="sms", address=NUMBER, says=greeting),
        c.Accept(assignment="i/1"),
        c.Say(interaction="i", text=greeting, assignment="i/1"),
        c.Close(interaction="i"),
        c.Say(interaction="i", text=greeting),
    ]


def stores(kind: str, place) -> dict[str, MemoryStore | SQLiteStore]:
    """The stores of two tenants."""
    if kind == "memory":
        return {name: MemoryStore(name) for name in ("a", "b")}
    return {name: SQLiteStore(place / f"{name}.db", name) for name in ("a", "b")}


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_se_08_two_tenants_with_the_same_ids_share_nothing(kind, tmp_path):
    """Given two tenants with identical ids everywhere, interleaved, then each is as if alone."""
    alone = MemoryStore("a")
    serve(*processes(alone, 1), *day("hola"))
    both = stores(kind, tmp_path)
    cycles = {name: processes(store, 1)[0] for name, store in both.items()}
    for number, (own, other) in enumerate(zip(day("hola"), day("adeu"), strict=True)):
        for name, command in (("b", other), ("a", own)):
            serve(cycles[name], command, prefix=f"s{number}-")
    found = {name: [event.data for event in store.read()] for name, store in both.items()}
    assert found["a"] == [event.data for event in alone.read()]
    assert {event.origin.tenant for event in both["a"].read()} == {"a"}
    told = "".join(event_to_json(event) for event in both["b"].read())
    assert "hola" not in told
    for store in both.values():
        store.close()


def test_se_08_what_is_another_tenant_s_is_refused_everywhere(tmp_path):
    """Given a request, an event, a batch or a file of another tenant, then it is refused."""
    mine, theirs = MemoryStore("a"), MemoryStore("b")
    for store in (mine, theirs):
        serve(*processes(store, 1), *day("hola"))
    kernel = Kernel.replay(mine.read())
    for command in (c.Say(interaction="i~1", text="?"), c.SignOut(worker="p")):
        with pytest.raises(CommandRefused, match="tenant b has no centre here"):
            kernel.handle(c.Request(command, "r", START, "b"), Facts(complete=True))
    log = list(theirs.read())
    with pytest.raises(LogInconsistent, match="another tenant"):
        Kernel.replay(list(mine.read())[:2]).follow(log[2:])
    with MemoryStore("a").session() as session, pytest.raises(BatchRefused, match="another tenant"):
        session.commit(0, Batch(events=tuple(log)))
    SQLiteStore(tmp_path / "a.db", "a").close()
    with pytest.raises(StoreFault, match="holds the centre of tenant a, not b"):
        SQLiteStore(tmp_path / "a.db", "b")


# -- SE-09: who may -------------------------------------------------------------------------------

WHOSE = (c.Close, c.Say, c.Accept, c.Hold, c.ChangeRole, c.KeepPromise, c.AchieveJourney)
ACCOUNT = (c.LinkAddress, c.EditMessage, c.SignOut, c.Transfer, c.Leave, c.Arrive)


@pytest.mark.parametrize("verb", WHOSE + ACCOUNT, ids=lambda verb: verb.__name__)
def test_se_09_every_decision_is_the_table_s(verb):
    """Given every actor and everybody's things, then the decision is that of the table.

    What is not one's own is answered in the words for what is not there.
    """
    table.test_every_actor_with_every_verb_about_everybodys(verb)


MANAGING = {"sanction", "define_worker", "define_queue", "define_channel", "define_calendar"}
OBSERVING = {"arrival", "queued", "dequeued", "accepted", "released", "closed", "anomaly"}
CUSTOMERS = {
    *("register", "link", "unlink", "open_journey", "achieve_journey", "fail_journey"),
    *("withdraw_promise", "start", "say", "edit", "retract", "type", "leave", "move"),
    *("request_callback", "escalate"),
}
ANYBODY_S = {
    *("register", "link", "unlink", "merge", "unmerge", "open_journey", "achieve_journey"),
    *("fail_journey", "start"),
}


def test_se_09_the_table_itself_is_what_was_agreed():
    """The table as it stands here, too: who manages, who observes, what a customer may at all.

    A worker may for anybody's only what is about customers; a customer never for another's.
    """
    rows = {verb.name: verb.actors for verb in VERBS.values()}
    managing = {name for name, actors in rows.items() if {*actors} == {HOUSE, SYSTEM}}
    assert managing == MANAGING | {"adopt_policy"}
    observing = {f"observe_{name}" for name in OBSERVING}
    machinery = {name for name, actors in rows.items() if {*actors} == {SYSTEM, VENDOR}}
    assert machinery == observing | {"reconcile", "report_delivery"}
    assert {name for name, actors in rows.items() if CUSTOMER in actors} == CUSTOMERS
    assert {actors[CUSTOMER] for actors in rows.values() if CUSTOMER in actors} == {Relation.OWN}
    any_s = {name for name, actors in rows.items() if actors.get(WORKER) is Relation.ANY}
    assert any_s == ANYBODY_S
    assert {name for name, actors in rows.items() if {*actors} == {HOUSE, SYSTEM, VENDOR}} == {
        "assign"
    }


# -- SE-11: canaries ------------------------------------------------------------------------------

CANARY = "kanarienvogel"
CANARIES = (CANARY, "600471147")
MAIL = Address.parse(f"mailto:{CANARY}@example.com")
PHONE = Address.parse("tel:+34600471147")
PHOTO = Attachment(reference="sha256-1", name=f"{CANARY}.png")


def spoken() -> list[c.Command]:
    """Commands with something personal in every field that may hold it."""
    return [
        c.RegisterCustomer(customer="c1", name=f"Ana {CANARY}", addresses=(MAIL,)),
        c.RegisterCustomer(customer="c2", name=CANARY),
        c.LinkAddress(customer="c1", address=PHONE),
        c.DefineWorker(worker=Worker(id="p")),
        c.SignIn(worker="p"),
        c.Arrive(interaction="i", channel="email", address=MAIL, says=f"I am {CANARY}"),
        c.Accept(assignment="i/1"),
        c.Say(interaction="i", text=CANARY, assignment="i/1", attachments=(PHOTO,)),
        c.Say(interaction="i", text=CANARY),
        c.EditMessage(message="i#1", text=f"not {CANARY}"),
        c.Join(interaction="i", worker="p", role="listens"),
        c.MoveChannel(interaction="i", channel="sms", address=PHONE),
        c.MoveChannel(interaction="i", channel="voice"),
        c.Suggest(assignment="i/1", text=CANARY),
        c.Reach(interaction="k", channel="email", customer="c1", address=MAIL, worker="p"),
        c.Close(interaction="i"),
    ]


#: What is refused, and has something personal in it.
FAULTS: tuple[Callable[[], object], ...] = (
    lambda: Address.parse(CANARY),
    lambda: Address.parse(f"tel:{CANARY}"),
    lambda: Address.parse(f"mailto:{CANARY}"),
    lambda: c.Say(interaction="i", text=f"{CANARY}\0"),
    lambda: c.Say(interaction="i", text=CANARY * 100_000),
    lambda: c.RegisterCustomer(customer="c3", name=[CANARY]),
    lambda: c.Arrive(interaction="i", channel="sms", address=CANARY),
    lambda: Calendar.weekly("office", daily=CANARY),
)
REFUSED: tuple[c.Command, ...] = (
    c.RegisterCustomer(customer="c3", name=CANARY, addresses=(MAIL,)),
    c.RegisterCustomer(customer="c1", name=CANARY),
    c.LinkAddress(customer="c2", address=MAIL),
    c.UnlinkAddress(customer="c2", address=PHONE),
    c.Say(interaction="nowhere", text=CANARY),
    c.Arrive(interaction="i", channel="sms", address=PHONE, says=CANARY),
    c.EditMessage(message="i#99", text=CANARY),
    c.Suggest(assignment="i/1", text=CANARY),
)


def shown(error: BaseException) -> str:
    """All that a log would show of an error."""
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    return f"{error!r} {error} {error.args!r} {''.join(told.format())} {error.__cause__!r}"


def refuse_canaries(text: str, of: object) -> None:
    """Nothing personal is in what is shown of something."""
    found = [one for one in CANARIES if one in text.lower()]
    assert found == [], f"{type(of).__name__} shows {text[:300]}"


@pytest.mark.parametrize("kind", [CUSTOMER, WORKER, SYSTEM], ids=lambda kind: kind.value)
def test_se_11_nothing_personal_is_in_what_is_shown(kind, store, caplog):
    """Given canaries in every field, then none is in a repr, a refusal, an error or a log line."""
    caplog.set_level(logging.DEBUG)
    (cycle,) = processes(store, 1)
    actor = Actor(kind, "c2" if kind is CUSTOMER else "p" if kind is WORKER else None)
    for number, command in enumerate(spoken()):
        with suppress(OneChannelError):
            answer = submit(cycle, command, f"s{number}")
            refuse_canaries(f"{command!r} {answer!r}", command)
    for event in store.read():
        refuse_canaries(f"{event!r} {event}", event.data)
    now = cycle.kernel.snapshot()
    for name in attrs.fields_dict(type(now)):
        refuse_canaries(repr(getattr(now, name)), now)
    for number, command in enumerate(REFUSED):
        answer = submit(cycle, command, f"r{number}", actor=actor)
        assert isinstance(answer, Refused)
        refuse_canaries(f"{answer!r} {shown(answer.error)}", command)
    refuse_canaries(caplog.text, store)


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_se_11_an_invalid_value_is_not_cited(number):
    """Given something personal that is invalid, then the error says what is wrong, not of what."""
    with pytest.raises(InvalidValue) as fault:
        FAULTS[number]()
    refuse_canaries(shown(fault.value), fault.value)


def test_se_11_what_a_store_refuses_is_not_cited(store):
    """Given a batch that cannot be kept, then the fault names what is wrong with it alone."""
    serve(*processes(store, 1), *spoken()[:3])
    again = list(store.read())[:1]
    moved = [attrs.evolve(event, position=store.last_position + 1) for event in again]
    batches = (
        Batch(events=tuple(moved)),
        Batch(events=(), keys={MAIL.key: "c2"}),
        Batch(events=(), keys={f"mailto:{CANARY}\ud800": "c2"}),
    )
    for batch in batches:
        with store.session() as session, pytest.raises(StoreFault) as fault:
            session.commit(store.last_position, batch)
        refuse_canaries(f"{shown(fault.value)} {batch!r}", batch)

"""What the types promise, checked by `mypy --strict`; never run."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, assert_type

from onechannel import Capacity, Event, Facts, Kernel, Plan, PlanAsk, Request, Step, Worker
from onechannel.commands import (
    VERBS,
    Arrive,
    ChangeRole,
    Close,
    Command,
    Reconcile,
    Relation,
    ReportDelivery,
    Suspend,
)
from onechannel.delivery import Letter, Received
from onechannel.machines import Machine
from onechannel.model import (
    WHATSAPP,
    Actor,
    ActorKind,
    Allowed,
    Calendar,
    ConsentAsk,
    Delivery,
    EndReason,
    Explanation,
    FrozenMap,
    InteractionState,
    Role,
    reply_window,
)
from onechannel.ports import Destination, EventStore, Reference, Tally
from onechannel.runtime import Centre, Outgoing, Reply, Sending
from onechannel.simulation import InteractionHandle, WorkerHandle
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore
from onechannel.testing import FakeCentre


def commands_are_built_from_plain_values(at: datetime) -> None:
    """Ids are text, skills are a dict, reasons are members or their text."""
    worker = Worker(id="marc", skills={"billing": 4}, capacity=Capacity.only("voice"))
    assert_type(worker.skills, FrozenMap[str, float])
    command: Command = Arrive(interaction="i-1", channel="voice")
    Request(command, "r-1", at)
    assert_type(Close(interaction="i-1", reason="expired").reason, EndReason)
    assert_type(ChangeRole(assignment="i-1/2", role="serves").role, Role)
    assert_type(ReportDelivery(message="i-1#3", state="read").state, Delivery)
    assert_type(Suspend(interaction="i-1", party="bank", reason="loan", due=at).due, datetime)
    assert_type(Reconcile(channel="voice", serving={"i-1": None}).serving.get("i-1"), Any)


def values_answer_in_values(at: datetime) -> None:
    """What is computed of values is typed as well."""
    window = reply_window(WHATSAPP, None, at)
    assert_type(window.allowed, Allowed)
    assert_type(window.until, datetime | None)
    office = Calendar.weekly("office", zone="Europe/Madrid", mon_fri="09:00-17:00")
    assert_type(office.due(at, timedelta(hours=2)), datetime)


def every_table_is_typed(machine: Machine[Any]) -> None:
    """A row of the table of verbs, and the tables of states."""
    assert_type(VERBS[Arrive].actors, Mapping[ActorKind, Relation])
    assert_type(machine.refusal("i-7", machine.initial), str)


def the_kernel_gives_events(kernel: Kernel, request: Request, facts: Facts, at: datetime) -> None:
    """Its face is typed whole."""
    assert_type(kernel.handle(request, facts), tuple[Event, ...])
    assert_type(kernel.advance(at), tuple[Event, ...])
    assert_type(kernel.needs(request, facts), tuple[Reference, ...])
    assert_type(kernel.next_deadline, datetime | None)
    assert_type(kernel.explain("i-1"), Explanation | None)
    assert_type(Kernel.restore(kernel.snapshot()), Kernel)


def events_do_not_change(event: Event) -> None:
    """A field of an event cannot be assigned."""
    event.position = 7  # type: ignore[misc]


def stores_are_stores() -> None:
    """Both stores fulfil the protocol."""
    stores: list[EventStore] = [MemoryStore(), SQLiteStore("centre.db")]
    assert_type(stores[0].read(), Iterator[Event])


def the_fake_is_typed(centre: FakeCentre) -> None:
    """Handles give handles and members of the model."""
    page = centre.customer("Ana").starts("web", about="orders")
    assert_type(page, InteractionHandle)
    assert_type(page.worker, WorkerHandle | None)
    assert_type(page.state, InteractionState)
    centre.worker("marc", skills={"x": 1}, wrap_up=timedelta(seconds=30))


def a_planner_is_a_function(ask: PlanAsk) -> Plan:
    """A callable of this shape can stand in a policy."""
    return Plan(queue="main", steps=[Step()], priority=ask.priority)


def a_consent_hook_is_a_function(ask: ConsentAsk) -> str | None:
    """So can one of this shape, which says why not."""
    return "opted-out" if ask.purpose == "marketing" else None


Kernel({"acme.plan": a_planner_is_a_function, "acme.consent": a_consent_hook_is_a_function})


async def a_live_centre_knows_what_each_verb_takes(marc: Actor) -> None:
    """Verbs take the fields of their commands and give events; stores keep the widened contract."""
    async with Centre.open("memory:", sendings=[Sending(destination=RING, sender=sent)]) as centre:
        assert_type(await centre.start(interaction="i-1", channel="chat"), tuple[Event, ...])
        assert_type(await centre.by(marc, id="r-1").accept(assignment="i-1/1"), tuple[Event, ...])
        await centre.accept(interaction="i-1")  # type: ignore[call-arg]
        await centre.accept()  # type: ignore[call-arg]
        async for event in centre.feed("crm"):
            assert_type(event, Event)
        assert_type(centre.health().overdue, datetime | None)
        assert_type(await centre.receive(Letter(source="sms", id="m-1")), Received)
    stores: tuple[EventStore, EventStore] = (MemoryStore(), SQLiteStore(":memory:"))
    assert_type(stores[0].tallies(), Mapping[Tally, int])


async def sent(outgoing: Outgoing) -> Reply:
    """A sender."""
    assert_type(outgoing.event, Event)
    return Reply()


RING = Destination(name="ring", types=frozenset({"assignment.opened"}))

"""What the types promise, checked by `mypy --strict`; never run."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import assert_type

from onechannel import Capacity, Event, Facts, Kernel, Plan, PlanAsk, Request, Step, Worker
from onechannel.commands import Arrive, Close, Command
from onechannel.model import EndReason, FrozenMap, InteractionState
from onechannel.ports import EventStore, Reference
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


def the_kernel_gives_events(kernel: Kernel, request: Request, facts: Facts, at: datetime) -> None:
    """Its face is typed whole."""
    assert_type(kernel.handle(request, facts), tuple[Event, ...])
    assert_type(kernel.advance(at), tuple[Event, ...])
    assert_type(kernel.needs(request, facts), tuple[Reference, ...])
    assert_type(kernel.next_deadline, datetime | None)


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


Kernel({"acme.plan": a_planner_is_a_function})

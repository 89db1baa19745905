"""What the types promise of live centres, checked by `mypy --strict`; never run."""

from datetime import datetime, timedelta
from typing import assert_type

from onechannel import Actor, ActorKind, Event
from onechannel.delivery import Letter, Received
from onechannel.ports import Destination, EventStore
from onechannel.runtime import Centre, Health, LiveCentre, Sending
from onechannel.simulation import VirtualCentre
from onechannel.simulation.outside import VendorRequest
from onechannel.testing.live import FakeLiveCentre
from onechannel.testing.vendor import Vendor
from onechannel.testing.webhooks import Posted, Webhooks


async def code_under_test(centre: LiveCentre, letter: Letter) -> tuple[Event, ...]:
    """Whatever a live centre has, the base class has."""
    marc = centre.by(Actor(ActorKind.WORKER, "marc"), id="once")
    assert_type(await centre.receive(letter), Received)
    assert_type(centre.now, datetime)
    assert_type(centre.position, int)
    assert_type(centre.store, EventStore)
    assert_type(centre.health(), Health)
    assert_type(await anext(centre.feed("desk")), Event)
    await centre.wait(timedelta(seconds=1))
    return await marc.accept(assignment="i-1/1")


async def both_are_live_centres(virtual: VirtualCentre, letter: Letter) -> None:
    """One in real time and one in virtual time may be given to the same code."""
    async with Centre.open("memory:") as centre, FakeLiveCentre(virtual) as fake:
        assert_type(centre, Centre)
        assert_type(fake, FakeLiveCentre)
        for each in (centre, fake):
            assert_type(await code_under_test(each, letter), tuple[Event, ...])
        await fake.advance(minutes=5)


async def a_vendor_is_a_sender(vendor: Vendor, destination: Destination) -> Sending:
    """Its sender fits a sending, and what it was sent is typed."""
    assert_type(vendor.requests, tuple[VendorRequest, ...])
    return Sending(destination=destination, sender=vendor.sender)


async def webhooks_keep_the_type_of_what_they_deliver(webhooks: Webhooks) -> None:
    """Bodies in, bodies out, in both kinds of loop and to handlers."""
    bodies = [b"{}"]
    for body in webhooks(bodies):
        assert_type(body, bytes)
    async for body in webhooks(bodies):
        assert_type(body, bytes)
    assert_type(webhooks(bodies).to(len), tuple[Posted[bytes], ...])

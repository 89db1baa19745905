"""A day of one customer, over five channels: what the demonstration plays.

Law of this file: a script of ordinary commands; it decides nothing that the kernel does not.
"""

from datetime import timedelta

import attrs

from onechannel.model.worker import Capacity, WorkerKind
from onechannel.simulation.centre import VirtualCentre
from onechannel.simulation.handles import CustomerHandle, InteractionHandle, WorkerHandle

__all__ = ["a_day"]

_WRAP_UP = timedelta(seconds=45)


@attrs.frozen
class _Cast:
    """Who plays."""

    centre: VirtualCentre
    ana: CustomerHandle
    guide: WorkerHandle
    eva: WorkerHandle
    marc: WorkerHandle
    tom: WorkerHandle


def a_day(centre: VirtualCentre) -> CustomerHandle:
    """Play the day, from opening to sign-out; gives the customer."""
    cast = _open(centre)
    centre.advance(minutes=5)
    _looks_up_her_balance(cast)
    centre.advance(minutes=35)
    _was_charged_twice(cast)
    centre.advance(hours=2)
    _calls(cast)
    centre.advance(hours=1, minutes=30)
    _walks_into_the_store(cast)
    centre.advance(hours=2)
    mail = _writes(cast)
    centre.advance(hours=1)
    _writes_once_more(cast, mail)
    centre.advance(hours=1)
    for worker in (cast.guide, cast.eva, cast.marc, cast.tom):
        worker.signs_out()
    return cast.ana


def _open(centre: VirtualCentre) -> _Cast:
    centre.queue("main", wrap_up=_WRAP_UP)
    machine = Capacity.only("web", "app", "chat")
    guide = centre.worker("guide", kind=WorkerKind.MACHINE, capacity=machine, wrap_up=timedelta(0))
    eva = centre.worker("eva", skills={"billing": 3, "cards": 2}, department="service")
    marc = centre.worker("marc", skills={"billing": 5}, department="finance")
    clerk = Capacity.only("store")
    tom = centre.worker("tom", skills={"cards": 4}, department="store", capacity=clerk)
    number = len(centre.view.customers) + 1
    ana = centre.customer("Ana", f"tel:+3460011{number:04}", f"mailto:ana{number}@example.com")
    return _Cast(centre, ana, guide, eva, marc, tom)


def _looks_up_her_balance(cast: _Cast) -> None:
    """The machine alone."""
    page = cast.ana.starts("web", about="balance", says="What is on my account?")
    cast.centre.advance(seconds=3)
    page.says("1,204.50 euro, after two card payments today.")
    cast.centre.advance(seconds=40)
    page.closes(disposition="answered")


def _was_charged_twice(cast: _Cast) -> None:
    """The machine escalates, Eva declines, Marc serves."""
    chat = cast.ana.starts(
        "chat", about="billing", says="I was charged twice for one coffee machine."
    )
    cast.centre.advance(seconds=4)
    chat.says("I see two payments of 249 euro. Somebody will look at it with you.")
    chat.escalates("two-charges")
    cast.centre.advance(seconds=6)
    cast.eva.declines(chat, "with-a-customer")
    cast.centre.advance(seconds=9)
    cast.marc.accepts(chat)
    cast.centre.advance(seconds=50)
    cast.marc.says(chat, "The second one is our mistake. The refund leaves us today.")
    cast.ana.says(chat, "Thank you!")
    cast.centre.advance(seconds=20)
    cast.marc.closes(chat, disposition="refund-agreed")


def _calls(cast: _Cast) -> None:
    call = cast.ana.starts("voice", about="billing")
    cast.centre.advance(seconds=12)
    cast.eva.accepts(call)
    cast.centre.advance(minutes=3)
    cast.eva.closes(call, disposition="refund-explained")


def _walks_into_the_store(cast: _Cast) -> None:
    """A store clerk is a worker like any other."""
    visit = cast.ana.starts("store", about="cards")
    cast.tom.accepts(visit)
    cast.centre.advance(minutes=8)
    cast.tom.closes(visit, disposition="card-replaced")


def _writes(cast: _Cast) -> InteractionHandle:
    """Marc is away from his desk: his twenty seconds run out, and Eva is asked."""
    mail = cast.ana.starts("email", about="billing", says="May I have the refund in writing?")
    cast.centre.advance(seconds=25)
    cast.eva.accepts(mail)
    cast.centre.advance(minutes=4)
    cast.eva.says(mail, "Of course: reference R-2210, 249 euro, paid today.")
    cast.eva.closes(mail, disposition="confirmed")
    cast.centre.advance(minutes=20)
    cast.marc.becomes_available()
    return mail


def _writes_once_more(cast: _Cast, mail: InteractionHandle) -> None:
    """What is closed stays closed: her words begin its successor."""
    back = cast.ana.says(mail, "Received, all is well.")
    cast.centre.advance(seconds=8)
    cast.eva.accepts(back)
    cast.centre.advance(minutes=1)
    cast.eva.closes(back, disposition="thanks")

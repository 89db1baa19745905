"""A day of one customer, over six channels: what the demonstration plays.

Law of this file: a script of ordinary commands; it decides nothing that the kernel does not.
"""

from datetime import timedelta

import attrs

from onechannel.model.worker import Capacity, WorkerKind
from onechannel.simulation.centre import VirtualCentre
from onechannel.simulation.handles import (
    CustomerHandle,
    InteractionHandle,
    PromiseHandle,
    SupervisorHandle,
    WorkerHandle,
)

__all__ = ["a_day"]

_WRAP_UP = timedelta(seconds=45)


@attrs.frozen
class _Cast:
    """Who plays: a customer, a machine, two who serve, a clerk, an engineer and a supervisor."""

    centre: VirtualCentre
    ana: CustomerHandle
    guide: WorkerHandle
    eva: WorkerHandle
    marc: WorkerHandle
    tom: WorkerHandle
    lena: WorkerHandle
    sue: SupervisorHandle


def a_day(centre: VirtualCentre) -> CustomerHandle:
    """Play the day, from opening to sign-out; gives the customer."""
    cast = _open(centre)
    centre.advance(minutes=5)
    _looks_up_her_balance(cast)
    centre.advance(minutes=35)
    refund = _was_charged_twice(cast)
    centre.advance(hours=1)
    _is_handed_over_on_the_phone(cast, refund)
    centre.advance(hours=1)
    _is_called_back(cast)
    centre.advance(minutes=30)
    _walks_into_the_store(cast)
    chat = _asks_by_whatsapp(cast)
    centre.advance(hours=1, minutes=20)
    _answers_at_last(cast, chat)
    centre.advance(minutes=15)
    mail = _writes(cast)
    centre.advance(minutes=30)
    _writes_once_more(cast, mail)
    centre.advance(minutes=30)
    for worker in (cast.guide, cast.eva, cast.marc, cast.tom, cast.lena, cast.sue):
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
    engineer = Capacity.only("task")
    lena = centre.worker("lena", department="engineering", capacity=engineer)
    sue = centre.supervisor("sue", department="service")
    number = len(centre.view.customers) + 1
    ana = centre.customer("Ana", f"tel:+3460011{number:04}", f"mailto:ana{number}@example.com")
    return _Cast(centre, ana, guide, eva, marc, tom, lena, sue)


def _looks_up_her_balance(cast: _Cast) -> None:
    """The machine alone."""
    page = cast.ana.starts("web", about="balance", says="What is on my account?")
    cast.centre.advance(seconds=3)
    page.says("1,204.50 euro, after two card payments today.")
    cast.centre.advance(seconds=40)
    page.closes(disposition="answered")


def _was_charged_twice(cast: _Cast) -> PromiseHandle:
    """The machine escalates, Eva declines, Marc serves and promises a refund."""
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
    cast.marc.says(chat, "The second one is our mistake. The refund leaves us within three hours.")
    refund = cast.marc.promises(cast.ana, "refund", timedelta(hours=3))
    cast.ana.says(chat, "Thank you!")
    cast.centre.advance(seconds=20)
    cast.marc.closes(chat, disposition="refund-agreed")
    return refund


def _is_handed_over_on_the_phone(cast: _Cast, refund: PromiseHandle) -> None:
    """Eva consults Marc and hands over; Sue listens; engineering says what Marc cannot know."""
    call = cast.ana.starts("voice", about="billing")
    cast.centre.advance(seconds=12)
    cast.eva.accepts(call)
    cast.sue.listens(call)
    cast.centre.advance(minutes=2)
    cast.eva.holds(call)
    cast.eva.consults(call, cast.marc)
    cast.centre.advance(seconds=8)
    cast.marc.accepts(call)
    cast.marc.suggests(call, "The refund has left. I take her, she may ask why.")
    cast.centre.advance(seconds=25)
    cast.eva.completes_transfer(call)
    cast.centre.advance(seconds=40)
    side = cast.marc.delegates(
        call,
        department="engineering",
        says="Terminal 12 sent one payment twice. Why?",
        returns_after=timedelta(minutes=10),
    )
    cast.centre.advance(seconds=15)
    cast.lena.accepts(side)
    cast.centre.advance(minutes=3)
    cast.lena.says(side, "Its line broke after the first. The update of tonight ends that.")
    cast.lena.closes(side, disposition="explained")
    cast.marc.keeps_promise(refund, call)
    cast.marc.promises(cast.ana, "written-confirmation", timedelta(hours=4))
    cast.centre.advance(minutes=1)
    cast.sue.releases(call)
    cast.marc.closes(call, disposition="refund-explained")


def _is_called_back(cast: _Cast) -> None:
    """Everybody is at lunch; she need not wait, and is reached the second time."""
    for worker in (cast.eva, cast.marc):
        worker.becomes_unavailable("lunch", timedelta(minutes=40))
    call = cast.ana.starts("voice", about="cards")
    cast.centre.advance(seconds=50)
    cast.ana.requests_callback(call, timedelta(minutes=45), within=timedelta(hours=2))
    cast.centre.advance(minutes=45)
    cast.eva.accepts(call)
    cast.centre.advance(seconds=30)
    cast.eva.misses_callback(call)
    cast.centre.advance(minutes=30)
    cast.eva.accepts(call)
    cast.centre.advance(minutes=2)
    cast.eva.closes(call, disposition="new-card-at-the-store")


def _walks_into_the_store(cast: _Cast) -> None:
    """A store clerk is a worker like any other."""
    visit = cast.ana.starts("store", about="cards")
    cast.tom.accepts(visit)
    cast.centre.advance(minutes=8)
    cast.tom.closes(visit, disposition="card-replaced")


def _asks_by_whatsapp(cast: _Cast) -> InteractionHandle:
    """Eva asks back, and need not wait for the answer: it sleeps."""
    cast.centre.advance(minutes=12)
    chat = cast.ana.starts("whatsapp", about="cards", says="The new card is refused. Why?")
    cast.centre.advance(seconds=10)
    cast.eva.accepts(chat)
    cast.centre.advance(seconds=40)
    sent = cast.eva.says(chat, "Have you paid with its chip once? Please try, and write to me.")
    for receipt in ("sent", "delivered", "read"):
        cast.centre.reports_delivery(receipt, sent)
    cast.eva.sleeps(chat)
    return chat


def _answers_at_last(cast: _Cast, chat: InteractionHandle) -> None:
    """Her answer wakes it, and Eva, who kept it, is asked first."""
    cast.ana.says(chat, "It works now, thank you.")
    cast.centre.advance(seconds=6)
    cast.eva.accepts(chat)
    cast.eva.says(chat, "Glad to hear that.")
    cast.centre.advance(seconds=30)
    cast.eva.closes(chat, disposition="card-works")


def _writes(cast: _Cast) -> InteractionHandle:
    """A promise was forgotten; Marc is away from his desk, and Eva is asked."""
    mail = cast.ana.starts(
        "email", about="billing", says="You promised me the refund in writing. It is late."
    )
    cast.centre.advance(seconds=25)
    cast.eva.accepts(mail)
    cast.centre.advance(minutes=4)
    cast.eva.says(mail, "I am sorry. Reference R-2210, 249 euro, paid today.")
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

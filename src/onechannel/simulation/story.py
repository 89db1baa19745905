"""A day of one customer, over five channels: what the demonstration plays.

Law of this file: a script of ordinary commands; it decides nothing that the kernel does not.
"""

from datetime import timedelta

from onechannel.model.worker import Capacity, WorkerKind
from onechannel.simulation.centre import VirtualCentre
from onechannel.simulation.handles import CustomerHandle

__all__ = ["a_day"]

_PAUSE_AFTER_SERVING = timedelta(seconds=45)


def a_day(centre: VirtualCentre) -> CustomerHandle:
    """Play the day, from opening to sign-out; gives the customer."""
    centre.queue("main", wrap_up=_PAUSE_AFTER_SERVING)
    guide = centre.worker(
        "guide",
        kind=WorkerKind.MACHINE,
        capacity=Capacity.only("web", "app", "chat"),
        wrap_up=timedelta(0),
    )
    eva = centre.worker("eva", skills={"billing": 3, "cards": 2}, department="service")
    marc = centre.worker("marc", skills={"billing": 5}, department="finance")
    tom = centre.worker(
        "tom", skills={"cards": 4}, department="store", capacity=Capacity.only("store")
    )
    number = len(centre.view.customers) + 1
    ana = centre.customer("Ana", f"tel:+3460011{number:04}", f"mailto:ana{number}@example.com")

    centre.advance(minutes=5)
    page = ana.starts("web", about="balance", says="What is on my account?")
    centre.advance(seconds=3)
    page.says("1,204.50 euro, after two card payments today.")
    centre.advance(seconds=40)
    page.closes(disposition="answered")

    centre.advance(minutes=35)
    chat = ana.starts("chat", about="billing", says="I was charged twice for one coffee machine.")
    centre.advance(seconds=4)
    chat.says("I see two payments of 249 euro. Somebody will look at it with you.")
    chat.escalates("two-charges")
    centre.advance(seconds=6)
    eva.declines(chat, "with-a-customer")
    centre.advance(seconds=9)
    marc.accepts(chat)
    centre.advance(seconds=50)
    marc.says(chat, "The second one is our mistake. The refund leaves us today.")
    ana.says(chat, "Thank you!")
    centre.advance(seconds=20)
    marc.closes(chat, disposition="refund-promised")

    centre.advance(hours=2)
    call = ana.starts("voice", about="billing")
    centre.advance(seconds=12)
    eva.accepts(call)
    centre.advance(minutes=3)
    eva.closes(call, disposition="refund-explained")

    centre.advance(hours=1, minutes=30)
    visit = ana.starts("store", about="cards")
    tom.accepts(visit)
    centre.advance(minutes=8)
    tom.closes(visit, disposition="card-replaced")

    centre.advance(hours=2)
    mail = ana.starts("email", about="billing", says="May I have the refund in writing?")
    centre.advance(seconds=25)
    # Marc is away from his desk: the twenty seconds he was asked for are over, and Eva is asked.
    eva.accepts(mail)
    centre.advance(minutes=4)
    eva.says(mail, "Of course: reference R-2210, 249 euro, paid today.")
    eva.closes(mail, disposition="confirmed")
    centre.advance(minutes=20)
    marc.becomes_available()

    centre.advance(hours=1)
    back = ana.says(mail, "Received, all is well.")
    centre.advance(seconds=8)
    eva.accepts(back)
    centre.advance(minutes=1)
    eva.closes(back, disposition="thanks")

    centre.advance(hours=1)
    for worker in (guide, eva, marc, tom):
        worker.signs_out()
    return ana

"""Work that leaves the contact centre: a question to engineering, a wait for a partner, a promise.

The customer has one conversation, and whoever serves has all of it. Run it:
python examples/across_departments.py
"""

from datetime import timedelta

from onechannel import Calendar
from onechannel.testing import FakeCentre


def main() -> None:
    """Play the story, and print what each side saw of it."""
    centre = FakeCentre()
    office = centre.calendar(Calendar.weekly("office", mon_fri="09:00-17:00"))
    marc = centre.worker("marc", skills={"repairs": 4}, department="service")
    lena = centre.worker("lena", department="engineering")
    workshop = centre.worker("workshop", kind="partner", department="repairs")
    ana = centre.customer("Ana", "tel:+34600111222")

    chat = ana.starts("whatsapp", about="repairs", says="My coffee machine leaks again.")
    marc.accepts(chat)
    answer = marc.promises(ana, "answer", due=timedelta(hours=10), calendar=office)

    question = marc.delegates(chat, department="engineering", says="A known fault of the seal?")
    lena.accepts(question)
    lena.says(question, "Yes, of last year's. The workshop has the new ones.")
    lena.closes(question)

    repair = marc.delegates(chat, workshop, says="Please send a seal for model 7.")
    workshop.accepts(repair)
    marc.suspends(chat, "workshop", "seal-on-its-way", due=timedelta(days=1))
    print("while it waits:", chat.state, "for", chat.party)

    centre.advance(hours=23)
    workshop.closes(repair, disposition="sent")
    marc.reactivates(chat)
    marc.accepts(chat)
    marc.says(chat, "A new seal is on its way to you.")
    marc.keeps_promise(answer, evidence=chat)
    marc.closes(chat, disposition="seal-sent")

    print("promised by:", answer.due, "and", answer.state)
    print("who serves reads:", chat.context.summary, sep="\n")
    print("Ana sees:", ana.sees(chat).summary, sep="\n")


if __name__ == "__main__":
    main()

"""A customer is charged twice: a machine begins, a person declines, another solves it.

Run it: python examples/charged_twice.py
"""

from onechannel.insight import render_text, timeline
from onechannel.testing import FakeCentre


def main() -> None:
    """Play the story, and print its timeline."""
    centre = FakeCentre()
    eva = centre.worker("eva", skills={"billing": 3})
    marc = centre.worker("marc", skills={"billing": 5})
    ana = centre.customer("Ana", "tel:+34600111222", "mailto:ana@example.com")

    chat = ana.starts("chat", about="billing", says="Why was I charged twice?")
    chat.says("I see two payments of 249 euro. Somebody will look at it with you.")
    chat.escalates("two-charges")

    centre.advance(seconds=6)
    eva.declines(chat, "with-a-customer")
    centre.advance(seconds=9)
    marc.accepts(chat)
    centre.advance(minutes=1)
    marc.says(chat, "The second payment is our mistake. The refund leaves us today.")
    marc.closes(chat, disposition="refund-promised")

    for line in render_text(timeline(centre.log), show_text=True):
        print(line)


if __name__ == "__main__":
    main()

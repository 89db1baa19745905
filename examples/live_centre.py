"""A centre that runs: two of its processes, a vendor that repeats, a telephone that fails at first.

Both processes stand in one script here, so that one can see them together; in a company each is a
program of its own on the same file. Run it: python examples/live_centre.py
"""

import asyncio
import tempfile

from onechannel import Actor, ActorKind, Worker
from onechannel import commands as c
from onechannel.delivery import Letter, Order, Postponed
from onechannel.events import AssignmentOpened
from onechannel.ports import Destination, LineOf
from onechannel.runtime import Centre, Outgoing, Reply, Sending

MARC = Actor(ActorKind.WORKER, "marc")

HELLO = Letter(
    source="chat",
    id="m-1",
    conversation="c-77",
    orders=(Order(c.Arrive(interaction="c-77", channel="chat", says="Hello?")),),
    body=b'{"id": "m-1", "text": "Hello?"}',
)
THERE = Letter(
    source="chat",
    id="m-2",
    conversation="c-77",
    awaits=LineOf("c-77"),  # it may come before the one that begins
    orders=(Order(c.Say(interaction="c-77", text="Is anybody there?")),),
    body=b'{"id": "m-2", "text": "Is anybody there?"}',
)


class Telephone:
    """Rings whoever is asked; its line is busy the first time."""

    def __init__(self) -> None:
        self.rang = asyncio.Event()

    async def __call__(self, outgoing: Outgoing) -> Reply:
        """Ring once; what became of it is the answer."""
        asked = outgoing.event.data
        assert isinstance(asked, AssignmentOpened)
        if outgoing.attempt == 1:
            print(f"ringing {asked.worker}: the line is busy")
            return Reply(outcome=Postponed("busy"))
        print(f"ringing {asked.worker}: try {outgoing.attempt}")
        self.rang.set()
        return Reply()


async def answer(desk: Centre) -> None:
    """What Marc's screen does: it follows the log, and goes on where it stopped last time."""
    screen = desk.feed("screen")
    async for event in screen:
        data = event.data
        if isinstance(data, AssignmentOpened):
            marc = desk.by(MARC)
            await marc.accept(assignment=data.assignment)
            await marc.say(assignment=data.assignment, interaction="c-77", text="How can I help?")
            await marc.close(interaction="c-77")
        elif event.type == "interaction.closed":
            await screen.mark()
            return


async def play(address: str) -> None:
    """One customer's chat, with all that goes wrong on its way."""
    telephone = Telephone()
    rings = Sending(
        destination=Destination(name="telephone", types=frozenset({"assignment.opened"})),
        sender=telephone,
    )
    async with (
        Centre.open(address, sendings=[rings]) as desk,
        Centre.open(address) as door,
    ):
        await desk.define_worker(worker=Worker(id="marc"))
        await desk.by(MARC).sign_in(worker="marc")

        for letter in (THERE, HELLO, HELLO):
            received = await door.receive(letter)
            again = ", again" if received.repeated else ""
            print(f"{letter.id} is {received.state}{again}")

        await telephone.rang.wait()
        await answer(desk)

        mail = door.health().mail
        print(f"letters: {mail.received} = {mail.stored} stored + {mail.duplicates} duplicate")
        print(f"rings: {mail.made} made, {mail.sent} sent")


def main() -> None:
    """Play it on a file that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(f"sqlite:///{folder}/centre.db"))


if __name__ == "__main__":
    main()

"""No personal data leaves a centre but to whom it is meant for (SE-11)."""

import logging
import traceback

import pytest
from tests.runtime.setting import QUICK, Post, in_time, memory

from onechannel import commands as c
from onechannel.delivery import Letter, Order
from onechannel.errors import OneChannelError
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.address import Address
from onechannel.ports import Destination
from onechannel.runtime import Centre, Sending

pytestmark = pytest.mark.anyio

CANARY = "canary7of9"
NUMBER = "+34600777999"
ADDRESS = Address.parse(f"tel:{NUMBER}")
MAIL = Address.parse(f"mailto:{CANARY}@example.com")
TALK = Destination(name="phone", types={"message.received"})


def planted(text):
    """Whether anything personal stands in a text."""
    return CANARY in text or NUMBER in text or NUMBER[1:] in text


async def everything_goes_wrong(centre, store, raised):
    """Personal data in every field that may hold some, in commands that are done and refused."""

    async def refused(giving):
        try:
            await giving
        except OneChannelError as fault:
            raised.append(fault)

    await centre.register(customer="c-1", name=CANARY, addresses=(ADDRESS, MAIL))
    await refused(centre.register(customer="c-1", name=CANARY, addresses=(ADDRESS,)))
    await refused(centre.link(customer="c-2", address=ADDRESS, evidence="stated"))
    await centre.start(interaction="i-1", channel="chat", address=MAIL, says=CANARY)
    await refused(centre.start(interaction="i-1", channel="chat", address=MAIL, says=CANARY))
    await centre.say(interaction="i-1", text=f"my number is {NUMBER}")
    await refused(centre.say(interaction="i-9", text=CANARY))
    await refused(centre.by(Actor(ActorKind.WORKER, "marc")).edit(message="i-1#1", text=CANARY))
    said = Order(c.Say(interaction="i-8", text=CANARY))
    for number, more in enumerate(({}, {"fault": "unreadable"}, {"conversation": CANARY})):
        name = f"{CANARY}-{number}"
        letter = Letter(source="chat", id=name, orders=(said,), body=CANARY.encode(), **more)
        await centre.receive(letter)
    store.fails["session"] = 10**9
    await refused(centre.say(interaction="i-1", text=CANARY))
    store.fails.clear()
    await refused(centre.do(c.Say(interaction="i-1", text=CANARY), id="poison"))


@in_time()
async def test_nothing_personal_is_told_to_anybody(caplog):
    """With personal data in every field none is in a log record, an error or its traceback.

    Nor in what health says, nor in how anything of ours is shown.
    """
    caplog.set_level(logging.DEBUG)
    store, raised, shown = memory(), [], []

    class Wrong(ValueError):
        """What a sender may raise, with what it should not hold."""

    post = Post(answers=[Wrong(CANARY), Wrong(NUMBER)])
    sending = Sending(destination=TALK, sender=post)
    async with Centre.open(store, limits=QUICK, sendings=[sending]) as centre:
        await everything_goes_wrong(centre, store, raised)
        await post.has(1)
        health = centre.health()
        shown += [repr(health), str(health.to_dict()), *health.problems, *health.notes]
        shown += [repr(centre), repr(centre.feed("reader")), repr(sending), repr(post.got)]
        shown += [repr(event) for event in centre.store.read()]
        shown += [repr(row) for state in ("refused", "dead") for row in rows(centre, state)]
        shown += [repr(one) for one in centre.store.effects("due")]
        shown.append(repr(centre._stream.state))
    assert len(raised) >= 7
    for fault in raised:
        shown += [repr(fault), str(fault), "".join(traceback.format_exception(fault, limit=None))]
    shown += [caplog.text, *(repr(record.__dict__) for record in caplog.records)]
    assert [text for text in shown if planted(text)] == []


def rows(centre, state):
    """The letters in a state."""
    return centre.store.letters(state)


@in_time()
async def test_the_canary_is_seen_where_it_sits():
    """The check itself finds what is planted, in the log as it is stored too."""
    async with Centre.open("memory:") as centre:
        await centre.register(customer="c-1", name=CANARY, addresses=(ADDRESS,))
        *_, event = centre.store.read()
        assert planted(event.data.name)
        assert planted(str(ADDRESS.key))
        assert not planted(repr(event))

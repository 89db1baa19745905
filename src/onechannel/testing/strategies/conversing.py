"""Cues about what passes between a customer and the company, and what they come to.

Law of this file: a cue comes to a valid command whatever is there.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from onechannel import commands as c
from onechannel.model.assignment import SPEAKING
from onechannel.model.ids import interaction_of
from onechannel.model.message import Delivery
from onechannel.testing.strategies import props
from onechannel.testing.strategies.choosing import Cue, astray, falls_on, one
from onechannel.testing.strategies.props import address
from onechannel.testing.strategies.stage import Stage

__all__ = ["CONVERSING"]

_Make: TypeAlias = Callable[[Stage, Cue, datetime], c.Command]


def _arrive(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    follows = stage.closed(cue.second) if astray(cue.first) else None
    customer = one(props.CUSTOMERS[:-1], cue.third)
    named = customer is not None and falls_on(3, 16, cue.first)
    return c.Arrive(
        interaction=None if follows and cue.third % 2 else stage.new_name(cue.first, "i"),
        channel=one(props.CHANNELS, cue.second),
        customer=customer,
        address=address(cue.first) if cue.third % 2 else None,
        queue=one(props.QUEUES, cue.first) if astray(cue.third) else None,
        about=one(props.ABOUT, cue.first),
        priority=cue.second % 3 - 1,
        says="good morning" if cue.first % 4 == 0 else None,
        follows=follows,
        journey=stage.journey(cue.second, customer) if named else None,
        reference=one(props.REFERENCES, cue.second // 2) if falls_on(2, 4, cue.third) else None,
        department=one(props.DEPARTMENTS, cue.second) if falls_on(6, 16, cue.third) else None,
    )


def _reach(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    worker = stage.worker(cue.second, "available", "unavailable") if cue.third % 3 else None
    first_words = worker is not None and cue.third % 2 == 0
    return c.Reach(
        interaction=stage.new_name(cue.first, "i"),
        channel=one(props.CHANNELS, cue.second),
        customer=stage.customer(cue.third),
        address=address(cue.first) if cue.first % 2 else None,
        worker=worker,
        queue=one(props.QUEUES, cue.first) if astray(cue.third) else None,
        about=one(props.ABOUT, cue.second // 2),
        purpose=one(props.PURPOSES, cue.first // 4),
        says="hello" if first_words else None,
        template="greeting" if first_words and cue.second % 2 else None,
        reference=one(props.REFERENCES, cue.first // 2),
    )


def _say(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    attachments = one(props.ATTACHMENTS, cue.third // 8)
    if cue.first % 3:
        if falls_on(8, 16, cue.first) and (over := stage.closed(cue.second)):
            return c.Say(interaction=over, text="once more")
        states = ("dormant",) if falls_on(4, 8, cue.first) else ()
        interaction = stage.interaction(cue.second, *states, ours=not astray(cue.third, 2))
        return c.Say(
            interaction=interaction,
            text="hello",
            channel=_been_on(stage, cue, interaction),
            author=one(("c1", "c2", "c3"), cue.second // 4) if falls_on(3, 4, cue.third) else None,
            attachments=attachments,
        )
    roles = () if astray(cue.second, 2) else SPEAKING
    part = stage.part(cue.second, "active", roles=roles)
    interaction = "absent" if astray(cue.third) else interaction_of(part)
    return c.Say(
        interaction=interaction,
        text="hello",
        assignment=part,
        channel=_been_on(stage, cue, interaction),
        template="greeting" if falls_on(2, 4, cue.third) else None,
        attachments=attachments,
    )


def _been_on(stage: Stage, cue: Cue, interaction: str) -> str | None:
    """Now and then a channel that it has been on, if it has been on any; or any at all."""
    live = stage.open.get(interaction)
    if live is None or cue.first % 4 == 0:
        return None
    if astray(cue.first, 2):
        return one(props.CHANNELS, cue.third)
    return one(live.been_on, cue.third) if live.been_on else None


def _type(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    if cue.first % 2:
        return c.Type(interaction=stage.interaction(cue.second))
    part = stage.part(cue.second, "active")
    return c.Type(interaction=interaction_of(part) or "absent", assignment=part)


def _receipt(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    """By the vendor's reference, by ours, by both; the first of these now and then too early."""
    known = [*stage.references, *stage.parked]
    new = f"v{len(stage.sent) + cue.first % 3}"
    ways = (
        (None, one([*stage.parked, new], cue.first)),
        (stage.message(cue.second, to_customer=True), one([*stage.parked, new], cue.first)),
        (None, one(known or [new], cue.first)),
        (stage.message(cue.second, to_customer=True), None),
    )
    message, reference = one(ways, cue.third)
    return c.ReportDelivery(
        state=one(tuple(Delivery), cue.first),
        message=message,
        reference=reference,
        reason="unreachable" if cue.first % 4 == 1 else None,
    )


_LATER: Final = (timedelta(seconds=10), timedelta(seconds=45), timedelta(seconds=-1))


def _callback(stage: Stage, cue: Cue, at: datetime) -> c.Command:
    states = ("waiting",) if cue.first % 4 else ()
    owner = stage.worker(cue.second, "available", "unavailable") if cue.third % 4 == 1 else None
    return c.RequestCallback(
        interaction=stage.interaction(
            cue.first, *states, ours=True, where=lambda live: not live.callback
        ),
        at=at + one(_LATER, cue.second) if cue.third % 2 else None,
        worker=owner,
        owned_for=timedelta(seconds=15) if owner and cue.first % 2 else None,
        only=owner is not None and cue.second % 2 == 0,
        within=timedelta(seconds=40) if cue.second % 4 == 0 else None,
    )


def _leave(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    states = ("waiting",) if cue.second % 2 else ()
    return c.Leave(interaction=stage.interaction(cue.first, *states, ours=not astray(cue.third)))


def _move(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    return c.MoveChannel(
        interaction=stage.interaction(cue.first),
        channel=one(props.CHANNELS, cue.second),
        address=address(cue.third) if cue.third % 2 else None,
    )


#: What a cue about an interaction and its customer comes to.
CONVERSING: Final[Mapping[type[c.Command], _Make]] = {
    c.Arrive: _arrive,
    c.Reach: _reach,
    c.Say: _say,
    c.EditMessage: lambda stage, cue, _: c.EditMessage(
        message=stage.message(cue.first), text="hallo"
    ),
    c.RetractMessage: lambda stage, cue, _: c.RetractMessage(message=stage.message(cue.first)),
    c.Type: _type,
    c.ReportDelivery: _receipt,
    c.Leave: _leave,
    c.MoveChannel: _move,
    c.RequestCallback: _callback,
    c.MissCallback: lambda stage, cue, _: c.MissCallback(
        interaction=stage.interaction(
            cue.first, "engaged", where=lambda live: live.callback or astray(cue.second)
        )
    ),
    c.RenewLease: lambda stage, cue, _: c.RenewLease(
        interaction=stage.interaction(
            cue.first,
            "engaged",
            where=lambda live: stage.channels[live.channel].lease or astray(cue.second),
        )
    ),
}

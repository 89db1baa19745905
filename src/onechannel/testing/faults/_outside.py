"""Outside: vendors who deliver letters, and destinations that are told of what happens.

Laws of this file: a letter comes at least once, perhaps only as a copy, late, or before what it
refers to; whoever is told something may refuse, be slow, or have it and not say so.
"""

from datetime import timedelta
from typing import Final

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel.delivery import (
    Claim,
    Claimed,
    GivenUp,
    Letter,
    Order,
    Outcome,
    Postponed,
    Replay,
    ReplayEffect,
    Sent,
    Settlement,
)
from onechannel.model.ids import root_of
from onechannel.model.interaction import InteractionState
from onechannel.model.message import Delivery
from onechannel.ports import Effect, EffectState, HolderOf, LetterState, LineOf, reference_key
from onechannel.testing.faults._dice import Dice
from onechannel.testing.faults._errands import Chore, Errand, Settling
from onechannel.testing.faults._stage import CANARY, address, said
from onechannel.testing.faults._truth import LEASE
from onechannel.testing.faults._world import DESTINATIONS, World
from onechannel.testing.invariants import InvariantBroken

__all__ = ["claimed", "continues", "outcomes", "replays", "sent_back", "settles", "writes"]

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_SOURCE: Final = "whatsapp"

#: When copies come: at once, as Slack's and as Meta's last do.
_LATER: Final = (_SECOND, _MINUTE, 5 * _MINUTE, timedelta(hours=4), 3 * _DAY, 7 * _DAY)

#: What becomes of a letter's first delivery, of twenty-five, and how much later one then comes.
_FATES: Final = (*(None,) * 19, "late", "late", "lost", "out of order", "out of order", "lost")
_DELAYS: Final = {
    "late": _LATER,
    "lost": _LATER[:3],
    "out of order": tuple(number * _SECOND for number in range(20)),
}


# -- letters --------------------------------------------------------------------------------------


def writes(world: World, dice: Dice) -> None:
    """A customer begins to write, and writes on."""
    root = world.stage.name("w")
    arrive = c.Arrive(
        interaction=root,
        channel=_SOURCE,
        address=address(dice.below(8)),
        about=dice.one((None, "billing")),
        says=said(4),
    )
    more = (c.Say(interaction=root, text=said(8)), c.Leave(interaction=root))[: dice.below(3)]
    more = more if dice.chance(200) else ()
    letter = _letter(world, dice, root, arrive, *more)
    if dice.chance(300):
        # Whoever writes for the first time becomes known by it.
        writer = address(8 + dice.below(4))
        known = c.RegisterCustomer(customer=world.stage.name("m"), addresses=(writer,))
        first = Order(known, unless=HolderOf(writer.key))
        letter = attrs.evolve(letter, orders=(first, *letter.orders))
    _post(world, dice, letter)
    for number in range(dice.below(3)):
        say = c.Say(interaction=root, text=said(number))
        letter = _letter(world, dice, root, say, waits=dice.chance(700))
        if letter.awaits is None and dice.chance(700):
            # Whichever comes first begins what all of them belong to.
            begins = Order(arrive, unless=LineOf(root))
            letter = attrs.evolve(letter, orders=(begins, *letter.orders))
        _post(world, dice, letter)
    if dice.chance(200):
        _post(world, dice, _letter(world, dice, root, c.Leave(interaction=root), waits=True))


def continues(world: World, dice: Dice) -> None:
    """A customer who has written before writes again; now and then what nobody can read."""
    line = world.stage.line(dice, *InteractionState, channels=(_SOURCE,))
    if line is None or dice.chance(80):
        letter = Letter(
            source=_SOURCE,
            id=world.stage.name("x"),
            fault="it cannot be read",
            body=CANARY.encode(),
        )
        _post(world, dice, letter)
        return
    root = root_of(line.id)
    say = c.Say(interaction=root, text=said(5))
    ends = (c.Leave(interaction=root), c.Leave(interaction=root))[: dice.below(3)]
    _post(
        world,
        dice,
        _letter(world, dice, root, say, *(ends if dice.chance(200) else ())),
    )


def _letter(
    world: World, dice: Dice, root: str, *commands: c.Command, waits: bool = False
) -> Letter:
    return Letter(
        source=_SOURCE,
        id=world.stage.name(f"{CANARY}-"),
        delivery=world.stage.name("d") if dice.chance(500) else None,
        conversation=root if dice.chance(900) else None,
        orders=tuple(Order(one) for one in commands),
        awaits=LineOf(root) if waits else None,
        body=said(6).encode(),
    )


def _post(world: World, dice: Dice, letter: Letter) -> None:
    """It comes soon, or late, or only when it is repeated, and perhaps more than once."""
    world.truth.know(letter.source, letter.id)
    world.truth.orders[letter.source, letter.id] = tuple(
        number for number, order in enumerate(letter.orders, start=1) if order.unless is None
    )
    for order in letter.orders:
        if isinstance(order.command, c.Arrive) and order.command.interaction is not None:
            world.truth.brings[letter.source, letter.id] = LineOf(order.command.interaction)
    if letter.awaits is not None:
        world.truth.awaits[letter.source, letter.id] = letter.awaits
    first = world.now + dice.below(4) * _SECOND
    fate = dice.one(_FATES)
    if fate is not None:
        world.counts[f"letter {fate}"] += 1
        first += dice.one(_DELAYS[fate])
    world.mail(letter, first)
    while dice.chance(300):
        world.counts["letter doubled"] += 1
        world.mail(letter, first + dice.one(_LATER))


def replays(world: World, dice: Dice) -> list[Errand]:
    """An operator has what was refused or died tried again."""
    found = [*world.disk.letters(LetterState.REFUSED), *world.disk.letters(LetterState.DEAD)]
    again: list[Errand] = []
    if found:
        row = dice.one(found)
        read = row.orders == "[]" or dice.chance(100)
        orders = (Order(c.OpenJourney(customer="ana")),) if read else None
        if orders is not None:
            world.truth.orders[row.source, row.id] = (1,)
        again.append(Chore(Replay(source=row.source, id=row.id, orders=orders)))
    dead = world.disk.effects(EffectState.DEAD)
    if dead:
        one = dice.one(dead)
        again.append(Chore(ReplayEffect(destination=one.destination, position=one.position)))
    return again


#: What a destination answers, of forty times.
_ANSWERS: Final = (
    *(None,) * 31,
    *("vendor 429", "vendor 429", "vendor 5xx", "vendor 5xx"),
    *("vendor time-out", "vendor time-out", "vendor time-out, late", "vendor time-out, late"),
    *("vendor 4xx", "sender vanishes"),
)


# -- effects --------------------------------------------------------------------------------------


def claimed(world: World, dice: Dice) -> Chore:
    """A sender wants what is due at a destination."""
    destination = dice.one(DESTINATIONS).name
    return Chore(
        Claim(
            destination=destination,
            holder=world.stage.name("sender"),
            lease=LEASE,
            limit=1 + dice.below(6),
        )
    )


def outcomes(world: World, dice: Dice, chore: Chore) -> list[Errand]:
    """What becomes of what was claimed; whoever never says so is missing here."""
    if not isinstance(chore.answer, Claimed):
        return []
    found: list[Errand] = []
    for effect in chore.answer.effects:
        if world.truth.effects.get((effect.destination, effect.position)) != effect:
            raise InvariantBroken("I3", "an effect is claimed, and that is not kept")
        outcome = _outcome(world, dice, effect)
        if outcome is not None:
            found.append(settles(world, effect, outcome))
    return found


def _outcome(world: World, dice: Dice, effect: Effect) -> Outcome | None:
    fate = dice.one(_ANSWERS)
    if fate is not None:
        world.counts[fate] += 1
    if fate in {None, "sender vanishes", "vendor time-out, late"}:
        world.truth.receive(effect)
    if fate == "sender vanishes":
        return None
    if fate == "vendor 429":
        return Postponed("429", retry_after=(1 + dice.below(90)) * _SECOND)
    if fate == "vendor 4xx":
        return GivenUp("400")
    return Sent() if fate is None else Postponed(fate)


def settles(world: World, effect: Effect, outcome: Outcome) -> Settling:
    """The sender says what became of an effect, and what its vendor calls it."""
    orders: tuple[Order, ...] = ()
    event = next(world.disk.read(effect.position - 1, 1))
    if isinstance(outcome, Sent) and isinstance(event.data, e.MessageSent):
        report = c.ReportDelivery(
            state=Delivery.SENT, message=event.data.message, reference=f"r-{event.data.message}"
        )
        orders = (Order(report),)
    return Settling(
        Settlement(
            destination=effect.destination,
            position=effect.position,
            token=effect.token,
            outcome=outcome,
            orders=orders,
        )
    )


def sent_back(world: World, dice: Dice, settling: Settling) -> None:
    """The vendor's receipts for what it was sent, perhaps before we know what it calls it."""
    for order in settling.work.orders:
        report = order.command
        if not isinstance(report, c.ReportDelivery) or report.reference is None:
            continue
        for state in (Delivery.DELIVERED, Delivery.READ)[: 1 + dice.below(2)]:
            known = HolderOf(reference_key(report.reference)) if dice.chance(700) else None
            letter = Letter(
                source=_SOURCE,
                id=world.stage.name("s"),
                orders=(Order(c.ReportDelivery(state=state, reference=report.reference)),),
                awaits=known,
            )
            _post(world, dice, letter)

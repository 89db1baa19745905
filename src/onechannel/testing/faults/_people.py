"""What people do: customers, workers and supervisors, by what they find.

Laws of this file: each function gives a command with whoever gives it, or None where there is
nothing to do it to; what was found may be gone when the command is served, as in life.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeAlias

from onechannel import commands as c
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.assignment import AssignmentState, Role
from onechannel.model.interaction import InteractionState
from onechannel.model.message import Delivery
from onechannel.model.worker import WorkerState
from onechannel.testing.faults._dice import Dice
from onechannel.testing.faults._stage import (
    ABOUTS,
    ASYNCHRONOUS,
    CUSTOMERS,
    NEVER,
    PEOPLE_OF,
    POLICIES,
    REAL_TIME,
    Stage,
    address,
    queue,
    said,
    worker,
)
from onechannel.testing.invariants import Part

__all__ = ["DEEDS", "Deed", "Told"]

#: A command, and who gives it.
Told: TypeAlias = tuple[c.Command, Actor] | None
Deed: TypeAlias = Callable[[Stage, Dice], Told]

_MINUTE: Final = timedelta(minutes=1)
_LATER: Final = (5 * _MINUTE, 30 * _MINUTE, 90 * _MINUTE)
_SUPERVISOR: Final = Actor(ActorKind.SUPERVISOR, "sue")
_VENDOR: Final = Actor(ActorKind.VENDOR, "pbx")
_WAITING, _ENGAGED = InteractionState.WAITING, InteractionState.ENGAGED
_ASIDE: Final = (InteractionState.DORMANT, InteractionState.SUSPENDED)
_PENDING, _WRAPPING = AssignmentState.PENDING, AssignmentState.WRAPPING
_SUPERVISING: Final = (Role.LISTENS, Role.WHISPERS, Role.BARGES)


def _by(part: Part) -> Actor:
    kind = ActorKind.MACHINE if part.worker == "bot" else ActorKind.WORKER
    return Actor(kind, part.worker)


# -- customers ------------------------------------------------------------------------------------


def _arrives(stage: Stage, dice: Dice) -> Told:
    real_time = dice.chance(700)
    return c.Arrive(
        interaction=stage.name("i"),
        channel=dice.one(REAL_TIME if real_time else ASYNCHRONOUS),
        customer=dice.one(CUSTOMERS[:4]) if dice.chance(600) else None,
        address=address(dice.below(8)) if dice.chance(500) else None,
        about=dice.one(ABOUTS),
        priority=dice.one((0, 0, 0, 5)),
        queue=dice.one((None, None, "second")),
        says=said(dice.below(9)) if dice.chance(300) else None,
    ), SYSTEM


def _comes_another_way(stage: Stage, dice: Dice) -> Told:
    line = stage.line(dice, _WAITING)
    if line is None or line.customer is None:
        return None
    channel = dice.one([one for one in REAL_TIME if one != line.channel])
    arrival = c.Arrive(
        interaction=stage.name("i"), channel=channel, customer=line.customer, about=line.about
    )
    return arrival, SYSTEM


def _comes_back(stage: Stage, dice: Dice) -> Told:
    if not stage.closed:
        return None
    past = dice.one(stage.closed[-6:])
    if dice.chance(500):
        return c.Say(interaction=past.id, text=said(1)), SYSTEM
    named = stage.name("i") if dice.chance(500) else None
    return c.Arrive(interaction=named, channel=past.channel, follows=past.id), SYSTEM


def _customer_says(stage: Stage, dice: Dice) -> Told:
    line = stage.line(dice)
    return None if line is None else (c.Say(interaction=line.id, text=said(dice.below(9))), SYSTEM)


def _leaves(stage: Stage, dice: Dice) -> Told:
    line = stage.line(dice, *((_WAITING,) if dice.chance(600) else ()))
    if line is None:
        return None
    own = line.customer is not None and dice.chance(300)
    return c.Leave(interaction=line.id), Actor(ActorKind.CUSTOMER, line.customer) if own else SYSTEM


def _asks_to_be_called(stage: Stage, dice: Dice) -> Told:
    line = stage.line(dice, _WAITING, _ENGAGED)
    if line is None:
        return None
    owner = dice.one((None, None, *PEOPLE_OF))
    return c.RequestCallback(
        interaction=line.id,
        at=dice.one((None, None, *(stage.now + span for span in _LATER), NEVER)),
        worker=owner,
        only=owner is not None and dice.chance(500),
        owned_for=None if owner is None else dice.one((None, 10 * _MINUTE)),
    ), SYSTEM


def _moves(stage: Stage, dice: Dice) -> Told:
    line = stage.line(dice)
    channel = dice.one((*REAL_TIME, *ASYNCHRONOUS))
    return None if line is None else (c.MoveChannel(interaction=line.id, channel=channel), SYSTEM)


def _types(stage: Stage, dice: Dice) -> Told:
    line = stage.line(dice)
    return None if line is None else (c.Type(interaction=line.id), SYSTEM)


def _takes_back(stage: Stage, dice: Dice) -> Told:
    if not stage.messages:
        return None
    message = dice.one(stage.messages)
    if dice.chance(500):
        return c.RetractMessage(message=message), SYSTEM
    return c.EditMessage(message=message, text=said(2)), SYSTEM


# -- workers --------------------------------------------------------------------------------------


def _accepts(stage: Stage, dice: Dice) -> Told:
    part = stage.part(dice, _PENDING)
    return None if part is None else (c.Accept(assignment=part.id), _by(part))


def _declines(stage: Stage, dice: Dice) -> Told:
    part = stage.part(dice, _PENDING)
    return None if part is None else (c.Decline(assignment=part.id, reason="busy"), _by(part))


def _worker_says(stage: Stage, dice: Dice) -> Told:
    # What is written is sent by vendors, and makes effects and receipts.
    line = stage.line(dice, _ENGAGED, channels=ASYNCHRONOUS)
    written = line is not None and line.serving is not None and dice.chance(700)
    part = stage.floor.parts[line.serving or ""] if line and written else stage.part(dice)
    if part is None:
        return None
    text = said(dice.below(9))
    if part.role in {Role.CONSULTED, Role.WHISPERS, Role.ASSISTS}:
        return c.Suggest(assignment=part.id, text=text), _by(part)
    return c.Say(interaction=part.interaction, text=text, assignment=part.id), _by(part)


def _closes(stage: Stage, dice: Dice) -> Told:
    line = stage.line(dice, _ENGAGED) if dice.chance(850) else stage.line(dice)
    return None if line is None else (c.Close(interaction=line.id, disposition="done"), SYSTEM)


def _holds(stage: Stage, dice: Dice) -> Told:
    part = stage.part(dice)
    if part is None:
        return None
    held = part.state is AssignmentState.HELD
    return (c.Resume if held else c.Hold)(assignment=part.id), _by(part)


def _wraps_up(stage: Stage, dice: Dice) -> Told:
    part = stage.part(dice, _WRAPPING)
    if part is None:
        return None
    if dice.chance(200):
        return c.ExtendWrapUp(assignment=part.id, duration=_MINUTE), _by(part)
    return c.Release(assignment=part.id), _by(part)


def _transfers(stage: Stage, dice: Dice) -> Told:
    line = stage.line(dice, _ENGAGED) if dice.chance(700) else stage.line(dice)
    if line is None:
        return None
    to_worker = dice.chance(500)
    return c.Transfer(
        interaction=line.id,
        worker=dice.one(PEOPLE_OF) if to_worker else None,
        queue=None if to_worker else dice.one((None, "main", "second")),
        department=None if to_worker else dice.one((None, None, "finance")),
        returns_after=dice.one((None, _MINUTE)),
        reason="moved",
    ), SYSTEM


def _hands_over(stage: Stage, dice: Dice) -> Told:
    found = stage.served(dice)
    if found is None:
        return None
    line, part = found
    kind = c.Escalate if part.worker == "bot" else c.HandBack
    return kind(interaction=line.id, reason="over"), _by(part)


def _consults(stage: Stage, dice: Dice) -> Told:
    found = stage.served(dice)
    if found is None:
        return None
    line, part = found
    if dice.chance(300):
        return c.Delegate(
            interaction=line.id,
            department="finance",
            says=said(3),
            returns_after=dice.one((None, 5 * _MINUTE)),
        ), _by(part)
    return c.Consult(interaction=line.id, worker=dice.one(PEOPLE_OF)), _by(part)


def _changes_role(stage: Stage, dice: Dice) -> Told:
    found = [
        one
        for one in stage.floor.parts.values()
        if one.role is not Role.SERVES and one.state is not _WRAPPING
    ]
    if not found:
        return None
    part = dice.one(found)
    if dice.chance(300):
        return c.Release(assignment=part.id), SYSTEM
    role = dice.one((Role.SERVES, Role.SERVES, Role.CONFERENCED, Role.BARGES))
    return c.ChangeRole(assignment=part.id, role=role), SYSTEM


def _sets_aside(stage: Stage, dice: Dice) -> Told:
    line = stage.line(dice, _ENGAGED, _WAITING)
    if line is None:
        return None
    if dice.chance(500):
        return c.Sleep(interaction=line.id), SYSTEM
    due = stage.now + dice.one((2, 20, 200)) * _MINUTE
    return c.Suspend(interaction=line.id, party="maker", reason="parts", due=due), SYSTEM


def _takes_up(stage: Stage, dice: Dice) -> Told:
    line = stage.line(dice, *_ASIDE)
    return None if line is None else (c.Reactivate(interaction=line.id), SYSTEM)


def _misses(stage: Stage, dice: Dice) -> Told:
    found = [
        line for line in stage.floor.lines.values() if line.called_back and line.state is _ENGAGED
    ]
    return (c.MissCallback(interaction=dice.one(found).id), SYSTEM) if found else None


def _renews(stage: Stage, dice: Dice) -> Told:
    line = stage.line(dice, _ENGAGED, channels=("voice",))
    return None if line is None else (c.RenewLease(interaction=line.id), SYSTEM)


# -- presence -------------------------------------------------------------------------------------


def _comes(stage: Stage, dice: Dice) -> Told:
    name = stage.worker(dice, WorkerState.UNAVAILABLE)
    if name is not None and dice.chance(700):
        return c.BecomeAvailable(worker=name), SYSTEM
    name = stage.worker(dice, WorkerState.SIGNED_OUT, WorkerState.DRAINING)
    return None if name is None else (c.SignIn(worker=name), SYSTEM)


def _goes(stage: Stage, dice: Dice) -> Told:
    name = stage.worker(dice, WorkerState.AVAILABLE, WorkerState.UNAVAILABLE)
    if name is None:
        return None
    if dice.chance(600):
        duration = dice.one((None, _MINUTE, 30 * _MINUTE))
        return c.BecomeUnavailable(worker=name, duration=duration), SYSTEM
    return (c.SignOut(worker=name) if dice.chance(500) else c.Drain(worker=name)), SYSTEM


# -- supervisors ----------------------------------------------------------------------------------


def _supervises(stage: Stage, dice: Dice) -> Told:
    name = dice.one(PEOPLE_OF)
    if dice.chance(200):
        return c.Sanction(worker=name, reason="late", duration=10 * _MINUTE), _SUPERVISOR
    line = stage.line(dice, _ENGAGED) if dice.chance(600) else stage.line(dice)
    if line is None:
        return None
    if dice.chance(500):
        return c.Join(interaction=line.id, worker=name, role=dice.one(_SUPERVISING)), _SUPERVISOR
    return c.Assign(interaction=line.id, worker=name), _SUPERVISOR


def _redefines(_stage: Stage, dice: Dice) -> Told:
    what = dice.below(4)
    if what == 0:
        return c.AdoptPolicy(policy=dice.one(POLICIES)), _SUPERVISOR
    if what == 1:
        return queue(dice.one(("main", "second")), dice), _SUPERVISOR
    return c.DefineWorker(worker=worker(dice.one(PEOPLE_OF), dice)), _SUPERVISOR


# -- pursuits and people --------------------------------------------------------------------------


def _promises(stage: Stage, dice: Dice) -> Told:
    promise = dice.one([*stage.promises]) if stage.promises and dice.chance(700) else None
    within = dice.one((5, 60, 60 * 40)) * _MINUTE
    if promise is None:
        line, calendar = stage.line(dice), dice.one((None, "hours"))
        if line is None:
            return None
        if dice.chance(50):
            return c.MakePromise(what="refund", interaction=line.id, due=NEVER), SYSTEM
        made = c.MakePromise(what="refund", interaction=line.id, within=within, calendar=calendar)
        return made, SYSTEM
    if not stage.promises[promise] and dice.chance(500):
        return c.ResumePromise(promise=promise), SYSTEM
    asked: tuple[c.Command, ...] = (
        c.KeepPromise(promise=promise),
        c.WithdrawPromise(promise=promise),
        c.RenegotiatePromise(promise=promise, within=within),
        c.PausePromise(promise=promise, reason="parts", duration=dice.one((None, within))),
    )
    return dice.one(asked), SYSTEM


def _pursues(stage: Stage, dice: Dice) -> Told:
    if not stage.journeys or dice.chance(300):
        customer = dice.one(CUSTOMERS[:4])
        reference = dice.one((None, "o-1", "o-2"))
        return c.OpenJourney(customer=customer, about="billing", reference=reference), SYSTEM
    journey, line = dice.one([*stage.journeys]), stage.line(dice)
    if line is not None and dice.chance(400):
        return c.JoinJourney(interaction=line.id, journey=journey), SYSTEM
    if dice.chance(500):
        return c.AchieveJourney(journey=journey), SYSTEM
    return c.FailJourney(journey=journey), SYSTEM


def _is_known(stage: Stage, dice: Dice) -> Told:
    one, other = dice.one(CUSTOMERS), dice.one(CUSTOMERS)
    number = dice.below(8)
    asked: tuple[c.Command, ...] = (
        c.RegisterCustomer(customer=one, addresses=(address(number),)),
        c.LinkAddress(customer=one, address=address(number)),
        c.UnlinkAddress(customer=one, address=address(number)),
        c.MergeCustomers(customer=one, survivor=other),
        c.UnmergeCustomer(customer=dice.one([*stage.merged]) if stage.merged else one),
    )
    return dice.one(asked), SYSTEM


def _receipt(stage: Stage, dice: Dice) -> Told:
    if not stage.messages:
        return None
    state = dice.one(tuple(Delivery))
    return c.ReportDelivery(state=state, message=dice.one(stage.messages)), SYSTEM


# -- what others route ----------------------------------------------------------------------------


def _observes(stage: Stage, dice: Dice) -> Told:
    """A system that routes by itself says what it did, now and then what cannot be."""
    theirs = [one.id for one in stage.floor.lines.values() if not one.ours]
    if not theirs or dice.chance(200):
        arrival = c.ObserveArrival(interaction=stage.name("o"), channel="phone")
        return arrival, _VENDOR
    one, worker = dice.one(theirs), dice.one(("v1", "v2", "p1"))
    asked: tuple[c.Command, ...] = (
        c.ObserveQueued(interaction=one, queue="theirs"),
        c.ObserveAccepted(interaction=one, worker=worker),
        c.ObserveReleased(interaction=one, worker=worker),
        c.ObserveClosed(interaction=one),
        c.ObserveClosed(interaction=one),
        c.Reconcile(channel="phone", serving=dict.fromkeys(theirs[:2], worker)),
    )
    return dice.one(asked), _VENDOR


#: What people do, how often of some hundred times, and how.
DEEDS: Final[dict[str, tuple[int, Deed]]] = {
    "arrives": (180, _arrives),
    "comes another way": (20, _comes_another_way),
    "comes back": (20, _comes_back),
    "customer says": (50, _customer_says),
    "leaves": (45, _leaves),
    "asks to be called": (12, _asks_to_be_called),
    "moves": (12, _moves),
    "types": (5, _types),
    "takes back": (8, _takes_back),
    "accepts": (150, _accepts),
    "declines": (15, _declines),
    "worker says": (90, _worker_says),
    "closes": (120, _closes),
    "holds": (15, _holds),
    "wraps up": (20, _wraps_up),
    "transfers": (15, _transfers),
    "hands over": (10, _hands_over),
    "consults": (20, _consults),
    "changes role": (20, _changes_role),
    "sets aside": (20, _sets_aside),
    "takes up": (15, _takes_up),
    "misses": (5, _misses),
    "renews": (5, _renews),
    "comes": (40, _comes),
    "goes": (22, _goes),
    "supervises": (12, _supervises),
    "redefines": (4, _redefines),
    "promises": (15, _promises),
    "pursues": (12, _pursues),
    "is known": (25, _is_known),
    "receipt": (12, _receipt),
    "observes": (25, _observes),
}

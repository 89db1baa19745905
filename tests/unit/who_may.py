"""A centre in which everything is somebody's, for asking who may do what to whose.

Laws of this file: nobody is asked by routing, so that everybody has what it is given; the same
things are there of an own, a colleague's and a stranger's, in the pose that a command needs.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import attrs

from onechannel import commands as c
from onechannel.model.actor import ActorKind
from onechannel.model.address import Address
from onechannel.model.assignment import Role
from onechannel.model.channel import Channel
from onechannel.model.policy import PlanRule, Policy, StepRule
from onechannel.model.queue import Queue
from onechannel.model.worker import PEOPLE, Capacity, Worker
from onechannel.testing.strategies import Rehearsal

HOUR: Final = timedelta(hours=1)
WHOSE: Final = ("own", "own part", "colleague's", "stranger's", "absent")
#: Who asks has this id, if it has one: the same as worker and as customer.
ME: Final = "ida"
ADDRESS: Final = Address.parse("tel:+34600111222")

#: Ids by the name of the field that takes them.
Ids = Mapping[str, Any]

ABSENT: Final[Ids] = {
    "interaction": "i-absent",
    "assignment": "i-absent/1",
    "worker": "absent",
    "customer": "absent",
    "promise": "p-absent",
    "journey": "j-absent",
    "message": "i-absent#1",
    "address": Address.parse("mailto:absent@example.com"),
}


def centre(kind: str) -> Rehearsal:
    """The workers `ida`, `kay`, `zoe` and `xan`, all of that kind; nobody is asked for anything.

    `xan` serves what is nobody's, and the machine `h` can take what is handed back.
    """
    there = Rehearsal(stocked=False)
    nobody = StepRule(kinds=PEOPLE, skills={"nobody-has": 1})
    plan = PlanRule(steps=(nobody,))
    there.ask(c.AdoptPolicy(policy=Policy(name="p", plan=plan, ring_for=HOUR)))
    there.ask(c.DefineQueue(queue=Queue(name="main", wrap_up=HOUR)))
    there.ask(c.DefineQueue(queue=Queue(name="theirs", router="theirs")))
    there.ask(c.DefineChannel(channel=Channel(name="line", can_hold=True)))
    call = Channel(name="call", can_hold=True, real_time=True, lease=HOUR)
    there.ask(c.DefineChannel(channel=call))
    much = Capacity(total=None)
    for name in (ME, "kay", "zoe", "xan"):
        worker = Worker(id=name, kind=kind, capacity=much, accepts_by_itself=False)
        there.ask(c.DefineWorker(worker=worker))
        there.ask(c.SignIn(worker=name))
    there.ask(c.DefineWorker(worker=Worker(id="h", kind="machine", capacity=much)))
    there.ask(c.SignIn(worker="h"))
    return there


@attrs.frozen
class World:
    """A centre in some pose, and the ids in it by whose they are, to a worker and to a customer."""

    there: Rehearsal
    to_worker: Mapping[str, Ids]
    to_customer: Mapping[str, Ids]

    def ids(self, actor: ActorKind, whose: str) -> Ids | None:
        """What is somebody's, as that actor sees it; None where there is no such thing."""
        seen = self.to_customer if actor is ActorKind.CUSTOMER else self.to_worker
        return ABSENT if whose == "absent" else seen.get(whose)


#: Poses in which the worker has its part no longer, or has none in the interaction yet.
NOT_SERVING: Final = frozenset({"wrapping", "over", "gone"})
NOBODYS: Final = frozenset({"waiting", "automated"})


def world(pose: str, kind: str) -> World:
    """The centre in which everything of everybody is in that pose."""
    there = centre(kind)
    given: dict[str, dict[str, Any]] = {}
    for name, other in ((ME, "kay"), ("kay", ME), ("zoe", "xan")):
        if pose == "unregistered":
            given[name] = {"customer": name}
            continue
        given[name] = _begin(there, name, "call" if pose == "calling" else "line")
        _POSES[pose](there, given[name], name, other)
    if pose == "unregistered":
        there.ask(c.RegisterCustomer(customer="zoe"))
    if pose == "over":
        # What was said in what is over is nobody's own any more.
        given["zoe"]["sent"], given[ME]["sent"] = given[ME]["sent"], None
        given["zoe"]["heard"], given[ME]["heard"] = given[ME]["heard"], None
    return World(there, _to_worker(pose, *given.values()), _to_customer(*given.values()))


def _to_worker(pose: str, own: Ids, colleagues: Ids, strange: Ids) -> Mapping[str, Ids]:
    strangers = {**strange, "message": strange.get("sent")}
    if pose in NOBODYS:
        return {"stranger's": {**own, "message": own.get("sent")}}
    seen = {
        "own": {**own, "message": own.get("sent")},
        "own part": {"assignment": colleagues.get("other part")},
        "colleague's": {
            **colleagues,
            "message": own.get("heard"),
            "assignment": own.get("other part"),
        },
        "stranger's": strangers,
    }
    if pose in NOT_SERVING:
        # What a colleague has in it is none of its business any more.
        del seen["colleague's"], seen["own part"]
    return seen


def _to_customer(own: Ids, colleagues: Ids, strange: Ids) -> Mapping[str, Ids]:
    return {
        "own": {**own, "message": own.get("heard")},
        "colleague's": {**colleagues, "message": own.get("sent")},
        "stranger's": {**strange, "message": strange.get("heard")},
    }


def _begin(there: Rehearsal, name: str, channel: str) -> dict[str, Any]:
    """A customer, two journeys, an interaction that waits, and what the worker has promised."""
    there.ask(c.RegisterCustomer(customer=name))
    there.ask(c.OpenJourney(customer=name, reference="order-1"))
    journey = there.log[-1].data.journey
    interaction = f"i-{name}"
    there.ask(c.Arrive(interaction=interaction, channel=channel, customer=name, says="good day"))
    there.ask(c.MakePromise(what="refund", customer=name, within=HOUR, worker=name))
    promise = there.log[-1].data.promise
    return {
        "interaction": interaction,
        "assignment": f"{interaction}/1",
        "worker": name,
        "customer": name,
        "journey": journey,
        "promise": promise,
        "heard": f"{interaction}#1",
    }


def _serving(there: Rehearsal, given: dict[str, Any], name: str, other: str) -> None:
    """The worker serves, and another whispers or assists."""
    interaction = given["interaction"]
    there.ask(c.Assign(interaction=interaction, worker=name))
    there.ask(c.Say(interaction=interaction, text="good day", assignment=given["assignment"]))
    machine = there.stage.is_machine(other)
    role = Role.ASSISTS if machine else Role.WHISPERS
    there.ask(c.Join(interaction=interaction, worker=other, role=role))
    given |= {"sent": f"{interaction}#2", "other part": f"{interaction}/2"}


def _waiting(_there: Rehearsal, _given: dict[str, Any], _name: str, _other: str) -> None:
    """Nobody has it yet."""


def _automated(there: Rehearsal, given: dict[str, Any], _name: str, _other: str) -> None:
    """The machine of the house serves."""
    there.ask(c.Assign(interaction=given["interaction"], worker="h"))


def _pending(there: Rehearsal, given: dict[str, Any], name: str, other: str) -> None:
    """The worker is asked to serve, and the other to serve something else."""
    there.ask(c.Transfer(interaction=given["interaction"], worker=name, returns_after=HOUR))
    other_one = f"{given['interaction']}-2"
    there.ask(c.Arrive(interaction=other_one, channel="line"))
    there.ask(c.Transfer(interaction=other_one, worker=other, returns_after=HOUR))
    given["other part"] = f"{other_one}/1"


def _then(*commands: Callable[[dict[str, Any]], c.Command]) -> Callable[..., None]:
    """The worker serves, and then these."""

    def pose(there: Rehearsal, given: dict[str, Any], name: str, other: str) -> None:
        _serving(there, given, name, other)
        for command in commands:
            there.ask(command(given))

    return pose


def _hold_both(there: Rehearsal, given: dict[str, Any], name: str, other: str) -> None:
    """Both hold."""
    _serving(there, given, name, other)
    there.ask(c.Hold(assignment=given["assignment"]))
    there.ask(c.Hold(assignment=given["other part"]))


def _called_back(there: Rehearsal, given: dict[str, Any], name: str, other: str) -> None:
    """The worker has taken the callback."""
    there.ask(c.RequestCallback(interaction=given["interaction"]))
    there.ask(c.Assign(interaction=given["interaction"], worker=name))


def _signed_out(there: Rehearsal, _given: dict[str, Any], name: str, _other: str) -> None:
    """The worker is gone."""
    there.ask(c.SignOut(worker=name))


def _unowned(there: Rehearsal, given: dict[str, Any], name: str, other: str) -> None:
    """The promise is nobody's but that of whoever serves."""
    _serving(there, given, name, other)
    there.ask(c.MakePromise(what="visit", interaction=given["interaction"], within=HOUR))
    given["promise"] = there.log[-1].data.promise


def _theirs(there: Rehearsal, given: dict[str, Any], name: str, _other: str) -> None:
    """Somebody else routes it, and the worker serves it."""
    given["interaction"] = f"o-{name}"
    there.ask(c.ObserveArrival(interaction=f"o-{name}", channel="line"))
    there.ask(c.ObserveQueued(interaction=f"o-{name}", queue="theirs"))


def _theirs_served(there: Rehearsal, given: dict[str, Any], name: str, other: str) -> None:
    """Somebody else routes it, and gave it to the worker."""
    _theirs(there, given, name, other)
    there.ask(c.ObserveAccepted(interaction=f"o-{name}", worker=name))


def _merged(there: Rehearsal, given: dict[str, Any], name: str, _other: str) -> None:
    """The customer has a twin."""
    there.ask(c.RegisterCustomer(customer=f"{name}-twin"))
    there.ask(c.MergeCustomers(customer=f"{name}-twin", survivor=name))
    given["customer"] = f"{name}-twin"


def _linked(there: Rehearsal, given: dict[str, Any], name: str, _other: str) -> None:
    """The customer has an address, another for each."""
    address = Address.parse(f"mailto:{name}@example.com")
    there.ask(c.LinkAddress(customer=name, address=address))
    given["address"] = address


_POSES: Final[Mapping[str, Callable[..., None]]] = {
    "waiting": _waiting,
    "pending": _pending,
    "serving": _serving,
    "calling": _serving,
    "held": _hold_both,
    "wrapping": _then(lambda given: c.Transfer(interaction=given["interaction"])),
    "over": _then(lambda given: c.Close(interaction=given["interaction"])),
    "gone": _then(
        lambda given: c.Transfer(interaction=given["interaction"]),
        lambda given: c.Release(assignment=given["assignment"]),
    ),
    "dormant": _then(lambda given: c.Sleep(interaction=given["interaction"])),
    "called back": _called_back,
    "paused": _then(lambda given: c.PausePromise(promise=given["promise"], reason="waiting")),
    "unowned": _unowned,
    "automated": _automated,
    "merged": _merged,
    "linked": _linked,
    "away": _then(lambda given: c.BecomeUnavailable(worker=given["worker"])),
    "signed out": _signed_out,
    "theirs": _theirs,
    "theirs served": _theirs_served,
}

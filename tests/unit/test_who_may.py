"""Who may do what to whose: every actor with every verb, about its own and about everybody else's.

What is expected of a cell follows from the row of the verb in the table and from nothing else.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import attrs
import pytest
from tests.unit.one_of_each import FIELDS, POLICY
from tests.unit.who_may import ABSENT, ADDRESS, HOUR, ME, WHOSE, World, world

from onechannel import commands as c
from onechannel.codec import snapshot_to_json
from onechannel.commands import VERBS, Relation
from onechannel.errors import CommandRefused, LogInconsistent
from onechannel.kernel import Kernel
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.queue import Queue

W, M, C = ActorKind.WORKER, ActorKind.MACHINE, ActorKind.CUSTOMER
SERVING = frozenset({W, M})


@attrs.frozen
class Case:
    """A command about something in some pose: the fields that say what, and all others.

    `but` is what is answered to some, whatever it is about; `awkward` are fields with which it
    would be refused for another reason.
    """

    pose: str
    about: tuple[str, ...]
    others: Mapping[str, Any] = attrs.field(factory=dict)
    but: Mapping[ActorKind, str] = attrs.field(factory=dict)
    awkward: Mapping[str, Any] = attrs.field(factory=dict)


def case(pose: str, *about: str, awkward: Mapping[str, Any] | None = None, **others: Any) -> Case:
    """A case without exceptions."""
    return Case(pose, about, others, awkward=awkward or {})


AS_CUSTOMER = dict.fromkeys(SERVING, "who serves speaks with its assignment")
AS_WORKER = {C: "a customer speaks without an assignment"}
NO_QUEUE = {"queue": "nowhere"}
PAST = {"at": world("waiting", "person").there.at - HOUR}
CASES: dict[type, tuple[Case, ...]] = {
    c.RegisterCustomer: (
        case("unregistered", "customer"),
        case("serving", "customer"),
        case("serving", "customer", addresses=(ADDRESS,)),
    ),
    c.LinkAddress: (case("serving", "customer", address=ADDRESS),),
    c.UnlinkAddress: (case("linked", "customer", "address"),),
    c.MergeCustomers: (
        case("serving", "customer", survivor="xan"),
        case("serving", "customer", survivor=ME),
    ),
    c.UnmergeCustomer: (case("merged", "customer"),),
    c.OpenJourney: (case("serving", "customer", about="billing"),),
    c.JoinJourney: (case("serving", "interaction", "journey"),),
    c.AchieveJourney: (case("serving", "journey"),),
    c.FailJourney: (case("serving", "journey"),),
    c.MakePromise: (
        case("serving", "interaction", what="refund", within=HOUR, awkward={"calendar": "none"}),
        case("dormant", "interaction", what="refund", within=HOUR),
    ),
    **{
        kind: (case("serving", "promise", **more), case("unowned", "promise", **more))
        for kind, more in (
            (c.KeepPromise, {}),
            (c.RenegotiatePromise, {"within": HOUR}),
            (c.PausePromise, {"reason": "waiting"}),
            (c.WithdrawPromise, {}),
        )
    },
    c.ResumePromise: (case("paused", "promise"), case("serving", "promise")),
    c.Arrive: (
        case("serving", "customer", interaction="i-new", channel="line", awkward=NO_QUEUE),
        case("over", "customer", interaction="i-new", channel="call", says="good day"),
    ),
    c.Reach: (case("serving", "worker", interaction="i-new", channel="line", customer=ME),),
    c.Say: (
        Case("serving", ("interaction",), {"text": "hello"}, AS_CUSTOMER, {"channel": "pigeon"}),
        Case("dormant", ("interaction",), {"text": "hello"}, AS_CUSTOMER, {"author": "nobody"}),
        Case("over", ("interaction",), {"text": "hello"}, AS_CUSTOMER, {"channel": "pigeon"}),
        Case("serving", ("interaction", "assignment"), {"text": "hello"}, AS_WORKER),
    ),
    c.EditMessage: (case("serving", "message", text="hallo"), case("over", "message", text="x")),
    c.RetractMessage: (case("serving", "message"), case("over", "message")),
    c.Type: (
        Case("serving", ("interaction",), {}, AS_CUSTOMER),
        Case("serving", ("interaction", "assignment"), {}, AS_WORKER),
        Case("gone", ("interaction", "assignment"), {}, AS_WORKER),
    ),
    c.ReportDelivery: (case("serving", "message", state="read"),),
    c.Leave: (case("waiting", "interaction"), case("serving", "interaction")),
    c.MoveChannel: (
        case("waiting", "interaction", channel="call"),
        case("serving", "interaction", channel="call", awkward={"channel": "line"}),
    ),
    c.RequestCallback: (
        case("waiting", "interaction", awkward={"worker": "nobody"}),
        case("serving", "interaction", awkward=PAST),
        case("called back", "interaction"),
    ),
    c.MissCallback: (case("called back", "interaction"), case("serving", "interaction")),
    c.RenewLease: (case("calling", "interaction"), case("serving", "interaction")),
    c.Accept: (case("pending", "assignment"), case("serving", "assignment")),
    c.Decline: (case("pending", "assignment"), case("gone", "assignment")),
    c.Hold: (case("serving", "assignment"), case("gone", "assignment")),
    c.Resume: (case("held", "assignment"), case("gone", "assignment")),
    c.Release: tuple(case(pose, "assignment") for pose in ("serving", "wrapping", "over", "gone")),
    c.ExtendWrapUp: (
        case("wrapping", "assignment", duration=HOUR),
        case("over", "assignment", duration=HOUR),
    ),
    c.ChangeRole: (
        case("serving", "assignment", role="serves", awkward={"role": "consulted"}),
        case("held", "assignment", role="serves"),
    ),
    c.Suggest: (case("serving", "assignment", text="a refund"),),
    c.Join: (
        case("serving", "worker", interaction="i-zoe", awkward={"interaction": "i-none"}),
        case("serving", "worker", interaction="i-zoe", role="assists"),
    ),
    c.Consult: (case("serving", "interaction", worker="xan", awkward={"worker": "nobody"}),),
    c.Delegate: (case("serving", "interaction", worker="xan", awkward={"worker": "nobody"}),),
    c.Escalate: (
        case("serving", "interaction"),
        case("waiting", "interaction"),
        case("automated", "interaction"),
    ),
    c.HandBack: (case("serving", "interaction"), case("waiting", "interaction")),
    c.Transfer: (
        case("serving", "interaction", awkward=NO_QUEUE),
        case("dormant", "interaction", awkward={"worker": "nobody"}),
    ),
    c.Assign: (case("serving", "interaction", worker="xan"),),
    c.Sleep: (case("serving", "interaction"), case("calling", "interaction")),
    c.Suspend: (
        case("serving", "interaction", **FIELDS[c.Suspend] | {"interaction": None}),
        case("dormant", "interaction", **FIELDS[c.Suspend] | {"interaction": None}),
    ),
    c.Reactivate: (case("dormant", "interaction"), case("serving", "interaction")),
    c.Close: (case("serving", "interaction"), case("over", "interaction")),
    c.SignIn: (case("signed out", "worker"), case("serving", "worker")),
    c.SignOut: (case("serving", "worker"), case("away", "worker")),
    c.Drain: (case("serving", "worker"),),
    c.BecomeAvailable: (case("away", "worker"), case("serving", "worker")),
    c.BecomeUnavailable: (case("serving", "worker"),),
    c.Sanction: (case("serving", "worker", reason="late", duration=HOUR),),
    **{
        kind: (case("serving", **FIELDS[kind]),)
        for kind in (c.DefineWorker, c.DefineQueue, c.DefineChannel, c.DefineCalendar)
    },
    c.AdoptPolicy: (case("serving", policy=POLICY),),
    c.ObserveArrival: (case("serving", interaction="o-new", channel="line"),),
    c.ObserveQueued: (case("theirs", "interaction", queue="theirs"),),
    c.ObserveDequeued: (case("theirs", "interaction"),),
    c.ObserveAccepted: (case("theirs", "interaction", worker="xan"),),
    c.ObserveReleased: (case("theirs served", "interaction", "worker"),),
    c.ObserveClosed: (case("theirs", "interaction"),),
    c.ObserveAnomaly: (case("theirs", "interaction", verb="merge", reason="unheard of"),),
    c.Reconcile: (case("theirs", channel="line"),),
}


# -- what is expected -----------------------------------------------------------------------------


def expected(verb: type, actor: Actor, whose: str) -> str:
    """`may not`, `as the system` or `as if absent`, by the table alone."""
    relation = VERBS[verb].actors.get(actor.kind)
    if relation is None:
        return "may not"
    if relation is Relation.ANY:
        return "as the system"
    own = {
        Relation.OWN: {"own", "own part"},
        Relation.SERVED: {"own", "colleague's"},
        Relation.INVOLVED: {"own", "own part", "colleague's"},
    }[relation]
    about_parts = "assignment" in verb.__annotations__ and relation is not Relation.OWN
    if not about_parts:
        own = own - {"colleague's"}
    return "as the system" if actor.id is not None and whose in own else "as if absent"


# -- what comes of it -----------------------------------------------------------------------------


@cache
def told(pose: str, kind: str) -> tuple[World, Any, str]:
    """A world with its snapshot, and that as text."""
    made = world(pose, kind)
    snapshot = made.there.kernel.snapshot()
    return made, snapshot, snapshot_to_json(snapshot)


@cache
def answer(pose: str, kind: str, command: c.Command, actor: Actor, tenant: str = "main") -> str:
    """The kinds of events that come of it, or the refusal, which has changed nothing."""
    made, snapshot, before = told(pose, kind)
    kernel = Kernel.restore(snapshot)
    request = c.Request(command, "r", made.there.at, tenant, actor)
    try:
        events = kernel.handle(request, made.there.facts(request))
    except CommandRefused as refusal:
        assert snapshot_to_json(kernel.snapshot()) == before
        return f"refused: {refusal}"
    assert {event.origin.tenant for event in events} <= {tenant}
    return ", ".join(event.data.stored_name for event in events) or "nothing"


def without(text: str, ids: Mapping[str, Any]) -> str:
    """A refusal without the ids that it is about."""
    known = [(str(ids[name]), name) for name in ABSENT if ids.get(name) is not None]
    for value, name in sorted(known, key=lambda pair: (-len(pair[0]), pair[1])):
        text = text.replace(value, f"<{name}>")
    return text


def asked(verb: type, case: Case, ids: Mapping[str, Any]) -> c.Command:
    """The command of a case, about these."""
    about = {name: ids[name] for name in case.about}
    return verb(**{**case.others, **about})


def kind_of(actor: ActorKind) -> str:
    """Of what kind the workers are, where that actor asks."""
    return "machine" if actor is M else "person"


ACTORS = [Actor(kind, name) for kind in ActorKind for name in (ME, None)]


def cells(verb: type) -> list[tuple[Case, Actor, str]]:
    """Every case of a verb, every actor, and whose it is."""
    return [
        (one, actor, whose)
        for one in CASES[verb]
        for actor in ACTORS
        for whose in (WHOSE if one.about else ("own",))
        if has_all(one, told(one.pose, kind_of(actor.kind))[0].ids(actor.kind, whose))
    ]


def has_all(case: Case, ids: Mapping[str, Any] | None) -> bool:
    """Whether there is such a thing as the case is about."""
    return ids is not None and all(ids.get(name) is not None for name in case.about)


VERB = pytest.mark.parametrize("verb", [*VERBS], ids=lambda verb: verb.__name__)


@VERB
def test_every_actor_with_every_verb_about_everybodys(verb):
    """A cell is refused by kind and verb, decided as for the system, or answered as if absent.

    As if absent means: in the same words as what is not there, but for the ids.
    """
    for case, actor, whose in cells(verb):
        kind = kind_of(actor.kind)
        there = told(case.pose, kind)[0]
        ids = there.ids(actor.kind, whose)
        command = asked(verb, case, ids)
        found = answer(case.pose, kind, command, actor)
        cell = (case, str(actor), whose, found)
        wanted = expected(verb, actor, whose)
        if wanted == "may not":
            assert found == f"refused: a {actor.kind} may not {VERBS[verb].name}", cell
        elif actor.kind in case.but:
            assert found.startswith(f"refused: {case.but[actor.kind]}"), cell
        elif wanted == "as the system":
            assert found == answer(case.pose, kind, command, SYSTEM), cell
        else:
            assert_as_absent(verb, case, actor, ids, cell)


def assert_as_absent(verb: type, case: Case, actor: Actor, ids: Any, cell: tuple) -> None:
    """It is answered in the words for what is not there, whatever else is wrong with it."""
    kind = kind_of(actor.kind)
    absent = told(case.pose, kind)[0].ids(actor.kind, "absent")
    for more in ({}, case.awkward):
        one = attrs.evolve(case, others={**case.others, **more})
        here = answer(case.pose, kind, asked(verb, one, ids), actor)
        nowhere = answer(case.pose, kind, asked(verb, one, absent), actor)
        assert here.startswith("refused: "), cell
        assert without(here, ids) == without(nowhere, absent), (cell, here, nowhere)


#: Whoever is in the table is served in some case, but for these.
NEVER_SERVED = {c.Escalate: {W}}  # who escalates is a machine, and says so


@VERB
def test_whoever_is_in_the_table_is_served(verb):
    """Each actor of a row gets something done with the verb, in some case and of somebody's."""
    for kind in VERBS[verb].actors:
        answers = [
            answer(one.pose, kind_of(kind), asked(verb, one, ids), actor)
            for one, actor, whose in cells(verb)
            if actor.kind is kind
            and (ids := told(one.pose, kind_of(kind))[0].ids(kind, whose)) is not None
        ]
        served = any(not one.startswith("refused: ") for one in answers)
        assert served is (kind not in NEVER_SERVED.get(verb, ())), (kind, answers)


@VERB
def test_another_tenant_reveals_and_changes_nothing(verb):
    """With the same ids, every request of another tenant is refused in the same words."""
    for case, actor, whose in cells(verb):
        kind = kind_of(actor.kind)
        ids = told(case.pose, kind)[0].ids(actor.kind, whose)
        command = asked(verb, case, ids)
        found = answer(case.pose, kind, command, actor, "other")
        assert found == "refused: tenant other has no centre here"


def test_every_verb_has_its_cases():
    """No row of the table is left out, and there is a cell for every actor and relation."""
    assert CASES.keys() == VERBS.keys()
    seen = {
        (VERBS[verb].actors[actor.kind], whose)
        for verb in VERBS
        for _, actor, whose in cells(verb)
        if actor.kind in VERBS[verb].actors
    }
    assert seen == {(relation, whose) for relation in Relation for whose in WHOSE}
    assert sum(len(cells(verb)) for verb in VERBS) > 4_000


# -- the table itself -----------------------------------------------------------------------------

#: Who may what for whose, said a second time: a row is not changed by mistake.
GRANTED = {
    "customer own, machine any, supervisor any, system any, vendor any, worker any": (
        "register link unlink open_journey achieve_journey fail_journey start"
    ),
    "supervisor any, system any, vendor any, worker any": "merge unmerge",
    "machine own, supervisor any, system any, vendor any, worker own": (
        "join_journey promise keep_promise renegotiate_promise pause_promise resume_promise "
        "reach miss_callback renew_lease extend_wrap_up suggest consult delegate "
        "transfer sleep suspend reactivate close sign_in sign_out drain become_available "
        "become_unavailable"
    ),
    "customer own, machine own, supervisor any, system any, vendor any, worker own": (
        "withdraw_promise say edit retract type move request_callback escalate"
    ),
    "system any, vendor any": (
        "report_delivery observe_arrival observe_queued observe_dequeued observe_accepted "
        "observe_released observe_closed observe_anomaly reconcile"
    ),
    "customer own, system any, vendor any": "leave",
    "machine own, system any, vendor any, worker own": "accept decline",
    "machine involved, supervisor any, system any, vendor any, worker involved": (
        "hold resume release"
    ),
    "machine served, supervisor any, system any, vendor any, worker served": "change_role",
    "machine own, supervisor any, system any, vendor any": "join",
    "supervisor any, system any, vendor any, worker own": "hand_back",
    "supervisor any, system any, vendor any": "assign",
    "supervisor any, system any": (
        "sanction define_worker define_queue define_channel define_calendar adopt_policy"
    ),
}


def test_the_table_is_as_it_was_granted():
    """Each row grants what is written here, to nobody else and for nothing more."""
    granted = {name: grant for grant, names in GRANTED.items() for name in names.split()}
    found = {
        verb.name: ", ".join(f"{kind} {relation}" for kind, relation in sorted(verb.actors.items()))
        for verb in VERBS.values()
    }
    assert found == granted


def test_a_customer_has_only_what_is_its_own():
    """And the machinery, which has no ids, is trusted with everything it may at all."""
    for verb in VERBS.values():
        assert verb.actors.get(C, Relation.OWN) is Relation.OWN
        for kind in (ActorKind.SYSTEM, ActorKind.VENDOR, ActorKind.SUPERVISOR):
            assert verb.actors.get(kind, Relation.ANY) is Relation.ANY


# -- two tenants ----------------------------------------------------------------------------------


def test_two_tenants_with_equal_ids_know_nothing_of_each_other():
    """What is done in one centre is done in one, whatever ids the other has."""
    here, snapshot, _ = told("serving", "person")
    one, other = Kernel.restore(snapshot), Kernel.restore(attrs.evolve(snapshot, tenant="other"))
    before = snapshot_to_json(one.snapshot())
    actor = Actor(W, ME)
    request = c.Request(c.Close(interaction=f"i-{ME}"), "r", here.there.at, "other", actor)
    made = other.handle(request)
    assert {event.origin.tenant for event in made} == {"other"}
    assert {event.id.partition("-")[0] for event in made} == {"other"}
    assert snapshot_to_json(one.snapshot()) == before
    assert one.handle(attrs.evolve(request, tenant="main"))
    with pytest.raises(LogInconsistent, match="another tenant"):
        Kernel.restore(snapshot).follow(made)


def test_another_tenant_does_not_learn_what_is_due():
    """Not even that something is: the tenant is looked at first."""
    made, snapshot, before = told("pending", "person")
    kernel = Kernel.restore(snapshot)
    due = kernel.next_deadline
    request = c.Request(c.Leave(interaction=f"i-{ME}"), "r", due + HOUR, "other")
    with pytest.raises(CommandRefused, match=r"^tenant other has no centre here$"):
        kernel.handle(request, made.there.facts(request))
    assert snapshot_to_json(kernel.snapshot()) == before


# -- what the matrix does not hold ----------------------------------------------------------------


def test_a_side_conversation_is_not_there_for_the_customer():
    """Whatever the customer asks about it, it is answered as if it had never been."""
    there = world("serving", "person").there
    there.ask(c.Delegate(interaction=f"i-{ME}", worker="xan"))
    side, customer = f"i-{ME}>1", Actor(C, ME)
    for kind in (c.Leave, c.Escalate, c.RequestCallback):
        with pytest.raises(CommandRefused, match=f"^interaction {side} is not open"):
            there.ask(kind(interaction=side), actor=customer)
    for say in (
        c.Say(interaction=side, text="hello"),
        c.MoveChannel(interaction=side, channel="x"),
    ):
        with pytest.raises(CommandRefused, match=f"^interaction {side} is not open"):
            there.ask(say, actor=customer)
    there.ask(c.Close(interaction=side))
    with pytest.raises(CommandRefused, match=f"^interaction {side} is not open"):
        there.ask(c.Arrive(channel="line", follows=side), actor=customer)


def test_who_asked_for_a_part_speaks_in_it():
    """The worker who serves the parent, and nobody else without an assignment there."""
    there = world("serving", "person").there
    there.ask(c.Delegate(interaction=f"i-{ME}", worker="xan"))
    words = c.Say(interaction=f"i-{ME}>1", text="and?")
    assert there.ask(words, actor=Actor(W, ME))
    for side in (f"i-{ME}>1", "i-absent>1"):
        with pytest.raises(CommandRefused, match=r"^who serves speaks with its assignment"):
            there.ask(c.Say(interaction=side, text="and?"), actor=Actor(W, "zoe"))


def test_a_customer_does_not_follow_another():
    """What is over is not there either, to a customer whose it was not."""
    there = world("over", "person").there
    commands = (
        c.Say(interaction=f"i-{ME}", text="hello"),
        c.Arrive(channel="line", follows=f"i-{ME}"),
        c.Arrive(interaction="k", channel="line", follows=f"i-{ME}"),
    )
    for command in commands:
        with pytest.raises(CommandRefused, match=f"i-{ME} is not open: it never arrived"):
            there.ask(command, actor=Actor(C, "zoe"))
    for command in commands:
        there.ask(command, actor=Actor(C, ME))
        there.ask(c.Close(interaction=[*there.stage.open][-1]))


def test_who_is_one_with_a_customer_may_what_it_may():
    """After a merge either of them speaks for both; when it is undone, each for itself."""
    there = world("serving", "person").there
    leave = c.Leave(interaction=f"i-{ME}")
    there.ask(c.MergeCustomers(customer="zoe", survivor=ME))
    there.ask(c.UnmergeCustomer(customer="zoe"))
    with pytest.raises(CommandRefused, match="is not open"):
        there.ask(leave, actor=Actor(C, "zoe"))
    there.ask(c.MergeCustomers(customer=ME, survivor="zoe"))
    assert there.ask(leave, actor=Actor(C, "zoe"))


def test_who_keeps_what_sleeps_may_what_who_serves_may():
    """What is dormant is its keeper's, until another has it."""
    there = world("dormant", "person").there
    with pytest.raises(CommandRefused, match="is not open"):
        there.ask(c.Close(interaction=f"i-{ME}"), actor=Actor(W, "zoe"))
    assert there.ask(c.Close(interaction=f"i-{ME}"), actor=Actor(W, ME))


def test_a_forced_wrap_up_is_ended_by_a_supervisor():
    """The worker itself waits for its end, where its queue says so."""
    there = world("wrapping", "person").there
    there.ask(c.DefineQueue(queue=Queue(name="main", wrap_up=HOUR, wrap_up_forced=True)))
    release = c.Release(assignment=f"i-{ME}/1")
    with pytest.raises(CommandRefused, match="who wraps up cannot end it sooner"):
        there.ask(release, actor=Actor(W, ME))
    assert there.ask(release, actor=Actor(ActorKind.SUPERVISOR, "sam"))


def test_a_sanction_is_lifted_by_a_supervisor():
    """Neither the worker itself, nor by going and coming back, nor a vendor."""
    there = world("serving", "person").there
    there.ask(c.Sanction(worker="xan", reason="late", duration=HOUR))
    for actor in (Actor(W, "xan"), Actor(ActorKind.VENDOR, "pbx")):
        for kind in (c.BecomeAvailable, c.BecomeUnavailable):
            with pytest.raises(CommandRefused, match="by sanction"):
                there.ask(kind(worker="xan"), actor=actor)
    assert there.ask(c.BecomeAvailable(worker="xan"), actor=Actor(ActorKind.SUPERVISOR, "sam"))

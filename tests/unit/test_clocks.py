"""Clocks: how long interactions were with whom, each rule on a log small enough to count by hand.

Seconds are counted from nine o'clock; a log is a list of (second, what happened). That the clocks
of custody add up to the life, whatever happens, is proved in tests/property/test_folds.py.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from onechannel import commands as c
from onechannel import events as e
from onechannel.insight import ClocksFold, Party, PartyKind, clocks, render_clocks
from onechannel.model.actor import SYSTEM
from onechannel.model.assignment import Role
from onechannel.model.interaction import Direction, EndReason, QueuedBecause
from onechannel.model.journey import StitchedBecause
from onechannel.model.plan import Plan, Step
from onechannel.model.requirement import Requirement
from onechannel.model.worker import Worker, WorkerKind
from onechannel.testing.strategies import Rehearsal

NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)


def at(second: float) -> datetime:
    """So many seconds after nine."""
    return NINE + timedelta(seconds=second)


def log(*happened) -> list[e.Event]:
    """The events of a log, recorded in this order."""
    return [
        e.Event(number, e.Origin(at(1e6), at(second), e.Cause.COMMAND, "r", SYSTEM, "m"), data)
        for number, (second, data) in enumerate(happened, start=1)
    ]


def worker(name, department=None, kind=WorkerKind.PERSON):
    return (0, e.WorkerDefined(name, Worker(id=name, kind=kind, department=department)))


EVA = worker("eva", "service")


def arrived(second, interaction="i", customer="ana", parent=None, journey=None):
    side = Direction.INBOUND if parent is None else Direction.INTERNAL
    data = e.InteractionArrived(
        interaction, "email", customer, None, None, 0, None, side, parent, journey
    )
    return (second, data)


def queued(second, interaction="i", department=None):
    wanted = Requirement(department=department)
    steps = (Step(requirement=wanted, expires_after=timedelta(seconds=9)), Step())
    plan = Plan(queue="main", steps=steps)
    because = QueuedBecause.TRANSFER
    return (second, e.InteractionQueued(interaction, "main", because, NINE, plan, 0, None, None))


def opened(second, name="eva", role=Role.SERVES, interaction="i"):
    data = e.AssignmentOpened(f"{interaction}/{name}", interaction, name, role, None, "why")
    return (second, data)


def part(kind, second, name="eva", interaction="i", *more):
    """Something that happens to a worker's part."""
    return (second, kind(f"{interaction}/{name}", interaction, name, *more))


def serves(second, name="eva", interaction="i"):
    """A worker is asked and accepts at once."""
    accepted = part(e.AssignmentAccepted, second, name, interaction)
    return (opened(second, name, interaction=interaction), accepted)


def beside(second, name, role):
    """Somebody takes part beside the one who serves."""
    return (opened(second, name, role), part(e.AssignmentAccepted, second, name))


def released(second, name="eva", interaction="i"):
    return part(e.AssignmentReleased, second, name, interaction)


def wrapping(second, name="eva"):
    return part(e.AssignmentWrapping, second, name, "i", at(second + 60))


def closed(second, interaction="i"):
    return (second, e.InteractionClosed(interaction, EndReason.RESOLVED, None))


def slept(second):
    return (second, e.InteractionSlept("i", "eva", None))


def suspended(second, party="bank"):
    return (second, e.InteractionSuspended("i", "eva", party, "cheque", at(9000)))


def told(some) -> dict[str, float]:
    """Clocks as seconds, by name and department or else by kind."""
    return {
        " ".join(filter(None, (one.party.kind, one.party.name, one.party.department))): (
            one.time.total_seconds()
        )
        for one in some
    }


def life(*happened, **more):
    """The clocks of the one interaction."""
    (found,) = clocks(log(*happened), **more).lives
    assert sum((one.time for one in found.clocks.custody), timedelta(0)) == found.clocks.lifetime
    return found


def custody(*happened, **more):
    return told(life(*happened, **more).clocks.custody)


# -- with whom it was -----------------------------------------------------------------------------


def test_each_party_has_its_clock():
    """The queue, the worker, the customer, a third party and a partner, each by its own clock."""
    acme = worker("acme", "outside", WorkerKind.PARTNER)
    found = custody(
        *(EVA, acme, arrived(0), queued(0), *serves(10), slept(40), released(40), queued(100)),
        *(*serves(105), suspended(125), released(125), queued(425), *serves(426, "acme")),
        closed(430),
    )
    assert found == {
        "queue main": 10 + 5 + 1,
        "worker eva service": 30 + 20,
        "customer": 60,
        "third_party bank": 300,
        "partner acme outside": 4,
    }


def test_third_parties_are_told_apart():
    """Each third party by its name; from one to the next without coming back in between."""
    found = custody(arrived(0), *serves(0), suspended(5), suspended(15, "court"), closed(45))
    assert found == {"worker eva": 5, "third_party bank": 10, "third_party court": 30}


def test_a_callback_is_with_nobody_until_its_time():
    """From the asking until its turn comes it is with its appointment, then it waits again."""
    callback = e.InteractionScheduled("i", at(3600), "p-1", 1, None, None, False)
    found = custody(
        arrived(0), queued(0), (50, callback), queued(3600), *serves(3610), closed(3700)
    )
    assert found == {"queue main": 50 + 10, "appointment": 3550, "worker eva": 90}


def test_a_handover_passes_the_clock_on():
    """Accepted by another, or by a part that becomes the serving one: the former's clock stops."""
    forced = custody(
        EVA, arrived(0), *serves(0), *serves(30, "marc"), wrapping(30), closed(50), released(90)
    )
    assert forced == {"worker eva service": 30, "worker marc": 20}
    consult = [
        *beside(10, "marc", Role.CONSULTED),
        part(e.RoleChanged, 30, "marc", "i", Role.SERVES),
    ]
    taken = custody(EVA, arrived(0), *serves(0), *consult, wrapping(30), closed(50))
    assert taken == {"worker eva service": 30, "worker marc": 20}


def test_who_a_worker_was_is_as_of_the_asking():
    """A worker that moves to another department is of the former in what it has."""
    found = custody(
        EVA, arrived(0), *serves(0), (5, worker("eva", "legal")[1]), queued(10), released(10),
        *serves(20), closed(50),
    )  # fmt: skip
    assert found == {"worker eva service": 10, "queue main": 10, "worker eva legal": 30}


def test_waiting_for_a_department_is_told_apart():
    """A line in which one department alone is asked, until the plan goes on to others."""
    expired = (25, e.StepExpired("i", 1, None))
    found = custody(arrived(0), queued(5, department="legal"), expired, closed(60))
    assert found == {"nobody": 5, "queue main legal": 20, "queue main": 35}


def test_where_somebody_else_routes_nobody_may_have_it():
    """What nobody is known to have is told as such, so that the clocks still add up."""
    theirs = e.InteractionQueued("i", "main", QueuedBecause.OBSERVED, NINE, *[None] * 4)
    left = (20, e.InteractionDequeued("i"))
    found = custody(arrived(0), (5, theirs), left, *serves(30), released(70), closed(75))
    assert found == {"nobody": 5 + 10 + 5, "queue main": 15, "worker eva": 40}


def test_hold_is_a_part_of_serving():
    """Hold counts in the worker's time and is told beside it, until the worker has it no more."""
    held, resumed = e.AssignmentHeld, e.AssignmentResumed
    found = life(
        *(EVA, arrived(0), *serves(0), part(held, 10), part(resumed, 25), part(held, 40)),
        *(queued(60), released(60), closed(70)),
    )
    (eva, main) = found.clocks.custody
    assert (eva.time.seconds, eva.held.seconds, main.held) == (60, 15 + 20, timedelta(0))
    running = life(arrived(0), *serves(0), part(held, 10), until=at(30))
    assert running.clocks.custody[0].held == timedelta(seconds=20)
    late = life(arrived(0), *serves(0), part(held, 50), closed(40))
    assert (late.clocks.lifetime.seconds, late.clocks.custody[0].held.seconds) == (40, 0)
    twice = [part(held, 5), part(resumed, 35), part(held, 10), part(resumed, 40)]
    (eva,) = life(arrived(0), *serves(0), *twice, closed(40)).clocks.custody
    assert eva.held == eva.time == timedelta(seconds=40)


def says(second, name="eva", interaction="i"):
    """A worker says something to the customer."""
    data = e.MessageSent(
        interaction, f"{interaction}#1", "email", f"{interaction}/{name}", name, ""
    )
    return (second, data)


def test_the_first_word_by_two_clocks():
    """The customer's runs from the arrival; a party's own while it has the interaction."""
    found = life(
        *(EVA, arrived(0), queued(0), *serves(60), queued(90), released(90), *serves(200)),
        *(says(215), says(220), *serves(300, "marc"), released(300), says(310, "marc")),
        closed(400),
    )
    assert found.first_word == timedelta(seconds=215)
    first = {one.party.name: one.first_word for one in found.clocks.custody}
    assert first == {
        "main": None,
        "eva": timedelta(seconds=30 + 15),
        "marc": timedelta(seconds=10),
    }
    silent = life(arrived(0), *serves(5), closed(10))
    assert silent.first_word is silent.clocks.custody[0].first_word is None
    other = [*serves(5), *beside(6, "zoe", Role.CONFERENCED), says(9, "zoe"), closed(10)]
    conferring = life(arrived(0), *other)
    assert conferring.first_word == timedelta(seconds=9)
    assert {one.first_word for one in conferring.clocks.custody} == {None}


def test_how_often_it_came_to_each():
    """A party that has it again is counted again; a queue that it never left is not."""
    found = life(arrived(0), queued(0), queued(5), *serves(10), queued(20), *serves(21), closed(30))
    assert {one.party.kind: one.times for one in found.clocks.custody} == {
        PartyKind.QUEUE: 2,
        PartyKind.WORKER: 2,
    }


# -- what is told apart ---------------------------------------------------------------------------


def test_wrap_up_is_apart():
    """Each worker's wrap-up from its part's end to its release, extended or not, after the end."""
    found = life(
        *(EVA, arrived(0), *serves(0), closed(30), wrapping(30), wrapping(50), released(100))
    ).clocks
    assert (told(found.wrap_up), found.lifetime.seconds) == ({"worker eva service": 70}, 30)


def test_parts_of_others_are_beside():
    """Consulted, conferenced, listening: by role, until the role or the part ends; no custody."""
    found = life(
        *(EVA, worker("zoe", "legal"), arrived(0), *serves(0), *beside(10, "zoe", Role.CONSULTED)),
        *(part(e.RoleChanged, 30, "zoe", "i", Role.CONFERENCED), wrapping(70, "zoe")),
        *(released(75, "zoe"), *beside(80, "sue", Role.LISTENS), closed(100), released(100, "sue")),
        released(100),
    ).clocks
    zoe, sue = Party(PartyKind.WORKER, "zoe", "legal"), Party(PartyKind.WORKER, "sue")
    assert {(one.party, one.role): one.time.seconds for one in found.beside} == {
        (zoe, Role.CONSULTED): 20,
        (zoe, Role.CONFERENCED): 40,
        (sue, Role.LISTENS): 20,
    }
    assert told(found.wrap_up) == {"worker zoe legal": 5}
    assert told(found.custody) == {"worker eva service": 100}


def test_side_conversations_are_parallel():
    """Their own custody, and that of their own side conversations, beside that of the parent."""
    happened = [
        *(EVA, worker("zoe", "legal"), arrived(0), *serves(0), arrived(10, "i>1", parent="i")),
        *(queued(10, "i>1", "legal"), *serves(30, "zoe", "i>1")),
        *(arrived(40, "i>1>1", parent="i>1"), queued(40, "i>1>1"), closed(45, "i>1>1")),
        *(closed(90, "i>1"), released(90, "zoe", "i>1"), closed(100), released(100)),
    ]
    found = life(*happened).clocks
    assert told(found.custody) == {"worker eva service": 100}
    assert told(found.aside) == {"queue main legal": 20, "worker zoe legal": 60, "queue main": 5}
    (side,) = clocks(log(*happened), interaction="i>1").lives
    assert told(side.clocks.custody) == {"queue main legal": 20, "worker zoe legal": 60}
    assert told(side.clocks.aside) == {"queue main": 5}


# -- when -----------------------------------------------------------------------------------------


def test_what_is_open_is_read_at_an_instant():
    """Until the instant asked for, or the latest time in the log; what is over stays as it was."""
    happened = [arrived(0), queued(0), *serves(10), *serves(12, "sue", "k")]
    for until, seconds in ((None, 2), (at(30), 20), (at(5), 0)):
        found = life(*happened, until=until)
        assert (told(found.clocks.custody).get("worker eva", 0), found.ended) == (seconds, None)
    over = life(arrived(0), *serves(0), closed(40), until=at(99))
    assert (over.clocks.lifetime.seconds, over.ended) == (40, at(40))
    wrap = life(arrived(0), *serves(0), closed(40), wrapping(40), until=at(99)).clocks.wrap_up
    assert told(wrap) == {"worker eva": 59}


def test_clocks_that_disagree_make_no_negative_time():
    """What is said to have happened before what it follows counts as at the same instant."""
    found = life(arrived(50), queued(60), *serves(40), queued(80), released(70), closed(30))
    assert told(found.clocks.custody) == {"nobody": 10, "worker eva": 20}
    assert (found.begun, found.ended) == (at(50), at(80))
    again = life(arrived(0), queued(0), queued(20), closed(5))
    assert (told(again.clocks.custody), again.ended) == ({"queue main": 20}, at(20))
    parts = life(arrived(0), *serves(0), wrapping(20), released(10), closed(30)).clocks
    assert parts.wrap_up == ()


# -- of several -----------------------------------------------------------------------------------


@pytest.fixture
def three() -> list[e.Event]:
    """Two interactions of one journey, one that joins another, one of somebody else."""
    return log(
        *(EVA, arrived(0, "a", "ana", journey="j-1"), queued(0, "a"), *serves(10, "eva", "a")),
        *(closed(30, "a"), arrived(40, "b", "ana", journey="j-1"), queued(40, "b")),
        *(arrived(50, "c", "bo", journey="j-1"), queued(50, "c")),
        (60, e.JourneyJoined("j-2", "c", StitchedBecause.NAMED)),
        *(closed(100, "b"), closed(100, "c")),
    )


def test_clocks_of_a_journey_add_up(three):
    """Of the interactions that belong to it at the end, each with its clocks, and the sums."""
    found = clocks(three, journey="j-1")
    assert [one.interaction for one in found.lives] == ["a", "b"]
    assert told(found.total.custody) == {"queue main": 70, "worker eva service": 20}
    assert found.total.lifetime == sum((one.clocks.lifetime for one in found.lives), timedelta(0))
    assert [one.interaction for one in clocks(three, journey="j-2").lives] == ["c"]


def test_choices_are_narrowed_down(three):
    """Customer, interaction and journey together choose what is all of these; merged ones count."""
    assert [one.interaction for one in clocks(three, customer="ana").lives] == ["a", "b"]
    assert clocks(three, customer="ana", interaction="c").lives == ()
    assert clocks(three, journey="j-2", interaction="c").lives != ()
    merged = [*three, *log((200, e.CustomerMerged("bo", "ana", "said")))]
    assert (
        len(clocks(merged, customer="bo").lives) == len(clocks(merged, customer="ana").lives) == 3
    )
    undone = [*merged, *log((201, e.CustomerUnmerged("bo", "ana", "error")))]
    assert [one.interaction for one in clocks(undone, customer="bo").lives] == ["c"]


def test_a_report_in_between_changes_nothing(three):
    """Asking a fold for its report, at any event, leaves the later ones as they were."""
    fold = ClocksFold()
    for number, event in enumerate(three, start=1):
        fold.add(event)
        assert fold.report() == fold.report() == clocks(three[:number])


def test_the_time_with_some_of_the_parties(three):
    """Sums by kind answer how long it was with us, of the whole life."""
    total = clocks(three, journey="j-1").total
    assert total.time_with(PartyKind.QUEUE, PartyKind.WORKER) == total.lifetime
    assert total.time_with(PartyKind.CUSTOMER) == timedelta(0)


def test_the_clocks_of_nothing():
    """No interaction has no clock."""
    found = clocks([])
    assert (found.lives, found.until, found.total.custody) == ((), None, ())
    assert found.total.lifetime == timedelta(0)
    assert list(render_clocks(found)) == []


# -- as people read it ----------------------------------------------------------------------------


@pytest.fixture
def story():
    """Ana waits, Eva serves, asks Zoe of legal aside, waits on the bank and then on Ana."""
    centre = Rehearsal(stocked=False)
    for name, department, kind in (
        ("eva", "service", "person"),
        ("zoe", "legal", "person"),
        ("acme", None, "partner"),
    ):
        centre.ask(c.DefineWorker(worker=Worker(id=name, department=department, kind=kind)))
    centre.ask(c.RegisterCustomer(customer="ana"))
    centre.ask(c.Arrive(interaction="i", channel="email", customer="ana", about="claims"))
    centre.ask(c.DefineWorker(worker=Worker(id="eva", department="service", skills={"claims": 1})))
    centre.ask(c.SignIn(worker="eva"), after=60)
    centre.ask(c.Accept(assignment="i/1"), after=5)
    centre.ask(c.Delegate(interaction="i", department="legal"), after=10)
    centre.ask(c.SignIn(worker="zoe"), after=20)
    centre.ask(c.Accept(assignment="i>1/1"))
    centre.ask(c.Close(interaction="i>1"), after=600)
    due = centre.at + timedelta(hours=2)
    centre.ask(c.Suspend(interaction="i", party="bank", reason="cheque", due=due), after=30)
    centre.advance(due)
    centre.ask(c.Accept(assignment="i/2"), after=15)
    centre.ask(c.Sleep(interaction="i"), after=45)
    centre.ask(c.Say(interaction="i", text="Thanks"), after=3600)
    centre.ask(c.Accept(assignment="i/3"), after=5)
    return centre.log


TABLE = """\
Interaction i (channel email, customer ana, journey {journey}, open)
  with us                           0:13:10    7%
    waiting in main                 0:01:25    1%
    served by service               0:11:45    6%
      eva                           0:11:45    6%
  with third party bank             1:59:30   62%
  with the customer                 1:00:00   31%
  in all                            3:12:40  100%
  beside it, in side conversations  0:10:20
    waiting in main for legal       0:00:20
    served by legal                 0:10:00
      zoe                           0:10:00
"""


def test_clocks_as_people_read_them(story):
    """With whom, how long, which share; what is no part of the sum stands apart, below it."""
    found = clocks(story)
    table = "".join(f"{line}\n" for line in render_clocks(found))
    assert table == TABLE.format(journey=found.lives[0].journey)


def test_hold_parts_and_wrap_up_are_shown():
    """Time on hold stands beside the service; others' parts and wrap-ups have sums of their own."""
    happened = [
        *(EVA, worker("zoe", "legal"), arrived(0, customer=None), *serves(0)),
        *(*beside(10, "zoe", Role.CONSULTED), part(e.AssignmentHeld, 10)),
        *(part(e.AssignmentResumed, 40), wrapping(50, "zoe"), closed(60), wrapping(60)),
        *(released(70, "zoe"), released(95)),
    ]
    assert list(render_clocks(clocks(log(*happened))))[2:] == [
        "    served by service              0:01:00  100%  (0:00:30 of it on hold)",
        "      eva                          0:01:00  100%  (0:00:30 of it on hold)",
        "  in all                           0:01:00  100%",
        "  beside it, others who took part  0:00:40",
        "    zoe (legal, consulted)         0:00:40",
        "  apart from it, wrapping up       0:00:55",
        "    eva (service)                  0:00:35",
        "    zoe (legal)                    0:00:20",
    ]


def test_first_words_are_shown():
    """How long after the arrival anybody spoke, and what the clock of each read at its own."""
    happened = [EVA, arrived(0), queued(0), *serves(60), says(75), closed(90), released(90)]
    lines = list(render_clocks(clocks(log(*happened))))
    assert lines[0].endswith("closed, first word after 0:01:15)")
    assert lines[4] == "      eva              0:00:30   33%  (first word after 0:00:15)"


def test_the_table_of_several_ends_with_all_of_them(three):
    """Each has a table of its own; the last is of all together."""
    lines = list(render_clocks(clocks(three, journey="j-1")))
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "Interaction a (channel email, customer ana, journey j-1, closed)",
        "Interaction b (channel email, customer ana, journey j-1, closed)",
        "All 2 together",
    ]


def test_what_is_foreign_cannot_command_a_terminal():
    """Names of parties, queues and interactions are escaped."""
    bad = "\x1b[2J"
    happened = [arrived(0, bad), (5, e.InteractionSuspended(bad, None, bad, "x", at(9)))]
    lines = list(render_clocks(clocks(log(*happened), until=at(9))))
    assert all(line.isprintable() for line in lines)
    assert "\\x1b[2J" in lines[0]


def test_clocks_are_plain_json(story):
    """`to_dict` has every clock in JSON values, durations in seconds, and names who has none."""
    plain = clocks(story).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    (one,) = plain["interactions"]
    assert {name: one[name] for name in ("interaction", "channel", "customer", "ended")} == {
        "interaction": "i",
        "channel": "email",
        "customer": "ana",
        "ended": None,
    }
    bank = next(clock for clock in one["custody"] if clock["name"] == "bank")
    assert bank == {
        "kind": "third_party",
        "name": "bank",
        "department": None,
        "time_s": bank["time_s"],
        "held_s": 0.0,
        "times": 1,
        "first_word_s": None,
    }
    assert one["first_word_s"] is None
    assert plain["total"]["lifetime_s"] == one["lifetime_s"]

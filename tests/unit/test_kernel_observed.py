"""Observed work: what somebody else decided is recorded, never corrected and never dropped."""

from datetime import timedelta

import pytest

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import CommandRefused
from onechannel.model.queue import Queue, Router
from onechannel.model.worker import Worker, WorkerKind
from onechannel.testing.strategies import Rehearsal

CLAIMS = [
    c.ObserveQueued(interaction="i", queue="far"),
    c.ObserveDequeued(interaction="i"),
    c.ObserveAccepted(interaction="i", worker="p"),
    c.ObserveReleased(interaction="i", worker="p"),
    c.ObserveClosed(interaction="i"),
]


def told(made) -> list[str]:
    """The stored names of events."""
    return [event.data.stored_name for event in made]


def arrived() -> Rehearsal:
    """`i` reached a system that we observe."""
    there = Rehearsal(stocked=False)
    there.ask(c.ObserveArrival(interaction="i", channel="voice", customer="c1"))
    return there


def anomaly(made) -> e.AnomalyObserved:
    """The one thing that came of it."""
    (event,) = made
    assert isinstance(event.data, e.AnomalyObserved)
    assert event.origin.cause is e.Cause.OBSERVED
    return event.data


def test_names_are_defined_by_being_observed():
    """Channel, customer, queue and worker become known by what is said of them."""
    there = arrived()
    there.ask(c.ObserveQueued(interaction="i", queue="far"))
    there.ask(c.ObserveAccepted(interaction="i", worker="bot", kind=WorkerKind.MACHINE))
    data = [event.data for event in there.log]
    assert told(there.log)[:3] == ["channel.defined", "customer.registered", "interaction.arrived"]
    assert e.CustomerRegistered("c1", None, ()) in data
    assert e.QueueDefined(Queue(name="far", router=Router.THEIRS)) in data
    assert e.WorkerDefined("bot", Worker(id="bot", kind="machine")) in data


def test_a_worker_need_not_be_signed_in_nor_have_room():
    """No law of ours stops what a vendor did: its worker may be anywhere, with anything."""
    there = Rehearsal(stocked=False)
    for number in range(5):
        there.ask(c.ObserveArrival(interaction=f"i{number}", channel="voice"))
        there.ask(c.ObserveAccepted(interaction=f"i{number}", worker="p"))
    (worker,) = there.kernel.snapshot().workers
    assert (worker.state, worker.seat.load, len(worker.assignments)) == ("signed_out", 500, 5)


def test_a_worker_full_of_observed_work_is_not_asked():
    """What it holds for somebody else counts: our own routing gives it nothing more."""
    there = arrived()
    there.ask(c.DefineWorker(worker=Worker(id="p")))
    there.ask(c.SignIn(worker="p"))
    there.ask(c.ObserveAccepted(interaction="i", worker="p"))
    assert "assignment.opened" not in told(there.ask(c.Arrive(interaction="j", channel="voice")))
    assert told(there.ask(c.ObserveClosed(interaction="i"))) == [
        "interaction.closed",
        "assignment.released",
        "assignment.opened",
    ]


def test_one_worker_takes_over_from_another():
    """The next one serves before the last one is let go: somebody has the customer throughout."""
    there = arrived()
    there.ask(c.ObserveAccepted(interaction="i", worker="p"))
    made = there.ask(c.ObserveAccepted(interaction="i", worker="q"))
    assert told(made) == [
        "worker.defined",
        "assignment.opened",
        "assignment.accepted",
        "assignment.released",
    ]
    assert [event.subject("worker") for event in made] == ["q", "q", "q", "p"]


def test_going_back_to_a_queue_ends_the_service():
    """Who served does so no longer, and the interaction waits where they say."""
    there = arrived()
    there.ask(c.ObserveAccepted(interaction="i", worker="p"))
    made = there.ask(c.ObserveQueued(interaction="i", queue="far"))
    assert told(made) == ["queue.defined", "interaction.queued", "assignment.released"]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: type(claim).__name__)
def test_a_claim_about_what_is_not_open_is_an_anomaly(claim):
    """With the verb and its data in codes, and nothing else comes of it."""
    there = Rehearsal(stocked=False)
    found = anomaly(there.ask(claim))
    assert found.interaction == "i"
    assert found.verb == c.VERBS[type(claim)].name
    assert found.reason == "the interaction is not open"
    expected = {"queue": "far"} if isinstance(claim, c.ObserveQueued) else {}
    expected |= {"worker": "p"} if hasattr(claim, "worker") else {}
    assert expected.items() <= dict(found.details).items()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: type(claim).__name__)
def test_a_claim_about_what_is_ours_is_an_anomaly(claim):
    """Nobody else decides about what we route."""
    there = Rehearsal(stocked=False)
    there.ask(c.Arrive(interaction="i", channel="voice"))
    assert anomaly(there.ask(claim)).reason == "the interaction is routed by us"


@pytest.mark.parametrize(
    ("before", "claim", "reason"),
    [
        ([], c.ObserveReleased(interaction="i", worker="p"), "the interaction is waiting"),
        ([], c.ObserveDequeued(interaction="i"), "it is in no queue"),
        (CLAIMS[:2], c.ObserveDequeued(interaction="i"), "it is in no queue"),
        ([CLAIMS[2]], c.ObserveDequeued(interaction="i"), "the interaction is engaged"),
        ([CLAIMS[2]], CLAIMS[2], "that worker serves it already"),
        ([CLAIMS[2]], c.ObserveReleased(interaction="i", worker="q"), "another worker serves it"),
        ([], c.ObserveQueued(interaction="i", queue="ours"), "queue ours is routed by us"),
    ],
)
def test_what_the_tables_do_not_allow_is_an_anomaly(before, claim, reason):
    """It says why, and what is known stays as it was."""
    there = arrived()
    there.ask(c.DefineQueue(queue=Queue(name="ours")))
    for earlier in before:
        there.ask(earlier)
    assert anomaly(there.ask(claim)).reason == reason


def test_a_source_may_state_an_anomaly_itself():
    """What has no verb of ours is recorded as it is told."""
    claim = c.ObserveAnomaly(interaction="i", verb="merge", reason="two at once", details={"n": 2})
    found = anomaly(arrived().ask(claim))
    assert (found.verb, found.reason, dict(found.details)) == ("merge", "two at once", {"n": "2"})


def test_what_they_end_may_end_for_any_reason():
    """Also for those that nobody asks us for."""
    there = arrived()
    made = there.ask(c.ObserveClosed(interaction="i", reason="abandoned", disposition="short"))
    assert made[0].data == e.InteractionClosed("i", "abandoned", "short", None, None, "voice", 0)


@pytest.mark.parametrize("command", [c.Escalate(interaction="i"), c.HandBack(interaction="i")])
def test_what_they_route_is_theirs_to_move(command):
    """What somebody else routes is not taken into a queue of ours: they say where it goes."""
    there = arrived()
    there.ask(c.ObserveAccepted(interaction="i", worker="bot", kind="machine"))
    with pytest.raises(CommandRefused, match="routed by others"):
        there.ask(command)
    assert told(there.ask(c.ObserveClosed(interaction="i")))


@pytest.mark.parametrize("command", [c.Close(interaction="i"), c.Leave(interaction="i")])
def test_what_they_route_wraps_up_by_their_clock(command):
    """No deadline of ours runs for a worker whom somebody else chose, however it ends."""
    there = Rehearsal(stocked=False)
    there.ask(c.DefineWorker(worker=Worker(id="p", wrap_up=timedelta(seconds=30))))
    there.ask(c.ObserveArrival(interaction="i", channel="voice"))
    there.ask(c.ObserveAccepted(interaction="i", worker="p"))
    assert told(there.ask(command)) == ["interaction.closed", "assignment.released"]
    assert there.kernel.next_deadline is None


def test_an_id_is_observed_once():
    """A second arrival of one id is refused, whoever tells of it."""
    with pytest.raises(CommandRefused, match="an id is used once"):
        arrived().ask(c.ObserveArrival(interaction="i", channel="voice"))

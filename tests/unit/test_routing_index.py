"""The routing index: it holds what is live, and no more."""

from datetime import UTC, datetime

from onechannel.model import CHAT, FrozenMap, Requirement, Worker
from onechannel.routing import RoutingIndex, Seat

START = datetime(2026, 1, 5, tzinfo=UTC)


def test_what_nobody_waits_for_is_forgotten():
    """However many different things are asked for, the index is as large as what waits."""
    index = RoutingIndex()
    index.seat(Seat(Worker(id="w", skills={"a": 1}), open=True))
    for number in range(5_000):
        about = Requirement(skills=FrozenMap({f"order-{number}": 0.0}))
        index.put(f"i{number}", CHAT, about, (0, START, number))
        index.drop(f"i{number}")
    assert len(index._lanes) < 200


def test_a_profile_nobody_has_is_forgotten():
    """A worker redefined over and over leaves nothing behind, and is found by what it is now."""
    index = RoutingIndex()
    for number in range(500):
        index.seat(Seat(Worker(id="w", skills={f"s{number}": 1}), open=True))
        index.anybody(CHAT, Requirement(skills={f"s{number}": 1}))
    assert len(index._profiles) == 1
    assert index.anybody(CHAT, Requirement(skills={"s499": 1}))
    assert not index.anybody(CHAT, Requirement(skills={"s3": 1}))

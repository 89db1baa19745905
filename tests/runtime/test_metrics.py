"""Metrics: what a centre tells OpenTelemetry of itself."""

import sys

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from onechannel.delivery import Letter
from onechannel.errors import CommandRefused, ExtraMissing
from onechannel.runtime import Centre, Metrics

CANARY = "canary-text"
pytestmark = pytest.mark.anyio


def points(reader):
    """Every data point by the metric's name and its attributes."""
    return {
        (metric.name, frozenset((point.attributes or {}).items())): point
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    }


async def test_a_centre_says_what_it_did_and_how_it_is():
    """Commands are counted by verb and outcome with their time; gauges say how the centre is."""
    reader = InMemoryMetricReader()
    metrics = Metrics(MeterProvider([reader]))
    async with Centre.open("memory:", metrics=metrics) as centre:
        await centre.start(interaction="i-1", channel="chat", says=CANARY)
        await centre.say(interaction="i-1", text=CANARY)
        with pytest.raises(CommandRefused):
            await centre.accept(assignment=CANARY)
        await centre.receive(Letter(source="sms", id=CANARY, body=b"?", fault="unreadable"))
        metrics.health(centre.health())
        found = points(reader)
    served = frozenset({("verb", "say"), ("outcome", "served")})
    refused = frozenset({("verb", "accept"), ("outcome", "refused")})
    assert found["onechannel.commands", served].value == 1
    assert found["onechannel.commands", refused].value == 1
    assert found["onechannel.command.duration", frozenset({("verb", "start")})].count == 1
    assert found["onechannel.letters.dead", frozenset()].value == 1
    assert found["onechannel.log.position", frozenset()].value == centre_position(found)
    assert CANARY not in str(found)


def centre_position(found):
    """Where the log ended, which is more than the events of two commands."""
    value = found["onechannel.log.position", frozenset()].value
    assert value >= 5
    return value


async def test_without_the_extra_the_error_names_it(monkeypatch):
    """Metrics need OpenTelemetry; whoever has it not is told which extra to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
    with pytest.raises(ExtraMissing, match=r"onechannel\[otel\]"):
        Metrics()

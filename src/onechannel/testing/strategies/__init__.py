"""Hypothesis strategies: values, commands, events, and whole logs of a kernel."""

from onechannel.testing.strategies.choosing import Cue
from onechannel.testing.strategies.drawn import (
    addresses,
    commands,
    cues,
    durations,
    event_data,
    events,
    identifiers,
    logs,
    moments,
    plans,
    policies,
    requests,
    scripts,
    seeded,
    texts,
    values,
)
from onechannel.testing.strategies.props import PLANNERS
from onechannel.testing.strategies.rehearsal import START, Rehearsal

__all__ = [
    "PLANNERS",
    "START",
    "Cue",
    "Rehearsal",
    "addresses",
    "commands",
    "cues",
    "durations",
    "event_data",
    "events",
    "identifiers",
    "logs",
    "moments",
    "plans",
    "policies",
    "requests",
    "scripts",
    "seeded",
    "texts",
    "values",
]

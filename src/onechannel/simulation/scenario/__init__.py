"""Scenarios: a day of a centre as a file, read, checked and played."""

from onechannel.simulation.scenario.playing import Played, Result, play, step_said
from onechannel.simulation.scenario.reading import read_scenario
from onechannel.simulation.scenario.values import Check, Scenario, Step

__all__ = ["Check", "Played", "Result", "Scenario", "Step", "play", "read_scenario", "step_said"]

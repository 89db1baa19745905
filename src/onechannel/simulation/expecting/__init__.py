"""Expectations: what a test expects of a centre, said so that it reads."""

from onechannel.simulation.expecting.expect import Expect
from onechannel.simulation.expecting.expectation import Expectation
from onechannel.simulation.expecting.failing import ExpectationFailed
from onechannel.simulation.expecting.kinds import KINDS, STATEMENTS, Kind
from onechannel.simulation.expecting.witness import Expected

__all__ = [
    "KINDS",
    "STATEMENTS",
    "Expect",
    "Expectation",
    "ExpectationFailed",
    "Expected",
    "Kind",
]

"""A contact centre for test suites: no network, virtual time, the real kernel."""

from onechannel.simulation.expecting import ExpectationFailed
from onechannel.testing.fake import FakeCentre
from onechannel.testing.store_contract import EventStoreContract

__all__ = ["EventStoreContract", "ExpectationFailed", "FakeCentre"]

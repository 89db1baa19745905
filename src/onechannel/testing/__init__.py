"""A contact centre for test suites: no network, virtual time, the real kernel."""

from onechannel.testing.fake import FakeCentre

__all__ = ["FakeCentre"]

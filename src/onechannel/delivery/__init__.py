"""Delivery: how a command gets into the log, once."""

from onechannel.delivery.cycle import (
    Chain,
    CommitCycle,
    Refused,
    Served,
    Skipped,
    Submission,
    Turnout,
)

__all__ = ["Chain", "CommitCycle", "Refused", "Served", "Skipped", "Submission", "Turnout"]

"""Assignments: one worker's part in one interaction.

Law of this file: closed sets only; which state follows which stands in `kernel/transitions.py`.
"""

from enum import StrEnum

__all__ = ["AssignmentState", "Role"]


class AssignmentState(StrEnum):
    """Where one worker's part in one interaction stands."""

    PENDING = "pending"
    ACTIVE = "active"
    WRAPPING = "wrapping"
    RELEASED = "released"
    DECLINED = "declined"
    EXPIRED = "expired"
    RESCINDED = "rescinded"


class Role(StrEnum):
    """What a worker is to an interaction; the one who serves owns it."""

    SERVES = "serves"

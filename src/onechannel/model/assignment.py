"""Assignments: one worker's part in one interaction.

Law of this file: closed sets only; which state follows which stands in `kernel/transitions.py`.
"""

from enum import Enum

__all__ = ["AssignmentState", "Role"]


class AssignmentState(str, Enum):
    """Where one worker's part in one interaction stands."""

    PENDING = "pending"
    ACTIVE = "active"
    WRAPPING = "wrapping"
    RELEASED = "released"
    DECLINED = "declined"
    EXPIRED = "expired"
    RESCINDED = "rescinded"


class Role(str, Enum):
    """What a worker is to an interaction; the one who serves owns it."""

    SERVES = "serves"

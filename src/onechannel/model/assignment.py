"""Assignments: one worker's part in one interaction.

Laws of this file: closed sets only; which state follows which stands in `machines.py`. What a role
may do is data here, so that no decision compares roles one by one.
"""

from typing import Final

from onechannel.model.code import Code

__all__ = ["JOINING", "SPEAKING", "SUGGESTING", "SUPERVISING", "AssignmentState", "Role"]


class AssignmentState(Code):
    """Where one worker's part in one interaction stands."""

    PENDING = "pending"
    ACTIVE = "active"
    HELD = "held"
    WRAPPING = "wrapping"
    RELEASED = "released"
    DECLINED = "declined"
    EXPIRED = "expired"
    RESCINDED = "rescinded"


class Role(Code):
    """What a worker is to an interaction; the one who serves owns it."""

    SERVES = "serves"
    CONSULTED = "consulted"
    CONFERENCED = "conferenced"
    LISTENS = "listens"
    WHISPERS = "whispers"
    BARGES = "barges"
    ASSISTS = "assists"


#: Who speaks with the customer.
SPEAKING: Final = frozenset({Role.SERVES, Role.CONFERENCED, Role.BARGES})
#: Who speaks with the one who serves, and is not heard by the customer.
SUGGESTING: Final = frozenset({Role.CONSULTED, Role.WHISPERS, Role.ASSISTS})
#: A supervisor's ways to be there.
SUPERVISING: Final = frozenset({Role.LISTENS, Role.WHISPERS, Role.BARGES})
#: Who comes in without being asked.
JOINING: Final = SUPERVISING | {Role.ASSISTS}

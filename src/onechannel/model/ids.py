"""The names of things.

Law of this file: an id is text, chosen outside or derived from one that was; nothing here makes one
up.
"""

from typing import TypeAlias

__all__ = [
    "AssignmentId",
    "CustomerId",
    "InteractionId",
    "JourneyId",
    "TenantId",
    "WorkerId",
    "assignment_id",
    "interaction_of",
    "is_successor",
    "root_of",
    "successor_id",
]

InteractionId: TypeAlias = str
AssignmentId: TypeAlias = str
CustomerId: TypeAlias = str
JourneyId: TypeAlias = str
WorkerId: TypeAlias = str
TenantId: TypeAlias = str


def assignment_id(interaction: InteractionId, number: int) -> AssignmentId:
    """`i-7/2`: the second assignment of interaction `i-7`."""
    return f"{interaction}/{number}"


def interaction_of(assignment: AssignmentId) -> InteractionId:
    """The interaction an assignment belongs to."""
    return assignment.rpartition("/")[0]


def successor_id(latest: InteractionId) -> InteractionId:
    """`i-7~1` after `i-7`, `i-7~2` after `i-7~1`: a vendor's thread id never collides."""
    root, counter = _parts(latest)
    return f"{root}~{counter + 1}"


def root_of(interaction: InteractionId) -> InteractionId:
    """The id a line of successors began with."""
    return _parts(interaction)[0]


def is_successor(interaction: InteractionId) -> bool:
    """Whether the id has the form that only successors have."""
    return _parts(interaction)[1] > 0


def _parts(interaction: InteractionId) -> tuple[str, int]:
    root, mark, counter = interaction.rpartition("~")
    if mark and root and counter.isascii() and counter.isdecimal() and counter[0] != "0":
        return root, int(counter)
    return interaction, 0

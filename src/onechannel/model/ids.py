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
    "MessageId",
    "PromiseId",
    "TenantId",
    "WorkerId",
    "assignment_id",
    "interaction_of",
    "is_before",
    "is_derived",
    "is_message_number",
    "journey_id",
    "message_id",
    "promise_id",
    "root_of",
    "side_id",
    "spoken_in",
    "successor_id",
]

InteractionId: TypeAlias = str
AssignmentId: TypeAlias = str
MessageId: TypeAlias = str
CustomerId: TypeAlias = str
JourneyId: TypeAlias = str
PromiseId: TypeAlias = str
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


def is_before(interaction: InteractionId, latest: InteractionId) -> bool:
    """Whether an interaction is the latest of its line, or an earlier one of it."""
    (root, number), (line, last) = _parts(interaction), _parts(latest)
    return root == line and number <= last


def side_id(interaction: InteractionId, number: int) -> InteractionId:
    """`i-7>1`: the first side conversation of interaction `i-7`."""
    return f"{interaction}>{number}"


def is_derived(interaction: InteractionId) -> bool:
    """Whether the id has a form that only successors and side conversations have."""
    return ">" in interaction or _parts(interaction)[1] > 0


def message_id(interaction: InteractionId, number: int) -> MessageId:
    """`i-7#3`: the third thing said in interaction `i-7`."""
    return f"{interaction}#{number}"


def is_message_number(number: str, said: int | None) -> bool:
    """Whether text is the number of a message, of so many where that is known."""
    is_number = number.isascii() and number.isdecimal() and number[0] != "0"
    return is_number and (said is None or int(number) <= said)


def spoken_in(message: MessageId) -> InteractionId:
    """The interaction in which a message was said."""
    return message.rpartition("#")[0]


def journey_id(position: int) -> JourneyId:
    """`j-12`: the journey that the event at position 12 opened."""
    return f"j-{position}"


def promise_id(position: int) -> PromiseId:
    """`p-12`: the promise that the event at position 12 made."""
    return f"p-{position}"


def _parts(interaction: InteractionId) -> tuple[str, int]:
    root, mark, counter = interaction.rpartition("~")
    if mark and root and counter.isascii() and counter.isdecimal() and counter[0] != "0":
        return root, int(counter)
    return interaction, 0

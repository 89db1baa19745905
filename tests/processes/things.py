"""The things that histories are about, each as it would be if one caller came after the other.

Laws of this file: a model is the simplest that could be, written from what the verbs mean and not
from the kernel; a state is a tuple, a result plain data.
"""

from typing import Any, TypeAlias

__all__ = ["EFFECT", "INTERACTION", "REFUSED", "apply_to_effect", "apply_to_interaction"]

#: What the caller of a command that does not apply is told.
REFUSED = "refused"

_Interaction: TypeAlias = tuple[str, int, int]
_Effect: TypeAlias = tuple[str, int]

#: Somebody is asked: by the assignment of that number; so many messages were sent.
INTERACTION: _Interaction = ("pending", 1, 0)
#: Nobody has it; it was claimed so often.
EFFECT: _Effect = ("due", 0)


def apply_to_interaction(state: _Interaction, name: str, argument: Any) -> tuple[_Interaction, Any]:
    """One interaction that workers without limit are asked for in turn.

    Whoever declines or hands over is followed by the next, so assignments count up; only who serves
    may speak, and messages count up.
    """
    phase, part, messages = state
    if phase == "closed":
        return state, REFUSED
    if name == "close":
        return ("closed", part, messages), "closed"
    if name == "transfer":
        return ("pending", part + 1, messages), part + 1
    if argument != part:
        return state, REFUSED
    if name == "say":
        said = ("active", part, messages + 1)
        return (said, messages + 1) if phase == "active" else (state, REFUSED)
    if phase != "pending":
        return state, REFUSED
    if name == "accept":
        return ("active", part, messages), "accepted"
    assert name == "decline", name
    return ("pending", part + 1, messages), part + 1


def apply_to_effect(state: _Effect, name: str, argument: Any) -> tuple[_Effect, Any]:
    """One effect that is claimed under tokens that count up, and settled by the latest alone."""
    phase, token = state
    if name == "claim":
        return (("claimed", token + 1), token + 1) if phase == "due" else (state, None)
    held = phase == "claimed" and argument == token
    if not held:
        return state, False
    return ("due" if name == "postpone" else "done", token), True

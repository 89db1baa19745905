"""Explaining: why a decision fell as it did, in words that can stand in the log.

Law of this file: reasons cite codes and ids, never personal data.
"""

from functools import lru_cache
from typing import Final

from onechannel.model.requirement import Requirement
from onechannel.model.worker import PEOPLE

__all__ = ["why_asked"]

_REMEMBERED: Final = 4096


@lru_cache(maxsize=_REMEMBERED)
def why_asked(requirement: Requirement) -> str:
    """Why the worker was asked: `longest idle of: people, billing >= 3`."""
    kinds = requirement.kinds
    terms = ["people"] if kinds == PEOPLE else sorted(kind.value for kind in kinds)
    terms += [
        name if least <= 0 else f"{name} >= {least:g}" for name, least in requirement.skills.items()
    ]
    return f"longest idle of: {', '.join(terms) or 'anybody'}"

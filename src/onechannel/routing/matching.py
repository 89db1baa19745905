"""Matching: whom a requirement admits.

Law of this file: a pure function of requirement and worker; presence and capacity are somebody
else's question.
"""

from onechannel.model.requirement import Requirement
from onechannel.model.worker import Worker

__all__ = ["admits"]


def admits(requirement: Requirement, worker: Worker) -> bool:
    """Whether the worker is of a kind asked for and has every skill at that proficiency."""
    if requirement.kinds and worker.kind not in requirement.kinds:
        return False
    skills = worker.skills
    return all(
        name in skills and skills[name] >= least for name, least in requirement.skills.items()
    )

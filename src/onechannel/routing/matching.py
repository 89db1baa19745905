"""Matching: whom a requirement admits.

Law of this file: a pure function of requirement and worker; presence and capacity are somebody
else's question.
"""

from onechannel.model.requirement import Requirement
from onechannel.model.worker import Worker

__all__ = ["admits", "mismatch"]


def admits(requirement: Requirement, worker: Worker) -> bool:
    """Whether the worker is of a kind and department asked for and has every skill at that level.

    Whom the requirement names is not looked at: the index keeps those apart.
    """
    if requirement.kinds and worker.kind not in requirement.kinds:
        return False
    if requirement.department is not None and worker.department != requirement.department:
        return False
    skills = worker.skills
    return all(
        name in skills and skills[name] >= least for name, least in requirement.skills.items()
    )


def mismatch(requirement: Requirement, worker: Worker) -> str | None:
    """What the worker lacks of a requirement, the first thing first; None if it lacks nothing."""
    if requirement.workers and worker.id not in requirement.workers:
        return "not named"
    if requirement.kinds and worker.kind not in requirement.kinds:
        return f"kind {worker.kind.value}"
    if requirement.department is not None and worker.department != requirement.department:
        return f"department {worker.department or 'none'}"
    for name, least in requirement.skills.items():
        if name not in worker.skills:
            return f"no skill {name}"
        if worker.skills[name] < least:
            return f"{name} {worker.skills[name]:g} of {least:g}"
    return None

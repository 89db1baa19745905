"""Errands: what somebody wants done, carried to one process after the other until it is answered.

Laws of this file: an errand goes under the same ids however often it is tried; an answer that
contradicts what was kept, or an earlier answer, is complained of.
"""

from typing import Protocol

import attrs

from onechannel.delivery import (
    Answer,
    Failed,
    Letter,
    Received,
    Refused,
    Served,
    Settled,
    Settlement,
    Skipped,
    Submission,
    Work,
)
from onechannel.errors import PolicyMissing
from onechannel.testing.faults._stage import CANARY
from onechannel.testing.faults._truth import Truth
from onechannel.testing.invariants import InvariantBroken

__all__ = [
    "Asked",
    "ChainAsked",
    "Chore",
    "Delivered",
    "Errand",
    "Poison",
    "Settling",
    "refuse_failure",
]


class Errand(Protocol):
    """Something to be done, and what is made of the answer."""

    @property
    def work(self) -> Work:
        """What the commit cycle is given."""
        ...

    def judge(self, answer: Answer, truth: Truth) -> str:
        """What became of it, as a word to count; "again" if it is to be tried elsewhere.

        Raises `InvariantBroken`.
        """
        ...


def refuse_failure(answer: Answer) -> None:
    """Nothing that anybody wants here can fail; raises `InvariantBroken`."""
    if isinstance(answer, Failed):
        error = answer.error
        raise InvariantBroken("I1", f"work failed: {type(error).__name__}: {error}") from error
    if isinstance(answer, Refused) and CANARY in str(answer.error):
        raise InvariantBroken("I12", "a refusal shows personal data")


def _missing(answer: Answer) -> bool:
    return isinstance(answer, Refused) and isinstance(answer.error, PolicyMissing)


@attrs.define(eq=False)
class Asked:
    """A command, by whoever gives it under one id until it is answered."""

    work: Submission
    before: Served | None = None

    def judge(self, answer: Answer, truth: Truth) -> str:
        """Served as kept, refused, or to be tried elsewhere."""
        refuse_failure(answer)
        command, kept = self.work.id, truth.served.get(self.work.id)
        if _missing(answer):
            return "again"
        if isinstance(answer, Served):
            told = Served(answer.first, answer.last)
            if kept != (answer.first, answer.last):
                raise InvariantBroken("I2", f"{command} made {kept}, and is told {told}")
            if self.before is not None and not answer.repeated:
                raise InvariantBroken("I2", f"{command} is served once more")
            self.before = told
            return "repeated" if answer.repeated else "served"
        if kept is not None:
            raise InvariantBroken("I1", f"{command} made {kept}, and is refused")
        return "refused"


@attrs.define(eq=False)
class Poison:
    """A command that nobody can serve: it costs itself alone."""

    work: Submission

    def judge(self, answer: Answer, truth: Truth) -> str:
        """Failed or refused, whatever it is given with; never served."""
        if self.work.id in truth.served or isinstance(answer, Served):
            raise InvariantBroken("I1", f"{self.work.id} is served, and cannot be")
        if isinstance(answer, Failed):
            return "poison"
        return "again" if _missing(answer) else "refused"


@attrs.define(eq=False)
class ChainAsked:
    """Commands that are given together, of which none is tried after one that is refused.

    Where it is `certain`, nothing that anybody else does can be a reason to refuse any.
    """

    work: tuple[Submission, ...]
    certain: bool = False

    def judge(self, answer: Answer, truth: Truth) -> str:
        """Judge each; what was not tried is of no more interest."""
        refuse_failure(answer)
        if not isinstance(answer, tuple):
            return "again"
        found = [
            Asked(submission).judge(one, truth)
            for submission, one in zip(self.work, answer, strict=True)
            if not isinstance(one, Skipped)
        ]
        if self.certain and "refused" in found:
            raise InvariantBroken("I1", f"{self.work[0].id} and what follows on it is refused")
        return "again" if "again" in found else "chain"


@attrs.define(eq=False)
class Delivered:
    """A delivery of a letter, by a vendor who repeats it until it is taken."""

    work: Letter

    def judge(self, answer: Answer, truth: Truth) -> str:
        """Taken, once; or told so for the second time."""
        refuse_failure(answer)
        if _missing(answer):
            return "again"
        if not isinstance(answer, Received):
            raise InvariantBroken("I1", f"a letter is answered {type(answer).__name__}")
        row = truth.letters.get((self.work.source, self.work.id))
        if row is None:
            raise InvariantBroken("I1", "a letter is taken, and nothing is kept of it")
        return "duplicate" if answer.repeated else str(answer.state)


@attrs.define(eq=False)
class Settling:
    """What became of an effect, told by whoever had claimed it."""

    work: Settlement

    def judge(self, answer: Answer, truth: Truth) -> str:
        """Held, and then by the latest token; or the lease was lost."""
        refuse_failure(answer)
        if _missing(answer):
            return "again"
        if not isinstance(answer, Settled):
            raise InvariantBroken("I1", f"an effect is answered {type(answer).__name__}")
        effect = truth.effects[self.work.destination, self.work.position]
        if answer.held and effect.token != self.work.token:
            reason = f"token {self.work.token} settles what was claimed with {effect.token}"
            raise InvariantBroken("I3", reason, self.work.position)
        return "settled" if answer.held else "lease lost"


@attrs.define(eq=False)
class Chore:
    """Anything that is tried once, and whose answer is looked at by whoever gave it."""

    work: Work
    answer: Answer | None = None

    def judge(self, answer: Answer, truth: Truth) -> str:
        """Keep the answer."""
        del truth
        refuse_failure(answer)
        self.answer = answer
        return "done"

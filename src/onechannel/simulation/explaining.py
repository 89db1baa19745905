"""Why a worker serves, or is asked to, and why nobody else.

Law of this file: of what was decided it says what the log says; who was not taken, and why, is not
worked out a second time.
"""

from collections.abc import Mapping

import attrs

from onechannel.model.explanation import Explanation
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import InteractionId, WorkerId
from onechannel.simulation.handles import InteractionHandle, WorkerHandle
from onechannel.simulation.handles.stage import Stage
from onechannel.simulation.view import View

__all__ = ["Explained", "as_of_now", "recorded"]


@attrs.frozen
class Explained:
    """An explanation of a virtual centre: what a handle is for is given as a handle."""

    centre: Stage = attrs.field(repr=False)
    explanation: Explanation

    @property
    def interaction(self) -> InteractionHandle:
        """What is explained."""
        return InteractionHandle(self.centre, self.explanation.interaction)

    @property
    def winner(self) -> WorkerHandle | None:
        """Who was chosen; None while nobody is asked."""
        found = self.explanation.winner
        return None if found is None else WorkerHandle(self.centre, found)

    @property
    def reason(self) -> str | None:
        """Why that one."""
        return self.explanation.reason

    @property
    def policy(self) -> str | None:
        """By whose rules; None where somebody else routes."""
        return self.explanation.policy

    @property
    def excluded(self) -> Mapping[WorkerId, str]:
        """By worker's id, what spoke against everybody known to have been looked at."""
        return self.explanation.excluded


def recorded(view: View, interaction: InteractionId) -> Explanation:
    """The last decision that the log has: since it last came into a queue, if it ever did."""
    decision = view.interactions[interaction].decision
    return Explanation(
        interaction=interaction,
        winner=decision.winner,
        reason=decision.reason,
        policy=decision.policy,
        excluded=FrozenMap(decision.excluded),
    )


def as_of_now(before: Explanation, now: Explanation | None) -> Explanation:
    """What speaks against everybody at this moment and, first, what became of those asked before.

    Of what somebody else routes no more is known than the log has.
    """
    if now is None:
        return before
    excluded = {
        worker: f"{before.excluded[worker]}; {why}" if worker in before.excluded else why
        for worker, why in now.excluded.items()
    }
    return attrs.evolve(now, excluded=FrozenMap(excluded))

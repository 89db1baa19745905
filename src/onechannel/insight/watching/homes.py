"""Homes: somebody or some queue has each customer, at every position of the log.

Laws of this file: an arrival comes to a queue at once; from there on the next is named before the
last lets go; whoever has it no longer lets go at once; what is set aside has for its keeper whoever
had it. Where somebody else routes, these are their affairs.
"""

from typing import Final

import attrs

from onechannel import events as e
from onechannel.errors import LogInconsistent
from onechannel.insight.custody import PartyKind
from onechannel.insight.watching.stand import Stand, refuse
from onechannel.model.ids import InteractionId, WorkerId

__all__ = ["HomeWatch"]

#: What may stand between an arrival and its queue, or between a new home and the letting go of it.
_MEANWHILE: Final = (
    e.PolicyFaulted,
    e.QueueDefined,
    e.InteractionQueued,
    e.InteractionLeased,
    e.AssignmentRescinded,
    e.AssignmentWrapping,
    e.AssignmentReleased,
)
#: What takes an interaction from everybody who had a part in it.
_TAKES: Final = (
    e.InteractionQueued,
    e.InteractionScheduled,
    e.InteractionSlept,
    e.InteractionSuspended,
    e.InteractionClosed,
)


@attrs.define(eq=False)
class HomeWatch:
    """Who keeps what was set aside; and what is `owed` at once, to which event, and why."""

    owed: dict[str, tuple[int, str]] = attrs.field(factory=dict)
    keepers: dict[InteractionId, WorkerId | None] = attrs.field(factory=dict)

    def see(self, event: e.Event, stand: Stand) -> None:
        """Look at one event."""
        data = event.data
        if self.owed and not isinstance(data, _MEANWHILE):
            self.end()
        interaction = getattr(data, "interaction", None)
        if interaction is None:
            return
        if isinstance(data, (e.AssignmentRescinded, e.AssignmentWrapping, e.AssignmentReleased)):
            self.owed.pop(data.assignment, None)
        if interaction in stand.ours:
            self._see_ours(event, data, interaction, stand)

    def end(self) -> None:
        """Whatever is owed has not happened."""
        for position, reason in self.owed.values():
            raise LogInconsistent(position, reason)

    def _see_ours(
        self, event: e.Event, data: e.EventData, interaction: InteractionId, stand: Stand
    ) -> None:
        if isinstance(data, e.InteractionArrived):
            reason = f"it leaves interaction {interaction} with neither queue nor worker"
            self.owed[interaction] = (event.position, reason)
            return
        if isinstance(data, e.InteractionClosed):
            stand.ours.discard(interaction)
            self.keepers.pop(interaction, None)
        elif stand.custody.held_by[interaction].kind is not PartyKind.NOBODY:
            self.owed.pop(interaction, None)
        elif interaction not in self.owed:
            reason = f"it leaves interaction {interaction} with neither queue nor worker"
            raise refuse(event, reason)
        self._keep(event, data, interaction, stand)
        self._let_go(event, data, interaction, stand)

    def _keep(
        self, event: e.Event, data: e.EventData, interaction: InteractionId, stand: Stand
    ) -> None:
        if isinstance(data, (e.InteractionSlept, e.InteractionSuspended)):
            had = stand.had or self.keepers.get(interaction)
            if data.keeper != had:
                raise refuse(
                    event, f"{had or 'nobody'} had interaction {interaction}, and keeps it"
                )
            self.keepers[interaction] = had
        elif isinstance(data, (e.InteractionQueued, e.InteractionScheduled)):
            self.keepers.pop(interaction, None)

    def _let_go(
        self, event: e.Event, data: e.EventData, interaction: InteractionId, stand: Stand
    ) -> None:
        """Of those with a part, whoever has it no longer."""
        taking = isinstance(data, _TAKES)
        owner = stand.custody.owners.get(interaction)
        if not taking and (stand.had is None or owner != getattr(data, "assignment", None)):
            return
        for name, part in stand.parts(interaction):
            if taking or (name != owner and part.worker == stand.had):
                reason = f"assignment {name} has no part in interaction {interaction} any more"
                self.owed[name] = (event.position, f"{reason}, and does not let go of it")

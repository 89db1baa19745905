"""Explanations: why a decision fell as it did.

Law of this file: reasons cite codes and ids, never personal data.
"""

import attrs

from onechannel.model.frozenmap import FrozenMap
from onechannel.model.ids import InteractionId, WorkerId

__all__ = ["Explanation"]


@attrs.frozen(kw_only=True)
class Explanation:
    """Who was chosen for an interaction, and why nobody else.

    `winner` is None while nobody is asked; `excluded` says of each worker known to have been looked
    at what spoke against it.
    """

    interaction: InteractionId
    winner: WorkerId | None
    reason: str | None
    policy: str | None
    excluded: FrozenMap[WorkerId, str]

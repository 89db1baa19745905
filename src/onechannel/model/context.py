"""Context: what whoever serves should know, so that nobody has to say it twice.

Law of this file: every entry says where it comes from.
"""

from datetime import datetime

import attrs

from onechannel.model.ids import InteractionId, MessageId, WorkerId
from onechannel.model.personal import personal

__all__ = ["Context", "Said"]


@attrs.frozen(kw_only=True)
class Said:
    """Something that was said: by the customer's side where `worker` is None."""

    message: MessageId
    interaction: InteractionId
    channel: str
    public: bool
    at: datetime
    worker: WorkerId | None
    text: str = personal(subject="customer")


@attrs.frozen
class Context:
    """What was said so far in a journey, in order."""

    said: tuple[Said, ...]

    @property
    def summary(self) -> str:
        """All that was said, a line for each; it holds personal data."""
        return "\n".join(
            f"[{one.channel}] {one.worker or 'customer'}: {one.text}" for one in self.said
        )

"""People: which customers are one, read off the events alone.

Law of this file: customers are one for as long as a merge of them stands; what cannot be is passed
over, since a fold tells of any log.
"""

import attrs

from onechannel import events as e
from onechannel.identity import Families
from onechannel.model.ids import CustomerId

__all__ = ["People"]


@attrs.define(eq=False)
class People:
    """Customers, after the events that were added."""

    _families: Families = attrs.field(factory=Families)

    def add(self, data: e.EventData) -> None:
        """Take in what happened next."""
        families = self._families
        if isinstance(data, e.CustomerMerged):
            known = data.customer in families.survivors
            if not known and families.root(data.survivor) != data.customer:
                families.join(data.customer, data.survivor)
        elif isinstance(data, e.CustomerUnmerged) and data.customer in families.survivors:
            families.part(data.customer)

    def same_as(self, customer: CustomerId) -> frozenset[CustomerId]:
        """Everybody who is that customer."""
        return frozenset(self._families.family(customer))

"""Customers.

Law of this file: a customer is one person or organisation, however many addresses.
"""

import attrs

from onechannel.model.address import Address, addresses_of
from onechannel.model.checks import ident, optional, text
from onechannel.model.ids import CustomerId
from onechannel.model.personal import personal

__all__ = ["Customer"]


@attrs.frozen(kw_only=True)
class Customer:
    """Who reaches the company."""

    id: CustomerId = attrs.field(validator=ident)
    name: str | None = personal(subject="customer", default=None, validator=optional(text))
    addresses: tuple[Address, ...] = personal(
        subject="customer", default=(), converter=addresses_of
    )

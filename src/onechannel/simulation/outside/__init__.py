"""Outside: vendors who deliver late, twice or in disorder, and who answer as they are told to."""

from onechannel.simulation.outside.answers import Answering, VendorAnswer, VendorRequest
from onechannel.simulation.outside.postings import (
    FAULTS,
    Posting,
    WebhookFault,
    again,
    orders,
    postings,
)
from onechannel.simulation.outside.vendor import VirtualVendor

__all__ = [
    "FAULTS",
    "Answering",
    "Posting",
    "VendorAnswer",
    "VendorRequest",
    "VirtualVendor",
    "WebhookFault",
    "again",
    "orders",
    "postings",
]

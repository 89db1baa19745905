"""The runtime: drives delivery with a store, a clock and whatever brings bytes."""

from onechannel.runtime.centre import Centre
from onechannel.runtime.engine import DEFAULT_LIMITS, Limits
from onechannel.runtime.feed import Feed
from onechannel.runtime.health import Health, Mailbox, examined, mailbox
from onechannel.runtime.history import Imported, bounded_lines, import_history
from onechannel.runtime.live import LiveCentre
from onechannel.runtime.metrics import Metrics
from onechannel.runtime.sending import Outgoing, Reply, Sender, Sending
from onechannel.runtime.serving import serve_until_stopped
from onechannel.runtime.verbs import Verbs

__all__ = [
    "DEFAULT_LIMITS",
    "Centre",
    "Feed",
    "Health",
    "Imported",
    "Limits",
    "LiveCentre",
    "Mailbox",
    "Metrics",
    "Outgoing",
    "Reply",
    "Sender",
    "Sending",
    "Verbs",
    "bounded_lines",
    "examined",
    "import_history",
    "mailbox",
    "serve_until_stopped",
]

"""How each kind of event is told in a timeline: one table of functions per subject."""

from onechannel.insight.telling.book import Book, Tell
from onechannel.insight.telling.centre import CENTRE
from onechannel.insight.telling.customers import CUSTOMERS
from onechannel.insight.telling.interactions import INTERACTIONS
from onechannel.insight.telling.messages import MESSAGES
from onechannel.insight.telling.parts import PARTS

__all__ = ["CENTRE", "CUSTOMERS", "INTERACTIONS", "MESSAGES", "PARTS", "Book", "Tell"]

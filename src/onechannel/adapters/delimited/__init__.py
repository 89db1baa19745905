"""Call logs in delimited text, of whatever columns: a mapping file says what each column means."""

from onechannel.adapters.delimited.facts import Observation
from onechannel.adapters.delimited.history import LINE_LIMIT, Row, SetAside, read_history
from onechannel.adapters.delimited.mapping import Mapping, read_mapping

__all__ = [
    "LINE_LIMIT",
    "Mapping",
    "Observation",
    "Row",
    "SetAside",
    "read_history",
    "read_mapping",
]

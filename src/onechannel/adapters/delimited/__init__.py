"""Call logs in delimited text, of whatever columns: a mapping file says what each column means."""

from onechannel.adapters.delimited.facts import Observation
from onechannel.adapters.delimited.history import Row, SetAside, read_history
from onechannel.adapters.delimited.mapping import Mapping, read_mapping

__all__ = ["Mapping", "Observation", "Row", "SetAside", "read_history", "read_mapping"]

"""The runtime: drives delivery with a store, a clock and whatever brings bytes."""

from onechannel.runtime.history import Imported, import_history

__all__ = ["Imported", "import_history"]

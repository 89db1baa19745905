"""The runtime: drives delivery with a store, a clock and whatever brings bytes."""

from onechannel.runtime.history import Imported, bounded_lines, import_history

__all__ = ["Imported", "bounded_lines", "import_history"]

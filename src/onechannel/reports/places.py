"""Places: the columns of the page, and how things in a row make room for each other.

Law of this file: what is spread lies in its order, without overlap, within the room there is.
"""

from collections.abc import Sequence
from typing import Final

__all__ = ["EDGE", "GUTTER", "LEFT", "OUTCOME", "RIGHT", "WIDTH", "spread"]

WIDTH: Final = 1200.0
#: The page's margin; where names begin, where times begin and end, where outcomes begin.
EDGE: Final = 12.0
GUTTER: Final = 24.0
LEFT: Final = 170.0
RIGHT: Final = 1026.0
OUTCOME: Final = 1042.0


def spread(
    anchors: Sequence[float], widths: Sequence[float], *, gap: float, left: float, right: float
) -> list[float]:
    """Where each begins: as near to its anchor as its neighbours leave it.

    The widths and the gaps between them have to fit into the room.
    """
    places: list[float] = []
    free = left
    for anchor, width in zip(anchors, widths, strict=True):
        places.append(max(anchor, free))
        free = places[-1] + width + gap
    last = right
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], last - widths[index])
        last = places[index] - gap
    return places

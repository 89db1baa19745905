"""Frame: what everything on the page is drawn in.

Law of this file: what a break cuts is seen to be cut, each bar for itself.
"""

from collections.abc import Iterator
from datetime import datetime, tzinfo

import attrs

from onechannel.reports.lettering import clock, day
from onechannel.reports.markup import element
from onechannel.reports.scale import Scale, Stretch

__all__ = ["Frame"]


@attrs.frozen
class Frame:
    """The scale, the reader's zone, the time as of which, and what ids begin with."""

    scale: Scale
    zone: tzinfo
    until: datetime
    prefix: str

    def moment(self, at: datetime) -> str:
        """Its day and time, as exact as it is known."""
        return f"{day(at, self.zone)} {clock(at, self.zone)}"

    def cuts(self, begun: datetime, until: datetime, middle: float, height: float) -> str:
        """What shows that a bar goes on through times that are left out."""
        return "".join(
            self.cut(part, middle - height / 2 - 2, height + 4)
            for part in self.scale.breaks
            if begun <= part.begun and part.until <= until
        )

    def cut(self, part: Stretch, top: float, height: float) -> str:
        """Two torn edges, and less of what is between them."""
        return "".join(self._torn(part, top, height))

    def _torn(self, part: Stretch, top: float, height: float) -> Iterator[str]:
        inset = (part.right - part.left) / 4
        left, right = part.left + inset, part.right - inset
        yield element("rect", x=left, y=top, width=right - left, height=height, class_="gap")
        for x in (left, right):
            fill = f"url(#{self.prefix}-zigzag)"
            yield element("rect", x=x - 2, y=top, width=4, height=height, fill=fill)

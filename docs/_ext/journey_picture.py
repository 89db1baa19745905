"""A Sphinx extension: a picture of a journey, drawn when the documentation is built.

Law of this file: the day is played and drawn by the library itself; nothing is drawn by hand.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from onechannel.reports import journey_svg
from onechannel.simulation import VirtualCentre
from onechannel.simulation.story import a_day

__all__ = ["JourneyPicture", "setup"]


class JourneyPicture(SphinxDirective):
    """The day that `onechannel demo` plays."""

    def run(self) -> list[nodes.Node]:
        """The picture, which scrolls within its own box where the page is narrow."""
        centre = VirtualCentre()
        ana = a_day(centre)
        picture = journey_svg(centre.log, customer=ana.id, title="A day of one customer")
        drawing = f'<div style="overflow-x:auto"><div style="min-width:900px">{picture}</div></div>'
        return [nodes.raw("", drawing, format="html")]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directive known to Sphinx."""
    app.add_directive("journey-picture", JourneyPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

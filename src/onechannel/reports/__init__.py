"""Reports: what others than programs are shown of a log, as pictures."""

from onechannel.reports.journey import journey_svg

__all__ = ["journey_svg"]

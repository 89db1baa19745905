"""Style: what the kinds of bars and marks look like, and what they are called.

Laws of this file: nothing is told by colour alone: each kind has a pattern or a form of its own;
colours are those of Okabe and Ito (2008), or darker, which the colour-blind tell apart. White
or black letters on a bar have a contrast of 4.5 at least, by day and by night.
"""

from collections.abc import Mapping
from typing import Final

from onechannel.model.code import Code
from onechannel.reports.lanes import BarKind, MarkKind
from onechannel.reports.markup import element, number

__all__ = [
    "BAR_WORDS",
    "MARK_WORDS",
    "ON_DARK",
    "Outcome",
    "bar_look",
    "glyph",
    "outcome_glyph",
    "patterns",
    "style",
]

BAR_WORDS: Final[Mapping[BarKind, str]] = {
    BarKind.WAITING: "waits in a queue",
    BarKind.PERSON: "a person serves",
    BarKind.MACHINE: "a machine serves",
    BarKind.PARTNER: "a partner serves",
    BarKind.HELD: "on hold",
    BarKind.CUSTOMERS_TURN: "customer's turn",
    BarKind.APPOINTMENT: "callback agreed",
    BarKind.THIRD_PARTY: "waits on somebody else",
    BarKind.WRAPPING: "wrap-up",
    BarKind.BESIDE: "somebody is there beside",
}
MARK_WORDS: Final[Mapping[MarkKind, str]] = {
    MarkKind.CUSTOMER_SAYS: "customer says",
    MarkKind.COMPANY_SAYS: "we say",
    MarkKind.SUGGESTS: "suggested in private",
    MarkKind.ASKED: "somebody is asked",
    MarkKind.DECLINED: "declines",
    MarkKind.MISSED: "no answer",
    MarkKind.HANDED_OVER: "handed over",
    MarkKind.MOVED: "changes channel",
    MarkKind.WARNING: "something is wrong",
}

_DAY: Final = """
{r}{{font-family:system-ui,"Segoe UI","DejaVu Sans",Helvetica,Arial,sans-serif}}
{r} .page{{fill:#fff}}
{r} .strip{{fill:#f4f5f7}}
{r} text{{fill:#1f2328}}
{r} .dim{{fill:#59636e}}
{r} .bold{{font-weight:600}}
{r} .grid{{stroke:#c9d0d8;stroke-width:1}}
{r} .gap{{fill:#fff;fill-opacity:.8}}
{r} .left-out{{fill:#8b949e;fill-opacity:.13}}
{r} .link{{fill:none;stroke:#59636e;stroke-width:1.3}}
{r} .head{{fill:#59636e}}
{r} .replaces{{stroke-dasharray:5 3}}
{r} .aside{{stroke-dasharray:1.5 3}}
{r} .pin{{stroke:#8b949e;stroke-width:.8}}
{r} .mark{{fill:none;stroke:#1f2328;stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round}}
{r} .mark .full{{fill:#1f2328}}
{r} .customer-says{{stroke:#a84300}}
{r} .customer-says .full{{fill:#d55e00}}
{r} .company-says,{r} .suggests{{stroke:#005f99}}
{r} .declined,{r} .missed,{r} .warning,{r} .is-bad{{stroke:#b3261e}}
{r} .warning .full,{r} .is-bad .full{{fill:#b3261e}}
{r} .is-good{{stroke:#00705a}}
{r} .bar{{stroke-width:1}}
{r} .waiting{{stroke:#a06a00}}
{r} .customers-turn,{r} .appointment,{r} .third-party{{stroke:#59636e;stroke-dasharray:4 2}}
{r} .person,{r} .promise{{fill:#0068a3;stroke:#004c78}}
{r} .machine,{r} .partner,{r} .held{{stroke:#1f2328}}
{r} .wrapping{{fill:#9fc9e6;stroke:#0068a3}}
{r} .beside{{fill:#e3c3d8;stroke:#8f3f74}}
{r} .pursuit{{fill:#8b949e;stroke:#59636e}}
{r} .open{{fill:#fff;fill-opacity:.6;stroke:#59636e}}
{r} .broken{{fill:#f3c6c2;stroke:#b3261e}}
{r} .on-dark{{fill:#fff}}
{r} .on-light{{fill:#1f2328}}
{r} .zigzag{{fill:none;stroke:#8b949e;stroke-width:1.2}}
"""
_NIGHT: Final = """
{r} .page{{fill:#0d1117}}
{r} .strip{{fill:#161b22}}
{r} text{{fill:#e6edf3}}
{r} .dim{{fill:#9aa4ae}}
{r} .grid{{stroke:#30363d}}
{r} .gap{{fill:#0d1117}}
{r} .link,{r} .pin{{stroke:#9aa4ae}}
{r} .head{{fill:#9aa4ae}}
{r} .mark{{stroke:#e6edf3}}
{r} .mark .full{{fill:#e6edf3}}
{r} .customer-says{{stroke:#ff9a4d}}
{r} .customer-says .full{{fill:#ff9a4d}}
{r} .company-says,{r} .suggests{{stroke:#6cb8f0}}
{r} .declined,{r} .missed,{r} .warning,{r} .is-bad{{stroke:#ff8a80}}
{r} .warning .full,{r} .is-bad .full{{fill:#ff8a80}}
{r} .is-good{{stroke:#4fd1b3}}
{r} .open{{fill:#0d1117;stroke:#9aa4ae}}
{r} .machine,{r} .partner{{stroke:#9aa4ae}}
{r} .on-dark{{fill:#fff}}
{r} .on-light{{fill:#1f2328}}
"""


def style(root: str) -> str:
    """The style of all that is below the id `root`; by night only on a screen."""
    night = _NIGHT.format(r=root)
    return element(
        "style",
        f"{_DAY.format(r=root)}@media screen and (prefers-color-scheme:dark){{{night}}}\n",
    )


# -- patterns -------------------------------------------------------------------------------------


def patterns(prefix: str) -> str:
    """What bars are filled with that have no plain colour; their ids begin with the prefix."""
    return element(
        "defs",
        _pattern(
            prefix, "waiting", 5, "#f2b63d", '<circle cx="2.5" cy="2.5" r=".9" fill="#a06a00"/>'
        ),
        _pattern(
            prefix, "machine", 6, "#005a48", '<path d="M0 0V6" stroke="#fff" stroke-opacity=".4"/>'
        ),
        _pattern(
            prefix,
            "partner",
            6,
            "#7a3463",
            '<path d="M0 6L6 0" stroke="#fff" stroke-opacity=".22"/>',
        ),
        _pattern(
            prefix,
            "held",
            5,
            None,
            '<path d="M-1 6L6 -1M4 6L6 4M-1 1L1 -1" stroke="#fff" stroke-width="1.6"/>',
        ),
        _pattern(prefix, "away", 8, "#e6e9ed", '<path d="M0 4H3" stroke="#8b949e"/>'),
        element(
            "pattern",
            '<path class="zigzag" d="M.6 -1L3.4 2L.6 5L3.4 8"/>',
            id=f"{prefix}-zigzag",
            width=4,
            height=6,
            patternUnits="userSpaceOnUse",
        ),
    )


def _pattern(prefix: str, name: str, size: int, ground: str | None, drawing: str) -> str:
    ground_drawn = (
        "" if ground is None else f'<rect width="{size}" height="{size}" fill="{ground}"/>'
    )
    return element(
        "pattern",
        ground_drawn,
        drawing,
        id=f"{prefix}-{name}",
        width=size,
        height=size,
        patternUnits="userSpaceOnUse",
    )


_FILLED: Final = {
    BarKind.WAITING: "waiting",
    BarKind.MACHINE: "machine",
    BarKind.PARTNER: "partner",
    BarKind.HELD: "held",
    BarKind.CUSTOMERS_TURN: "away",
    BarKind.APPOINTMENT: "away",
    BarKind.THIRD_PARTY: "away",
}
_ROUNDED: Final = frozenset({BarKind.PERSON, BarKind.PARTNER})
#: On what white letters are read.
ON_DARK: Final = frozenset({BarKind.PERSON, BarKind.MACHINE, BarKind.PARTNER})


def bar_look(kind: BarKind, prefix: str) -> dict[str, str | float | None]:
    """The attributes that make a rectangle a bar of that kind."""
    filled = _FILLED.get(kind)
    return {
        "class_": f"bar {kind.value}",
        "fill": None if filled is None else f"url(#{prefix}-{filled})",
        "rx": 4 if kind in _ROUNDED else None,
    }


# -- glyphs ---------------------------------------------------------------------------------------

_BUBBLE: Final = "M-4.5 -4h9v5.5h-5l-2.5 2.5v-2.5h-1.5z"
_BUBBLE_BACK: Final = "M4.5 -4h-9v5.5h5l2.5 2.5v-2.5h1.5z"
_GLYPHS: Final[Mapping[MarkKind, str]] = {
    MarkKind.CUSTOMER_SAYS: f'<path class="full" d="{_BUBBLE}"/>',
    MarkKind.COMPANY_SAYS: f'<path d="{_BUBBLE_BACK}"/>',
    MarkKind.SUGGESTS: f'<path stroke-dasharray="1.6 2" d="{_BUBBLE_BACK}"/>',
    MarkKind.ASKED: '<circle r="4.6"/>'
    '<path d="M-1.6 -1.2a1.6 1.5 0 1 1 2.3 1.4q-.7 .4 -.7 1M0 2.7v.1"/>',
    MarkKind.DECLINED: '<path d="M-3.4 -3.4L3.4 3.4M3.4 -3.4L-3.4 3.4"/>',
    MarkKind.MISSED: '<circle r="4.2"/><path d="M-3 3L3 -3"/>',
    MarkKind.HANDED_OVER: '<path d="M-4.5 0H4M.8 -3.2L4.2 0L.8 3.2"/>',
    MarkKind.MOVED: '<path d="M-4.5 -2H4M1.8 -4.2L4.2 -2L1.8 .2"/>'
    '<path d="M4.5 2.4H-4M-1.8 .2L-4.2 2.4L-1.8 4.6"/>',
    MarkKind.WARNING: '<path d="M0 -4.4L4.6 3.8H-4.6Z"/><path d="M0 -1.4v2M0 2.4v.1"/>',
}


def glyph(kind: MarkKind, x: float, y: float, *inside: str) -> str:
    """The form of a mark around a point; `inside` is what else belongs to it."""
    place = f"translate({number(x)} {number(y)})"
    return element("g", *inside, _GLYPHS[kind], class_=f"mark {kind.value}", transform=place)


class Outcome(Code):
    """How something ended, or that it goes on: here, or somewhere else."""

    GOOD = "good"
    BAD = "bad"
    OPEN = "open"
    ELSEWHERE = "elsewhere"


_OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.GOOD: '<path d="M-4 .5L-1.2 3.5L4.2 -3.5"/>',
    Outcome.BAD: '<path d="M-3.4 -3.4L3.4 3.4M3.4 -3.4L-3.4 3.4"/>',
    Outcome.OPEN: '<circle r="3.6"/>',
    Outcome.ELSEWHERE: '<path d="M-4.5 0H4M.8 -3.2L4.2 0L.8 3.2"/>',
}


def outcome_glyph(outcome: Outcome, x: float, y: float) -> str:
    """A tick, a cross, a ring, an arrow."""
    place = f"translate({number(x)} {number(y)})"
    return element("g", _OUTCOMES[outcome], class_=f"mark is-{outcome.value}", transform=place)

"""Markup: elements of an SVG as text.

Laws of this file: attributes and words are escaped here and nowhere else; numbers are written with
one digit after the point, so that the same picture is the same bytes on any machine.
"""

from typing import Final

from onechannel.reports.lettering import fitted, plain

__all__ = ["element", "label", "number", "title"]

Value = str | float | int


def number(value: float) -> str:
    """`12.5`, `12`, `0`."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def element(name: str, *children: str, **attributes: Value | None) -> str:
    """An element; `class_` is `class`, `stroke_width` is `stroke-width`; None is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    content = "".join(children)
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def _value(value: Value) -> str:
    return plain(value) if isinstance(value, str) else number(value)


def title(words: str) -> str:
    """What a pointer, or a screen reader, is told of the element it stands in."""
    return f"<title>{plain(words)}</title>"


#: Of a line of text: how far below its middle its letters stand, in ems.
_BELOW: Final = 0.36


def label(
    x: float, middle: float, text: str, size: float, *, room: float, **attributes: Value | None
) -> str:
    """A line of text around the height `middle`, cut to the room there is; nothing of nothing."""
    shown = fitted(text, size, room)
    if not shown:
        return ""
    return element(
        "text", plain(shown), x=x, y=middle + _BELOW * size, font_size=size, **attributes
    )

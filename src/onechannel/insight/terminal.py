"""What a terminal shows: text that cannot command it, and how wide that is.

Laws of this file: nothing foreign reaches a terminal unescaped; widths are counted in a terminal's
cells, not in signs of a string.
"""

from collections.abc import Iterator
from typing import Final
from unicodedata import combining, east_asian_width

__all__ = ["aligned", "printable", "printable_lines", "width", "wrapped"]

# What joins an emoji's parts; it moves no cursor.
_JOINER: Final = "\u200d"


def printable(text: str) -> str:
    """The same on one line, with an escape for every sign that could command a terminal."""
    if text.isprintable():
        return text
    return "".join(
        sign
        if sign.isprintable() or sign == _JOINER
        else sign.encode("unicode_escape").decode("ascii")
        for sign in text
    )


def printable_lines(text: str) -> str:
    """The same, with the lines it had."""
    if text.isprintable():
        return text
    return "\n".join(map(printable, text.replace("\r\n", "\n").split("\n")))


def width(text: str) -> int:
    """How many cells of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(sign) else 1 + (east_asian_width(sign) in "WF") for sign in text)


def aligned(text: str, cells: int, right: bool) -> str:
    """The text in so many cells, at the right or at the left."""
    padding = " " * (cells - width(text))
    return padding + text if right else text + padding


def wrapped(text: str, cells: int, indent: str = "") -> Iterator[str]:
    """The text on lines of at most so many cells, broken at spaces where there are any.

    All but the first begin with the `indent`. A word that is longer than a line stands on its own.
    """
    line, begun = "", False
    for word in text.split(" "):
        longer = f"{line} {word}" if begun else line + word
        if begun and width(longer) > cells:
            yield line
            line = indent + word
        else:
            line = longer
        begun = True
    yield line

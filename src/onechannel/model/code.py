"""Codes: the members of closed sets, which are text.

Law of this file: a code and its text are equal, and look each other up.
"""

from enum import StrEnum

__all__ = ["Code"]


class Code(StrEnum):
    """A closed set of texts; its members are found as fast as text, not by a method of Python's."""

    __hash__ = str.__hash__

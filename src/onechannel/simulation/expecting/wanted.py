"""What is wanted of a field: to be a value, to hold a text, to match a pattern.

Law of this file: each says whether what was found is as wanted, and how that reads.
"""

import re
from typing import Any, Protocol

import attrs

from onechannel.identity import Families
from onechannel.insight import printable
from onechannel.model.personal import personal

__all__ = ["Contains", "Is", "IsCustomer", "Like", "Wanted"]


class Wanted(Protocol):
    """A condition on one field."""

    def holds(self, found: Any) -> bool:
        """Whether what was found is as wanted."""
        ...

    def said(self, show_text: bool) -> str:
        """In words; what was said is shown where it may be."""
        ...


@attrs.frozen
class Is:
    """To be that."""

    value: Any

    def holds(self, found: Any) -> bool:
        """Whether it is."""
        return bool(found == self.value)

    def said(self, show_text: bool) -> str:
        """The value."""
        return printable(str(self.value))


@attrs.frozen
class IsCustomer:
    """To be that customer, or one of those merged with it."""

    value: str
    families: Families

    def holds(self, found: Any) -> bool:
        """Whether they are one."""
        if found == self.value or not self.families.survivors:
            return bool(found == self.value)
        root = self.families.root
        return isinstance(found, str) and root(found) == root(self.value)

    def said(self, show_text: bool) -> str:
        """The id."""
        return printable(self.value)


@attrs.frozen
class Contains:
    """To hold that text."""

    text: str = personal(subject="customer")

    def holds(self, found: Any) -> bool:
        """Whether it stands in it."""
        return isinstance(found, str) and self.text in found

    def said(self, show_text: bool) -> str:
        """The text, in quotes."""
        return f'something with "{printable(self.text)}"' if show_text else "certain words"


@attrs.frozen
class Like:
    """To match that pattern somewhere."""

    pattern: re.Pattern[str] = personal(subject="customer")

    def holds(self, found: Any) -> bool:
        """Whether it is found in it."""
        return isinstance(found, str) and self.pattern.search(found) is not None

    def said(self, show_text: bool) -> str:
        """The pattern, between strokes."""
        return (
            f"something like /{printable(self.pattern.pattern)}/" if show_text else "certain words"
        )

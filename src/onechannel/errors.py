"""Errors, split by who is at fault.

Law of this file: `CommandRefused` means you, `VendorFault` means they, `StoreFault` means it. A
message names the thing, its state and the way out, and never cites personal data: ids, field names
and counts only.
"""

__all__ = [
    "BatchRefused",
    "CommandRefused",
    "DeadlineDue",
    "ExtraMissing",
    "FactsMissing",
    "InvalidValue",
    "LogInconsistent",
    "MappingInvalid",
    "OneChannelError",
    "PolicyMissing",
    "SettingsInvalid",
    "StoreFault",
    "VendorFault",
]


class OneChannelError(Exception):
    """Whatever this library raises on purpose."""


class InvalidValue(OneChannelError, ValueError):
    """A value that cannot be: a naive datetime, an empty id, a plan whose last step expires."""


class SettingsInvalid(InvalidValue):
    """A file of settings cannot be used; the message begins with file, line and key."""


class CommandRefused(OneChannelError):
    """You asked for what does not apply; nothing has changed, and the command may come again."""


class VendorFault(OneChannelError):
    """A foreign system sent what its own documentation does not allow."""


class MappingInvalid(VendorFault):
    """A mapping file does not describe the log it is used on."""


class StoreFault(OneChannelError):
    """The store could not do its work: full, locked, not a database, of a newer version."""


class BatchRefused(StoreFault):
    """What was to be committed can never be kept, whatever the store's state; nothing was."""


class LogInconsistent(StoreFault):
    """An event of the log cannot follow the ones before it.

    `position` is the position of the first such event.
    """

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"event {position} cannot be: {reason}")
        self.position = position
        self.reason = reason


class PolicyMissing(OneChannelError):
    """The adopted policy names a callable that this process lacks: it may follow, not decide."""


class FactsMissing(OneChannelError):
    """`handle` was called before every reference of `needs` was answered."""


class DeadlineDue(OneChannelError):
    """`handle` was called while a deadline is due: `advance` first."""


class ExtraMissing(OneChannelError, ImportError):
    """A feature needs an optional dependency; the message names the extra to install."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f'{feature} needs the extra "{extra}": pip install "onechannel[{extra}]"')
        self.extra = extra

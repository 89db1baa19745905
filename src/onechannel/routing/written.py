"""Policies as TOML files: the fields of `Policy` under their own names.

Law of this file: a file makes the same value as Python would, or is refused whole.
"""

from onechannel.model.policy import Policy
from onechannel.settings import built, read_settings

__all__ = ["read_policy"]


def read_policy(text: str | bytes, file: str) -> Policy:
    """The policy of a TOML text; raises `SettingsInvalid` naming the file, the line and the key."""
    return built(Policy, read_settings(text, file))

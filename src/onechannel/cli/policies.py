"""What stands in modules, by name: the callables of policies, and who sends.

Law of this file: what is not there is refused with the place at which it was looked for.
"""

from importlib import import_module
from typing import Any

from onechannel.errors import OneChannelError
from onechannel.runtime import Sending

__all__ = ["named_callables", "named_sendings"]

# -- what stands in modules -----------------------------------------------------------------------


def named_callables(given: list[str]) -> dict[str, Any]:
    """What a policy may name, from `NAME=module:attribute`."""
    found = {}
    for one in given:
        name, mark, place = one.partition("=")
        if not mark or not name:
            raise OneChannelError(f"--callable {one}: say NAME=module:attribute")
        found[name] = _attribute(place)
        if not callable(found[name]):
            raise OneChannelError(f"--callable {one}: what stands there cannot be called")
    return found


def named_sendings(given: list[str]) -> list[Sending]:
    """The destinations with their senders, each a `Sending` at `module:attribute`."""
    found = []
    for place in given:
        one = _attribute(place)
        if not isinstance(one, Sending):
            raise OneChannelError(f"--send {place}: what stands there is no Sending")
        found.append(one)
    return found


def _attribute(place: str) -> Any:
    module, mark, name = place.partition(":")
    if not mark:
        raise OneChannelError(f"{place}: say module:attribute")
    try:
        return getattr(import_module(module), name)
    except ImportError:
        raise OneChannelError(f"{place}: there is no module {module} to be imported") from None
    except AttributeError:
        raise OneChannelError(f"{place}: module {module} has no {name}") from None

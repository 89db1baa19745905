"""Conditions: what is wanted of a field, given by a handle, an id, a code, a text or a pattern.

Law of this file: what could never be so is refused when it is said, with what would be right, so
that no expectation of it passes unseen.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import Any, Final, TypeAlias, Union, get_args, get_origin, get_type_hints

from onechannel.commands import VERBS
from onechannel.errors import InvalidValue
from onechannel.events import EVENT_TYPES
from onechannel.model.channel import WELL_KNOWN
from onechannel.model.checks import member
from onechannel.model.code import Code
from onechannel.simulation.expecting.kinds import KINDS, Kind
from onechannel.simulation.expecting.wanted import Contains, Is, IsCustomer, Like, Wanted
from onechannel.simulation.expecting.witness import Expected, Witness
from onechannel.simulation.handles.facts import (
    CustomerFacts,
    InteractionFacts,
    JourneyFacts,
    PromiseFacts,
    WorkerFacts,
)
from onechannel.simulation.handles.stage import Handle

__all__ = [
    "AnyCustomer",
    "AnyInteraction",
    "AnyJourney",
    "AnyPromise",
    "AnyWorker",
    "Text",
    "condition",
    "did_you_mean",
    "id_of",
]

#: What stands in a text or, of a code, what it is; or a pattern that is found in it.
Text: TypeAlias = str | re.Pattern[str]

#: A handle, or the id of what it would be of, or a pattern of such ids.
AnyWorker: TypeAlias = WorkerFacts | Text
AnyInteraction: TypeAlias = InteractionFacts | Text
AnyCustomer: TypeAlias = CustomerFacts | Text
AnyPromise: TypeAlias = PromiseFacts | Text
AnyJourney: TypeAlias = JourneyFacts | Text

_THINGS: Final[Mapping[str, type[Handle]]] = {
    "worker": WorkerFacts,
    "interaction": InteractionFacts,
    "customer": CustomerFacts,
    "promise": PromiseFacts,
    "journey": JourneyFacts,
}
#: How much of what there is a complaint tells.
_TOLD: Final = 8


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean marc?`, or what there is."""
    there = list(known)
    close = get_close_matches(word, there, n=1)
    if close:
        return f"did you mean {close[0]}?"
    more = f" and {len(there) - _TOLD} more" if len(there) > _TOLD else ""
    return f"there is {', '.join(there[:_TOLD])}{more}" if there else "there is none yet"


def condition(witness: Witness, kind: Kind, name: str, value: Any) -> Wanted:
    """What is wanted of that field."""
    if name not in kind.fields:
        raise InvalidValue(f"{kind.name} has no {name}: {did_you_mean(name, kind.fields)}")
    if value is None:
        return Is(None)
    if isinstance(value, re.Pattern):
        if not isinstance(value.pattern, str):
            raise InvalidValue(f"{kind.name}: {name} is text, in which a pattern of bytes is never")
        return Like(value)
    if name in _THINGS:
        found = id_of(witness.centre, kind.name, name, value)
        return IsCustomer(found, witness.centre.view.families) if name == "customer" else Is(found)
    if isinstance(value, Handle):
        return Is(_own(witness.centre, name, value).id)
    if name == "text" or kind.event is None:
        return _text(kind, name, value)
    code = _code_of(kind.event, name)
    if code is not None:
        return Is(member(code, value))
    return Is(_plain(witness, kind, name, value))


def id_of(centre: Expected, asked: str, name: str, value: Any) -> str:
    """The id of a thing of that centre; `asked` is who wants to know."""
    if isinstance(value, Handle):
        if not isinstance(value, _THINGS[name]):
            other = next(key for key, facts in _THINGS.items() if isinstance(value, facts))
            fields = KINDS[asked].fields if asked in KINDS else ()
            way = f": say {other}=..." if other in fields else ""
            raise InvalidValue(
                f"{asked} takes {_a(name)} there, and {value.id} is {_a(other)}{way}"
            )
        return _own(centre, name, value).id
    if not isinstance(value, str):
        raise InvalidValue(
            f"{asked} takes {_a(name)} there, by handle or id, not {type(value).__name__}"
        )
    known: Mapping[str, object] = getattr(centre.view, f"{name}s")
    # What begins is not there yet.
    if value not in known and (asked, name) != ("arrived", "interaction"):
        raise InvalidValue(f"{name} {value} is not in the log: {did_you_mean(value, known)}")
    return value


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _own(centre: Expected, name: str, handle: Handle) -> Handle:
    if handle.centre is not centre:
        raise InvalidValue(
            f"{name} {handle.id} is of another centre: expect of each centre what happens there"
        )
    return handle


def _text(kind: Kind, name: str, value: Any) -> Wanted:
    """A verb of a refusal; else what has to stand in a text."""
    if not isinstance(value, str):
        raise InvalidValue(
            f"{kind.name} takes text as {name}, or a pattern, not {type(value).__name__}"
        )
    if name == "verb":
        return Is(_one_of(name, value, sorted(verb.name for verb in VERBS.values())))
    if not value:
        raise InvalidValue(f"{kind.name}: no words stand in every text; leave {name} out")
    return Contains(value)


def _plain(witness: Witness, kind: Kind, name: str, value: Any) -> Any:
    """A code or, of what has no method of its own, whatever it is compared with."""
    if kind.name not in KINDS:
        return value
    if not isinstance(value, str):
        raise InvalidValue(
            f"{kind.name} takes a code as {name}, or a pattern, not {type(value).__name__}"
        )
    known = _KNOWN.get(name)
    return value if known is None else _one_of(name, value, known(witness))


def _one_of(name: str, value: str, known: Iterable[str]) -> str:
    there = list(known)
    if value not in there:
        raise InvalidValue(f"there is no {name} {value} here: {did_you_mean(value, there)}")
    return value


def _channels(witness: Witness) -> list[str]:
    used = (one.channel for one in witness.centre.view.interactions.values())
    return list(dict.fromkeys((*witness.centre.view.channels, *used, *WELL_KNOWN)))


def _queues(witness: Witness) -> list[str]:
    defined = [event.data.queue.name for event in witness.named("queue.defined")]  # type: ignore[attr-defined]
    used = [event.data.queue for event in witness.named("interaction.queued")]  # type: ignore[attr-defined]
    return list(dict.fromkeys((*defined, *used)))


#: Names that would be as good as any other, but are most likely mistaken if nothing has them.
_KNOWN: Final[Mapping[str, Callable[[Witness], list[str]]]] = {
    "channel": _channels,
    "queue": _queues,
}


@cache
def _code_of(event: str, name: str) -> type[Code] | None:
    """The closed set that a field of an event is of."""
    hint = get_type_hints(EVENT_TYPES[event]).get(name)
    kinds = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    return next((one for one in kinds if isinstance(one, type) and issubclass(one, Code)), None)

"""Kinds of expectations: the table of what may be expected, where that is found, and how it reads.

Laws of this file: one row for each method of `Expect` that gives an expectation, with the fields it
takes, in their order; the words stand here and nowhere else.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from onechannel.events import EventData

__all__ = ["KINDS", "STATEMENTS", "Kind", "fields_of", "worded"]


@attrs.frozen(kw_only=True)
class Kind:
    """One kind of expectation: that an event of this stored name has these `fields`.

    `event` is None of what was refused, which leaves none. `words` say it, with what is known: a
    part in brackets is left out where its field is not. `also` says what of these events counts,
    where not all of them do.
    """

    name: str
    event: str | None
    fields: tuple[str, ...]
    words: str
    also: str = ""
    fixed: Mapping[str, str] = attrs.field(factory=dict)


def _kind(name: str, event: str | None, fields: str, words: str, also: str = "") -> Kind:
    return Kind(name=name, event=event, fields=tuple(fields.split()), words=words, also=also)


_ROWS: Final = (
    _kind(
        "arrived",
        "interaction.arrived",
        "interaction customer channel about direction",
        "{interaction} begins[ with {customer}][ on {channel}][ about {about}]",
    ),
    _kind(
        "queued",
        "interaction.queued",
        "interaction queue because reason customer",
        "{interaction} stands in line[ in {queue}][ after {because}]",
    ),
    _kind(
        "asked",
        "assignment.opened",
        "worker interaction role customer",
        "{worker} is asked to take {interaction}",
    ),
    _kind(
        "assigned",
        "assignment.accepted",
        "worker interaction customer",
        "{worker} serves {interaction}",
        "who serves from then on; by `assignment.role_changed`, too",
    ),
    _kind(
        "declined",
        "assignment.declined",
        "worker interaction reason customer",
        "{worker} declines {interaction}",
    ),
    _kind(
        "missed",
        "assignment.expired",
        "worker interaction customer",
        "{worker} does not answer for {interaction}",
    ),
    _kind(
        "released",
        "assignment.released",
        "worker interaction customer",
        "{worker} is done with {interaction}",
    ),
    _kind(
        "closed",
        "interaction.closed",
        "interaction reason disposition customer channel",
        "{interaction} is closed[ as {reason}][ with disposition {disposition}]",
    ),
    attrs.evolve(
        _kind(
            "superseded",
            "interaction.closed",
            "interaction customer channel",
            "{interaction} is superseded",
            "with the reason `superseded`",
        ),
        fixed={"reason": "superseded"},
    ),
    _kind(
        "heard",
        "message.received",
        "text interaction customer channel",
        "{customer} says {text}[ in {interaction}][ on {channel}]",
        "what is not in a side conversation",
    ),
    _kind(
        "sent",
        "message.sent",
        "text interaction worker customer channel template",
        "{worker} says {text} to {customer}[ in {interaction}][ on {channel}]",
        "what is not in a side conversation",
    ),
    _kind(
        "promised",
        "promise.made",
        "what customer worker interaction",
        "{worker} promises {customer} {what}[ in {interaction}]",
    ),
    _kind("kept", "promise.kept", "promise what customer worker", "{promise} is kept"),
    _kind("broken", "promise.broken", "promise what customer worker", "{promise} is broken"),
    _kind(
        "renegotiated",
        "promise.renegotiated",
        "promise what customer worker",
        "{promise} is renegotiated",
    ),
    _kind(
        "withdrawn",
        "promise.withdrawn",
        "promise what customer worker reason",
        "{promise} is withdrawn",
    ),
    _kind(
        "paused",
        "promise.paused",
        "promise what customer worker reason",
        "{promise} is paused",
    ),
    _kind("achieved", "journey.achieved", "journey customer about reason", "{journey} is achieved"),
    _kind("failed", "journey.failed", "journey customer about reason", "{journey} has failed"),
    _kind("lapsed", "journey.lapsed", "journey customer about", "{journey} has lapsed"),
    _kind(
        "refused",
        None,
        "worker interaction verb customer because",
        "{actor} wants to {verb}[ in {interaction}], and is refused",
        "what `centre.refusals` holds",
    ),
)

#: What may be expected, by the name of the method of `Expect`: each takes the fields by their names
#: and is asked by `now`, `within`, `never` or `times`.
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _ROWS}

#: What is asked at once, by the name of the method, with what it says.
STATEMENTS: Final[Mapping[str, str]] = {
    "silent": "{worker} is silent once it has handed over",
    "no_anomaly": "there is no anomaly",
    "in_order": "things happen in this order",
}


def fields_of(event: type[EventData]) -> tuple[str, ...]:
    """The names of an event's fields."""
    declared: Any = event
    return tuple(field.name for field in attrs.fields(declared))


_OPTIONAL: Final = re.compile(r"\[([^]]*\{(?P<name>\w+)\})\]")
_FIELD: Final = re.compile(r"\{(\w+)\}")
#: What is said of what is not known.
_UNKNOWN: Final = {
    "actor": "somebody",
    "customer": "the customer",
    "interaction": "an interaction",
    "journey": "a journey",
    "promise": "a promise",
    "text": "something",
    "verb": "do something",
    "what": "something",
    "worker": "somebody",
}
#: What the id of a thing is introduced by.
_NOUNS: Final = {"journey": "journey ", "promise": "promise "}


def worded(words: str, known: Mapping[str, str]) -> str:
    """The words, with what is known in their places; what has none follows in brackets."""

    def whole(part: re.Match[str]) -> str:
        return part[1] if part["name"] in known else ""

    def one(field: re.Match[str]) -> str:
        name = field[1]
        return _NOUNS.get(name, "") + known[name] if name in known else _UNKNOWN[name]

    named = _FIELD.findall(words)
    rest = ", ".join(f"{name} {value}" for name, value in known.items() if name not in named)
    return _FIELD.sub(one, _OPTIONAL.sub(whole, words)) + (f" ({rest})" if rest else "")

"""Telling: what is expected, and what has happened, in the same words.

Law of this file: what was said is shown only where it may be; what is foreign is made safe to
print.
"""

from datetime import datetime
from typing import Any, Final

from onechannel.events import Event
from onechannel.insight import printable
from onechannel.simulation.cast import Refusal
from onechannel.simulation.expecting.kinds import KINDS, fields_of, worded
from onechannel.simulation.expecting.witness import Found, Sought, Witness

__all__ = ["clock", "happened", "happened_at_all", "told"]

_LONGEST: Final = 80


def clock(witness: Witness, moment: datetime) -> str:
    """`09:00:05` in the centre's zone, with the day unless everything has been on that day."""
    zone = witness.centre.zone
    local, now = moment.astimezone(zone), witness.centre.now.astimezone(zone)
    one_day = witness.began.astimezone(zone).date() == now.date() == local.date()
    return local.strftime("%H:%M:%S") if one_day else f"{local.date()} {local:%H:%M:%S}"


def told(witness: Witness, sought: Sought) -> str:
    """What is expected: `marc serves i-1`."""
    kind = sought.kind
    known = {
        name: one.said(witness.show_text)
        for name, one in sought.wanted.items()
        if name not in kind.fixed
    }
    if kind.event is None:
        actor = [known.pop(name) for name in ("worker", "customer") if name in known]
        known |= {"actor": actor[0]} if actor else {}
    return worded(kind.words, known)


def happened(witness: Witness, sought: Sought, found: Found) -> str:
    """What has: `eva serves i-1`, with whatever else was asked about."""
    kind, wanted = sought.kind, sought.wanted
    names = [name for name in kind.fields if f"{{{name}}}" in kind.words or name in wanted]
    if isinstance(found, Refusal):
        names = [name for name in names if name not in {"worker", "customer", "because"}]
        names.append("actor")
    values = {name: witness.value(found, name) for name in names}
    known = {
        name: _shown(witness, name, value) for name, value in values.items() if value is not None
    }
    said = worded(kind.words, known)
    return f"{said}: {printable(str(found.error))}" if isinstance(found, Refusal) else said


def happened_at_all(witness: Witness, found: Found) -> str:
    """The same of whatever it is: in the words of its kind, if it has one."""
    name = found.type if isinstance(found, Event) else None
    for kind in KINDS.values():
        if kind.event == name:
            return happened(witness, Sought(kind, {}), found)
    assert isinstance(found, Event)
    fields = {name: witness.value(found, name) for name in fields_of(type(found.data))}
    known = {name: _short(one) for name, one in fields.items() if isinstance(one, str)}
    return worded(found.type, known)


def _shown(witness: Witness, name: str, value: Any) -> str:
    if name == "text":
        return f'"{_short(value)}"' if witness.show_text else "something"
    if isinstance(value, datetime):
        return clock(witness, value)
    return _short(str(value))


def _short(text: str) -> str:
    safe = printable(text)
    return safe if len(safe) <= _LONGEST else f"{safe[:_LONGEST]}…"

"""Failing: what is said where an expectation is not met.

Laws of this file: first in plain words what was expected, and what happened instead that came
nearest; then a timeline of whatever is in question; what was said is shown only where it may be.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import attrs

from onechannel import events as e
from onechannel.insight import Entry, EntryKind, printable, render_text, timeline
from onechannel.simulation.expecting.kinds import KINDS
from onechannel.simulation.expecting.nearest import nearest
from onechannel.simulation.expecting.telling import clock
from onechannel.simulation.expecting.wanted import Is, IsCustomer
from onechannel.simulation.expecting.witness import (
    NOWHERE,
    Found,
    Place,
    Sought,
    Witness,
    interaction_in,
    moment_of,
)

__all__ = ["ExpectationFailed", "broken", "missing"]

#: How many entries a failure shows, and how many of them are after the moment in question.
_ENTRIES: Final = 30
_AFTERWARDS: Final = 10
#: How many refusals it shows.
_REFUSALS: Final = 5
#: How much of what was said at once is shown.
_LONGEST: Final = 300


class ExpectationFailed(AssertionError):
    """What a test expected is not so.

    `said` tells in plain words what was expected and what happened instead, `timeline` what led to
    it; the message has both.
    """

    # Where it is to be imported from: test runners print it before every message.
    __module__ = "onechannel.simulation"

    def __init__(self, said: str, timeline: str = "") -> None:
        super().__init__(said, timeline)
        self.said = said
        self.timeline = timeline

    def __str__(self) -> str:
        return "\n\n".join(filter(None, (self.said, self.timeline)))


def missing(
    witness: Witness,
    said: str,
    sought: Sought,
    since: datetime | None = None,
    place: Place = NOWHERE,
) -> ExpectationFailed:
    """What is raised where something has not happened: with what came nearest."""
    instead = dict.fromkeys(nearest(witness, sought, since, place))
    kept = {name: one for name, one in sought.wanted.items() if isinstance(one, (Is, IsCustomer))}
    about = _about(witness, {name: one.value for name, one in kept.items()})
    lines = [said, *(f"- {one}" for one in instead)]
    return ExpectationFailed("\n".join(lines), _timeline(witness, about))


def broken(witness: Witness, said: str, found: Found | None = None) -> ExpectationFailed:
    """What is raised where something happened that should not have."""
    if found is None:
        return ExpectationFailed(said, _timeline(witness, {}))
    if isinstance(found, e.Event):
        ids = {name: getattr(found.data, name, None) for name in _SUBJECTS}
    else:
        ids = {"interaction": interaction_in(found.command)}
    place, _ = witness.place(found)
    return ExpectationFailed(said, _timeline(witness, _about(witness, ids), place))


#: What a timeline can be of, the narrowest first.
_SUBJECTS: Final = ("interaction", "journey", "promise", "customer")


def _about(witness: Witness, ids: Mapping[str, Any]) -> dict[str, str]:
    """Of what the timeline is to be: a promise stands where it was made."""
    view = witness.centre.view
    promise = view.promises.get(ids.get("promise") or "")
    if promise is not None:
        made = promise.made
        ids = {"interaction": made.interaction, "journey": made.journey, "customer": made.customer}
    for name, known in (
        ("interaction", view.interactions),
        ("journey", view.journeys),
        ("customer", view.customers),
    ):
        if ids.get(name) in known:
            return {name: ids[name]}
    return {}


def _timeline(witness: Witness, about: Mapping[str, str], place: int | None = None) -> str:
    """What led to it, and a little of what followed."""
    every = timeline(witness.centre.store.read(), **about)
    entries = [one for one in every if about or one.kind is not EntryKind.DEFINED]
    last = len(entries)
    if place is not None:
        until = max((n for n, one in enumerate(entries, 1) if one.position <= place), default=last)
        last = min(last, until + _AFTERWARDS)
    shown = entries[max(0, last - _ENTRIES) : last]
    of = "".join(f" to {name}" for name in about.values())
    left = len(entries) - len(shown)
    head = f"What happened{of} until {clock(witness, witness.centre.now)}"
    head += f", but for {left} lines:" if left else ":"
    lines = render_text(
        map(_shortened, shown), show_text=witness.show_text, zone=witness.centre.zone
    )
    return "\n".join([head, *lines, *_refused(witness, about.get("interaction"))])


def _refused(witness: Witness, interaction: str | None) -> Iterator[str]:
    """What was refused last, which no timeline shows."""
    known = {} if interaction is None else {"interaction": Is(interaction)}
    sought = Sought(KINDS["refused"], known)
    last = list(witness.found(sought))[-_REFUSALS:]
    if last:
        yield "Refused:"
    for one in last:
        parts = (witness.value(one, name) for name in ("actor", "verb", "interaction"))
        who = "  ".join(str(part) for part in parts if part is not None)
        why = printable(witness.value(one, "because"))
        yield f"  {clock(witness, moment_of(one))}  {printable(who)}: {why}"


def _shortened(entry: Entry) -> Entry:
    if entry.text is None or len(entry.text) <= _LONGEST:
        return entry
    return attrs.evolve(entry, text=f"{entry.text[:_LONGEST]}…")

"""What hypothesis draws: values, commands, events, scripts and logs.

Laws of this file: whatever a strategy gives is valid and can be stored; the same draw gives the
same value in every process; hypothesis is imported here and nowhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from random import Random
from types import NoneType, UnionType
from typing import Any, Final, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

import attrs

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import ExtraMissing
from onechannel.model.actor import Actor
from onechannel.model.address import Address, Verification
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.interaction import EndReason
from onechannel.model.personal import personal_fields
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import Named, Pause, PlanRule, Policy, StepRule
from onechannel.model.requirement import Requirement
from onechannel.model.worker import WorkerKind
from onechannel.testing.strategies.cues import Cue
from onechannel.testing.strategies.rehearsal import Rehearsal

try:
    from hypothesis import strategies as st
except ImportError:
    raise ExtraMissing("hypothesis strategies", "dev") from None

__all__ = [
    "addresses",
    "commands",
    "cues",
    "durations",
    "event_data",
    "events",
    "identifiers",
    "logs",
    "moments",
    "plans",
    "policies",
    "requests",
    "scripts",
    "seeded",
    "texts",
    "values",
]

Values: TypeAlias = st.SearchStrategy[Any]


# -- plain values ---------------------------------------------------------------------------------


def identifiers() -> st.SearchStrategy[str]:
    """Ids, names and codes, in any script."""
    letters = st.characters(exclude_categories=["C", "Z"], include_characters=" ")
    return st.text(letters, min_size=1, max_size=12).filter(lambda text: text == text.strip(" "))


def texts() -> st.SearchStrategy[str]:
    """What people say: any text that a store can keep."""
    letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    return st.text(letters, max_size=40)


def moments() -> st.SearchStrategy[datetime]:
    """Instants of this century, in UTC."""
    first, last = datetime(2000, 1, 1), datetime(2099, 12, 31)  # noqa: DTZ001 - zoned when drawn
    return st.datetimes(first, last, timezones=st.just(UTC))


def durations() -> st.SearchStrategy[timedelta]:
    """From one millisecond to one year, in whole milliseconds."""
    return st.integers(1, 31_536_000_000).map(lambda number: timedelta(milliseconds=number))


def addresses() -> st.SearchStrategy[Address]:
    """Addresses of several schemes, in several ways of writing."""
    number = st.integers(10_000_000, 10**14).map(str)
    name = st.text("abcXYZ09", min_size=1, max_size=8)
    raw = (
        number.map(lambda digits: f"tel:+{digits}")
        | number.map(lambda digits: f"TEL:+{digits[:3]} ({digits[3:]})")
        | st.builds("mailto:{}@{}.example".format, name, name)
        | st.builds("sip:{}@{}.example".format, name, name)
        | st.builds("x-vendor:{}/{}".format, name, name)
    )
    return st.builds(Address.parse, raw, st.sampled_from(Verification))


def plans() -> st.SearchStrategy[Plan]:
    """Plans of one to three steps, the last of which waits for ever."""
    step = st.builds(Step, requirement=values(Requirement), expires_after=durations())
    last = st.builds(Step, requirement=values(Requirement))
    return st.builds(
        Plan,
        queue=identifiers(),
        priority=st.integers(-9, 9),
        steps=st.builds(lambda some, end: (*some, end), st.lists(step, max_size=2), last),
    )


def policies() -> st.SearchStrategy[Policy]:
    """Policies of built-in parts, and such as plan by a callable."""
    return st.builds(
        Policy,
        name=identifiers(),
        plan=_rules() | st.builds(Named, identifiers()),
        ring_for=durations(),
        after_decline=st.none() | values(Pause),
        after_expiry=st.none() | values(Pause),
    )


def _rules() -> st.SearchStrategy[PlanRule]:
    kinds = st.frozensets(st.sampled_from(WorkerKind))
    skills = st.dictionaries(identifiers(), _proficiencies(), max_size=2)
    step = st.builds(StepRule, skills=skills, expires_after=durations())
    last = st.builds(StepRule, kinds=kinds, skills=skills, skill_from_about=st.booleans())
    steps = st.builds(lambda some, end: (*some, end), st.lists(step, max_size=2), last)
    return st.builds(PlanRule, queue=identifiers(), steps=steps)


def _proficiencies() -> st.SearchStrategy[float]:
    return st.integers(0, 40).map(lambda quarters: quarters / 4)


# -- values by their types ------------------------------------------------------------------------


def values(kind: object) -> Values:
    """Values of a type that a command, an event or the model has a field of."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return st.one_of([values(part) for part in sorted(parts, key=_none_first)])
    if origin is tuple:
        return st.lists(values(parts[0]), max_size=3).map(tuple)
    if origin is frozenset:
        return st.frozensets(values(parts[0]), max_size=3)
    if origin is FrozenMap:
        return st.dictionaries(identifiers(), values(parts[1]), max_size=3).map(FrozenMap)
    if kind in _KNOWN:
        return _KNOWN[kind]()
    if issubclass(named := cast("type[Any]", kind), Enum):
        return st.sampled_from(named)
    return _built(named)


def _none_first(part: object) -> bool:
    return part is not NoneType


def _built(kind: type[Any]) -> Values:
    """Instances of an attrs class, field by field."""
    hints = get_type_hints(kind)
    personal = personal_fields(kind)
    fields = {
        field.name: _spoken(hints[field.name])
        if field.name in personal
        else values(hints[field.name])
        for field in attrs.fields(kind)
    }
    fields.update(_FIELDS.get(kind, {}))
    return st.builds(kind, **fields)


def _spoken(hint: object) -> Values:
    """What a personal field may hold: any text, where it holds text."""
    if hint is str:
        return texts()
    return st.none() | texts() if hint == str | None else values(hint)


_KNOWN: Final[Mapping[object, Callable[[], Values]]] = {
    NoneType: st.none,
    bool: st.booleans,
    int: lambda: st.integers(0, 1_000),
    float: _proficiencies,
    str: identifiers,
    datetime: moments,
    timedelta: durations,
    Address: addresses,
    Plan: plans,
    PlanRule: _rules,
    Policy: policies,
}

# The rest is what the kernel finds, not what one asks for.
_ENDABLE: Final = ("resolved", "withdrawn", "rejected", "failed", "expired")
_FIELDS: Final[Mapping[type, dict[str, Values]]] = {
    c.Close: {"reason": st.sampled_from([EndReason(reason) for reason in _ENDABLE])},
}


# -- commands and events --------------------------------------------------------------------------


def commands() -> st.SearchStrategy[c.Command]:
    """Any command, valid by itself; whether it applies to anything is up to the kernel."""
    return st.one_of([values(command) for command in c.VERBS])


def requests() -> st.SearchStrategy[c.Request]:
    """Any command from anybody at any time."""
    return st.builds(
        c.Request,
        commands(),
        identifiers(),
        moments(),
        actor=values(Actor),
        claimed_at=st.none() | moments(),
    )


def event_data(*kinds: type[e.EventData]) -> st.SearchStrategy[e.EventData]:
    """What can have happened; of these kinds, or of all."""
    return st.one_of([values(kind) for kind in kinds or e.EVENT_TYPES.values()])


def events() -> st.SearchStrategy[e.Event]:
    """Single entries of a log, which follow from nothing."""
    return st.builds(e.Event, st.integers(1, 10**9), values(e.Origin), event_data())


# -- scripts and logs -----------------------------------------------------------------------------

# Daily life needs many steps in a row to get anywhere.
_LIKELY: Final[tuple[type[c.Command], ...]] = (
    *(c.Arrive, c.Arrive, c.Arrive, c.Accept, c.Accept, c.Accept, c.Close, c.Say),
    *(c.Escalate, c.HandBack, c.Decline, c.Leave, c.BecomeAvailable, c.SignIn, c.Release),
)
_SECONDS: Final = (*(0,) * 8, *(1,) * 6, *(5,) * 3, 20, 30, 60, 600, -30)


_KINDS: Final = (*c.VERBS, *_LIKELY * 3)
_WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in _SECONDS)
_NUMBERS: Final = range(256)


def cues() -> st.SearchStrategy[Cue]:
    """Things to try: every command, those of daily life more often."""
    number = st.sampled_from(_NUMBERS)
    return st.builds(Cue, st.sampled_from(_KINDS), st.sampled_from(_WAITS), number, number, number)


def scripts(most: int = 100) -> st.SearchStrategy[Sequence[Cue]]:
    """Rehearsals to be: up to so many cues, long ones as likely as short ones.

    Half of them are drawn cue by cue, and shrink well; the other half come from one seed, since
    what is drawn repeats itself too often to get far.
    """
    sizes = st.integers(1, most)
    drawn = sizes.flatmap(lambda size: st.lists(cues(), min_size=size, max_size=size))
    return drawn | st.builds(seeded, st.integers(0, 2**32), sizes.map(lambda size: 2 * size))


class _Seeded(list[Cue]):
    """A script that is told by what it follows from, not cue by cue."""

    def __init__(self, seed: int, size: int) -> None:
        draw = Random(seed)
        super().__init__(
            Cue(draw.choice(_KINDS), draw.choice(_WAITS), *draw.choices(_NUMBERS, k=3))
            for _ in range(size)
        )
        self._told = f"seeded({seed}, {size})"

    def __repr__(self) -> str:
        return self._told


def seeded(seed: int, size: int) -> Sequence[Cue]:
    """A script of so many cues that follows from its seed, every cue as likely as it should be."""
    return _Seeded(seed, size)


def logs(most: int = 100) -> st.SearchStrategy[tuple[e.Event, ...]]:
    """Whole logs of one centre, as a kernel makes them of up to so many requests."""
    return scripts(most).map(lambda script: tuple(Rehearsal.of(script).log))

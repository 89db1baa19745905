"""What hypothesis draws: values, commands, events, scripts and logs.

Laws of this file: whatever a strategy gives is valid and can be stored; the same draw gives the
same value in every process; hypothesis is imported here and nowhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
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
from onechannel.model.assignment import JOINING
from onechannel.model.calendar import Calendar, Opening
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.interaction import EndReason
from onechannel.model.personal import personal_fields
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import Named, Pause, PlanRule, Policy, StepRule
from onechannel.model.requirement import Requirement
from onechannel.model.worker import WorkerKind
from onechannel.testing.strategies.choosing import Cue
from onechannel.testing.strategies.rehearsal import Rehearsal

try:
    from hypothesis import strategies as st
except ImportError:
    raise ExtraMissing("hypothesis strategies", "dev") from None

__all__ = [
    "addresses",
    "calendars",
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


def calendars() -> st.SearchStrategy[Calendar]:
    """Calendars of zones from all over the world, with holidays and special days in 2026."""
    week = st.dictionaries(st.sampled_from(_WEEKDAYS), _hours(), min_size=1)
    days = st.dictionaries(_days_of_2026(), st.just(()) | _hours(), max_size=5)

    def build(name: str, zone: str, hours: dict[str, _Hours], days: dict[date, _Hours]) -> Calendar:
        special = {day: openings for day, openings in days.items() if openings}
        closed = days.keys() - special.keys()
        return Calendar(name=name, zone=zone, hours=hours, holidays=closed, special=special)

    return st.builds(build, identifiers(), st.sampled_from(_ZONES), week, days)


_Hours: TypeAlias = tuple[Opening, ...]
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Half an hour, a quarter, two hours, midnight, the other half of the year, never: what clocks do.
_ZONES: Final = (
    *("UTC", "Europe/Madrid", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Chatham"),
    *("Antarctica/Troll", "America/Santiago", "America/Havana", "Africa/Casablanca", "Asia/Tokyo"),
)


def _days_of_2026() -> st.SearchStrategy[date]:
    return st.dates(date(2026, 1, 1), date(2026, 12, 31))


def _hours() -> st.SearchStrategy[_Hours]:
    """The hours of a day: up to three openings, the last of which may close on the next day."""
    minutes = st.lists(st.integers(0, 1439), min_size=1, max_size=6, unique=True).map(sorted)
    return minutes.map(_in_pairs)


def _in_pairs(minutes: list[int]) -> _Hours:
    bounds = minutes if len(minutes) % 2 == 0 else [*minutes, minutes[0] // 2]
    times = [time(minute // 60, minute % 60) for minute in bounds]
    pairs = zip(times[::2], times[1::2], strict=True)
    return tuple(Opening(opens=opens, closes=closes) for opens, closes in pairs)


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
        keeper_first=durations(),
        return_after=durations(),
        journey_window=durations(),
        callback_within=durations(),
        callback_retry=durations(),
        callback_attempts=st.integers(1, 9),
        consent=st.none() | st.builds(Named, identifiers()),
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
    if kind not in _TOGETHER:
        return st.builds(kind, **fields)
    fit = _TOGETHER[kind]
    return st.fixed_dictionaries(fields).map(lambda drawn: kind(**fit(drawn)))


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
    date: _days_of_2026,
    Address: addresses,
    Calendar: calendars,
    Opening: lambda: _hours().map(lambda hours: hours[-1]),
    Plan: plans,
    PlanRule: _rules,
    Policy: policies,
}

# The rest is what the kernel finds, not what one asks for.
_ENDABLE: Final = ("resolved", "withdrawn", "rejected", "failed", "expired")
_FIELDS: Final[Mapping[type, dict[str, Values]]] = {
    c.Close: {"reason": st.sampled_from([EndReason(reason) for reason in _ENDABLE])},
    c.Join: {"role": st.sampled_from(sorted(JOINING))},
    Pause: {"after": st.integers(1, 9)},
}


# -- fields that go together ----------------------------------------------------------------------

_Drawn: TypeAlias = dict[str, Any]


def _one_of_them(drawn: _Drawn, *names: str) -> _Drawn:
    """Only the first of these that is there."""
    first = next((name for name in names if drawn[name] is not None), names[0])
    value = drawn[first] or "w1"
    return {**drawn, **dict.fromkeys(names), first: value}


def _one_time(drawn: _Drawn) -> _Drawn:
    """Due at a time, or within one."""
    within = drawn["within"] or timedelta(hours=1)
    return {**drawn, "within": None if drawn["due"] else within}


def _promise(drawn: _Drawn) -> _Drawn:
    timed = _one_time(drawn)
    return timed if drawn["customer"] else {**timed, "interaction": drawn["interaction"] or "i1"}


def _transfer(drawn: _Drawn) -> _Drawn:
    """To a worker alone, or to a queue and a department."""
    return {**drawn, "queue": None, "department": None} if drawn["worker"] else drawn


def _reach(drawn: _Drawn) -> _Drawn:
    """Nobody serves yet, so nobody says anything."""
    return drawn if drawn["worker"] else {**drawn, "says": None, "template": None}


def _callback(drawn: _Drawn) -> _Drawn:
    return drawn if drawn["worker"] else {**drawn, "only": False, "owned_for": None}


def _receipt(drawn: _Drawn) -> _Drawn:
    return drawn if drawn["message"] else {**drawn, "reference": drawn["reference"] or "v1"}


_TOGETHER: Final[Mapping[type, Callable[[_Drawn], _Drawn]]] = {
    **dict.fromkeys(
        (c.Consult, c.Delegate),
        lambda drawn: _one_of_them(drawn, "worker", "queue", "department"),
    ),
    c.Transfer: _transfer,
    c.RenegotiatePromise: _one_time,
    c.MakePromise: _promise,
    c.Reach: _reach,
    c.RequestCallback: _callback,
    c.ReportDelivery: _receipt,
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
    *(c.Arrive,) * 9,
    *(c.Accept,) * 7,
    *(c.Say,) * 3,
    *(c.Consult, c.Consult, c.Transfer, c.Escalate, c.Decline, c.Close, c.Leave, c.Leave),
    *(c.Join, c.ChangeRole, c.Hold, c.Sleep, c.RequestCallback, c.MakePromise, c.PausePromise),
    *(c.Release, c.ReportDelivery, c.BecomeAvailable, c.SignIn, c.ObserveArrival),
    *(c.ObserveQueued, c.MergeCustomers, c.AdoptPolicy),
)
# Mostly little time passes, so that several things happen before the first deadline; a day now and
# then, upon which everything is due.
_SECONDS: Final = (
    *(*(0,) * 30, *(1,) * 20, *(5,) * 10, *(20,) * 3, 30, 30, 60, 60, 600, -30, -30) * 4,
    90_000,
)


_KINDS: Final = (*c.VERBS, *_LIKELY * 2)
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

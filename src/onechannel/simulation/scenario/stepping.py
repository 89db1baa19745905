"""Stepping: the steps of a scenario, from its tables.

Law of this file: a step is a verb with what it takes, or an expectation with how it is asked;
whatever else stands in it is refused.
"""

from typing import Any, Final

from onechannel.settings import Setting, arguments, hint
from onechannel.simulation.expecting import KINDS
from onechannel.simulation.handles import (
    CustomerHandle,
    InteractionHandle,
    JourneyHandle,
    PromiseHandle,
    WorkerHandle,
)
from onechannel.simulation.scenario.book import Book, clock_of, span_of
from onechannel.simulation.scenario.casting import turn
from onechannel.simulation.scenario.values import Check, Step
from onechannel.simulation.scenario.verbs import NAMED, verbs_of

__all__ = ["read_step"]

_WHEN: Final = ("at", "after")
_STEP: Final = (*_WHEN, "who", "does", "as", "refused")
_CHECK: Final = (*_WHEN, "expect", "within", "never", "times")
#: Expectations that ask by themselves, with what they take.
_STATED: Final[dict[str, tuple[str, ...]]] = {"silent": ("worker",), "no_anomaly": ()}
#: What fields of expectations call by name.
_THINGS: Final[dict[str, type]] = {
    "worker": WorkerHandle,
    "interaction": InteractionHandle,
    "customer": CustomerHandle,
    "promise": PromiseHandle,
    "journey": JourneyHandle,
}


def read_step(book: Book, setting: Setting) -> Step | Check:
    """One step; what it gives is known to those after it."""
    if "at" in setting.table and "after" in setting.table:
        raise setting.table["after"].wrong("says what at says: give one of the two")
    when: dict[str, Any] = {}
    if "at" in setting.table:
        when["at"] = clock_of(setting.table["at"])
    if "after" in setting.table:
        when["after"] = span_of(setting.table["after"])
    if "expect" in setting.table:
        return _check(book, setting, when)
    return _step(book, setting, when)


def _step(book: Book, setting: Setting, when: dict[str, Any]) -> Step:
    for needed in ("who", "does"):
        if needed not in setting.table:
            raise setting.wrong(
                f"{needed} is missing: a step says who does what, or what to expect"
            )
    who = book.called(setting.table["who"]).name
    kind, does = book.kinds[who], setting.table["does"]
    verb = verbs_of(kind).get(does.text)
    if verb is None:
        known = hint(does.text, verbs_of(kind))
        raise does.wrong(f"{NAMED[kind]} does no such thing as {does.text}: {known}")
    own = setting.only(key for key in setting.table if key not in {*_STEP, verb.any_number})
    turns = setting.table.get(verb.any_number) if verb.any_number else None
    given = arguments(verb.method, own, reading=book.reading)
    gives = None
    if "as" in setting.table:
        if verb.gives is None:
            raise setting.table["as"].wrong(f"{does.text} gives nothing that could have a name")
        gives = setting.table["as"].text
        book.enter(gives, verb.gives, setting.table["as"])
    refused = setting.table["refused"].value if "refused" in setting.table else False
    if not isinstance(refused, (bool, str)):
        raise setting.table["refused"].wrong("must be true, or words of why")
    if refused and gives is not None:
        raise setting.table["refused"].wrong(f"what is refused gives nothing to be called {gives}")
    return Step(
        setting=setting,
        who=who,
        does=does.text,
        given=given,
        turns=() if turns is None else tuple(turn(one) for one in turns.items),
        gives=gives,
        refused=refused,
        **when,
    )


def _check(book: Book, setting: Setting, when: dict[str, Any]) -> Check:
    expects = setting.table["expect"].text
    takes = _STATED.get(expects) or (KINDS[expects].fields if expects in KINDS else None)
    if takes is None and expects not in _STATED:
        known = hint(expects, (*KINDS, *_STATED))
        raise setting.table["expect"].wrong(f"there is no such expectation: {known}")
    own = setting.only(key for key in setting.table if key not in _CHECK)
    own.refuse_others(takes or ())
    asked = [key for key in ("within", "never", "times") if key in setting.table]
    if expects in _STATED and asked:
        raise setting.table[asked[0]].wrong(f"{expects} is asked as it is, without {asked[0]}")
    if {"within", "never"} <= {*asked} or {"within", "times"} <= {*asked}:
        raise setting.table["within"].wrong(f"goes with nothing else: leave {asked[1]} out")
    return Check(
        setting=setting,
        expects=expects,
        given={key: _field(book, key, one) for key, one in own.table.items()},
        **{key: _asked(key, setting.table[key]) for key in asked},
        **when,
    )


def _asked(key: str, setting: Setting) -> Any:
    if key == "times":
        if type(setting.value) is not int or setting.value < 0:
            raise setting.wrong("must be a whole number, 0 or more")
        return setting.value
    return True if setting.value is True and key == "never" else span_of(setting)


def _field(book: Book, key: str, setting: Setting) -> Any:
    kind = _THINGS.get(key)
    return setting.plain if kind is None else book.called(setting, kind)

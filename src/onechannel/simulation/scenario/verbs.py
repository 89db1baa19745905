"""Verbs of scenarios: what whom a file names can do, as its handle does it.

Laws of this file: a step of a file is a call of a handle's method by its name; what it takes and
gives is read from the method, and written down nowhere else.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from inspect import Parameter, getmembers, isfunction, signature
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from onechannel.model.code import Code
from onechannel.settings import Field, fields_of
from onechannel.simulation.centre import VirtualCentre
from onechannel.simulation.handles import (
    CustomerHandle,
    InteractionHandle,
    JourneyHandle,
    PromiseHandle,
    SupervisorHandle,
    WorkerHandle,
)
from onechannel.simulation.handles.stage import Handle
from onechannel.simulation.outside import VirtualVendor
from onechannel.simulation.records import Message

__all__ = ["NAMED", "Verb", "codes_in", "may_be_time", "members_of", "things_in", "verbs_of"]

#: What a file may give a name to.
NAMED: Final[Mapping[type, str]] = {
    CustomerHandle: "a customer",
    WorkerHandle: "a worker",
    SupervisorHandle: "a supervisor",
    InteractionHandle: "an interaction",
    PromiseHandle: "a promise",
    JourneyHandle: "a journey",
    Message: "a message",
    VirtualVendor: "a vendor",
    VirtualCentre: "the centre",
}
#: Of those that have other methods besides, what a file may have them do.
_ONLY: Final[Mapping[type, tuple[str, ...]]] = {
    VirtualCentre: ("reports_delivery",),
    VirtualVendor: ("answers", "is_down", "is_up", "hangs", "is_slow"),
}


class Verb:
    """A method of a handle: what it takes, by name, and what kind of thing it gives.

    `any_number` names what it takes any number of, if anything: in a file that is a list.
    """

    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method
        self.takes: Mapping[str, Field] = fields_of(method)
        given = get_type_hints(method).get("return", NoneType)
        self.gives: type | None = given if given in NAMED else None
        several = (
            name
            for name, one in signature(method).parameters.items()
            if one.kind is Parameter.VAR_POSITIONAL
        )
        self.any_number: str | None = next(several, None)


@cache
def verbs_of(kind: type) -> Mapping[str, Verb]:
    """What somebody or something of that kind can do in a scenario, by name."""
    only = _ONLY.get(kind)
    return {
        name: Verb(method)
        for name, method in getmembers(kind, isfunction)
        if (name in only if only is not None else not name.startswith("_") and _does(method))
    }


def _does(method: Callable[..., Any]) -> bool:
    """Whether it does something, and does not only tell."""
    given = get_type_hints(method).get("return", NoneType)
    return given is NoneType or given in NAMED


# -- what a type says -----------------------------------------------------------------------------


def members_of(of: Any) -> tuple[Any, ...]:
    """The types that a value of that type may have, besides that of None."""
    several = get_args(of) if get_origin(of) in {Union, UnionType} else (of,)
    return tuple(one for one in several if one is not NoneType)


def things_in(of: Any) -> tuple[type, ...]:
    """The things that a value of that type may be, each of which a file calls by its name."""
    return tuple(
        one
        for one in members_of(of)
        if isinstance(one, type) and issubclass(one, (Handle, Message))
    )


def codes_in(of: Any) -> type[Code] | None:
    """The closed set that a value of that type is of."""
    codes = (one for one in members_of(of) if isinstance(one, type) and issubclass(one, Code))
    return next(codes, None)


def may_be_time(of: Any) -> bool:
    """Whether it is a span of time, or an instant."""
    return {timedelta, datetime} <= {*members_of(of)}

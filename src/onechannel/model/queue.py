"""Queues: named lines of waiting interactions.

Law of this file: a queue says who routes it; the kernel never decides for a queue that is `theirs`.
"""

from datetime import timedelta
from enum import StrEnum

import attrs

from onechannel.model.checks import duration, ident, member

__all__ = ["Queue", "Router"]


class Router(StrEnum):
    """Who decides who serves: this library, or a system it observes."""

    OURS = "ours"
    THEIRS = "theirs"


def _router(value: Router | str) -> Router:
    return member(Router, value)


@attrs.frozen(kw_only=True)
class Queue:
    """A named line; `wrap_up` is how long a worker has after serving, if its own is None."""

    name: str = attrs.field(validator=ident)
    router: Router = attrs.field(default=Router.OURS, converter=_router)
    wrap_up: timedelta = attrs.field(default=timedelta(0), validator=duration)

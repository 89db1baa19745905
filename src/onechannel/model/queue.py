"""Queues: named lines of waiting interactions.

Law of this file: a queue says who routes it; the kernel never decides for a queue that is `theirs`.
"""

from datetime import timedelta

import attrs

from onechannel.model.checks import duration, flag, ident, member, optional, some_time
from onechannel.model.code import Code

__all__ = ["Queue", "Router"]


class Router(Code):
    """Who decides who serves: this library, or a system it observes."""

    OURS = "ours"
    THEIRS = "theirs"


def _router(value: Router | str) -> Router:
    return member(Router, value)


@attrs.frozen(kw_only=True)
class Queue:
    """A named line.

    `wrap_up` is how long a worker has after serving, if its own is None; where that is
    `wrap_up_forced`, who wraps up cannot end it sooner. `place_kept` is for how long a real-time
    customer who abandoned may come back to the same place (None: not at all).
    """

    name: str = attrs.field(validator=ident)
    router: Router = attrs.field(default=Router.OURS, converter=_router)
    wrap_up: timedelta = attrs.field(default=timedelta(0), validator=duration)
    wrap_up_forced: bool = attrs.field(default=False, validator=flag)
    place_kept: timedelta | None = attrs.field(default=None, validator=optional(some_time))

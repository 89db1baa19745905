"""Cues about who serves and supervises, and what they come to.

Law of this file: a cue comes to a valid command whatever is there.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from onechannel import commands as c
from onechannel.model.assignment import SUGGESTING, Role
from onechannel.model.interaction import EndReason
from onechannel.testing.strategies import props
from onechannel.testing.strategies.choosing import Cue, astray, one
from onechannel.testing.strategies.stage import Stage

__all__ = ["SERVING"]

_Make: TypeAlias = Callable[[Stage, Cue, datetime], c.Command]

_NOT_OWNING: Final = frozenset(Role) - {Role.SERVES}
_ENDS: Final = ("resolved", "withdrawn", "rejected", "failed", "expired")


# -- a worker's part ------------------------------------------------------------------------------


def _decline(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    reason = one((None, "lunch"), cue.third)
    return c.Decline(assignment=stage.part(cue.first, "pending"), reason=reason)


def _hold(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    fitting = [
        part.id
        for part in stage.parts.values()
        if part.state == "active" and _can_hold(stage, part.interaction)
    ]
    if fitting and not astray(cue.second):
        return c.Hold(assignment=one(fitting, cue.first))
    return c.Hold(assignment=stage.part(cue.first, "active"))


def _can_hold(stage: Stage, interaction: str) -> bool:
    live = stage.open.get(interaction)
    return live is not None and stage.channels[live.channel].can_hold


def _release(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    if cue.second % 3 == 0:
        part = stage.part(cue.first, "active", "held", roles=_NOT_OWNING)
    else:
        part = stage.part(cue.first, "wrapping")
    return c.Release(assignment=part)


def _extend(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    part = stage.part(cue.first, "wrapping")
    return c.ExtendWrapUp(assignment=part, duration=timedelta(seconds=1 + cue.second % 40))


def _change_role(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    part = stage.part(cue.first, "active", "held", roles=_NOT_OWNING)
    return c.ChangeRole(assignment=part, role=one((*Role, Role.SERVES), cue.second))


def _suggest(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    roles = _NOT_OWNING if astray(cue.second, 2) else SUGGESTING
    return c.Suggest(assignment=stage.part(cue.first, "active", roles=roles), text="offer a refund")


# -- who else comes in ----------------------------------------------------------------------------


def _join(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    worker = stage.worker(cue.second, "available", "unavailable")
    joining = (Role.LISTENS, Role.WHISPERS, Role.BARGES)
    role = Role.ASSISTS if stage.is_machine(worker) else one(joining, cue.third // 2)
    return c.Join(
        interaction=stage.interaction(cue.first, "engaged"),
        worker=worker,
        role=Role.LISTENS if astray(cue.third, 2) else role,
    )


def _whom(stage: Stage, cue: Cue) -> dict[str, str]:
    """One who is asked: a worker, a queue or a department."""
    whom = (
        {"worker": stage.worker(cue.second, "available")},
        {"queue": one(props.QUEUES, cue.second)},
        {"department": one(props.DEPARTMENTS, cue.second)},
    )
    return one(whom, cue.third)


def _consult(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    return c.Consult(interaction=stage.interaction(cue.first, "engaged"), **_whom(stage, cue))


_RETURNS: Final = (None, timedelta(seconds=15), timedelta(seconds=60))


def _delegate(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    return c.Delegate(
        interaction=stage.interaction(cue.first, "engaged"),
        about=one(props.ABOUT, cue.first),
        says="please check" if cue.first % 2 else None,
        returns_after=one(_RETURNS, cue.second // 4),
        **_whom(stage, cue),
    )


# -- where the work goes --------------------------------------------------------------------------


def _transfer(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    whom: dict[str, str] = {} if cue.third % 8 == 0 else _whom(stage, cue)
    return c.Transfer(
        interaction=stage.interaction(cue.first, *(("engaged",) if cue.first % 4 else ())),
        returns_after=one(_RETURNS, cue.second // 4),
        reason=one((None, "wrong-desk"), cue.first),
        **whom,
    )


def _assign(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    worker = stage.worker(cue.second, "available", "unavailable", "draining")
    return c.Assign(interaction=stage.interaction(cue.first), worker=worker)


def _sleep(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    waiting = not astray(cue.second)
    return c.Sleep(
        interaction=stage.interaction(
            cue.first, "engaged", where=lambda live: not (waiting and stage.real_time(live))
        )
    )


def _suspend(stage: Stage, cue: Cue, at: datetime) -> c.Command:
    later = timedelta(seconds=cue.second % 64 - 4)
    return c.Suspend(
        interaction=stage.interaction(cue.first, "waiting", "engaged", "dormant"),
        party=one(("supplier", "bank"), cue.third),
        reason="parts",
        due=at + later,
    )


def _close(stage: Stage, cue: Cue, _at: datetime) -> c.Command:
    states = ("engaged",) if cue.third % 2 else ()
    return c.Close(
        interaction=stage.interaction(cue.first, *states, ours=not astray(cue.third)),
        reason=EndReason(one(_ENDS, cue.second)),
        disposition=one((None, "done"), cue.second // 8),
    )


#: What a cue about whoever serves comes to.
SERVING: Final[Mapping[type[c.Command], _Make]] = {
    c.Accept: lambda stage, cue, _: c.Accept(assignment=stage.part(cue.first, "pending")),
    c.Decline: _decline,
    c.Hold: _hold,
    c.Resume: lambda stage, cue, _: c.Resume(assignment=stage.part(cue.first, "held")),
    c.Release: _release,
    c.ExtendWrapUp: _extend,
    c.ChangeRole: _change_role,
    c.Suggest: _suggest,
    c.Join: _join,
    c.Consult: _consult,
    c.Delegate: _delegate,
    c.Escalate: lambda stage, cue, _: c.Escalate(
        interaction=stage.interaction(
            cue.first,
            "engaged",
            where=lambda live: (
                astray(cue.second, 2) or stage.is_machine(stage.whose(live.id) or "")
            ),
        ),
        reason=one((None, "asked"), cue.third),
    ),
    c.HandBack: lambda stage, cue, _: c.HandBack(
        interaction=stage.interaction(cue.first, "engaged")
    ),
    c.Transfer: _transfer,
    c.Assign: _assign,
    c.Sleep: _sleep,
    c.Suspend: _suspend,
    c.Reactivate: lambda stage, cue, _: c.Reactivate(
        interaction=stage.interaction(cue.first, "dormant", "suspended")
    ),
    c.Close: _close,
}

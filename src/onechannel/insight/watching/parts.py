"""Parts: who may have which, become what, and speak to whom.

Laws of this file: nobody has two parts in one interaction; people look on and machines assist; who
speaks to the customer, or to the one who serves, has a part that does.
"""

from typing import Final

from onechannel import events as e
from onechannel.insight.watching.stand import Stand, refuse
from onechannel.model.assignment import JOINING, SPEAKING, SUGGESTING, SUPERVISING, Role
from onechannel.model.worker import WorkerKind

__all__ = ["PartWatch"]

_CONSULTED: Final = frozenset({Role.CONSULTED, Role.CONFERENCED})
#: What each role may become.
_BECOMES: Final = {
    Role.SERVES: frozenset[Role](),
    Role.CONSULTED: frozenset({Role.CONFERENCED, Role.SERVES}),
    Role.CONFERENCED: frozenset({Role.SERVES}),
    Role.ASSISTS: frozenset({Role.SERVES}),
    **dict.fromkeys(SUPERVISING, SUPERVISING | {Role.SERVES}),
}


class PartWatch:
    """Looks at workers' parts; it needs to remember a part's role before it changes."""

    def __init__(self) -> None:
        self._roles: dict[str, Role] = {}

    def end(self) -> None:
        """A log may end between any two events of a part."""

    def see(self, event: e.Event, stand: Stand) -> None:
        """Look at one event."""
        data = event.data
        if isinstance(data, e.AssignmentOpened):
            self._opened(event, data, stand)
        elif isinstance(data, e.RoleChanged):
            before = self._roles.get(data.assignment, Role.SERVES)
            if data.role not in _BECOMES[before] - {before}:
                raise refuse(event, f"assignment {data.assignment} {before} becomes {data.role}")
            self._roles[data.assignment] = data.role
        elif isinstance(data, (e.MessageSent, e.MessageSuggested)):
            speaking = SPEAKING if isinstance(data, e.MessageSent) else SUGGESTING
            role = self._roles.get(data.assignment)
            if role not in speaking:
                to = "the customer" if speaking is SPEAKING else "the one who serves"
                raise refuse(event, f"assignment {data.assignment} does not speak to {to}")
        elif isinstance(data, e.AssignmentWrapping):
            if self._roles.get(data.assignment) in JOINING:
                raise refuse(event, f"assignment {data.assignment} has nothing to wrap up")
        elif isinstance(data, _OVER):
            self._roles.pop(data.assignment, None)

    def _opened(self, event: e.Event, data: e.AssignmentOpened, stand: Stand) -> None:
        self._roles[data.assignment] = data.role
        own = [part for _, part in stand.parts(data.interaction) if part.worker == data.worker]
        if len(own) > 1:
            reason = f"worker {data.worker} has a part in interaction {data.interaction} already"
            raise refuse(event, reason)
        server = stand.custody.server_of(data.interaction)
        forced = event.origin.cause is e.Cause.OBSERVED or data.reason.startswith(_ASSIGNED)
        if data.role is Role.SERVES and server is not None and not forced:
            raise refuse(event, f"worker {data.worker} is asked for what worker {server} serves")
        machine = stand.custody.workers[data.worker].kind is WorkerKind.MACHINE
        if data.role in JOINING and machine is not (data.role is Role.ASSISTS):
            raise refuse(event, f"worker {data.worker} {data.role}, of that kind")
        if data.role is not Role.SERVES and server is None:
            reason = f"worker {data.worker} {data.role} where nobody serves {data.interaction}"
            raise refuse(event, reason)


#: Why somebody is asked for what another serves.
_ASSIGNED: Final = "assigned by "

_OVER: Final = (
    e.AssignmentDeclined,
    e.AssignmentExpired,
    e.AssignmentRescinded,
    e.AssignmentReleased,
)

"""One command of each kind, with something in every field that may go with the others.

Law of this file: they are about `i`, `i/1`, `p`, `c1` and a few more, whether these are there or
not.
"""

from datetime import timedelta
from typing import Any, Final

from onechannel import commands as c
from onechannel.model.address import Address
from onechannel.model.calendar import Calendar
from onechannel.model.channel import Channel
from onechannel.model.message import Attachment
from onechannel.model.policy import PlanRule, Policy, StepRule
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker
from onechannel.testing.strategies import START

HOUR: Final = timedelta(hours=1)
ADDRESS: Final = Address.parse("tel:+34600111222")
POLICY: Final = Policy(name="plain", plan=PlanRule(steps=(StepRule(),)))

_I: Final = {"interaction": "i"}
_PART: Final = {"assignment": "i/1"}
_P: Final = {"worker": "p"}
_PROMISE: Final = {"promise": "p-7"}
_JOURNEY: Final = {"journey": "j-7"}
_ABOUT: Final = {"about": "billing", "journey": "j-7", "reference": "order-1"}

#: What every command is built of.
FIELDS: Final[dict[type, dict[str, Any]]] = {
    c.RegisterCustomer: {"customer": "c9", "name": "Ana", "addresses": (ADDRESS,)},
    c.LinkAddress: {"customer": "c1", "address": ADDRESS, "evidence": "stated"},
    c.UnlinkAddress: {"customer": "c1", "address": ADDRESS, "evidence": "stated"},
    c.MergeCustomers: {"customer": "c1", "survivor": "c2", "evidence": "stated"},
    c.UnmergeCustomer: {"customer": "c1", "evidence": "stated"},
    c.OpenJourney: {"customer": "c1", "about": "billing", "reference": "order-1"},
    c.JoinJourney: {**_I, **_JOURNEY},
    c.AchieveJourney: {**_JOURNEY, "reason": "done"},
    c.FailJourney: {**_JOURNEY, "reason": "gave-up"},
    c.MakePromise: {
        **_I, **_P, "what": "refund", "customer": "c1", "within": HOUR, "calendar": "office",
    },
    c.KeepPromise: {**_PROMISE, "evidence": "i-7~1"},
    c.RenegotiatePromise: {**_PROMISE, "within": HOUR},
    c.PausePromise: {**_PROMISE, "reason": "waiting", "duration": HOUR},
    c.ResumePromise: _PROMISE,
    c.WithdrawPromise: {**_PROMISE, "reason": "no-need"},
    c.Arrive: {
        **_I, **_ABOUT, "channel": "chat", "customer": "c1", "address": ADDRESS, "queue": "main",
        "priority": 1, "says": "good morning", "follows": "h", "department": "store",
    },
    c.Reach: {
        **_I, **_ABOUT, **_P, "channel": "chat", "customer": "c1", "address": ADDRESS,
        "queue": "main", "purpose": "service", "priority": 1, "says": "hi", "template": "greeting",
    },
    c.Say: {
        **_I, **_PART, "text": "hello", "channel": "chat", "author": "c1", "template": "greeting",
        "attachments": (Attachment(reference="sha256-1"),),
    },
    c.EditMessage: {"message": "i#1", "text": "hallo"},
    c.RetractMessage: {"message": "i#1"},
    c.Type: {**_I, **_PART},
    c.ReportDelivery: {
        "state": "read", "message": "i#1", "reference": "v-1", "reason": "unreachable",
    },
    c.Leave: _I,
    c.MoveChannel: {**_I, "channel": "voice", "address": ADDRESS},
    c.RequestCallback: {
        **_I, **_P, "at": START + HOUR, "owned_for": HOUR, "only": True, "within": HOUR,
    },
    c.MissCallback: _I,
    c.RenewLease: _I,
    c.Accept: _PART,
    c.Decline: {**_PART, "reason": "lunch"},
    c.Hold: _PART,
    c.Resume: _PART,
    c.Release: _PART,
    c.ExtendWrapUp: {**_PART, "duration": HOUR},
    c.ChangeRole: {**_PART, "role": "serves"},
    c.Suggest: {**_PART, "text": "a refund"},
    c.Join: {**_I, **_P, "role": "listens"},
    c.Consult: {**_I, **_P},
    c.Delegate: {**_I, **_P, "about": "billing", "says": "please check", "returns_after": HOUR},
    c.Escalate: {**_I, "reason": "asked"},
    c.HandBack: {**_I, "reason": "asked"},
    c.Transfer: {
        **_I, "queue": "main", "department": "store", "returns_after": HOUR, "reason": "asked",
    },
    c.Assign: {**_I, **_P},
    c.Sleep: _I,
    c.Suspend: {**_I, "party": "supplier", "reason": "parts", "due": START + HOUR},
    c.Reactivate: _I,
    c.Close: {**_I, "reason": "resolved", "disposition": "done"},
    c.SignIn: _P,
    c.SignOut: _P,
    c.Drain: _P,
    c.BecomeAvailable: _P,
    c.BecomeUnavailable: {**_P, "reason": "lunch", "duration": HOUR},
    c.Sanction: {**_P, "reason": "late", "duration": HOUR},
    c.DefineWorker: {"worker": Worker(id="w9")},
    c.DefineQueue: {"queue": Queue(name="new")},
    c.DefineChannel: {"channel": Channel(name="pigeon")},
    c.DefineCalendar: {"calendar": Calendar.weekly("office", daily="09:00-17:00")},
    c.AdoptPolicy: {"policy": POLICY},
    c.ObserveArrival: {
        **_I, "channel": "chat", "customer": "c1", "about": "billing", "priority": 1,
    },
    c.ObserveQueued: {**_I, "queue": "theirs"},
    c.ObserveDequeued: _I,
    c.ObserveAccepted: {**_I, **_P, "kind": "person"},
    c.ObserveReleased: {**_I, **_P},
    c.ObserveClosed: {**_I, "reason": "resolved", "disposition": "done"},
    c.ObserveAnomaly: {**_I, "verb": "merge", "reason": "unheard of", "details": {"a": "b"}},
    c.Reconcile: {"channel": "chat", "serving": {"i": "p", "j": None}},
}  # fmt: skip


def one_of(kind: type, /, **changes: Any) -> Any:
    """The command of that kind, with something else in some fields."""
    return kind(**(FIELDS[kind] | changes))

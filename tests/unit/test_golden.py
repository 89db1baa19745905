"""The golden files: what the log looks like, frozen for each kind and version of event.

- `tests/golden/<stored name>.<version>.json` is one sample with its envelope, as this release
  writes it.
- A golden file of an old version stays, and must be read for ever. What a release has written
  must not change: give the event a new version and an upcaster, then write its new file with
  `python -m tests.unit.test_golden`.
"""

import json
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
import pytest

from onechannel.codec import dumps, event_from_json, event_to_json
from onechannel.events import EVENT_TYPES, Cause, Event, Origin
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.address import Address, Verification
from onechannel.model.calendar import Calendar
from onechannel.model.frozenmap import FrozenMap
from onechannel.model.plan import Plan, Step
from onechannel.model.policy import PlanRule, StepRule

GOLDEN = Path(__file__).parents[1] / "golden"
AT = datetime(2026, 1, 5, 9, 0, 0, 250, tzinfo=UTC)
ORIGIN = Origin(
    AT, AT - timedelta(seconds=2), Cause.COMMAND, "r-12", Actor(ActorKind.WORKER, "marc"), "main"
)
NAMES = {
    "interaction": "i-7~1",
    "predecessor": "i-7",
    "assignment": "i-7~1/2",
    "worker": "marc",
    "customer": "ana",
    "CustomerRegistered.name": "Ana García",
    "text": "¿Por qué me cobraron dos veces?",
    "about": "billing",
    "message": "i-7~1#3",
    "parent": "i-5",
    "journey": "j-4",
    "promise": "p-9",
    "successor": "p-12",
    "author": "ben",
    "channel": "whatsapp",
    "queue": "main",
    "template": "greeting",
    "Attachment.reference": "sha256-9f86d081",
    "workers": "marc",
    "keeper": "marc",
    "survivor": "ana-maria",
    "Attachment.name": "factura de enero.pdf",
    "media_type": "application/pdf",
}
SAMPLES: dict[type, Any] = {
    bool: True,
    int: 3,
    float: 4.0,
    datetime: AT,
    timedelta: timedelta(seconds=90.5),
    Address: Address.parse("tel:+34 600 111 222", Verification.OBSERVED),
    Calendar: Calendar.weekly(
        "office",
        zone="Europe/Madrid",
        mon_fri="09:00-14:00, 16:00-19:00",
        sat="22:00-02:00",
        holidays=["2026-12-25"],
        special={"2026-12-24": "00:00-24:00"},
    ),
}


def sample(hint: Any, name: str = "") -> Any:
    """A value of that type, the same every time."""
    parts = get_args(hint)
    kind = get_origin(hint) or hint
    if kind in {Union, UnionType}:
        return sample(next(part for part in parts if part is not NoneType), name)
    if kind is tuple:
        return (sample(parts[0], name),)
    if kind is frozenset:
        return frozenset([sample(str, name)] if parts[0] is str else parts[0])
    if kind is FrozenMap:
        return FrozenMap({key: sample(parts[1], key) for key in ("card", "billing")})
    if kind in SAMPLES:
        return SAMPLES[kind]
    if kind is str:
        field = name.rpartition(".")[2]
        return NAMES.get(name) or NAMES.get(field, field)
    return [*kind][-1] if issubclass(kind, Enum) else built(kind)


def built(kind: type) -> Any:
    """An instance of an attrs class with a sample in every field."""
    hints = get_type_hints(kind)
    fields = {
        field.name: sample(hints[field.name], f"{kind.__name__}.{field.name}")
        for field in attrs.fields(kind)
    }
    if kind in {Plan, PlanRule}:
        last = Step() if kind is Plan else StepRule()
        fields["steps"] = (*fields["steps"], last)
    return kind(**fields)


def event_of(kind: type) -> Event:
    """The sample of one kind of event."""
    return Event(12, ORIGIN, built(kind))


def path_of(kind: type) -> Path:
    """Where its golden file is."""
    return GOLDEN / f"{kind.stored_name}.{kind.version}.json"


KINDS = [*EVENT_TYPES.values()]
FILES = sorted(GOLDEN.glob("*.json"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.stored_name)
def test_every_event_is_written_as_it_was_frozen(kind):
    """What this release writes is the golden file, to the byte, and it reads it back."""
    path = path_of(kind)
    assert path.exists(), f"{path.name} is missing: python -m tests.unit.test_golden"
    frozen = dumps(json.loads(path.read_text("utf-8")))
    event = event_of(kind)
    assert event_to_json(event) == frozen, (
        "what is in a log must not change: give the event a new version and an upcaster"
    )
    assert event_from_json(frozen) == event


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_golden_file_is_of_an_event(path):
    """None is left over; one of an old version is still read, by its upcasters."""
    name, _, version = path.stem.rpartition(".")
    assert name in EVENT_TYPES
    assert 1 <= int(version) <= EVENT_TYPES[name].version
    read = event_from_json(path.read_text("utf-8"))
    assert type(read.data) is EVENT_TYPES[name]


def test_no_version_is_missing():
    """Every version there ever was has a file."""
    expected = {
        f"{kind.stored_name}.{version}.json"
        for kind in KINDS
        for version in range(1, kind.version + 1)
    }
    assert {path.name for path in FILES} == expected


def test_a_sample_leaves_nothing_out():
    """Every field of every sample holds something, so that the golden files show all there is."""
    for kind in KINDS:
        empty = [name for name, value in attrs.asdict(built(kind)).items() if value is None]
        assert empty == []


def write() -> None:
    """Write the golden files of this release; those of old versions stay as they are."""
    GOLDEN.mkdir(exist_ok=True)
    for kind in KINDS:
        text = json.dumps(json.loads(event_to_json(event_of(kind))), indent=2, ensure_ascii=False)
        path_of(kind).write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    write()

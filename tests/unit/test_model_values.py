"""Values of the model: valid and normalised from the moment they are built.

A message about what cannot be names the field and never cites the value.
"""

import pickle
from datetime import timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onechannel import model as m
from onechannel.errors import InvalidValue
from onechannel.model.checks import TEXT_LIMIT
from onechannel.model.ids import (
    assignment_id,
    interaction_of,
    is_before,
    is_derived,
    is_message_number,
    journey_id,
    message_id,
    promise_id,
    root_of,
    side_id,
    spoken_in,
    successor_id,
)
from onechannel.testing.strategies import addresses, identifiers, values

PRIVATE = "Ana García"
NO_TIME = timedelta(0)
FIRST = m.Step(expires_after=timedelta(seconds=1))


class Odd:
    """Nothing that any field could take, with something private in its repr."""

    def __repr__(self) -> str:
        return PRIVATE


# -- what cannot be built -------------------------------------------------------------------------

WRONG = [
    (m.Worker, {"id": ""}),
    (m.Worker, {"id": " p"}),
    (m.Worker, {"id": "p "}),
    (m.Worker, {"id": f"{PRIVATE}\n"}),
    (m.Worker, {"id": "x" * 201}),
    (m.Worker, {"id": 7}),
    (m.Worker, {"id": b"p"}),
    (m.Worker, {"id": Odd()}),
    (m.Worker, {"id": "p", "department": ""}),
    (m.Worker, {"id": "p", "wrap_up": -timedelta(seconds=1)}),
    (m.Worker, {"id": "p", "wrap_up": 30}),
    (m.Worker, {"id": "p", "wrap_up": Odd()}),
    (m.Worker, {"id": "p", "skills": {f"{PRIVATE}\n": 1}}),
    (m.Worker, {"id": "p", "skills": {"billing": float("nan")}}),
    (m.Worker, {"id": "p", "skills": {"billing": float("inf")}}),
    (m.Worker, {"id": "p", "skills": {"billing": float("-inf")}}),
    (m.Queue, {"name": Odd()}),
    (m.Queue, {"name": "q", "wrap_up": Odd()}),
    (m.Channel, {"name": Odd()}),
    (m.Channel, {"name": "c", "load": -1}),
    (m.Channel, {"name": "c", "load": 1.5}),
    (m.Channel, {"name": "c", "load": True}),
    (m.Channel, {"name": "c", "load": Odd()}),
    (m.Channel, {"name": "c", "reply_window": Odd()}),
    (m.Capacity, {"total": -1}),
    (m.Capacity, {"total": Odd()}),
    (m.Capacity, {"others": Odd()}),
    (m.Capacity, {"channels": {"voice": -1}}),
    (m.Capacity, {"channels": {"voice": Odd()}}),
    (m.Capacity, {"channels": {f"{PRIVATE}\n": 1}}),
    (m.Customer, {"id": Odd()}),
    (m.Customer, {"id": "c", "name": Odd()}),
    (m.Customer, {"id": "c", "name": f"{PRIVATE}\0"}),
    (m.Customer, {"id": "c", "name": f"{PRIVATE}\ud800"}),
    (m.Customer, {"id": "c", "name": PRIVATE + "x" * TEXT_LIMIT}),
    (m.Address, {"raw": Odd(), "key": "tel:+34600111222"}),
    (m.Address, {"raw": "tel:+34600111222", "key": Odd()}),
    (m.Actor, {"kind": m.ActorKind.WORKER, "id": Odd()}),
    (m.Named, {"name": Odd()}),
    (m.Pause, {"reason": Odd()}),
    (m.Pause, {"reason": "lunch", "duration": Odd()}),
    (m.PlanRule, {"queue": Odd(), "steps": [m.StepRule()]}),
    (m.StepRule, {"expires_after": Odd()}),
    (m.Step, {"expires_after": -timedelta(seconds=1)}),
    (m.Step, {"expires_after": Odd()}),
    (m.Plan, {"queue": Odd(), "steps": [m.Step()]}),
    (m.Plan, {"queue": "q", "steps": []}),
    (m.Plan, {"queue": "q", "steps": [Odd()]}),
    (m.Plan, {"queue": "q", "steps": [m.Step(), FIRST]}),
    (m.Policy, {"name": Odd(), "plan": m.Named("n")}),
    (m.Policy, {"name": "p", "plan": m.Named("n"), "ring_for": Odd()}),
    (m.Worker, {"id": "p", "kind": Odd()}),
    (m.Worker, {"id": "p", "skills": Odd()}),
    (m.Worker, {"id": "p", "skills": {"billing": PRIVATE}}),
    (m.Worker, {"id": "p", "capacity": Odd()}),
    (m.Worker, {"id": "p", "accepts_by_itself": Odd()}),
    (m.Queue, {"name": "q", "router": Odd()}),
    (m.Channel, {"name": "c", "medium": Odd()}),
    (m.Channel, {"name": "c", "real_time": Odd()}),
    (m.Channel, {"name": "c", "schemes": "tel"}),
    (m.Capacity, {"channels": Odd()}),
    (m.Customer, {"id": "c", "addresses": [Odd()]}),
    (m.Customer, {"id": "c", "addresses": Odd()}),
    (m.Address, {"raw": "tel:+34600111222", "key": "tel:+34600111222", "verification": Odd()}),
    (m.Actor, {"kind": Odd()}),
    (m.PlanRule, {"steps": [Odd()]}),
    (m.StepRule, {"kinds": [Odd()]}),
    (m.StepRule, {"skills": Odd()}),
    (m.Requirement, {"kinds": [Odd()]}),
    (m.Step, {"requirement": Odd()}),
    (m.Plan, {"queue": "q", "steps": [m.Step()], "priority": Odd()}),
    (m.Plan, {"queue": "q", "steps": Odd()}),
    (m.Queue, {"name": "q", "place_kept": NO_TIME}),
    (m.Queue, {"name": "q", "wrap_up_forced": 1}),
    (m.Channel, {"name": "c", "lease": NO_TIME}),
    (m.Channel, {"name": "c", "dormant_after": NO_TIME}),
    (m.Channel, {"name": "c", "closes_after": NO_TIME}),
    (m.Channel, {"name": "c", "reply_window": -FIRST.expires_after}),
    (m.Channel, {"name": "c", "templates": "some"}),
    (m.Channel, {"name": "c", "schemes": [f"{PRIVATE}\n"]}),
    (m.Pause, {"reason": "lunch", "duration": NO_TIME}),
    (m.Pause, {"reason": "lunch", "after": 0}),
    (m.Policy, {"name": "p", "plan": m.Named("n"), "ring_for": NO_TIME}),
    (m.Policy, {"name": "p", "plan": m.Named("n"), "return_after": NO_TIME}),
    (m.Policy, {"name": "p", "plan": m.Named("n"), "journey_window": NO_TIME}),
    (m.Policy, {"name": "p", "plan": m.Named("n"), "callback_within": NO_TIME}),
    (m.Policy, {"name": "p", "plan": m.Named("n"), "callback_retry": NO_TIME}),
    (m.Policy, {"name": "p", "plan": m.Named("n"), "callback_attempts": 0}),
    (m.Policy, {"name": "p", "plan": m.Named("n"), "consent": "n"}),
    (m.Requirement, {"workers": "marc"}),
    (m.Requirement, {"workers": [f"{PRIVATE}\n"]}),
    (m.Attachment, {"reference": "r", "size": -1}),
    (m.Attachment, {"reference": "r", "name": f"{PRIVATE}\0"}),
    (m.Attachment, {"reference": f"{PRIVATE}\n"}),
]


def cases(some) -> list:
    """Each of them by class, and the field that is wrong."""
    return [
        pytest.param(kind, fields, id=f"{kind.__name__}.{[*fields][-1]}") for kind, fields in some
    ]


def refused(kind, fields) -> None:
    """It cannot be built, and what is said of it cites nothing."""
    with pytest.raises(InvalidValue) as caught:
        kind(**fields)
    assert PRIVATE not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(("kind", "fields"), cases(WRONG))
def test_what_cannot_be_is_refused(kind, fields):
    """A value that cannot be is an InvalidValue, whose message never cites what was given."""
    refused(kind, fields)


@pytest.mark.parametrize(
    ("kind", "fields", "named"),
    [
        (m.Worker, {"id": 7}, "Worker.id must be text, not int"),
        (m.Worker, {"id": ""}, "Worker.id must have 1 to 200 characters, not 0"),
        (m.Queue, {"name": " q"}, "Queue.name must be printable, without space at either end"),
        (m.Channel, {"name": "c", "load": -1}, "Channel.load must be a whole number, 0 or more"),
        (m.Pause, {"reason": "x", "duration": -NO_TIME - FIRST.expires_after}, "Pause.duration"),
        (m.Customer, {"id": "c", "name": "\0"}, "Customer.name holds NUL"),
    ],
)
def test_the_field_is_named(kind, fields, named):
    """Whoever gave it is told which field, and what it should be."""
    with pytest.raises(InvalidValue) as caught:
        kind(**fields)
    assert str(caught.value).startswith(named)


KINDS = [kind for kind in vars(m).values() if isinstance(kind, type) and attrs.has(kind)]
VALUES = [kind for kind in KINDS if kind is not m.PlanAsk]


def name_of(kind: type) -> str:
    """How a class is called."""
    return kind.__name__


#: Built by the library alone, of what has been checked: said, answered, asked or explained.
OURS = (m.PlanAsk, m.ConsentAsk, m.Said, m.Context, m.ReplyWindow, m.Explanation)


@pytest.mark.parametrize("kind", [kind for kind in VALUES if kind not in OURS], ids=name_of)
@given(st.data())
@settings(max_examples=5)
def test_no_field_takes_just_anything(kind, data):
    """Every field of every value that people build is checked, and none cites what it was given."""
    value = data.draw(values(kind))
    for field in attrs.fields(kind):
        with pytest.raises(InvalidValue) as caught:
            attrs.evolve(value, **{field.name: Odd()})
        assert PRIVATE not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
@given(st.data())
def test_values_are_frozen_equal_and_hashable(kind, data):
    """A value does not change; what is built alike is equal, has one hash, and can be copied."""
    value = data.draw(values(kind))
    again = attrs.evolve(value)
    assert value == again
    assert hash(value) == hash(again)
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own bytes
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, attrs.fields(kind)[0].name, "other")


# -- maps -----------------------------------------------------------------------------------------

PAIRS = st.dictionaries(identifiers(), st.integers(), max_size=5)


@given(PAIRS, st.randoms(use_true_random=False))
def test_equal_maps_are_alike_in_everything(pairs, chance):
    """Whatever the order they were built in: equality, hash, iteration order, repr."""
    shuffled = [*pairs.items()]
    chance.shuffle(shuffled)
    one, other = m.FrozenMap(pairs), m.FrozenMap(shuffled)
    assert one == other == pairs
    assert hash(one) == hash(other)
    assert [*one] == [*other] == sorted(pairs)
    assert repr(one) == repr(other)
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own bytes


@given(PAIRS)
def test_a_map_is_a_mapping(pairs):
    """It answers as a dictionary would, and is not one that could be written to."""
    one = m.FrozenMap(pairs)
    assert (len(one), dict(one), [*one.items()]) == (len(pairs), pairs, sorted(pairs.items()))
    for key, item in pairs.items():
        assert key in one
        assert one[key] == one.get(key) == item
    assert "\0" not in one
    assert (one.get("\0"), one.get("\0", 3)) == (None, 3)
    with pytest.raises(KeyError):
        one["\0"]
    with pytest.raises(TypeError):
        one["x"] = 1


# -- ids ------------------------------------------------------------------------------------------


@given(identifiers(), st.integers(0, 50))
def test_successors_form_a_line(name, times):
    """However often somebody returns, the line has one root and no id comes twice."""
    line = [name]
    for _ in range(times):
        line.append(successor_id(line[-1]))
    assert len({*line}) == len(line)
    assert {root_of(one) for one in line[1:]} <= {root_of(name)}
    assert all(is_derived(one) for one in line[1:])


@pytest.mark.parametrize(
    ("name", "root", "after"),
    [
        ("i-7", "i-7", "i-7~1"),
        ("i-7~1", "i-7", "i-7~2"),
        ("i-7~9", "i-7", "i-7~10"),
        ("a~b", "a~b", "a~b~1"),
        ("a~b~2", "a~b", "a~b~3"),
        ("~3", "~3", "~3~1"),
        ("a~²", "a~²", "a~²~1"),
        ("a~-1", "a~-1", "a~-1~1"),
    ],
)
def test_a_successor_is_told_by_its_form(name, root, after):
    """A tilde and a plain number behind something: nothing else is a successor's id."""
    assert (root_of(name), successor_id(name)) == (root, after)
    assert is_derived(name) is (root != name)


@given(identifiers(), st.integers(1, 99))
def test_a_part_says_what_it_is_a_part_of(name, number):
    """The interaction's id comes back out of an assignment's and a message's, whatever it is."""
    assert interaction_of(assignment_id(name, number)) == name
    assert spoken_in(message_id(name, number)) == name


@given(identifiers(), st.integers(1, 99), st.integers(0, 9))
def test_a_side_conversation_is_told_by_its_form(name, number, times):
    """Whatever it is a side of, its id is derived, and so are its own returns and sides."""
    side = side_id(name, number)
    assert is_derived(side)
    for _ in range(times):
        side = successor_id(side)
        assert is_derived(side)
    assert is_derived(side_id(side, 1))


@given(identifiers(), st.integers(0, 5), st.integers(0, 5))
def test_what_came_before_is_of_the_same_line(name, earlier, later):
    """One of a line is before the latest if it came no later; one of another line never is."""
    line = [name]
    for _ in range(6):
        line.append(successor_id(line[-1]))
    assert is_before(line[earlier], line[later]) is (earlier <= later)
    assert not is_before(f"{line[earlier]}x", line[later])


@pytest.mark.parametrize(
    ("number", "said", "is_one"),
    [
        *(("1", 1, True), ("3", None, True), ("12", 12, True)),
        *(("", None, False), ("0", None, False), ("01", 3, False), ("2", 1, False)),
        *(("-1", None, False), ("²", None, False), ("1 ", 3, False), ("x", None, False)),
    ],
)
def test_the_number_of_a_message_is_told_by_its_form(number, said, is_one):
    """A plain number from 1, up to what was said where that is known."""
    assert is_message_number(number, said) is is_one


def test_journeys_and_promises_are_named_by_their_position():
    """The event that opened or made it says its name."""
    assert (journey_id(12), promise_id(12)) == ("j-12", "p-12")


# -- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("tel:+34600111222", "tel:+34600111222"),
        (" TEL:+34 (600) 111-222 ", "tel:+34600111222"),
        ("tel:+34600.111.222;ext=7", "tel:+34600111222"),
        ("mailto:Ana@Example.COM?subject=x", "mailto:ana@example.com"),
        ("sip:Ana@Example.com", "sip:ana@example.com"),
        ("sips:ana@example.com", "sips:ana@example.com"),
        ("x-vendor:AbC/7", "x-vendor:AbC/7"),
    ],
)
def test_one_person_is_one_key(raw, key):
    """However an address is written, it is known by one key; what the vendor sent is kept."""
    address = m.Address.parse(raw)
    assert (address.raw, address.key, address.scheme) == (raw, key, key.partition(":")[0])
    assert address.verification is m.Verification.CLAIMED


@given(addresses())
def test_a_key_is_its_own_address(address):
    """Normalising a key changes nothing: reading back what was kept never makes another person."""
    assert m.Address.parse(address.key).key == address.key


@pytest.mark.parametrize(
    "raw",
    [
        "",
        PRIVATE,
        "Ana@example.com",
        "tel:600111222",
        "tel:+0600111222",
        "tel:+1234567890123456",
        "tel:",
        "mailto:Ana",
        "mailto:@example.com",
        "mailto:Ana@",
        "sip:Ana",
        f"x:{PRIVATE}",
        f"{PRIVATE}:x",
        "x:" + "y" * 501,
    ],
)
def test_what_is_no_address_is_refused_without_being_cited(raw):
    """An address that cannot be is personal all the same."""
    with pytest.raises(InvalidValue) as caught:
        m.Address.parse(raw)
    assert "Ana" not in str(caught.value).replace("mailto:ana@example.com", "")
    assert "600111222" not in str(caught.value).replace("tel:+34600111222", "")


# -- the rest -------------------------------------------------------------------------------------


def test_kinds_and_levels_are_given_as_text_and_numbers():
    """What people write is made into the values that are compared."""
    step = m.StepRule(kinds=["person", "machine"], skills={"b": 1, "a": 2})
    assert step.kinds == {m.WorkerKind.PERSON, m.WorkerKind.MACHINE}
    assert [*step.skills.items()] == [("a", 2.0), ("b", 1.0)]
    assert m.Queue(name="q", router="theirs").router is m.Router.THEIRS
    assert m.Worker(id="p", kind="partner").kind is m.WorkerKind.PARTNER


def test_machines_accept_by_themselves_unless_said_otherwise():
    """A person never does unless it is said of that one."""
    assert m.Worker(id="m", kind="machine").accepts_by_itself is True
    assert m.Worker(id="m", kind="machine", accepts_by_itself=False).accepts_by_itself is False
    assert m.Worker(id="p").accepts_by_itself is False
    assert m.Worker(id="p", accepts_by_itself=True).accepts_by_itself is True


def test_a_machine_of_some_channels_has_no_limit_there_and_nothing_else():
    """What most machines have: without limit on the channels named, and nothing else."""
    only = m.Capacity.only("chat", "web")
    assert (only.total, dict(only.channels), only.others) == (None, {"chat": None, "web": None}, 0)


def test_any_channel_is_as_good_as_a_well_known_one():
    """A well-known name gives the well-known channel; any other a plain one."""
    assert m.known_channel("voice") is m.VOICE
    assert m.known_channel("pigeon") == m.Channel(name="pigeon")
    assert all(name == channel.name for name, channel in m.WELL_KNOWN.items())


def test_an_actor_is_named_by_kind_and_id():
    """As it stands in the log."""
    assert str(m.SYSTEM) == "system"
    assert str(m.Actor(m.ActorKind.WORKER, "p")) == "worker:p"


def test_the_last_step_waits_for_ever():
    """A plan that leaves the customer with nobody cannot be."""
    plan = m.Plan(queue="q", steps=[FIRST, m.Step()])
    assert plan.steps == (FIRST, m.Step())
    with pytest.raises(InvalidValue, match="say who serves at last"):
        m.Plan(queue="q", steps=[FIRST])


def test_enumerations_compare_with_their_text():
    """A state or a reason is its text, and prints as such."""
    assert m.EndReason.RESOLVED == "resolved" == str(m.EndReason.RESOLVED)
    assert f"{m.WorkerState.SIGNED_OUT}" == "signed_out"


@given(values(m.Said), values(m.Said))
def test_a_summary_is_all_that_was_said(one, other):
    """A line for each, in order: where it was said, by whom, and what; it never shows itself."""
    context = m.Context((one, other))
    assert context.summary.count(one.text) >= 1
    first, second = (
        f"[{said.channel}] {said.worker or 'customer'}: {said.text}" for said in (one, other)
    )
    assert context.summary == f"{first}\n{second}"
    assert m.Context(()).summary == ""

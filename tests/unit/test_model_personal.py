"""Personal data: declared where it is defined, and hidden everywhere else because of that.

Canaries stand in every field that is declared personal; they may come out of the log, and nowhere
else: no repr, no message, no reason, no log record, no snapshot shows one.
"""

import importlib
import json
import pkgutil
import re
import traceback
from datetime import UTC, datetime
from typing import get_type_hints

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onechannel
from onechannel import commands as c
from onechannel import events as e
from onechannel import model, ports
from onechannel.codec import event_to_json, snapshot_to_json
from onechannel.delivery import CommitCycle, Failed, Letter, Order, Replay, Submission, Tidy
from onechannel.delivery.work import TakeUp
from onechannel.errors import CommandRefused, OneChannelError
from onechannel.facts import Facts
from onechannel.model.address import Address
from onechannel.model.message import Attachment
from onechannel.model.personal import DataKind, hidden, personal, personal_fields
from onechannel.stores.memory import MemoryStore
from onechannel.testing.strategies import START, Rehearsal, commands, event_data, scripts

CANARY = "canary"
ADDRESS = Address.parse(f"mailto:{CANARY}@example.com")

# Every personal field there is. One that is missing here was declared without being thought of;
# one that is missing in the code shows what it should hide.
PERSONAL = {
    "model.address.Address": {"raw", "key"},
    "model.context.Said": {"text"},
    "model.customer.Customer": {"name", "addresses"},
    "model.message.Attachment": {"name"},
    "commands.customers.RegisterCustomer": {"name", "addresses"},
    "commands.customers.LinkAddress": {"address"},
    "commands.customers.UnlinkAddress": {"address"},
    "commands.conversations.Arrive": {"address", "says"},
    "commands.conversations.Reach": {"address", "says"},
    "commands.conversations.Say": {"text", "attachments"},
    "commands.conversations.EditMessage": {"text"},
    "commands.conversations.MoveChannel": {"address"},
    "commands.serving.Suggest": {"text"},
    "commands.serving.Delegate": {"says"},
    "events.customers.CustomerRegistered": {"name", "addresses"},
    "events.customers.CustomerLinked": {"address"},
    "events.customers.CustomerUnlinked": {"address"},
    "events.interactions.InteractionArrived": {"address"},
    "events.interactions.InteractionMoved": {"address"},
    "events.interactions.MessageReceived": {"text", "attachments"},
    "events.interactions.MessageSent": {"text", "attachments"},
    "events.interactions.MessageSuggested": {"text"},
    "events.interactions.MessageEdited": {"text"},
    "ports.HolderOf": {"key"},
    "ports.LetterRow": {"id", "delivery", "conversation", "awaits", "orders", "body"},
    "ports.Batch": {"keys", "freed"},
    "ports.StoredSnapshot": {"text"},
    "delivery.inbox.Inbox": {"known", "left", "rows", "_deliveries", "_lines"},
    "delivery.overlay.Overlay": {"keys", "freed"},
    "delivery.work.Letter": {"id", "delivery", "conversation", "body"},
    "delivery.work.Replay": {"id"},
    "delivery.work.TakeUp": {"id"},
}
PACKAGES = (
    "model", "commands", "events", "ports", "facts", "routing", "identity", "journeys", "live",
    "kernel", "codec", "delivery",
)  # fmt: skip


def attrs_classes() -> dict[str, type]:
    """Every attrs class of the packages that a command goes through, by its place."""
    names = [info.name for info in pkgutil.walk_packages(onechannel.__path__, "onechannel.")]
    modules = [importlib.import_module(name) for name in names if name.split(".")[1] in PACKAGES]
    return {
        f"{module.__name__.removeprefix('onechannel.')}.{kind.__name__}": kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and attrs.has(kind) and kind.__module__ == module.__name__
    }


CLASSES = attrs_classes()


# -- what is declared -----------------------------------------------------------------------------


def test_the_personal_fields_are_these():
    """The list of what is declared personal is complete, and nothing is declared unseen."""
    declared = {place: {*personal_fields(kind)} for place, kind in CLASSES.items()}
    assert {place: names for place, names in declared.items() if names} == PERSONAL
    kinds = {kind for place in PERSONAL for kind in personal_fields(CLASSES[place]).values()}
    assert kinds == {DataKind.PERSONAL}


NAMES_AN_ADDRESS = re.compile(r"\bAddress\b")


def test_addresses_and_words_are_declared():
    """A field that can hold an address, or is named like what somebody says, is personal."""
    forgotten = [
        f"{place}.{field.name}"
        for place, kind in CLASSES.items()
        for field in attrs.fields(kind)
        if (NAMES_AN_ADDRESS.search(str(field.type)) or field.name in {"text", "says", "raw"})
        and field.name not in personal_fields(kind)
    ]
    assert forgotten == []


def test_a_declaration_says_how_much_care_is_needed():
    """From the one declaration follow the kind and the hiding."""

    @attrs.frozen
    class Patient:
        name: str = personal(subject="customer")
        illness: str = personal(subject="customer", kind=DataKind.SENSITIVE, default="none")
        ward: str = "east"

    assert personal_fields(Patient) == {"name": DataKind.PERSONAL, "illness": DataKind.SENSITIVE}
    told = repr(Patient(CANARY)).rpartition(".")[2]
    assert told == "Patient(name=<personal>, illness=<personal>, ward='east')"
    assert (hidden(None), hidden(CANARY), hidden("")) == ("None", "<personal>", "<personal>")


# -- what is shown --------------------------------------------------------------------------------


def canary_for(hint: object) -> object:
    """Something private of a type."""
    text = str(hint)
    if "bytes" in text:
        return CANARY.encode()
    if "Attachment" in text:
        return (Attachment(reference="sha256:1", name=CANARY),)
    if "frozenset" in text or "set[" in text:
        return frozenset({CANARY})
    if "tuple" in text:
        return (ADDRESS,)
    if "Address" in text:
        return ADDRESS
    return {CANARY: "c1"} if "Mapping" in text or "dict" in text else CANARY


def spoken(value):
    """The same value, with a canary in every personal field."""
    hints = get_type_hints(type(value))
    names = {*personal_fields(type(value))}
    if isinstance(value, c.Reach) and value.worker is None:
        names -= {"says"}  # nobody serves yet, so nobody says anything
    return attrs.evolve(value, **{name: canary_for(hints[name]) for name in names})


VALUES = [
    ADDRESS,
    model.Customer(id="c1"),
    model.Attachment(reference="r"),
    ports.HolderOf(""),
    ports.Batch(events=()),
    ports.StoredSnapshot(1, ""),
    ports.LetterRow(
        source="v", id="a", state=ports.LetterState.DEAD, received_at=START, changed_at=START
    ),
    Letter(source="v", id="a", awaits=ports.HolderOf(CANARY)),
    Replay(source="v", id="a"),
    TakeUp(source="v", id="a"),
    CLASSES["delivery.overlay.Overlay"](),
]


def shown(value: object) -> str:
    """All the texts that a value gives of itself."""
    return "".join(
        (repr(value), str(value), f"{value}", f"{value!r:>10}", repr([value]), ascii(value))
    )


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_no_value_shows_what_is_personal(value):
    """Neither by itself nor within another value."""
    private = value if value is ADDRESS else spoken(value)
    assert CANARY not in shown(private)
    assert "<personal>" in shown(private)


@given(commands().map(spoken))
def test_no_command_shows_what_is_personal(command):
    """Nor does the request or the submission it comes in, nor what is asked about the past."""
    request = c.Request(command, "r", START)
    asked = Rehearsal(stocked=False).kernel.needs(request, Facts())
    for value in (command, request, Submission(command, "s"), asked):
        assert CANARY not in shown(value)


@given(event_data().map(spoken))
def test_no_event_shows_what_is_personal(data):
    """Nor does its envelope, nor what stands for the past."""
    origin = e.Origin(START, START, e.Cause.COMMAND, "r", model.SYSTEM, "main")
    event = e.Event(1, origin, data)
    values = [data, event, ports.Batch(events=(event,))]
    if isinstance(data, e.InteractionArrived):
        values += [ports.Past(data, None), Facts({ports.LineOf("i"): ports.Past(data, None)})]
    if isinstance(data, e.CustomerRegistered):
        values.append(Facts({ports.CustomerKnown("c"): data}))
    for value in values:
        assert CANARY not in shown(value)


# -- what is said ---------------------------------------------------------------------------------


def told(error: BaseException) -> str:
    """All that an error gives of itself, with what it was caused by."""
    return (
        shown(error) + "".join(map(shown, error.args)) + "".join(traceback.format_exception(error))
    )


def without_personal(line: str) -> str:
    """A line of a log without the fields that may hold what is personal."""
    event = json.loads(line)
    for name in personal_fields(e.EVENT_TYPES[event["type"]]):
        del event["data"][name]
    return json.dumps(event)


@given(scripts(), st.lists(commands().map(spoken), max_size=20))
def test_canaries_stay_where_they_are_declared(script, strange):
    """Whatever is asked in whatever state: refusals, reasons, snapshots and codes are silent."""
    there = Rehearsal()
    for cue in script:
        request = there.request(cue)
        ask(there, attrs.evolve(request, command=spoken(request.command)))
    for number, command in enumerate(strange):
        there.advance(there.at)
        ask(there, c.Request(command, f"s{number}", there.at))
    assert CANARY not in repr(there.log)
    assert CANARY not in repr(there.kernel.snapshot())
    assert CANARY not in snapshot_to_json(there.kernel.snapshot())
    assert CANARY not in "".join(without_personal(event_to_json(event)) for event in there.log)


def ask(there: Rehearsal, request: c.Request) -> None:
    """Ask it, and look at what an error says."""
    error = None
    try:
        there.handle(request)
    except OneChannelError as caught:
        error = caught
    assert error is None or CANARY not in told(error)


def test_the_commit_cycle_logs_nothing_personal(caplog):
    """From a submission to the store and back, no record and no answer shows a canary."""
    caplog.set_level("DEBUG")
    cycle = CommitCycle(MemoryStore())
    register = c.RegisterCustomer(customer="c1", name=CANARY, addresses=(ADDRESS,))
    strange = c.RegisterCustomer(customer="c2", name=CANARY, addresses=(ADDRESS,))
    arrive = c.Arrive(interaction="i", channel="chat", address=ADDRESS, says=CANARY)
    words = c.Say(interaction="absent", text=CANARY)
    everything = (register, strange, arrive, arrive, words)
    chains = [[Submission(command, f"s{number}")] for number, command in enumerate(everything)]
    turnout = cycle.run(chains, lambda: datetime(2026, 1, 5, tzinfo=UTC))
    refusals = [answer.error for (answer,) in turnout.answers if hasattr(answer, "error")]
    assert len(refusals) == 3
    cycle.save_snapshot()
    assert CANARY not in caplog.text
    assert CANARY not in repr(turnout) + "".join(map(told, refusals))


def test_the_inbox_tells_nothing_personal(caplog):
    """Neither ids of vendors, bodies, nor what is waited for: only the store's rows have them."""
    caplog.set_level("DEBUG")
    store = MemoryStore()
    cycle = CommitCycle(store)
    arrive = c.Arrive(interaction="i", channel="chat", address=ADDRESS, says=CANARY)
    private = {"body": CANARY.encode(), "delivery": CANARY, "conversation": CANARY}
    letters = [
        Letter(source="a", id=CANARY, orders=[Order(arrive)], **private),
        Letter(source="b", id=CANARY, awaits=ports.HolderOf(ADDRESS.key), **private),
        Letter(source="c", id=CANARY, orders=[Order(c.Say(interaction="j", text=CANARY))]),
        Letter(source="d", id=CANARY, fault="no JSON", **private),
        Letter(source="e", id=CANARY, awaits=ports.HolderOf(f"{CANARY}\ud83d"), **private),
    ]
    work = [*letters, *letters, *(Replay(source=name, id=CANARY) for name in "abcdef"), Tidy()]
    turnouts = [cycle.run(work, lambda: START), cycle.run(work, lambda: START)]
    rows = [row for state in ports.LetterState for row in store.letters(state)]
    assert {str(row.state) for row in rows} == {"stored", "parked", "refused", "dead"}
    assert all(row.reason is None or CANARY not in row.reason for row in rows)
    assert CANARY not in caplog.text + shown(rows) + repr(turnouts) + repr(store.tallies())
    refusals = [
        one.error for turnout in turnouts for one in turnout.answers if hasattr(one, "error")
    ]
    assert refusals
    assert CANARY not in "".join(map(told, refusals))
    lines = [without_personal(event_to_json(event)) for event in store.read()]
    assert CANARY not in "".join(lines)


def test_a_failure_is_named_by_its_kind():
    """Whatever went wrong was not made to be shown."""
    assert shown(Failed(KeyError(CANARY))).count("Failed(error=KeyError)")
    assert CANARY not in shown(Failed(KeyError(CANARY)))


@pytest.mark.parametrize(
    "build",
    [
        lambda: Address.parse(f"tel:{CANARY}"),
        lambda: Address.parse(CANARY),
        lambda: Address(raw=f"{CANARY}\0", key="x:y"),
        lambda: c.Say(interaction="i", text=f"{CANARY}\0"),
        lambda: c.Say(interaction="i", text=CANARY.encode()),
        lambda: c.Arrive(interaction="i", channel="chat", says=[CANARY]),
        lambda: c.EditMessage(message="i#1", text=f"{CANARY}\0"),
        lambda: c.Suggest(assignment="i/1", text=[CANARY]),
        lambda: c.Delegate(interaction="i", worker="p", says=f"{CANARY}\0"),
        lambda: c.MoveChannel(interaction="i", channel="sms", address=CANARY),
        lambda: c.Say(interaction="i", text="", attachments=[CANARY]),
        lambda: model.Attachment(reference="r", name=f"{CANARY}\0"),
        lambda: Letter(source="v", id=f"{CANARY}\0"),
        lambda: Letter(source="v", id="a", body=CANARY),
        lambda: Letter(source="v", id="a", awaits=CANARY),
        lambda: Letter(source="v", id="a", orders=[CANARY]),
        lambda: c.RegisterCustomer(customer="c", name=f"{CANARY}\ud800"),
        lambda: model.Customer(id="c", name={CANARY}),
    ],
)
def test_what_is_refused_when_it_is_built_is_not_cited(build):
    """Not even what cannot be said is repeated."""
    with pytest.raises(OneChannelError) as caught:
        build()
    assert CANARY not in shown(caught.value) + "".join(map(shown, caught.value.args))


def test_a_refusal_cites_ids_only():
    """Whose address it is, is said by the customer's id and the number of the address."""
    there = Rehearsal(stocked=False)
    there.ask(c.RegisterCustomer(customer="c1", name=CANARY, addresses=(ADDRESS,)))
    with pytest.raises(CommandRefused) as caught:
        there.ask(c.RegisterCustomer(customer="c2", name=CANARY, addresses=(ADDRESS,)))
    assert "address 1 of customer c2 is customer c1's" in str(caught.value)
    assert CANARY not in told(caught.value)

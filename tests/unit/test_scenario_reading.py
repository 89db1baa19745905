"""Reading scenarios: whatever is wrong is said with file, line and key, before anything is played."""

# ruff: noqa: E501 - a row of a table stands on one line, however long

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onechannel import OneChannelError, SettingsInvalid
from onechannel.model.message import Attachment
from onechannel.settings import fields_of
from onechannel.simulation.scenario import play, read_scenario
from onechannel.simulation.scenario.book import Book
from onechannel.simulation.scenario.verbs import NAMED, things_in, verbs_of

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.scenario.toml"))

HEAD = """
[customers.ana]
addresses = ["tel:+34600111222"]
[workers.marc]
skills = { x = 3 }
[machines.bot]
channels = ["sms"]
[supervisors.sue]
[vendors.sms]
[story]
steps = [
    { who = "ana", does = "starts", channel = "voice", about = "x", as = "call" },
    %s
]
"""
#: The line of the step that stands in for `%s`.
LINE = 13


def refused(text: str) -> str:
    """What is said of it."""
    with pytest.raises(SettingsInvalid) as wrong:
        read_scenario(text, "x.toml")
    return str(wrong.value)


STEPS = [
    ('{ who = "ana" }', ": does is missing: a step says who does what, or what to expect"),
    ('{ does = "starts" }', ": who is missing"),
    ('{ who = "anna", does = "waits" }', ".who: nobody and nothing is called anna so far: did you mean ana?"),
    ('{ who = "ana", does = "start" }', ".does: a customer does no such thing as start: did you mean starts?"),
    ('{ who = "marc", does = "starts" }', ".does: a worker does no such thing as starts: did you mean"),
    ('{ who = "ana", does = "sees", interaction = "call" }', ".does: a customer does no such thing as sees"),
    ('{ who = "ana", does = "starts" }', ": channel is missing"),
    ('{ who = "ana", does = "starts", chanel = "sms" }', ".chanel: is not known here: did you mean channel?"),
    ('{ who = "marc", does = "accepts", interaction = "cal" }', ".interaction: nobody and nothing is called cal so far: did you mean call?"),
    ('{ who = "marc", does = "accepts", interaction = "ana" }', ".interaction: ana is a customer, and an interaction is needed"),
    ('{ who = "marc", does = "accepts", interaction = 3 }', ".interaction: must be text, not int"),
    ('{ who = "marc", does = "transfers", interaction = "call", to = "ana" }', ".to: ana is a customer, and a worker is needed"),
    ('{ who = "marc", does = "promises", whom = "ana", what = "y", due = "soon" }', ".due: must be a span of time"),
    ('{ who = "marc", does = "promises", whom = "ana", what = "y", due = 2026-01-05 09:00:00 }', ".due: is a time without a zone"),
    ('{ who = "marc", does = "promises", whom = "ana", what = "y", due = "1h", calendar = "office" }', ".calendar: no calendar is called office: there is always-open"),
    ('{ who = "marc", does = "closes", interaction = "call", reason = "bored" }', ".reason: there is no bored: "),
    ('{ who = "marc", does = "waits" }', ".does: a worker does no such thing as waits"),
    ('{ who = "ana", does = "waits", as = "rest" }', ".as: waits gives nothing that could have a name"),
    ('{ who = "ana", does = "starts", channel = "sms", as = "call" }', ".as: call is an interaction already: take another name"),
    ('{ who = "ana", does = "leaves", interaction = "call", refused = 3 }', ".refused: must be true, or words of why"),
    ('{ who = "ana", does = "starts", channel = "sms", as = "y", refused = true }', ".refused: what is refused gives nothing to be called y"),
    ('{ at = "25:00", who = "ana", does = "waits" }', ".at: no clock reads '25:00': say \"09:00\""),
    ('{ at = "09:00", after = "1m", who = "ana", does = "waits" }', ".after: says what at says: give one of the two"),
    ('{ after = "later", who = "ana", does = "waits" }', ".after: must be a span of time"),
    ('{ expect = "asigned" }', ".expect: there is no such expectation: did you mean assigned?"),
    ('{ expect = "assigned", worker = "mark" }', ".worker: nobody and nothing is called mark so far: did you mean marc?"),
    ('{ expect = "assigned", worker = "ana" }', ".worker: ana is a customer, and a worker is needed"),
    ('{ expect = "assigned", what = "y" }', ".what: is not known here: there is worker, interaction, customer"),
    ('{ expect = "assigned", within = "1m", never = "1m" }', ".within: goes with nothing else: leave never out"),
    ('{ expect = "assigned", times = -1 }', ".times: must be a whole number, 0 or more"),
    ('{ expect = "silent", worker = "bot", within = "1m" }', ".within: silent is asked as it is, without within"),
    ('{ expect = "no_anomaly", worker = "bot" }', ".worker: is not known here: there is none"),
    ('{ who = "sms", does = "takes" }', ".does: a vendor does no such thing as takes"),
    ('{ who = "centre", does = "do" }', ".does: the centre does no such thing as do: "),
    ("3", ": must be a table, not int"),
    ('{ who = "ana", does = "starts", channel = ["sms"] }', ".channel: must be text, not a list"),
    ('{ who = "ana", does = "starts", channel = "sms", priority = "high" }', ".priority: must be a whole number"),
    ('{ who = "ana", does = "links", address = {} }', ".address: must be text, not a table"),
    ('{ who = "ana", does = "requests_callback", interaction = "call", only = "yes" }', ".only: must be true or false"),
    ('{ who = "sms", does = "answers", code = 429, times = "often" }', ".times: must be a whole number"),
    ('{ after = "3000000d", who = "ana", does = "waits" }', ".after: must not be longer than a century"),
    ('{ who = "ana", does = "waits", span = "3000000d" }', ".span: must not be longer than a century"),
    ('{ who = "marc", does = "vanishes", noticed_after = 9999999999999 }', ".noticed_after: must "),
    ('{ who = "marc", does = "promises", whom = "ana", what = "y", due = "3000000d" }', ".due: must not be longer than a century"),
    ('{ expect = "asked", within = "3000000d" }', ".within: must not be longer than a century"),
    ('{ who = "bot", does = "plays", turns = [{ sings = "x" }] }', ".turns[1].sings: is not known here"),
    ('{ who = "bot", does = "plays", turns = "x" }', ".turns: must be a list, not text"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "said"), STEPS, ids=lambda part: part[:60])
def test_a_step_that_is_wrong_is_said_with_its_line(step, said):
    """File, line, key, what is wrong with it, and what would be right."""
    assert refused(HEAD % step).startswith(f"x.toml:{LINE}: story.steps[2]{said}")


WHOLE = [
    ("", ":1: story.steps is missing: nothing happens in it"),
    ("titel = 'x'", ":1: titel: is not known here: did you mean title?"),
    ("title = 3", ":1: title: must be text, not int"),
    ("zone = 'Mars'", ":1: zone: time zone Mars is unknown here"),
    ("\nstart = 'noon'", ":2: start: no clock reads 'noon'"),
    ("\nstart = 2026-07-01", ":2: start: must be text, not date"),
    ("start = 0001-01-01T00:00:00+14:00", ":1: start: the time is beyond the years 101 to 9898"),
    ("start = '9999-12-31 23:59'", ":1: start: the time is beyond the years 101 to 9898"),
    ("policy = \"a\\u0000b\"", ":1: policy: must be the name of a file beside this one"),
    ("[customers.\" ana\"]", ":1: customers.' ana': RegisterCustomer.customer must be printable"),
    ("[customers.ana]\nname = \"\\u0000\"", ":2: customers.ana.name: RegisterCustomer.name holds NUL"),
    ("[customers.ana]\naddresses = ['tel:+34600111222']\n[customers.ben]\naddresses = ['tel:+34 600 111 222']", ":4: customers.ben.addresses[1]: is an address of ana already"),
    ("[vendors.\" v\"]", ":1: vendors.' v': Destination.name must be printable"),
    ("[[crowds]]\nname = 'c'\nof = 3\nover = '1m'\nchannel = 'voice'\nstarts = '08:00'", ":6: crowds[1].starts: it is Mon 09:00:00 by then: of another day say which, \"Tue 08:00\""),
    ("[[crowds]]\nname = 'c'\nof = 3\nover = '1m'\nchannel = 'voice'\nstarts = '2025-01-01 08:00'", ":6: crowds[1].starts: time does not go back"),
    ("[[crowds]]\nname = ' c'\nof = 3\nover = '1m'\nchannel = 'voice'\nstarts = '09:00'", ":2: crowds[1].name: Crowd.name must be printable"),
    ("[[crowds]]\nname = 'c'\nof = 3\nover = '3000000d'\nchannel = 'voice'\nstarts = '09:00'", ":4: crowds[1].over: Crowd.over must not be negative, nor longer than a century"),
    ("policy = 'x.toml'", ":1: policy: names a file, and no file can be read here"),
    ("[policy]\nname = 'x'", ":1: policy: plan is missing"),
    ("webhooks = 'tripled'", ":1: webhooks: there is as-sent, doubled, repeated"),
    ("webhooks = 'late'", ":1: webhooks: what it delivers later is a step of its own"),
    ("[channels.x]\nloud = true", ":2: channels.x.loud: is not known here"),
    ("[channels.x]\nload = -1", ":2: channels.x.load: "),
    ("[queues.main]\nwrap_up = 'a while'", ":2: queues.main.wrap_up: must be a span of time"),
    ("[calendars.office]\nmonday = '9-5'", ":2: calendars.office.monday: is not known here: did you"),
    ("[calendars.office]\nmon = '9-5'", ":2: calendars.office.mon: "),
    ("[customers.ana]\naddresses = ['here']", ":2: customers.ana.addresses[1]: "),
    ("[customers.ana]\nreturns = 2", ":1: customers.ana: says when to come again, and not after"),
    ("[customers.ana]\n[workers.ana]", ":2: workers.ana: ana is a customer already: take another"),
    ("[customers.centre]", ":1: customers.centre: centre is the centre already"),
    ("[workers.marc]\nskils = {}", ":2: workers.marc.skils: is not known here: did you mean skills?"),
    ("[workers.marc]\nskills = { x = 'much' }", ":2: workers.marc.skills: "),
    ("[workers.marc]\nanswers_after = 'soon'", ":2: workers.marc.answers_after: must be a span"),
    ("[workers.marc]\nsigns_in = 'no'", ":2: workers.marc.signs_in: must be true or false"),
    ("[machines.bot]", ":1: machines.bot: channels is missing: on which it serves"),
    ("[machines.bot]\nkind = 'person'", ":2: machines.bot.kind: is that of a machine"),
    ("[machines.bot]\nchannels = []\ncapacity = {}", ":3: machines.bot.capacity: says what channels"),
    ("[machines.bot]\nchannels = ['x']\nturns = [{}]", ":3: machines.bot.turns[1]: must have one of"),
    ("[machines.bot]\nchannels = ['x']\nturns = [\n{ sings = 'x' }]", ":4: machines.bot.turns[1].sings: "),
    ("[machines.bot]\nchannels = ['x']\nturns = [{ asks = true }]", ":3: machines.bot.turns[1].asks: must be text"),
    ("[supervisors.sue]\nturns = []", ":2: supervisors.sue.turns: is not known here"),
    ("[vendors.v]\ntakes = ['message.send']", ":2: vendors.v.takes[1]: there is no event message.send: did you mean message.sent?"),
    ("[[crowds]]\nof = 3", ":1: crowds[1]: name is missing"),
    ("[[crowds]]\nname = 'c'\nof = 0\nover = '1m'\nchannel = 'voice'\nstarts = '09:00'", ":3: crowds[1].of: must be a whole number from 1 to 100,000"),
    ("[[crowds]]\nname = 'c'\nof = 3\nover = '1m'\nchannel = 'voice'", ":1: crowds[1]: starts is missing"),
    ("[story]\nscenes = []", ":2: story.scenes: is not known here: there is steps"),
    ("[story]\nsteps = 3", ":2: story.steps: must be a list, not int"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WHOLE, ids=lambda part: part[:60])
def test_a_table_that_is_wrong_is_said_with_its_line(text, said):
    """The same of everything that is not a step."""
    assert refused(text).startswith(f"x.toml{said}")


def test_a_policy_stands_in_the_file_or_beside_it():
    """As a table, or in another file whose own lines are then told."""
    story = "[story]\nsteps = [{ expect = 'no_anomaly' }]\n"
    files = {"p.toml": b"name = 'p'\nplan = { steps = [{}] }", "bad.toml": b"\nname = 3"}
    inside = read_scenario("policy = { name = 'p', plan = { steps = [{}] } }\n" + story, "x.toml")
    beside = read_scenario("policy = 'p.toml'\n" + story, "x.toml", beside=files.__getitem__)
    assert inside.policy == beside.policy
    with pytest.raises(SettingsInvalid, match=r"^bad\.toml:"):
        read_scenario("policy = 'bad.toml'\n" + story, "x.toml", beside=files.__getitem__)

    def gone(name):
        raise FileNotFoundError(2, "No such file")

    with pytest.raises(
        SettingsInvalid, match=r"x\.toml:1: policy: q\.toml cannot be read: No such"
    ):
        read_scenario("policy = 'q.toml'\n" + story, "x.toml", beside=gone)


@pytest.mark.parametrize(
    ("given", "begins"),
    [
        ("", datetime(2026, 1, 5, 9, tzinfo=UTC)),
        ("zone = 'Europe/Madrid'", datetime(2026, 1, 5, 8, tzinfo=UTC)),
        ("start = '2025-12-01 09:00'", datetime(2025, 12, 1, 9, tzinfo=UTC)),
        ("start = '08:30'", datetime(2026, 1, 5, 8, 30, tzinfo=UTC)),
        ("start = 'Tue 08:30'\nzone = 'Europe/Madrid'", datetime(2026, 1, 6, 7, 30, tzinfo=UTC)),
        (
            "start = 2026-07-01 09:00:00\nzone = 'Europe/Madrid'",
            datetime(2026, 7, 1, 7, tzinfo=UTC),
        ),
        ("start = 2026-07-01T09:00:00Z", datetime(2026, 7, 1, 9, tzinfo=UTC)),
    ],
)
def test_it_begins_when_it_says(given, begins):
    """On the first Monday by default, by a clock of its zone, or at an instant."""
    text = f"{given}\n[story]\nsteps = [{{ expect = 'no_anomaly' }}]"
    assert read_scenario(text, "x.toml").start == begins


# -- verbs ----------------------------------------------------------------------------------------


#: What is read by the usual way, and checked by the verb.
MANIFOLD = (tuple[Attachment, ...], Mapping[str, str] | None, Any)


def test_whatever_a_verb_takes_can_be_written():
    """Each argument of each verb is text, a number, a time, a thing with a name, or a table."""
    book = Book(kinds={noun.split()[-1]: kind for kind, noun in NAMED.items()})
    for kind in NAMED:
        for name, verb in verbs_of(kind).items():
            for argument, field in verb.takes.items():
                things = things_in(field.hint)
                fitting = [one for one in book.kinds.values() if issubclass(one, things or (type,))]
                assert not things or fitting, (kind, name, argument)
                assert things or book.reading(field.hint) or field.hint in MANIFOLD, (
                    name,
                    argument,
                )


def test_a_step_can_have_any_verb_that_does_something():
    """Every method of a handle that is no look-up is a verb, and what it gives can have a name."""
    every = {name for kind in NAMED for name in verbs_of(kind)}
    assert {"starts", "accepts", "says", "vanishes", "comes_back", "ignores", "waits"} <= every
    assert not {"sees", "is_customer", "part", "centre"} & every
    assert fields_of(verbs_of(next(iter(NAMED)))["starts"].method)


# -- anything else --------------------------------------------------------------------------------

TEXTS = [file.read_text("utf-8") for file in EXAMPLES]
SCRAPS = ["", " ", "\n", '"', "'", "{", "}", "[", "]", ",", "=", "0", "-1", "true", '"x"', "[story]", "who", "as", "5m"]  # fmt: skip


@settings(deadline=timedelta(seconds=20))
@given(st.sampled_from(TEXTS), st.data())
def test_no_file_is_too_much(text, data):
    """However a file is damaged, it is refused by its name, or plays to an end."""
    for _ in range(data.draw(st.integers(1, 3))):
        where = data.draw(st.integers(0, len(text)))
        length = data.draw(st.sampled_from([0, 1, 2, 5, 20, 80]))
        text = text[:where] + data.draw(st.sampled_from(SCRAPS)) + text[where + length :]
    try:
        scenario = read_scenario(text, "x.toml")
    except SettingsInvalid as wrong:
        said = str(wrong)
        assert said.startswith("x.toml"), said
        return
    if len(scenario.crowds) == 0:
        try:
            assert play(scenario).results
        except OneChannelError:
            return


LINES = [line for text in TEXTS for line in text.splitlines() if '"' in line]


@settings(deadline=timedelta(seconds=20))
@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_no_heap_of_lines_is_too_much(lines):
    """Steps of several examples in any order: refused, or played as far as it goes."""
    steps = "\n".join(line for line in lines if line.strip().startswith("{ "))
    text = TEXTS[3].partition("[story]")[0] + f"[story]\nsteps = [\n{steps}\n]"
    try:
        play(read_scenario(text, "x.toml"))
    except OneChannelError:
        return

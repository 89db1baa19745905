"""What cannot be expected: it is refused when it is said, with what would be right."""

import re

import pytest
from tests.unit.expect_story import told

from onechannel import InvalidValue
from onechannel.simulation.expecting import KINDS, STATEMENTS, Expect
from onechannel.testing import FakeCentre


@pytest.fixture(scope="module")
def story():
    """Told once: nothing that is said of it below is asked."""
    s = told()
    s.expect = Expect(s.centre)
    return s


def refused(asking, *given, **more):
    """How it is refused."""
    with pytest.raises(InvalidValue) as raised:
        asking(*given, **more)
    return str(raised.value)


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("assigned", {"worker": "mrac"}, "worker mrac is not in the log: did you mean marc?"),
        ("closed", {"interaction": "i-9"}, "interaction i-9 is not in the log: did you mean i-3?"),
        ("heard", {"customer": "ana"}, "customer ana is not in the log: there is c-1"),
        ("kept", {"promise": "x"}, "promise x is not in the log: there is p-35, p-36, p-37, p-38"),
        ("lapsed", {"journey": "j15"}, "journey j15 is not in the log: did you mean j-15?"),
        ("queued", {"queue": "mian"}, "there is no queue mian here: did you mean main?"),
        ("sent", {"channel": "emial"}, "there is no channel emial here: did you mean email?"),
        ("closed", {"channel": "fax"}, "there is no channel fax here: there is "),
        ("refused", {"verb": "escalte"}, "there is no verb escalte here: did you mean escalate?"),
        ("closed", {"reason": "abandonned"}, "EndReason must be one of resolved, abandoned, "),
        ("asked", {"role": "helps"}, "Role must be one of serves, consulted, "),
        ("queued", {"because": "boredom"}, "QueuedBecause must be one of arrival, "),
        ("arrived", {"direction": "in"}, "Direction must be one of inbound, "),
        ("sent", {"text": ""}, "sent: no words stand in every text; leave text out"),
        ("sent", {"text": 5}, "sent takes text as text, or a pattern, not int"),
        ("sent", {"text": re.compile(b"x")}, "sent: text is text, in which a pattern of bytes"),
        ("refused", {"because": 5}, "refused takes text as because, or a pattern, not int"),
        ("refused", {"verb": len}, "refused takes text as verb, or a pattern, not "),
        ("declined", {"reason": 7}, "declined takes a code as reason, or a pattern, not int"),
        ("closed", {"channel": ["web"]}, "closed takes a code as channel, or a pattern, not list"),
        ("assigned", {"worker": 7}, "assigned takes a worker there, by handle or id, not int"),
        ("kept", {"promise": b"p-1"}, "kept takes a promise there, by handle or id, not bytes"),
    ],
)  # fmt: skip
def test_what_is_mistaken_is_refused(story, kind, fields, said):
    """A slip of the pen would let `never` pass for ever: it is refused, with the right word."""
    assert refused(getattr(story.expect, kind), **fields).startswith(said)
    assert refused(story.expect.by_name, kind, **fields).startswith(said)


def test_a_handle_of_the_wrong_kind_is_refused(story):
    """Whatever it is a handle of is told, and which field would take it, if any does."""
    expect = story.expect
    assert refused(expect.assigned, story.chat) == (
        "assigned takes a worker there, and i-1 is an interaction: say interaction=..."
    )
    assert refused(expect.asked, story.ana) == (
        "asked takes a worker there, and c-1 is a customer: say customer=..."
    )
    assert refused(expect.kept, story.chat) == (
        "kept takes a promise there, and i-1 is an interaction"
    )
    assert refused(expect.silent, story.ana) == (
        "silent takes a worker there, and c-1 is a customer"
    )
    assert refused(expect.closed, story.lapsed).startswith("closed takes an interaction there, and")


def test_a_handle_of_another_centre_is_refused(story):
    """An id may mean something else there: each centre is expected of by its own."""
    other = FakeCentre()
    ana, marc = other.customer("Ana"), other.worker("marc")
    call = ana.starts("voice")
    marc.accepts(call)
    for asking, given in (
        (story.expect.assigned, {"worker": marc}),
        (story.expect.closed, {"interaction": call}),
        (story.expect.heard, {"customer": ana}),
        (story.expect.silent, {"worker": marc}),
        (story.expect.kept, {"promise": marc.promises(ana, "x", story.centre.now)}),
    ):
        assert "is of another centre: expect of each centre what happens there" in refused(
            asking, **given
        )
    said = refused(story.expect.event, "interaction.arrived", predecessor=call)
    assert said.startswith("predecessor i-1 is of another centre")


def test_unknown_names_are_refused(story):
    """Of events, of their fields, of expectations and of their fields: each with its neighbour."""
    expect = story.expect
    assert refused(expect.event, "assignment.acepted") == (
        "there is no event assignment.acepted: did you mean assignment.accepted?"
    )
    assert refused(expect.event, "interaction.closed", disposal="x") == (
        "interaction.closed has no disposal: did you mean disposition?"
    )
    assert refused(expect.event, "worker.draining", customer="c-1") == (
        "worker.draining has no customer: there is worker, until"
    )
    assert refused(expect.by_name, "asigned") == (
        "there is no expectation asigned: did you mean assigned?"
    )
    assert refused(expect.by_name, "in_ordr").endswith("did you mean in_order?")
    assert refused(expect.by_name, "assigned", wroker="marc") == (
        "assigned has no wroker: did you mean worker?"
    )
    assert refused(expect.by_name, "kept", what="x", queue="main") == (
        "kept has no queue: there is promise, what, customer, worker"
    )


def test_what_has_no_neighbour_is_told_what_there_is(story):
    """Some of it, and how many more."""
    said = refused(story.expect.event, "xyz")
    assert said.startswith("there is no event xyz: there is channel.defined, queue.defined, ")
    assert re.search(r", \w+\.\w+ and \d\d more$", said)
    assert refused(Expect(FakeCentre()).kept, "p-1").endswith("there is none yet")


def test_what_is_refused_expects_nothing(story):
    """It is not told at the end as one that nobody asked."""
    before = story.expect.unasked
    refused(story.expect.assigned, "mrac")
    refused(story.expect.event, "xyz")
    assert story.expect.unasked == before


def test_what_begins_need_not_be_there(story):
    """The one thing that may be named before it is there is what is to begin."""
    story.expect.arrived("i-99").never()
    assert "not in the log" in refused(story.expect.queued, "i-99")


def test_a_channel_may_be_known_by_name_use_or_definition():
    """Well known, defined here, or used here: any of them can be expected of."""
    centre = FakeCentre(channels=["fax"])
    centre.customer("Ana").starts("pigeon")
    expect = Expect(centre)
    for name, count in (("fax", 0), ("pigeon", 1), ("email", 0)):
        expect.arrived(channel=name).times(count)


def test_a_queue_may_be_known_by_use_or_definition():
    """A queue that was defined, or in which something stood."""
    centre = FakeCentre(queues=["second"])
    centre.customer("Ana").starts("voice", queue="second")
    expect = Expect(centre)
    expect.queued(queue="main").never()
    expect.queued(queue="second").now()


def test_nothing_said_is_anything(story):
    """A field that is None is as if it were not there, by name as well."""
    story.expect.by_name("closed", interaction=None, reason=None).times(3)
    story.expect.closed(None, reason=None).times(3)


def test_a_pattern_stands_for_any_text(story):
    """Of ids, codes and texts; of a closed set, too."""
    expect = story.expect
    expect.asked(re.compile("^(eva|lena)$")).times(4)
    expect.closed(reason=re.compile("^(aband|super)")).times(2)
    expect.heard(customer=re.compile(r"^c-\d$")).times(2)
    expect.sent(interaction=re.compile(r"^i-[23]$")).never()
    assert expect.asked(re.compile("^e")).said == (
        "something like /^e/ is asked to take an interaction"
    )
    expect.asked(re.compile("^e")).now()


def test_the_names_are_those_of_methods():
    """What a file may say is what a test may say: each name is a method of `Expect`."""
    for name in (*KINDS, *STATEMENTS):
        assert callable(getattr(Expect, name))
    assert not KINDS.keys() & STATEMENTS.keys()

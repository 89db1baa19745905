"""Playing scenarios: what a step does, when, and what becomes of it."""

# ruff: noqa: E501 - a step of a scenario stands on one line, however long

from datetime import timedelta

import pytest

from onechannel import InvalidValue, SettingsInvalid
from onechannel.codec import event_to_json
from onechannel.simulation import ExpectationFailed
from onechannel.simulation.scenario import play, read_scenario
from onechannel.stores.memory import MemoryStore

CAST = """
[customers.ana]
addresses = ["tel:+34600111222"]
[workers.marc]
skills = { x = 3 }
"""
CALL = '{ who = "ana", does = "starts", channel = "voice", about = "x", as = "call" }'


def played(*steps, cast=CAST, top="", store=None):
    """A play of these steps."""
    story = "[story]\nsteps = [\n" + ",\n".join(steps) + "\n]"
    return play(read_scenario(f"{top}\n{cast}\n{story}", "x.toml"), store)


def failures(done):
    """What is said of what is not as it should be."""
    return [str(one.failure).partition("\n")[0] for one in done.failures]


def clock(event):
    """When it happened, on a clock of UTC."""
    return event.recorded_at.strftime("%a %H:%M:%S")


# -- time -----------------------------------------------------------------------------------------


def test_a_step_comes_at_its_time_or_so_long_after_the_last():
    """`at` is a clock of the zone, `after` a span; a step without either comes at once."""
    done = played(
        CALL,
        '{ after = "5s", who = "marc", does = "accepts", interaction = "call" }',
        '{ at = "12:30", who = "marc", does = "closes", interaction = "call" }',
        '{ at = "Wed 08:00", who = "marc", does = "signs_out" }',
        top='zone = "Europe/Madrid"\nstart = "10:00"',
    )
    times = {event.type: clock(event) for event in done.centre.log}
    assert times["interaction.arrived"] == "Mon 09:00:00"
    assert times["assignment.accepted"] == "Mon 09:00:05"
    assert times["interaction.closed"] == "Mon 11:30:00"
    assert times["worker.signed_out"] == "Wed 07:00:00"


def test_a_time_that_is_over_is_not_taken_for_tomorrows():
    """A step out of order is a mistake; of another day the day is said."""
    late = '{ after = "2h", who = "ana", does = "waits" }'
    done = played(late, '{ at = "10:30", who = "ana", does = "waits" }')
    (said,) = failures(done)
    assert said.startswith("x.toml:11: story.steps[2].at: it is Mon 11:00:00 by then: of another")
    assert '"Tue 10:30"' in said
    assert not played(late, '{ at = "Tue 10:30", who = "ana", does = "waits" }').failures


def test_it_plays_until_nothing_is_due():
    """After the last step whoever has a routine goes on with it."""
    cast = CAST + 'answers_after = "5s"\nserves_for = "3m"'
    (call,) = played(CALL, cast=cast).centre.view.interactions.values()
    assert call.end_reason == "resolved"


def test_one_that_never_ends_says_so():
    """Somebody who comes again and again is no reason to hang."""
    again = '[customers.ana]\npatience = "1m"\nreturns_after = "5m"\nreturns = 1000'
    cast = CAST.replace("[customers.ana]", again)
    with pytest.raises(SettingsInvalid, match=r"x\.toml: it does not come to an end: "):
        played(CALL, cast=cast)


# -- steps ----------------------------------------------------------------------------------------


def test_what_a_step_gives_is_called_so_in_the_log():
    """Customers, workers and interactions have the file's names as their ids."""
    done = played(CALL, '{ who = "marc", does = "promises", whom = "ana", what = "y", due = "1h", as = "p" }', '{ expect = "broken", promise = "p", within = "2h" }')  # fmt: skip
    assert not done.failures
    assert list(done.centre.view.interactions) == ["call"]
    assert list(done.centre.view.customers) == ["ana"]


def test_what_comes_of_a_step_has_no_claim_to_its_name():
    """Somebody of a crowd who comes at the same moment has an id of its own."""
    cast = CAST + '[[crowds]]\nname = "c"\nof = 5\nstarts = "09:00"\nover = "0s"\nchannel = "sms"'
    done = played(CALL, cast=cast)
    assert not done.failures
    assert len(done.centre.view.interactions) == 6
    assert done.centre.view.interactions["call"].arrived.customer == "ana"


def test_a_step_that_is_refused_ends_the_play_with_its_line():
    """What comes after it would be of another story."""
    done = played(
        CALL,
        '{ who = "marc", does = "releases", interaction = "call" }',
        '{ expect = "no_anomaly" }',
    )
    assert len(done.results) == 2
    assert failures(done)[0].startswith("x.toml:11: story.steps[2]: was refused: assignment call/1")


@pytest.mark.parametrize("words", ["true", '"is pending"'])
def test_a_step_may_be_to_be_refused(words):
    """With any words, or these; it is a thing that was checked."""
    done = played(CALL, f'{{ who = "marc", does = "releases", interaction = "call", refused = {words} }}')  # fmt: skip
    assert not done.failures
    assert "refused, assignment call/1 is pending" in done.checked[0].said


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('{ who = "marc", does = "accepts", interaction = "call", refused = true }', ".refused: but it was not refused"),
        ('{ who = "marc", does = "releases", interaction = "call", refused = "late" }', ".refused: but it says: assignment"),
    ],
)  # fmt: skip
def test_what_was_to_be_refused_must_be_so(step, said):
    """Not refused, or in other words: said at its key."""
    assert f"x.toml:11: story.steps[2]{said}" in failures(played(CALL, step))[0]


def test_an_expectation_that_fails_does_not_end_the_play():
    """Each is told; what failed has its timeline."""
    done = played(
        CALL,
        '{ expect = "assigned", worker = "marc", within = "10s" }',
        '{ expect = "missed", worker = "marc", within = "30s" }',
    )
    assert [one.failure is None for one in done.checked] == [False, True]
    assert isinstance(done.failures[0].failure, ExpectationFailed)
    assert done.failures[0].line == 11


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ("", True),
        (", times = 1", True),
        (", times = 2", False),
        (", never = true", False),
        (', never = "1m"', False),
        (', within = "0s"', True),
        (', times = 1, never = "1m"', True),
    ],
)
def test_how_an_expectation_is_asked(asked, holds):
    """So far, so often, never, never for a time, within a time, so often after a time."""
    done = played(CALL, f'{{ expect = "asked", worker = "marc"{asked} }}')
    assert (not done.failures) is holds


def test_a_value_that_its_command_refuses_is_said_with_the_line():
    """What only the kernel's commands check is no traceback."""
    done = played('{ who = "ana", does = "starts", channel = "sms", says = "\\u0000" }')
    assert failures(done)[0].startswith("x.toml:10: story.steps[1]: ")


def test_nothing_is_played_into_a_log_that_is_not_empty():
    """A log is of one play."""
    store = MemoryStore()
    played(CALL, store=store)
    before = store.last_position
    with pytest.raises(InvalidValue, match="the log is not empty"):
        played(CALL, store=store)
    assert store.last_position == before


# -- the cast -------------------------------------------------------------------------------------

CROWD = """
[[crowds]]
name = "c"
of = 3
starts = "09:00"
over = "1m"
channel = "sms"
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"09:00"', '"16:00"'),
        ('"09:00"', '"Wed 08:00"'),
        ('"1m"', '"30d"'),
    ],
)
@pytest.mark.parametrize("steps", [(), (CALL,)], ids=["alone", "after a story"])
def test_all_of_a_crowd_come_however_late(old, new, steps):
    """The play does not end while somebody whom the file speaks of has yet to come."""
    done = played(*steps, cast=CAST + CROWD.replace(old, new))
    assert not done.failures
    assert len(done.centre.view.interactions) == 3 + len(steps)


def test_a_machine_may_be_given_other_turns_in_a_step():
    """`plays` takes a list of turns as the cast does; what they say is in no repr."""
    cast = CAST + '[machines.bot]\nchannels = ["sms"]\nturns = [{ answers = "old" }]'
    done = played(
        '{ who = "bot", does = "plays", turns = [{ answers = "new" }, { closes = true }] }',
        '{ who = "ana", does = "starts", channel = "sms", as = "sms" }',
        '{ expect = "sent", text = "new", within = "5s" }',
        '{ expect = "sent", text = "old", never = true }',
        cast=cast,
    )
    assert not done.failures
    assert done.results[0].said == "bot plays (answers, closes)"
    assert "new" not in repr(done.scenario)


def test_a_crowd_comes_evenly_and_always_the_same():
    """One after the other over its time; each a customer of its own, with the crowd's patience."""
    cast = (
        CAST
        + '[[crowds]]\nname = "c"\nof = 4\nstarts = "10:00"\nover = "2m"\nchannel = "voice"\nabout = "y"\npatience = "1m"'
    )
    logs = [played(CALL, cast=cast).centre for _ in range(2)]
    arrived = [clock(event) for event in logs[0].log if event.type == "interaction.arrived"]
    assert arrived == [
        "Mon 09:00:00",
        *(f"Mon {at}" for at in ("10:00:00", "10:00:30", "10:01:00", "10:01:30")),
    ]
    assert [*map(event_to_json, logs[0].log)] == [*map(event_to_json, logs[1].log)]
    ended = [one.end_reason for one in logs[0].view.interactions.values()]
    assert ended.count("abandoned") == 4


@pytest.mark.parametrize("fault", ["doubled", "repeated"])
def test_customers_may_reach_it_by_letters_that_come_twice(fault):
    """The story is the same as without; what came again is counted, and did nothing."""
    steps = (
        CALL,
        '{ after = "2s", who = "ana", does = "says", interaction = "call", text = "Hello" }',
        '{ after = "8m", who = "ana", does = "leaves", interaction = "call" }',
    )
    plain, faulty = (played(*steps, top=f'webhooks = "{name}"') for name in ("as-sent", fault))
    assert not faulty.failures
    types = [[event.type for event in one.centre.log] for one in (plain, faulty)]
    assert types[0] == types[1]
    tallies = {name: count for (_, _, name), count in faulty.centre.store.tallies().items()}
    assert tallies["received"] == tallies["stored"] + tallies["duplicate"]
    assert tallies["duplicate"] >= tallies["stored"] == 3


def test_a_letter_that_is_refused_is_a_step_that_is():
    """Whatever door it came by."""
    done = played(
        '{ who = "ana", does = "links", address = "tel:+34600999999" }',
        '{ who = "ben", does = "links", address = "tel:+34600999999", refused = "another customer" }',
        top='webhooks = "doubled"',
        cast=CAST + "[customers.ben]",
    )
    assert not done.failures


def test_a_vendor_answers_as_a_step_says():
    """A vendor that answers 429 for a while is sent to again, and gets it in the end."""
    cast = CAST + '[vendors.gateway]\nchannels = ["sms"]'
    done = played(
        '{ who = "gateway", does = "answers", code = 429, times = 2, retry_after = 30 }',
        '{ who = "marc", does = "reaches", customer = "ana", channel = "sms", says = "Hello", as = "sms" }',
        cast=cast,
    )
    assert not done.failures
    sent = done.centre.store.destinations()
    assert [one.name for one in sent] == ["gateway"]
    tallies = {name: count for (_, _, name), count in done.centre.store.tallies().items()}
    assert (tallies["made"], tallies["sent"]) == (1, 1)


def test_who_does_not_sign_in_signs_in_by_a_step():
    """Workers are there from the beginning unless the file says otherwise."""
    cast = CAST.replace("[workers.marc]", "[workers.marc]\nsigns_in = false")
    done = played(
        CALL,
        '{ expect = "asked", worker = "marc", never = "1m" }',
        '{ who = "marc", does = "signs_in" }',
        '{ expect = "asked", worker = "marc" }',
        cast=cast,
    )
    assert not done.failures


def test_a_well_known_channel_keeps_what_is_not_said():
    """A table of `voice` says only what is otherwise than usual."""
    done = played(CALL, cast=CAST + '[channels.voice]\nlease = "1h"')
    voice = done.centre.view.channel("voice")
    assert (voice.real_time, voice.lease) == (True, timedelta(hours=1))


def test_progress_is_told_after_each_step():
    """Whoever waits sees that it goes on."""
    told = []
    text = f"{CAST}\n[story]\nsteps = [{CALL}, {{ expect = 'no_anomaly' }}]"
    play(read_scenario(text, "x.toml"), progress=told.append)
    assert told == [1, 2]


def test_what_people_said_is_in_no_repr():
    """A step, a result and a scenario hide what stands in them."""
    done = played(CALL, '{ who = "ana", does = "says", interaction = "call", text = "a secret" }')
    assert "a secret" not in repr(done.scenario)
    assert "+34600111222" not in repr(done.scenario)
    assert "a secret" not in repr(done.results)
    assert "a secret" in done.results[1].said

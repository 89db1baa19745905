"""The strategies themselves: random scripts get everywhere, and try everything."""

import subprocess
import sys

import pytest

from onechannel import commands as c
from onechannel import events as e
from onechannel.model.actor import ActorKind
from onechannel.model.policy import Named
from onechannel.testing.strategies import PLANNERS, Rehearsal, seeded


@pytest.fixture(scope="module")
def long_ones() -> list[Rehearsal]:
    """Some rehearsals of scripts that follow from a seed: the same ones every time."""
    return [Rehearsal.of(seeded(number, 300)) for number in range(100, 140)]


@pytest.mark.parametrize("kind", [*e.EVENT_TYPES.values()], ids=lambda kind: kind.stored_name)
def test_scripts_get_everywhere(kind, long_ones):
    """Random scripts come to every kind of event, so that the laws above speak of all of them."""
    assert kind in {type(event.data) for done in long_ones for event in done.log}


@pytest.mark.parametrize("command", [*c.VERBS], ids=lambda command: command.__name__)
def test_scripts_try_everything(command, long_ones):
    """Every command is served now and then, and now and then refused where it can be."""
    served = {True: 0, False: 0}
    for done in long_ones:
        for asked in done.requests:
            served[asked.id in done.served] += type(asked.command) is command
    assert served[True] > 0
    # What a vendor says is refused to few, and of few.
    assert (
        served[False] > 0
        or not {ActorKind.WORKER, ActorKind.CUSTOMER} & c.VERBS[command].actors.keys()
    )


def test_the_stage_is_what_the_kernel_knows(long_ones):
    """What is chosen from is what is there: at the end of each script both know the same."""
    for done in long_ones:
        now, stage = done.kernel.snapshot(), done.stage
        assert {live.id: (live.state, live.channel) for live in now.interactions} == {
            live.id: (live.state, live.channel) for live in stage.open.values()
        }
        assert {part.id: (part.state, part.role) for part in now.assignments} == {
            part.id: (part.state, part.role) for part in stage.parts.values()
        }
        assert {one.seat.worker.id: one.state for one in now.workers} == stage.presences
        assert {one.id: one.state for one in now.promises} == {
            name: state for name, (state, _) in stage.promises.items()
        }
        assert {one.id: one.customer for one in now.journeys} == stage.journeys
        assert (now.merged, {*now.parked}) == (stage.merged, {*stage.parked})


@pytest.mark.parametrize("name", ["good", "raising", "silent", "trespassing"])
def test_every_planner_is_asked(name, long_ones):
    """Policies that plan by a callable, at fault or not, are adopted now and then."""
    adopted = [one.data.policy for done in long_ones for one in done.log if is_adoption(one)]
    assert Named(name) in [policy.plan for policy in adopted]


@pytest.mark.parametrize("name", ["allowing", "discreet", "unreachable"])
def test_every_consent_hook_is_asked(name, long_ones):
    """So are policies that ask for consent: who allows, who refuses a purpose, and who raises."""
    adopted = [one.data.policy for done in long_ones for one in done.log if is_adoption(one)]
    assert Named(name) in [policy.consent for policy in adopted]
    assert name in PLANNERS


def is_adoption(event: e.Event) -> bool:
    """Whether a policy was adopted."""
    return isinstance(event.data, e.PolicyAdopted)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("lease", {None}),
        ("dormant_after", {None}),
        ("closes_after", {None}),
        ("reply_window", {None}),
        ("public", {False}),
        ("templates", {False}),
        ("can_hold", {False}),
    ],
)
def test_channels_of_every_sort_are_defined(name, values, long_ones):
    """What a channel may have, some have."""
    found = {
        getattr(one.data.channel, name)
        for done in long_ones
        for one in done.log
        if isinstance(one.data, e.ChannelDefined)
    }
    assert found > values


def test_strategies_say_which_extra_they_need():
    """Without hypothesis the import fails with the name of the extra that brings it."""
    script = "import sys; sys.modules['hypothesis'] = None; import onechannel.testing.strategies"
    made = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert made.returncode == 1
    assert made.stderr.splitlines()[-1] == (
        "onechannel.errors.ExtraMissing: hypothesis strategies needs the extra "
        '"dev": pip install "onechannel[dev]"'
    )

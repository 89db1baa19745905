"""The kernel against a plain model, whatever happens in whatever order.

The model is `kernel_model.py`, what may happen is `kernel_machine.py`; both have parts beside them.
What the two do together is cut into five tests, so that each is well within its time limit.
"""

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.property.kernel_machine import KernelMachine
from tests.property.kernel_machine_asking import CALLABLES, ROLL, TRIALS
from tests.property.kernel_machine_both import Both

from onechannel.commands import VERBS
from onechannel.events import EVENT_TYPES
from onechannel.testing.strategies import Rehearsal, scripts, seeded

# 150,000 steps in all for each commit: interactions need some steps to get anywhere.
KernelMachine.TestCase.settings = settings(
    settings.default,
    max_examples=2 * settings.default.max_examples,
    stateful_step_count=300,
    # The machine itself tells the shortest history that fails, and sooner.
    phases=[Phase.explicit, Phase.generate],
    # A long history is the point of it.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
# A longer search has more time.
pytestmark = pytest.mark.timeout(120 * max(1, settings.default.max_examples // 50))


class TestKernelAgainstAPlainModel(KernelMachine.TestCase):
    """The kernel says and knows what the model foretells, event by event."""


class TestKernelAgainstAPlainModelAgain(KernelMachine.TestCase):
    """The kernel says and knows what the model foretells, another time."""


class TestKernelAgainstAPlainModelAThirdTime(KernelMachine.TestCase):
    """The kernel says and knows what the model foretells, a third time."""


class TestKernelAgainstAPlainModelAFourthTime(KernelMachine.TestCase):
    """The kernel says and knows what the model foretells, a fourth time."""


class TestKernelAgainstAPlainModelAFifthTime(KernelMachine.TestCase):
    """The kernel says and knows what the model foretells, a fifth time."""


class Counting(KernelMachine):
    """A machine that remembers which verbs were served and which refused."""

    def __init__(self) -> None:
        super().__init__()
        self.served: set[str] = set()
        self.refused: set[str] = set()

    def put(self, request):
        served = super().put(request)
        (self.served if served else self.refused).add(VERBS[type(request.command)].name)
        return served


def test_the_machine_gets_everywhere():
    """Every verb is served and refused, and every kind of event comes about, in 15,000 steps."""
    served, refused, kinds = set(), set(), set()
    for seed in range(50):
        random, machine = Random(seed), Counting()
        machine.stock()
        for _ in range(300):
            machine.something_happens(random.randbytes(ROLL))
        machine.teardown()
        served |= machine.served
        refused |= machine.refused
        kinds |= {event.type for event in machine.log}
    verbs = {verb.name for verb in VERBS.values()}
    assert (served, refused, kinds) == (verbs, verbs, {*EVENT_TYPES})


@given(scripts() | st.builds(seeded, st.integers(0, 2**32), st.just(300)))
def test_the_model_foretells_every_script(script):
    """Whatever a script tries, kernel and model say and know the same after every request."""
    rehearsal, both = Rehearsal(), Both(CALLABLES)
    for request in rehearsal.requests:
        both.put(request)
    for cue in script:
        request = rehearsal.request(cue)
        both.until(rehearsal.at)
        both.put(request)
        rehearsal.attempt(request)
    assert both.log == rehearsal.log


def test_every_verb_is_a_rule():
    """The machine has a rule for each command, by the name of its verb."""
    assert {verb.name for verb in VERBS.values()} - {*TRIALS} == set()

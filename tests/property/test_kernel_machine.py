"""The kernel against a plain model, whatever happens in whatever order.

The model is `kernel_model.py`, what may happen is `kernel_machine.py`.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.kernel_machine import KernelMachine

from onechannel.commands import VERBS
from onechannel.testing.strategies import Rehearsal, scripts, seeded

# Interactions need some steps to get anywhere, and most steps need something to have happened.
KernelMachine.TestCase.settings = settings(
    settings.default,
    max_examples=2 * settings.default.max_examples,
    stateful_step_count=60,
)


class TestKernelAgainstAPlainModel(KernelMachine.TestCase):
    """The kernel says and knows what the model foretells, event by event."""


@given(scripts() | st.builds(seeded, st.integers(0, 2**32), st.just(300)))
def test_the_model_foretells_every_script(script):
    """Whatever a script tries, kernel and model say and know the same after every request."""
    rehearsal, both = Rehearsal(), KernelMachine()
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
    missing = {verb.name for verb in VERBS.values()} - {*vars(KernelMachine)}
    assert missing == set()

"""Scenario files as tests: each is an item, which fails where the day is not as it should be.

Laws of this file: what is wrong in a file is said with its line, never with ours; a file that
cannot be read fails to be collected.
"""

from collections.abc import Iterable
from typing import Any

import pytest
from typing_extensions import override

from onechannel.errors import OneChannelError
from onechannel.simulation.expecting import ExpectationFailed
from onechannel.simulation.scenario import Played, Result, Scenario, play, read_scenario
from onechannel.testing._journeys import SHOWN, relative

__all__ = ["ScenarioFailed", "ScenarioFile", "ScenarioItem"]


class ScenarioFailed(ExpectationFailed):
    """Not everything in a scenario is as it says; `played` is what became of it."""

    def __init__(self, played: Played) -> None:
        *before, last = [_told(one) for one in played.failures]
        super().__init__("\n\n".join([*map(str, before), last.said]), last.timeline)
        self.played: Played = played


def _told(result: Result) -> ExpectationFailed:
    """What is wrong, below the place where it should have been right."""
    failure = result.failure
    if not isinstance(failure, ExpectationFailed):
        return ExpectationFailed(str(failure))
    place = f"{result.step.setting.file}:{result.line}: {result.said}"
    return ExpectationFailed(f"{place}\n{failure.said}", failure.timeline)


class ScenarioFile(pytest.File):
    """A scenario file, with its one item."""

    @override
    def collect(self) -> Iterable["ScenarioItem"]:
        try:
            scenario = read_scenario(
                self.path.read_bytes(), relative(self.path, self.config), beside=self._beside
            )
        except (OneChannelError, OSError) as wrong:
            raise self.CollectError(str(wrong)) from None
        yield ScenarioItem.from_parent(self, name=scenario.title, scenario=scenario)

    def _beside(self, name: str) -> bytes:
        return (self.path.parent / name).read_bytes()


class ScenarioItem(pytest.Item):
    """A scenario to be played."""

    def __init__(self, *, scenario: Scenario, **options: Any) -> None:
        super().__init__(**options)
        self.scenario = scenario

    @override
    def runtest(self) -> None:
        played = play(self.scenario)
        if played.failures:
            self.stash[SHOWN] = [played.centre]
            raise ScenarioFailed(played)

    @override
    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *rest: Any) -> Any:
        if isinstance(excinfo.value, (ScenarioFailed, OneChannelError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *rest)

    @override
    def reportinfo(self) -> tuple[Any, int, str]:
        return self.path, 0, f"scenario: {self.name}"

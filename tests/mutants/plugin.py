"""The plugin of a run with a bug: it plants the bug first, and writes down what the tests said.

Law of this file: it is given with `-p`, so that it is there before anything is collected; without
the environment variable it plants nothing.
"""

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from tests.mutants.planting import Mutant, plant

#: The bug to plant, as JSON, and the file to write to.
MUTANT = "ONECHANNEL_MUTANT"
TOLD = "ONECHANNEL_MUTANT_TOLD"

_row = os.environ.get(MUTANT)
_planter = None if _row is None else plant(Mutant(**json.loads(_row)))
_told: dict[str, Any] = {"passed": 0, "skipped": 0, "fault": None, "seconds": 0.0}


def pytest_collection() -> None:
    """Have hypothesis find what fails, and not look for the least that does."""
    phases = [Phase.explicit, Phase.generate]
    settings.register_profile("planted", settings(), phases=phases, print_blob=False)
    settings.load_profile("planted")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what a test came to: the first fault, with the phase it was in."""
    report = yield
    _told["seconds"] += call.duration
    if report.when == "call" and report.passed:
        _told["passed"] += 1
    if report.skipped:
        _told["skipped"] += 1
    if report.failed and _told["fault"] is None and call.excinfo is not None:
        value = call.excinfo.value
        _told["fault"] = {
            "test": item.nodeid,
            "phase": report.when,
            "kinds": kinds_of(value),
            "says": str(value).strip().partition("\n")[0][:200],
        }
    return report


def kinds_of(fault: BaseException) -> list[str]:
    """The class of a fault, with those it is made of."""
    parts = fault.exceptions if isinstance(fault, BaseExceptionGroup) else ()
    names = [name for part in parts for name in kinds_of(part)]
    return names or [base.__name__ for base in type(fault).__mro__]


def pytest_sessionfinish() -> None:
    """Write it down."""
    place = os.environ.get(TOLD)
    if place is not None:
        planted = _planter is not None and _planter.planted
        Path(place).write_text(json.dumps({**_told, "planted": planted}), "utf-8")

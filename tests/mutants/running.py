"""Running: a named test, in a fresh process, with a bug planted and without.

Laws of this file: caught is what the test itself says no to, within its budget, with the bug in its
place; whatever else goes wrong is no catch. The same row is run the same way every time.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import attrs
from tests.mutants.planting import Mutant, Stale, source_of, with_bug

__all__ = ["ROOT", "Result", "hunt", "judged", "run_one", "sound", "stale"]

ROOT = Path(__file__).parents[2]
#: What a process may take beside the test itself: a busy machine is no defect.
START_UP = 60.0
#: No test of a rule may take longer; one that hangs is let be a little longer than it may take.
LONGEST = 60.0
SLACK = 5.0
#: What a planted bug must not come to: that it could not be planted properly, or not run.
NO_CATCH = frozenset({"SyntaxError", "ImportError", "NameError"})


@attrs.frozen
class Result:
    """What became of a row: CAUGHT, SURVIVED, STALE, LATE or BROKEN, in so many seconds."""

    mutant: Mutant
    verdict: str
    seconds: float = 0.0
    why: str = ""

    @property
    def good(self) -> bool:
        """Whether the test is worth its name."""
        return self.verdict == "CAUGHT"


def stale(mutant: Mutant) -> str | None:
    """What in a row does not fit the library any more."""
    try:
        planted = with_bug(mutant, source_of(mutant.module).read_text("utf-8"))
        compile(planted, mutant.module, "exec", dont_inherit=True)
    except Stale as reason:
        return str(reason)
    except SyntaxError as fault:
        return f"{mutant.id}: with its bug {mutant.module} is no Python: {fault.msg}"
    return None


def run_one(mutant: Mutant) -> Result:
    """Plant the bug and run its test."""
    reason = stale(mutant)
    if reason is not None:
        return Result(mutant, "STALE", why=reason)
    begun = time.monotonic()
    told = _pytest([mutant.test], mutant.budget, mutant)
    return judged(mutant, told, time.monotonic() - begun)


def judged(mutant: Mutant, told: Mapping[str, Any], seconds: float) -> Result:
    """What a run's own words come to."""
    fault = told["fault"]
    if told["seconds"] > mutant.budget or (fault and fault["says"].startswith("Timeout (>")):
        return Result(mutant, "LATE", seconds, f"budget {mutant.budget:g} s")
    if fault is None:
        ran = told["passed"] and not told["skipped"]
        why = "" if told.get("planted") else "the test never imports what has the bug"
        return Result(mutant, "SURVIVED" if ran else "BROKEN", seconds, why or told.get("out", ""))
    why = f"{fault['kinds'][0]}: {fault['says']}"
    wrong = fault["phase"] != "call" or NO_CATCH & {*fault["kinds"]} or not told["planted"]
    return Result(mutant, "BROKEN" if wrong else "CAUGHT", seconds, why)


def sound(tests: Iterable[str]) -> str | None:
    """Run the named tests with no bug planted: None if all pass, else what was said."""
    named = sorted({*tests})
    told = _pytest(named, len(named) * 10.0, None)
    if told["fault"] is not None:
        return f"{told['fault']['test']} fails without any bug: {told['fault']['says']}"
    if told["skipped"] or told["passed"] < len(named):
        return f"not every named test was run: {told.get('out', '')}"
    return None


def hunt(
    mutants: Sequence[Mutant], jobs: int, say: Callable[[Result], None] = lambda _: None
) -> list[Result]:
    """Run all of them, so many at once; gives the results in order of the rows."""
    found: dict[str, Result] = {}
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for result in _finished(pool, mutants):
            found[result.mutant.id] = result
            say(result)
    return [found[mutant.id] for mutant in mutants]


def _finished(pool: ThreadPoolExecutor, mutants: Sequence[Mutant]) -> Iterator[Result]:
    for done in as_completed([pool.submit(run_one, mutant) for mutant in mutants]):
        yield done.result()


_OPTIONS = ("-q", "-x", "--no-header", "-p", "no:cacheprovider", "-p", "tests.mutants.plugin")
#: What hypothesis draws is the same in every run; the tests of rules are no benchmarks.
_SAME = ("--hypothesis-seed=0", "-p", "no:xdist", "--rootdir", str(ROOT))


def _pytest(tests: Sequence[str], seconds: float, mutant: Mutant | None) -> dict[str, Any]:
    """What the plugin wrote down of a run in a fresh process, whose tests take so long at most."""
    with tempfile.TemporaryDirectory(prefix="onechannel-mutant-") as place:
        told = Path(place) / "told.json"
        environment = {**os.environ, "ONECHANNEL_MUTANT_TOLD": str(told)}
        environment.pop("PYTEST_ADDOPTS", None)
        environment.pop("ONECHANNEL_HYPOTHESIS", None)
        if mutant is not None:
            environment["ONECHANNEL_MUTANT"] = json.dumps(attrs.asdict(mutant))
        limit = ("--timeout", str(min(seconds, LONGEST) + SLACK))
        command = [sys.executable, "-m", "pytest", *_OPTIONS, *_SAME, *limit, *tests]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=seconds + START_UP,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _nothing("Timeout (>) of the whole process")
        if not told.is_file():
            return _nothing(done.stdout[-400:])
        return {**json.loads(told.read_text("utf-8")), "out": done.stdout[-400:]}


def _nothing(says: str) -> dict[str, Any]:
    fault = {"test": "", "phase": "start", "kinds": ["nothing was told"], "says": says}
    return {"passed": 0, "skipped": 0, "seconds": 0.0, "planted": False, "fault": fault}

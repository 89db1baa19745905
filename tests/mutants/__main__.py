"""`python -m tests.mutants [RULE ...] [--jobs N]`: plant every bug, and see that it is caught.

Law of this file: it ends with 0 only if every bug was caught by the test that is named for it.
"""

import argparse
import sys
import time
from collections.abc import Callable

from tests.mutants.running import Result, hunt, sound
from tests.mutants.table import MUTANTS


def main() -> int:
    """Read the arguments, run, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("rules", nargs="*", help="RT-01 for all of a rule, RT-01#2 for one bug")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes at once")
    given = parser.parse_args()
    wanted = [one for one in MUTANTS if not given.rules or {one.rule, one.id} & {*given.rules}]
    if not wanted:
        _tell(f"no bug is known for {', '.join(given.rules)}")
        return 2
    begun = time.monotonic()
    wrong = sound(one.test for one in wanted)
    if wrong is not None:
        _tell(f"nothing was planted: {wrong}")
        return 2
    results = hunt(wanted, given.jobs, _progress(len(wanted)))
    for result in results:
        _tell(line(result))
    bad = [result for result in results if not result.good]
    rules = {one.rule for one in wanted}
    _tell(
        f"{len(results)} bugs of {len(rules)} rules, {len(results) - len(bad)} caught, "
        f"{len(bad)} not, in {time.monotonic() - begun:.0f} s"
    )
    return 1 if bad else 0


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _progress(total: int) -> Callable[[Result], None]:
    done: list[str] = []

    def say(result: Result) -> None:
        done.append(result.mutant.id)
        sys.stderr.write(f"{len(done)}/{total} {result.mutant.id} {result.verdict}\n")

    return say


def line(result: Result) -> str:
    """One row of the table."""
    one = result.mutant
    test = one.test.rpartition("::")[2]
    why = "" if result.good else f"  <- {result.why}"
    return f"{one.id:9} {result.verdict:8} {result.seconds:5.1f} s  {test}: {one.bug}{why}"


if __name__ == "__main__":
    sys.exit(main())

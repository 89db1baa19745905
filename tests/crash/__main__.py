"""`python -m tests.crash`: kills, stops, torn images, power cuts and failing disks, by the hundred.

Law of this file: it prints what it did, and the first thing wrong ends it with the command that
tries that round again.
"""

import argparse
import sys

from tests.crash.kills import kill_many
from tests.crash.rounds import Say
from tests.crash.stops import stop_many
from tests.crash.torn import tear_many

from onechannel.errors import OneChannelError

#: How many of each an ordinary run asks for, which takes two minutes on two cores.
COUNTS = {"kills": 500, "stops": 100, "torn": 500, "power": 1000, "disk": 300}
_SEED = 20260105


def main() -> None:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("what", nargs="?", choices=COUNTS)
    parser.add_argument("--all", action="store_true", help="all of them, in their counts")
    parser.add_argument("--count", type=int, help="how many; by default " + str(COUNTS))
    parser.add_argument("--seed", type=int, default=_SEED)
    parser.add_argument("--first", type=int, default=0, help="the round to begin with")
    parser.add_argument("--progress", action="store_true", help="a line for each round")
    asked = parser.parse_args()
    if not asked.all and asked.what is None:
        parser.error("say what to do, or --all")
    for what in COUNTS if asked.all else [asked.what]:
        say = _line if asked.progress else None
        count = asked.count or COUNTS[what]
        try:
            _line(_do(what, count, asked.seed, asked.first, say))
        except (AssertionError, OneChannelError) as fault:
            sys.exit("\n".join([f"{type(fault).__name__}: {fault}", *fault.__notes__]))


def _do(what: str, count: int, seed: int, first: int, say: Say | None) -> str:
    do = {"kills": kill_many, "stops": stop_many, "torn": tear_many}
    if what not in do:
        try:
            from tests.crash.power import cut_many, fail_many
        except ModuleNotFoundError:
            return f"{what}: not done, since apsw is not installed"
        do |= {"power": cut_many, "disk": fail_many}
    return str(do[what](count, seed, first, say))


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""`python -m tests.processes`: histories of several processes, checked for linearizability.

With `--fair`: how processes share a file that all of them ask for as much as they can.

Law of this file: it prints what it found, and what is wrong ends it with the history kept and the
command that judges it again.
"""

import argparse
import sys
from pathlib import Path

from tests.processes.fairness import share
from tests.processes.histories import judge, make_and_judge

__all__ = ["main"]

_SEED = 20260105


def main() -> None:
    """Make a history and judge it, or judge one that was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.processes", description=__doc__)
    parser.add_argument("--operations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=_SEED)
    parser.add_argument("--keep", type=Path, help="a folder to keep the history in")
    parser.add_argument("--judge", type=Path, help="a folder that holds a history")
    parser.add_argument("--fair", type=float, metavar="SECONDS", help="saturate the file so long")
    asked = parser.parse_args()
    try:
        if asked.fair is not None:
            figures = share(asked.fair)
        elif asked.judge is not None:
            figures = judge(asked.judge)
        else:
            figures = make_and_judge(asked.operations, asked.seed, asked.keep)
    except AssertionError as fault:
        notes = getattr(fault, "__notes__", [])
        sys.exit("\n".join([f"{type(fault).__name__}: {fault}", *notes]))
    sys.stdout.write(f"{figures}\n")


if __name__ == "__main__":
    main()

"""`python -m onechannel.testing.faults`: hunt, or play one world again."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence

from onechannel.testing.faults._hunt import Hunt, hunt
from onechannel.testing.faults._moves import Move, plan
from onechannel.testing.faults._play import Report, simulate
from onechannel.testing.faults._shrink import kept_from_text, kept_to_text, shrink

_PROGRAM = "python -m onechannel.testing.faults"
_Print = Callable[[str], object]


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog=_PROGRAM, description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the world, or of the first of many")
    parser.add_argument("--steps", type=int, default=400, help="how many moves a world has")
    parser.add_argument("--interactions", type=int, help="play worlds until so many have arrived")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes play worlds")
    parser.add_argument(
        "--keep", type=kept_from_text, help="the numbers of the moves to play, as 3,17-19"
    )
    parser.add_argument("--every", type=int, default=100, help="worlds between lines of progress")
    return parser


def main(arguments: Sequence[str] | None = None, say: _Print | None = None) -> int:
    """Hunt or play again; gives 1 where an invariant was broken."""
    given = _parser().parse_args(arguments)
    say = say or _say
    return _play(given, say) if given.interactions is None else _hunt(given, say)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _hunt(given: Namespace, say: _Print) -> int:
    found = Hunt()
    for found in hunt(given.seed, given.interactions, steps=given.steps, jobs=given.jobs):
        if found.worlds % given.every == 0:
            say(_so_far(found))
    say(_so_far(found))
    for name, many in sorted(found.counts.items()):
        say(f"  {many:>10,}  {name}")
    say(f"hash of all logs: {found.digest}")
    return 0 if found.broken is None else _shrunk(found.broken, say)


def _so_far(found: Hunt) -> str:
    return (
        f"{found.worlds:,} worlds, {found.interactions:,} interactions, {found.events:,} events, "
        f"{found.faults:,} faults, {0 if found.broken is None else 1} broken"
    )


def _play(given: Namespace, say: _Print) -> int:
    moves = plan(given.seed, given.steps)
    if given.keep is None:
        report = simulate(given.seed, given.steps)
    else:
        moves = tuple(move for move in moves if move.number in given.keep)
        report = simulate(given.seed, given.steps, moves)
    say(f"{report.interactions:,} interactions, {report.events:,} events, log {report.digest}")
    if report.broken is None:
        return 0
    if given.keep is None:
        return _shrunk(report, say)
    _tell(report, moves, say)
    return 1


def _shrunk(report: Report, say: _Print) -> int:
    say(f"seed {report.seed}: {report.broken}")
    say(f"replay: {_PROGRAM} --seed {report.seed} --steps {report.steps}")
    _tell(*shrink(report), say)
    return 1


def _tell(report: Report, moves: Sequence[Move], say: _Print) -> None:
    say(f"{len(moves)} of {report.steps} moves: {report.broken}")
    for move in moves:
        say(f"  {move.number:>5}  {move.kind}")
    for line in report.trail:
        say(f"  > {line}")
    keep = kept_to_text(moves)
    say(f"replay: {_PROGRAM} --seed {report.seed} --steps {report.steps} --keep {keep or 0}")


if __name__ == "__main__":
    sys.exit(main())

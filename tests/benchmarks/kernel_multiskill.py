"""The kernel with its complete event log, beside plain simulation loops that keep no log at all.

The workload: three classes of customer, two groups of workers (the first serves a and c, the second
b and c), exponential patience, five per cent more work than the workers can do. The peers' loops
are those of `../shared/bench/sim_loops.py`; where that is missing the kernel runs alone.

    python tests/benchmarks/kernel_multiskill.py            the table of ratios
    python tests/benchmarks/kernel_multiskill.py --one 100 50000 [--profile]

It prints ratios and asserts no times: machines are noisy.
"""

import argparse
import cProfile
import gc
import json
import os
import pstats
import random
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path

from onechannel import Channel, Kernel, PlanRule, Policy, Request, StepRule, Worker
from onechannel.commands import (
    AdoptPolicy,
    Arrive,
    Close,
    DefineChannel,
    DefineWorker,
    Leave,
    SignIn,
)
from onechannel.events import AssignmentAccepted, Event

MU, THETA, OVERLOAD = 1.0, 0.5, 1.05
START = datetime(2026, 1, 5, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("ONECHANNEL_SHARED") or ROOT.parent / "shared")
PEERS = SHARED / "bench" / "sim_loops.py"
ROUNDS = 3


def set_up(workers: int) -> tuple[Kernel, list[Event]]:
    """A centre whose two groups have the skills (a, c) and (b, c), and accept by themselves."""
    kernel = Kernel()
    log: list[Event] = []
    rule = PlanRule(steps=(StepRule(skill_from_about=True),))
    commands = [
        AdoptPolicy(policy=Policy(name="bench", plan=rule)),
        DefineChannel(channel=Channel(name="voice", real_time=True)),
    ]
    for number in range(workers):
        skills = {"a": 1, "c": 1} if number < workers // 2 else {"b": 1, "c": 1}
        worker = Worker(id=f"w{number}", skills=skills, accepts_by_itself=True)
        commands += [DefineWorker(worker=worker), SignIn(worker=worker.id)]
    for number, command in enumerate(commands):
        log += kernel.handle(Request(command, f"setup-{number}", START))
    return kernel, log


def run(workers: int, customers: int) -> dict[str, float]:
    """Serve that many customers; gives how many a second, the share that left, and the events."""
    kernel, log = set_up(workers)
    handle, exponential = kernel.handle, random.Random(1).expovariate
    uniform = random.Random(2).random
    rate = OVERLOAD * workers * MU
    served = bytearray(customers)
    turns: list[tuple[float, int, str, int]] = [(exponential(rate), 0, "arrives", 0)]
    counter = left = 0
    began = time.perf_counter()
    while turns:
        now, _, turn, who = heappop(turns)
        if turn == "leaves" and served[who]:
            continue
        counter += 1
        if turn == "arrives":
            about = "a" if (draw := uniform()) < 0.4 else "b" if draw < 0.8 else "c"
            command = Arrive(interaction=f"i{who}", channel="voice", about=about)
            heappush(turns, (now + exponential(THETA), counter, "leaves", who))
            if who + 1 < customers:
                heappush(turns, (now + exponential(rate), counter, "arrives", who + 1))
        elif turn == "closes":
            command = Close(interaction=f"i{who}")
        else:
            command = Leave(interaction=f"i{who}")
            left += 1
        events = handle(Request(command, f"r{counter}", START + timedelta(seconds=now)))
        log += events
        for event in events:
            if type(event.data) is AssignmentAccepted:
                who = int(event.data.interaction[1:])
                served[who] = 1
                heappush(turns, (now + exponential(MU), counter, "closes", who))
    took = time.perf_counter() - began
    return {"cps": customers / took, "ab": left / customers, "events": len(log)}


def _one(arguments: list[str]) -> dict[str, float]:
    answer = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    return json.loads(answer)


def _table(workers: int, customers: int) -> None:
    kernel = [sys.executable, __file__, "--one", str(workers), str(customers)]
    engines = {"kernel": kernel, "kernel, gc off": [*kernel, "--no-gc"]}
    if PEERS.exists():
        for peer in ("py", "pyev", "simpy"):
            engines[peer] = [
                sys.executable,
                str(PEERS),
                "multi",
                peer,
                str(workers),
                str(customers),
            ]
    else:
        print(f"{PEERS} is missing: the kernel runs alone")
    rates: dict[str, list[float]] = {name: [] for name in engines}
    shares: dict[str, float] = {}
    for _ in range(ROUNDS):  # interleaved, so that a busy machine is busy for all
        for name, arguments in engines.items():
            figures = _one(arguments)
            rates[name].append(figures["cps"])
            shares[name] = figures["ab"]
    peer_rate = statistics.median(rates["simpy"]) if "simpy" in rates else None
    print(f"\n{workers} workers, {customers:,} customers, median of {ROUNDS}")
    for name, found in rates.items():
        rate = statistics.median(found)
        ratio = "" if peer_rate is None else f"{rate / peer_rate:6.2f} x SimPy"
        print(f"  {name:<16}{rate:>10,.0f} customers/s{ratio}   left {shares[name]:.1%}")


def main() -> None:
    """The table, or one run."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--one", nargs=2, type=int, metavar=("WORKERS", "CUSTOMERS"))
    options.add_argument("--no-gc", action="store_true", help="switch garbage collection off")
    options.add_argument("--profile", action="store_true")
    given = options.parse_args()
    if given.one is None:
        for workers in (100, 1000):
            _table(workers, 50_000)
        return
    if given.no_gc:
        gc.disable()
    profile = cProfile.Profile()
    if given.profile:
        profile.enable()
    figures = run(*given.one)
    profile.disable()
    print(json.dumps(figures))
    if given.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()

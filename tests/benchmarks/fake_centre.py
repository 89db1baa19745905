"""How many faked interactions a second: arrive, accept, close, by the fake centre's handles.

    python tests/benchmarks/fake_centre.py [--interactions N] [--rounds N]

Beside it the same commands without handles (the commit cycle on a store in memory), and without the
cycle (the kernel alone, told the facts): what each layer costs. Each line is the best of the
rounds, by processor time, with Python's collector of garbage on and off.
"""

import argparse
import gc
import time
from datetime import UTC, datetime, timedelta

from onechannel import Facts, Kernel, Request
from onechannel import commands as c
from onechannel.delivery import CommitCycle, Submission
from onechannel.events import CustomerRegistered
from onechannel.model.actor import SYSTEM
from onechannel.model.worker import Worker
from onechannel.ports import CustomerKnown
from onechannel.stores.memory import MemoryStore
from onechannel.testing import FakeCentre

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
PEOPLE = 200
MARC = Worker(id="marc", skills={"billing": 4}, wrap_up=timedelta(0))


def by_handles(count):
    """With the fake as a test uses it."""
    centre = FakeCentre()
    marc = centre.worker("marc", skills={"billing": 4}, wrap_up=timedelta(0))
    people = [centre.customer(None, f"tel:+346{number:08}") for number in range(PEOPLE)]
    began = time.process_time()
    for number in range(count):
        call = people[number % PEOPLE].starts("voice", about="billing")
        marc.accepts(call)
        marc.closes(call)
    return time.process_time() - began


def prepared():
    """What comes before."""
    yield from (c.DefineWorker(worker=MARC), c.SignIn(worker="marc"))
    yield from (c.RegisterCustomer(customer=f"c-{number}") for number in range(PEOPLE))


def commands(count):
    """The same interactions as commands."""
    for number in range(count):
        name, customer = f"i-{number}", f"c-{number % PEOPLE}"
        yield c.Arrive(interaction=name, channel="voice", customer=customer, about="billing")
        yield c.Accept(assignment=f"{name}/1")
        yield c.Close(interaction=name)


def by_cycle(count):
    """One cycle for each command."""
    cycle = CommitCycle(MemoryStore())
    given = (Submission(one, f"p-{number}") for number, one in enumerate(prepared()))
    cycle.run([*given], lambda: AT)
    began = time.process_time()
    for number, command in enumerate(commands(count)):
        cycle.run((Submission(command, f"r-{number}"),), lambda: AT)
    return time.process_time() - began


def by_kernel(count):
    """The kernel alone; nothing is kept."""
    kernel, known = Kernel(), {}
    past = Facts(known, complete=True)

    def handle(number, command):
        for event in kernel.handle(Request(command, f"r-{number}", AT, "main", SYSTEM), past):
            if isinstance(event.data, CustomerRegistered):
                known[CustomerKnown(event.data.customer)] = event.data

    for number, command in enumerate(prepared()):
        handle(f"p{number}", command)
    began = time.process_time()
    for number, command in enumerate(commands(count)):
        handle(number, command)
    return time.process_time() - began


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--interactions", type=int, default=2_000)
    options.add_argument("--rounds", type=int, default=7)
    chosen = options.parse_args()
    count = chosen.interactions
    print(f"{'':34}{'collector on':>16}{'off':>16}")
    best = {}
    for _ in range(chosen.rounds):
        for ways in (by_handles, by_cycle, by_kernel):
            for collects in (True, False):
                (gc.enable if collects else gc.disable)()
                took = ways(count)
                gc.enable()
                gc.collect()
                best[ways, collects] = min(took, best.get((ways, collects), took))
    names = {
        by_handles: "handles of a fake centre",
        by_cycle: "commit cycle, store in memory",
        by_kernel: "kernel alone",
    }
    for ways, name in names.items():
        on, off = (count / best[ways, collects] for collects in (True, False))
        print(f"{name:34}{on:>14,.0f}/s{off:>14,.0f}/s")


if __name__ == "__main__":
    main()

"""Bugs in who is asked for what, and in how many are: RT-01 to RT-16.

Law of this file: each row is a bug that somebody else had, as small as it can be made here.
"""

from tests.mutants.planting import Mutant

__all__ = ["ROWS"]

_TESTS = "tests/reliability/test_rt_offers.py::test_"

ROWS = (
    Mutant(
        rule="RT-01",
        bug="who is asked stays in the line, and others are asked for the same",
        symbol="onechannel.live.evolve:_opened",
        old="step_out(state, live.id)",
        new="pass",
        test=f"{_TESTS}rt_01_of_several_accepts_exactly_one_succeeds",
    ),
    Mutant(
        rule="RT-01",
        bug="an accept is taken whatever became of the offer",
        symbol="onechannel.live.turn:_admitted",
        old="if found.state not in machine.admits[type(command)]:",
        new="if False:",
        test=f"{_TESTS}rt_01_of_several_accepts_exactly_one_succeeds",
    ),
    Mutant(
        rule="RT-01",
        bug="a process that was not first believes that it was",
        symbol="onechannel.delivery.cycle:CommitCycle._tried",
        old="isinstance(session.commit(expected, batch), Conflict)",
        new="session.commit(expected, batch) is None",
        test=f"{_TESTS}rt_01_of_several_processes_one_is_told_that_it_has_it",
    ),
    Mutant(
        rule="RT-02",
        bug="ringing has no end of its own",
        symbol="onechannel.live.deadlines:TIMERS",
        old='e.AssignmentOpened: _moved(Thing.ASSIGNMENT, ring="expires_at")',
        new="e.AssignmentOpened: _moved(Thing.ASSIGNMENT)",
        test=f"{_TESTS}rt_02_when_it_is_quiet_nobody_is_in_between",
    ),
    Mutant(
        rule="RT-02",
        bug="who is asked goes on ringing when somebody else wins",
        symbol="onechannel.kernel.serving:_assign",
        old="(mine or one.id == live.pending)",
        new="mine",
        test=f"{_TESTS}rt_02_who_is_asked_when_somebody_else_wins_is_free_at_once",
    ),
    Mutant(
        rule="RT-03",
        bug="the end lets go of the owner alone, and those in conference stay answered",
        symbol="onechannel.kernel.custody:end",
        old="parts_of(turn.state, live)",
        new="[one for one in parts_of(turn.state, live) if one.id == live.owner]",
        test=f"{_TESTS}rt_03_what_has_ended_is_shown_alive_nowhere",
    ),
    Mutant(
        rule="RT-03",
        bug="a fold goes on saying with whom it is",
        symbol="onechannel.insight.custody:Custody._closed",
        old="(self.held_by, self.owners, self.plans)",
        new="(self.owners, self.plans)",
        test=f"{_TESTS}rt_03_what_has_ended_is_shown_alive_nowhere",
    ),
    Mutant(
        rule="RT-04",
        bug="who is rung for one who has left is not told",
        symbol="onechannel.kernel.custody:part",
        old="yield e.AssignmentRescinded(assignment.id, assignment.interaction, worker)",
        new="yield from ()",
        test=f"{_TESTS}rt_04_who_leaves_at_any_instant_leaves_nobody_on_the_line",
    ),
    Mutant(
        rule="RT-08",
        bug="a process decides without what others have appended",
        symbol="onechannel.kernel.kernel:Kernel.follow",
        old="evolve(state, event)",
        new="pass",
        test=f"{_TESTS}rt_08_several_processes_lose_and_double_no_offer",
    ),
    Mutant(
        rule="RT-09",
        bug="it is given once more to who has it already",
        symbol="onechannel.kernel.serving:_assign",
        old="if owner is not None and owner.worker == command.worker:",
        new="if False:",
        test=f"{_TESTS}rt_09_every_change_of_owner_is_one_accepted_command",
    ),
    Mutant(
        rule="RT-10",
        bug="a worker redefined is still asked by what it could do before",
        symbol="onechannel.routing.index:RoutingIndex.seat",
        old="pool.seats.pop(worker.id, None)",
        new="pool.seats.get(worker.id)",
        test=f"{_TESTS}rt_10_a_decision_looks_at_what_holds_now",
    ),
    Mutant(
        rule="RT-10",
        bug="who went on a break is asked by an older view of it",
        symbol="onechannel.routing.index:RoutingIndex.touch",
        old="pool.seats.pop(worker_id, None)",
        new="pass",
        test=f"{_TESTS}rt_10_a_decision_looks_at_what_holds_now",
    ),
    Mutant(
        rule="RT-11",
        bug="what one more would add is not counted",
        symbol="onechannel.routing.capacity:Seat.fits",
        old="self.load + channel.load > capacity.total",
        new="self.load >= capacity.total",
        test=f"{_TESTS}rt_11_no_load_is_ever_above_capacity",
    ),
    Mutant(
        rule="RT-11",
        bug="the limit of a channel is off by one",
        symbol="onechannel.routing.capacity:Seat.fits",
        old="self.counts.get(name, 0) < limit",
        new="self.counts.get(name, 0) <= limit",
        test=f"{_TESTS}rt_11_no_load_is_ever_above_capacity",
    ),
    Mutant(
        rule="RT-11",
        bug="what ends is given back at another load than it was taken at",
        symbol="onechannel.routing.capacity:Seat.drop",
        old="self.load -= load",
        new="self.load -= channel.load",
        test=f"{_TESTS}rt_11_no_load_is_ever_above_capacity",
    ),
    Mutant(
        rule="RT-11",
        bug="what others have given out meanwhile is not counted",
        symbol="onechannel.live.evolve:evolve",
        old="apply(state, event)\n",
        new="apply(state, event)\n"
        "        for worker in state.workers.values():\n"
        "            worker.seat.load = 0\n"
        "            state.index.touch(worker.seat)\n",
        test=f"{_TESTS}rt_11_nor_by_several_processes_that_collide",
    ),
    Mutant(
        rule="RT-12",
        bug="of those of one instant the newest is served first",
        symbol="onechannel.live.state:stand",
        old="live.place)",
        new="-live.place)",
        test=f"{_TESTS}rt_12_the_oldest_is_next",
    ),
    Mutant(
        rule="RT-12",
        bug="priority counts backwards",
        symbol="onechannel.live.state:stand",
        old="(-plan.priority,",
        new="(plan.priority,",
        test=f"{_TESTS}rt_12_the_oldest_is_next",
    ),
    Mutant(
        rule="RT-12",
        bug="capacity that is free again is noticed by nobody who waits",
        symbol="onechannel.routing.index:RoutingIndex.touch",
        old="move_to_end(worker_id)\n                self._freed[worker_id] = seat",
        new="move_to_end(worker_id)",
        test=f"{_TESTS}rt_12_nobody_waits_for_who_is_free",
    ),
    Mutant(
        rule="RT-13",
        bug="who was given work last is asked next",
        symbol="onechannel.routing.index:RoutingIndex.touch",
        old="move_to_end(worker_id)",
        new="move_to_end(worker_id, last=False)",
        test=f"{_TESTS}rt_13_identical_workers_bear_alike",
    ),
    Mutant(
        rule="RT-16",
        bug="what is put into a line is not looked at until somebody is free again",
        symbol="onechannel.routing.index:RoutingIndex.put",
        old="self._fresh[interaction] = None",
        new="pass",
        test=f"{_TESTS}rt_16_any_insertion_leaves_the_line_moving",
    ),
    Mutant(
        rule="RT-16",
        bug="of a line only the first lane is looked at",
        symbol="onechannel.routing.index:RoutingIndex._best_for",
        old="lanes = self._profile_of[worker_id].lanes",
        new="lanes = self._profile_of[worker_id].lanes[:1]",
        test=f"{_TESTS}rt_16_any_insertion_leaves_the_line_moving",
    ),
)

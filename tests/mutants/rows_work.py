"""Bugs in what becomes of work, and of those who do it: RT-18 to RT-35.

Law of this file: each row is a bug that somebody else had, as small as it can be made here.
"""

from tests.mutants.planting import Mutant

__all__ = ["ROWS"]

_TESTS = "tests/reliability/test_rt_work.py::test_"

ROWS = (
    Mutant(
        rule="RT-18",
        bug="who was consulted does not wrap up",
        symbol="onechannel.kernel.custody:_WRAPS_UP",
        old="m.Role.CONSULTED, ",
        new="",
        test=f"{_TESTS}rt_18_nobody_is_asked_while_wrapping_up",
    ),
    Mutant(
        rule="RT-18",
        bug="the seat is free as soon as the wrap-up begins",
        symbol="onechannel.live.evolve:_wrapping",
        old="live = state",
        new="seat = state.workers[assignment.worker].seat\n"
        "    seat.drop(state.channels[assignment.channel], assignment.load)\n"
        "    state.index.touch(seat)\n"
        "    live = state",
        test=f"{_TESTS}rt_18_nobody_is_asked_while_wrapping_up",
    ),
    Mutant(
        rule="RT-19",
        bug="an attended transfer ends without a wrap-up",
        symbol="onechannel.kernel.serving:_serves_now",
        old="yield from custody.part(turn, owner)",
        new="yield e.AssignmentReleased(owner.id, owner.interaction, owner.worker)",
        test=f"{_TESTS}rt_19_every_end_of_work_is_wrapped_up",
    ),
    Mutant(
        rule="RT-19",
        bug="the end of a wrap-up is not armed again when the log is replayed",
        symbol="onechannel.live.evolve:evolve",
        old="apply(state, event)\n",
        new="apply(state, event)\n"
        "        if event.type == 'assignment.wrapping':\n"
        "            state.deadlines.clear('assignment', event.data.assignment)\n",
        test=f"{_TESTS}rt_19_every_end_of_work_is_wrapped_up",
    ),
    Mutant(
        rule="RT-20",
        bug="a command changes the state beside the log",
        symbol="onechannel.kernel.decide:_become_available",
        old="yield e.WorkerAvailable(command.worker)",
        new="turn.state.workers[command.worker].missed = 0\n"
        "    yield e.WorkerAvailable(command.worker)",
        test=f"{_TESTS}rt_20_any_two_commands_are_replayed_as_they_were",
    ),
    Mutant(
        rule="RT-20",
        bug="a view keeps the reason of a break that is over",
        symbol="onechannel.simulation.view:_presence",
        old="isinstance(data, e.WorkerUnavailable) else None",
        new="isinstance(data, e.WorkerUnavailable) else worker.reason",
        test=f"{_TESTS}rt_20_every_projection_is_a_function_of_the_log",
    ),
    Mutant(
        rule="RT-21",
        bug="a pause by the policy has no end",
        symbol="onechannel.kernel.custody:not_taken",
        old="pause.reason, until)",
        new="pause.reason, None)",
        test=f"{_TESTS}rt_21_what_is_imposed_ends_or_can_be_lifted",
    ),
    Mutant(
        rule="RT-21",
        bug="who signs in after the end of a sanction is sanctioned for ever",
        symbol="onechannel.kernel.decide:_sign_in",
        old="sanction is not None and sanction[1] > turn.now",
        new="sanction is not None",
        test=f"{_TESTS}rt_21_a_sanction_ends_wherever_its_worker_was",
    ),
    Mutant(
        rule="RT-22",
        bug="what somebody accepts has no lease",
        symbol="onechannel.kernel.serving:_accept",
        old="if found.role is m.Role.SERVES:",
        new="if False:",
        test=f"{_TESTS}rt_22_a_lost_end_frees_capacity_in_time",
    ),
    Mutant(
        rule="RT-22",
        bug="what the vendor no longer holds stays open",
        symbol="onechannel.kernel.observe:_reconcile",
        old='yield from end(turn, live, m.EndReason.FAILED, "reconciled")',
        new="yield from ()",
        test=f"{_TESTS}rt_22_a_lost_end_frees_capacity_in_time",
    ),
    Mutant(
        rule="RT-23",
        bug="what comes back into the line is as old as its coming back",
        symbol="onechannel.kernel.custody:stand_in_line",
        old="since or turn.now",
        new="turn.now",
        test=f"{_TESTS}rt_23_what_failed_keeps_its_place_and_age",
    ),
    Mutant(
        rule="RT-25",
        bug="a missed ring takes the place of the break that a worker chose",
        symbol="onechannel.kernel.custody:not_taken",
        old="if state.workers[found.worker].state is m.WorkerState.AVAILABLE:",
        new="if state.workers[found.worker].state is not m.WorkerState.SIGNED_OUT:",
        test=f"{_TESTS}rt_25_only_a_command_or_its_timer_changes_presence",
    ),
    Mutant(
        rule="RT-25",
        bug="a definition sets the presence back",
        symbol="onechannel.live.evolve:_worker_defined",
        old="if known is None:",
        new="if True:",
        test=f"{_TESTS}rt_25_only_a_command_or_its_timer_changes_presence",
    ),
    Mutant(
        rule="RT-25",
        bug="the end of an earlier break ends the later one",
        symbol="onechannel.live.deadlines:Deadlines.apply",
        old="if self.armed:",
        new="if self.armed and timers.thing != Thing.WORKER:",
        test=f"{_TESTS}rt_25_the_latest_command_wins",
    ),
    Mutant(
        rule="RT-26",
        bug="who transferred keeps its part, and the access with it",
        symbol="onechannel.kernel.custody:queue_again",
        old="yield from part(turn, assignment)",
        new="yield from ()",
        test=f"{_TESTS}rt_26_a_transfer_to_where_nobody_is_free_waits_there_with_its_age",
    ),
    Mutant(
        rule="RT-26",
        bug="a transfer begins the wait anew",
        symbol="onechannel.kernel.serving:_transfer",
        old='"since": live.since',
        new='"since": None',
        test=f"{_TESTS}rt_26_a_transfer_to_where_nobody_is_free_waits_there_with_its_age",
    ),
    Mutant(
        rule="RT-27",
        bug="who declines a transfer is asked again, and nobody else",
        symbol="onechannel.kernel.custody:not_taken",
        old="found.worker in step.requirement.workers",
        new="not step.requirement.workers",
        test=f"{_TESTS}rt_27_a_transfer_that_nobody_takes_comes_back",
    ),
    Mutant(
        rule="RT-27",
        bug="the worker lets go before the queue has it",
        symbol="onechannel.kernel.custody:queue_again",
        old="    yield from stand_in_line(turn, live.id, planned, because, **more)\n"
        "    for assignment in parts:\n"
        "        yield from part(turn, assignment)\n",
        new="    for assignment in parts:\n"
        "        yield from part(turn, assignment)\n"
        "    yield from stand_in_line(turn, live.id, planned, because, **more)\n",
        test=f"{_TESTS}rt_27_nobody_lets_go_before_somebody_has_it",
    ),
    Mutant(
        rule="RT-28",
        bug="a wrap-up that has not begun can be extended",
        symbol="onechannel.kernel.serving:_extend_wrap_up",
        old="found = turn.assignment(command.assignment, command)\n"
        "    until = turn.state.deadlines.at(Alarm.WRAP_UP, found.id) + command.duration",
        new="found = turn.state.assignments[command.assignment]\n"
        "    until = turn.now + command.duration",
        test=f"{_TESTS}rt_28_every_command_in_every_state_works_or_changes_nothing",
    ),
    Mutant(
        rule="RT-28",
        bug="what is called back is retried in whatever state it is",
        symbol="onechannel.live.turn:Turn.interaction",
        old="return _admitted(machines.INTERACTION, live, command)",
        new="return live",
        test=f"{_TESTS}rt_28_every_command_in_every_state_works_or_changes_nothing",
    ),
    Mutant(
        rule="RT-31",
        bug="a machine that assists speaks to the customer",
        symbol="onechannel.model.assignment:SPEAKING",
        old="Role.BARGES",
        new="Role.BARGES, Role.ASSISTS",
        test=f"{_TESTS}rt_31_after_a_hand_off_no_machine_speaks",
    ),
    Mutant(
        rule="RT-31",
        bug="a machine that has handed over keeps its part",
        symbol="onechannel.kernel.custody:queue_again",
        old="for assignment in parts:",
        new="for assignment in parts if because is not m.QueuedBecause.ESCALATION else []:",
        test=f"{_TESTS}rt_31_after_a_hand_off_no_machine_speaks",
    ),
    Mutant(
        rule="RT-32",
        bug="the end is taken to have been when it was heard",
        symbol="onechannel.kernel.kernel:Kernel.handle",
        old="origin = Origin(now, claimed_at,",
        new="origin = Origin(now, now,",
        test=f"{_TESTS}rt_32_a_late_word_of_the_end_says_when_it_was",
    ),
    Mutant(
        rule="RT-32",
        bug="who leaves a conference is released twice",
        symbol="onechannel.kernel.decide:_wrap_up_over",
        old="yield e.AssignmentReleased(found.id, found.interaction, found.worker)",
        new="until = turn.now + turn.state.policy.ring_for\n"
        "    yield e.AssignmentWrapping(found.id, found.interaction, found.worker, until)",
        test=f"{_TESTS}rt_32_every_part_ends_once_and_at_its_time",
    ),
    Mutant(
        rule="RT-33",
        bug="who serves by our last word goes on serving, whatever the vendor says",
        symbol="onechannel.kernel.observe:_as_they_say",
        old="elif worker != served_by:",
        new="elif served_by is None:",
        test=f"{_TESTS}rt_33_after_any_loss_we_stand_where_they_stand",
    ),
    Mutant(
        rule="RT-33",
        bug="whom nobody serves at the vendor's is served here for ever",
        symbol="onechannel.kernel.observe:_as_they_say",
        old="yield from _let_go(turn, live.owner)",
        new="yield from ()",
        test=f"{_TESTS}rt_33_after_any_loss_we_stand_where_they_stand",
    ),
    Mutant(
        rule="RT-35",
        bug="what a channel is comes from the release and not from the log",
        symbol="onechannel.live.evolve:_channel_defined",
        old="state.channels[data.channel.name] = data.channel",
        new="state.channels[data.channel.name] = m.known_channel(data.channel.name)",
        test=f"{_TESTS}rt_35_an_old_log_decides_alike_in_a_new_release",
    ),
    Mutant(
        rule="RT-35",
        bug="what nobody adopted is whatever the release has",
        symbol="onechannel.kernel.decide:_adopt_policy",
        old=" or not turn.state.adopted",
        new="",
        test=f"{_TESTS}rt_35_the_built_in_policy_stands_in_the_log",
    ),
)

"""Bugs in time: TM.

Law of this file: each row is a bug that somebody else had, as small as it can be made here.
"""

from tests.mutants.planting import Mutant

__all__ = ["ROWS"]

_TESTS = "tests/reliability/test_tm.py::test_"

ROWS = (
    Mutant(
        rule="TM-01",
        bug="hours are those of winter all year round",
        symbol="onechannel.model.calendar:Calendar.is_open",
        old="offset_at(self.zone, instant)",
        new="offset_at(self.zone, instant.replace(month=1, day=1))",
        test=f"{_TESTS}tm_01_open_is_what_the_wall_clock_shows",
    ),
    Mutant(
        rule="TM-01",
        bug="it is still open at the minute of closing",
        symbol="onechannel.model.calendar:Calendar.is_open",
        old="opens <= since < closes",
        new="opens <= since <= closes",
        test=f"{_TESTS}tm_01_open_is_what_the_wall_clock_shows",
    ),
    Mutant(
        rule="TM-02",
        bug="what begins out of hours is counted from then on",
        symbol="onechannel.model.calendar:Calendar.due",
        old="return opens + left",
        new="return max(since, start) + left",
        test=f"{_TESTS}tm_02_exactly_the_budget_has_passed_when_it_is_due",
    ),
    Mutant(
        rule="TM-02",
        bug="of every span only the last is taken off",
        symbol="onechannel.model.calendar:Calendar.due",
        old="left -= closes - opens",
        new="left -= min(closes - opens, _DAY / 4)",
        test=f"{_TESTS}tm_02_exactly_the_budget_has_passed_when_it_is_due",
    ),
    Mutant(
        rule="TM-05",
        bug="a restart from a snapshot forgets what was armed",
        symbol="onechannel.live.snapshot:restore",
        old="state.deadlines.arm(armed.alarm, armed.subject, armed.at, armed.order)",
        new="pass",
        test=f"{_TESTS}tm_05_every_timer_fires_once_after_a_crash",
    ),
    Mutant(
        rule="TM-05",
        bug="what is due within the second is fired",
        symbol="onechannel.kernel.kernel:Kernel.advance",
        old="and first[0] <= now:",
        new="and (first[0] - now).total_seconds() < 1:",
        test=f"{_TESTS}tm_05_every_timer_fires_once_after_a_crash",
    ),
    Mutant(
        rule="TM-05",
        bug="what is put off for a time stays so for ever",
        symbol="onechannel.live.deadlines:TIMERS",
        old='_moved(Thing.PROMISE, resume="until")',
        new="_moved(Thing.PROMISE)",
        test=f"{_TESTS}tm_05_every_timer_fires_once_after_a_crash",
    ),
)

"""Playing: a scenario on a virtual centre.

Laws of this file: a step is what a test would say of a handle; what it gives is known by its name;
an expectation that fails does not end the play, a step that cannot be done does. The same file
makes the same log.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

import attrs

from onechannel import commands as c
from onechannel.delivery import Failed, Letter, Order, Refused
from onechannel.errors import CommandRefused, InvalidValue, OneChannelError, SettingsInvalid
from onechannel.events import Event
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.model.address import Address
from onechannel.model.ids import InteractionId
from onechannel.model.personal import personal
from onechannel.ports import EventStore, LetterState
from onechannel.simulation.centre import VirtualCentre
from onechannel.simulation.clockwork import clock_reading
from onechannel.simulation.expecting import Expect, ExpectationFailed
from onechannel.simulation.handles import CustomerHandle, SupervisorHandle, WorkerHandle
from onechannel.simulation.outside import VirtualVendor, WebhookFault, again, postings
from onechannel.simulation.scenario.book import moment_of
from onechannel.simulation.scenario.values import (
    Check,
    Clock,
    Crowd,
    Name,
    Scenario,
    Step,
    WorkerRole,
)
from onechannel.simulation.scripts import Patience

__all__ = ["Played", "Result", "play"]

_AT_ONCE: Final = timedelta(0)


@attrs.frozen
class Result:
    """What became of a step: `said` in words; `failure` says why it is not as it should be."""

    step: Step | Check
    said: str = personal(subject="customer")
    failure: ExpectationFailed | SettingsInvalid | None = None

    @property
    def line(self) -> int:
        """The line of the file."""
        return self.step.setting.line


@attrs.frozen
class Played:
    """A scenario that was played: on which centre, and what became of each step."""

    scenario: Scenario
    centre: VirtualCentre
    results: tuple[Result, ...]

    @property
    def failures(self) -> tuple[Result, ...]:
        """What is not as it should be."""
        return tuple(one for one in self.results if one.failure is not None)

    @property
    def checked(self) -> tuple[Result, ...]:
        """What was expected, as it was or not; that something is refused, too."""
        return tuple(one for one in self.results if isinstance(one.step, Check) or one.step.refused)


def play(
    scenario: Scenario,
    store: EventStore | None = None,
    *,
    progress: Callable[[int], object] | None = None,
) -> Played:
    """Play a scenario from beginning to end, on a store that is empty, or in memory.

    `progress` is told after each step of how many are done.
    """
    play = _Play(scenario, store)
    play.open()
    for number, step in enumerate(scenario.steps, start=1):
        if not play.take(step):
            break
        if progress is not None:
            progress(number)
    else:
        play.end()
    return Played(scenario, play.centre, tuple(play.results))


class _Play:
    """A play under way."""

    def __init__(self, scenario: Scenario, store: EventStore | None) -> None:
        self.scenario = scenario
        if store is not None and store.last_position:
            raise InvalidValue(
                f"the log is not empty, it has {store.last_position} events: play into another"
            )
        self.centre = _Stage(
            store, start=scenario.start, zone=scenario.zone, fault=scenario.webhooks
        )
        self.expect = Expect(self.centre)
        self.things: dict[str, Any] = {"centre": self.centre}
        self.results: list[Result] = []
        self._last_of_crowds = scenario.start

    # -- the cast ---------------------------------------------------------------------------------

    def open(self) -> None:
        """Define what there is, and let the workers sign in."""
        scenario, centre = self.scenario, self.centre
        for channel in scenario.channels:
            centre.do(c.DefineChannel(channel=channel))
        for calendar in scenario.calendars:
            centre.calendar(calendar)
        for queue in scenario.queues:
            centre.do(c.DefineQueue(queue=queue))
        if scenario.policy is not None:
            centre.adopts_policy(scenario.policy)
        for worker in scenario.workers:
            self._hire(worker)
        for one in scenario.customers:
            known = tuple(Address.parse(address) for address in one.addresses)
            centre.do(c.RegisterCustomer(customer=one.name, name=one.called, addresses=known))
            customer = self.things[one.name] = CustomerHandle(centre, one.name)
            _be_patient(customer, one.patience)
        for vendor in scenario.vendors:
            fake = self.things[vendor.name] = VirtualVendor(centre)
            fake.takes(*vendor.takes, channels=vendor.channels, name=vendor.name)
        for crowd in scenario.crowds:
            self._expect_crowd(crowd)

    def _hire(self, role: WorkerRole) -> None:
        kind = SupervisorHandle if role.supervises else WorkerHandle
        handle = self.things[role.worker.id] = kind(self.centre, role.worker.id)
        self.centre.do(c.DefineWorker(worker=role.worker))
        if role.turns:
            handle.plays(*role.turns)
        if role.routine is not None:
            self.centre.cast.routines[role.worker.id] = role.routine
        if role.signs_in:
            handle.signs_in()

    def _expect_crowd(self, crowd: Crowd) -> None:
        """Put on the agenda who comes when."""
        now, zone = self.centre.now, self.centre.zone
        begins = moment_of(crowd.setting.table["starts"], crowd.starts, now, zone)
        for number in range(crowd.of):
            name = f"{crowd.name} {number + 1}"
            moment = begins + crowd.over * number / crowd.of
            self.centre.later(moment, partial(self._come, crowd, name))
            self._last_of_crowds = max(self._last_of_crowds, moment)

    def _come(self, crowd: Crowd, name: str) -> None:
        customer = self.centre.customer(name)
        _be_patient(customer, crowd.patience)
        try:
            customer.starts(crowd.channel, about=crowd.about, says=crowd.says)
        except OneChannelError as wrong:
            raise crowd.setting.wrong(str(wrong)) from None

    def end(self) -> None:
        """Let time pass until all have come, and nothing is due any more."""
        self.centre.advance_to(self._last_of_crowds)
        try:
            self.centre.run_until_idle()
        except SettingsInvalid:
            raise
        except InvalidValue as wrong:
            raise SettingsInvalid(
                f"{self.scenario.file}: it does not come to an end: {wrong}"
            ) from None

    # -- the steps --------------------------------------------------------------------------------

    def take(self, step: Step | Check) -> bool:
        """Take a step; whether the play goes on."""
        try:
            self._pass_to(step)
            said = self._checked(step) if isinstance(step, Check) else self._done(step)
        except ExpectationFailed as failure:
            self.results.append(Result(step, step_said(step), failure))
            return isinstance(step, Check)
        except SettingsInvalid as wrong:
            self.results.append(Result(step, step_said(step), wrong))
            return False
        except OneChannelError as wrong:
            self.results.append(Result(step, step_said(step), step.setting.wrong(str(wrong))))
            return False
        self.results.append(Result(step, said))
        return True

    def _pass_to(self, step: Step | Check) -> None:
        centre = self.centre
        if step.after is not None:
            centre.advance(step.after)
        if step.at is None:
            return
        centre.advance_to(moment_of(step.setting.table["at"], step.at, centre.now, centre.zone))

    def _done(self, step: Step) -> str:
        given = {name: self._real(value) for name, value in step.given.items()}
        self.centre.calls_it = step.gives
        try:
            found = getattr(self.things[step.who], step.does)(*step.turns, **given)
        except CommandRefused as refused:
            if not step.refused:
                raise step.setting.wrong(f"was refused: {refused}") from None
            if isinstance(step.refused, str) and step.refused not in str(refused):
                raise step.setting.table["refused"].wrong(f"but it says: {refused}") from None
            return f"{step_said(step)}: refused, {refused}"
        finally:
            self.centre.calls_it = None
        if step.refused:
            raise step.setting.table["refused"].wrong("but it was not refused")
        if step.gives is not None:
            self.things[step.gives] = found
        return step_said(step)

    def _checked(self, check: Check) -> str:
        given = {name: self._real(value) for name, value in check.given.items()}
        if check.expects == "silent":
            self.expect.silent(**given)
        elif check.expects == "no_anomaly":
            self.expect.no_anomaly()
        else:
            expectation = self.expect.by_name(check.expects, **given)
            if check.within is not None:
                expectation.within(check.within)
            elif check.times is not None:
                expectation.times(check.times, _span(check.never))
            elif check.never is not None:
                expectation.never(_span(check.never))
            else:
                expectation.now()
        return step_said(check)

    def _real(self, value: Any) -> Any:
        """A handle for its name, an instant for a clock's reading; anything else is as it is."""
        if isinstance(value, Name):
            return self.things[value.name]
        if isinstance(value, Clock):
            return clock_reading(value.reading, self.centre.now, self.centre.zone)
        return value


def _span(never: timedelta | bool | None) -> timedelta | None:
    return never if isinstance(never, timedelta) else None


def _be_patient(customer: CustomerHandle, patience: Patience | None) -> None:
    if patience is not None:
        customer.centre.cast.patience[customer.id] = patience


def step_said(step: Step | Check) -> str:
    """A step in words."""
    given = ", ".join(f"{name} {_told(value)}" for name, value in step.given.items())
    if isinstance(step, Step) and step.turns:
        given = ", ".join(one.kind for one in step.turns)
    of = f" ({given})" if given else ""
    if isinstance(step, Step):
        return f"{step.who} {step.does}{of}"
    return f"expect {step.expects}{of}{_how(step)}"


def _how(check: Check) -> str:
    """How it is asked."""
    said = f" within {check.within}" if check.within is not None else ""
    if check.times is not None:
        said = f" {check.times} times"
    elif check.never is not None:
        said = " never"
    span = _span(check.never)
    return said if span is None else f"{said} for {span}"


def _told(value: Any) -> str:
    return value.name if isinstance(value, Name) else str(value)


class _Stage(VirtualCentre):
    """The centre of a play, which its customers reach as a vendor of that fault delivers them.

    What comes a second time comes later, when time passes. An interaction is known by what the
    file calls it.
    """

    def __init__(self, store: EventStore | None, *, fault: WebhookFault, **options: Any) -> None:
        self._fault, self._letters = fault, 0
        self.calls_it: str | None = None
        super().__init__(store, **options)

    def next_interaction(self) -> InteractionId:
        """What the file calls it, if it does."""
        return self.calls_it or super().next_interaction()

    def do(self, command: c.Command, actor: Actor = SYSTEM, **options: Any) -> tuple[Event, ...]:
        self.calls_it = None  # it is for what this begins, and not for what comes of it
        if actor.kind is not ActorKind.CUSTOMER or self._fault is WebhookFault.AS_SENT:
            return super().do(command, actor, **options)
        self._letters += 1
        letter = Letter(
            source="customers",
            id=f"letter-{self._letters}",
            delivery=f"delivery-{self._letters}",
            orders=(Order(command, actor),),
        )
        first, *others = postings([letter], self._fault)
        for one in others:
            self.later(one.after, partial(self.receive, again(letter, one.copy)))
        turnout = self.work(again(letter, first.copy))
        answer = turnout.answers[0]
        if isinstance(answer, (Refused, Failed)):
            raise answer.error
        if getattr(answer, "state", None) is LetterState.REFUSED:
            row = self.store.letters(LetterState.REFUSED)[-1]
            raise CommandRefused(row.reason or "refused")
        return turnout.events

"""Where the work goes, and who else comes in, in the plain model of a centre.

Laws of this file: as in `kernel_model.py`, of which it is a part; the customer is always with
somebody, or in a line.
"""

from types import SimpleNamespace

from tests.property.kernel_model_lines import (
    ANY,
    EVERYBODY,
    MACHINES,
    NO_TIME,
    PEOPLE,
    Step,
    after,
    first_asking,
)

from onechannel import commands as c
from onechannel.model.channel import known_channel


class Serving:
    """The part of the model that hands work from one to the other."""

    def is_machine(self, name) -> bool:
        return self.workers[name].definition.kind == "machine"

    def takes_part(self, live, name) -> bool:
        return any(part.worker == name for part in self.parts_of(live))

    # -- who else comes in ------------------------------------------------------------------------

    def join(self, command: c.Join) -> None:
        worker = self.present(command.worker)
        # A machine asks for a part of its own, in what another serves.
        self.may = "any"
        live = self.ours(command.interaction, "engaged")
        self.require((command.role == "assists") == self.is_machine(command.worker))
        self.require(not self.takes_part(live, command.worker))
        self.asked(live, worker, command.role.value, "joined", at_once=True)

    def people_of(self, live, command) -> tuple:
        """The plan that asks whom a command names: a department has machines, too."""
        kinds = PEOPLE if command.department is None else EVERYBODY
        return self.plan_again(live, kinds, command.queue, command.department)

    def consult(self, command: c.Consult) -> None:
        live = self.ours(command.interaction, "engaged")
        if command.worker is not None:
            self.require(command.worker in self.workers)
            self.require(not self.takes_part(live, command.worker))
            steps, faulty = [Step(workers=frozenset({command.worker}))], False
        else:
            plan = self.people_of(live, command)
            steps, faulty = plan.steps, plan.faulty
        able = [worker for step in steps for worker in self.able(live.channel, step)]
        able = [one for one in able if not self.takes_part(live, one.definition.id)]
        self.require(able)
        if faulty:
            self.tell("policy.faulted", interaction=live.id, policy=self.policy.name, fault=ANY)
        self.asked(live, able[0], "consulted", "consulted")

    def delegate(self, command: c.Delegate) -> None:
        live = self.ours(command.interaction, "engaged")
        about = command.about or live.about
        kinds = PEOPLE if command.department is None else EVERYBODY
        queue = command.queue or live.queue
        plan = self.plan(about, live.priority, queue, kinds, command.department)
        if command.worker is not None:
            self.require(command.worker in self.workers)
            plan = plan._replace(steps=[Step(workers=frozenset({command.worker}))])
        live.delegated += 1
        channel = self.policy.side_channel
        side = SimpleNamespace(
            id=f"{live.id}>{live.delegated}", channel=channel,
            customer=self.known_as(live.customer),
            address=None, about=about, priority=live.priority, predecessor=None,
            direction="internal", parent=live.id, consent=None,
        )  # fmt: skip
        if channel not in self.channels:
            self.define(known_channel(channel))
        self.arrived(side, live.journey, None)
        closes_at = after(self.now, command.returns_after)
        self.stand_in_line(side, plan, "arrival", closes_at=closes_at)
        if command.says is not None:
            self.received(side, channel, None, command.says, ())

    # -- where it goes ----------------------------------------------------------------------------

    def escalate(self, command: c.Escalate) -> None:
        live = self.ours(command.interaction, "engaged")
        self.require(self.is_machine(self.keeper(live)))
        plan = self.plan_again(live, PEOPLE)
        self.queue_again(live, plan, "escalation", reason=command.reason)

    def hand_back(self, command: c.HandBack) -> None:
        live = self.ours(command.interaction, "engaged")
        self.require(not self.is_machine(self.keeper(live)))
        plan = self.plan_again(live, MACHINES)
        self.require(any(self.able(live.channel, step) for step in plan.steps))
        self.queue_again(live, plan, "hand-back", reason=command.reason)

    def transfer(self, command: c.Transfer) -> None:
        live = self.ours(command.interaction, "waiting", "engaged", "dormant", "suspended")
        had = self.keeper(live)
        back = self.plan_again(live, self.goes_on_with(had))
        if had is not None:
            back = first_asking(back, had, self.policy.keeper_first)
        plan = self.people_of(live, command)
        if command.worker is not None:
            self.require(command.worker in self.workers)
            self.require(not self.takes_part(live, command.worker))
            target = Step(workers=frozenset({command.worker}))
            self.require(command.returns_after or self.able(live.channel, target))
            plan = first_asking(back, command.worker, command.returns_after or NO_TIME)
        elif command.returns_after is not None:
            plan = plan._replace(steps=[*within(plan.steps, command.returns_after), *back.steps])
        self.queue_again(live, plan, "transfer", since=live.since, reason=command.reason)

    def assign(self, command: c.Assign) -> None:
        live = self.ours(command.interaction, "waiting", "engaged", "dormant", "suspended")
        worker = self.present(command.worker)
        owner = self.parts[live.owner] if live.owner else None
        self.require(owner is None or owner.worker != command.worker)
        taking_part = None
        for part in self.parts_of(live):
            mine = part.worker == command.worker
            if part.state == "pending" and (mine or part.id == live.pending):
                self.lets_go(part)
            elif mine:
                taking_part = part
        if taking_part is not None:
            self.becomes(live, taking_part, "serves")
            return
        self.asked(live, worker, "serves", f"assigned by {self.actor}", at_once=True)
        if owner is not None:
            self.lets_go(owner)

    # -- the end ----------------------------------------------------------------------------------

    def close(self, command: c.Close) -> None:
        live = self.live(command.interaction)
        self.over(live, command.reason.value, command.disposition)

    def leave(self, command: c.Leave) -> None:
        live = self.live(command.interaction)
        waits = live.state == "waiting"
        inbound = live.direction == "inbound"
        if waits and live.callback is not None:
            return
        if live.state == "engaged":
            self.over(live, "resolved", "left")
        elif waits and inbound and self.channels[live.channel].real_time:
            self.over(live, "abandoned")
        else:
            self.over(live, "withdrawn")

    def over(self, live, reason, disposition=None) -> None:
        """It has ended, everybody lets go, and a callback is kept or is not to be."""
        parts, place_until = self.parts_of(live), self.place_until(live, reason)
        self.tell(
            "interaction.closed", interaction=live.id, reason=reason, disposition=disposition,
            place_until=place_until, journey=live.journey, channel=live.channel,
            said=len(live.said),
        )  # fmt: skip
        del self.open[live.id]
        since = live.since
        self.moved_on(live, "closed")
        self.leaves_journey(live)
        if place_until is not None:
            self.places[live.id] = SimpleNamespace(
                id=live.id, channel=live.channel, since=since, customer=live.customer,
                address=live.address, queue=live.queue,
            )  # fmt: skip
            self.arm("place", live.id, place_until)
        self.all_let_go(parts, live.plan is not None)
        if live.callback:
            self.called_back(live, reason, disposition)
        if reason != "superseded":
            for side in [one for one in self.open.values() if one.parent == live.id]:
                if side.id in self.open:
                    self.over(side, "withdrawn", "parent-closed")

    def called_back(self, live, reason, disposition) -> None:
        """The promise is kept, or need not be; or it is ours to break."""
        promise = self.promises.get(live.callback.promise)
        if promise is not None and reason == "resolved":
            self.promise_over(promise, "kept", evidence=live.id)
        elif promise is not None and (
            disposition == "unreached" or reason not in {"expired", "failed"}
        ):
            self.promise_over(promise, "withdrawn", reason=disposition or reason)

    def place_until(self, live, reason):
        """Until when somebody who abandoned may come back to the same place."""
        known = live.customer is not None or live.address is not None
        if reason != "abandoned" or live.plan is None or not known:
            return None
        return after(self.now, self.queues[live.queue].place_kept)

    def fire_place(self, name) -> None:
        self.tell("interaction.place_lost", interaction=name)
        del self.places[name]

    def fire_close(self, name) -> None:
        self.over(self.open[name], "expired")


def within(steps, span) -> list[Step]:
    """The steps that are begun within that time, of which the last is over with it."""
    kept = []
    for step in steps:
        if step.lasts is None or step.lasts >= span:
            return [*kept, step._replace(lasts=span)]
        kept.append(step)
        span -= step.lasts
    return kept

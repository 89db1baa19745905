"""What is tried by whoever serves or supervises.

Law of this file: one rule for every verb, by its name.
"""

from tests.property.kernel_machine_asking import (
    ABOUT,
    DEPARTMENTS,
    QUEUES,
    SPANS,
    WORKERS,
    Choosing,
    interaction,
    part,
    some,
    trial,
)
from tests.property.kernel_model_lines import Step
from tests.property.kernel_model_parts import BECOMES

from onechannel import commands as c

ENDS = ("resolved", "resolved", "withdrawn", "rejected", "failed", "expired")


class ServingRules(Choosing):
    """Rules for parts, and for where the work goes."""

    # -- a worker's part --------------------------------------------------------------------------

    def of_part(self, dice, kind, *states, role=None, **more) -> None:
        name = self.part(dice, *states, role=role)
        self.ask(kind(assignment=name, **more), self.by(dice, name, customer=False))

    @trial(part("pending"))
    def accept(self, dice) -> None:
        self.of_part(dice, c.Accept, "pending")

    @trial(part("pending"))
    def answer_the_bell(self, dice) -> None:
        """Most of what rings is taken."""
        self.ask(c.Accept(assignment=self.part(dice, "pending")))

    @trial(part("pending"))
    def decline(self, dice) -> None:
        self.of_part(dice, c.Decline, "pending", reason=dice.one([None, "lunch"]))

    def holdable(self) -> list[str]:
        """Who could put the customer on hold."""
        parts, channels = self.model.parts.values(), self.model.channels
        return [one.id for one in parts if one.state == "active" and channels[one.channel].can_hold]

    @trial(lambda self: self.holdable())
    def hold(self, dice) -> None:
        name = self.choose(dice, self.holdable(), self.model.parts)
        self.ask(c.Hold(assignment=name), self.by(dice, name, customer=False))

    @trial(part("held"))
    def resume(self, dice) -> None:
        self.of_part(dice, c.Resume, "held")

    @trial(part("active", "held", "wrapping"))
    def release(self, dice) -> None:
        leaving = [one.id for one in self.model.parts.values() if one.state == "wrapping"]
        leaving += [one.id for one in self.others() if dice.rarely(3)]
        name = self.choose(dice, leaving, self.model.parts)
        self.ask(c.Release(assignment=name), self.by(dice, name, customer=False))

    @trial(part("wrapping"))
    def extend_wrap_up(self, dice) -> None:
        self.of_part(dice, c.ExtendWrapUp, "wrapping", duration=dice.one(SPANS))

    def others(self) -> list:
        """Everybody who takes part and does not serve."""
        taking = {"active", "held"}
        parts = self.model.parts.values()
        return [one for one in parts if one.state in taking and one.role != "serves"]

    @trial(lambda self: self.others())
    def change_role(self, dice) -> None:
        name = self.choose(dice, [one.id for one in self.others()], self.model.parts)
        known = self.model.parts.get(name)
        role = self.choose(dice, sorted(BECOMES[known.role]) if known else (), BECOMES)
        role = role if role in BECOMES else "serves"
        command = c.ChangeRole(assignment=name, role=role)
        self.ask(command, self.by(dice, name, customer=False))

    @trial(lambda self: self.others())
    def suggest(self, dice) -> None:
        name = self.choose(dice, [one.id for one in self.others()], self.model.parts)
        command = c.Suggest(assignment=name, text="ask for the date")
        self.ask(command, self.by(dice, name, customer=False))

    # -- who else comes in ------------------------------------------------------------------------

    @trial(interaction("engaged"))
    def join(self, dice) -> None:
        name, worker = self.interaction(dice, "engaged"), dice.one(WORKERS)
        known = self.model.workers.get(worker)
        fits = ["assists"] if known and known.definition.kind == "machine" else ["listens"]
        role = dice.one([*fits, *fits, *fits, "listens", "whispers", "barges", "assists"])
        self.ask(c.Join(interaction=name, worker=worker, role=role), self.asker(dice, worker))

    def whom(self, dice) -> dict:
        """A worker, a queue or a department."""
        which = dice.below(4)
        if which == 0:
            return {"queue": dice.one(QUEUES)}
        if which == 1:
            return {"department": dice.one(DEPARTMENTS)}
        return {"worker": self.worker(dice, "available", "unavailable")}

    @trial(interaction("engaged"))
    def bring_in(self, dice) -> None:
        """A worker who has room is asked for advice, and gives it."""
        model, name = self.model, dice.one(self.in_state("engaged"))
        live = model.open[name]
        able = [one.definition.id for one in model.able(live.channel, Step())]
        fitting = [one for one in able if not model.takes_part(live, one)]
        self.ask(c.Consult(interaction=name, worker=self.choose(dice, fitting, WORKERS)))
        part = f"{name}/{live.opened}"
        if part in model.parts and model.parts[part].state == "pending" and not dice.rarely(4):
            self.ask(c.Accept(assignment=part))

    @trial(interaction("engaged"))
    def come_in(self, dice) -> None:
        """Somebody who is there listens, or assists."""
        name, workers = dice.one(self.in_state("engaged")), self.model.workers
        there = [one for one, known in workers.items() if known.state == "available"]
        worker = self.choose(dice, there, WORKERS)
        machine = worker in workers and self.model.is_machine(worker)
        role = "assists" if machine else dice.one(["listens", "whispers", "barges"])
        self.ask(c.Join(interaction=name, worker=worker, role=role))

    @trial(interaction("engaged"))
    def consult(self, dice) -> None:
        name = self.interaction(dice, "engaged")
        self.ask(c.Consult(interaction=name, **self.whom(dice)), self.by(dice, name))

    @trial(lambda self: interaction("engaged")(self) and len(self.model.open) < 16)
    def delegate(self, dice) -> None:
        name = self.interaction(dice, "engaged")
        command = c.Delegate(
            interaction=name,
            about=dice.one(ABOUT),
            says=dice.maybe(["what is this?"], 2),
            returns_after=dice.maybe(SPANS, 2),
            **self.whom(dice),
        )
        self.ask(command, self.by(dice, name))

    # -- where it goes ----------------------------------------------------------------------------

    def served_by(self, machine: bool) -> list[str]:
        """What a machine serves, or what somebody else does."""
        model = self.model
        engaged = self.in_state("engaged")
        return [
            one for one in engaged if model.is_machine(model.keeper(model.open[one])) is machine
        ]

    @trial(interaction("engaged"))
    def escalate(self, dice) -> None:
        name = self.choose(dice, self.served_by(machine=True), self.in_state("engaged"))
        command = c.Escalate(interaction=name, reason=dice.one([None, "complex"]))
        self.ask(command, self.by(dice, name))

    @trial(interaction("engaged"))
    def hand_back(self, dice) -> None:
        name = self.choose(dice, self.served_by(machine=False), self.in_state("engaged"))
        command = c.HandBack(interaction=name, reason=dice.one([None, "simple"]))
        self.ask(command, self.by(dice, name, customer=False))

    @trial(some("open"))
    def transfer(self, dice) -> None:
        states = ["waiting", "dormant", "suspended"] if dice.rarely(2) else ["engaged"]
        name = self.interaction(dice, *states)
        where = self.whom(dice) if not dice.rarely() else {}
        span, reason = dice.maybe(SPANS, 2), dice.one([None, "elsewhere"])
        command = c.Transfer(interaction=name, returns_after=span, reason=reason, **where)
        self.ask(command, self.by(dice, name, customer=False))

    @trial(some("open"))
    def assign(self, dice) -> None:
        name = self.interaction(dice)
        command = c.Assign(interaction=name, worker=dice.one(WORKERS))
        self.ask(command, self.asker(dice))

    # -- to wait, and to end ----------------------------------------------------------------------

    def asleep(self) -> list[str]:
        """What could sleep."""
        return [
            name
            for name in self.in_state("engaged")
            if not self.model.channels[self.model.open[name].channel].real_time
        ]

    @trial(lambda self: self.asleep())
    def sleep(self, dice) -> None:
        name = self.choose(dice, self.asleep(), self.model.open)
        self.ask(c.Sleep(interaction=name), self.by(dice, name))

    @trial(interaction("waiting", "engaged", "dormant"))
    def suspend(self, dice) -> None:
        states = ["engaged"] if dice.below(3) else ["waiting", "dormant"]
        name = self.interaction(dice, *states)
        due = self.now + dice.one(SPANS) * (-1 if dice.rarely() else 1)
        command = c.Suspend(interaction=name, party="bank", reason="checks", due=due)
        self.ask(command, self.by(dice, name))

    @trial(interaction("dormant", "suspended"))
    def reactivate(self, dice) -> None:
        name = self.interaction(dice, "dormant", "suspended")
        self.ask(c.Reactivate(interaction=name), self.by(dice, name))

    @trial(some("open"))
    def close(self, dice) -> None:
        name = self.interaction(dice, *(["engaged"] if dice.below(2) else []), ours=None)
        command = c.Close(
            interaction=name, reason=dice.one(ENDS), disposition=dice.one([None, "done"])
        )
        self.ask(command, self.by(dice, name))

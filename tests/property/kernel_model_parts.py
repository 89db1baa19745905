"""Who has a part: assignments from being asked to the end, in the plain model of a centre.

Laws of this file: as in `kernel_model.py`, of which it is a part; whoever took part wraps up,
whatever path ended the work.
"""

from types import SimpleNamespace

from tests.property.kernel_model_lines import NO_TIME

from onechannel import commands as c

SUPERVISES = {"listens", "whispers", "barges"}
WRAPS_UP = {"serves", "consulted", "conferenced"}
# What a part may become, beside what it is.
BECOMES = {
    "serves": set(),
    "consulted": {"conferenced", "serves"},
    "conferenced": {"serves"},
    "assists": {"serves"},
    **{role: {*SUPERVISES, "serves"} for role in SUPERVISES},
}


class Parts:
    """The part of the model that knows who takes part in what."""

    def parts_of(self, live) -> list[SimpleNamespace]:
        """Who is asked, who serves, then everybody else as they came."""
        names = [live.pending, live.owner, *live.others]
        return [self.parts[name] for name in names if name is not None]

    def keeper(self, live) -> str | None:
        """The worker who has it, or had it before it was put aside."""
        return self.parts[live.owner].worker if live.owner else live.keeper

    def tell_of(self, part, what, **more) -> None:
        ids = {"assignment": part.id, "interaction": part.interaction, "worker": part.worker}
        self.tell(f"assignment.{what}", **ids, **more)

    # -- to take a part ---------------------------------------------------------------------------

    def asked(self, live, worker, role, reason, at_once=False) -> SimpleNamespace:
        """A worker is asked, and has the part at once where it accepts by itself."""
        at_once = at_once or worker.definition.accepts_by_itself
        rings_until = None if at_once else self.now + self.policy.ring_for
        part = self.opened(live, worker, role, rings_until, reason)
        if at_once:
            self.accepted(part)
        return part

    def opened(self, live, worker, role, expires_at, reason) -> SimpleNamespace:
        live.opened += 1
        part = SimpleNamespace(
            id=f"{live.id}/{live.opened}", interaction=live.id, worker=worker.definition.id,
            role=role, state="pending", channel=live.channel, queue=live.queue,
            load=self.channels[live.channel].load,
        )  # fmt: skip
        self.tell_of(part, "opened", expires_at=expires_at, role=role, reason=reason)
        self.parts[part.id] = worker.parts[part.id] = part
        worker.idle_since = self.position
        if role == "serves":
            live.pending = part.id
        else:
            live.others.append(part.id)
        self.arm("ring", part.id, expires_at)
        return part

    def accepted(self, part) -> None:
        self.tell_of(part, "accepted")
        part.state = "active"
        self.disarm(part.id, "ring")
        worker = self.workers[part.worker]
        worker.declined = worker.missed = 0
        if part.role == "serves":
            live = self.open[part.interaction]
            self.owned(live, part)
            self.leased(live)

    def owned(self, live, part) -> None:
        """The customer is that worker's from here on."""
        if live.state != "engaged":
            self.moved_on(live, "engaged")
        live.owner = part.id
        if live.pending == part.id:
            live.pending = None
        if part.id in live.others:
            live.others.remove(part.id)
        if live.plan is None:
            live.queue = None

    def leased(self, live) -> None:
        """It is known to be going on."""
        channel = self.channels[live.channel]
        if channel.lease is not None and channel.real_time and live.plan is not None:
            until = self.now + channel.lease
            self.tell("interaction.leased", interaction=live.id, until=until)
            self.arm("lease", live.id, until)

    # -- to let go of it --------------------------------------------------------------------------

    def lets_go(self, part, ours=True) -> None:
        """Its worker has the part no longer: it wraps up where that is due, else it is free."""
        if part.state == "pending":
            self.ended(part, "rescinded")
            return
        wrap_up = self.workers[part.worker].definition.wrap_up
        if wrap_up is None:
            wrap_up = self.queues[part.queue].wrap_up if part.queue else NO_TIME
        if wrap_up == NO_TIME or not ours or part.role not in WRAPS_UP:
            self.ended(part, "released")
        else:
            self.wraps_up(part, self.now + wrap_up)

    def all_let_go(self, parts, ours=True) -> None:
        for part in parts:
            self.lets_go(part, ours)

    def wraps_up(self, part, until) -> None:
        self.tell_of(part, "wrapping", until=until)
        part.state = "wrapping"
        self.forgotten(part)
        self.arm("wrap-up", part.id, until)

    def forgotten(self, part) -> SimpleNamespace | None:
        live = self.open.get(part.interaction)
        if live is not None and part.id in live.others:
            live.others.remove(part.id)
        return live

    def ended(self, part, what, **more) -> None:
        """The worker bears it no longer."""
        self.tell_of(part, what, **more)
        worker = self.workers[part.worker]
        del self.parts[part.id], worker.parts[part.id]
        worker.idle_since = self.position
        self.disarm(part.id, "ring", "wrap-up")
        live = self.forgotten(part)
        if live is not None and live.pending == part.id:
            live.pending = None
        if live is not None and live.owner == part.id:
            live.owner, live.state = None, "waiting"

    def not_taken(self, part, pause, times) -> None:
        """A step that names workers is over when one of them does not take it."""
        live = self.open[part.interaction]
        if part.role == "serves" and live.state == "waiting" and self.names(live, part.worker):
            self.next_step(live)
        worker = self.workers[part.worker]
        if pause is not None and times >= pause.after and worker.state == "available":
            self.pause(worker, pause.reason, pause.duration)

    def names(self, live, worker) -> bool:
        """Whether a step that is not the last asks for that worker by name."""
        step = live.plan.steps[live.step]
        return live.step < len(live.plan.steps) - 1 and worker in step.workers

    def fire_ring(self, name) -> None:
        part = self.parts[name]
        worker = self.workers[part.worker]
        self.ended(part, "expired")
        worker.missed += 1
        self.not_taken(part, self.policy.after_expiry, worker.missed)

    def fire_wrap_up(self, name) -> None:
        self.ended(self.parts[name], "released")

    # -- what is asked of a part ------------------------------------------------------------------

    def accept(self, command: c.Accept) -> None:
        self.accepted(self.part(command.assignment, "pending"))

    def decline(self, command: c.Decline) -> None:
        part = self.part(command.assignment, "pending")
        worker = self.workers[part.worker]
        self.ended(part, "declined", reason=command.reason)
        worker.declined += 1
        self.not_taken(part, self.policy.after_decline, worker.declined)

    def hold(self, command: c.Hold) -> None:
        part = self.part(command.assignment, "active")
        self.require(self.channels[part.channel].can_hold)
        self.tell_of(part, "held")
        part.state = "held"

    def resume(self, command: c.Resume) -> None:
        part = self.part(command.assignment, "held")
        self.tell_of(part, "resumed")
        part.state = "active"

    def release(self, command: c.Release) -> None:
        part = self.part(command.assignment, "active", "held", "wrapping")
        if part.state != "wrapping":
            self.require(part.role != "serves")
            self.lets_go(part)
            return
        forced = part.queue is not None and self.queues[part.queue].wrap_up_forced
        self.require(not (forced and self.works))
        self.ended(part, "released")

    def extend_wrap_up(self, command: c.ExtendWrapUp) -> None:
        part = self.part(command.assignment, "wrapping")
        self.wraps_up(part, self.deadlines["wrap-up", part.id][0] + command.duration)

    def suggest(self, command: c.Suggest) -> None:
        part = self.part(command.assignment, "active")
        self.require(part.role in {"consulted", "whispers", "assists"})
        self.tell(
            "message.suggested", interaction=part.interaction, assignment=part.id,
            worker=part.worker, text=command.text,
        )  # fmt: skip

    def change_role(self, command: c.ChangeRole) -> None:
        part = self.part(command.assignment, "active", "held")
        live = self.open[part.interaction]
        self.require(live.plan is not None)
        self.require(command.role in BECOMES[part.role] - {part.role})
        self.becomes(live, part, command.role)

    def becomes(self, live, part, role) -> None:
        """Its part is another; if it serves now, whoever served lets go."""
        owner = self.parts[live.owner]
        self.tell_of(part, "role_changed", role=role)
        part.role, part.state = role, "active"
        if part.role == "serves":
            self.owned(live, part)
            self.leased(live)
            self.lets_go(owner)

"""Who is there: presence, leaving and sanctions, in the plain model of a centre.

Laws of this file: as in `kernel_model.py`, of which it is a part; who drains finishes what it has,
and is gone with the last of it.
"""

from types import SimpleNamespace

from tests.property.kernel_model_lines import after

from onechannel import commands as c
from onechannel.model.worker import Worker


class Workers:
    """The part of the model that knows who works, and whether they take new work."""

    def define_worker(self, command: c.DefineWorker) -> None:
        known = self.workers.get(command.worker.id)
        if known is None or known.definition != command.worker:
            self.employ(command.worker)

    def employ(self, definition: Worker) -> None:
        self.tell("worker.defined", worker=definition.id, definition=definition)
        if definition.id not in self.workers:
            self.workers[definition.id] = SimpleNamespace(
                state="signed_out", reason=None, sanction=None, idle_since=self.position,
                parts={}, declined=0, missed=0,
            )  # fmt: skip
        self.workers[definition.id].definition = definition

    # -- presence ---------------------------------------------------------------------------------

    def presence(self, worker, state, says=None, **more) -> None:
        """It is there, or not, from now on; nothing is due by what was before."""
        name = worker.definition.id
        self.tell(f"worker.{says or state}", worker=name, **more)
        worker.state, worker.reason = state, more.get("reason")
        if state in {"available", "unavailable"} and says is None:
            lasts = more.get("sanction", False)
            worker.sanction = (more["reason"], more["until"]) if lasts else None
        if state == "available":
            worker.idle_since = self.position
        self.disarm(name, "pause", "return")

    def pause(self, worker, reason, duration, sanction=False) -> None:
        until = after(self.now, duration)
        self.presence(worker, "unavailable", reason=reason, until=until, sanction=sanction)
        self.arm("pause", worker.definition.id, until)

    def drains(self, worker, until) -> None:
        self.presence(worker, "draining", until=until)
        self.arm("return", worker.definition.id, until)

    def worker(self, name, *states) -> SimpleNamespace:
        """The worker of that name, in one of these states, if one may for it."""
        self.require(name in self.workers and self.may_as(name))
        self.require(not states or self.workers[name].state in states)
        return self.workers[name]

    def present(self, name) -> SimpleNamespace:
        return self.worker(name, "available", "unavailable")

    def sign_in(self, command: c.SignIn) -> None:
        worker = self.worker(command.worker, "signed_out", "draining")
        self.presence(worker, "available", says="signed_in")
        if worker.sanction is not None and worker.sanction[1] > self.now:
            reason, until = worker.sanction
            self.pause(worker, reason, until - self.now, sanction=True)

    def sign_out(self, command: c.SignOut) -> None:
        worker = self.worker(command.worker, "available", "unavailable", "draining")
        self.leaves(worker, self.now + self.policy.return_after)
        if self.is_machine(command.worker):
            # It is down, and finishes nothing.
            self.gives_back(worker)

    def drain(self, command: c.Drain) -> None:
        self.leaves(self.worker(command.worker, "available", "unavailable"), None)

    def leaves(self, worker, until) -> None:
        """Gone, unless there is work to finish; nobody asks it any more."""
        held = [*worker.parts.values()]
        if all(part.state == "pending" for part in held):
            self.presence(worker, "signed_out")
        else:
            self.drains(worker, until)
        for part in held:
            if part.state == "pending":
                self.ended(part, "rescinded")
        for live in self.line():
            named = live.plan.steps[live.step].workers
            if self.names(live, worker.definition.id) and self.gone(named):
                self.next_step(live)

    def become_available(self, command: c.BecomeAvailable) -> None:
        worker = self.worker(command.worker, "unavailable")
        self.require(not self.sanctioned(worker) or self.manages)
        self.presence(worker, "available")

    def become_unavailable(self, command: c.BecomeUnavailable) -> None:
        worker = self.worker(command.worker, "available", "unavailable")
        self.require(not self.sanctioned(worker) or self.manages)
        self.pause(worker, command.reason, command.duration)
        if self.is_machine(command.worker):
            self.gives_back(worker)

    def sanction(self, command: c.Sanction) -> None:
        worker = self.worker(command.worker, "available", "unavailable")
        self.pause(worker, command.reason, command.duration, sanction=True)

    def sanctioned(self, worker) -> bool:
        return worker.sanction is not None and worker.sanction[1] > self.now

    @property
    def manages(self) -> bool:
        """Whether who asks is a supervisor or the system itself."""
        return self.actor.kind in {"supervisor", "system"}

    def fire_pause(self, name) -> None:
        self.presence(self.workers[name], "available")

    def fire_return(self, name) -> None:
        """What is asynchronous goes back to its queue; what is real-time is finished."""
        self.drains(self.workers[name], None)
        self.gives_back(self.workers[name], real_time=False)

    def gives_back(self, worker, real_time=True) -> None:
        """What it serves goes back to its queue and place, unless somebody else routes it."""
        for part in [*worker.parts.values()]:
            live = self.open.get(part.interaction)
            serves = live is not None and live.owner == part.id and live.plan is not None
            if serves and (real_time or not self.channels[part.channel].real_time):
                plan = self.plan_again(live, self.goes_on_with(part.worker))
                self.queue_again(live, plan, "signed-out", since=live.since)

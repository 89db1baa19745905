"""What somebody else decided, as the plain model of a centre takes it in.

Laws of this file: as in `kernel_model.py`, of which it is a part; nothing here asks a policy.
"""

from types import SimpleNamespace

from tests.property.kernel_model_lines import ANY

from onechannel import commands as c
from onechannel.model.channel import known_channel
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker


class Theirs:
    """The part of the model that is told what a vendor did."""

    def observe_arrival(self, command: c.ObserveArrival) -> None:
        name = self.new_id(command.interaction)
        if command.channel not in self.channels:
            self.define(known_channel(command.channel))
        if command.customer is not None and command.customer not in self.customers:
            self.known(command.customer)
        customer, about = self.known_as(command.customer), command.about
        channel, priority = command.channel, command.priority
        wanted = self.wanted(name, channel, customer, None, about, priority, None)
        self.arrived(wanted, None, None)

    def foreign(self, command, *states) -> SimpleNamespace | None:
        """The interaction, if it is theirs and in such a state; else an anomaly."""
        live = self.open.get(command.interaction)
        if live is not None and live.plan is None and live.state in states:
            return live
        return self.anomaly(command)

    def anomaly(self, command) -> None:
        self.strange(command.interaction, c.VERBS[type(command)].name)

    def strange(self, name, verb) -> None:
        self.tell("anomaly.observed", interaction=name, verb=verb, reason=ANY, details=ANY)

    def released(self, owner) -> None:
        if owner is not None:
            self.ended(self.parts[owner], "released")

    def observe_queued(self, command: c.ObserveQueued) -> None:
        if (live := self.foreign(command, "waiting", "engaged")) is None:
            return
        queue = self.queues.get(command.queue)
        if queue is not None and queue.router == "ours":
            self.anomaly(command)
            return
        if queue is None:
            self.define(Queue(name=command.queue, router="theirs"))
        nobody = dict.fromkeys(("plan", "step", "expires_at", "policy", "reason", "closes_at"))
        self.tell(
            "interaction.queued", interaction=live.id, queue=command.queue, because="observed",
            since=self.claimed, **nobody,
        )  # fmt: skip
        owner, live.owner = live.owner, None
        live.state, live.queue, live.since = "waiting", command.queue, self.claimed
        self.released(owner)

    def observe_dequeued(self, command: c.ObserveDequeued) -> None:
        live = self.foreign(command, "waiting")
        if live is not None and live.queue is None:
            self.anomaly(command)
        elif live is not None:
            self.tell("interaction.dequeued", interaction=live.id)
            live.queue = None

    def observe_accepted(self, command: c.ObserveAccepted) -> None:
        if (live := self.foreign(command, "waiting", "engaged")) is None:
            return
        if live.owner is not None and self.parts[live.owner].worker == command.worker:
            self.anomaly(command)
        else:
            self.taken(live, command.worker, command.kind)

    def taken(self, live, worker, kind="person") -> None:
        """Another worker serves it now."""
        owner = live.owner
        if worker not in self.workers:
            self.employ(Worker(id=worker, kind=kind))
        self.accepted(self.opened(live, self.workers[worker], "serves", None, "observed"))
        self.released(owner)

    def observe_released(self, command: c.ObserveReleased) -> None:
        live = self.foreign(command, "engaged")
        if live is not None and self.parts[live.owner].worker != command.worker:
            self.anomaly(command)
        elif live is not None:
            self.released(live.owner)

    def observe_closed(self, command: c.ObserveClosed) -> None:
        if (live := self.foreign(command, "waiting", "engaged")) is not None:
            self.over(live, command.reason.value, command.disposition)

    def observe_anomaly(self, command: c.ObserveAnomaly) -> None:
        self.strange(command.interaction, command.verb)

    def would_be_there(self, live) -> bool:
        """Whether a vendor would hold it, if it went on: what is served or theirs, and calls."""
        calls = live.direction == "inbound" and live.callback is None
        calls = calls and self.channels[live.channel].real_time
        return live.plan is None or live.state == "engaged" or (live.state == "waiting" and calls)

    def reconcile(self, command: c.Reconcile) -> None:
        """Here as there: what they no longer hold is over, what they hold is as they say."""
        for live in [*self.open.values()]:
            if live.channel != command.channel or live.id not in self.open:
                continue
            if live.id not in command.serving:
                if self.would_be_there(live):
                    self.over(live, "failed", "reconciled")
            elif live.plan is not None:
                if command.serving[live.id] not in {None, self.keeper(live)}:
                    self.strange(live.id, "reconcile")
                if live.state == "engaged":
                    self.leased(live)
            elif command.serving[live.id] is None:
                self.released(live.owner)
            elif command.serving[live.id] != self.keeper(live):
                self.taken(live, command.serving[live.id])
        for name in sorted({*command.serving} - {*self.open}):
            self.strange(name, "reconcile")

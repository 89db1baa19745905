"""What somebody else decided, as the plain model of a centre takes it in.

Laws of this file: as in `kernel_model.py`, of which it is a part; nothing here asks a policy.
"""

from types import SimpleNamespace

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
            self.known(command.customer, [])
        self.opens(name, command.channel, command.customer, command.about, command.priority, None)

    def foreign(self, command, *states) -> SimpleNamespace | None:
        """The interaction, if it is theirs and in such a state; else an anomaly."""
        live = self.open.get(command.interaction)
        if live is not None and live.plan is None and live.state in states:
            return live
        return self.anomaly(command)

    def anomaly(self, command) -> None:
        verb = c.VERBS[type(command)].name
        self.tell("anomaly.observed", interaction=command.interaction, verb=verb)

    def let_go(self, owner) -> None:
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
        self.tell(
            "interaction.queued", interaction=live.id, queue=command.queue, because="observed",
            since=self.claimed, plan=None, step=None, expires_at=None, policy=None, reason=None,
        )  # fmt: skip
        owner, live.owner = live.owner, None
        live.state, live.queue, live.since = "waiting", command.queue, self.claimed
        self.let_go(owner)

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
        owner = live.owner
        if owner is not None and self.parts[owner].worker == command.worker:
            self.anomaly(command)
            return
        if command.worker not in self.workers:
            self.employ(Worker(id=command.worker, kind=command.kind))
        self.accepted(self.opened(live, self.workers[command.worker], None))
        self.let_go(owner)

    def observe_released(self, command: c.ObserveReleased) -> None:
        live = self.foreign(command, "engaged")
        if live is not None and self.parts[live.owner].worker != command.worker:
            self.anomaly(command)
        elif live is not None:
            self.let_go(live.owner)

    def observe_closed(self, command: c.ObserveClosed) -> None:
        if (live := self.foreign(command, "waiting", "engaged")) is None:
            return
        fields = {"reason": command.reason, "disposition": command.disposition}
        self.tell("interaction.closed", interaction=live.id, **fields)
        del self.open[live.id]
        self.let_go(live.owner)

    def observe_anomaly(self, command: c.ObserveAnomaly) -> None:
        self.tell("anomaly.observed", interaction=command.interaction, verb=command.verb)

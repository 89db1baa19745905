"""How it goes on: sleep, waiting on others, channels, leases and callbacks, in the plain model.

Laws of this file: as in `kernel_model.py`, of which it is a part; what is put aside has a keeper
and comes back by itself, or by the customer.
"""

from types import SimpleNamespace

from tests.property.kernel_model_lines import PEOPLE, Step, after, first_asking

from onechannel import commands as c
from onechannel.model.channel import known_channel


class Ongoing:
    """The part of the model that knows what waits for something else than a worker."""

    # -- put aside, and back ----------------------------------------------------------------------

    def sleep(self, command: c.Sleep) -> None:
        live = self.ours(command.interaction, "engaged")
        self.require(not self.channels[live.channel].real_time)
        self.falls_asleep(live)

    def fire_idle(self, name) -> None:
        self.falls_asleep(self.open[name])

    def falls_asleep(self, live) -> None:
        closes_at = after(self.now, self.channels[live.channel].closes_after)
        keeper = self.put_aside(live, "dormant", "slept", closes_at=closes_at)
        self.arm("close", live.id, closes_at)
        self.all_let_go(keeper)

    def put_aside(self, live, state, says, **more) -> list:
        """Whoever had it keeps it, and holds nothing; gives the parts that are to end."""
        parts, keeper = self.parts_of(live), self.keeper(live)
        self.tell(f"interaction.{says}", interaction=live.id, keeper=keeper, **more)
        self.moved_on(live, state)
        live.keeper = keeper
        return parts

    def suspend(self, command: c.Suspend) -> None:
        live = self.ours(command.interaction, "waiting", "engaged", "dormant")
        self.require(command.due > self.now and not live.scheduled)
        why = {"party": command.party, "reason": command.reason, "due": command.due}
        parts = self.put_aside(live, "suspended", "suspended", **why)
        self.arm("turn", live.id, command.due)
        self.all_let_go(parts)

    def reactivate(self, command: c.Reactivate) -> None:
        self.comes_back(self.ours(command.interaction, "dormant", "suspended"))

    def comes_back(self, live) -> None:
        """Into its line, where whoever kept it is asked first."""
        plan = self.plan_again(live, self.goes_on_with(live.keeper))
        if live.keeper is not None:
            plan = first_asking(plan, live.keeper, self.policy.keeper_first)
        self.queue_again(live, plan, "woken")

    def fire_turn(self, name) -> None:
        live = self.open[name]
        if live.state == "suspended":
            self.comes_back(live)
        else:
            self.turn_comes(live)

    # -- channels and leases ----------------------------------------------------------------------

    def move(self, command: c.MoveChannel) -> None:
        live = self.outward(command.interaction)
        self.require(command.channel != live.channel)
        if command.channel not in self.channels:
            self.define(known_channel(command.channel))
        if live.pending is not None:
            self.lets_go(self.parts[live.pending])
        address = command.address
        self.tell(
            "interaction.moved", interaction=live.id, channel=command.channel, address=address
        )
        live.been_on.add(live.channel)
        live.channel = command.channel
        live.address = address.mark if address else live.address
        for part in self.parts_of(live):
            part.channel, part.load = live.channel, self.channels[live.channel].load
            self.workers[part.worker].idle_since = self.position
        self.disarm(live.id, "lease", "idle")
        if live.state == "engaged":
            self.leased(live)
        elif live.state == "dormant":
            self.comes_back(live)

    def renew_lease(self, command: c.RenewLease) -> None:
        live = self.ours(command.interaction, "engaged")
        channel = self.channels[live.channel]
        self.require(channel.lease is not None and channel.real_time)
        self.leased(live)

    def fire_lease(self, name) -> None:
        live, channel = self.open[name], self.channels[self.open[name].channel]
        leases = channel.lease is not None and channel.real_time
        if leases and self.now - self.occurred >= channel.lease:
            # Nobody could say that it goes on while nobody listened.
            self.leased(live)
            return
        self.tell("interaction.lease_expired", interaction=name)
        if leases:
            self.over(live, "failed", "lease-expired")

    # -- callbacks --------------------------------------------------------------------------------

    def request_callback(self, command: c.RequestCallback) -> None:
        live = self.outward(command.interaction, "waiting", "engaged", "dormant")
        self.require(live.callback is None or live.state == "engaged")
        self.require(command.at is None or command.at > self.now)
        self.require(command.worker is None or command.worker in self.workers)
        at = command.at or self.now
        if live.callback is not None and live.callback.promise in self.promises:
            # The customer has been called back: this is another one.
            self.promise_over(self.promises[live.callback.promise], "kept", evidence=live.id)
        promise = self.promised(
            self.known_as(live.customer), "callback",
            at + (command.within or self.policy.callback_within),
            worker=command.worker, interaction=live.id, journey=live.journey,
        )  # fmt: skip
        live.callback = SimpleNamespace(
            promise=promise, attempt=1, worker=command.worker, owned_for=command.owned_for,
            only=command.only,
        )  # fmt: skip
        self.scheduled(live, at)
        if command.at is None:
            self.turn_comes(live)

    def scheduled(self, live, at) -> None:
        """Its turn comes at that time; until then it stays in its queue, and asks for nobody."""
        parts, callback = self.parts_of(live), live.callback
        self.tell("interaction.scheduled", interaction=live.id, at=at, **vars(callback))
        self.moved_on(live, "waiting")
        live.scheduled = True
        if at > self.now:
            live.since = None
        self.arm("turn", live.id, at)
        self.all_let_go(parts)

    def turn_comes(self, live) -> None:
        """Its owner is asked alone for a time, then anybody, unless it is only the owner's."""
        callback, closes_at = live.callback, None
        plan = self.plan_again(live, PEOPLE)
        owner = callback.worker
        if owner is not None and callback.only:
            plan = plan._replace(steps=[Step(workers=frozenset({owner}))])
            closes_at = self.now + (callback.owned_for or self.policy.callback_within)
        elif owner is not None:
            span = callback.owned_for or self.policy.keeper_first
            plan = first_asking(plan, owner, span)
        self.queue_again(live, plan, "callback", since=live.since, closes_at=closes_at)

    def miss_callback(self, command: c.MissCallback) -> None:
        live = self.ours(command.interaction, "engaged")
        self.require(live.callback is not None)
        if live.callback.attempt >= self.policy.callback_attempts:
            self.over(live, "expired", "unreached")
            return
        live.callback.attempt += 1
        self.scheduled(live, self.now + self.policy.callback_retry)

"""What is tried by a vendor who says what was decided elsewhere.

Law of this file: one rule for every verb, by its name.
"""

from tests.property.kernel_machine_asking import (
    ABOUT,
    CHANNELS,
    CUSTOMERS,
    SECOND,
    WORKERS,
    Choosing,
    interaction,
    room,
    some,
    trial,
)

from onechannel import commands as c
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.interaction import EndReason

THEIRS = interaction("waiting", "engaged", ours=False)


class TheirRules(Choosing):
    """Rules for what somebody else decided."""

    def observe(self, command, dice) -> None:
        """Say it as a vendor does, who claims another time now and then."""
        claimed_at = self.now + (dice.below(61) - 30) * SECOND if dice.below(2) else None
        asker = Actor(ActorKind.VENDOR) if dice.below(2) else self.asker(dice)
        self.ask(command, asker, claimed_at)

    @trial(room)
    def observe_arrival(self, dice) -> None:
        command = c.ObserveArrival(
            interaction=self.new_name(dice, "o"),
            channel=dice.one(CHANNELS),
            customer=dice.one([None, *CUSTOMERS]),
            about=dice.one(ABOUT),
            priority=dice.below(3) - 1,
        )
        self.observe(command, dice)

    def theirs(self, dice, *states: str) -> str:
        """An open interaction that somebody else routes; rarely one of ours."""
        return self.interaction(dice, *states, ours=dice.rarely(16))

    @trial(THEIRS)
    def observe_queued(self, dice) -> None:
        name = self.theirs(dice, "waiting", "engaged")
        queue = dice.one(["theirs", "theirs", "main", "new"])
        self.observe(c.ObserveQueued(interaction=name, queue=queue), dice)

    @trial(interaction("waiting", ours=False))
    def observe_dequeued(self, dice) -> None:
        self.observe(c.ObserveDequeued(interaction=self.theirs(dice, "waiting")), dice)

    @trial(THEIRS)
    def observe_accepted(self, dice) -> None:
        name = self.theirs(dice, "waiting", "engaged")
        worker, kind = dice.one([*WORKERS, "w9"]), dice.one(["person", "machine"])
        self.observe(c.ObserveAccepted(interaction=name, worker=worker, kind=kind), dice)

    @trial(interaction("engaged", ours=False))
    def observe_released(self, dice) -> None:
        name = self.theirs(dice, "engaged")
        live = self.model.open.get(name)
        serving = self.model.keeper(live) if live else None
        worker = dice.one(WORKERS) if serving is None or dice.rarely() else serving
        self.observe(c.ObserveReleased(interaction=name, worker=worker), dice)

    @trial(THEIRS)
    def observe_closed(self, dice) -> None:
        name, reason = self.theirs(dice, "waiting", "engaged"), dice.one(tuple(EndReason))
        self.observe(c.ObserveClosed(interaction=name, reason=reason), dice)

    @trial(some("open"), seldom=True)
    def observe_anomaly(self, dice) -> None:
        name = self.theirs(dice, "waiting", "engaged")
        self.observe(c.ObserveAnomaly(interaction=name, verb="merge", reason="unheard of"), dice)

    @trial(some("open"), seldom=True)
    def reconcile(self, dice) -> None:
        channel, serving = dice.one((*CHANNELS, "task")), {}
        for live in self.model.open.values():
            if live.channel == channel and not dice.rarely(3):
                worker = self.model.keeper(live)
                serving[live.id] = dice.one([worker, worker, None, *WORKERS, "w8"])
        if dice.rarely(3):
            serving["unheard-of"] = dice.one([None, "p1"])
        self.observe(c.Reconcile(channel=channel, serving=serving), dice)

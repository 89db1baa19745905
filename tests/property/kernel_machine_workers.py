"""What is tried with workers, and with the centre itself.

Law of this file: one rule for every verb, by its name.
"""

from tests.property.kernel_machine_asking import (
    CALENDARS,
    CAPACITIES,
    CHANNELS,
    DEPARTMENTS,
    FEATURES,
    LOADS,
    POLICIES,
    QUEUES,
    SECOND,
    SKILLS,
    SPANS,
    WORKERS,
    WRAP_UPS,
    Choosing,
    trial,
    worker,
)

from onechannel import commands as c
from onechannel.model.channel import Channel
from onechannel.model.queue import Queue
from onechannel.model.worker import Worker


class WorkerRules(Choosing):
    """Rules for presence and definitions."""

    def of_worker(self, dice, kind, *states, **more) -> None:
        name = self.worker(dice, *states)
        self.ask(kind(worker=name, **more), self.asker(dice, name))

    @trial(worker("signed_out", "draining"))
    def sign_in(self, dice) -> None:
        self.of_worker(dice, c.SignIn, "signed_out", "draining")

    @trial(worker("signed_out"))
    def come_to_work(self, dice) -> None:
        """Or there would soon be nobody."""
        self.of_worker(dice, c.SignIn, "signed_out")

    @trial(seldom=True)
    def sign_out(self, dice) -> None:
        self.of_worker(dice, c.SignOut, "available", "unavailable", "draining")

    @trial(seldom=True)
    def drain(self, dice) -> None:
        self.of_worker(dice, c.Drain, "available", "unavailable")

    @trial(worker("unavailable"))
    def become_available(self, dice) -> None:
        self.of_worker(dice, c.BecomeAvailable, "unavailable")

    @trial(seldom=True)
    def become_unavailable(self, dice) -> None:
        span = dice.one([None, *SPANS])
        self.of_worker(dice, c.BecomeUnavailable, "available", "unavailable", duration=span)

    @trial(seldom=True)
    def sanction(self, dice) -> None:
        more = {"reason": "late", "duration": dice.one(SPANS)}
        self.of_worker(dice, c.Sanction, "available", "unavailable", **more)

    # -- definitions ------------------------------------------------------------------------------

    @trial(seldom=True)
    def define_worker(self, dice) -> None:
        known = Worker(
            id=dice.one(WORKERS),
            kind=dice.one(["person", "person", "machine", "partner"]),
            department=dice.maybe(DEPARTMENTS, 2),
            skills=dice.one(SKILLS),
            capacity=dice.one(CAPACITIES),
            wrap_up=dice.one(WRAP_UPS),
            accepts_by_itself=dice.rarely(3),
        )
        self.ask(c.DefineWorker(worker=known), self.asker(dice))

    @trial(seldom=True)
    def define_queue(self, dice) -> None:
        queue = Queue(
            name=dice.one(QUEUES),
            router=dice.one(["ours", "ours", "theirs"]),
            wrap_up=dice.one(WRAP_UPS) or 0 * SECOND,
            wrap_up_forced=dice.rarely(3),
            place_kept=dice.one([None, 30 * SECOND, 90 * SECOND]),
        )
        self.ask(c.DefineQueue(queue=queue), self.asker(dice))

    @trial(seldom=True)
    def define_channel(self, dice) -> None:
        channel = Channel(name=dice.one(CHANNELS), load=dice.one(LOADS), **dice.one(FEATURES))
        self.ask(c.DefineChannel(channel=channel), self.asker(dice))

    @trial(seldom=True)
    def define_calendar(self, dice) -> None:
        self.ask(c.DefineCalendar(calendar=dice.one(CALENDARS)), self.asker(dice))

    @trial(seldom=True)
    def adopt_policy(self, dice) -> None:
        self.ask(c.AdoptPolicy(policy=dice.one(POLICIES)), self.asker(dice))

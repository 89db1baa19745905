"""What is tried between customers and the company: arrivals, words, receipts, and ways to go on.

Law of this file: one rule for every verb, by its name.
"""

from tests.property.kernel_machine_asking import (
    ABOUT,
    ADDRESSES,
    CHANNELS,
    CUSTOMERS,
    DEPARTMENTS,
    QUEUES,
    REFERENCES,
    SECOND,
    SPANS,
    WORKERS,
    Choosing,
    interaction,
    part,
    room,
    some,
    trial,
)

from onechannel import commands as c
from onechannel.model.message import Attachment, Delivery

PRIORITIES = (0, 0, 0, 1, -1)
BILL = Attachment(reference="sha256-1", media_type="image/png", size=7, name="bill.png")
ANY_STATE = ("waiting", "engaged", "dormant", "suspended")


class TalkingRules(Choosing):
    """Rules for what passes between a customer and the company."""

    # -- to arrive --------------------------------------------------------------------------------

    def new_name(self, dice, prefix: str) -> str:
        """An id that never arrived; rarely one that has, or that may not."""
        if dice.rarely(16):
            return dice.one(["i~1", "i>1", *self.model.latest, *self.model.open])
        return f"{prefix}{len(self.model.latest) + 1}"

    def journey_of(self, dice, customer) -> str | None:
        """A journey to name: mostly none, or one of that customer's."""
        if not dice.rarely(6):
            return None
        known_as, journeys = self.model.known_as, self.model.journeys
        fitting = [n for n, one in journeys.items() if known_as(one.customer) == known_as(customer)]
        return self.choose(dice, fitting, journeys)

    @trial(room)
    def start(self, dice) -> None:
        customer = dice.one([None, *CUSTOMERS, "c1", "c2"])
        command = c.Arrive(
            interaction=self.new_name(dice, "i"),
            channel=dice.one(CHANNELS),
            customer=customer,
            about=dice.one(ABOUT),
            priority=dice.one(PRIORITIES),
            address=dice.maybe(ADDRESSES, 3),
            queue=dice.maybe(QUEUES),
            department=dice.maybe(DEPARTMENTS, 6),
            reference=dice.one(REFERENCES),
            journey=self.journey_of(dice, customer),
            says=dice.maybe(["good morning"], 2),
        )
        late = dice.one([0, 0, 0, 0, 30]) * SECOND
        self.ask(command, self.asker(dice, customer=customer), late=late)

    @trial(room)
    def come_another_way(self, dice) -> None:
        """A known customer, for what she pursues or left."""
        known = [*self.model.places.values(), *self.model.journeys.values()]
        like = dice.one(known) if known else None
        command = c.Arrive(
            interaction=self.new_name(dice, "i"),
            channel=getattr(like, "channel", None) or dice.one(CHANNELS),
            customer=like.customer if like else "c1",
            about=getattr(like, "about", "billing"),
        )
        self.ask(command)

    def closed(self) -> list[str]:
        """What is over, and nobody has come back to."""
        return [one.id for one in self.model.latest.values() if one.id not in self.model.open]

    @trial(lambda self: room(self) and self.closed())
    def start_anew(self, dice) -> None:
        command = c.Arrive(
            interaction=dice.maybe([self.new_name(dice, "i")]),
            channel=dice.one(CHANNELS),
            customer=dice.maybe(CUSTOMERS),
            address=dice.maybe(ADDRESSES),
            about=dice.maybe(ABOUT),
            reference=dice.one(REFERENCES),
            follows=None if dice.rarely() else self.choose(dice, self.closed(), self.everything()),
        )
        self.ask(command, self.asker(dice, customer=dice.one(CUSTOMERS)))

    @trial(room)
    def reach(self, dice) -> None:
        customer = self.choose(dice, sorted(self.model.customers), CUSTOMERS)
        worker = self.worker(dice, "available", "unavailable") if dice.below(3) else None
        command = c.Reach(
            interaction=self.new_name(dice, "r"),
            channel=dice.one(CHANNELS),
            customer=customer,
            worker=worker,
            about=dice.one(ABOUT),
            address=dice.maybe(ADDRESSES),
            queue=dice.maybe(QUEUES, 6),
            purpose=dice.one(["service", "service", "marketing"]),
            priority=dice.one(PRIORITIES),
            says=dice.maybe(["hello"], 2) if worker else None,
            template=dice.maybe(["greeting"], 2) if worker else None,
            reference=dice.one(REFERENCES),
            journey=self.journey_of(dice, customer),
        )
        self.ask(command, self.asker(dice, worker))

    # -- words ------------------------------------------------------------------------------------

    def channel_of(self, dice, live) -> str | None:
        """Where to say it: mostly where it is, else where it was, or anywhere."""
        if not dice.rarely(4):
            return None
        return self.choose(dice, sorted(live.been_on) if live else (), CHANNELS)

    @trial(some("open"))
    def say(self, dice) -> None:
        name = self.interaction(dice, ours=None)
        live = self.model.open.get(name)
        command = c.Say(
            interaction=name,
            text="hello",
            channel=self.channel_of(dice, live),
            author=dice.maybe(CUSTOMERS, 5),
            attachments=[BILL] if dice.rarely() else (),
        )
        self.ask(command, self.by(dice, name))

    @trial(lambda self: room(self) and self.closed())
    def say_again(self, dice) -> None:
        """In what is over, which begins it anew."""
        name = self.choose(dice, self.closed(), self.everything())
        command = c.Say(
            interaction=name,
            text="again",
            channel=dice.maybe(CHANNELS),
            author=dice.maybe(CUSTOMERS),
            attachments=[BILL] if dice.rarely(4) else (),
        )
        whose = self.model.line_of(name)
        self.ask(command, self.asker(dice, customer=whose.customer if whose else None))

    @trial(part("active"))
    def answer(self, dice) -> None:
        """A worker says something."""
        name = self.part(dice, "active")
        live = self.model.open.get(name.rpartition("/")[0])
        command = c.Say(
            interaction=(live and live.id) if live and not dice.rarely(16) else "absent",
            text="well",
            assignment=name,
            channel=self.channel_of(dice, live),
            template=dice.maybe(["greeting"], 3),
            attachments=[BILL] if dice.rarely() else (),
        )
        self.ask(command, self.by(dice, name))

    @trial(some("open"))
    def type(self, dice) -> None:
        if dice.below(2):
            name = self.part(dice, "active")
            where = "absent" if dice.rarely() else name.rpartition("/")[0] or "absent"
            self.ask(c.Type(interaction=where, assignment=name), self.by(dice, name))
        else:
            name = self.interaction(dice, ours=None)
            self.ask(c.Type(interaction=name), self.by(dice, name))

    def message(self, dice) -> str:
        """Something that was said."""
        model = self.model
        spoken = [one.id for one in model.open.values() if one.said]
        name = self.choose(dice, spoken, self.everything())
        line = model.open.get(name) or model.line_of(name)
        count = len(line.said) if line else 1
        number = dice.below(count + dice.rarely()) + 1 if count else 1
        if dice.rarely(16):
            return dice.one(["absent", f"{name}#0", f"{name}#01", f"{name}#x", f"#{number}"])
        return f"{name}#{number}"

    def by_speaker(self, dice, message):
        """Mostly who said it."""
        name, _, number = message.rpartition("#")
        said = self.model.open[name].said if name in self.model.open else []
        speakers = {str(count): one for count, one in enumerate(said, start=1) if one}
        if number in speakers:
            kind, who = speakers[number]
            return self.asker(dice, **{kind: who})
        return self.by(dice, name)

    @trial(some("open"))
    def edit(self, dice) -> None:
        message = self.message(dice)
        command = c.EditMessage(message=message, text="better")
        self.ask(command, self.by_speaker(dice, message))

    @trial(some("open"))
    def retract(self, dice) -> None:
        message = self.message(dice)
        self.ask(c.RetractMessage(message=message), self.by_speaker(dice, message))

    @trial(lambda self: self.sent())
    def receipts_come(self, dice) -> None:
        """What the vendor says of a message of ours, in whatever order."""
        names = [*self.model.messages, "v1", "v2", "v3"]
        message, reference = dice.one(self.sent()), dice.one(names)
        both = {"message": message, "reference": reference}
        ids = dice.one([both, both, {"message": message}, {"reference": reference}])
        self.ask(c.ReportDelivery(state=dice.one(tuple(Delivery)), **ids))

    def sent(self) -> list[str]:
        """What a worker said."""
        return [
            f"{live.id}#{number}"
            for live in self.model.open.values()
            for number, said in enumerate(live.said, start=1)
            if said is None or said[0] == "worker"
        ]

    @trial(some("open"))
    def report_delivery(self, dice) -> None:
        reference = dice.one(["v1", "v2", "v3", f"v{len(self.model.messages) + 4}"])
        which = dice.below(3)
        command = c.ReportDelivery(
            state=dice.one(tuple(Delivery)),
            message=self.message(dice) if which != 1 else None,
            reference=reference if which else None,
            reason=dice.maybe(["bounced"]),
        )
        self.ask(command, self.asker(dice))

    # -- ways to go on ----------------------------------------------------------------------------

    @trial(some("open"))
    def leave(self, dice) -> None:
        name = self.interaction(dice, *ANY_STATE, ours=None)
        live = self.model.open.get(name)
        self.ask(c.Leave(interaction=name), self.asker(dice, customer=live and live.customer))

    @trial(interaction("waiting"))
    def hang_up(self, dice) -> None:
        """A caller who waits goes, whose place may be kept."""
        waiting = [
            name
            for name in self.in_state("waiting")
            if self.model.channels[self.model.open[name].channel].real_time
        ]
        self.ask(c.Leave(interaction=self.choose(dice, waiting, self.in_state("waiting"))))

    @trial(some("open"))
    def move(self, dice) -> None:
        name = self.interaction(dice, *ANY_STATE)
        channel, address = dice.one((*CHANNELS, "web")), dice.maybe(ADDRESSES)
        command = c.MoveChannel(interaction=name, channel=channel, address=address)
        self.ask(command, self.by(dice, name))

    @trial(interaction("waiting", "engaged", "dormant"))
    def request_callback(self, dice) -> None:
        name = self.interaction(dice, "waiting", "engaged", "dormant")
        owner = dice.maybe([*WORKERS, "absent"], 2)
        at = self.now + dice.one(SPANS) * (-1 if dice.rarely() else 1)
        command = c.RequestCallback(
            interaction=name,
            at=at if dice.below(2) else None,
            worker=owner,
            owned_for=dice.maybe(SPANS, 2) if owner else None,
            only=bool(owner) and dice.rarely(2),
            within=dice.maybe(SPANS, 2),
        )
        self.ask(command, self.by(dice, name))

    def called_back(self) -> list[str]:
        return [name for name in self.in_state("engaged") if self.model.open[name].callback]

    @trial(lambda self: self.called_back())
    def miss_callback(self, dice) -> None:
        name = self.choose(dice, self.called_back(), self.everything())
        self.ask(c.MissCallback(interaction=name), self.by(dice, name))

    @trial(interaction("engaged"))
    def renew_lease(self, dice) -> None:
        name = self.interaction(dice, "engaged")
        self.ask(c.RenewLease(interaction=name), self.by(dice, name))

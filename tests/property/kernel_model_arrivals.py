"""How an interaction begins, in the plain model of a centre.

Laws of this file: as in `kernel_model.py`, of which it is a part; an id arrives once for ever, and
who comes another way or comes back in time keeps the place in the line.
"""

import re
from types import SimpleNamespace

from tests.property.kernel_model_lines import CONSENTS, EVERYBODY, PEOPLE

from onechannel import commands as c
from onechannel.model.channel import known_channel


def successor(name: str) -> str:
    """The id after this one."""
    root, number = split(name)
    return f"{root}~{number + 1}"


def split(name: str) -> tuple[str, int]:
    """An id and how often it came back."""
    found = re.fullmatch(r"(.+)~([1-9][0-9]*)", name)
    return (found[1], int(found[2])) if found else (name, 0)


class Arrivals:
    """The part of the model that knows who arrived."""

    # -- what is known of the past ----------------------------------------------------------------

    def line_of(self, name) -> SimpleNamespace | None:
        """The latest of an interaction and its successors."""
        return self.latest.get(split(name)[0])

    def goes_on(self, name) -> SimpleNamespace | None:
        """The latest of its line, if that is open."""
        line = self.line_of(name)
        return line if line is not None and line.id in self.open else None

    def closed_line(self, name) -> SimpleNamespace:
        """The latest of a line, which must be over."""
        line = self.line_of(name)
        self.require(line is not None and line.id not in self.open)
        self.require(line.direction != "internal")
        return line

    def new_id(self, name) -> str:
        self.require(">" not in name and split(name)[1] == 0 and name not in self.latest)
        return name

    # -- to arrive --------------------------------------------------------------------------------

    def start(self, command: c.Arrive) -> None:
        before = None if command.follows is None else self.closed_line(command.follows)
        self.require(before is None or self.may_for(before.customer))
        self.require(command.interaction is not None or before is not None)
        customer = None
        if command.customer is not None:
            customer = self.customer(command.customer)
        elif self.buys:
            # What a customer begins is its own, whatever address it gives.
            customer = self.known_as(self.actor.id) if self.actor.id in self.customers else None
        elif command.address is not None:
            customer = self.known_as(self.known_by.get(command.address.key))
        name = self.new_id(command.interaction) if command.interaction else successor(before.id)
        customer = customer or (before and self.known_as(before.customer))
        wanted = self.wanted(
            name, command.channel, customer, command.address,
            command.about or (before and before.about), command.priority, before,
        )  # fmt: skip
        stitch = self.stitched(wanted, command.journey, command.reference, before)
        plan = self.plan(
            wanted.about, wanted.priority, command.queue, EVERYBODY, command.department
        )
        self.begins(wanted, stitch, command.reference, plan, before)
        if command.says is not None:
            self.received(wanted, wanted.channel, customer, command.says, ())

    def returns(self, command: c.Say) -> None:
        """Words in what is over begin it anew."""
        self.require(not self.works)
        before = self.closed_line(command.interaction)
        channel, own = command.channel or before.channel, self.known_as(before.customer)
        author = self.author(command, own)
        public = (self.channels.get(channel) or known_channel(channel)).public
        self.require(public or author == own)
        wanted = self.wanted(
            successor(before.id), channel, own, None, before.about, before.priority, before
        )
        wanted.address = before.arrived_at if channel == before.arrived_on else None
        stitch = self.stitched(wanted, None, None, before)
        plan = self.plan(wanted.about, wanted.priority, None, EVERYBODY)
        self.begins(wanted, stitch, None, plan, before)
        self.received(wanted, wanted.channel, author, command.text, command.attachments)

    def wanted(self, name, channel, customer, address, about, priority, before) -> SimpleNamespace:
        return SimpleNamespace(
            id=name, channel=channel, customer=customer, address=address, about=about,
            priority=priority, predecessor=before and before.id, direction="inbound", parent=None,
            consent=None,
        )  # fmt: skip

    def begins(self, wanted, stitch, reference, plan, before) -> None:
        """Into its journey and into the line, where it may take over a place."""
        place, superseded = self.place_of(wanted, plan.queue), self.waiting_in(wanted, stitch)
        if wanted.channel not in self.channels:
            self.define(known_channel(wanted.channel))
        if stitch is None and wanted.customer and (wanted.about or reference):
            stitch = (self.pursues(wanted.customer, wanted.about, reference), "first")
        if wanted.predecessor is None and (place or superseded):
            wanted.predecessor = (place or superseded).id
        because = "return" if before else "arrival"
        self.arrived(wanted, *(stitch or (None, None)))
        since = (place or superseded).since if place or superseded else None
        if self.places.pop(wanted.predecessor, None) is not None:
            # Who abandoned it is back, be it somewhere else.
            self.disarm(wanted.predecessor, "place")
        self.stand_in_line(wanted, plan, because, since=since)
        if superseded is not None:
            self.over(superseded, "superseded")

    def place_of(self, wanted, queue) -> SimpleNamespace | None:
        """The place of one who abandoned on that channel in that queue, and is back in time.

        The address says so only where it is not known who both are.
        """
        if wanted.direction != "inbound":
            return None
        key = wanted.address and wanted.address.mark
        for place in self.places.values():
            same = key is not None and place.address == key
            if place.customer and wanted.customer:
                same = self.known_as(place.customer) == wanted.customer
            follows = wanted.predecessor in {None, place.id}
            here = (place.channel, place.queue) == (wanted.channel, queue)
            if same and follows and here:
                return place
        return None

    def waiting_in(self, wanted, stitch) -> SimpleNamespace | None:
        """What waits in the same journey: the customer has come another way."""
        channel = self.channels.get(wanted.channel) or known_channel(wanted.channel)
        if wanted.direction != "inbound" or not channel.real_time:
            return None
        inside = self.journeys[stitch[0]].inside if stitch else []
        for live in [self.open[name] for name in inside]:
            waits = live.state == "waiting" and live.plan and live.direction == "inbound"
            if waits and self.channels[live.channel].real_time:
                return live
        return None

    def arrived(self, live, journey, stitched) -> None:
        """It is there from now on."""
        self.tell(
            "interaction.arrived", interaction=live.id, channel=live.channel,
            customer=live.customer, address=live.address, about=live.about,
            priority=live.priority, predecessor=live.predecessor, direction=live.direction,
            parent=live.parent, journey=journey, stitched=stitched, consent=live.consent,
        )  # fmt: skip
        vars(live).update(
            state="waiting", place=self.position, queue=None, since=None, plan=None, step=0,
            owner=None, pending=None, others=[], keeper=None, callback=None, scheduled=False,
            opened=0, delegated=0, been_on=set(), heard_at={}, said=[], journey=None,
            arrived_at=live.address, arrived_on=live.channel,
            address=live.address and live.address.mark,
        )  # fmt: skip
        self.open[live.id] = self.latest[split(live.id)[0]] = live
        if journey is not None:
            self.enters_journey(live, journey)

    # -- to be reached ----------------------------------------------------------------------------

    def reach(self, command: c.Reach) -> None:
        name, customer = self.new_id(command.interaction), self.customer(command.customer)
        # Who reaches a customer serves it.
        self.require(command.worker is not None or self.may == "any")
        worker = self.present(command.worker) if command.worker else None
        channel = self.channels.get(command.channel) or known_channel(command.channel)
        speaks = command.says is not None or command.template is not None
        self.require(not speaks or self.may_send(channel, None, command.template))
        consent = self.policy.consent and self.policy.consent.name
        self.require(consent is None or CONSENTS[consent](command.purpose))
        wanted = self.wanted(
            name, command.channel, customer, command.address, command.about, command.priority, None
        )
        wanted.direction, wanted.consent = "outbound", consent
        stitch = self.stitched(wanted, command.journey, command.reference, None)
        plan = self.plan(command.about, command.priority, command.queue, PEOPLE)
        self.begins(wanted, stitch, command.reference, plan, None)
        if worker is None:
            return
        part = self.asked(wanted, worker, "serves", "outbound", at_once=True)
        if speaks:
            self.sent(wanted, part, wanted.channel, command.says or "", command.template)

"""What is said: messages, receipts and typing, in the plain model of a centre.

Laws of this file: as in `kernel_model.py`, of which it is a part; every message has an id of its
own, and no receipt is lost.
"""

import re
from datetime import timedelta

from tests.property.kernel_model_arrivals import split

from onechannel import commands as c

SPEAKS = {"serves", "conferenced", "barges"}
A_DAY = timedelta(hours=24)


class Words:
    """The part of the model that knows what was said by whom."""

    def say(self, command: c.Say) -> None:
        if command.assignment is not None:
            part = self.part(command.assignment, "active")
            self.require(command.interaction == part.interaction and part.role in SPEAKS)
            self.says(self.open[part.interaction], part, command)
            return
        live = self.open.get(command.interaction) or self.goes_on(command.interaction)
        if live is not None:
            self.hears(live, command)
        else:
            self.returns(command)

    def where(self, live, wanted) -> str:
        """The channel it is on, or one it has been on."""
        self.require(wanted in {None, live.channel} or wanted in live.been_on)
        return wanted or live.channel

    # -- who serves -------------------------------------------------------------------------------

    def says(self, live, part, command) -> None:
        channel = self.where(live, command.channel)
        if live.plan is not None:
            heard_at = live.heard_at.get(channel)
            self.require(self.may_send(self.channels[channel], heard_at, command.template))
        self.sent(live, part, channel, command.text, command.template, command.attachments)

    def may_send(self, channel, heard_at, template) -> bool:
        """Within the window anything, after it what is a template where there are some."""
        window = channel.reply_window
        free = window is None or (heard_at is not None and self.now < heard_at + window)
        return free or (channel.templates and template is not None)

    def sent(self, live, part, name, text, template, attachments=()) -> None:
        channel, idle_at = self.channels[name], None
        if live.plan is not None and not channel.real_time and channel.dormant_after:
            idle_at = self.now + channel.dormant_after
        self.tell(
            "message.sent", interaction=live.id, message=self.next_message(live), channel=name,
            assignment=part.id, worker=part.worker, text=text, template=template,
            attachments=attachments, idle_at=idle_at,
        )  # fmt: skip
        live.said.append(("worker", part.worker))
        self.arm("idle", live.id, idle_at)

    def next_message(self, live) -> str:
        return f"{live.id}#{len(live.said) + 1}"

    # -- customers --------------------------------------------------------------------------------

    def hears(self, live, command) -> None:
        """A customer speaks, or in a side conversation the worker who asked for it."""
        if live.direction == "internal":
            asks = self.has(self.open.get(live.parent))
            self.require(asks or (self.may == "any" and not self.works))
            self.require(command.author is None)
            author, channel = None, self.where(live, command.channel)
        else:
            self.require(not self.works)
            author = self.author(command, self.known_as(live.customer))
            own = author == self.known_as(live.customer)
            channel = command.channel or live.channel
            known = channel == live.channel or channel in live.been_on
            self.require(known and (own or self.channels[channel].public))
        self.received(live, channel, author, command.text, command.attachments)
        if live.state == "dormant":
            self.comes_back(live)

    def author(self, command, own) -> str | None:
        """Which of the customers speaks: who asks, who is named, or whose it is."""
        if self.buys:
            known_as = self.known_as(self.actor.id)
            self.require(known_as is not None)
            self.require(command.author in {None, self.actor.id, known_as})
            return known_as
        return own if command.author is None else self.customer(command.author)

    def received(self, live, channel, author, text, attachments) -> None:
        self.tell(
            "message.received", interaction=live.id, message=self.next_message(live),
            channel=channel, author=author, text=text, attachments=attachments,
        )  # fmt: skip
        live.said.append(("customer", author))
        live.heard_at[channel] = self.now
        self.disarm(live.id, "idle")

    def type(self, command: c.Type) -> None:
        if command.assignment is not None:
            part = self.part(command.assignment, "active")
            self.require(part.interaction == command.interaction)
        else:
            self.live(command.interaction)
            self.require(not self.works)
        self.pass_on(
            "typing.noticed", interaction=command.interaction, assignment=command.assignment
        )

    # -- what becomes of a message ----------------------------------------------------------------

    def was_said(self, name, number) -> bool:
        """Whether there may have been such a message in what is over."""
        line, is_number = self.line_of(name), re.fullmatch("[1-9][0-9]*", number)
        if line is None or not is_number or split(name)[1] > split(line.id)[1]:
            return False
        return name != line.id or int(number) <= len(line.said)

    def own_message(self, message, by_us=False) -> str:
        """The interaction of a message that may be changed, or was sent by us."""
        name, _, number = message.rpartition("#")
        if name not in self.open:
            self.require(self.may == "any" and self.was_said(name, number))
            return name
        said = {str(n): who for n, who in enumerate(self.open[name].said, start=1)}
        self.require(number in said and (by_us or said[number] is not None))
        # What was taken back may still be delivered.
        by, who = said[number] or ("worker", None)
        self.require(by == "worker" or not by_us)
        if self.may != "any" and self.works:
            self.require(by == "worker" and who == self.actor.id)
        elif self.may != "any":
            self.require(by == "customer" and who is not None and self.may_for(who))
        return name

    def edit(self, command: c.EditMessage) -> None:
        name = self.own_message(command.message)
        self.tell("message.edited", interaction=name, message=command.message, text=command.text)

    def retract(self, command: c.RetractMessage) -> None:
        name = self.own_message(command.message)
        self.tell("message.retracted", interaction=name, message=command.message)
        if name in self.open:
            self.open[name].said[int(command.message.rpartition("#")[2]) - 1] = None

    def report_delivery(self, command: c.ReportDelivery) -> None:
        reference, state, reason = command.reference, command.state, command.reason
        known = self.messages.get(reference)
        if command.message is None and known is None:
            until = self.now + A_DAY
            self.tell(
                "receipt.parked", reference=reference, state=state, reason=reason, until=until
            )
            self.parked.setdefault(reference, []).append((state, reason))
            self.arm("receipt", reference, until)
            return
        message = command.message or known
        if command.message is not None:
            self.own_message(message, by_us=True)
            self.require(known in {None, message})
        ids = {"interaction": message.rpartition("#")[0], "message": message}
        reported = [(state, reason)]
        if reference is not None and known is None:
            self.tell("message.identified", **ids, reference=reference)
            self.messages[reference] = message
            reported = self.parked.pop(reference, []) + reported
            self.disarm(reference, "receipt")
        for state, reason in reported:
            self.tell("message.reported", **ids, state=state, reason=reason)

    def fire_receipt(self, reference) -> None:
        self.tell("receipt.unmatched", reference=reference)
        del self.parked[reference]

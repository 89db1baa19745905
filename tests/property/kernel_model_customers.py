"""Who the customers are, what they pursue and what they were promised, in the plain model.

Laws of this file: as in `kernel_model.py`, of which it is a part; nothing is rewritten, and what is
undone is as if it had never been.
"""

from contextlib import suppress
from types import SimpleNamespace

from onechannel import commands as c
from onechannel.errors import InvalidValue


class Customers:
    """The part of the model that knows customers, journeys and promises."""

    # -- who is who -------------------------------------------------------------------------------

    def known_as(self, customer) -> str | None:
        """By whom a customer is known."""
        while customer in self.merged:
            customer = self.merged[customer]
        return customer

    def family(self, customer) -> list[str]:
        """Everybody who is the same, by whom they are known first."""
        found = [self.known_as(customer)]
        for one in found:
            found += [merged for merged, survivor in self.merged.items() if survivor == one]
        return found

    def customer(self, name) -> str:
        """By whom a registered customer is known, if one may for it."""
        self.require(name in self.customers and self.may_for(name))
        return self.known_as(name)

    def register(self, command: c.RegisterCustomer) -> None:
        self.require(self.may_for(command.customer) and command.customer not in self.customers)
        self.require(not any(one.key in self.known_by for one in command.addresses))
        self.known(command.customer, command.name, command.addresses)

    def known(self, customer, name=None, addresses=()) -> None:
        self.tell("customer.registered", customer=customer, name=name, addresses=addresses)
        self.customers.add(customer)
        self.known_by.update({address.key: customer for address in addresses})

    def link(self, command: c.LinkAddress) -> None:
        known_as = self.customer(command.customer)
        holder = self.known_by.get(command.address.key)
        self.require(holder is None or self.known_as(holder) == known_as)
        if holder is None:
            self.evident("customer.linked", command.customer, command)
            self.known_by[command.address.key] = command.customer

    def unlink(self, command: c.UnlinkAddress) -> None:
        known_as = self.customer(command.customer)
        holder = self.known_by.get(command.address.key)
        self.require(holder is not None and self.known_as(holder) == known_as)
        self.evident("customer.unlinked", holder, command)
        del self.known_by[command.address.key]

    def evident(self, name, customer, command) -> None:
        fields = {"address": command.address, "evidence": command.evidence}
        self.tell(name, customer=customer, **fields)

    def merge(self, command: c.MergeCustomers) -> None:
        one, other = self.customer(command.customer), self.customer(command.survivor)
        if one != other:
            fields = {"survivor": other, "evidence": command.evidence}
            self.tell("customer.merged", customer=one, **fields)
            self.merged[one] = other

    def unmerge(self, command: c.UnmergeCustomer) -> None:
        self.require(command.customer in self.merged)
        fields = {"survivor": self.merged[command.customer], "evidence": command.evidence}
        self.tell("customer.unmerged", customer=command.customer, **fields)
        del self.merged[command.customer]

    # -- journeys ---------------------------------------------------------------------------------

    def stitched(self, wanted, named, reference, before) -> tuple[str, str] | None:
        """The journey it belongs to and why; None: none yet."""
        if named is not None:
            self.require(named in self.journeys and wanted.customer is not None)
            self.require(self.known_as(self.journeys[named].customer) == wanted.customer)
            return named, "named"
        if wanted.customer is None:
            return None
        family = self.family(wanted.customer)
        if (found := self.pursuit(family, "reference", reference)) is not None:
            return found, "reference"
        lineage = self.journeys.get(before.journey) if before is not None else None
        if lineage is not None and lineage.customer in family:
            return lineage.id, "lineage"
        # Another order is another journey, though it be about the same.
        about = wanted.about if reference is None else None
        found = self.pursuit(family, "about", about)
        return None if found is None else (found, "matter")

    def pursuit(self, family, what, value) -> str | None:
        """The latest open journey of one of these, the first of them first."""
        for customer in family if value is not None else ():
            for journey in reversed(self.journeys.values()):
                if journey.customer == customer and getattr(journey, what) == value:
                    return journey.id
        return None

    def pursues(self, customer, about, reference) -> str:
        """A new journey."""
        name, lapses_at = f"j-{self.position + 1}", self.now + self.policy.journey_window
        what = {"about": about, "reference": reference}
        self.tell("journey.opened", journey=name, customer=customer, lapses_at=lapses_at, **what)
        self.journeys[name] = SimpleNamespace(
            id=name, customer=customer, touched_at=self.now, inside=[], **what
        )
        self.arm("lapse", name, lapses_at)
        return name

    def open_journey(self, command: c.OpenJourney) -> None:
        self.pursues(self.customer(command.customer), command.about, command.reference)

    def journey(self, name) -> SimpleNamespace:
        self.require(name in self.journeys and self.may_for(self.journeys[name].customer))
        return self.journeys[name]

    def join_journey(self, command: c.JoinJourney) -> None:
        live = self.live(command.interaction)
        journey = self.journey(command.journey)
        self.require(live.customer is not None)
        self.require(self.known_as(live.customer) == self.known_as(journey.customer))
        if live.journey != journey.id:
            ids = {"journey": journey.id, "interaction": live.id}
            self.tell("journey.joined", **ids, because="named")
            self.leaves_journey(live)
            self.enters_journey(live, journey.id)

    def enters_journey(self, live, name) -> None:
        live.journey = name
        self.journeys[name].inside.append(live.id)
        self.touch(name)

    def leaves_journey(self, live) -> None:
        if live.journey in self.journeys:
            self.journeys[live.journey].inside.remove(live.id)
            self.touch(live.journey)

    def touch(self, name) -> None:
        """Something has happened in a journey."""
        if name in self.journeys:
            self.journeys[name].touched_at = self.now

    def achieve_journey(self, command: c.AchieveJourney) -> None:
        self.journey_over(self.journey(command.journey), "achieved", reason=command.reason)

    def fail_journey(self, command: c.FailJourney) -> None:
        self.journey_over(self.journey(command.journey), "failed", reason=command.reason)

    def journey_over(self, journey, how, **more) -> None:
        self.tell(f"journey.{how}", journey=journey.id, **more)
        del self.journeys[journey.id]
        for name in journey.inside:
            self.open[name].journey = None
        self.disarm(journey.id, "lapse")

    def fire_lapse(self, name) -> None:
        """It lapses when nothing was open in it for the whole window."""
        journey, window = self.journeys[name], self.policy.journey_window
        promised = any(promise.journey == name for promise in self.promises.values())
        lapses_at = (self.now if journey.inside or promised else journey.touched_at) + window
        if lapses_at > self.now:
            self.tell("journey.extended", journey=name, lapses_at=lapses_at)
            self.arm("lapse", name, lapses_at)
        else:
            self.journey_over(journey, "lapsed")

    # -- promises ---------------------------------------------------------------------------------

    def promise(self, command: c.MakePromise) -> None:
        live = None if command.interaction is None else self.live(command.interaction)
        customer = self.known_as(live.customer) if live else None
        if command.customer is not None:
            customer = self.customer(command.customer)
        self.require(command.calendar is None or command.calendar in self.calendars)
        worker = command.worker or (self.actor.id if self.works else None)
        if worker is not None:
            self.worker(worker)
        self.promised(
            customer, command.what, self.due(command.due, command.within, command.calendar),
            calendar=command.calendar, worker=worker, interaction=live and live.id,
            journey=live and live.journey,
        )  # fmt: skip

    def promised(self, customer, what, due, **more) -> str:
        name = f"p-{self.position + 1}"
        told = {"calendar": None, "predecessor": None, **more, "customer": customer, "what": what}
        self.tell("promise.made", promise=name, due=due, **told)
        self.promises[name] = SimpleNamespace(
            id=name, due=due, state="open", paused_at=None, **told
        )
        self.touch(told["journey"])
        self.arm("due", name, due)
        return name

    def due(self, due, within, calendar):
        """At a time to come, or after that much time of the calendar."""
        if due is not None:
            self.require(due > self.now)
            return due
        if calendar is None:
            return self.now + within
        try:
            return self.calendars[calendar].due(self.now, within)
        except InvalidValue:
            return self.require(False)

    def open_promise(self, name, *states) -> SimpleNamespace:
        self.require(name in self.promises)
        promise = self.promises[name]
        if self.buys:
            self.require(promise.customer is not None and self.may_for(promise.customer))
        elif promise.worker is None and self.may != "any":
            # What nobody in particular answers for is with whoever serves the customer.
            self.require(self.has(self.open.get(promise.interaction)))
        else:
            self.require(self.may_as(promise.worker))
        self.require(promise.state in states)
        return promise

    def promise_over(self, promise, how, **more) -> None:
        self.tell_promise(promise, how, **more)
        del self.promises[promise.id]
        self.touch(promise.journey)

    def tell_promise(self, promise, what, **more) -> None:
        ids = {"interaction": promise.interaction, "journey": promise.journey}
        self.tell(f"promise.{what}", promise=promise.id, customer=promise.customer, **ids, **more)
        self.disarm(promise.id, "due", "resume")

    def keep_promise(self, command: c.KeepPromise) -> None:
        promise = self.open_promise(command.promise, "open", "paused")
        self.promise_over(promise, "kept", evidence=command.evidence)

    def withdraw_promise(self, command: c.WithdrawPromise) -> None:
        promise = self.open_promise(command.promise, "open", "paused")
        live = self.open.get(promise.interaction)
        called_back = live and live.callback and live.callback.promise == promise.id
        if called_back and live.state == "waiting":
            # Who waits for nothing else waits no longer.
            self.over(live, "withdrawn", command.reason)
        else:
            self.promise_over(promise, "withdrawn", reason=command.reason)

    def renegotiate_promise(self, command: c.RenegotiatePromise) -> None:
        promise = self.open_promise(command.promise, "open", "paused")
        due = self.due(command.due, command.within, promise.calendar)
        self.promise_over(promise, "renegotiated", successor=f"p-{self.position + 2}")
        names = ("calendar", "worker", "interaction", "journey")
        more = {name: getattr(promise, name) for name in names}
        self.promised(promise.customer, promise.what, due, predecessor=promise.id, **more)

    def pause_promise(self, command: c.PausePromise) -> None:
        promise = self.open_promise(command.promise, "open")
        until = None if command.duration is None else self.now + command.duration
        self.tell_promise(promise, "paused", reason=command.reason, until=until)
        promise.state, promise.paused_at = "paused", self.now
        self.arm("resume", promise.id, until)

    def resume_promise(self, command: c.ResumePromise) -> None:
        self.resumes(self.open_promise(command.promise, "paused"))

    def resumes(self, promise) -> None:
        """It is due as much later as its time ran without it."""
        calendar, due = self.calendars.get(promise.calendar), None
        left = calendar and calendar.business_time(promise.paused_at, promise.due)
        if left:
            with suppress(InvalidValue):
                due = calendar.due(self.now, left)
        # Where no calendar can say, every hour counts.
        due = due or promise.due + (self.now - promise.paused_at)
        self.tell_promise(promise, "resumed", due=due)
        promise.state, promise.paused_at, promise.due = "open", None, due
        self.arm("due", promise.id, due)

    def fire_due(self, name) -> None:
        self.promise_over(self.promises[name], "broken")

    def fire_resume(self, name) -> None:
        self.resumes(self.promises[name])

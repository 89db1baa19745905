"""What is tried with customers, journeys and promises.

Law of this file: one rule for every verb, by its name.
"""

from tests.property.kernel_machine_asking import (
    ABOUT,
    ADDRESSES,
    CUSTOMERS,
    REFERENCES,
    SECOND,
    SPANS,
    WORKERS,
    Choosing,
    some,
    trial,
)

from onechannel import commands as c


class CustomerRules(Choosing):
    """Rules for who is who, what they pursue, and what they were promised."""

    def customer(self, dice) -> str:
        """A registered customer."""
        return self.choose(dice, sorted(self.model.customers), CUSTOMERS)

    @trial()
    def register(self, dice) -> None:
        name, addresses = dice.one(CUSTOMERS), {dice.one(ADDRESSES), dice.one(ADDRESSES)}
        some = sorted(addresses, key=lambda one: one.key)[: dice.below(3)]
        command = c.RegisterCustomer(customer=name, name="Ana", addresses=some)
        self.ask(command, self.asker(dice, customer=name))

    @trial(seldom=True)
    def link(self, dice) -> None:
        name = self.customer(dice)
        command = c.LinkAddress(customer=name, address=dice.one(ADDRESSES))
        self.ask(command, self.asker(dice, customer=name))

    @trial(some("known_by"))
    def unlink(self, dice) -> None:
        known = self.model.known_by
        address = dice.one([one for one in ADDRESSES if one.key in known] or ADDRESSES)
        name = self.choose(dice, [known.get(address.key, "c1")], CUSTOMERS)
        command = c.UnlinkAddress(customer=name, address=address, evidence="returned")
        self.ask(command, self.asker(dice, customer=name))

    @trial(seldom=True)
    def merge(self, dice) -> None:
        command = c.MergeCustomers(customer=self.customer(dice), survivor=self.customer(dice))
        self.ask(command, self.asker(dice, "p1"))

    @trial(some("merged"))
    def unmerge(self, dice) -> None:
        name = self.choose(dice, self.model.merged, CUSTOMERS)
        self.ask(c.UnmergeCustomer(customer=name), self.asker(dice, "p1"))

    # -- journeys ---------------------------------------------------------------------------------

    @trial(seldom=True)
    def open_journey(self, dice) -> None:
        name = self.customer(dice)
        what = {"about": dice.one(ABOUT), "reference": dice.one(REFERENCES)}
        command = c.OpenJourney(customer=name, **what)
        self.ask(command, self.asker(dice, customer=name))

    def journey(self, dice) -> str:
        """An open journey."""
        over = [f"j-{number}" for number in range(1, self.model.position, 7)]
        return self.choose(dice, self.model.journeys, over)

    @trial(some("journeys"))
    def join_journey(self, dice) -> None:
        journey, model = self.journey(dice), self.model
        whose = model.journeys.get(journey)
        own = [
            live.id
            for live in model.open.values()
            if whose and model.known_as(live.customer) == model.known_as(whose.customer)
        ]
        name = self.choose(dice, own, model.open)
        self.ask(c.JoinJourney(interaction=name, journey=journey), self.by(dice, name))

    def ends_journey(self, dice, kind) -> None:
        name = self.journey(dice)
        known = self.model.journeys.get(name)
        asker = self.asker(dice, customer=known.customer if known else None)
        self.ask(kind(journey=name, reason=dice.one([None, "enough"])), asker)

    @trial(some("journeys"), seldom=True)
    def achieve_journey(self, dice) -> None:
        self.ends_journey(dice, c.AchieveJourney)

    @trial(some("journeys"), seldom=True)
    def fail_journey(self, dice) -> None:
        self.ends_journey(dice, c.FailJourney)

    # -- promises ---------------------------------------------------------------------------------

    def when_due(self, dice) -> dict:
        """Due at a time, which may be past, or within one."""
        span = dice.one([*SPANS, 7_200 * SECOND])
        if dice.below(2):
            return {"within": span}
        return {"due": self.now + span * (-1 if dice.rarely() else 1)}

    @trial()
    def promise(self, dice) -> None:
        model = self.model
        named = self.interaction(dice, ours=None) if model.open and dice.below(3) else None
        customer = self.customer(dice) if named is None or dice.rarely() else None
        live = model.open.get(named)
        worker = model.keeper(live) if live else None
        command = c.MakePromise(
            what=dice.one(["refund", "visit"]),
            interaction=named,
            customer=customer,
            calendar=dice.one([None, None, "office", "nights", "once", "absent"]),
            worker=dice.maybe([worker or "p2", *WORKERS], 3),
            **self.when_due(dice),
        )
        self.ask(command, self.asker(dice, worker))

    def of_promise(self, dice, kind, *states, **more) -> None:
        promises = self.model.promises
        fitting = [name for name, one in promises.items() if one.state in states]
        over = [f"p-{number}" for number in range(1, self.model.position, 7)]
        name = self.choose(dice, fitting, [*promises, *over])
        known = promises.get(name)
        worker, customer = (known.worker, known.customer) if known else (None, None)
        self.ask(kind(promise=name, **more), self.asker(dice, worker, customer))

    @trial(some("promises"))
    def keep_promise(self, dice) -> None:
        evidence = dice.one([None, "receipt-7"])
        self.of_promise(dice, c.KeepPromise, "open", "paused", evidence=evidence)

    @trial(some("promises"))
    def renegotiate_promise(self, dice) -> None:
        self.of_promise(dice, c.RenegotiatePromise, "open", "paused", **self.when_due(dice))

    @trial(some("promises"))
    def pause_promise(self, dice) -> None:
        span = dice.one([None, *SPANS])
        self.of_promise(dice, c.PausePromise, "open", reason="away", duration=span)

    @trial(some("promises"))
    def resume_promise(self, dice) -> None:
        self.of_promise(dice, c.ResumePromise, "paused")

    @trial(some("promises"))
    def withdraw_promise(self, dice) -> None:
        self.of_promise(dice, c.WithdrawPromise, "open", "paused", reason="no-need")

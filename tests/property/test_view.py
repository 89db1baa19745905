"""The view, over random logs: what handles show is what the kernel stands on."""

from hypothesis import given

from onechannel.kernel import Kernel
from onechannel.simulation.context import context_of, seen_by
from onechannel.simulation.view import View
from onechannel.testing.strategies import logs


def folded(log):
    """The view of a log, and the kernel's own state."""
    view = View()
    for event in log:
        view.add(event)
    return view, Kernel.replay(log).snapshot()


@given(logs())
def test_what_is_live_is_shown_as_it_is(log):
    """Of everything that lives the view has the kernel's state, owner, keeper and queue."""
    view, kernel = folded(log)
    live = {one.id for one in kernel.interactions}
    assert live == {name for name, one in view.interactions.items() if one.state != "closed"}
    for one in kernel.interactions:
        shown = view.interactions[one.id]
        assert (shown.state, shown.owner, shown.keeper) == (one.state, one.owner, one.keeper)
        assert (shown.channel, shown.heard_at) == (one.channel, one.heard_at or {})
        assert len(shown.messages) == len(one.speakers)
        if one.plan is not None:
            assert shown.queue == one.queue
    for one in kernel.workers:
        shown = view.workers[one.seat.worker.id]
        assert (shown.state, shown.reason) == (one.state, one.reason)
        assert shown.definition == one.seat.worker
        assert shown.parts.keys() == one.assignments.keys()


@given(logs())
def test_every_part_is_where_the_kernel_has_it(log):
    """A part that is not over has the kernel's role and state; every other one is over."""
    view, kernel = folded(log)
    parts = {name: part for one in view.interactions.values() for name, part in one.parts.items()}
    live = {one.id: (one.worker, one.role, one.state) for one in kernel.assignments}
    over = {"released", "declined", "expired", "rescinded"}
    assert live == {
        name: (part.worker, part.role, part.state)
        for name, part in parts.items()
        if part.state not in over
    }


@given(logs())
def test_promises_and_journeys_are_as_the_kernel_has_them(log):
    """What is open of them is open in the view, due when it is due, with the same inside."""
    view, kernel = folded(log)
    promises = {one.id: (one.state, one.due) for one in kernel.promises}
    assert promises == {
        name: (one.state, one.due)
        for name, one in view.promises.items()
        if one.state in {"open", "paused"}
    }
    assert {one.id for one in kernel.journeys} == {
        name for name, one in view.journeys.items() if one.state == "open"
    }
    assert view.families.survivors == kernel.merged
    for name, one in view.interactions.items():
        holders = [journey for journey, it in view.journeys.items() if name in it.interactions]
        assert holders == ([] if one.journey is None else [one.journey])


SAID = {"message.received", "message.sent"}


@given(logs())
def test_a_customer_sees_nothing_of_side_conversations(log):
    """What a customer sees is a part of the context, in order, and of nobody else's side."""
    view, _ = folded(log)
    order = [event.data.message for event in log if event.type in SAID]
    for name in view.interactions:
        whole = context_of(view, name).said
        assert [said.message for said in whole] == sorted(
            (said.message for said in whole), key=order.index
        )
        for customer in view.customers:
            seen = seen_by(view, customer, name).said
            assert set(seen) <= set(whole)
            for said in seen:
                arrived = view.interactions[said.interaction].arrived
                own = view.families.root(arrived.customer or "") == view.families.root(customer)
                assert arrived.direction != "internal"
                assert said.public or own


@given(logs())
def test_delivery_only_moves_forward(log):
    """However receipts come, how far a message got never gets less."""
    order = [None, "sent", "failed", "delivered", "read"]
    view, far = View(), {}
    for event in log:
        view.add(event)
        found = view.interactions.get(event.subject("interaction"))
        for message in () if found is None else found.messages.values():
            now = order.index(message.delivery)
            assert now >= far.get(message.id, 0)
            far[message.id] = now

"""Customers: who is known by which address, who is one, and who is not after all."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.scenes import (
    Scene,
    customer,
    everybody_was_somebodys,
    machine,
    person,
    supervisor,
    worker,
)

from onechannel import commands as c
from onechannel import events as e
from onechannel.identity import Families
from onechannel.model.address import Address

__all__ = ["everybody_was_somebodys"]

MOBILE, MAIL, OTHER = (
    Address.parse(raw) for raw in ("tel:+34600111222", "mailto:ana@example.com", "tel:+34600999888")
)
NAMES = ("ana", "bob", "cleo", "dan")


def known() -> Scene:
    """Ana with a number, bob with another, cleo and dan with none."""
    there = Scene()
    there.queue("main")
    there.ask(c.RegisterCustomer(customer="ana", addresses=(MOBILE,)))
    there.ask(c.RegisterCustomer(customer="bob", addresses=(OTHER,)))
    there.knows("cleo", "dan")
    return there


def who(there: Scene, address: Address) -> str | None:
    """Whom the centre takes a caller from that address for."""
    name = f"by{len(there.custody.lines)}"
    there.arrives(name, "sms", address=address)
    there.ask(c.Close(interaction=name))
    return there.last(e.InteractionArrived).customer


# -- addresses ------------------------------------------------------------------------------------


def test_an_address_is_one_customers():
    """Registered or linked, it denotes exactly one; whoever is known by it is named."""
    there = known()
    there.ask(c.LinkAddress(customer="ana", address=MAIL, evidence="stated"))
    assert [who(there, one) for one in (MOBILE, MAIL, OTHER)] == ["ana", "ana", "bob"]
    for address in (MOBILE, MAIL):
        there.refused(c.LinkAddress(customer="bob", address=address), "customer ana's")
        register = c.RegisterCustomer(customer="eve", addresses=(address,))
        there.refused(register, "customer ana's")


def test_id_03_an_address_is_its_key():
    """ID-03: however it is written, one number is one customer's."""
    there = known()
    assert who(there, Address.parse("TEL:+34 600-111-222")) == "ana"


def test_a_link_that_stands_is_not_made_twice():
    """What is so already is no event; the command is served."""
    there = known()
    assert there.ask(c.LinkAddress(customer="ana", address=MOBILE)) == ()


def test_a_link_is_undone():
    """Unlinked it denotes nobody, and may be another's; what was arrived by it stays as it was."""
    there = known()
    there.arrives("i", "sms", address=MOBILE)
    there.ask(c.UnlinkAddress(customer="ana", address=MOBILE, evidence="bounced"))
    assert who(there, MOBILE) is None
    there.refused(c.UnlinkAddress(customer="ana", address=MOBILE), "nothing to undo")
    there.ask(c.LinkAddress(customer="bob", address=MOBILE))
    assert who(there, MOBILE) == "bob"
    assert there.last(e.InteractionArrived, interaction="i").customer == "ana"


@pytest.mark.parametrize("kind", [c.LinkAddress, c.UnlinkAddress], ids=lambda kind: kind.__name__)
def test_whose_addresses_they_are(kind):
    """A customer links its own; another's account is answered as if it were not there."""
    there = known()
    there.refused(kind(customer="nobody", address=MAIL), "not registered")
    address = MOBILE if kind is c.UnlinkAddress else MAIL
    foreign = there.refused(kind(customer="ana", address=address), actor=customer("bob"))
    absent = there.refused(kind(customer="nobody", address=address), actor=customer("bob"))
    assert foreign.replace("ana", "nobody") == absent
    there.ask(kind(customer="ana", address=address), actor=customer("ana"))


def test_a_customer_registers_as_itself():
    """Nobody makes an account for another, but who serves or the house."""
    there = known()
    there.refused(c.RegisterCustomer(customer="eve"), "as itself", customer("ana"))
    there.refused(c.RegisterCustomer(customer="ana"), "registered already")
    there.ask(c.RegisterCustomer(customer="eve"), actor=customer("eve"))


# -- merged ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [(), (("ana", "bob"),)], ids=["alone", "merged"])
def test_id_01_merged_with_itself_nobody_changes(before):
    """ID-01: merge(a, a), and of two who are one already, is no event."""
    there = known()
    for one, other in before:
        there.ask(c.MergeCustomers(customer=one, survivor=other))
    standing = there.standing()
    assert there.ask(c.MergeCustomers(customer="ana", survivor="ana")) == ()
    if before:
        assert there.ask(c.MergeCustomers(customer="bob", survivor="ana")) == ()
    assert there.standing() == standing


def test_id_02_the_survivor_is_known_by_all_their_addresses():
    """ID-02: addresses of the result are the union; unmerged, each has its own exactly."""
    there = known()
    there.ask(c.MergeCustomers(customer="ana", survivor="bob"))
    assert [who(there, one) for one in (MOBILE, OTHER)] == ["bob", "bob"]
    there.ask(c.UnmergeCustomer(customer="ana"))
    assert [who(there, one) for one in (MOBILE, OTHER)] == ["ana", "bob"]


def test_id_02_what_goes_on_goes_on():
    """ID-02: live work is nobody else's, and both names may speak in it while they are one."""
    there = known()
    there.has(person("p"))
    there.arrives("i", "sms", customer="ana")
    there.accepts("i", "p")
    say = c.Say(interaction="i", text="hello")
    there.refused(say, "not open", customer("bob"))
    there.ask(c.MergeCustomers(customer="ana", survivor="bob"))
    assert there.holder() == "worker p"
    for name in ("ana", "bob"):
        there.ask(say, actor=customer(name))
    there.ask(c.UnmergeCustomer(customer="ana"))
    there.refused(say, "not open", customer("bob"))
    there.ask(say, actor=customer("ana"))


def test_id_02_addresses_of_a_family_are_the_familys():
    """While they are one, either name links and unlinks what is theirs."""
    there = known()
    there.ask(c.MergeCustomers(customer="ana", survivor="bob"))
    assert there.ask(c.LinkAddress(customer="bob", address=MOBILE)) == ()
    there.ask(c.UnlinkAddress(customer="bob", address=MOBILE))
    assert who(there, MOBILE) is None


def test_a_merge_is_by_whom_it_is_known():
    """Merged ones are merged by their survivors, so that there is always one name for all."""
    there = known()
    there.ask(c.MergeCustomers(customer="ana", survivor="bob"))
    there.ask(c.MergeCustomers(customer="bob", survivor="cleo"))
    assert [who(there, one) for one in (MOBILE, OTHER)] == ["cleo", "cleo"]
    there.ask(c.UnmergeCustomer(customer="bob"))
    assert [who(there, one) for one in (MOBILE, OTHER)] == ["bob", "bob"], "ana is bob still"
    there.refused(c.UnmergeCustomer(customer="bob"), "nothing to undo")


@pytest.mark.parametrize("order", list(permutations(["ana", "bob", "cleo"])))
def test_id_02_unmerged_in_any_order_all_is_as_before(order):
    """ID-02: a chain of merges taken apart in whatever order leaves nothing behind."""
    there = known()
    before = there.kernel.snapshot()
    for one, other in (("ana", "bob"), ("bob", "cleo"), ("cleo", "dan")):
        there.ask(c.MergeCustomers(customer=one, survivor=other))
    for one in order:
        there.ask(c.UnmergeCustomer(customer=one))
    assert there.kernel.snapshot().merged == before.merged == {}


@pytest.mark.parametrize("nobody", [("ana", "nobody"), ("nobody", "ana"), ("nobody", "nobody")])
def test_only_who_is_known_is_merged(nobody):
    """Both must be registered, even where both are the same."""
    one, other = nobody
    known().refused(c.MergeCustomers(customer=one, survivor=other), "not registered")


def test_who_may_merge():
    """Workers and the house; never a customer, nor a machine that may be talked into it."""
    there = known()
    merge = c.MergeCustomers(customer="ana", survivor="bob")
    there.has(machine("m"))
    there.refused(merge, "may not merge", customer("ana"))
    for actor in (worker("p"), supervisor()):
        there.ask(merge, actor=actor)
        there.refused(c.UnmergeCustomer(customer="ana"), "may not", customer("ana"))
        there.ask(c.UnmergeCustomer(customer="ana"), actor=actor)


def test_nothing_is_rewritten():
    """Ids and arrivals of before stay as they were recorded: a merge is one event, and no more."""
    there = known()
    there.arrives("i", "sms", customer="ana")
    before = tuple(there.log)
    made = there.ask(c.MergeCustomers(customer="ana", survivor="bob", evidence="same-passport"))
    assert [event.data for event in made] == [e.CustomerMerged("ana", "bob", "same-passport")]
    assert tuple(there.log[:-1]) == before


# -- families, as such ----------------------------------------------------------------------------

NAME = st.sampled_from(NAMES)


@given(st.lists(st.tuples(st.booleans(), NAME, NAME), max_size=12))
def test_families_are_what_the_standing_merges_say(steps):
    """Whatever is merged and undone, who is one follows from the merges that stand, and no more."""
    families, standing = Families(), {}
    for undo, one, other in steps:
        if undo and one in standing:
            families.part(one)
            del standing[one]
        elif not undo:
            root, survivor = families.root(one), families.root(other)
            if root != survivor:
                families.join(root, survivor)
                standing[root] = survivor
    assert families.survivors == standing
    for name in NAMES:
        together = {other for other in NAMES if families.root(other) == families.root(name)}
        assert set(families.family(name)) == together
        assert next(families.family(name)) == families.root(name)

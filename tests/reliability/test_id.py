"""ID: who is who, and who is not after all.

Each test is named by its rule, and a bug that breaks the rule is planted for it in tests/mutants.
"""

from itertools import permutations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reliability.centres import attempt
from tests.unit.scenes import Scene, customer, person, worker

from onechannel import commands as c
from onechannel import events as e
from onechannel.codec import event_from_json, event_to_json, snapshot_to_json
from onechannel.model import address as addresses
from onechannel.model.address import Address, Verification

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
    """Whom the centre takes somebody from that address for."""
    name = f"by{len(there.custody.lines)}"
    there.arrives(name, "sms", address=address)
    there.ask(c.Close(interaction=name))
    return there.last(e.InteractionArrived).customer


def standing(there: Scene) -> str:
    """All that is known, but for where the log ends."""
    return snapshot_to_json(attrs.evolve(there.kernel.snapshot(), position=0, at=None))


def test_id_01_merged_with_itself_nobody_changes():
    """Given merge(a, a), or of two who are one already, then nothing changes."""
    there = known()
    before = standing(there)
    assert there.ask(c.MergeCustomers(customer="ana", survivor="ana")) == ()
    assert standing(there) == before
    there.ask(c.MergeCustomers(customer="ana", survivor="bob"))
    for one, other in (("bob", "ana"), ("ana", "bob"), ("bob", "bob")):
        assert there.ask(c.MergeCustomers(customer=one, survivor=other)) == ()
    assert who(there, MOBILE) == "bob"


def test_id_02_merged_they_have_everything_of_both():
    """Given merge(a, b), then addresses, journeys and what goes on are the union of both."""
    there = known()
    there.has(person("p"))
    there.arrives("i", "sms", customer="ana", about="card")
    journey = there.last(e.JourneyOpened).journey
    there.accepts("i", "p")
    there.ask(c.MergeCustomers(customer="ana", survivor="bob"))
    assert [who(there, one) for one in (MOBILE, OTHER)] == ["bob", "bob"]
    there.arrives("k", "sms", customer="bob", about="card")
    assert there.last(e.InteractionArrived, interaction="k").journey == journey
    for name in ("ana", "bob"):
        there.ask(c.Say(interaction="i", text="hello"), actor=customer(name))
    there.ask(c.Say(interaction="i", text="good day", assignment="i/1"), actor=worker("p"))
    assert there.holder("i") == "worker p"


MERGES = (("ana", "bob"), ("cleo", "bob"), ("bob", "dan"))


@pytest.mark.parametrize("order", [*permutations(MERGES)], ids=lambda order: "-".join(order[0]))
def test_id_02_unmerged_everything_is_as_if_it_had_never_been(order):
    """Given merges in any order and each undone alone, then all is as without that one."""
    for undone, _ in MERGES:
        there, never = known(), known()
        for one, other in order:
            merge = c.MergeCustomers(customer=one, survivor=other)
            there.ask(merge)
            if one != undone:
                never.ask(merge)
        merged = there.kernel.snapshot().merged
        if undone not in merged or len(merged) < len(MERGES):
            continue  # merged by way of another, it is another merge that would be undone
        there.ask(c.UnmergeCustomer(customer=undone))
        assert there.kernel.snapshot().merged == {
            one: other for one, other in merged.items() if one != undone
        }
        if {**merged} == dict(MERGES):
            assert [who(there, one) for one in (MOBILE, OTHER)] == [
                who(never, one) for one in (MOBILE, OTHER)
            ]


def test_id_02_a_merge_that_is_undone_rewrites_nothing():
    """Given work that began before a merge, when it is undone, then it is whose it was."""
    there = known()
    there.arrives("i", "sms", customer="ana", about="card")
    before = standing(there)
    there.ask(c.MergeCustomers(customer="ana", survivor="bob"))
    there.ask(c.UnmergeCustomer(customer="ana"))
    assert standing(there) == before


PARTED = st.lists(st.sampled_from(["", " ", "-", ".", "(", ")"]), min_size=9, max_size=9)


@given(PARTED, st.sampled_from(["tel:", "TEL:"]), st.sampled_from(["", ";ext=12"]))
def test_id_03_a_number_is_one_however_it_is_written(parts, scheme, ending):
    """Given any way to write one number, then it is one customer."""
    digits = "".join(sign + part for sign, part in zip("600111222", parts, strict=True))
    written = Address.parse(f"  {scheme}+34{digits}{ending} ")
    there = known()
    assert who(there, written) == "ana"


@pytest.mark.parametrize("raw", ["mailto:Ana@Example.com", "MAILTO:ANA@EXAMPLE.COM?subject=x"])
def test_id_03_a_mailbox_is_one_however_it_is_written(raw):
    """Given any case, then one mailbox is one customer."""
    there = known()
    there.ask(c.LinkAddress(customer="ana", address=MAIL))
    assert who(there, Address.parse(raw)) == "ana"


def test_id_03_another_release_that_normalises_otherwise_makes_nobody_anew(monkeypatch):
    """Given a log, when a later release would make other keys, then replay makes none of them."""
    there = known()
    there.arrives("i", "sms", address=MOBILE)
    written = [event_to_json(event) for event in there.log]
    monkeypatch.setattr(addresses, "_key", lambda raw: f"x:{raw}")
    assert [event_from_json(line) for line in written] == there.log


@pytest.mark.parametrize("level", Verification)
@pytest.mark.parametrize("other", Verification)
def test_id_09_nobody_is_merged_by_an_address(level, other):
    """Given an address that two claim, however well verified, then they stay two.

    To say that they are one is a command of those who serve, never a customer's.
    """
    there = Scene()
    there.queue("main")
    mail = [Address.parse("mailto:ana@example.com", one) for one in (level, other)]
    there.ask(c.RegisterCustomer(customer="ana", addresses=(mail[0],)))
    there.knows("bob")
    there.arrives("i", "email", customer="bob", address=mail[1])
    asked = (
        (c.LinkAddress(customer="bob", address=mail[1]), customer("bob")),
        (c.LinkAddress(customer="bob", address=mail[1]), worker("p")),
        (c.RegisterCustomer(customer="eve", addresses=(mail[1],)), customer("eve")),
        (c.MergeCustomers(customer="ana", survivor="bob"), customer("bob")),
        (c.MergeCustomers(customer="bob", survivor="ana"), customer("bob")),
        (c.UnmergeCustomer(customer="bob"), customer("bob")),
    )
    for command, actor in asked:
        assert attempt(there, command, actor=actor) is not None
    assert there.seen(e.CustomerMerged) == []
    assert who(there, mail[1]) == "ana"
    assert there.last(e.InteractionArrived, interaction="i").customer == "bob"

"""Bugs in who is who, whose a conversation is, and who sees it: ID, TH, SE and CT.

Law of this file: each row is a bug that somebody else had, as small as it can be made here.
"""

from tests.mutants.planting import Mutant

__all__ = ["ROWS"]

_ID = "tests/reliability/test_id.py::test_"
_TH = "tests/reliability/test_th.py::test_"
_SE = "tests/reliability/test_se.py::test_"
_CT = "tests/reliability/test_ct.py::test_"

ROWS = (
    Mutant(
        rule="ID-01",
        bug="who is merged with itself is gone",
        symbol="onechannel.identity:_merge",
        old="if one != other:",
        new="if True:",
        test=f"{_ID}id_01_merged_with_itself_nobody_changes",
    ),
    Mutant(
        rule="ID-02",
        bug="what the merged one pursued is lost",
        symbol="onechannel.identity:Families.family",
        old="found.extend(self._merged.get(one, ()))",
        new="found.extend(())",
        test=f"{_ID}id_02_merged_they_have_everything_of_both",
    ),
    Mutant(
        rule="ID-02",
        bug="to undo one merge undoes all",
        symbol="onechannel.identity:Families.part",
        old="del merged[customer]",
        new="merged.clear()\n        self.survivors.clear()",
        test=f"{_ID}id_02_unmerged_everything_is_as_if_it_had_never_been",
    ),
    Mutant(
        rule="ID-02",
        bug="a merge rewrites whose the open work is",
        symbol="onechannel.live.evolve:_merged",
        old="state.families.join(data.customer, data.survivor)",
        new="state.families.join(data.customer, data.survivor)\n"
        "    for live in state.interactions.values():\n"
        "        live.customer = state.families.root(live.customer) if live.customer else None",
        test=f"{_ID}id_02_a_merge_that_is_undone_rewrites_nothing",
    ),
    Mutant(
        rule="ID-03",
        bug="who writes a mailbox in other letters is another customer",
        symbol="onechannel.model.address:_key",
        old="{name.lower()}",
        new="{name}",
        test=f"{_ID}id_03_a_mailbox_is_one_however_it_is_written",
    ),
    Mutant(
        rule="ID-03",
        bug="an extension makes another number",
        symbol="onechannel.model.address:_key",
        old='rest.partition(";")[0]',
        new='rest.replace(";ext=", "")',
        test=f"{_ID}id_03_a_number_is_one_however_it_is_written",
    ),
    Mutant(
        rule="ID-03",
        bug="an old log is normalised anew when it is read",
        symbol="onechannel.model.address:Address",
        old='key: str = personal(subject="customer", validator=text)',
        new='key: str = personal(subject="customer", validator=text,'
        ' converter=lambda key: _key(key) if "+34" in key else key)',
        test=f"{_ID}id_03_another_release_that_normalises_otherwise_makes_nobody_anew",
    ),
    Mutant(
        rule="ID-09",
        bug="two who claim one address are merged",
        symbol="onechannel.identity:_link",
        old="raise CommandRefused(\n"
        '            f"the address is {_whose(asking, holder)}: UnlinkAddress, or MergeCustomers"\n'
        "        )",
        new='yield e.CustomerMerged(known_as, root(holder), "address")',
        test=f"{_ID}id_09_nobody_is_merged_by_an_address",
    ),
    Mutant(
        rule="TH-01",
        bug="each picture of an album begins a conversation, or is refused",
        symbol="onechannel.delivery.inbox:Inbox._served",
        old="if order.unless is not None and",
        new="if False and",
        test=f"{_TH}th_01_an_album_is_one_conversation_of_one_customer",
    ),
    Mutant(
        rule="TH-01",
        bug="pictures that come together do not know of each other",
        symbol="onechannel.delivery.sitting:Sitting._knows",
        old="answer(reference, stored) is not None",
        new="answer(reference, stored) is not None and stored is not None",
        test=f"{_TH}th_01_an_album_is_one_conversation_of_one_customer",
    ),
    Mutant(
        rule="TH-08",
        bug="whatever is said in a thread is whose the thread is",
        symbol="onechannel.kernel.messages:speaker",
        old="spoke = turn.known_as(turn.actor.id)",
        new="spoke = own",
        test=f"{_TH}th_08_an_item_stays_its_sender_s",
    ),
    Mutant(
        rule="TH-08",
        bug="after a merge everything is answered where the survivor is",
        symbol="onechannel.live.evolve:_merged",
        old="state.families.join(data.customer, data.survivor)",
        new="state.families.join(data.customer, data.survivor)\n"
        "    lives = state.interactions.values()\n"
        "    place = [one.address for one in lives if one.customer == data.survivor][-1:]\n"
        "    for live in lives:\n"
        "        if place and live.customer == data.customer:\n"
        "            live.address = place[0]",
        test=f"{_TH}th_08_a_merge_changes_no_item_s_sender",
    ),
    Mutant(
        rule="TH-10",
        bug="a side conversation is the customer's like any other",
        symbol="onechannel.live.turn:Turn._may_with",
        old="return own and live.direction is not m.Direction.INTERNAL",
        new="return own",
        test=f"{_TH}th_10_a_side_conversation_is_never_the_customer_s",
    ),
    Mutant(
        rule="TH-10",
        bug="a customer speaks in a side conversation",
        symbol="onechannel.kernel.messages:heard",
        old="elif turn.relation is not c.Relation.ANY and not turn.by_worker:",
        new="elif False:",
        test=f"{_TH}th_10_a_side_conversation_is_never_the_customer_s",
    ),
    Mutant(
        rule="TH-10",
        bug="a side conversation that is over comes back as the customer's",
        symbol="onechannel.kernel.arrivals:_closed_past",
        old="if past is None or past.arrived.direction is m.Direction.INTERNAL:",
        new="if past is None:",
        test=f"{_TH}th_10_a_side_conversation_is_never_the_customer_s",
    ),
    Mutant(
        rule="TH-11",
        bug="a report keeps the owner there was before a consult transfer",
        symbol="onechannel.insight.custody:Custody._role_changed",
        old="if part.role is Role.SERVES:",
        new="if part.role is Role.CONSULTED:",
        test=f"{_TH}th_11_everybody_says_the_same_of_who_has_it",
    ),
    Mutant(
        rule="TH-11",
        bug="a view goes on pointing at who handed over",
        symbol="onechannel.simulation.service:_serves",
        old="found.owner, found.last_owner = data.assignment, data.worker",
        new="found.owner, found.last_owner = found.owner or data.assignment, data.worker",
        test=f"{_TH}th_11_everybody_says_the_same_of_who_has_it",
    ),
    Mutant(
        rule="TH-11",
        bug="what goes into a queue still has its last owner",
        symbol="onechannel.live.evolve:_let_go",
        old="live.owner = live.keeper = None",
        new="live.keeper = None",
        test=f"{_TH}th_11_everybody_says_the_same_of_who_has_it",
    ),
    Mutant(
        rule="SE-08",
        bug="a request of another tenant is served by its ids",
        symbol="onechannel.kernel.kernel:Kernel.handle",
        old="if state.tenant is not None and request.tenant != state.tenant:",
        new="if False:",
        test=f"{_SE}se_08_what_is_another_tenant_s_is_refused_everywhere",
    ),
    Mutant(
        rule="SE-08",
        bug="a log takes the events of another tenant",
        symbol="onechannel.stores._shared:check_batch",
        old="if event.origin.tenant != tenant:",
        new="if False:",
        test=f"{_SE}se_08_what_is_another_tenant_s_is_refused_everywhere",
    ),
    Mutant(
        rule="SE-08",
        bug="a file is opened for whoever asks",
        symbol="onechannel.stores.sqlite._database:Database._prepare",
        old="if tenant is not None and tenant != found:",
        new="if False:",
        test=f"{_SE}se_08_what_is_another_tenant_s_is_refused_everywhere",
    ),
    Mutant(
        rule="SE-09",
        bug="any customer may what any other may",
        symbol="onechannel.live.turn:Turn.may_for",
        old="return self.actor.id is not None and root(self.actor.id) == root(customer)",
        new="return self.actor.id is not None",
        test=f"{_SE}se_09_every_decision_is_the_table_s",
    ),
    Mutant(
        rule="SE-09",
        bug="a worker may with a colleague's part whatever it may with its own",
        symbol="onechannel.live.turn:Turn._may_with_part",
        old="return own\n",
        new="return self.by_worker\n",
        test=f"{_SE}se_09_every_decision_is_the_table_s",
    ),
    Mutant(
        rule="SE-09",
        bug="what is a stranger's is told from what is not there",
        symbol="onechannel.live.turn:Turn.assignment",
        old='f"assignment {wanted} is not live: it is over, or never was"',
        new='f"assignment {wanted} is another\'s"',
        test=f"{_SE}se_09_every_decision_is_the_table_s",
    ),
    Mutant(
        rule="SE-09",
        bug="who serves may change how work is given out",
        symbol="onechannel.commands.table:VERBS",
        old='("adopt_policy", AdoptPolicy, ',
        new='("adopt_policy", AdoptPolicy, _WORKERS | ',
        test=f"{_SE}se_09_the_table_itself_is_what_was_agreed",
    ),
    Mutant(
        rule="SE-09",
        bug="customers say themselves with whom they are one",
        symbol="onechannel.commands.table:VERBS",
        old='("merge", MergeCustomers, ',
        new='("merge", MergeCustomers, _CUSTOMER | ',
        test=f"{_SE}se_09_the_table_itself_is_what_was_agreed",
    ),
    Mutant(
        rule="SE-11",
        bug="what is personal shows in every repr",
        symbol="onechannel.model.personal:personal",
        old="repr=hidden",
        new="repr=True",
        test=f"{_SE}se_11_nothing_personal_is_in_what_is_shown",
    ),
    Mutant(
        rule="SE-11",
        bug="a refusal cites the address that is taken",
        symbol="onechannel.identity:_register",
        old='f"address {number} of customer',
        new='f"address {address.raw} of customer',
        test=f"{_SE}se_11_nothing_personal_is_in_what_is_shown",
    ),
    Mutant(
        rule="SE-11",
        bug="an error cites the value that is invalid",
        symbol="onechannel.model.address:_split",
        old='raise InvalidValue("an address must be a URI:',
        new='raise InvalidValue(f"{raw} must be a URI:',
        test=f"{_SE}se_11_an_invalid_value_is_not_cited",
    ),
    Mutant(
        rule="CT-02",
        bug="whatever is beyond three bytes is left out",
        symbol="onechannel.codec:_storable",
        old="return text",
        new='return "".join(sign for sign in text if sign < "\\U00010000")',
        test=f"{_CT}ct_02_what_is_stored_is_what_was_sent",
    ),
    Mutant(
        rule="CT-02",
        bug="NUL goes through where there are letters of other alphabets",
        symbol="onechannel.model.checks:text",
        old='"\\0" not in value and not any(',
        new="not any(",
        test=f"{_CT}ct_02_what_no_store_can_keep_is_refused",
    ),
)

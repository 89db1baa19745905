"""The contract of a store, to be run on yours.

Laws of this file: each test proves words of `EventStore` and `StoreSession`, which its docstring
says; it asks for nothing but the fixture `open_store`, sees nothing but the protocol, and needs
no more than pytest to be run.
"""

from datetime import timedelta, timezone
from itertools import cycle

from onechannel import events as e
from onechannel.model.actor import Actor, ActorKind
from onechannel.model.address import Address
from onechannel.model.journey import StitchedBecause
from onechannel.ports import (
    Answer,
    Batch,
    Committed,
    Conflict,
    CustomerKnown,
    HolderOf,
    LineOf,
    Past,
    Reference,
    StoredSnapshot,
)
from onechannel.testing._store_steps import (
    AT,
    IDS,
    KEYS,
    MANY,
    SHAPES,
    TEXTS,
    OpenStore,
    a_life,
    append,
    arrived,
    closed,
    commit,
    events_from,
    fault,
    held,
    latest_of,
    nothing_kept,
    origin,
    refused,
    said,
    same,
)
from onechannel.testing.mail_contract import MailContract

__all__ = ["EventStoreContract", "OpenStore"]


class EventStoreContract(MailContract):
    """What every store keeps to; a class of tests that inherits it gives the fixture `open_store`.

    The fixture is an `OpenStore`. What it opened is closed by it, if the test has not done so.
    """

    # -- the log ----------------------------------------------------------------------------------

    def test_an_empty_log_holds_nothing(self, open_store: OpenStore) -> None:
        """Before the first commit there is nothing to read, to look up or to restore."""
        store = open_store()
        same(list(store.read()), [])
        same(list(store.history(customer="c", interaction="i", journey="j")), [])
        same(store.snapshot(), None)
        with store.session() as session:
            same(list(session.read_since(0)), [])
            same(dict(session.seen(["r"])), {})

    def test_it_says_whose_log_it_is(self, open_store: OpenStore) -> None:
        """The tenant is the one the store was opened for."""
        same(open_store("main").tenant, "main")
        same(open_store("öther").tenant, "öther")

    def test_events_are_read_in_order(self, open_store: OpenStore) -> None:
        """`read` and `read_since` give what lies after a position; `read` at most `limit` of it."""
        store = open_store()
        log = append(store, *(said(str(number)) for number in range(MANY)))
        same([event.position for event in store.read()], [*range(1, MANY + 1)])
        for after in (0, 1, 999, 1000, MANY - 1, MANY, MANY + 1):
            same(list(store.read(after)), log[after:])
            with store.session() as session:
                same(list(session.read_since(after)), log[after:])
            for limit in (0, 1, 1001, MANY):
                same(list(store.read(after, limit)), log[after : after + limit])

    def test_events_come_back_equal(self, open_store: OpenStore) -> None:
        """What is read equals what was committed, in its envelope and in every shape of field."""
        store = open_store()
        actors = [Actor(kind) for kind in ActorKind] + [Actor(ActorKind.WORKER, "w:1 / 日本")]
        seen = (AT, AT - timedelta(days=9000), AT + timedelta(microseconds=1))
        fields = zip(SHAPES, cycle(e.Cause), cycle(actors), cycle(seen), cycle(("r'1", None)))
        log = [
            e.Event(position, origin(cause=cause, actor=actor, seen=seen, command=command), data)
            for position, (data, cause, actor, seen, command) in enumerate(fields, start=1)
        ]
        commit(store, 0, Batch(events=tuple(log)))
        same(list(store.read()), log)

    def test_whatever_text_the_model_admits_comes_back(self, open_store: OpenStore) -> None:
        """Text is given back equal, character by character, up to 1 MiB."""
        store = open_store()
        registered = [
            e.CustomerRegistered(f"c-{number}", text, (Address(raw=text, key=text),))
            for number, text in enumerate(TEXTS)
        ]
        known = {one.addresses[0].key: one.customer for one in registered}
        log = append(store, *map(said, TEXTS), *registered, keys=known)
        same([event.data for event in store.read()], [event.data for event in log])
        with store.session() as session:
            answers = session.lookup([HolderOf(key) for key in known])
            same(dict(answers), {HolderOf(key): customer for key, customer in known.items()})

    def test_reading_goes_on_while_others_append(self, open_store: OpenStore) -> None:
        """A reader skips nothing and doubles nothing when the log grows under it."""
        store = open_store()
        before = append(store, *(said(str(number)) for number in range(MANY)))
        reader = store.read()
        found = [next(reader)]
        after = append(store, said("later"))
        found += reader
        same(found in (before, before + after), True)
        same(list(store.read(MANY)), after)

    def test_opened_again_it_holds_the_same(self, open_store: OpenStore) -> None:
        """What was committed is there when the store is opened again."""
        store = open_store()
        log = append(store, *a_life("i", "c"), commands={"r": (1, 3)}, keys={"tel:+1": "c"})
        store.save_snapshot(StoredSnapshot(3, "{}"))
        store.close()
        again = open_store()
        same(list(again.read()), log)
        same(again.snapshot(), StoredSnapshot(3, "{}"))
        with again.session() as session:
            same(dict(session.seen(["r", "s"])), {"r": (1, 3)})
            same(session.lookup([HolderOf("tel:+1")])[HolderOf("tel:+1")], "c")

    def test_it_may_be_closed_twice(self, open_store: OpenStore) -> None:
        """`close` a second time does nothing."""
        store = open_store()
        store.close()
        store.close()

    # -- sessions ---------------------------------------------------------------------------------

    def test_the_expected_position_is_the_guarantee(self, open_store: OpenStore) -> None:
        """Where the log does not end as expected, nothing is kept and the position is said."""
        store = open_store()
        append(store, *a_life("i", "c"))
        with nothing_kept(store):
            for expected in (0, 2, 4, 99):
                event = e.Event(expected + 1, origin(), arrived("j"))
                batch = Batch(
                    events=(event,),
                    commands={"r": (event.position, event.position)},
                    keys={"tel:+1": "c"},
                )
                with store.session() as session:
                    same(session.commit(expected, batch), Conflict(3))

    def test_positions_have_no_gaps(self, open_store: OpenStore) -> None:
        """A batch that does not go on right after the log's end, event by event, is refused."""
        store = open_store()
        append(store, said("first"))
        for positions in ((3,), (1,), (2, 4), (3, 2), (2, 2), (0, 1)):
            batch = Batch(events=tuple(e.Event(at, origin(), said("x")) for at in positions))
            refused(store, 1, batch)

    def test_a_turn_commits_once(self, open_store: OpenStore) -> None:
        """A second commit is refused, whatever became of the first."""
        store = open_store()
        for expected in (1, 0):  # a conflict, and a commit
            second = Batch(events=(e.Event(2 - expected, origin(), said("second")),))
            with store.session() as session:
                session.commit(expected, Batch(events=(e.Event(1, origin(), said("first")),)))
                with fault():
                    session.commit(1 - expected, second)
        same(len(list(store.read())), 1)
        with store.session() as session:
            with fault():
                session.commit(1, Batch(events=(e.Event(9, origin(), said("a gap")),)))
            with fault():
                session.commit(1, Batch(events=(e.Event(2, origin(), said("after it")),)))
        same(len(list(store.read())), 1)

    def test_a_turn_that_is_over_commits_nothing(self, open_store: OpenStore) -> None:
        """Whoever kept hold of a session cannot commit in it after its end, nor in another's."""
        store = open_store()
        with store.session() as kept:
            pass
        batch = Batch(events=(e.Event(1, origin(), said("late")),))
        with nothing_kept(store):
            with fault():
                kept.commit(0, batch)
            with store.session(), fault():
                kept.commit(0, batch)

    def test_a_turn_without_a_commit_changes_nothing(self, open_store: OpenStore) -> None:
        """Left by its end or by an error, which goes on, a session leaves all as it was."""
        store = open_store()
        with nothing_kept(store):
            with store.session() as session:
                session.lookup([LineOf("i")])
            try:
                with store.session() as session:
                    session.seen(["r"])
                    raise KeyboardInterrupt
            except KeyboardInterrupt:
                pass
        append(store, said("it works"))

    def test_turns_do_not_nest(self, open_store: OpenStore) -> None:
        """A session inside another is refused at once, and the outer one goes on."""
        store = open_store()
        with store.session() as session:
            with fault(), store.session():
                pass
            same(dict(session.seen(["r"])), {})
            batch = Batch(events=(e.Event(1, origin(), said("outer")),))
            same(session.commit(0, batch), Committed(1))

    def test_nothing_is_given_a_second_time(self, open_store: OpenStore) -> None:
        """A second interaction, customer, key or command id is refused with its whole batch."""
        store = open_store()
        append(
            store,
            *a_life("i", "c"),
            arrived("i~1", predecessor="i"),
            commands={"r": (1, 3), "s": (0, 0)},
            keys={"tel:+1": "c"},
        )
        fine, customer = arrived("new"), e.CustomerRegistered("c", "another", ())
        for doubles in (
            (fine, arrived("i")),
            (fine, arrived("i~1", predecessor="i")),
            (fine, customer),
            (fine, fine),
            (e.CustomerRegistered("d", None, ()), e.CustomerRegistered("d", "D", ())),
        ):
            refused(store, 4, Batch(events=events_from(5, doubles)))
        for command in ("r", "s"):
            commands = {"q": (5, 5), command: (0, 0)}
            refused(store, 4, Batch(events=events_from(5, [fine]), commands=commands))
        keys = {"tel:+2": "c", "tel:+1": "c"}
        refused(store, 4, Batch(events=events_from(5, [fine]), keys=keys))
        append(store, fine, e.CustomerRegistered("d", None, ()), commands={"q": (0, 0)})

    def test_a_key_that_was_freed_may_be_given_again(self, open_store: OpenStore) -> None:
        """In a later batch or in the same one, which frees first; until then it is taken."""
        store = open_store()
        append(store, said("known"), keys={"tel:+1": "c", "tel:+2": "c"})
        append(store, said("freed"), freed=["tel:+1", "tel:+3"])
        same(held(store, "tel:+1", "tel:+2", "tel:+3"), [None, "c", None])
        append(store, said("given again"), keys={"tel:+1": "d"})
        append(store, said("handed over"), keys={"tel:+1": "c", "tel:+2": "d"}, freed=KEYS)
        same(held(store, "tel:+1", "tel:+2"), ["c", "d"])
        refused(store, 4, Batch(events=(), keys={"tel:+1": "d"}, freed=frozenset(["tel:+2"])))
        append(store, said("freed alone"), freed=KEYS)
        same(held(store, *KEYS), [None, None])

    def test_a_conflict_or_a_refusal_frees_no_key(self, open_store: OpenStore) -> None:
        """What a batch would have freed is taken as before where the batch is not kept."""
        store = open_store()
        append(store, arrived("i"), keys={"tel:+1": "c"})
        with nothing_kept(store):
            free = Batch(events=events_from(2, [said("late")]), freed=frozenset(["tel:+1"]))
            same(commit(store, 0, free), Conflict(1))
        again = events_from(2, [arrived("i")])
        refused(store, 1, Batch(events=again, freed=frozenset(["tel:+1"]), keys={"tel:+1": "d"}))

    def test_what_cannot_be_carried_is_refused(self, open_store: OpenStore) -> None:
        """Half a character, a number beyond 64 bits, a time without UTC: refused, never changed."""
        store = open_store()
        elsewhere = AT.replace(tzinfo=timezone(timedelta(hours=2)))
        for data in (said("half \ud83d"), arrived("i", priority=2**63)):
            refused(store, 0, Batch(events=events_from(1, [said("fine"), data])))
        for seen in (AT.replace(tzinfo=None), elsewhere):
            event = e.Event(1, origin(seen=seen), said("when?"))
            refused(store, 0, Batch(events=(event,)))
        refused(store, 0, Batch(events=(), commands={"\udc80": (0, 0)}))
        refused(store, 0, Batch(events=(), keys={"x:\udc80": "c"}))
        refused(store, 0, Batch(events=(), keys={"x:c": "\udc80"}))
        refused(store, 0, Batch(events=(), freed=frozenset(["x:\udc80"])))
        append(store, arrived("i", priority=2**63 - 1), arrived("j", priority=-(2**63)))

    def test_another_tenants_events_are_refused(self, open_store: OpenStore) -> None:
        """A log holds the events of its own tenant only."""
        foreign = events_from(1, [said("foreign")], tenant="other")
        refused(open_store(), 0, Batch(events=foreign))

    def test_command_ids_can_come_alone(self, open_store: OpenStore) -> None:
        """A command that made no event is remembered, and the log ends where it ended."""
        store = open_store()
        append(store, said("before"))
        same(commit(store, 1, Batch(events=(), commands={"r": (0, 0)})), Committed(1))
        with store.session() as session:
            same(dict(session.seen(["r"])), {"r": (0, 0)})

    # -- what of the past is asked for ------------------------------------------------------------

    def test_every_reference_is_answered(self, open_store: OpenStore) -> None:
        """A look-up answers each reference it was given, with None where there is nothing."""
        store = open_store()
        registered, first, last = a_life("i", "c")
        append(store, registered, first, last, arrived("j"), keys={"tel:+1": "c"})
        wanted: dict[Reference, Answer] = {
            CustomerKnown("c"): registered,
            CustomerKnown("i"): None,
            HolderOf("tel:+1"): "c",
            HolderOf("tel:+"): None,
            LineOf("i"): Past(first, last),
            LineOf("j"): Past(arrived("j"), None),
            LineOf("c"): None,
        }
        with store.session() as session:
            same(dict(session.lookup([*wanted])), wanted)
            same(dict(session.lookup(iter([*wanted]))), wanted)
            same(dict(session.lookup([])), {})

    def test_successors_are_counted_in_numbers(self, open_store: OpenStore) -> None:
        """The latest of a line is that of the highest number: the tenth comes after the ninth."""
        store = open_store()
        for root in ("i", "i~x", "%_'"):
            line = [root, *(f"{root}~{number}" for number in range(1, 13))]
            for earlier, latest in zip([None, *line], line, strict=False):
                first, last = arrived(latest, predecessor=earlier), closed(latest)
                append(store, first)
                same(latest_of(store, root), Past(first, None))
                append(store, last)
                same(latest_of(store, root), Past(first, last))
        for happened in (arrived("k"), arrived("k~1", predecessor="k"), closed("k")):
            append(store, happened)
        same(latest_of(store, "k"), Past(arrived("k~1", predecessor="k"), None))

    def test_a_line_is_no_other_line(self, open_store: OpenStore) -> None:
        """Ids that look alike, or hold the mark of successors inside, are lines of their own."""
        store = open_store()
        append(store, *(arrived(name) for name in IDS if name != "i~x~1"))
        append(store, arrived("i~x~1", predecessor="i~x"))
        for name in IDS:
            latest = "i~x~1" if name == "i~x" else name
            expected = None if name == "i~x~1" else latest
            found = latest_of(store, name)
            same(found and found.arrived.interaction, expected)
        for absent in ("i", "b", "a%b", "E\u0301", "x" * 199, "日", "NULL"):
            same(latest_of(store, absent), None)

    def test_ids_of_any_shape_are_found(self, open_store: OpenStore) -> None:
        """Customers, keys, command ids and histories are found by equality, and by no less."""
        store = open_store()
        registered = [e.CustomerRegistered(name, f"The {name}", ()) for name in IDS]
        append(
            store,
            *registered,
            commands={name: (number, number) for number, name in enumerate(IDS, start=1)},
            keys={f"x:{name}": name for name in IDS},
        )
        with store.session() as session:
            for number, one in enumerate(registered, start=1):
                name = one.customer
                known, at = CustomerKnown(name), HolderOf(f"x:{name}")
                same(dict(session.lookup([known, at])), {known: one, at: name})
                same(dict(session.seen([name])), {name: (number, number)})
        for one in registered:
            same([event.data for event in store.history(customer=one.customer)], [one])
            same(list(store.history(interaction=one.customer)), [])

    def test_seen_gives_the_positions_of_those_served(self, open_store: OpenStore) -> None:
        """Of any number of command ids, those that were served, with their events' positions."""
        store = open_store()
        served = {f"r-{number}": (number, number) for number in range(1, MANY, 2)}
        append(store, *(said("x") for _ in range(MANY)), commands=served)
        asked = [f"r-{number}" for number in range(MANY)]
        with store.session() as session:
            same(dict(session.seen(asked)), served)
            same(dict(session.seen(iter(["r-1", "r-1", "r-2"]))), {"r-1": (1, 1)})
            same(dict(session.seen([])), {})

    # -- history ----------------------------------------------------------------------------------

    def test_the_history_of_an_interaction(self, open_store: OpenStore) -> None:
        """Everything that names one interaction, in order; a successor is another one."""
        store = open_store()
        log = append(
            store,
            arrived("i", journey="j-1"),
            arrived("i~1", predecessor="i"),
            said("of i", "i"),
            said("of i~1", "i~1"),
            arrived("i>1", journey="j-1"),
            e.JourneyJoined("j-2", "i", StitchedBecause.NAMED),
            closed("i"),
        )
        same(list(store.history(interaction="i")), [log[at] for at in (0, 2, 5, 6)])
        same(list(store.history(interaction="i~1")), [log[1], log[3]])
        same(list(store.history(interaction="j-1")), [])
        same(list(store.history()), [])

    def test_the_history_of_a_customer(self, open_store: OpenStore) -> None:
        """All of a customer's interactions with everything in them, in order, each event once."""
        store = open_store()
        log = append(
            store,
            e.CustomerRegistered("ana", None, ()),
            e.CustomerRegistered("bo", None, ()),
            arrived("i", customer="ana"),
            arrived("j", customer="bo"),
            arrived("k"),
            said("of i", "i"),
            said("of j", "j"),
            said("of k", "k"),
            arrived("l", customer="ana"),
            said("of l", "l"),
        )
        of_ana = [log[at] for at in (0, 2, 5, 8, 9)]
        same(list(store.history(customer="ana")), of_ana)
        same(list(store.history(customer="ana", interaction="i")), of_ana)
        same(list(store.history(customer="bo", interaction="k")), [log[i] for i in (1, 3, 4, 6, 7)])
        same(list(store.history(customer="cy")), [])

    def test_the_history_of_a_customer_holds_its_journeys(self, open_store: OpenStore) -> None:
        """What becomes of a customer's journeys, promises and merges, though it is not named."""
        store = open_store()
        log = append(
            store,
            e.JourneyOpened("j-1", "ana", "billing", None, AT),
            e.JourneyOpened("j-2", "bo", "billing", None, AT),
            e.PromiseKept("p-1", "ana", None, None, None),
            e.JourneyAchieved("j-2", None),
            e.JourneyAchieved("j-1", None),
            e.CustomerMerged("bo", "ana", "stated"),
            e.CustomerUnmerged("bo", "ana", "stated"),
            e.JourneyLapsed("j-3"),
        )
        same(list(store.history(customer="ana")), [log[at] for at in (0, 2, 4, 5, 6)])
        same(list(store.history(customer="bo")), [log[at] for at in (1, 3, 5, 6)])

    def test_the_history_of_a_journey(self, open_store: OpenStore) -> None:
        """What names it, and all of each interaction that arrived with it or joined it."""
        store = open_store()
        log = append(
            store,
            e.JourneyOpened("j-1", "ana", "billing", None, AT),
            arrived("i", customer="ana", journey="j-1"),
            arrived("k", customer="ana"),
            said("of i", "i"),
            said("of k, before it joins", "k"),
            arrived("l", customer="ana", journey="j-2"),
            e.JourneyJoined("j-1", "k", StitchedBecause.NAMED),
            said("of k", "k"),
            said("of l", "l"),
            e.JourneyJoined("j-2", "k", StitchedBecause.NAMED),
            e.CustomerRegistered("ana", None, ()),
            e.JourneyLapsed("j-1"),
        )
        of_first = [log[at] for at in (0, 1, 2, 3, 4, 6, 7, 9, 11)]
        of_other = [log[at] for at in (2, 4, 5, 6, 7, 8, 9)]
        same(list(store.history(journey="j-1")), of_first)
        same(list(store.history(journey="j-2")), of_other)
        same(list(store.history(journey="j-2", interaction="i")), log[1:10])
        same(list(store.history(journey="j-3")), [])
        same(list(store.history(journey="i")), [])

    # -- snapshots --------------------------------------------------------------------------------

    def test_a_later_snapshot_replaces_an_earlier_one(self, open_store: OpenStore) -> None:
        """The snapshot kept is the one of the highest position, whichever was saved last."""
        store = open_store()
        for position, kept in ((5, 5), (7, 7), (6, 7), (1, 7), (12, 12)):
            store.save_snapshot(StoredSnapshot(position, f"at {position}"))
            same(store.snapshot(), StoredSnapshot(kept, f"at {kept}"))
        same(list(store.read()), [])

    def test_a_snapshots_text_comes_back(self, open_store: OpenStore) -> None:
        """A snapshot is text, kept as it is."""
        store = open_store()
        for position, text in enumerate(TEXTS, start=1):
            store.save_snapshot(StoredSnapshot(position, text))
            same(store.snapshot(), StoredSnapshot(position, text))

    # -- tenants ----------------------------------------------------------------------------------

    def test_tenants_are_apart(self, open_store: OpenStore) -> None:
        """Two tenants may use the same ids; neither sees anything of the other's."""
        main, other = open_store("main"), open_store("other")
        commands, keys = {"r": (1, 3)}, {"tel:+1": "c"}
        mine = append(main, *a_life("i", "c"), commands=commands, keys=keys)
        same(list(other.read()), [])
        with other.session() as session:
            references = (CustomerKnown("c"), HolderOf("tel:+1"), LineOf("i"))
            same(set(session.lookup(references).values()), {None})
            same(dict(session.seen(["r"])), {})
        theirs = append(other, *a_life("i", "c"), commands=commands, keys=keys)
        same(list(main.read()), mine)
        same(list(other.read()), theirs)

"""The contract of a store's inbox and outbox; that of the log includes it.

Laws of this file: each test proves words of `Mail`, `StoreSession` and `EventStore`, which its
docstring says; a store is given rows and asked for rows, and what they mean is not its concern.
"""

from datetime import UTC, datetime, timedelta
from itertools import cycle

import attrs

from onechannel.ports import (
    Batch,
    Committed,
    Conflict,
    Destination,
    Effect,
    EffectState,
    LetterRow,
    LetterState,
    Mail,
)
from onechannel.testing._store_steps import (
    AT,
    IDS,
    MANY,
    TEXTS,
    OpenStore,
    append,
    commit,
    due_at,
    effect,
    events_from,
    known,
    letter,
    names,
    nothing_kept,
    parked,
    positions,
    post,
    refused,
    said,
    same,
)

__all__ = ["MailContract"]

_MICROSECOND = timedelta(microseconds=1)
_MOMENTS = (
    datetime.min.replace(tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    AT + _MICROSECOND,
    datetime.max.replace(tzinfo=UTC),
)
_PARKED, _STORED = LetterState.PARKED, LetterState.STORED


class MailContract:
    """What every store keeps to of what comes in and what has to go out."""

    # -- letters ----------------------------------------------------------------------------------

    def test_an_empty_store_has_no_mail(self, open_store: OpenStore) -> None:
        """Before the first commit nothing has come, nothing is due and nothing was counted."""
        store = open_store()
        for state in LetterState:
            same(store.letters(state), ())
        for outcome in EffectState:
            same(store.effects(outcome), ())
        same((store.destinations(), dict(store.tallies()), store.cursor("r")), ((), {}, 0))
        same(known(store, ("v", "a", "d")), {})
        same(parked(store, awaits=["key x"], conversations=[("v", "c")], before=AT), [])
        same(due_at(store, AT), [])

    def test_letters_come_back_equal(self, open_store: OpenStore) -> None:
        """What is read equals what was given, with a number: in each field, and with none."""
        store = open_store()
        given = [
            letter("bare", source="v"),
            *(
                LetterRow(
                    source="w",
                    id=f"{number}",
                    delivery=f"d-{number}",
                    conversation="c",
                    state=state,
                    received_at=moment,
                    changed_at=moment,
                    awaits="key tel:+1",
                    orders=text,
                    body=text.encode("utf-8", "replace") + bytes(range(256)),
                    reason=text,
                )
                for number, (text, state, moment) in enumerate(
                    zip(TEXTS, cycle(LetterState), cycle(_MOMENTS), strict=False)
                )
            ),
        ]
        post(store, letters=given)
        found = known(store, *((row.source, row.id, None) for row in given))
        same(
            list(found.values()),
            [attrs.evolve(row, number=at) for at, row in enumerate(given, start=1)],
        )
        same({row.received_at.utcoffset() for row in found.values()}, {timedelta(0)})

    def test_a_letter_is_found_by_its_id_or_else_its_delivery(self, open_store: OpenStore) -> None:
        """As it was asked for; of another source, or of neither, there is none."""
        store = open_store()
        post(store, letters=[letter("a", delivery="1"), letter("b", delivery="2"), letter("c")])
        same(names(store.letters(_STORED)), ["a", "b", "c"])
        one, two, three = store.letters(_STORED)
        for wanted in (
            {("v", "a", None): one, ("v", "c", None): three},
            {("v", "x", "1"): one, ("v", "y", "2"): two},
            {("v", "a", "2"): one},
            {("v", "x", "1"): one, ("v", "x", "2"): two},
        ):
            same(known(store, ("v", "x", None), *wanted), wanted)
        same(known(store, ("w", "a", "1"), ("v", "1", "a"), ("v", "x", None), ("v", "A", "")), {})
        same(known(store), {})

    def test_a_letter_is_given_once(self, open_store: OpenStore) -> None:
        """A second one of the same id or the same delivery is refused with its whole batch."""
        store = open_store()
        post(store, letters=[letter("a", delivery="1"), letter("b")])
        for doubles in (
            [letter("c"), letter("a")],
            [letter("c"), letter("d", delivery="1")],
            [letter("c"), letter("c")],
            [letter("c", delivery="2"), letter("d", delivery="2")],
        ):
            mail = Mail(letters=tuple(doubles), tallies={("inbox", "v", "stored"): 1})
            refused(store, 0, Batch(events=events_from(1, [said("x")]), mail=mail))
        post(store, letters=[letter("a", source="w", delivery="1"), letter("c"), letter("d")])
        same(names(store.letters(_STORED)), ["a", "b", "a", "c", "d"])

    def test_a_letter_moves(self, open_store: OpenStore) -> None:
        """A row given again under its number stands in place of the earlier one, whole."""
        store = open_store()
        first = letter(
            "a", _PARKED, delivery="1", awaits="key x", conversation="c", orders="[1]", body=b"raw"
        )
        post(store, letters=[first, letter("b", _PARKED)])
        same(names(store.letters(_PARKED)), ["a", "b"])
        kept = store.letters(_PARKED)[0]
        later = AT + timedelta(hours=1)
        for state in (LetterState.REFUSED, LetterState.DEAD, _PARKED, _STORED):
            moved = letter(
                "a",
                state,
                at=later,
                delivery="1",
                conversation=f"of {state}",
                awaits=None if state is _STORED else f"key {state}",
                reason=f"is {state}",
                body=None if state is _STORED else b"raw",
                number=kept.number,
            )
            post(store, letters=[moved])
            same(known(store, ("v", "a", None), ("v", "?", "1")), {
                ("v", "a", None): moved, ("v", "?", "1"): moved,
            })  # fmt: skip
            same([*map(names, map(store.letters, LetterState))].count(["a"]), state != _PARKED)
        same(names(store.letters(_PARKED)), ["b"])

    def test_letters_are_listed_in_the_order_they_came(self, open_store: OpenStore) -> None:
        """Those of a state, after a number, so many; a number is never given again."""
        store = open_store()
        states = [*LetterState]
        for number in range(0, 40, 4):
            post(store, letters=[letter(f"{number + at}", one) for at, one in enumerate(states)])
        for at, state in enumerate(states):
            rows = store.letters(state)
            same(names(rows), [f"{number + at}" for number in range(0, 40, 4)])
            same([row.number for row in rows], sorted({row.number for row in rows}))
            same(store.letters(state, after=rows[3].number), rows[4:])
            same(store.letters(state, after=rows[3].number - 1, limit=2), rows[3:5])
            same(store.letters(state, limit=0), ())
            same(store.letters(state, after=rows[-1].number), ())
        last = max(row.number for state in states for row in store.letters(state))
        post(store, letters=[letter("later")])
        post(store, forget=AT + _MICROSECOND)
        same(store.letters(_STORED), ())
        post(store, letters=[letter("latest")])
        same([row.number > last + 1 for row in store.letters(_STORED)], [True])

    def test_parked_letters_are_looked_up(self, open_store: OpenStore) -> None:
        """By what they wait for, by conversation, by when they came, or any; in order; parked."""
        store = open_store()
        minute = timedelta(minutes=1)
        rows = [
            letter("a", _PARKED, awaits="key x", conversation="c"),
            letter("b", _PARKED, awaits="key y", conversation="c", at=AT - minute),
            letter("c", _PARKED, awaits="key x", at=AT + minute),
            letter("d", _PARKED, conversation="c", at=AT + _MICROSECOND),
            letter("e", _PARKED, conversation="c", source="w"),
            letter("f", LetterState.DEAD, awaits="key x", conversation="c", at=AT - minute),
            letter("g", _STORED, awaits="key x", conversation="c", at=AT - minute),
        ]
        post(store, letters=rows)
        same(parked(store), [])
        same(parked(store, awaits=["key x"]), ["a", "c"])
        same(parked(store, awaits=iter(["key y", "key x", "key z"])), ["a", "b", "c"])
        same(parked(store, awaits=["x", "key", "key_x", "key %", "KEY X"]), [])
        same(parked(store, conversations=[("v", "c")]), ["a", "b", "d"])
        same(parked(store, conversations=iter([("w", "c"), ("v", "c")])), ["a", "b", "d", "e"])
        same(parked(store, conversations=[("c", "v"), ("v", "x"), ("w", "d")]), [])
        same(parked(store, before=AT), ["b"])
        same(parked(store, before=AT + _MICROSECOND), ["a", "b", "e"])
        same(parked(store, before=_MOMENTS[-1]), ["a", "b", "c", "d", "e"])
        same(parked(store, awaits=["key x"], conversations=[("w", "c")], before=AT), [*"abce"])
        same(parked(store, awaits=["key x"], before=_MOMENTS[-1], limit=2), ["a", "b"])
        same(parked(store, awaits=["key x"], limit=1), ["a"])
        same(parked(store, before=_MOMENTS[-1], limit=0), [])

    def test_stored_letters_are_forgotten(self, open_store: OpenStore) -> None:
        """Those that changed before a moment, and no others; they may then be given again."""
        store = open_store()
        post(store, letters=[
            letter("old", delivery="1", at=AT - _MICROSECOND),
            letter("new"),
            *(letter(f"{state}", state, at=AT - timedelta(days=99))
              for state in LetterState if state is not _STORED),
        ])  # fmt: skip
        post(store, forget=AT, letters=[letter("given with it", at=AT - _MICROSECOND)])
        same(names(store.letters(_STORED)), ["new"])
        same(known(store, ("v", "old", "1")), {})
        same(parked(store, before=AT), ["parked"])
        post(store, forget=AT)
        post(store, letters=[letter("old", delivery="1")])
        same(names(store.letters(_STORED)), ["new", "old"])

    def test_letters_of_any_shape_are_found(self, open_store: OpenStore) -> None:
        """Ids, deliveries, conversations and what is waited for: by equality, and by no less."""
        store = open_store()
        post(store, letters=[
            letter(one, _PARKED, source=one, delivery=one, conversation=one, awaits=one)
            for one in IDS
        ])  # fmt: skip
        for one in IDS:
            same(names(known(store, (one, one, None)).values()), [one])
            same(names(known(store, (one, "absent", one)).values()), [one])
            same(parked(store, conversations=[(one, one)]), [one])
            same(parked(store, awaits=[one]), [one])

    def test_any_number_of_letters_is_found(self, open_store: OpenStore) -> None:
        """However many are given, asked for or waiting."""
        store = open_store()
        rows = [
            letter(f"{at}", _PARKED, conversation="c", awaits=f"key {at}") for at in range(MANY)
        ]
        post(store, letters=rows)
        same(len(known(store, *((row.source, row.id, None) for row in rows))), MANY)
        same(parked(store, awaits=[f"key {at}" for at in range(MANY)]), names(rows))
        same(parked(store, conversations=[("v", "c")]), names(rows))

    # -- effects ----------------------------------------------------------------------------------

    def test_effects_come_back_equal(self, open_store: OpenStore) -> None:
        """What is read equals what was given, in each field, and with none."""
        store = open_store()
        given = [
            effect(1),
            *(
                Effect(
                    destination="d",
                    position=position,
                    conversation=f"i-{position}",
                    made_at=moment,
                    due_at=moment,
                    state=state,
                    attempts=position,
                    token=position,
                    holder="h",
                    reason="a reason",
                )
                for position, (moment, state) in enumerate(
                    zip(_MOMENTS, cycle((EffectState.DUE, EffectState.DEAD)), strict=False), start=2
                )
            ),
        ]
        post(store, effects=given)
        keys = {(one.destination, one.position): one for one in given}
        with store.session() as session:
            same(dict(session.effects(iter(keys))), keys)
            same(dict(session.effects([("d", 99), ("D", 2), ("x", 2)])), {})
        same(
            [*store.effects(EffectState.DUE), *store.effects(EffectState.DEAD)],
            sorted(given, key=lambda one: (str(one.state) != "due", one.position)),
        )

    def test_an_effect_stands_in_place_of_the_earlier_one(self, open_store: OpenStore) -> None:
        """A row of the same destination and position replaces it; one that is done is let go."""
        store = open_store()
        post(store, effects=[effect(1), effect(1, destination="x"), effect(2)])
        claimed = effect(1, token=1, attempts=1, holder="h", due=AT + timedelta(minutes=1))
        post(store, effects=[claimed])
        same(store.effects(EffectState.DUE, "d"), (claimed, effect(2)))
        post(store, effects=[effect(1, state=EffectState.DONE)])
        post(store, effects=[effect(2, state=EffectState.DEAD), effect(9, state=EffectState.DONE)])
        same(store.effects(EffectState.DUE), (effect(1, destination="x"),))
        same(store.effects(EffectState.DEAD), (effect(2, state=EffectState.DEAD),))
        same(store.effects(EffectState.DONE), ())
        with store.session() as session:
            same([*session.effects([("d", 1), ("d", 2), ("d", 9)])], [("d", 2)])

    def test_effects_are_listed_in_order_of_the_log(self, open_store: OpenStore) -> None:
        """Those in a state, of one destination or of all, so many."""
        store = open_store()
        post(store, effects=[effect(at, destination=to) for at in (3, 10, 2) for to in ("e", "d")])
        in_order = [(at, to) for at in (2, 3, 10) for to in ("d", "e")]
        same([(one.position, one.destination) for one in store.effects(EffectState.DUE)], in_order)
        same(positions(store.effects(EffectState.DUE, "e")), [2, 3, 10])
        same(positions(store.effects(EffectState.DUE, "e", 2)), [2, 3])
        same(positions(store.effects(EffectState.DUE, limit=3)), [2, 2, 3])
        same(store.effects(EffectState.DUE, "d", 0), ())
        same(store.effects(EffectState.DUE, "D"), ())

    def test_what_is_due(self, open_store: OpenStore) -> None:
        """What is due by now at a destination, the longest due first, so many at most."""
        store = open_store()
        post(store, effects=[
            effect(1, due=AT),
            effect(2, due=AT + _MICROSECOND),
            effect(3, due=AT - timedelta(days=1)),
            effect(4, due=AT),
            effect(5, state=EffectState.DEAD),
            effect(6, destination="x"),
        ])  # fmt: skip
        same(due_at(store, AT), [3, 1, 4])
        same(due_at(store, AT, limit=2), [3, 1])
        same(due_at(store, AT + _MICROSECOND), [3, 1, 4, 2])
        same(due_at(store, AT - timedelta(days=1, microseconds=1)), [])
        same(due_at(store, AT, "x"), [6])
        same(due_at(store, AT, "X"), [])
        same(due_at(store, AT, limit=0), [])
        with store.session() as session:
            same(positions(session.due("d", AT, 9)), [3, 1, 4])

    def test_effects_of_a_conversation_are_due_one_by_one(self, open_store: OpenStore) -> None:
        """One that is claimed or put off keeps the later ones back; one done or dead does not."""
        store = open_store()
        post(store, effects=[
            *(effect(at, conversation="c") for at in (2, 1, 5)),
            effect(3, conversation="e"),
            effect(4),
            effect(6),
            effect(7, conversation="c", destination="x"),
        ])  # fmt: skip
        same(due_at(store, AT), [1, 3, 4, 6])
        later = AT + timedelta(minutes=1)
        post(store, effects=[effect(1, conversation="c", due=later, token=1, holder="h")])
        same(due_at(store, AT), [3, 4, 6])
        same(due_at(store, later), [3, 4, 6, 1])
        post(store, effects=[effect(1, conversation="c", state=EffectState.DEAD)])
        same(due_at(store, AT), [2, 3, 4, 6])
        post(store, effects=[effect(2, conversation="c", state=EffectState.DONE)])
        same(due_at(store, AT), [3, 4, 5, 6])
        same(due_at(store, AT, "x"), [7])
        post(store, effects=[effect(1, conversation="c")])
        same(due_at(store, AT), [1, 3, 4, 6])

    # -- what is counted, read and wanted ---------------------------------------------------------

    def test_tallies_are_added_up(self, open_store: OpenStore) -> None:
        """What is counted is added to what was; a box, a name and what became of it each count."""
        store = open_store()
        post(store, tallies={("inbox", "v", "stored"): 2, ("inbox", "v", "parked"): 1})
        post(store, tallies={("inbox", "v", "stored"): 3, ("inbox", "v", "parked"): -1})
        post(store, tallies={("outbox", "v", "stored"): 1, ("inbox", "w", "stored"): 0})
        counted = {tally: count for tally, count in store.tallies().items() if count}
        same(counted, {("inbox", "v", "stored"): 5, ("outbox", "v", "stored"): 1})

    def test_a_cursor_is_where_it_was_last_put(self, open_store: OpenStore) -> None:
        """Forth or back; each reader has its own."""
        store = open_store()
        for position in (3, 7, 5):
            post(store, cursors={"r": position, "R": 1})
            same((store.cursor("r"), store.cursor("R"), store.cursor("s")), (position, 1, 0))

    def test_destinations_are_replaced_by_name(self, open_store: OpenStore) -> None:
        """A destination's wishes come back equal, and are what was given last."""
        store = open_store()
        everything = Destination(name="b", types={"x.y", "a.b"}, channels=None)
        some = Destination(name="a", types={"x.y"}, channels={"voice", "日本"})
        post(store, destinations=[everything, some])
        same(sorted(store.destinations(), key=lambda one: one.name), [some, everything])
        nothing = Destination(name="b", types=(), channels=())
        post(store, destinations=[nothing])
        same(sorted(store.destinations(), key=lambda one: one.name), [some, nothing])
        with store.session() as session:
            same({*session.destinations()}, {some, nothing})

    # -- together ---------------------------------------------------------------------------------

    def test_mail_is_kept_with_its_events_or_not_at_all(self, open_store: OpenStore) -> None:
        """A batch that comes too late, or is refused for its events, keeps none of its mail."""
        store = open_store()
        append(store, said("before"), commands={"r": (1, 1)})
        post(store, letters=[letter("stays", at=AT - timedelta(days=9))])
        mail = Mail(
            letters=(letter("new"),),
            effects=(effect(2),),
            tallies={("inbox", "v", "stored"): 1},
            cursors={"r": 1},
            destinations=(Destination(name="d", types={"x"}),),
            forget=AT,
        )
        late = Batch(events=events_from(1, [said("late")]), mail=mail)
        with nothing_kept(store):
            same(commit(store, 0, late), Conflict(1))
            same(commit(store, 0, Batch(events=(), mail=mail)), Conflict(1))
        doubled = Batch(events=events_from(2, [said("x")]), commands={"r": (2, 2)}, mail=mail)
        refused(store, 1, doubled)
        same(commit(store, 1, Batch(events=events_from(2, [said("x")]), mail=mail)), Committed(2))
        same(names(store.letters(_STORED)), ["new"])

    def test_mail_can_come_alone(self, open_store: OpenStore) -> None:
        """Without events it is kept where the log ends as expected, and moves no position."""
        store = open_store()
        append(store, said("before"))
        mail = Mail(letters=(letter("a"),))
        same(commit(store, 1, Batch(events=(), mail=mail)), Committed(1))
        same((store.last_position, names(store.letters(_STORED))), (1, ["a"]))

    def test_mail_that_cannot_be_carried_is_refused(self, open_store: OpenStore) -> None:
        """Half a character in any text: refused, with the whole batch."""
        store = open_store()
        half = "\ud83d"
        for mail in (
            *(
                Mail(letters=(one,))
                for one in (
                    letter("a", delivery=half),
                    letter("a", conversation=half),
                    letter("a", awaits=half),
                    letter("a", orders=half),
                    letter("a", reason=half),
                )
            ),
            Mail(letters=(letter(half),)),
            Mail(letters=(letter("a", source=half),)),
            Mail(effects=(effect(1, conversation=half),)),
            Mail(effects=(effect(1, destination=half),)),
            Mail(effects=(effect(1, reason=half),)),
            Mail(cursors={half: 1}),
        ):
            refused(store, 0, Batch(events=events_from(1, [said("fine")]), mail=mail))

    def test_opened_again_it_holds_the_same_mail(self, open_store: OpenStore) -> None:
        """What was committed is there when the store is opened again."""
        store = open_store()
        wants = Destination(name="d", types={"x"})
        post(store, letters=[letter("a", _PARKED, awaits="key x")], effects=[effect(1)])
        post(store, tallies={("inbox", "v", "parked"): 1}, cursors={"r": 3}, destinations=[wants])
        store.close()
        again = open_store()
        same(parked(again, awaits=["key x"]), ["a"])
        same(due_at(again, AT), [1])
        same(dict(again.tallies()), {("inbox", "v", "parked"): 1})
        same((again.cursor("r"), again.destinations()), (3, (wants,)))

    def test_the_mail_of_tenants_is_apart(self, open_store: OpenStore) -> None:
        """Two tenants may have letters, effects and readers of the same names."""
        main, other = open_store("main"), open_store("other")
        for store in (main, other):
            same(known(store, ("v", "a", "1")), {})
            post(
                store,
                letters=[letter("a", _PARKED, delivery="1", awaits="key x", conversation="c")],
                effects=[effect(1, conversation="c")],
                tallies={("inbox", "v", "parked"): 1},
                cursors={"r": 1},
                destinations=[Destination(name="d", types={store.tenant})],
            )
        post(main, effects=[effect(1, state=EffectState.DONE)], cursors={"r": 2})
        same(due_at(other, AT), [1])
        same((other.cursor("r"), [*other.destinations()[0].types]), (1, ["other"]))
        same(dict(other.tallies()), {("inbox", "v", "parked"): 1})

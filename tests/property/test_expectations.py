"""Expectations on random days: they agree with whoever reads the log by hand."""

from contextlib import suppress
from datetime import timedelta
from itertools import combinations

import attrs
from hypothesis import given
from hypothesis import strategies as st

from onechannel import Capacity
from onechannel import events as e
from onechannel.errors import CommandRefused, InvalidValue
from onechannel.insight import Custody
from onechannel.simulation import Turn
from onechannel.simulation.expecting import KINDS, Expect, ExpectationFailed
from onechannel.testing import FakeCentre

SECOND = timedelta(seconds=1)

VERBS = ["comes", "speaks", "serves", "ends", "hands", "vows", "settles", "pursues", "waits"]
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 3), st.integers(0, 40)),
    min_size=6,
    max_size=24,
)
SPANS = st.integers(0, 120).map(timedelta(seconds=1).__mul__)


def opened():
    """A centre with a machine that goes on talking, one who works by herself, one who does not."""
    centre = FakeCentre()
    centre.machine(
        "bot",
        Turn.answers("Hello."),
        Turn.asks("Which?", after=5 * SECOND),
        Turn.escalates("stuck", after=5 * SECOND),
        channels=["whatsapp"],
    )
    centre.machine(
        "talker",
        *(Turn.answers(f"And {number}.", after=10 * SECOND) for number in range(5)),
        channels=["sms"],
    )
    eva = centre.worker("eva", skills={"orders": 1}, wrap_up=5 * SECOND)
    eva.works(answers_after=7 * SECOND, serves_for=40 * SECOND)
    centre.worker("marc", skills={"bills": 1, "orders": 1}, capacity=Capacity(total=500))
    for name, number in (("Ana", 111), ("Ben", 222)):
        ana = centre.customer(name, f"tel:+34600{number}222")
        ana.starts("voice", about="bills")
    centre.worker("marc").accepts(centre.interaction("i-1"))
    return centre


def play(centre, steps):
    """Whatever of it can be done; what is refused is refused."""
    for verb, which, number in steps:
        with suppress(CommandRefused, InvalidValue, LookupError, ZeroDivisionError):
            _ACTS[verb](centre, which, number)


def _one(centre, number):
    return centre.interaction(f"i-{1 + number % len(centre.view.interactions)}")


def _comes(centre, which, number):
    channel = ("whatsapp", "sms", "voice", "web")[which]
    customer = centre.known_customer(f"c-{1 + number % 2}")
    about = ("orders", "bills", None)[number % 3]
    customer.starts(channel, about=about, says=None if channel == "voice" else f"about {number}")


def _speaks(centre, which, number):
    one = _one(centre, number)
    if which:
        one.says("well")
    else:
        one.customer.says(one, "more")


def _serves(centre, which, number):
    marc = centre.worker("marc")
    one = marc.asked[number % len(marc.asked)]
    if which:
        marc.accepts(one)
    else:
        marc.declines(one, "busy")
        marc.becomes_available()


def _ends(centre, which, number):
    one = _one(centre, number)
    if which:
        one.closes(disposition=f"d{which}")
    else:
        one.customer.leaves(one)


def _hands(centre, which, number):
    one = _one(centre, number)
    if which:
        one.escalates("stuck")
    else:
        one.hands_back()


def _vows(centre, which, number):
    marc = centre.worker("marc")
    marc.promises(marc.work[0], f"p{which}", number * SECOND)


def _settles(centre, which, number):
    marc = centre.worker("marc")
    one = centre.promise([*centre.view.promises][number % len(centre.view.promises)])
    verb = ("keeps", "withdraws", "pauses", "renegotiates")[which]
    more = [90 * SECOND] if which == 3 else ["why"] if which == 2 else []
    getattr(marc, f"{verb}_promise")(one, *more)


def _pursues(centre, which, number):
    marc = centre.worker("marc")
    if which == 0:
        centre.known_customer(f"c-{1 + number % 2}").opens_journey("move")
    elif which == 1:
        centre.advance(days=31)
    else:
        one = centre.journey([*centre.view.journeys][number % len(centre.view.journeys)])
        (marc.achieves_journey if which == 2 else marc.fails_journey)(one, "why")


def _waits(centre, _which, number):
    centre.advance(number * SECOND)


_ACTS = {
    "comes": _comes, "speaks": _speaks, "serves": _serves, "ends": _ends,
    "hands": _hands, "vows": _vows, "settles": _settles, "pursues": _pursues, "waits": _waits,
}  # fmt: skip


def played(*parts):
    """The same day each time it is played."""
    centre = opened()
    for steps in parts:
        play(centre, steps)
    return centre, Expect(centre)


def passes(asking, *given, **more):
    """Whether it is met."""
    try:
        asking(*given, **more)
    except ExpectationFailed:
        return False
    return True


# -- the same by hand -----------------------------------------------------------------------------


def by_hand(centre, name):
    """The events of a kind, with the fields that the kind has, found by reading the whole log."""
    arrived, made, journeys, roles, found = {}, {}, {}, {}, []
    for event in centre.log:
        data = event.data
        if isinstance(data, e.InteractionArrived):
            arrived[data.interaction] = data
        elif isinstance(data, e.PromiseMade):
            made[data.promise] = data
        elif isinstance(data, e.JourneyOpened):
            journeys[data.journey] = data
        elif isinstance(data, (e.AssignmentOpened, e.RoleChanged)):
            roles[data.assignment] = data.role
        if counts(name, data, arrived, roles):
            fields = attrs.asdict(data, recurse=False)
            source = made.get(fields.get("promise"), journeys.get(fields.get("journey")))
            source = source or arrived.get(fields.get("interaction"))
            more = {} if source is None else attrs.asdict(source, recurse=False)
            found.append((event, more | fields))
    return found


def counts(name, data, arrived, roles):
    """Whether an event is of the kind."""
    kind = KINDS[name]
    if name == "assigned":
        served = isinstance(data, (e.AssignmentAccepted, e.RoleChanged))
        return served and roles[data.assignment] == "serves"
    if data.stored_name != kind.event:
        return False
    if name == "superseded":
        return data.reason == "superseded"
    return name not in {"heard", "sent"} or arrived[data.interaction].direction != "internal"


def examples(centre, name, number):
    """Some wanted fields: those of an event that is there, and the same with one changed."""
    found = by_hand(centre, name)
    if not found:
        return [{}]
    _, fields = found[number % len(found)]
    own = {one: fields[one] for one in KINDS[name].fields if fields.get(one) is not None}
    if "text" in own:
        own["text"] = own["text"][:3]
    chosen = [dict(pair) for size in (1, 2) for pair in combinations(own.items(), size)]
    return [{}, own, *chosen]


def answers(name, wanted, fields):
    """Whether the fields are as wanted."""
    return all(
        value in fields["text"] if field == "text" else fields.get(field) == value
        for field, value in wanted.items()
    )


NAMES = st.sampled_from([name for name in KINDS if name != "refused"])


@given(STEPS, STEPS, NAMES, st.integers(0, 20))
def test_what_happened_is_what_the_log_says(before, after, name, number):
    """Each kind finds what whoever reads the whole log finds; read in two parts, the same."""
    centre, expect = played(before)
    first = [event for event, _ in by_hand(centre, name)]
    assert list(expect.by_name(name).times(len(first))) == first
    play(centre, after)
    found = by_hand(centre, name)
    for wanted in examples(centre, name, number):
        there = [event for event, fields in found if answers(name, wanted, fields)]
        assert list(expect.by_name(name, **wanted).times(len(there))) == there
        assert passes(expect.by_name(name, **wanted).never) == (not there)
        assert list(Expect(centre).by_name(name, **wanted).times(len(there))) == there


@given(STEPS, NAMES, SPANS)
def test_within_and_never_from_now_on_are_complements(steps, name, span):
    """On the same day one of them is met and the other is not, at the same moment."""
    (one, first), (other, second) = played(steps), played(steps)
    happens = passes(first.from_now.by_name(name).within, span)
    assert happens != passes(second.from_now.by_name(name).never, span)
    assert one.now == other.now


@given(STEPS, NAMES, SPANS)
def test_within_and_never_are_never_both_met(steps, name, span):
    """Whatever has been before, it cannot happen in time and never."""
    (_, first), (_, second) = played(steps), played(steps)
    happens = passes(first.by_name(name).within, span)
    assert not (happens and passes(second.by_name(name).never, span))


@given(STEPS, NAMES, SPANS)
def test_time_passes_only_as_far_as_is_needed(steps, name, span):
    """To the moment at which it happens; to the end, where it does not; and nothing is changed."""
    centre, expect = played(steps)
    begin = centre.now
    try:
        assert expect.by_name(name).within(span).recorded_at == centre.now
    except ExpectationFailed:
        assert centre.now == begin + span
    plain, _ = played(steps)
    plain.advance_to(centre.now)
    there = [event.data for event in centre.log]
    assert there == [event.data for event in plain.log][: len(there)]
    late = list(plain.log)[len(there) :]
    assert all(event.recorded_at == centre.now for event in late)


@given(STEPS, NAMES, st.integers(0, 4), SPANS)
def test_times_is_within_counted(steps, name, count, span):
    """So often, once the time is over: what was before counts, and no time passes in vain."""
    centre, expect = played(steps)
    plain, _ = played(steps)
    plain.advance(span)
    there = len(by_hand(plain, name))
    assert passes(expect.by_name(name).times, count, span) == (there == count)
    assert centre.now == plain.now or there > count


@given(STEPS, st.lists(st.sampled_from([*KINDS]), min_size=2, max_size=4))
def test_an_order_agrees_with_positions(steps, names):
    """There is an order if there are positions that rise, one of each: by trying them all."""
    centre, expect = played(steps)
    places = [
        [(refusal.position, 1 + number) for number, refusal in enumerate(centre.refusals)]
        if name == "refused"
        else [(event.position, 0) for event, _ in by_hand(centre, name)]
        for name in names
    ]
    assert passes(expect.in_order, *map(expect.by_name, names)) == rises((-1, 0), places)


def rises(after, places):
    """Whether one of each can be taken, each after the one before: by trying."""
    if not places:
        return True
    return any(rises(one, places[1:]) for one in places[0] if one > after)


@given(STEPS, st.sampled_from(["bot", "talker", "greeter", "eva", "marc"]), SPANS)
def test_silence_agrees_with_custody(steps, name, span):
    """Met if it has handed something over and every word it was refused was where it still was."""
    both_come = [("comes", 0, 3), ("comes", 1, 4), ("comes", 3, 6), ("speaks", 0, 2)]
    centre, expect = played(both_come, steps)
    met = passes(expect.silent, name, span)
    late, handed = late_words(centre, name)
    assert met == (handed and not late)


def late_words(centre, name):
    """What a worker tried to say where others had what it served; whether there is any such."""
    custody, served, gone, ever, late = Custody(), set(), set(), False, []
    refused = list(centre.refusals)
    for event in (*centre.log, None):
        while refused and (event is None or refused[0].position < event.position):
            one = refused.pop(0)
            late += [one] * (one.actor.id == name and one.verb == "say" and said_in(one) in gone)
        if event is None:
            break
        custody.add(event.data)
        for interaction, party in custody.held_by.items():
            if custody.server_of(interaction) == name:
                served.add(interaction)
                gone.discard(interaction)
            elif interaction in served and party.kind in {"queue", "worker"}:
                gone.add(interaction)
                ever = True
    return late, ever


def said_in(refusal):
    """The interaction in which somebody wanted to say something."""
    return refusal.command.interaction


@given(STEPS, SPANS)
def test_expectations_change_nothing(steps, span):
    """Whoever looks makes no event, whatever is asked and how: only time passes."""
    centre, expect = played(steps)
    before = [event.data for event in centre.log]
    for name in KINDS:
        passes(expect.by_name(name).now)
        passes(expect.by_name(name).never)
        passes(expect.by_name(name).times, 1)
    passes(expect.no_anomaly)
    passes(expect.in_order, expect.arrived(), expect.closed())
    expect.all_asked()
    assert [event.data for event in centre.log] == before
    plain, _ = played(steps)
    plain.advance(span)
    passes(expect.from_now.event("customer.merged").never, span)
    assert [event.data for event in centre.log] == [event.data for event in plain.log]

"""The generated pages: complete, and as the code says."""

import random
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from docutils import nodes
from hypothesis import given
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import onechannel
from custody_picture import CUSTODY, Holder
from mail_pictures import EFFECT, LETTER, WAY, Place, Station, Stay, said
from mail_pictures import MEANT as LIMITS
from onechannel import commands as c
from onechannel import delivery as d
from onechannel import events as e
from onechannel import model
from onechannel.insight import Custody, PartyKind
from onechannel.live.deadlines import TIMERS, Alarm
from onechannel.model.personal import personal_fields
from onechannel.ports import Destination, EffectState, LetterState, LineOf
from onechannel.runtime import DEFAULT_LIMITS, Limits
from onechannel.runtime.metrics import _GAUGES
from onechannel.settings import fields_of
from onechannel.simulation import Routine, TurnKind
from onechannel.simulation.scenario import casting, reading, stepping
from onechannel.simulation.scenario.values import Crowd
from onechannel.stores.memory import MemoryStore
from onechannel.testing import FakeCentre, faults, invariants
from onechannel.testing.strategies import Rehearsal, scripts, seeded
from timers_table import MEANT
from vocabulary import event_kinds

HOLDERS = {
    PartyKind.QUEUE: Holder.QUEUE,
    PartyKind.WORKER: Holder.WORKER,
    PartyKind.PARTNER: Holder.WORKER,
    PartyKind.CUSTOMER: Holder.CUSTOMER,
    PartyKind.THIRD_PARTY: Holder.THIRD_PARTY,
    PartyKind.APPOINTMENT: Holder.APPOINTMENT,
}


DIRECTIVES = (
    "commands", "events", "who-may", "timers", "armings", "clearings", "custody-diagram",
    "limits", "metrics", "mail-picture letter", "mail-picture effect", "mail-picture way",
)  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The tree of the page that has one directive alone, by the directive's name."""
    source = tmp_path_factory.mktemp("pages")
    (source / "conf.py").write_text(
        "extensions = ['myst_parser', 'vocabulary', 'timers_table', 'custody_picture', "
        "'mail_pictures']\n"
    )
    for name in DIRECTIVES:
        directive, _, argument = name.partition(" ")
        (source / f"{name}.md").write_text(
            f"---\norphan:\n---\n# A page\n\n```{{{directive}}} {argument}\n```\n"
        )
    (source / "index.md").write_text("# Pages\n")
    out, log = source / "out", source / "warnings"
    # What an application registers is forgotten again: others build pages in this process, too.
    with log.open("w") as warnings, docutils_namespace():
        app = Sphinx(source, source, out, out, "dummy", status=None, warning=warnings)
        app.build()
    assert log.read_text("utf-8") == ""
    return app.env.get_doctree


def rows(node: nodes.Node) -> list[list[str]]:
    """The text of every row under the first table's head."""
    table = next(iter(node.findall(nodes.table)), None)
    if table is None:
        return []
    body = next(iter(table.findall(nodes.tbody)))
    return [[cell.astext() for cell in row.children] for row in body.children]


def described(tree: nodes.document) -> dict[str, nodes.section]:
    """The sections that describe one kind each, by title, in order."""
    found = tree.findall(nodes.section)
    return {one[0].astext(): one for one in found if isinstance(one[0][0], nodes.literal)}


# -- commands, events, names ----------------------------------------------------------------------


def test_every_command_is_described(page):
    """Each command of the table has a section, with its docstring, its verb and all its fields."""
    found = described(page("commands"))
    assert list(found) == [command.__name__ for command in c.VERBS]
    for command, verb in c.VERBS.items():
        section = found[command.__name__]
        text = section.astext().replace("’", "'")
        assert f"Verb {verb.name}." in text
        assert (command.__doc__ or "").split("\n")[0].replace("`", "") in text
        fields = attrs.fields(command)
        assert [row[0] for row in rows(section)] == [field.name for field in fields]
        needed = [row[0] for row in rows(section) if row[2] == "required"]
        assert needed == [field.name for field in fields if field.default is attrs.NOTHING]


def test_a_command_is_described_as_it_is_built(page):
    """Types are those of the source, defaults those of the class, personal data is marked."""
    assert rows(described(page("commands"))["Close"]) == [
        ["interaction", "InteractionId", "required"],
        ["reason", "EndReason", "resolved"],
        ["disposition", "str | None", "none"],
    ]


def test_every_event_is_described(page):
    """Each kind of event has a section by its stored name, with its version and all its fields."""
    found = described(page("events"))
    assert set(found) == {*e.EVENT_TYPES, "typing.noticed"}
    for kind in event_kinds():
        section = found[kind.stored_name]
        shown = "version 1" if kind.stored else "never stored"
        assert f"{kind.__name__}, {shown}." in section.astext()
        assert [row[0] for row in rows(section)] == [one.name for one in attrs.fields(kind)]
        hidden = {row[0] for row in rows(section) if row[1].endswith(", personal")}
        assert hidden == set(personal_fields(kind))


def test_who_may_is_the_table_of_verbs(page):
    """Every pair of command and kind of actor shows its relation, or that there is none."""
    found = rows(page("who-may"))
    assert [row[0] for row in found] == [command.__name__ for command in c.VERBS]
    for row, verb in zip(found, c.VERBS.values(), strict=True):
        actors = [verb.actors.get(kind) for kind in model.ActorKind]
        assert row[1:] == ["–" if relation is None else relation.value for relation in actors]


def test_every_public_name_is_in_the_reference(request):
    """Whatever `onechannel` exports is named on the page of the Python names."""
    text = (request.config.rootpath / "docs/reference/python.md").read_text("utf-8")
    named = set(re.findall(r"\bonechannel\.(\w+)", text))
    assert set(onechannel.__all__) - named == set()


# -- timers ---------------------------------------------------------------------------------------


def test_every_alarm_is_told(page):
    """The table has each alarm once, with whose it is, how long it takes and what follows."""
    found = {row[0]: row[1:] for row in rows(page("timers"))}
    assert set(found) == {alarm.value for alarm in Alarm} == {alarm.value for alarm in MEANT}
    assert all(cell for row in found.values() for cell in row)
    for timers in TIMERS.values():
        assert all(found[alarm.value][0] == timers.thing for alarm in timers.arms)


def test_what_arms_an_alarm_is_told(page):
    """Every event that arms an alarm stands beside it, with the field that holds its time."""
    found = {row[0]: set(row[1].split(", ")) for row in rows(page("armings"))}
    expected: dict[str, set[str]] = {alarm.value: set() for alarm in Alarm}
    for event, timers in TIMERS.items():
        for alarm, field in timers.arms.items():
            if field is not None:
                expected[alarm.value].add(f"{event.stored_name} ({field})")
    assert found == expected


def test_every_event_that_clears_is_told(page):
    """Each event of the table of timers stands in one of the two columns of its thing."""
    found = {row[0]: row[1:] for row in rows(page("clearings"))}
    for event, timers in TIMERS.items():
        every, some = found[timers.thing]
        names = [name.partition(" ")[0] for name in every.split(", ")]
        assert (event.stored_name in names) is timers.clears_all
        assert (f"{event.stored_name} (" in some) is not timers.clears_all


@pytest.mark.parametrize("alarm", Alarm)
def test_what_sets_a_timer_is_there(alarm):
    """A length is a fixed time, or a field that the model or a command has."""
    for length in MEANT[alarm].length:
        name, dot, field = length.partition(".")
        if dot:
            kind = getattr(c, name, None) or getattr(model, name)
            assert field in {one.name for one in attrs.fields(kind)}


# -- custody --------------------------------------------------------------------------------------


def moves_of(log: Iterable[e.Event]) -> set[tuple[Holder, type[e.EventData], Holder]]:
    """Every change of custody in a log, of what is with somebody before and after."""
    custody, found = Custody(), set()
    for event in log:
        data, interaction = event.data, event.subject("interaction")
        before = custody.held_by.get(interaction or "")
        custody.add(data)
        after = custody.held_by.get(interaction or "")
        if before is None or before is after or before.kind not in HOLDERS:
            continue
        if after is None:
            found.add((HOLDERS[before.kind], type(data), Holder.CLOSED))
        elif after.kind in HOLDERS:
            found.add((HOLDERS[before.kind], type(data), HOLDERS[after.kind]))
    return found


DRAWN = {(before, kind, after) for (before, kind), after in CUSTODY.moves.items()}
#: The same party anew, which is no arrow: the department asked for in the next step.
NO_ARROW = {(Holder.QUEUE, e.StepExpired, Holder.QUEUE)}


@given(scripts())
def test_every_change_of_custody_is_drawn(script):
    """Whoever gets a customer in a random script gets it along an arrow of the picture."""
    assert moves_of(Rehearsal.of(script).log) - NO_ARROW <= DRAWN


def test_a_long_script_walks_most_of_the_picture():
    """The picture is not full of arrows that nothing follows: long histories use most of them."""
    walked = set()
    for seed in range(4):
        walked |= moves_of(Rehearsal.of(seeded(seed, 1500)).log)
    assert walked - NO_ARROW <= DRAWN
    assert len(DRAWN & walked) >= 0.7 * len(DRAWN)


def test_a_change_of_custody_is_noticed():
    """What a log says of custody is read move by move."""
    centre = FakeCentre()
    marc = centre.worker("marc")
    text = centre.customer("Ana").starts("sms")
    marc.accepts(text)
    text.sleeps()
    text.reactivates()
    text.closes(reason="withdrawn")
    assert moves_of(centre.log) == {
        (Holder.QUEUE, e.AssignmentAccepted, Holder.WORKER),
        (Holder.WORKER, e.InteractionSlept, Holder.CUSTOMER),
        (Holder.CUSTOMER, e.InteractionQueued, Holder.QUEUE),
        (Holder.QUEUE, e.InteractionClosed, Holder.CLOSED),
    }


def test_the_picture_is_shown(page):
    """The directive draws every holder."""
    raw = next(iter(page("custody-diagram").findall(nodes.raw)))
    assert all(f'data-state="{holder.value}"' in raw.astext() for holder in Holder)


# -- letters and effects --------------------------------------------------------------------------

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
RULES = d.MailRules(
    keep_letters=timedelta(hours=4),
    park_for=timedelta(hours=2),
    longest_delay=timedelta(minutes=5),
    give_up_after=timedelta(hours=1),
)


class Mail:
    """A centre's mail under random work; notes from where to where each thing goes."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = AT
        self.store = MemoryStore()
        self.cycle = d.CommitCycle(self.store, rules=RULES)
        self.walked = {Place: Counter(), Stay: Counter()}
        self.places = {}
        self.number = 0
        rings = Destination(name="ring", types={"interaction.arrived"})
        self.cycle.run([d.Subscribe(rings)], self.clock)

    def clock(self):
        """The time."""
        return self.now

    def walk(self, steps):
        """So many pieces of work, each with a look at where everything is now."""
        for _ in range(steps):
            self.now += timedelta(minutes=self.random.choice([0, 0, 0, 1, 5, 30]))
            self.look()
            work = self.random.choice([self.letter, self.letter, self.claim, self.again, d.Tidy])()
            self.cycle.run([work], self.clock)
            self.look()
        return self

    def letter(self):
        """Begins an interaction, goes on with one that may come, or cannot be read."""
        self.number += 1
        name = f"i-{self.random.randrange(self.number)}"
        order = self.random.choice([
            c.Arrive(interaction=name, channel="chat"), c.Say(interaction=name, text="?"),
        ])  # fmt: skip
        waits = isinstance(order, c.Say) and self.random.random() < 0.7
        fault = "unreadable" if self.random.random() < 0.1 else None
        second = [c.Say(interaction="nobody", text="?")] * (self.random.random() < 0.2)
        return d.Letter(
            source="s", id=f"m-{self.number}", fault=fault,
            orders=tuple(map(d.Order, [order, *second])),
            awaits=LineOf(name) if waits else None,
        )  # fmt: skip

    def claim(self):
        """Claims something, and settles it at once, later or never."""
        claim = d.Claim(destination="ring", holder="x", lease=timedelta(minutes=3), limit=2)
        claimed = self.cycle.run([claim], self.clock).answers[0].effects
        self.look()
        for effect in claimed:
            outcome = self.random.choice([d.Sent(), d.Postponed("429"), d.GivenUp("404"), None])
            if outcome is not None:
                self.cycle.run([settled(effect, outcome)], self.clock)
        return d.Tidy()

    def again(self):
        """Replays what is refused or dead, perhaps as something else."""
        dead = [*self.store.letters(LetterState.REFUSED), *self.store.letters(LetterState.DEAD)]
        effects = self.store.effects(EffectState.DEAD)
        if effects and self.random.random() < 0.5:
            effect = self.random.choice(effects)
            return d.ReplayEffect(destination="ring", position=effect.position)
        if not dead:
            return d.Tidy()
        row = self.random.choice(dead)
        now = self.random.choice([
            None,
            (d.Order(c.Arrive(interaction=f"new-{self.number}", channel="chat")),),
            (d.Order(c.Say(interaction="nobody", text="?")),),
        ])  # fmt: skip
        return d.Replay(source="s", id=row.id, orders=now)

    def look(self):
        """Note whatever is elsewhere than it was."""
        there = {}
        for state in LetterState:
            for row in self.store.letters(state):
                there[Place, row.id] = Place(state.value)
        for effect in self.store.effects(EffectState.DUE):
            claimed = effect.holder is not None and effect.due_at > self.now
            there[Stay, effect.position] = Stay.CLAIMED if claimed else Stay.DUE
        for effect in self.store.effects(EffectState.DEAD):
            there[Stay, effect.position] = Stay.DEAD
        begins = {Place: Place.DELIVERED, Stay: Stay.DUE}
        ends = {Place: Place.FORGOTTEN, Stay: Stay.DONE}
        for key in self.places | there:
            before = self.places.get(key, begins[key[0]])
            after = there.get(key, ends[key[0]])
            if before is not after:
                self.walked[key[0]][before, after] += 1
        self.places = there


def settled(effect, outcome):
    """What became of an effect."""
    return d.Settlement(
        destination="ring", position=effect.position, token=effect.token, outcome=outcome
    )


@pytest.fixture(scope="module")
def walked():
    """All moves of letters and of effects in some long histories."""
    found = {Place: Counter(), Stay: Counter()}
    for seed in range(4):
        for kind, moves in Mail(seed).walk(400).walked.items():
            found[kind] += moves
    return found


@pytest.mark.parametrize(("kind", "picture"), [(Place, LETTER), (Stay, EFFECT)])
def test_letters_and_effects_move_as_they_are_drawn(walked, kind, picture):
    """Each arrow is walked by what the inbox and the outbox do, and they walk along no other."""
    drawn = {(before, after) for (before, _), after in picture.moves.items()}
    assert set(walked[kind]) == drawn


def test_the_states_drawn_are_those_of_the_rows():
    """What is drawn beside them is only what has no row: before, after, and claimed."""
    assert {one.value for one in Place} - {one.value for one in LetterState} == {
        "delivered", "let go",
    }  # fmt: skip
    assert {one.value for one in Stay} - {one.value for one in EffectState} == {"claimed"}


@pytest.mark.parametrize(
    ("name", "places"), [("letter", Place), ("effect", Stay), ("way", Station)]
)
def test_each_picture_of_the_mail_is_shown(page, name, places):
    """The directive draws every place of the picture it is asked for."""
    raw = next(iter(page(f"mail-picture {name}").findall(nodes.raw)))
    assert all(f'data-state="{place.value}"' in raw.astext() for place in places)


def test_what_goes_by_on_the_way_has_public_names():
    """Beside each arrow of the way stands a class that a user can import."""
    for _, what in WAY.moves:
        name = what.stored_name
        modules = (d, onechannel, onechannel.ports, onechannel.runtime)
        assert any(name in module.__all__ for module in modules)


def test_every_limit_is_told(page):
    """Each field of the limits stands in the table, with what it is if nobody says."""
    found = {row[0]: row[1] for row in rows(page("limits"))}
    usual = ((Limits, DEFAULT_LIMITS), (d.MailRules, d.DEFAULT_RULES))
    assert set(found) == set(LIMITS)
    assert found == {
        f"{kind.__name__}.{field.name}": said(getattr(values, field.name))
        for kind, values in usual
        for field in attrs.fields(kind)
    }
    assert found["MailRules.keep_letters"] == "8 days"
    assert found["Limits.poll"] == "10 milliseconds"
    assert found["Limits.waiting"] == "10,000"


def test_every_metric_is_told(page):
    """Each instrument that a centre makes stands in the table, with kind and unit."""
    found = {row[0]: row[1:3] for row in rows(page("metrics"))}
    assert found["onechannel.commands"] == ["counter", "{command}"]
    assert found["onechannel.command.duration"] == ["histogram", "s"]
    assert found["onechannel.replica.lag"] == ["gauge", "{event}"]
    assert found["onechannel.letters.received"] == ["gauge", "{letter}"]
    assert all(name.startswith("onechannel.") for name in found)
    assert len(found) == 2 + len(_GAUGES)


@pytest.mark.parametrize("module", [onechannel.runtime, d, onechannel.ports, faults, invariants])
def test_every_public_name_of_a_module_is_in_the_reference(request, module):
    """Whatever these modules export is on the page of the Python names."""
    text = (request.config.rootpath / "docs/reference/python.md").read_text("utf-8")
    named = set(re.findall(rf"\b{module.__name__}\.(\w+)", text))
    if module is onechannel.ports:
        (members,) = re.findall(r"automodule:: onechannel\.ports\n +:members: (.*)", text)
        named |= set(members.split(", ")) | NOT_CLASSES
    assert set(module.__all__) - named == set()


#: Names of types and of a callable, which need no entry of their own.
NOT_CLASSES = {"Answer", "Clock", "LetterIds", "Reference", "Tally"}


# -- scenarios ------------------------------------------------------------------------------------


def test_every_key_of_a_scenario_is_told(request):
    """The page has each key of the file, of each table of the cast, of a turn, and of a step."""
    text = (request.config.rootpath / "docs/reference/scenarios.md").read_text("utf-8")
    told = set(re.findall(r"`(\w+)`", text))
    assert {*reading._KEYS, *casting._PATIENCE, *stepping._STEP, *stepping._CHECK} <= told
    assert {key for keys in casting._BESIDES.values() for key in keys} <= told
    assert {kind.value for kind in TurnKind} <= told
    assert {*fields_of(Routine), "takes", "steps"} <= told
    assert {*fields_of(Crowd)} - {"setting"} <= told

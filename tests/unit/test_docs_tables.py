"""The generated pages: complete, and as the code says."""

import re
from collections.abc import Iterable

import attrs
import pytest
from docutils import nodes
from hypothesis import given
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import onechannel
from custody_picture import CUSTODY, Holder
from onechannel import commands as c
from onechannel import events as e
from onechannel import model
from onechannel.insight import Custody, PartyKind
from onechannel.live.deadlines import TIMERS, Alarm
from onechannel.model.personal import personal_fields
from onechannel.testing import FakeCentre
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
)  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The tree of the page that has one directive alone, by the directive's name."""
    source = tmp_path_factory.mktemp("pages")
    (source / "conf.py").write_text(
        "extensions = ['myst_parser', 'vocabulary', 'timers_table', 'custody_picture']\n"
    )
    for name in DIRECTIVES:
        (source / f"{name}.md").write_text(f"---\norphan:\n---\n# A page\n\n```{{{name}}}\n```\n")
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

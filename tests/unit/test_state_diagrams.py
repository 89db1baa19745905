"""The drawings of state machines: complete, free of overlap, and the same every time."""

import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from enum import Enum
from itertools import combinations, product
from types import ModuleType
from xml.etree import ElementTree

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sphinx.application import Sphinx

import svg_states

SVG = "{http://www.w3.org/2000/svg}"


@attrs.frozen
class Machine:
    name: str
    initial: Enum
    final: frozenset[Enum]
    moves: Mapping[tuple[Enum, type], Enum]
    admits: Mapping[type, frozenset[Enum]] = attrs.field(factory=dict)


def machine(states: str, final: str, *moves: str) -> Machine:
    """A machine from lines such as ``open closed lamp.closed lamp.broken``."""
    state = Enum("State", [(name.upper(), name) for name in states.split()], type=str)
    table = {}
    for before, after, *events in map(str.split, moves):
        for event in events:
            table[state(before), type("Event", (), {"stored_name": event})] = state(after)
    ends = frozenset(state(name) for name in final.split())
    return Machine("lamp", next(iter(state)), ends, table)


LAMP = machine(
    "off on dim broken",
    "broken",
    "off on lamp.switched_on clock.struck_six",
    "on off lamp.switched_off",
    "on dim lamp.dimmed",
    "dim on lamp.brightened",
    "off dim lamp.dimmed",
    "on on bulb.changed bulb.cleaned",
    "off broken lamp.broken",
    "dim broken lamp.broken",
)


@st.composite
def machines(draw):
    """Machines of up to six states with any moves, loops and unreachable states among them."""
    size = draw(st.integers(1, 6))
    names = [f"state_{i}" for i in range(size)]
    final = draw(st.integers(0, size - 1))
    live, ends = names[: size - final], names[size - final :]
    pairs = draw(st.lists(st.sampled_from([*product(live, names)]), unique=True, max_size=16))
    moves = [
        f"{a} {b} {' '.join(f'thing.{a}_{b}_{i}' for i in range(draw(st.integers(1, 3))))}"
        for a, b in pairs
    ]
    return machine(" ".join(names), " ".join(ends), *moves)


def parsed(table: Machine) -> ElementTree.Element:
    """The drawing of a machine as a tree."""
    return ElementTree.fromstring(svg_states.draw(table))  # noqa: S314 - we wrote it


def boxes(svg: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every state and every label."""
    found = []
    for group in svg.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        if rect is not None:
            x, y, w, h = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + w, y + h))
    return found


def overlapping(found: list[tuple[float, float, float, float]]) -> list[tuple]:
    """The pairs of boxes that share more than an edge."""
    return [
        (a, b)
        for a, b in combinations(found, 2)
        if min(a[2], b[2]) - max(a[0], b[0]) > 0.1 and min(a[3], b[3]) - max(a[1], b[1]) > 0.1
    ]


def points(path: str) -> list[tuple[float, float]]:
    """Points along a line made of M, L, H and C."""
    found: list[tuple[float, float]] = []
    for command, text in re.findall(r"([MLHC])([^MLHC]*)", path):
        n = [float(number) for number in text.split()]
        if command == "C":
            (x0, y0), (x1, y1, x2, y2, x3, y3) = found[-1], n
            for t in (i / 16 for i in range(1, 17)):
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                found.append((a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3))
        else:
            found.append((n[0], n[1] if n[1:] else found[-1][1]))
    return found


def covered(svg: ElementTree.Element) -> list[tuple[float, float]]:
    """The points of lines that lie within a state or a label."""
    lines = [path.attrib["d"] for path in svg.iter(f"{SVG}path") if not path.get("class")]
    return [
        (x, y)
        for line in lines
        for x, y in points(line)
        for left, top, right, bottom in boxes(svg)
        if left + 0.1 < x < right - 0.1 and top + 0.1 < y < bottom - 0.1
    ]


def drawn_moves(svg: ElementTree.Element) -> set[tuple[str, str, str]]:
    """(state, event, next state) of every arrow with its label."""
    return {
        (group.attrib["data-from"], text.text, group.attrib["data-to"])
        for group in svg.iter(f"{SVG}g")
        if group.get("class") == "move" and group.find(f"{SVG}path") is not None
        for text in group.iter(f"{SVG}text")
    }


@given(machines())
def test_nothing_covers_anything(table):
    """States and labels have places of their own, and all lie on the canvas."""
    svg = parsed(table)
    found = boxes(svg)
    assert overlapping(found) == []
    _, _, width, height = map(float, svg.attrib["viewBox"].split())
    assert all(x >= 0 and y >= 0 and r <= width and b <= height for x, y, r, b in found)


@given(machines())
def test_no_line_runs_through_anything(table):
    """Lines end at the edge of a state or a label, and pass by all others."""
    assert covered(parsed(table)) == []


@given(machines())
def test_every_move_is_drawn(table):
    """Each (state, event, next state) of the table is an arrow with its label, and no other."""
    assert drawn_moves(parsed(table)) == {
        (before.value, event.stored_name, after.value)
        for (before, event), after in table.moves.items()
    }


@given(machines())
def test_every_state_that_matters_is_drawn_once(table):
    """The initial state, the final ones and all that moves mention are boxes."""
    mentioned = {state for (before, _), after in table.moves.items() for state in (before, after)}
    groups = [g for g in parsed(table).iter(f"{SVG}g") if g.get("class") == "state"]
    assert sorted(group.attrib["data-state"] for group in groups) == sorted(
        state.value for state in mentioned | table.final | {table.initial}
    )


def test_states_stand_from_left_to_right():
    """A state stands right of those nearer to the initial one, a final one right of all."""
    table = machine("a b c end", "end", "a b go", "b c go_on", "a end stop", "c a return")
    lefts = [
        (float(group.find(f"{SVG}rect").attrib["x"]), group.attrib["data-state"])
        for group in parsed(table).iter(f"{SVG}g")
        if group.get("class") == "state"
    ]
    assert [state for _, state in sorted(lefts)] == ["a", "b", "c", "end"]


def test_own_events_are_named_shortly():
    """An event of the machine itself is shown without the machine's name, any other in full."""
    assert {event for _, event, _ in drawn_moves(parsed(LAMP))} == {
        "switched_on", "clock.struck_six", "switched_off", "dimmed", "brightened",
        "bulb.changed", "bulb.cleaned", "broken",
    }  # fmt: skip


def test_the_drawing_is_the_same_in_every_process():
    """The bytes do not depend on the hash seed."""
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]; sys.argv = ['']\n"
        "import test_state_diagrams as t; print(t.svg_states.draw(t.LAMP))"
    )
    folders = [svg_states.__file__.rpartition("/")[0], __file__.rpartition("/")[0]]
    drawings = {
        subprocess.run(
            [sys.executable, "-c", program, *folders],
            env={"PYTHONHASHSEED": seed}, capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert drawings == {svg_states.draw(LAMP).encode() + b"\n"}


def test_overlap_is_noticed():
    """The check of overlaps sees two boxes one over the other, and lets neighbours touch."""
    assert overlapping([(0, 0, 10, 10), (9, 9, 20, 20)]) != []
    assert overlapping([(0, 0, 10, 10), (10, 0, 20, 10)]) == []


def test_a_line_through_a_box_is_noticed():
    """The check of lines sees one that runs through a state."""
    box = "<g><rect x='0' y='0' width='9' height='9'/></g>"
    lines = "<path d='M-9 5H-1C2 5 7 5 12 5'/><path d='M-9 20L12 20'/>"
    svg = ElementTree.fromstring(f"<svg xmlns='{SVG[1:-1]}'>{box}{lines}</svg>")  # noqa: S314
    assert {y for _, y in covered(svg)} == {5}


class Switch: ...


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Builds a page with the directives over the table of a lamp; the page, and the warnings."""
    tables = ModuleType("lamp_tables")
    tables.__file__ = __file__
    tables.MACHINES = (attrs.evolve(LAMP, admits={Switch: frozenset({LAMP.initial})}),)
    monkeypatch.setitem(sys.modules, "lamp_tables", tables)

    def build(text: str) -> tuple[str, str]:
        (tmp_path / "conf.py").write_text(
            "extensions = ['myst_parser', 'state_diagrams']\nstate_machines = 'lamp_tables'\n"
        )
        (tmp_path / "index.md").write_text(textwrap.dedent(text))
        out, log = tmp_path / "out", tmp_path / "warnings"
        with log.open("w") as warnings:
            Sphinx(tmp_path, tmp_path, out, out, "html", status=None, warning=warnings).build()
        return (out / "index.html").read_text("utf-8"), log.read_text("utf-8")

    return build


def test_the_directives_show_drawing_and_table(build):
    """A page shows the drawing, and a mark or a refusal for each command and living state."""
    page, warnings = build(
        """\
        # Lamps

        ```{state-diagram} lamp
        ```

        ```{state-table} lamp
        ```
        """
    )
    assert warnings == ""
    assert svg_states.draw(LAMP) in page
    assert page.count("<td><p>✓</p></td>") == 1
    assert page.count("<td><p>refused</p></td>") == 2
    assert "All are refused in: broken." in page
    assert "Switch" in page


def test_an_unknown_machine_is_an_error_of_the_page(build):
    """A misspelt machine is reported with the names there are."""
    _, warnings = build("# Lamps\n\n```{state-diagram} lampp\n```\n")
    assert "no machine 'lampp' in lamp_tables: there are ['lamp']" in warnings

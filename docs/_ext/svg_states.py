"""Draws a state machine as an SVG, from its table alone.

- `draw` is a pure function: the same table gives the same bytes.
- Columns of states alternate with columns of labels. Every state, every label and every passing
  line has a slot of its own in its column, and lines bend only between columns: so nothing covers
  a state or a label, whatever the table says.
- Colours are those of the page (CSS variables of the theme), so light and dark both read well.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import partial
from html import escape
from itertools import combinations, pairwise
from typing import Any, Final, Protocol

import attrs

__all__ = ["Machine", "draw"]

LINE: Final = 17.0  # height of a line of a label
EVENT_CHARACTER: Final = 7.0  # width at 11.5 px; a monospaced font is 0.6 em wide
STATE_CHARACTER: Final = 8.2  # width at 14 px, of the widest usual letters
PORT: Final = 13.0  # distance of two lines that end at one side of a state
SLOT: Final = 13.0  # distance of two things in a column
LOOP: Final = 24.0  # height of the arc of a move that stays in its state
MARGIN: Final = 14.0
READABLE: Final = 720  # width below which the page had better scroll than shrink the letters
STIFF: Final = 8  # a line is straightened before it is led the short way to a state
SWEEPS: Final = 60  # orders are stable after a dozen, heights after some forty

STYLE: Final = """
.states{color:var(--color-foreground-primary,#1f2328);width:100%;height:auto}
.states path{fill:none;stroke:currentColor;stroke-width:1.3;stroke-opacity:.62}
.states .head{fill:currentColor;stroke:none}
.states .state rect{fill:var(--color-background-primary,#fff);stroke:currentColor;stroke-width:1.5}
.states .state .ring{fill:none;stroke-width:1}
.states .state text{font:600 14px system-ui,"Segoe UI","DejaVu Sans",sans-serif}
.states .event rect{fill:var(--color-background-hover,#efeff4)}
.states .event text{font:11.5px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.states text{fill:currentColor;stroke:none;text-anchor:middle}
.states .start{fill:currentColor}
.states .move:hover{color:var(--color-brand-content,#2757dd)}
.states .move:hover path{stroke-opacity:1;stroke-width:2}
"""


class Machine(Protocol):
    """The table of a state machine, as far as it is drawn; events have a ``stored_name``."""

    @property
    def name(self) -> str:
        """What the machine describes."""

    @property
    def initial(self) -> Enum:
        """Where everything starts."""

    @property
    def final(self) -> frozenset[Any]:
        """The states which nothing leaves."""

    @property
    def moves(self) -> Mapping[Any, Any]:
        """(state, event class) -> next state."""


@attrs.define(eq=False)
class Cell:
    """What has a slot in a column: a state, a label, or a line that passes."""

    column: int
    text: tuple[str, ...] = ()
    state: Enum | None = None
    loops: tuple[str, ...] = ()
    left: list["Cell"] = attrs.field(factory=list)
    right: list["Cell"] = attrs.field(factory=list)
    line: list["Cell"] = attrs.field(factory=list)  # the cells of the move it belongs to
    x: float = 0.0
    y: float = 0.0
    span: float = 0.0

    @property
    def width(self) -> float:
        """The width of what is drawn."""
        if self.state:
            return STATE_CHARACTER * len(self.text[0]) + 30
        return text_width(self.text)

    @property
    def height(self) -> float:
        """The height of what is drawn, a state's loop not included."""
        if self.state:
            return max(38.0, PORT * (max(len(self.left), len(self.right)) + 1))
        return LINE * len(self.text) + 4 if self.text else 0.0

    @property
    def above(self) -> float:
        """The room needed above the middle."""
        return self.height / 2 + (LOOP + LINE * len(self.loops) + 4 if self.loops else 0)

    @property
    def room(self) -> float:
        """The width needed in the column."""
        return max(self.width, text_width(self.loops))

    def end(self, toward: int) -> float:
        """Where it ends on the right (1) or on the left (-1); a passing line fills its column."""
        return self.x + toward * (self.width or self.span) / 2

    @property
    def beside(self) -> list["Cell"]:
        """Its neighbours in both directions."""
        return self.left + self.right

    def port(self, other: "Cell") -> float:
        """How high a line to a neighbour ends: lines to higher cells end higher."""
        if not self.state:
            return self.y
        links = sorted(self.right if other in self.right else self.left, key=lambda cell: cell.y)
        return self.y + PORT * (links.index(other) - (len(links) - 1) / 2)

    @property
    def wish(self) -> float:
        """How high it stands if its lines are to be straight."""
        ends = [cell.port(near) for near in self.line for cell in near.beside if cell.state]
        if not self.line:
            ends = [cell.port(self) for cell in self.beside]
        along = [cell.y for cell in self.line if cell is not self] * STIFF
        return sum(ends + along) / len(ends + along) if ends else self.y


@attrs.frozen
class Move:
    """Everything that leads from one state to another; its way starts and ends with a state."""

    events: tuple[str, ...]
    way: tuple[Cell, ...]


def text_width(lines: Sequence[str]) -> float:
    """The width of the lines of a label."""
    return max((len(line) * EVENT_CHARACTER + 12 for line in lines), default=0.0)


def ranks(machine: Machine) -> dict[Enum, int]:
    """How many moves each state is from the initial one; final states come last together."""
    found = {machine.initial: 0}
    queue = [machine.initial]
    for state in queue:
        for (before, _), after in machine.moves.items():
            if before == state and after not in found and after not in machine.final:
                found[after] = found[state] + 1
                queue.append(after)
    mentioned = {state for (before, _), after in machine.moves.items() for state in (before, after)}
    last = max(found.values()) + 1
    return {
        state: last if state in machine.final else found.get(state, 0)
        for state in type(machine.initial)
        if state in mentioned | machine.final | {machine.initial}
    }


def grouped(machine: Machine) -> dict[tuple[Enum, Enum], tuple[str, ...]]:
    """The names of the events between two states; the machine's own name goes without saying."""
    events: dict[tuple[Enum, Enum], tuple[str, ...]] = {}
    for (before, event), after in machine.moves.items():
        name = event.stored_name.removeprefix(f"{machine.name}.")
        events[before, after] = (*events.get((before, after), ()), name)
    return events


def arrange(machine: Machine) -> tuple[list[Cell], list[Move]]:
    """The cells in their columns, linked to their neighbours, and the moves through them."""
    events = grouped(machine)
    states = {
        state: Cell(2 * rank, (str(state.value),), state, events.get((state, state), ()))
        for state, rank in ranks(machine).items()
    }
    cells, moves = list(states.values()), []
    lines: dict[int, int] = {}
    span = {edge: abs(states[edge[0]].column - states[edge[1]].column) for edge in events}
    for (before, after), names in sorted(events.items(), key=lambda item: span[item[0]]):
        source, target = states[before], states[after]
        if before == after:
            continue
        first, last = sorted((source.column, target.column))
        columns = range(first + 1, max(last, first + 2))
        fewest = min(columns[::2], key=lambda column: lines.get(column, 0))
        lines[fewest] = lines.get(fewest, 0) + len(names) + 1
        passed = [Cell(column, names if column == fewest else ()) for column in columns]
        way = [source, *(passed if source.column <= target.column else passed[::-1]), target]
        for one, other in pairwise(way):
            left, right = (one, other) if one.column < other.column else (other, one)
            left.right.append(right)
            right.left.append(left)
        for cell in passed:
            cell.line = passed
        cells += passed
        moves.append(Move(names, tuple(way)))
    return cells, moves


def crossings(columns: list[list[Cell]]) -> int:
    """How often lines cross between the columns."""
    total = 0
    for left, right in pairwise(columns):
        places = {cell: i for i, cell in enumerate(right)}
        links = [(i, places[cell]) for i, one in enumerate(left) for cell in one.right]
        total += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in combinations(links, 2))
    return total


def middle(cell: Cell, places: Mapping[Cell, int], *, left: bool) -> float:
    """The mean place of a cell's neighbours on one side; its own where it has none there."""
    near = (cell.left if left else cell.right) or [cell]
    return sum(places[other] for other in near) / len(near)


def order(cells: list[Cell]) -> list[list[Cell]]:
    """The cells column by column, each column from top to bottom with few crossings."""
    numbers = sorted({cell.column for cell in cells})
    columns = [[cell for cell in cells if cell.column == number] for number in numbers]
    best = [list(column) for column in columns]
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for column in columns if forward else columns[::-1]:
            places = {cell: i for one in columns for i, cell in enumerate(one)}
            column.sort(key=partial(middle, places=places, left=forward))
        if crossings(columns) < crossings(best):
            best = [list(column) for column in columns]
    return best


def settle(column: list[Cell]) -> None:
    """Move the cells of a column as near as they can be to where their lines want them.

    Pools adjacent violators: blocks of touching cells stand where their members' wishes balance.
    """
    offsets = [0.0]
    for upper, lower in pairwise(column):
        offsets.append(offsets[-1] + upper.height / 2 + SLOT + lower.above)
    blocks: list[tuple[float, int, int]] = []  # (sum of wishes, weight, cells)
    for cell, offset in zip(column, offsets, strict=True):
        weight = 1 if cell.state else STIFF
        block = (weight * (cell.wish - offset), weight, 1)
        while blocks and blocks[-1][0] / blocks[-1][1] > block[0] / block[1]:
            last = blocks.pop()
            block = (block[0] + last[0], block[1] + last[1], block[2] + last[2])
        blocks.append(block)
    heights = [total / weight for total, weight, count in blocks for _ in range(count)]
    for cell, height, offset in zip(column, heights, offsets, strict=True):
        cell.y = height + offset


def place(columns: list[list[Cell]]) -> tuple[float, float]:
    """Give every cell its middle; the width and height of the whole."""
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else columns[::-1]:
            settle(column)
    cells = [cell for column in columns for cell in column]
    top = min(cell.y - cell.above for cell in cells) - MARGIN
    x = MARGIN + 26
    for column in columns:
        room = max(cell.room for cell in column)
        for cell in column:
            cell.x, cell.y, cell.span = x + room / 2, cell.y - top, room
        steep = max((abs(cell.y - other.y) for cell in column for other in cell.right), default=0)
        x += room + min(48, 22 + steep / 6)
    width = max(cell.x + cell.room / 2 for cell in cells) + MARGIN
    return width, max(cell.y + cell.height / 2 for cell in cells) + MARGIN


def between(start: Cell, end: Cell) -> str:
    """The line from one cell to a neighbour: level within the columns, curved between them."""
    toward = 1 if start.column < end.column else -1
    (x0, y0), (x1, y1) = (
        (start.x + toward * start.span / 2, start.port(end)),
        (end.x - toward * end.span / 2, end.port(start)),
    )
    begin = f"{'M' if start.text else 'L'}{start.end(toward):.1f} {y0:.1f}H{x0:.1f}"
    middle = f"C{(x0 + x1) / 2:.1f} {y0:.1f} {(x0 + x1) / 2:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    return f"{begin}{middle}H{end.end(-toward):.1f}"


def head(x: float, y: float, dx: int, dy: int) -> str:
    """The head of an arrow that ends at a point."""
    ax, ay = x - 8 * dx, y - 8 * dy
    corners = f"{x:.1f} {y:.1f}L{ax + 4 * dy:.1f} {ay + 4 * dx:.1f}L{ax - 4 * dy:.1f} "
    return f'<path class="head" d="M{corners}{ay - 4 * dx:.1f}Z"/>'


def label(x: float, y: float, lines: Sequence[str]) -> str:
    """The names of events, one under the other, around a point."""
    width, height = text_width(lines), LINE * len(lines) + 4
    first = y - LINE * (len(lines) - 1) / 2
    texts = "".join(
        f'<text x="{x:.1f}" y="{first + LINE * i:.1f}" dy=".35em">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    box = f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}"'
    return f'<g class="event">{box} height="{height:.1f}" rx="6"/>{texts}</g>'


def draw_move(move: Move) -> str:
    """One arrow with its label."""
    path = "".join(between(start, end) for start, end in pairwise(move.way))
    texts = "".join(label(cell.x, cell.y, cell.text) for cell in move.way[1:-1] if cell.text)
    before, target = move.way[-2:]
    toward = 1 if before.column < target.column else -1
    arrow = f'<path d="{path}"/>{head(target.end(-toward), target.port(before), toward, 0)}{texts}'
    return group(move.way[0], target, move.events, arrow)


def draw_loop(cell: Cell) -> str:
    """The arrow which leaves a state and comes back to it."""
    x, y = cell.x, cell.y - cell.height / 2
    arc = f"M{x - 11:.1f} {y:.1f}C{x - 20:.1f} {y - LOOP:.1f} {x + 20:.1f} {y - LOOP:.1f}"
    texts = label(x, y - LOOP - LINE * len(cell.loops) / 2, cell.loops)
    arrow = f'<path d="{arc} {x + 11:.1f} {y:.1f}"/>{head(x + 11, y, 0, 1)}{texts}'
    return group(cell, cell, cell.loops, arrow)


def group(source: Cell, target: Cell, events: Sequence[str], content: str) -> str:
    """The parts of one move, with the words that a pointer or a screen reader gives for it."""
    ends = f'data-from="{escape(source.text[0])}" data-to="{escape(target.text[0])}"'
    words = f"{source.text[0]} → {target.text[0]}: {', '.join(events)}"
    return f'<g class="move" {ends}><title>{escape(words)}</title>{content}</g>'


def draw_state(cell: Cell, machine: Machine) -> str:
    """One state: the initial one with a dot before it, a final one with a ring inside."""
    name, height = escape(cell.text[0]), cell.height
    parts = []
    for inset in (0, 3.5) if cell.state in machine.final else (0,):
        x, y = cell.end(-1) + inset, cell.y - height / 2 + inset
        size = f'width="{cell.width - 2 * inset:.1f}" height="{height - 2 * inset:.1f}"'
        ring = ' class="ring"' if inset else ""
        parts.append(f'<rect{ring} x="{x:.1f}" y="{y:.1f}" {size} rx="{10 - inset}"/>')
    parts.append(f'<text x="{cell.x:.1f}" y="{cell.y:.1f}" dy=".35em">{name}</text>')
    if cell.state == machine.initial:
        x = cell.end(-1)
        parts.append(f'<circle class="start" cx="{x - 27:.1f}" cy="{cell.y:.1f}" r="5"/>')
        parts.append(f'<path d="M{x - 22:.1f} {cell.y:.1f}H{x:.1f}"/>{head(x, cell.y, 1, 0)}')
    return f'<g class="state" data-state="{name}">{"".join(parts)}</g>'


def draw(machine: Machine) -> str:
    """The SVG of a machine's states and moves, to stand within a page."""
    cells, moves = arrange(machine)
    width, height = place(order(cells))
    states = [cell for cell in cells if cell.state]
    parts = [
        *(draw_move(move) for move in moves),
        *(draw_loop(cell) for cell in states if cell.loops),
        *(draw_state(cell, machine) for cell in states),
    ]
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    size += f' style="max-width:{width:.0f}px;min-width:{min(width, READABLE):.0f}px"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="states" role="img" {size}>'
        f"<title>The states of: {escape(machine.name)}</title><style>{STYLE}</style>"
        f"{''.join(parts)}</svg>"
    )

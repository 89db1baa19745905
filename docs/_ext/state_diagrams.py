"""Two directives that show the tables of the kernel's state machines.

- ``{state-diagram} interaction`` is the drawing; ``{state-table} interaction`` says which command
  applies in which state.
- Both read the tables of the library that is installed, so they can never be out of date.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Protocol

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from svg_states import Machine, draw

__all__ = ["StateDiagram", "StateTable", "setup"]


class Table(Machine, Protocol):
    """The table of a machine, with the commands it admits."""

    @property
    def admits(self) -> Mapping[type, frozenset[Any]]:
        """Command class -> the states in which it applies."""


class MachineDirective(SphinxDirective):
    """A directive whose one argument is the name of a machine."""

    required_arguments: ClassVar[int] = 1

    def machine(self) -> Table:
        """The machine that is asked for; an error of the page where there is none."""
        module = import_module(self.config.state_machines)
        self.env.note_dependency(module.__file__ or "")
        machines: dict[str, Table] = {machine.name: machine for machine in module.MACHINES}
        name = self.arguments[0]
        if name not in machines:
            raise self.error(f"no machine {name!r} in {module.__name__}: there are {[*machines]}")
        return machines[name]


class StateDiagram(MachineDirective):
    """The states and moves of a machine, drawn."""

    def run(self) -> list[nodes.Node]:
        """The drawing, which scrolls within its own box where the page is narrow."""
        drawing = f'<div style="overflow-x:auto">{draw(self.machine())}</div>'
        return [nodes.raw("", drawing, format="html")]


class StateTable(MachineDirective):
    """The commands of a machine and the states in which they apply."""

    def run(self) -> list[nodes.Node]:
        """A row for each command, a column for each state; where all are refused, a sentence."""
        machine = self.machine()
        admitted = frozenset[Any]().union(*machine.admits.values())
        over = [state for state in type(machine.initial) if state in machine.final - admitted]
        states = [state for state in type(machine.initial) if state not in over]
        rows = [["command", *(str(state.value) for state in states)]]
        for command, places in machine.admits.items():
            marks = ["✓" if state in places else "refused" for state in states]
            rows.append([command.__name__, *marks])
        closing = f"All are refused in: {', '.join(str(state.value) for state in over)}."
        return [table(rows), *([nodes.paragraph(text=closing)] if over else [])]


def table(rows: list[list[str]]) -> nodes.table:
    """A table whose first row is its head and whose first column is code."""
    group = nodes.tgroup(cols=len(rows[0]))
    group += [nodes.colspec(colwidth=1) for _ in rows[0]]
    head, body = nodes.thead(), nodes.tbody()
    for number, row in enumerate(rows):
        first = nodes.literal(text=row[0]) if number else nodes.Text(row[0])
        cells = [first, *(nodes.Text(text) for text in row[1:])]
        line = nodes.row()
        line += [nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells]
        (body if number else head).append(line)
    group += [head, body]
    return nodes.table("", group)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directives known to Sphinx."""
    app.add_config_value("state_machines", "onechannel.machines", "env", str)
    app.add_directive("state-diagram", StateDiagram)
    app.add_directive("state-table", StateTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Planting: how a bug is put into a module of the library while it is imported.

Laws of this file: a bug is keyed by the symbol it is in, never by a line; a row whose text is no
longer there, or there twice, is stale, and says so by its name. Nothing is written to disk, and
nothing of the library is imported before the bug is in its place.
"""

import ast
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

import attrs

__all__ = ["Mutant", "Planter", "Stale", "numbered", "plant", "source_of", "with_bug"]


class Stale(Exception):
    """A row that does not fit the library any more; the message names the row."""


@attrs.frozen(kw_only=True)
class Mutant:
    """A bug that breaks a rule, and the test that must notice.

    `symbol` is `module:name`, or `module:Class.name`: a function, a class or an assignment. In its
    source `old`, which must be there once, becomes `new`. `test` is a node id, and `budget` the
    seconds that the test may take. `id` is the rule's with a number, `RT-01#2`.
    """

    rule: str
    bug: str
    symbol: str
    old: str
    new: str
    test: str
    budget: float = 10.0
    id: str = ""

    @property
    def module(self) -> str:
        """The module that the symbol is in."""
        return self.symbol.partition(":")[0]

    @property
    def name(self) -> str:
        """The symbol's name within its module."""
        return self.symbol.partition(":")[2]


def numbered(rows: Iterable[Mutant]) -> tuple[Mutant, ...]:
    """The rows, each with its id: of the rows of one rule the first, the second and so on."""
    counts: dict[str, int] = {}
    made = []
    for row in rows:
        counts[row.rule] = counts.get(row.rule, 0) + 1
        made.append(attrs.evolve(row, id=f"{row.rule}#{counts[row.rule]}"))
    return tuple(made)


# -- the source -----------------------------------------------------------------------------------


def source_of(module: str) -> Path:
    """The file of a module of a package, of which nothing is imported for that."""
    package, *inner = module.split(".")
    spec = importlib.util.find_spec(package)
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    for place in places:
        path = Path(place).joinpath(*inner)
        for found in (path.with_suffix(".py"), path / "__init__.py"):
            if found.is_file():
                return found
    raise Stale(f"there is no module {module}")


def with_bug(mutant: Mutant, text: str) -> str:
    """A module's source with the bug in it; raises `Stale`."""
    first, last = _lines_of(mutant, text)
    lines = text.splitlines(keepends=True)
    symbol = "".join(lines[first:last])
    times = symbol.count(mutant.old)
    if times != 1:
        raise Stale(f"{mutant.id}: its old text is {times} times in {mutant.symbol}, not once")
    return "".join((*lines[:first], symbol.replace(mutant.old, mutant.new), *lines[last:]))


def _lines_of(mutant: Mutant, text: str) -> tuple[int, int]:
    """From which line, counting from 0, to before which the symbol stands."""
    body: Sequence[ast.stmt] = ast.parse(text).body
    found: ast.stmt | None = None
    for name in mutant.name.split("."):
        found = next((one for one in body if name in _names(one)), None)
        if found is None:
            raise Stale(f"{mutant.id}: there is no {mutant.symbol}")
        body = found.body if isinstance(found, _WITH_BODY) else ()
    assert found is not None  # a name has at least one part
    decorators = found.decorator_list if isinstance(found, _WITH_BODY) else []
    first = min([found.lineno, *(one.lineno for one in decorators)])
    return first - 1, found.end_lineno or first


_WITH_BODY = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _names(node: ast.stmt) -> list[str]:
    """What a statement defines."""
    if isinstance(node, _WITH_BODY):
        return [node.name]
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        targets = []
    return [target.id for target in targets if isinstance(target, ast.Name)]


# -- the import -----------------------------------------------------------------------------------


class Planter:
    """A finder that gives one module with its bug, and leaves all others alone."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.planted = False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module of the bug; None for any other."""
        if name != self.mutant.module:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin is None:
            return None
        spec.loader = _Loader(name, spec.origin, self)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, planter: Planter) -> None:
        super().__init__(name, path)
        self._planter = planter

    def get_code(self, fullname: str) -> CodeType:
        text = Path(self.path).read_text("utf-8")
        bad = with_bug(self._planter.mutant, text)
        self._planter.planted = True
        return compile(bad, self.path, "exec", dont_inherit=True)


def plant(mutant: Mutant) -> Planter:
    """Have the bug planted when its module is imported, which must not have been."""
    package = mutant.module.partition(".")[0]
    early = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
    assert not early, f"{early[0]} was imported before the bug could be planted"
    planter = Planter(mutant)
    sys.meta_path.insert(0, planter)
    return planter

"""The public names: curated, true, sorted, and nothing else in an ``__init__``.

What is imported in an ``__init__`` is exported there, and the other way round. That ``__all__`` is
sorted is a rule of the linter (RUF022), which test_style.py sees switched on.
"""

import ast
import importlib
from types import ModuleType

import pytest


def exported(tree: ast.Module) -> list[str] | None:
    """The names in ``__all__``, or None where a module has none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return None


def imported(tree: ast.Module) -> list[str]:
    """The names which a module imports."""
    imports = (node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    return [alias.asname or alias.name for node in imports for alias in node.names]


def is_plain(node: ast.stmt) -> bool:
    """Whether a statement belongs into an ``__init__``: docstring, import or ``__all__``."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__"
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return docstring or isinstance(node, ast.Import | ast.ImportFrom)


def faults(text: str) -> list[str]:
    """What is wrong with an ``__init__``, by its text alone."""
    tree = ast.parse(text)
    found = [f"line {node.lineno}: logic" for node in tree.body if not is_plain(node)]
    names = exported(tree)
    if names is None:
        return [*found, "names without __all__"] if imported(tree) else found
    found += [f"{name} is twice in __all__" for name in sorted({*names}) if names.count(name) > 1]
    found += [f"{name} is not exported" for name in sorted({*imported(tree)} - {*names})]
    return found + [f"{name} is not imported" for name in sorted({*names} - {*imported(tree)})]


def untrue(module: ModuleType) -> list[str]:
    """The names in ``__all__`` which a loaded module does not have."""
    return [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)]


def test_every_init_is_a_list_of_names(packages):
    """An ``__init__`` holds a docstring, imports and ``__all__``, which agree."""
    found = {name: faults(text) for name, text in packages.items()}
    assert {name: what for name, what in found.items() if what} == {}


def test_every_exported_name_exists(packages):
    """Whoever imports a name of ``__all__`` gets it."""
    found = {name: untrue(importlib.import_module(name)) for name in packages}
    assert {name: names for name, names in found.items() if names} == {}


def test_the_library_exports_something(packages):
    """The front door is not empty."""
    assert exported(ast.parse(packages["onechannel"]))


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ('"""Doc."""\nfrom a import B, c as d\n\n__all__ = ["B", "d"]\n', []),
        ('"""Doc."""\n', []),
        ("from a import B\n", ["names without __all__"]),
        ("from a import B, C\n__all__ = ['B']", ["C is not exported"]),
        ("from a import B\n__all__ = ['B', 'C']", ["C is not imported"]),
        ("from a import B\n__all__ = ['B', 'B']", ["B is twice in __all__"]),
        ("x = 1", ["line 1: logic"]),
        ("def f(): ...", ["line 1: logic"]),
        ("if True:\n    import a", ["line 1: logic"]),
    ],
)
def test_a_fault_is_noticed(text, complaints):
    """The check of an ``__init__`` sees logic, and names that do not agree."""
    assert faults(text) == complaints


def test_an_untrue_name_is_noticed():
    """The check of exports sees a name that is only promised."""
    module = ModuleType("planted")
    module.here, module.__all__ = 1, ["here", "gone"]
    assert untrue(module) == ["gone"]

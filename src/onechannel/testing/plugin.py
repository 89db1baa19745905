"""What the pytest plugin does for a test that uses it: `onechannel_pytest` is what is loaded.

Laws of this file: it speaks to pytest by its public names; whatever is wrong with a marker is said
with the place where that marker stands.
"""

import inspect
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import pytest

from onechannel.errors import InvalidValue, OneChannelError
from onechannel.testing._journeys import relative
from onechannel.testing.fake import FakeCentre

__all__ = ["ask_all", "furnished", "multiplied"]

#: The fakes that a test got by the fixture.
_GIVEN: Final = pytest.StashKey[list[FakeCentre]]()

# -- the marker -----------------------------------------------------------------------------------

_KEYS: Final = tuple(inspect.signature(FakeCentre).parameters)
#: Keys whose text is the name of a file.
_FILES: Final = frozenset({"policy", "calendar"})


def furnished(item: pytest.Item) -> FakeCentre:
    """A new fake as the markers of a test say, of which the nearest wins, key by key."""
    options: dict[str, Any] = {}
    places: dict[str, None] = {}
    for node, mark in item.iter_markers_with_node("centre"):
        place = _place(node)
        _refuse_unknown(place, mark)
        for key, value in mark.kwargs.items():
            if key not in options:
                options[key] = _found(place, item, key, value) if key in _FILES else value
                places[place] = None
    try:
        fake = FakeCentre(**options)
    except OneChannelError as wrong:
        raise _refusal(" and ".join(places), str(wrong)) from None
    item.stash.setdefault(_GIVEN, []).append(fake)
    return fake


def _refuse_unknown(place: str, mark: pytest.Mark) -> None:
    if mark.args:
        raise _refusal(
            place, f'say which is which: policy="rules.toml", not {mark.args[0]!r} alone'
        )
    for key, value in mark.kwargs.items():
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(_KEYS)}"
            raise _refusal(place, f"there is no {key}: {hint}")
        if key == "store" and not callable(value) and not isinstance(value, str):
            raise _refusal(
                place,
                "tests may not share a store: give what makes one, "
                'store=lambda: SQLiteStore("centre.db"), or store="sqlite"',
            )


def _place(node: Any) -> str:
    """Where the marks of a node stand, as an editor finds it."""
    path, line, _name = node.reportinfo()
    file = relative(Path(path), node.config)
    return file if line is None else f"{file}:{line + 1}"


def _refusal(place: str, said: str) -> BaseException:
    """A failure without a traceback, which would be of our own lines only."""
    return pytest.fail.Exception(f"{place}: @pytest.mark.centre: {said}", pytrace=False)


def _found(place: str, item: pytest.Item, key: str, given: Any) -> Any:
    """A file, or several, beside the test's file or below the root; anything else as it is."""
    if isinstance(given, (list, tuple)):
        return [_found(place, item, key, one) for one in given]
    if not isinstance(given, (str, Path)):
        return given
    places = [folder / given for folder in (item.path.parent, item.config.rootpath)]
    for path in places:
        if path.is_file():
            return path
    looked = " nor ".join(dict.fromkeys(relative(path, item.config) for path in places))
    raise _refusal(place, f"{key}={str(given)!r}: there is no file {looked}")


# -- tests that run once for each fault -----------------------------------------------------------


def multiplied(metafunc: pytest.Metafunc, own: set[str], faults: pytest.Mark | None) -> None:
    """Give a test its webhooks' faults; what a test's `own` marker is for, it must ask for."""
    for name in sorted(own & {"centre", "webhooks"}):
        if name not in metafunc.fixturenames:
            said = f"the test does not ask for the fixture {name}, so the marker does nothing"
            raise _uncollected(metafunc, name, said)
    if faults is None or "webhooks" not in metafunc.fixturenames:
        return
    from onechannel.testing.webhooks import asked_for

    try:
        found = asked_for(*faults.args, **faults.kwargs)
    except (InvalidValue, TypeError) as wrong:
        raise _uncollected(metafunc, "webhooks", str(wrong)) from None
    metafunc.parametrize("webhooks", found, ids=str, indirect=True)


def _uncollected(metafunc: pytest.Metafunc, name: str, said: str) -> Exception:
    place = _place(metafunc.definition)
    return pytest.Collector.CollectError(f"{place}: @pytest.mark.{name}: {said}")


# -- expectations that nobody asked ---------------------------------------------------------------


def ask_all(item: pytest.Item) -> None:
    """Fail where an expectation of a fake that the fixture gave has never been asked."""
    for fake in item.stash.get(_GIVEN, []):
        try:
            fake.expect.all_asked()
        except AssertionError as unasked:
            raise pytest.fail.Exception(str(unasked), pytrace=False) from None

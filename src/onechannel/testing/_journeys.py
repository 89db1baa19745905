"""What a failing test shows: whose lines, and what happened in its centres.

Laws of this file: what the library itself says of a test is said by its text, and anything else is
shown whole; a report is never lost because its picture is.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import pytest

from onechannel.errors import OneChannelError
from onechannel.insight import Entry, render_text, timeline
from onechannel.simulation import VirtualCentre
from onechannel.simulation.expecting import ExpectationFailed
from onechannel.testing.fake import FakeCentre, fakes_since

__all__ = ["SHOWN", "file_name", "relative", "show_journeys", "without_our_lines"]

# -- whose lines a failure shows ------------------------------------------------------------------

_OURS: Final = Path(__file__).parents[1]


def without_our_lines(
    item: pytest.Item, found: pytest.ExceptionInfo[BaseException]
) -> pytest.ExceptionInfo[BaseException]:
    """Of what the library says is wrong with a test, the lines of others alone.

    That may have gone through groups of tasks, and be all that went wrong in them. Whatever else
    goes wrong in a test is shown whole, and so is everything with `--full-trace`.
    """
    said = found.value
    while isinstance(said, BaseExceptionGroup) and len(said.exceptions) == 1:
        said = said.exceptions[0]
    ours = isinstance(said, (OneChannelError, ExpectationFailed))
    if not ours or item.config.getoption("fulltrace"):
        return found
    theirs = None
    for one in reversed(list(_lines(said.__traceback__))):
        if not Path(one.tb_frame.f_code.co_filename).is_relative_to(_OURS):
            theirs = TracebackType(theirs, one.tb_frame, one.tb_lasti, one.tb_lineno)
    if theirs is None:
        return found
    return pytest.ExceptionInfo.from_exc_info((type(said), said, theirs))


def _lines(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


# -- what a failing test leaves -------------------------------------------------------------------

#: Centres that no fixture gave, which an item asks to be shown.
SHOWN: Final = pytest.StashKey[list[VirtualCentre]]()

#: How much a report shows of a timeline, and of what was refused.
_LINES: Final = 30
_REFUSALS: Final = 10


def show_journeys(
    item: pytest.Item, report: pytest.TestReport, call: pytest.CallInfo[None], since: int
) -> None:
    """Add to the report of a failing test what happened in each of its centres.

    Those are what its fixtures gave, what its class and instance hold, and what was made in its
    time. Of a single one whose timeline the failure has told already, only the files are named.
    """
    found = [one for one in _centres_of(item, since) if any(_story(one)) or one.refusals]
    said = None if call.excinfo is None else call.excinfo.value
    told = isinstance(said, ExpectationFailed) and bool(said.timeline)
    for number, centre in enumerate(found, start=1):
        alone = len(found) == 1
        title = "centre journey" if alone else f"centre journey {number} of {len(found)}"
        name = file_name(item.nodeid) + ("" if number == 1 else f".{number}")
        lines = [] if told and alone else _last_lines(centre)
        lines += _files(centre, item, name)
        if lines:
            report.sections.append((title, "\n".join(lines)))


def _centres_of(item: pytest.Item, since: int) -> list[VirtualCentre]:
    held: list[Any] = [*item.stash.get(SHOWN, []), *getattr(item, "funcargs", {}).values()]
    for owner in (getattr(item, "instance", None), getattr(item, "cls", None)):
        held += getattr(owner, "__dict__", {}).values()
    found = [one for one in held if isinstance(one, VirtualCentre)]
    return list(dict.fromkeys([*found, *fakes_since(since)]))


def _last_lines(centre: VirtualCentre) -> list[str]:
    lines, refusals = list(_timeline(centre)), list(_refusals(centre))
    return [*_last(_LINES, lines), *_last(_REFUSALS, refusals)]


def _last(most: int, lines: list[str]) -> list[str]:
    left = len(lines) - most
    return [f"({left} lines before)", *lines[left:]] if left > 1 else lines


def _story(centre: VirtualCentre) -> Iterator[Entry]:
    begins_after = centre.begins_after if isinstance(centre, FakeCentre) else 0
    return (entry for entry in timeline(centre.log) if entry.position > begins_after)


def _timeline(centre: VirtualCentre) -> Iterator[str]:
    return render_text(_story(centre), show_text=True, zone=centre.zone)


def _refusals(centre: VirtualCentre) -> Iterator[str]:
    """What was asked for and refused: the log has nothing of it, yet it may be the reason."""
    for refusal in centre.refusals:
        at = refusal.at.astimezone(centre.zone).strftime("%H:%M:%S")
        who = refusal.actor.id or refusal.actor.kind.value
        yield f"  {at}  {who} was refused to {refusal.verb.replace('_', ' ')}: {refusal.error}"


def _files(centre: VirtualCentre, item: pytest.Item, name: str) -> Iterator[str]:
    """Write a journey as text and as a picture, if that was asked for; what to say of it."""
    given = item.config.getoption("centre_journeys")
    if not given:
        return
    text, picture = Path(given, f"{name}.txt"), Path(given, f"{name}.svg")
    try:
        text.parent.mkdir(parents=True, exist_ok=True)
        lines = [item.nodeid, "", *_timeline(centre), *_refusals(centre), ""]
        text.write_text("\n".join(lines), "utf-8")
        yield f"written: {relative(text, item.config)}"
        picture.write_text(_drawn(centre, item.nodeid), "utf-8")
        yield f"drawn:   {relative(picture, item.config)}"
    except Exception as fault:  # noqa: BLE001 - the report matters more than its files
        yield f"not written to {given}: {type(fault).__name__}: {fault}"


def _drawn(centre: VirtualCentre, title: str) -> str:
    from onechannel.reports import journey_svg

    zone, until = centre.zone, centre.now
    return journey_svg(centre.log, title=title, show_text=True, zone=zone, until=until)


#: How long a name may be; the longest that any file system takes is 255 bytes.
_LONGEST: Final = 120


def file_name(nodeid: str) -> str:
    """The name of a test as that of a file, on any file system, and of no other test.

    A digest is part of it where the name alone might be another's: where a letter had to be
    replaced or left out, or a parameter has capitals, which some file systems do not tell apart.
    """
    path, _, rest = nodeid.partition("::")
    test, mark, parameters = rest.partition("[")
    file = path.removesuffix(".py").removesuffix(".scenario.toml")
    places = [*file.split("/"), *test.split("::")]
    plain = ".".join(re.sub(r"[^A-Za-z0-9_]", "_", one) for one in places)
    values = re.sub(r"[^a-z0-9_]+", "-", parameters.lower()).strip("-")
    name = f"{plain}-{values}" if values else plain
    exact = all(re.fullmatch(r"[A-Za-z0-9_]+", one) for one in places)
    if mark:
        exact = exact and values != "" and parameters == f"{values}]"
    if not exact or len(name) > _LONGEST:
        digest = blake2b(nodeid.encode(), digest_size=4).hexdigest()
        name = f"{name[:_LONGEST]}-{digest}"
    return name


def relative(path: Path, config: pytest.Config) -> str:
    """A path as short as it can be said where pytest was called."""
    here = config.invocation_params.dir
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

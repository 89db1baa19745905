"""Reading: from a TOML text to a scenario.

Laws of this file: all that can be wrong without playing is found here, and said with file, line and
key; nothing is played that was not read to its end.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import Final

from onechannel.errors import InvalidValue, OneChannelError
from onechannel.model.calendar import ALWAYS_OPEN, Calendar
from onechannel.model.checks import utc
from onechannel.model.policy import Policy
from onechannel.model.queue import Queue
from onechannel.model.zones import zone_named
from onechannel.routing import read_policy
from onechannel.settings import Setting, built, read_settings
from onechannel.simulation.centre import START, VirtualCentre
from onechannel.simulation.clockwork import clock_reading
from onechannel.simulation.outside import FAULTS, WebhookFault
from onechannel.simulation.scenario.book import Book, moment_of
from onechannel.simulation.scenario.casting import channel, crowd, customer, vendor, worker
from onechannel.simulation.scenario.stepping import read_step
from onechannel.simulation.scenario.values import Crowd, Scenario

__all__ = ["read_scenario"]

_KEYS: Final = (
    "title", "start", "zone", "policy", "channels", "queues", "calendars", "customers", "workers",
    "machines", "supervisors", "vendors", "crowds", "webhooks", "story",
)  # fmt: skip

# Before whatever date a day may have.
_EARLY: Final = datetime(102, 1, 1, tzinfo=UTC)

#: What a customer does with every fault but these comes later, and a step would wait for it.
_WEBHOOKS: Final = (WebhookFault.AS_SENT, WebhookFault.DOUBLED, WebhookFault.REPEATED)


def read_scenario(
    text: str | bytes, file: str, *, beside: Callable[[str], bytes] | None = None
) -> Scenario:
    """The scenario of a TOML text; raises `SettingsInvalid` naming the file, the line and the key.

    `beside` gives what stands in another file that this one names: a policy.
    """
    top = read_settings(text, file)
    top.refuse_others(_KEYS)
    title = _text(top, "title") or file
    zone = _zone(top)
    book = Book()
    book.enter("centre", VirtualCentre, top)
    channels = tuple(channel(name, one) for name, one in _tables(top, "channels"))
    calendars = tuple(
        built(Calendar.weekly, one, {"name": name}) for name, one in _tables(top, "calendars")
    )
    book.calendars |= {ALWAYS_OPEN.name, *(one.name for one in calendars)}
    queues = tuple(built(Queue, one, {"name": name}) for name, one in _tables(top, "queues"))
    customers = tuple(customer(book, name, one) for name, one in _tables(top, "customers"))
    workers = tuple(
        worker(book, kind, name, one)
        for kind in ("machines", "workers", "supervisors")
        for name, one in _tables(top, kind)
    )
    vendors = tuple(vendor(book, name, one) for name, one in _tables(top, "vendors"))
    policy, webhooks, start = _policy(top, beside), _webhooks(top), _start(top, zone)
    crowds = tuple(_crowds(top, start, zone))
    steps = _steps(top)
    if not steps and not crowds:
        raise top.wrong("story.steps is missing: nothing happens in it")
    return Scenario(
        file=file,
        title=title,
        start=start,
        zone=getattr(zone, "key", "UTC"),
        policy=policy,
        channels=channels,
        queues=queues,
        calendars=calendars,
        customers=customers,
        workers=workers,
        vendors=vendors,
        crowds=crowds,
        webhooks=webhooks,
        steps=tuple(read_step(book, one) for one in steps),
    )


# -- the whole ------------------------------------------------------------------------------------


def _text(setting: Setting, key: str) -> str | None:
    return setting.table[key].text if key in setting.table else None


def _tables(top: Setting, key: str) -> Iterable[tuple[str, Setting]]:
    return top.table[key].table.items() if key in top.table else ()


def _zone(top: Setting) -> tzinfo:
    name = _text(top, "zone")
    if name is None or name == "UTC":
        return UTC
    try:
        return zone_named(name)
    except OneChannelError as wrong:
        raise top.table["zone"].wrong(str(wrong)) from None


def _start(top: Setting, zone: tzinfo) -> datetime:
    """An instant, or what a clock of the zone reads on the first Monday, after it or on a date."""
    if "start" not in top.table:
        return START.replace(tzinfo=zone)
    given = top.table["start"]
    moment = given.value if isinstance(given.value, datetime) else None
    reading = given.text if moment is None else ""
    try:
        if moment is None:
            first = _EARLY if reading[:1].isdigit() and " " in reading else START.replace(hour=0)
            moment = clock_reading(reading, first.replace(tzinfo=zone), zone)
        return utc(moment if moment.tzinfo is not None else moment.replace(tzinfo=zone))
    except InvalidValue as wrong:
        raise given.wrong(str(wrong)) from None


def _crowds(top: Setting, start: datetime, zone: tzinfo) -> Iterator[Crowd]:
    for one in top.table["crowds"].items if "crowds" in top.table else ():
        found = crowd(one)
        moment_of(one.table["starts"], found.starts, start, zone)
        yield found


def _steps(top: Setting) -> tuple[Setting, ...]:
    if "story" not in top.table:
        return ()
    story = top.table["story"]
    story.refuse_others(("steps",))
    return story.each("steps")


def _policy(top: Setting, beside: Callable[[str], bytes] | None) -> Policy | None:
    if "policy" not in top.table:
        return None
    given = top.table["policy"]
    if isinstance(given.value, dict):
        return built(Policy, given)
    if not given.text.isprintable():
        raise given.wrong("must be the name of a file beside this one")
    if beside is None:
        raise given.wrong("names a file, and no file can be read here: write it as a table")
    try:
        return read_policy(beside(given.text), given.text)
    except OSError as fault:
        raise given.wrong(f"{given.text} cannot be read: {fault.strerror}") from None


def _webhooks(top: Setting) -> WebhookFault:
    wanted = _text(top, "webhooks") or WebhookFault.AS_SENT
    if wanted not in _WEBHOOKS:
        why = "what it delivers later is a step of its own; " if wanted in {*FAULTS} else ""
        raise top.table["webhooks"].wrong(f"{why}there is {', '.join(_WEBHOOKS)}")
    return WebhookFault(wanted)

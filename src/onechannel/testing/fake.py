"""The fake contact centre: a virtual centre that has what a test expects to find.

Laws of this file: nothing here decides; whatever the fake does, a real centre does by the same
kernel. A fake can be found as long as somebody holds it, and is held by nobody here.
"""

from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Final, Self
from weakref import WeakValueDictionary

from onechannel import commands as c
from onechannel.events import Event
from onechannel.model.calendar import ALWAYS_OPEN, Calendar
from onechannel.model.channel import Channel
from onechannel.model.policy import Callables
from onechannel.model.queue import Queue
from onechannel.simulation import START, VirtualCentre, WorkerHandle
from onechannel.simulation.expecting import Expect
from onechannel.stores.memory import MemoryStore
from onechannel.testing.furnishing import (
    Calendars,
    Channels,
    Policies,
    Queues,
    Start,
    Store,
    calendars_from,
    channels_from,
    names_from,
    policy_from,
    queues_from,
    start_from,
    store_from,
)

if TYPE_CHECKING:
    from onechannel.runtime import Sending
    from onechannel.testing.live import FakeLiveCentre

__all__ = ["FakeCentre", "fakes_made", "fakes_since"]

#: Where self-service begins: the machine of the fake serves these.
SELF_SERVICE: Final = ("web", "app", "chat")

_NUMBERS: Final = count(1)
_ALIVE: Final[WeakValueDictionary[int, "FakeCentre"]] = WeakValueDictionary()


class FakeCentre(VirtualCentre):
    """A centre with a queue `main`, a machine `greeter` and a calendar `always-open`.

    The greeter serves the channels web, app and chat, without limit and without wrap-up, unless
    `greeter` names others, or none. Who calls, writes or walks in waits for a person who has the
    skill named by what it is about. Time is virtual, and begins at nine o'clock UTC on Monday,
    5 January 2026.

    `policy` is a `Policy` or its TOML file, and `callables` are what it names. `channels` and
    `queues` are defined besides: names, mappings of fields, or values of the model; so are the
    calendars of `calendar`, each a `Calendar` or its TOML file. `start` is an instant, or what a
    clock of the `zone` reads: `"09:00"`. `store` is one, or what makes one, or `"sqlite"`.

    As a context manager it asks at the end whether every expectation was asked, and closes the
    store that it has made; its log can still be read.
    """

    def __init__(  # noqa: PLR0913 - all that a test may want otherwise, each by its name
        self,
        store: Store | None = None,
        *,
        start: Start = START,
        zone: str = "UTC",
        policy: Policies | None = None,
        callables: Callables | None = None,
        channels: Channels = (),
        queues: Queues = (),
        calendar: Calendars = (),
        greeter: Iterable[str] = SELF_SERVICE,
    ) -> None:
        opened = store_from("memory" if store is None else store)
        self._made_store = opened is not store
        self._left: tuple[Event, ...] | None = None
        try:
            super().__init__(opened, start=start_from(start, zone), zone=zone, callables=callables)
            self._furnish(channels_from(channels), queues_from(queues), calendars_from(calendar))
            if policy is not None:
                self.adopts_policy(policy_from(policy))
            self.greeter: WorkerHandle = self.machine("greeter", channels=names_from(greeter))
        except BaseException:
            if self._made_store:
                opened.close()
            raise
        self.expect: Expect = Expect(self)
        #: Where in its log the story begins, after what it is furnished with.
        self.begins_after: int = self.store.last_position
        _ALIVE[next(_NUMBERS)] = self

    def _furnish(
        self,
        channels: Iterable[Channel],
        queues: Iterable[Queue],
        calendars: Iterable[Calendar],
    ) -> None:
        for channel in channels:
            self.do(c.DefineChannel(channel=channel))
        self.queue("main")
        for queue in queues:
            self.do(c.DefineQueue(queue=queue))
        for calendar in (ALWAYS_OPEN, *calendars):
            self.calendar(calendar)

    @property
    def log(self) -> Iterable[Event]:
        """Every event so far, even after the end."""
        return super().log if self._left is None else self._left

    def live(
        self,
        *,
        sendings: Iterable["Sending"] = (),
        stands_still: timedelta = timedelta(seconds=1),
    ) -> "FakeLiveCentre":
        """The same centre for async code: `async with centre.live() as live`.

        The arguments are those of `FakeLiveCentre`.
        """
        from onechannel.testing.live import FakeLiveCentre

        return FakeLiveCentre(self, sendings=sendings, stands_still=stands_still)

    def close(self) -> None:
        """Close the store if the fake has made it; a second time does nothing."""
        if self._made_store and self._left is None:
            if not isinstance(self.store, MemoryStore):
                self._left = tuple(self.store.read())
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_of_it: object) -> None:
        try:
            if kind is None:
                self.expect.all_asked()
        finally:
            self.close()


def fakes_made() -> int:
    """How many fakes there have been."""
    return max(_ALIVE, default=0)


def fakes_since(number: int) -> list[FakeCentre]:
    """Those made after so many, as far as they are still there, in order of their making."""
    return [fake for made, fake in sorted(_ALIVE.items()) if made > number]

"""The fake contact centre: a virtual centre that has what a test expects to find.

Law of this file: nothing here decides; whatever the fake does, a real centre does by the same
kernel.
"""

from datetime import timedelta
from typing import Any, Final

from onechannel.model.calendar import ALWAYS_OPEN
from onechannel.model.worker import Capacity, WorkerKind
from onechannel.simulation import VirtualCentre, WorkerHandle

__all__ = ["FakeCentre"]

#: Where self-service begins: the machine of the fake serves these.
_SELF_SERVICE: Final = ("web", "app", "chat")


class FakeCentre(VirtualCentre):
    """A centre with a queue `main`, a machine `greeter` and a calendar `always-open`.

    The greeter serves the channels web, app and chat, without limit and without wrap-up. Who calls,
    writes or walks in waits for a person who has the skill named by what it is about. Time is
    virtual, and `options` are those of a virtual centre.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.queue("main")
        self.calendar(ALWAYS_OPEN)
        self.greeter: WorkerHandle = self.worker(
            "greeter",
            kind=WorkerKind.MACHINE,
            capacity=Capacity.only(*_SELF_SERVICE),
            wrap_up=timedelta(0),
        )

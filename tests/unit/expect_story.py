"""A story in which everything that can be expected happens once, for the tests of expectations.

Law of this file: it is played by the verbs of handles alone.
"""

from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

from onechannel import CommandRefused
from onechannel.simulation import Turn
from onechannel.testing import FakeCentre

__all__ = ["a_fake", "told"]

HOUR = timedelta(hours=1)


def a_fake(**options) -> FakeCentre:
    """A fake with a machine for WhatsApp, which asks, answers and hands over, and three people."""
    centre = FakeCentre(**options)
    centre.machine(
        "bot",
        Turn.asks("Which order is it?"),
        Turn.answers("Let me see.", after=timedelta(seconds=2)),
        Turn.escalates("stuck"),
        channels=["whatsapp"],
    )
    for name in ("eva", "marc", "lena"):
        centre.worker(name, skills={"orders": 3})
    return centre


def told() -> SimpleNamespace:
    """The centre after the story, with everybody in it."""
    s = SimpleNamespace(centre=a_fake())
    s.bot, s.eva, s.marc, s.lena = map(s.centre.worker, ("bot", "eva", "marc", "lena"))
    s.ana = s.centre.customer("Ana", "tel:+34600111222", "mailto:ana@example.com")
    _is_handed_over(s)
    _is_promised_things(s)
    _comes_another_way(s)
    _pursues_three_things(s)
    return s


def _is_handed_over(s) -> None:
    """The machine is stuck; one declines, one does not answer, one serves."""
    s.chat = s.ana.starts("whatsapp", about="orders", says="Where is my parcel?")
    s.centre.advance(seconds=5)
    s.ana.says(s.chat, "It is R-22.")
    s.centre.advance(seconds=2)
    with suppress(CommandRefused):
        s.bot.says(s.chat, "One more thing.")
    s.eva.declines(s.chat, "busy")
    s.marc.ignores(s.chat)
    s.lena.accepts(s.chat)
    s.lena.says(s.chat, "It is at the depot.")


def _is_promised_things(s) -> None:
    """Six promises, and what becomes of them."""
    s.kept, s.broken, s.late, s.withdrawn, s.paused = (
        s.lena.promises(s.ana, what, HOUR)
        for what in ("parcel", "refund", "call", "voucher", "letter")
    )
    s.lena.keeps_promise(s.kept)
    s.later = s.lena.renegotiates_promise(s.late, 9 * HOUR)
    s.lena.withdraws_promise(s.withdrawn, "not-wanted")
    s.lena.pauses_promise(s.paused, "strike")
    s.lena.closes(s.chat, disposition="parcel-found")
    s.centre.advance(HOUR)


def _comes_another_way(s) -> None:
    """She waits on the page, and calls instead."""
    s.visit = s.ana.starts("web", about="orders")
    s.visit.escalates()
    s.call = s.ana.starts("voice", about="orders")
    s.centre.advance(seconds=3)
    s.ana.leaves(s.call)


def _pursues_three_things(s) -> None:
    """One she gets, one she does not, one is forgotten."""
    s.achieved, s.failed, s.lapsed = (
        s.ana.opens_journey(about) for about in ("move", "upgrade", "survey")
    )
    s.lena.achieves_journey(s.achieved, "moved")
    s.lena.fails_journey(s.failed, "no-line")
    s.centre.advance(days=60)

"""Every verb of the table of commands is said by somebody of a virtual centre."""

from datetime import timedelta

import pytest

from onechannel import Calendar, CommandRefused, Policy
from onechannel import commands as c
from onechannel.commands import VERBS
from onechannel.model.actor import SYSTEM, ActorKind
from onechannel.model.policy import DEFAULT_POLICY
from onechannel.simulation import CustomerHandle, SupervisorHandle, WorkerHandle
from onechannel.testing import FakeCentre

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Watched(FakeCentre):
    """A centre that notes what it was asked, and by whom."""

    def __init__(self, **options):
        self.asked = []
        super().__init__(**options)

    def do(self, command, actor=SYSTEM, **options):
        self.asked.append((type(command), actor.kind))
        return super().do(command, actor, **options)


class Play:
    """A centre with Ana, whom Marc serves by voice, Lena beside him, and Sue over both."""

    def __init__(self):
        self.centre = Watched()
        self.centre.queue("main", wrap_up=MINUTE)
        self.ana = self.centre.customer("Ana", "tel:+34600111222", "mailto:ana@example.com")
        self.marc = self.centre.worker("marc", skills={"x": 1}, department="service")
        self.call = self.ana.starts("voice", about="x")
        self.marc.accepts(self.call)
        self.lena = self.centre.worker("lena", skills={"x": 1}, department="billing")
        self.sue = self.centre.supervisor("sue")

    @property
    def journey(self):
        return self.call.journey

    @property
    def refund(self):
        return self.marc.promises(self.ana, "refund", DAY)

    def chat(self):
        """A conversation with the greeter, who has said something."""
        chat = self.ana.starts("chat", about="y", says="hello")
        chat.says("hello yourself")
        return chat

    def escalated(self):
        """A conversation that Lena has from the greeter."""
        chat = self.ana.starts("chat", about="x", journey=self.ana.opens_journey("z"))
        chat.escalates()
        self.lena.accepts(chat)
        return chat

    def consulted(self):
        """The call, with Lena at hand."""
        self.marc.consults(self.call, self.lena)
        self.lena.accepts(self.call)
        return self.call

    def mail(self):
        """An e-mail that Lena is asked to take."""
        return self.ana.starts("email", about="x")

    def taken(self):
        """An e-mail that Lena serves."""
        mail = self.mail()
        self.lena.accepts(mail)
        return mail

    def wrapping(self):
        """The call, over, while Marc wraps it up."""
        self.marc.closes(self.call)
        return self.call

    def called_back(self):
        """The call, which Marc makes back."""
        self.marc.requests_callback(self.call, MINUTE, worker=self.marc)
        self.centre.advance(MINUTE)
        self.marc.accepts(self.call)
        return self.call

    def observed(self):
        """A call at somebody else's, in their queue."""
        self.centre.observes(c.ObserveArrival(interaction="v-1", channel="voice"))
        self.centre.observes(c.ObserveQueued(interaction="v-1", queue="theirs"))
        return self.centre.interaction("v-1")

    def observed_served(self):
        """The same, served by one of theirs."""
        self.observed()
        self.centre.observes(c.ObserveAccepted(interaction="v-1", worker="pat"))

    def merged(self):
        """A customer who is Ana, too."""
        other = self.centre.customer("Anna")
        self.ana.merges(other)
        return other

    def paused(self):
        """A promise whose time does not run."""
        promise = self.refund
        self.marc.pauses_promise(promise, "waits-for-bank")
        return promise

    def leased(self):
        """A visit that is over unless somebody says otherwise."""
        self.centre.channel("kiosk", real_time=True, lease=10 * MINUTE)
        visit = self.ana.starts("kiosk", about="x")
        self.lena.accepts(visit)
        return visit

    def asleep(self):
        """An e-mail that Lena keeps."""
        mail = self.taken()
        self.lena.sleeps(mail)
        return mail


def verbs(*rows):
    """What a row of the table is said by, and a play in which it is."""
    return {name: (said_by, play) for name, said_by, play in rows}


C, W, S, F = CustomerHandle, WorkerHandle, SupervisorHandle, FakeCentre
SAID = verbs(
    ("register", (F, "customer"), lambda p: p.centre.customer("Bea")),
    ("link", C, lambda p: p.ana.links("tel:+34600111333")),
    ("unlink", C, lambda p: p.ana.unlinks("tel:+34600111222")),
    ("merge", C, lambda p: p.ana.merges(p.centre.customer("Anna"))),
    ("unmerge", C, lambda p: p.merged().unmerges()),
    ("open_journey", C, lambda p: p.ana.opens_journey("house", reference="o-1")),
    ("join_journey", W, lambda p: p.marc.joins_journey(p.call, p.ana.opens_journey("z"))),
    ("achieve_journey", W, lambda p: p.marc.achieves_journey(p.journey, "paid")),
    ("fail_journey", C, lambda p: p.ana.fails_journey(p.journey, "gave-up")),
    ("promise", W, lambda p: p.marc.promises(p.ana, "refund", DAY)),
    ("keep_promise", W, lambda p: p.marc.keeps_promise(p.refund, p.call)),
    ("renegotiate_promise", W, lambda p: p.marc.renegotiates_promise(p.refund, 2 * DAY)),
    ("pause_promise", W, lambda p: p.marc.pauses_promise(p.refund, "bank", DAY)),
    ("resume_promise", W, lambda p: p.marc.resumes_promise(p.paused())),
    ("withdraw_promise", W, lambda p: p.marc.withdraws_promise(p.refund, "not-needed")),
    ("start", C, lambda p: p.ana.starts("web")),
    ("reach", W, lambda p: p.lena.reaches(p.ana, "sms", says="Here we are.")),
    ("say", C, lambda p: p.ana.says(p.call, "hello")),
    ("edit", C, lambda p: p.ana.edits(p.chat().messages[0], "good day")),
    ("retract", C, lambda p: p.ana.retracts(p.chat().messages[0])),
    ("type", C, lambda p: p.ana.types(p.chat())),
    ("report_delivery", F, lambda p: p.centre.reports_delivery("read", p.chat().messages[1])),
    ("leave", C, lambda p: p.ana.leaves(p.call)),
    ("move", C, lambda p: p.ana.moves(p.chat(), "web")),
    ("request_callback", C, lambda p: p.ana.requests_callback(p.call, DAY, within=DAY)),
    ("miss_callback", W, lambda p: p.marc.misses_callback(p.called_back())),
    ("renew_lease", W, lambda p: p.lena.renews_lease(p.leased())),
    ("accept", W, lambda p: p.lena.accepts(p.mail())),
    ("decline", W, lambda p: p.lena.declines(p.mail(), "busy")),
    ("hold", W, lambda p: p.marc.holds(p.call)),
    ("resume", W, lambda p: (p.marc.holds(p.call), p.marc.resumes(p.call))),
    ("release", W, lambda p: p.marc.releases(p.wrapping())),
    ("extend_wrap_up", W, lambda p: p.marc.extends_wrap_up(p.wrapping(), MINUTE)),
    ("change_role", W, lambda p: p.marc.changes_role(p.consulted(), "conferenced", p.lena)),
    ("suggest", W, lambda p: p.lena.suggests(p.consulted(), "Offer the refund.")),
    ("join", S, lambda p: p.sue.joins(p.call)),
    ("consult", W, lambda p: p.marc.consults(p.call, p.lena)),
    ("delegate", W, lambda p: p.marc.delegates(p.call, department="billing", says="Why?")),
    ("escalate", C, lambda p: p.ana.escalates(p.chat())),
    ("hand_back", W, lambda p: p.lena.hands_back(p.escalated())),
    ("transfer", W, lambda p: p.marc.transfers(p.call, p.lena, reason="knows-it")),
    ("assign", S, lambda p: p.sue.assigns(p.call, p.lena)),
    ("sleep", W, lambda p: p.lena.sleeps(p.taken())),
    ("suspend", W, lambda p: p.lena.suspends(p.taken(), "bank", "waits", DAY)),
    ("reactivate", W, lambda p: p.lena.reactivates(p.asleep())),
    ("close", W, lambda p: p.marc.closes(p.call)),
    ("sign_in", W, lambda p: (p.lena.signs_out(), p.lena.signs_in())),
    ("sign_out", W, lambda p: p.lena.signs_out()),
    ("drain", W, lambda p: p.marc.drains()),
    ("become_available", W, lambda p: (p.lena.becomes_unavailable(), p.lena.becomes_available())),
    ("become_unavailable", W, lambda p: p.lena.becomes_unavailable("lunch", MINUTE)),
    ("sanction", S, lambda p: p.sue.sanctions(p.lena, "coaching", DAY)),
    ("define_worker", (F, "worker"), lambda p: p.centre.worker("lena", skills={"x": 2})),
    ("define_queue", (F, "queue"), lambda p: p.centre.queue("second")),
    ("define_channel", (F, "channel"), lambda p: p.centre.channel("kiosk", load=50)),
    ("define_calendar", (F, "calendar"), lambda p: p.centre.calendar(OFFICE)),
    ("adopt_policy", F, lambda p: p.centre.adopts_policy(QUICK)),
    ("observe_arrival", (F, "observes"), lambda p: p.centre.observes(ARRIVAL)),
    ("observe_queued", (F, "observes"), lambda p: p.observed()),
    (
        "observe_dequeued",
        (F, "observes"),
        lambda p: p.centre.observes(c.ObserveDequeued(interaction=p.observed().id)),
    ),
    ("observe_accepted", (F, "observes"), lambda p: p.observed_served()),
    (
        "observe_released",
        (F, "observes"),
        lambda p: (
            p.observed_served(),
            p.centre.observes(c.ObserveReleased(interaction="v-1", worker="pat")),
        ),
    ),
    (
        "observe_closed",
        (F, "observes"),
        lambda p: p.centre.observes(c.ObserveClosed(interaction=p.observed().id)),
    ),
    (
        "observe_anomaly",
        (F, "observes"),
        lambda p: p.centre.observes(
            c.ObserveAnomaly(interaction="v-1", verb="close", reason="unlikely")
        ),
    ),
    ("reconcile", F, lambda p: p.centre.reconciles("voice", {p.observed(): p.lena})),
)
OFFICE = Calendar.weekly("office", daily="09:00-17:00")
QUICK = Policy(name="quick", plan=DEFAULT_POLICY.plan, ring_for=MINUTE)
ARRIVAL = c.ObserveArrival(interaction="v-1", channel="voice")


def test_no_verb_is_left_out():
    """The plays below have every row of the table of verbs, and no other."""
    assert SAID.keys() == {verb.name for verb in VERBS.values()}


@pytest.mark.parametrize("verb", list(VERBS.values()), ids=lambda verb: verb.name)
def test_every_verb_is_said_by_somebody(verb):
    """Each verb is a method, in the third person, and saying it gives the command of its row."""
    said_by, play = SAID[verb.name]
    if isinstance(said_by, tuple):
        # The centre says what is there by its noun, and what a vendor did by `observes`.
        assert callable(getattr(*said_by))
    else:
        assert callable(getattr(said_by, verb.third_person))
    centre = Play()
    play(centre)
    assert centre.centre.asked[-1][0] is verb.command


def test_what_is_common_to_both_is_said_by_both():
    """Words, moves, callbacks, escalations and journeys are verbs of customers and of workers."""
    common = (
        "says types edits retracts moves escalates requests_callback opens_journey "
        "achieves_journey fails_journey"
    )
    for verb in common.split():
        assert callable(getattr(CustomerHandle, verb))
        assert callable(getattr(WorkerHandle, verb))


def test_everybody_acts_as_what_it_is():
    """A machine acts as one, people and partners as workers, supervisors and customers as such."""
    play = Play()
    centre = play.centre
    desk = centre.worker("desk", kind="partner", skills={"x": 1})
    chat = play.chat()
    acts = [
        (lambda: centre.greeter.says(chat, "one"), ActorKind.MACHINE),
        (lambda: chat.says("two"), ActorKind.MACHINE),
        (lambda: play.marc.says(play.call, "three"), ActorKind.WORKER),
        (lambda: play.call.says("four"), ActorKind.WORKER),
        (desk.becomes_unavailable, ActorKind.WORKER),
        (lambda: play.ana.says(chat, "five"), ActorKind.CUSTOMER),
        (lambda: play.sue.listens(play.call), ActorKind.SUPERVISOR),
        (play.sue.becomes_unavailable, ActorKind.SUPERVISOR),
        (lambda: centre.observes(ARRIVAL), ActorKind.VENDOR),
        (lambda: play.ana.merges(centre.customer("Anna")), ActorKind.SYSTEM),
        (play.call.leaves, ActorKind.SYSTEM),
    ]
    for act, kind in acts:
        act()
        assert centre.asked[-1][1] is kind


def test_a_supervisor_who_is_asked_answers_as_the_worker_it_is():
    """What the table lets no supervisor do, such as to accept, it does as a worker."""
    centre = Watched()
    sue = centre.supervisor("sue", skills={"x": 1})
    call = centre.customer().starts("voice", about="x")
    assert sue.asked == ()
    centre.supervisor("sue", skills={"x": 1}, capacity=centre.worker("m").definition.capacity)
    sue.accepts(call)
    assert call.worker == sue
    assert centre.asked[-1] == (c.Accept, ActorKind.WORKER)


def test_who_has_no_part_is_told_so():
    """A verb about a part that a worker never had names worker, interaction, state and way out."""
    play = Play()
    words = r"worker lena has no part in interaction i-1, which is engaged: it takes part once"
    for verb in (play.lena.accepts, play.lena.holds, play.lena.releases):
        with pytest.raises(CommandRefused, match=words):
            verb(play.call)
    with pytest.raises(CommandRefused, match="consult somebody"):
        play.marc.conferences(play.call)


def test_what_does_not_apply_to_a_part_the_kernel_refuses():
    """Of a part that is there but in another state, the answer is the kernel's own."""
    play = Play()
    with pytest.raises(CommandRefused, match="assignment i-1/1 is active: only"):
        play.marc.accepts(play.call)
    play.lena.declines(play.mail())
    with pytest.raises(CommandRefused, match="is declined: it is over"):
        play.lena.accepts(play.centre.interaction("i-2"))

"""The fake vendor: it answers as it was told to, by every door, and shows what it was sent."""

import http.client
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import pairwise

import anyio
import anyio.to_thread
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel import Capacity
from onechannel.delivery import Postponed, Sent
from onechannel.errors import InvalidValue
from onechannel.ports import Destination, EffectState
from onechannel.runtime import Centre, Reply, Sending
from onechannel.simulation.outside import VendorRequest, VirtualVendor
from onechannel.stores.memory import MemoryStore
from onechannel.testing import FakeCentre
from onechannel.testing.faults import FaultyStore, Planted, Step
from onechannel.testing.live import FakeLiveCentre
from onechannel.testing.vendor import Vendor

SECOND = timedelta(seconds=1)


@pytest.fixture
def fake():
    return FakeCentre()


@pytest.fixture
def seller(fake):
    with Vendor(fake) as found:
        yield found


def conversations(centre, count=1):
    """A worker in so many conversations by text."""
    marc = centre.worker("marc", capacity=Capacity(total=100))
    chats = [centre.customer(None, f"tel:+3460011122{n}").starts("sms") for n in range(count)]
    for chat in chats:
        marc.accepts(chat)
    return marc, chats


def post(url, body=b"{}", method="POST", *, within=10, **headers):
    """One request by the standard library: code, headers and body of the answer."""
    host, _, path = url.removeprefix("http://").partition("/")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection(host, timeout=within)) as connection:
        connection.request(method, f"/{path}", body, named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


# -- the plan -------------------------------------------------------------------------------------

CODES = st.sampled_from([200, 201, 404, 429, 500, 503])
PLANS = st.lists(st.tuples(CODES, st.none() | st.integers(1, 3)), max_size=5)


@given(PLANS, st.integers(0, 12))
def test_what_is_told_for_so_many_times_comes_first(plan, count):
    """In the order it was told; then what holds from now on, of which the last; else 200."""
    fake = Vendor(FakeCentre())
    for code, times in plan:
        fake.answers(code, times=times)
    expected = [code for code, times in plan for _ in range(times or 0)]
    standing = [code for code, times in plan if times is None]
    expected += [standing[-1] if standing else 200] * count
    for _ in range(count):
        fake._answered(fake._begun(VendorRequest(at=fake._now)))
    assert [int(one.answered) for one in fake.requests] == expected[:count]


def test_it_is_up_again_when_it_is_told_so(seller):
    """`is_up` forgets all that was told, however it was."""
    seller.answers(500, times=3)
    seller.hangs()
    seller.is_down(to="/x")
    seller.is_up()
    assert post(seller.url)[0] == 200


def test_paths_can_be_answered_apart(seller):
    """With `to` only paths of a pattern are answered so."""
    seller.answers(503, to="/messages/*")
    seller.answers(401, times=1, to="/token")
    codes = [post(seller.url + path)[0] for path in ("/token", "/messages/1", "/token")]
    assert codes == [401, 503, 200]


def test_what_cannot_be_told_is_refused(seller):
    """No code that is none, no negative number of times, no time that goes back."""
    with pytest.raises(InvalidValue, match="200 to 599"):
        seller.answers(42)
    with pytest.raises(InvalidValue, match="how often"):
        seller.is_down(times=0)
    with pytest.raises(InvalidValue):
        seller.answers(429, retry_after=-1)
    with pytest.raises(InvalidValue):
        seller.is_slow()
    with pytest.raises(InvalidValue, match="centre"):
        Vendor().takes("message.sent")


# -- what is seen ---------------------------------------------------------------------------------


def test_nothing_secret_is_shown(seller):
    """What stands in headers, query and body is there for whoever asks, and in no `repr`."""
    secret = "canary"  # noqa: S105 - it is none
    post(f"{seller.url}/sms?token={secret}", secret.encode(), authorization=secret)
    (request,) = seller.requests
    assert (request.headers["authorization"], request.body) == (secret, secret.encode())
    assert request.query == f"token={secret}"
    assert secret not in repr(request)
    assert "authorization" in repr(request)


def test_whoever_ignores_retry_after_is_seen(fake, seller):
    """What comes before the time that it asked to be left alone for is too soon; later is not."""
    seller.answers(429, times=1, retry_after=30)
    url = seller.url
    post(url)
    fake.advance(seconds=29)
    post(url)
    assert [one.too_soon for one in seller.requests] == [False, True]
    fake.advance(seconds=1)
    post(url)
    assert len(seller.too_soon) == 1


def test_whoever_has_waited_in_real_time_has_waited(seller, monkeypatch):
    """A client that sleeps by itself has waited too, though no virtual time has passed."""
    seller.answers(429, times=1, retry_after=30)
    post(seller.url)
    marked = seller._mark()
    monkeypatch.setattr(seller, "_mark", lambda: marked + 31 * SECOND)
    post(seller.url)
    assert not seller.too_soon


# -- by HTTP --------------------------------------------------------------------------------------


def test_no_socket_before_it_is_asked_for(fake, monkeypatch):
    """A vendor that nobody asks for its address opens none; it is this machine's alone."""
    opened = []
    bind = socket.socket.bind

    def noting(self, address):
        opened.append(address)
        return bind(self, address)

    monkeypatch.setattr(socket.socket, "bind", noting)
    with Vendor(fake) as seller:
        seller.answers(500)
        seller.takes("message.sent")
        assert opened == []
        assert seller.url == seller.url
        assert [address[0] for address in opened] == ["127.0.0.1"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "BREW"])
def test_every_method_is_served(seller, method):
    """Whatever the method, the request is noted and answered; a HEAD without a body."""
    code, headers, body = post(f"{seller.url}/a/b?c=d", b"{}", method)
    (request,) = seller.requests
    assert (request.method, request.path, request.query) == (method, "/a/b", "c=d")
    assert (code, headers["content-type"]) == (200, "application/json")
    assert body == (b"" if method == "HEAD" else b'{"id": "v-1"}')


def test_what_it_is_told_to_say_is_said(seller):
    """Bodies of bytes, text or JSON, or made for the request; and headers."""
    for body in (b"\x00\x01", "text", {"id": "SM-1"}, lambda asked: {"said": asked.json["text"]}):
        seller.answers(201, times=1, body=body, headers={"X-Left": "3"})
    said = json.dumps({"text": "hello"}).encode()
    answers = [post(seller.url, said) for _ in range(4)]
    assert [answer[2] for answer in answers] == [
        b"\x00\x01",
        b"text",
        b'{"id": "SM-1"}',
        b'{"said": "hello"}',
    ]
    assert {answer[1]["x-left"] for answer in answers} == {"3"}


def test_retry_after_is_said_in_either_way(fake, seller):
    """In seconds, of which a part counts as a whole one, or as a date."""
    seller.answers(429, times=1, retry_after=30)
    seller.answers(503, times=1, retry_after=timedelta(milliseconds=1500))
    seller.answers(503, times=1, retry_after=fake.now + timedelta(hours=1))
    said = [post(seller.url)[1]["retry-after"] for _ in range(3)]
    assert said[:2] == ["30", "2"]
    assert parsedate_to_datetime(said[2]) == fake.now + timedelta(hours=1)


def test_a_body_in_pieces_is_one_body(seller):
    """What a client streams in chunks is noted whole, and the connection goes on."""
    host, port = seller.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    with closing(connection):
        for _ in range(2):
            connection.request("POST", "/", iter([b"one ", b"two"]), encode_chunked=True)
            assert connection.getresponse().read()
    assert [one.body for one in seller.requests] == [b"one two"] * 2


def test_a_vendor_that_is_down_breaks_the_connection(seller):
    """A client sees its connection broken, and not an answer; then it is up again."""
    seller.is_down(times=2)
    url = seller.url
    for _ in range(2):
        with pytest.raises(OSError, match=r"reset|closed"):
            post(url)
    assert post(url)[0] == 200
    assert [one.answered for one in seller.requests] == ["down", "down", "200"]


def given_up(url):
    """Ask somebody who never answers."""
    with suppress(OSError):
        post(url)


def test_a_vendor_that_hangs_is_given_up_by_the_client(fake):
    """It takes the request and never answers; and it holds up nobody when it is closed."""
    with Vendor(fake) as seller:
        seller.hangs()
        with pytest.raises(TimeoutError):
            post(seller.url, within=0.05)
        assert [one.answered for one in seller.requests] == ["hangs"]
        waits = threading.Thread(target=given_up, args=(seller.url,))
        waits.start()
        while len(seller.requests) < 2:
            waits.join(0.001)
    waits.join(10)
    assert not waits.is_alive()


def test_a_slow_vendor_takes_so_long_by_http(seller):
    """Sockets know no virtual time: a client that waits for less gives it up."""
    seller.is_slow(milliseconds=300, times=1)
    with pytest.raises(TimeoutError):
        post(seller.url, within=0.05)
    assert post(seller.url)[0] == 200


def test_many_at_once_are_served_side_by_side(seller):
    """Forty clients at once are each answered; the plan is kept to the request."""
    seller.answers(429, times=15)
    with ThreadPoolExecutor(40) as pool:
        codes = [*pool.map(lambda url: post(url)[0], [seller.url] * 40)]
    assert sorted(codes) == [200] * 25 + [429] * 15
    assert len(seller.accepted) == 25


def test_no_two_are_answered_at_once(seller):
    """What is told is told to one after the other, though many ask: a body is made by one alone."""
    inside, most, pause = [], [], threading.Event()

    def body(_request):
        inside.append(1)
        most.append(len(inside))
        pause.wait(0.002)
        inside.pop()

    seller.answers(200, body=body)
    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(lambda url: post(url)[0], [seller.url] * 16)] == [200] * 16
    assert {*most} == {1}


def test_once_closed_nothing_is_left(fake):
    """Closed it is not reached any more, and leaves no thread; a second time does nothing."""
    before = threading.active_count()
    with Vendor(fake) as seller:
        url = seller.url
        host, port = url.removeprefix("http://").split(":")
        kept = http.client.HTTPConnection(host, int(port), timeout=10)
        kept.request("GET", "/")
        assert kept.getresponse().read()
        assert threading.active_count() > before
    kept.close()
    assert threading.active_count() == before
    with pytest.raises(OSError, match="refused"):
        post(url)
    seller.close()


def test_tries_of_one_key_are_counted(seller):
    """A client that repeats under its key is seen to do so."""
    for key in ("a", "b", "a"):
        post(seller.url, idempotency_key=key)
    assert [(one.key, one.attempt) for one in seller.requests] == [("a", 1), ("b", 1), ("a", 2)]


# -- in virtual time, without awaiting ------------------------------------------------------------


def test_effects_are_brought_about_in_virtual_time(fake, seller):
    """What happens is sent at once, tried again when the vendor asks, and settled."""
    seller.takes("message.sent", channels={"sms"})
    seller.answers(429, times=2, retry_after=30)
    begins = fake.now
    marc, (chat,) = conversations(fake)
    marc.says(chat, "It left on Monday.")
    fake.advance(minutes=2)
    found = [((one.at - begins) / SECOND, one.attempt, one.answered) for one in seller.requests]
    assert found == [(0, 1, "429"), (30, 2, "429"), (60, 3, "200")]
    assert not seller.too_soon
    assert chat.messages[-1].delivery == "sent"
    assert seller.requests[0].json["text"] == "It left on Monday."


def test_those_of_one_conversation_leave_in_order_in_virtual_time(fake, seller):
    """The second sentence is not sent before the first; another conversation does not wait."""
    seller.takes("message.sent")
    seller.answers(500, times=1)
    marc, (one, two) = conversations(fake, 2)
    marc.says(one, "first")
    marc.says(one, "second")
    marc.says(two, "other")
    fake.advance(minutes=1)
    sent = [request.json["text"] for request in seller.requests]
    assert sent == ["first", "other", "first", "second"]


def test_a_vendor_that_hangs_costs_a_try_in_virtual_time(fake, seller):
    """What is not answered within its lease is tried again; what is slow is answered later."""
    seller.takes("message.sent")
    seller.hangs(times=1)
    seller.is_slow(seconds=10, times=1)
    marc, (chat,) = conversations(fake)
    begins = fake.now
    marc.says(chat, "Hello")
    fake.advance(seconds=24)
    assert [one.answered for one in seller.requests] == ["hangs"]
    fake.run_until_idle()
    late = (seller.requests[1].at - begins) / SECOND
    assert 24 < late < 26
    assert [event.recorded_at for event in fake.log if event.type == "message.reported"] == [
        seller.requests[1].at + 10 * SECOND
    ]


def test_what_is_refused_for_good_is_dead_and_the_breaker_spares_who_is_down(fake, seller):
    """A 404 is given up at once; who is down is left alone after five failures, then tried once."""
    seller.takes("message.sent", at_once=1)
    seller.answers(404, times=1)
    seller.is_down()
    marc, chats = conversations(fake, 3)
    for chat in chats:
        marc.says(chat, "Hello")
    assert len(fake.store.effects(EffectState.DEAD)) == 1
    fake.advance(minutes=10)
    tries = [one.at for one in seller.requests if one.answered == "down"]
    rests = [(later - one) / SECOND for one, later in pairwise(tries[4:])]
    assert all(rest >= 30 for rest in rests)
    seller.is_up()
    fake.advance(minutes=10)
    assert len(seller.accepted) == 2


def test_a_store_that_fails_costs_no_effect_in_virtual_time():
    """Claims and settlements that fail come again: sent once more perhaps, but never lost."""
    faults = iter([])

    def strike(step):
        if step in (Step.BEFORE, Step.AFTER) and next(faults, False):
            raise Planted("planted")

    fake = FakeCentre(store=FaultyStore(MemoryStore(), strike))
    seller = VirtualVendor(fake)
    seller.takes("message.sent")
    marc, (chat,) = conversations(fake)
    for number in range(6):
        # The command itself is kept; its claim or its settlement is not, or is and nobody knows.
        faults = iter([False] * (2 + number) + [True])
        marc.says(chat, f"{number}")
        faults = iter([])
        fake.advance(minutes=2)
    sent = [one.json["text"] for one in seller.requests]
    assert [*dict.fromkeys(sent)] == [f"{number}" for number in range(6)]
    assert len(sent) > 6
    tallies = fake.store.tallies()
    assert tallies["outbox", "vendor", "made"] == tallies["outbox", "vendor", "sent"] == 6


# -- in the process -------------------------------------------------------------------------------

TEXTS = Destination(name="vendor", types={"message.sent"})
TOLD = st.lists(
    st.one_of(
        st.tuples(st.just("answers"), st.sampled_from([200, 404, 429, 500, 503])),
        st.tuples(st.just("asks"), st.integers(0, 90)),
        st.just(("is_down",)),
        st.just(("hangs",)),
        st.tuples(st.just("is_slow"), st.integers(1, 40)),
    ),
    max_size=8,
)


def told(seller, plan):
    """Tell it all of a plan, each for once."""
    for what, *more in plan:
        if what == "asks":
            seller.answers(429, times=1, retry_after=more[0])
        elif what == "is_slow":
            seller.is_slow(seconds=more[0], times=1)
        else:
            getattr(seller, what)(*more, times=1)


def talk(centre):
    """Something is said in two conversations, again and again; something happens in between."""
    marc, chats = conversations(centre, 2)
    for number in range(3):
        for chat in chats:
            marc.says(chat, f"{number}")
            yield


def seen(seller, centre):
    """What it was sent, and what became of that."""
    requests = [(one.at, one.event.position, one.attempt, one.answered) for one in seller.requests]
    return requests, [(one.type, one.recorded_at) for one in centre.log], centre.store.tallies()


@given(TOLD)
def test_a_virtual_destination_does_what_a_live_centre_does(plan):
    """Whatever the vendor answers: sent by the fake, or by what sends for a live centre.

    The same tries at the same moments, and the same log.
    """
    by_itself = FakeCentre()
    one = Vendor(by_itself)
    one.takes("message.sent")
    told(one, plan)
    for _ in talk(by_itself):
        by_itself.advance(seconds=1)
    by_itself.advance(minutes=30)

    async def live():
        centre = FakeCentre()
        other = Vendor(centre)
        told(other, plan)
        sending = Sending(destination=TEXTS, sender=other.sender)
        async with FakeLiveCentre(centre, sendings=[sending]) as face:
            for _ in talk(centre):
                await face.advance(seconds=1)
            await face.advance(minutes=30)
            assert face.health().fault is None
        return seen(other, centre)

    assert seen(one, by_itself) == anyio.run(live, backend="asyncio")


@pytest.mark.anyio
async def test_what_is_sent_side_by_side_is_not_too_soon(fake, seller):
    """Eight that leave at one moment could not know of the first one's 429: none of them is seen.

    Nor is whoever comes again, since it waits.
    """
    seller.answers(429, times=8, retry_after=30)
    arrivals = Destination(name="vendor", types={"interaction.arrived"})
    sending = Sending(destination=arrivals, sender=seller.sender)
    async with FakeLiveCentre(fake, sendings=[sending]) as live:
        for _ in range(8):
            fake.customer().starts("voice")
        await live.run_until_idle()
    assert [one.answered for one in seller.requests] == ["429"] * 8 + ["200"] * 8
    assert not seller.too_soon


@pytest.mark.anyio
async def test_the_sender_serves_a_centre_in_real_time_too():
    """On a live centre it answers by the same plan; slow is slow by the clock of the wall."""
    seller = Vendor()
    seller.answers(500, times=1)
    seller.is_slow(milliseconds=1, times=1)
    arrivals = Destination(name="vendor", types={"interaction.arrived"})
    with anyio.fail_after(20):
        sending = Sending(destination=arrivals, sender=seller.sender)
        async with Centre.open("memory:", sendings=[sending]) as centre:
            await centre.start(interaction="i-1", channel="chat")
            while not centre.health().mail.sent:
                await anyio.lowlevel.checkpoint()
    assert [(one.attempt, one.answered) for one in seller.requests] == [(1, "500"), (2, "200")]


@pytest.mark.anyio
async def test_a_sender_of_ones_own_meets_it_by_http_in_virtual_time(fake, seller):
    """Code that speaks HTTP is tried again as virtual time passes, which waits for its answers.

    The answers of a socket are real, and no time passes while they are on their way.
    """
    seller.answers(429, times=1, retry_after=30)
    seller.answers(503, times=1)
    url = seller.url

    async def sms(outgoing):
        body = json.dumps({"text": outgoing.event.data.text}).encode()
        asked = partial(post, f"{url}/sms", body, idempotency_key=outgoing.key)
        code, headers, _ = await anyio.to_thread.run_sync(asked)
        if code < 400:
            return Reply(outcome=Sent())
        after = headers["retry-after"]
        return Reply(outcome=Postponed(f"HTTP {code}", after and int(after) * SECOND))

    begins = fake.now
    async with FakeLiveCentre(fake, sendings=[Sending(destination=TEXTS, sender=sms)]) as live:
        marc, (chat,) = conversations(fake)
        marc.says(chat, "Hello")
        await live.advance(minutes=5)
    moments = [(one.at - begins) / SECOND for one in seller.requests]
    assert moments[:2] == [0, 30]
    assert 31 < moments[2] < 33
    assert [one.attempt for one in seller.requests] == [1, 2, 3]
    assert not seller.too_soon

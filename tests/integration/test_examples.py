"""The examples, run as a reader would run them."""

import hmac
import runpy
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from onechannel import InvalidValue, StoreFault
from onechannel.adapters.delimited import read_mapping
from onechannel.routing import read_policy

EXAMPLES = Path(__file__).parents[2] / "examples"
SAID = {
    "across_departments.py": (
        "while it waits: suspended for workshop",
        "2026-01-06 11:00:00+00:00 and kept",
        "[task] lena: Yes, of last year's.",
        "Ana sees:\n[whatsapp] customer: My coffee machine leaks again.\n[whatsapp] marc: A new",
    ),
    "charged_twice.py": ("declines (with-a-customer)", "refund-promised"),
    "live_centre.py": (
        "m-2 is parked\nm-1 is stored\nm-1 is stored, again",
        "the line is busy\nringing marc: try 2",
        "letters: 3 = 2 stored + 1 duplicate\nrings: 1 made, 1 sent",
    ),
    "webhook_asgi.py": (
        "signed: 200\nsigned: 200\nsigned: 200\nunsigned: 401\n",
        "received=3, stored=1, duplicates=1, parked=0, refused=0, dead=1",
    ),
    "kiosk.py": ("served: ['i-1', 'i-2']", "waiting: ['i-3']", "asked next: ['i-3']"),
}


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_a_script_runs_and_says_what_it_promises(script):
    """Every example runs by itself, without a warning, and prints its story."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, check=True
    )
    for words in SAID[script.name]:
        assert words in done.stdout
    assert done.stderr == ""


def mappings():
    """The mappings among the examples: whatever is no policy and no scenario."""
    others = {"policy.toml", *(path.name for path in EXAMPLES.glob("*.scenario.toml"))}
    return sorted(path for path in EXAMPLES.glob("*.toml") if path.name not in others)


@pytest.mark.parametrize("mapping", mappings(), ids=lambda path: path.name)
def test_a_mapping_can_be_read(mapping):
    """Every mapping among the examples is one."""
    assert read_mapping(mapping.read_text(encoding="utf-8")).source.name


def test_the_policy_can_be_read():
    """The file of a policy says what it says: durations, steps and pauses."""
    policy = read_policy((EXAMPLES / "policy.toml").read_bytes(), "policy.toml")
    assert (policy.name, policy.ring_for) == ("autumn", timedelta(seconds=15))
    moment, minute, last = policy.plan.steps
    assert moment.expires_after == timedelta(0)
    assert (minute.expires_after, minute.skill_from_about) == (timedelta(minutes=1), True)
    assert last.expires_after is None
    assert (policy.after_decline.duration, policy.after_expiry.after) == (timedelta(minutes=1), 2)


# -- the webhook ----------------------------------------------------------------------------------

SECRET = b"a secret of some length"
GOOD = b'{"id": "m-1", "delivery": "d-1", "chat": "c-77", "text": "Hello?"}'


@pytest.fixture
def example():
    """The names of the example."""
    return runpy.run_path(str(EXAMPLES / "webhook_asgi.py"))


class Server:
    """An ASGI server, as far as an application can tell."""

    def __init__(self, app):
        self.app = app
        self.told, self._tell = None, None
        self.heard, self._hear = None, None

    async def live(self, group):
        """Let the application begin; what it says to that."""
        self._tell, self.told = anyio.create_memory_object_stream(8)
        self._hear, self.heard = anyio.create_memory_object_stream(8)
        group.start_soon(self.app, {"type": "lifespan"}, self.told.receive, self._hear.send)
        await self._tell.send({"type": "lifespan.startup"})
        return await self.heard.receive()

    async def end(self):
        """Let it end, and wait until it has."""
        await self._tell.send({"type": "lifespan.shutdown"})
        last = await self.heard.receive()
        self.close()
        return last

    def close(self):
        """Let go of what is left."""
        for stream in (self._tell, self.told, self._hear, self.heard):
            stream.close()

    async def post(self, *parts, method="POST", headers=None):
        """A request in so many parts; its status and headers."""
        if headers is None:
            signature = hmac.digest(SECRET, b"".join(parts), "sha256").hex().encode()
            headers = [(b"x-signature", signature)]
        left, sent = list(parts), []

        async def receive():
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

        async def send(message):
            sent.append(message)

        await self.app({"type": "http", "method": method, "headers": headers}, receive, send)
        begin, body = sent
        assert body == {"type": "http.response.body", "body": b""}
        return begin["status"], dict(begin["headers"])


@asynccontextmanager
async def serving(app):
    """The application behind a server, for as long as the block takes."""
    server = Server(app)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            assert await server.live(group) == {"type": "lifespan.startup.complete"}
            yield server
            assert await server.end() == {"type": "lifespan.shutdown.complete"}


@pytest.mark.anyio
async def test_200_means_that_it_is_kept(example, tmp_path):
    """What was answered with 2xx is in the file, once, however often and in how many parts."""
    address = f"sqlite:///{tmp_path}/centre.db"
    async with serving(example["Webhook"](address, SECRET)) as server:
        assert await server.post(GOOD) == (200, {})
        assert await server.post(GOOD[:9], GOOD[9:]) == (200, {})
        assert await server.post(b"[]") == (200, {})
        mail = server.app._centre.health().mail
    assert (mail.received, mail.stored, mail.duplicates, mail.dead) == (3, 1, 1, 1)
    async with serving(example["Webhook"](address, SECRET)) as server:
        await server.post(GOOD)
        assert server.app._centre.health().mail.duplicates == 2


@pytest.mark.anyio
async def test_nobody_else_is_let_in(example):
    """Without the one right signature nothing is kept (SE-01, SE-03, SE-05)."""
    async with serving(example["Webhook"]("memory:", SECRET)) as server:
        right = hmac.digest(SECRET, GOOD, "sha256").hex().encode()
        for values in ([], [b""], [right[:-1]], [right.upper()], [right, right], ["é".encode()]):
            headers = [(b"x-signature", value) for value in values]
            assert await server.post(GOOD, headers=headers) == (401, {})
        assert await server.post(GOOD, method="GET") == (405, {b"allow": b"POST"})
        too_much = b"x" * (example["BODY_LIMIT"] + 1)
        assert (await server.post(too_much))[0] == 413
        assert server.app._centre.health().mail.received == 0


@pytest.mark.anyio
async def test_503_says_come_again(example, monkeypatch):
    """Where it is not known whether a letter was kept the vendor is asked to repeat it."""
    async with serving(example["Webhook"]("memory:", SECRET)) as server:

        async def fails(_letter):
            raise StoreFault("the disk is full: make room")

        monkeypatch.setattr(server.app._centre, "receive", fails)
        assert await server.post(GOOD) == (503, {b"retry-after": b"5"})


@pytest.mark.anyio
async def test_a_centre_that_cannot_be_opened_is_no_server(example, tmp_path):
    """The server hears why, instead of a server without a centre."""
    (tmp_path / "centre.db").write_text("no database, but a text of some length " * 99)
    server = Server(example["Webhook"](f"sqlite:///{tmp_path}/centre.db", SECRET))
    async with anyio.create_task_group() as group:
        said = await server.live(group)
    server.close()
    assert said["type"] == "lifespan.startup.failed"
    assert "not a database" in said["message"]


def test_a_secret_is_asked_for(example):
    """Nobody is let in by a secret that is not there (SE-01)."""
    for environ in ({}, {"WEBHOOK_SECRET": "short"}):
        with pytest.raises(InvalidValue, match="16"):
            example["app_of"](environ)

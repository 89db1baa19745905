"""A webhook in front of a live centre: a POST becomes a letter, and 200 means that it is kept.

An ASGI application without a framework, so any ASGI server runs it, for example
`uvicorn --app-dir examples webhook_asgi:app`. Played by itself: python examples/webhook_asgi.py
"""

import asyncio
import hmac
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

from onechannel import InvalidValue, PolicyMissing, StoreFault
from onechannel import commands as c
from onechannel.delivery import BODY_LIMIT, Letter, Order
from onechannel.ports import LineOf
from onechannel.runtime import Centre

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SHORTEST = 16  # whoever guesses the secret is believed


def parse(body: bytes) -> Letter:
    """What a made-up chat vendor's bytes mean; raises where they are none of its own."""
    data = json.loads(body)
    chat = data["chat"]
    return Letter(
        source="chat",
        id=data["id"],
        delivery=data["delivery"],
        conversation=chat,
        orders=(
            Order(c.Arrive(interaction=chat, channel="chat"), unless=LineOf(chat)),
            Order(c.Say(interaction=chat, text=data["text"])),
        ),
        body=body,
    )


def unread(body: bytes, fault: Exception) -> Letter:
    """What cannot be read is kept, too: somebody will see to it."""
    name = hmac.digest(b"unread", body, "sha256").hex()
    return Letter(source="chat", id=name, body=body, fault=type(fault).__name__)


class Webhook:
    """Takes in what a vendor posts, for a centre that it opens and closes with the server."""

    def __init__(self, address: str, secret: bytes) -> None:
        if len(secret) < SHORTEST:
            raise InvalidValue(f"the secret has {len(secret)} bytes: give it {SHORTEST} or more")
        self._address, self._secret = address, secret
        self._centre: Centre | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve what an ASGI server asks for."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            status, headers = await self._answer(scope, receive)
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            try:
                self._centre = await stack.enter_async_context(Centre.open(self._address))
            except StoreFault as fault:
                await send({"type": "lifespan.startup.failed", "message": str(fault)})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(
        self, scope: Message, receive: Receive
    ) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Whether the vendor need not come again (2xx), should (5xx), or is somebody else."""
        assert self._centre is not None, "the server must support lifespan"
        if scope["method"] != "POST":
            return 405, [(b"allow", b"POST")]
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
            if len(body) > BODY_LIMIT:
                return 413, []
        signed = [value for name, value in scope["headers"] if name == b"x-signature"]
        expected = hmac.digest(self._secret, body, "sha256").hex().encode()
        if len(signed) != 1 or not hmac.compare_digest(signed[0], expected):
            return 401, []  # before anything of it is read
        try:
            letter = parse(body)
        except (ValueError, TypeError, LookupError) as fault:
            letter = unread(body, fault)
        try:
            await self._centre.receive(letter)
        except (StoreFault, PolicyMissing):
            return 503, [
                (b"retry-after", b"5")
            ]  # perhaps kept, perhaps not: once more does no harm
        return 200, []


def app_of(environ: MutableMapping[str, str]) -> Webhook:
    """The application that the environment describes."""
    address = environ.get("CENTRE", "sqlite:///centre.db")
    return Webhook(address, environ.get("WEBHOOK_SECRET", "").encode())


def __getattr__(name: str) -> Webhook:  # made when a server asks for `webhook_asgi:app`
    if name == "app":
        return app_of(os.environ)
    raise AttributeError(name)


async def post(app: Webhook, body: bytes, signature: bytes) -> int:
    """What a server does for one request; gives the status it would answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": [(b"x-signature", signature)]}
    await app(scope, receive, send)
    return int(sent[0]["status"])


async def play() -> None:
    """A delivery, the same again, one of somebody else, and one that nobody can read."""
    secret = b"sixteen bytes or more"
    app = Webhook("memory:", secret)
    told: asyncio.Queue[Message] = asyncio.Queue()
    heard: asyncio.Queue[Message] = asyncio.Queue()
    server = asyncio.create_task(app({"type": "lifespan"}, told.get, heard.put))
    await told.put({"type": "lifespan.startup"})
    await heard.get()

    good = b'{"id": "m-1", "delivery": "d-1", "chat": "c-77", "text": "Hello?"}'
    for body in (good, good, b"?"):
        signature = hmac.digest(secret, body, "sha256").hex().encode()
        print("signed:", await post(app, body, signature))
    print("unsigned:", await post(app, good, b""))
    assert app._centre is not None
    print(app._centre.health().mail)

    await told.put({"type": "lifespan.shutdown"})
    await server


if __name__ == "__main__":
    asyncio.run(play())

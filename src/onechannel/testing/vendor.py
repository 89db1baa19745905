"""The fake vendor: the other end of what code under test sends, by HTTP or within the process.

Laws of this file: every door answers by the same plan and notes into the same requests; no socket
is opened before somebody asks for the address, and none is open to other machines.
"""

import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil
from types import TracebackType
from typing import Any, Final, Self

import anyio
import anyio.lowlevel
from typing_extensions import override

from onechannel.errors import InvalidValue
from onechannel.runtime import Outgoing, Reply
from onechannel.simulation import VirtualCentre
from onechannel.simulation.outside import Answering, VendorAnswer, VendorRequest
from onechannel.simulation.outside.answers import Manner, outcome_of
from onechannel.simulation.outside.vendor import destination, orders_of, request_of, send
from onechannel.testing.live import live_of

__all__ = ["Vendor"]

_SECOND: Final = timedelta(seconds=1)
#: Longer than anybody's lease.
_FOR_EVER: Final = timedelta(days=36_500)
#: How often the server looks whether it is to end, in seconds.
_POLL: Final = 0.01


class Vendor(Answering):
    """A vendor that is told what to answer, and shows what it was sent.

    ::

        vendor.answers(429, times=2, retry_after=30)
        ...
        assert [one.answered for one in vendor.requests] == ["429", "429", "200"]
        assert not vendor.too_soon

    Three doors lead to it. `url` is a server on this machine, for code that speaks HTTP with
    whatever library. `sender` is for a `Sending` of a live centre, in the process. `takes(...)` has
    the fake centre itself send to it in virtual time, for tests that await nothing.
    """

    def __init__(self, centre: VirtualCentre | None = None) -> None:
        super().__init__()
        self.centre: VirtualCentre | None = centre
        self._lock = threading.RLock()
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the server, if there is one, and break what it still holds open."""
        server, self._server = self._server, None
        if server is not None:
            server.end()

    # -- doors ------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it is reached by HTTP, on this machine alone; the first to ask opens it.

        There is no virtual time on sockets: what is slow there takes so long.
        """
        if self._server is None:
            self._server = _Server(self)
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    async def sender(self, outgoing: Outgoing) -> Reply:
        """Be sent an effect of a live centre: `Sending(destination=…, sender=vendor.sender)`.

        429 and 5xx, and no answer, are tried again; another 4xx is given up. A message that was
        sent is reported so, under the id in the answer's body.
        """
        event = outgoing.event
        request = request_of(event, outgoing.key, outgoing.attempt, self._now)
        self._begun(request)
        # What is sent side by side has come before any of it is answered.
        await anyio.lowlevel.checkpoint()
        answer = self._answered(request)
        if answer.manner is Manner.HANGS:
            await self._wait(_FOR_EVER)
        elif answer.after:
            await self._wait(answer.after)
        outcome = outcome_of(answer, self._now)
        return Reply(outcome=outcome, orders=orders_of(event, answer, outcome))

    def takes(
        self,
        *types: str,
        channels: Iterable[str] | None = None,
        name: str = "vendor",
        at_once: int = 8,
    ) -> None:
        """Be sent by the fake centre itself what happens from now on, in virtual time.

        Events of these types, on these channels: `vendor.takes("message.sent", channels={"sms"})`.
        """
        if self.centre is None:
            raise InvalidValue("this vendor knows no centre: make it with one, Vendor(centre)")
        send(self.centre, self, destination(name, types, channels), at_once)

    async def _wait(self, span: timedelta) -> None:
        live = None if self.centre is None else live_of(self.centre)
        if live is None:
            await anyio.sleep(span / _SECOND)
        else:
            await live.wait(span)

    # -- by several threads -----------------------------------------------------------------------

    @property
    @override
    def _now(self) -> datetime:
        return datetime.now(UTC) if self.centre is None else self.centre.now

    @override
    def _mark(self) -> timedelta:
        return timedelta(seconds=time.monotonic())

    @override
    def _tell(self, answer: VendorAnswer, times: int | None, to: str) -> None:
        with self._lock:
            super()._tell(answer, times, to)

    @override
    def is_up(self) -> None:
        with self._lock:
            super().is_up()

    @override
    def _begun(self, request: VendorRequest) -> VendorRequest:
        with self._lock:
            return super()._begun(request)

    @override
    def _answered(self, request: VendorRequest) -> VendorAnswer:
        with self._lock:
            return super()._answered(request)


class _Server(ThreadingHTTPServer):
    """The door by HTTP: a thread, and one more for each connection until it is over."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vendor = vendor
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL,), daemon=True)
        self._thread.start()

    def end(self) -> None:
        self.shutdown()
        self.closing.set()
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._thread.join()

    @override
    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    @override
    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever called has gone away."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        vendor = self.server.vendor
        path, _, query = self.path.partition("?")
        request = VendorRequest(
            at=vendor._now,
            method=self.command,
            path=path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
        )
        vendor._begun(request)
        answer = vendor._answered(request)
        hangs = answer.manner is Manner.HANGS
        self.server.closing.wait(None if hangs else answer.after / _SECOND)
        if answer.manner is Manner.ANSWERS and not self.server.closing.is_set():
            self._say(answer)
        else:
            self.close_connection = True

    def _say(self, answer: VendorAnswer) -> None:
        headers = {"Content-Type": "application/json", **answer.headers}
        if isinstance(answer.retry_after, datetime):
            headers["Retry-After"] = format_datetime(answer.retry_after, usegmt=True)
        elif answer.retry_after is not None:
            headers["Retry-After"] = str(ceil(answer.retry_after / _SECOND))
        self.send_response(answer.code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(parts)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """What was asked stands in `requests`."""

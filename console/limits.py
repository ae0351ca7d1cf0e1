"""What strangers may send, and how much of it at once. Each limit is answered with one clear error.

Everything here is checked before anything else handles a request: who has no token must not fill the memory either.

In: ASGI requests and WebSocket connections.  Out: the same, whole and bounded, to the application; or a refusal that names the limit.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[Message], Any]
Application = Callable[[Scope, Receive, Send], Any]

TOO_MANY_MESSAGES = 1008
"""WebSocket close code: the peer breaks a rule."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken. The defaults leave a hundred people with a page each far below all of them."""

    body_bytes: int = 65_536
    body_s: float = 10.0
    """Until a request's body must be there."""
    upload_bytes: int = 16 * 1_048_576
    """The body of an upload: ten years of quarter hours as CSV."""
    upload_s: float = 60.0
    uploads: int = 2
    """Uploads at the same time, so that they cannot fill the memory."""
    address_bytes: int = 4_096
    """Path and query."""
    requests: int = 128
    """Requests at the same time."""
    pages: int = 150
    """Pages and sessions that are kept for browsers: each takes 0.8 MB until its browser has been away for a minute."""
    sockets: int = 256
    """WebSocket connections at the same time."""
    messages: int = 300
    """Messages of one WebSocket connection within `messages_s`."""
    messages_s: float = 10.0


class Guard:
    """An ASGI application that lets through what keeps the limits.

    Parameters
    ----------
    kept
        How many pages or sessions are kept already of the kind that this request would add one to; 0 where it adds none.
    uploads
        Paths whose bodies may be as long as an upload.
    """

    def __init__(
        self, app: Application, limits: Limits, kept: Callable[[Scope], int] = lambda _: 0, uploads: Collection[str] = ()
    ) -> None:
        self._app, self._limits, self._kept, self._uploads = app, limits, kept, uploads
        self._open = Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in self._uploads:
            await self._counted("uploads", self._http, scope, receive, send)
        elif scope["type"] == "http":
            await self._counted("requests", self._http, scope, receive, send)
        elif scope["type"] == "websocket":
            await self._counted("sockets", self._websocket, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _counted(self, kind: str, serve: Application, scope: Scope, receive: Receive, send: Send) -> None:
        if self._open[kind] >= getattr(self._limits, kind):
            await _refuse(
                scope, receive, send, 503, f"more than {getattr(self._limits, kind)} {kind} at the same time; try again in a moment"
            )
            return
        self._open[kind] += 1
        try:
            await serve(scope, receive, send)
        finally:
            self._open[kind] -= 1

    # requests --------------------------------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        limits = self._limits
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > limits.address_bytes:
            await _refuse(scope, receive, send, 414, f"the address is longer than {limits.address_bytes:,} bytes")
            return
        if self._kept(scope) >= limits.pages:
            await _refuse(scope, receive, send, 503, f"{limits.pages} pages are open already; close some, or try again in a minute")
            return
        is_upload = scope["path"] in self._uploads
        most, within_s = (limits.upload_bytes, limits.upload_s) if is_upload else (limits.body_bytes, limits.body_s)
        try:
            body = await asyncio.wait_for(_whole_body(scope, receive, most), within_s)
        except TimeoutError:
            await _refuse(scope, receive, send, 408, f"the request's body was not there within {within_s:g} s")
        except _TooLong:
            await _refuse(scope, receive, send, 413, f"the request's body is longer than {most:,} bytes")
        except _Gone:
            pass
        else:
            await self._app(scope, _again(body, receive), send)

    # sockets ---------------------------------------------------------------------------------------------------

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if dict(scope["headers"]).get(b"sec-fetch-site") == b"cross-site":
            await _refuse(scope, receive, send, 403, "a page of another site may not connect")
            return
        lately: deque[float] = deque(maxlen=self._limits.messages)

        async def counted() -> Message:
            message: Message = await receive()
            now_s = monotonic()
            if message["type"] == "websocket.receive":
                if len(lately) == lately.maxlen and now_s - lately[0] < self._limits.messages_s:
                    reason = f"more than {self._limits.messages} messages within {self._limits.messages_s:g} s"
                    await send({"type": "websocket.close", "code": TOO_MANY_MESSAGES, "reason": reason})
                    return {"type": "websocket.disconnect", "code": TOO_MANY_MESSAGES}
                lately.append(now_s)
            return message

        await self._app(scope, counted, send)


class _TooLong(Exception):
    """The body goes beyond the limit."""


class _Gone(Exception):
    """Nobody waits for an answer any more."""


async def _whole_body(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """The body, read up to `most` bytes; None where the request has none."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    if b"transfer-encoding" not in headers and length in (b"", b"0"):
        return None
    if length.isdigit() and int(length) > most:
        raise _TooLong
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        if len(body) > most:
            raise _TooLong
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes | None, receive: Receive) -> Receive:
    """What the application receives: the body as one piece, then whatever else comes."""
    waiting = [] if body is None else [{"type": "http.request", "body": body, "more_body": False}]

    async def from_the_start() -> Message:
        if waiting:
            return waiting.pop()
        message: Message = await receive()
        return message

    return from_the_start


DRAIN_S = 2.0
"""How long what is still being sent is read and thrown away, so that the refusal is read and not lost in a reset connection."""


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, detail: str) -> None:
    body = json.dumps({"detail": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    headers += [(b"retry-after", b"5")] if status == 503 else []
    kind = "http"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1013, "reason": detail})
            return
        kind = "websocket.http"
    await send({"type": f"{kind}.response.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": body, "more_body": True})
    if kind == "http":
        with suppress(TimeoutError):
            await asyncio.wait_for(_throw_away(receive), DRAIN_S)
    await send({"type": f"{kind}.response.body", "body": b"", "more_body": False})


async def _throw_away(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return

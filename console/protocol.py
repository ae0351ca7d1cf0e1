"""HTTP connections that are bounded in number, in the length of a request's head and in time, before there is any request."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_BYTES = 16_384
"""Request line and headers."""
HEAD_S = 10.0
"""Until they must be there: from the connection, or from their first byte."""
STALLED_S = 30.0
"""How long a client may leave an answer unread."""
MOST_CONNECTIONS = 512


class BoundedProtocol(H11Protocol):
    """One connection."""

    _late: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request; refused where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, f"more than {MOST_CONNECTIONS} connections; try again in a moment")
        else:
            self._late = self.loop.call_later(HEAD_S, self._head_is_late)

    def data_received(self, data: bytes) -> None:
        """Go on with the request; one that begins must be whole in time."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._head_is_there()
        elif self._late is None and self.conn.trailing_data[0]:
            self._late = self.loop.call_later(HEAD_S, self._head_is_late)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """From here on the connection is the WebSocket protocol's, with limits of its own."""
        self._head_is_there()
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP, or too long a head."""
        if len(self.conn.trailing_data[0]) > HEAD_BYTES:
            self._refuse(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"request line and headers are longer than {HEAD_BYTES:,} bytes"
            )
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, msg)

    def pause_writing(self) -> None:
        """The peer is slow to take what is sent."""
        super().pause_writing()
        self._stalled = self._stalled or self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The peer has taken it."""
        super().resume_writing()
        self._is_taken()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more to wait for."""
        self._head_is_there()
        self._is_taken()
        super().connection_lost(exc)

    def _head_is_there(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _is_taken(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _head_is_late(self) -> None:
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"no whole request within {HEAD_S:g} s")

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        if self.transport.is_closing():
            return
        body = json.dumps({"detail": detail}).encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()

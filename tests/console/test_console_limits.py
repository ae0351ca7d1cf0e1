"""What strangers may send: every limit has one clear error, and memory does not grow with what they try."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psutil
import pytest
import uvicorn
from console_ledger import sample_ledger
from console_sample import SampleFeed, frozen_clock, sample_interval
from console_server import Server

from console import protocol
from console.board import MOST_SHARED, Board
from console.limits import Guard, Limits, Message, Scope
from console.log_limit import AtMost
from console.requests import Span
from console.views.meters import meter_day_view
from domain.intervals import QUARTER, Interval
from domain.plant import Plant
from reporting.ledger import MOST_RECORDS, Answers, Memory

# the guard, without a server ---------------------------------------------------------------------------------------


class Exchange:
    """One request to a `Guard`, with what it answers."""

    def __init__(self, pieces: list[bytes] | None = None, headers: dict[str, str] | None = None, **scope: Any) -> None:
        self.pieces = list(pieces or [])
        self.pulled = 0
        self.sent: list[Message] = []
        fields = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
        self.scope: Scope = {"type": "http", "path": "/", "raw_path": b"/", "query_string": b"", "headers": fields, **scope}

    async def receive(self) -> Message:
        if not self.pieces:
            await asyncio.Event().wait()
        self.pulled += 1
        return {"type": "http.request", "body": self.pieces.pop(0), "more_body": bool(self.pieces)}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def answer(self) -> tuple[int, str]:
        body = b"".join(m.get("body", b"") for m in self.sent)
        return self.sent[0]["status"], json.loads(body)["detail"]


class Application:
    """Notes the bodies that reach it; answers 200."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self, scope: Scope, receive: Callable[[], Any], send: Callable[[Message], Any]) -> None:
        if dict(scope["headers"]).keys() & {b"content-length", b"transfer-encoding"}:
            message = await receive()
            assert not message["more_body"]
            self.bodies.append(message["body"])
        await self.may_end.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"detail": "taken"}'})


SMALL = Limits(body_bytes=100, body_s=0.2, address_bytes=50, requests=2, pages=3, sockets=1, messages=5, messages_s=60.0)


def spans(exchange: Exchange, limits: Limits = SMALL, **how: Any) -> tuple[tuple[int, str], Application]:
    app = Application()
    asyncio.run(Guard(app, limits, **how)(exchange.scope, exchange.receive, exchange.send))
    return exchange.answer, app


def test_a_body_within_the_limit_arrives_whole() -> None:
    answer, app = spans(Exchange([b"a" * 60, b"b" * 40], {"transfer-encoding": "chunked"}))
    assert (answer, app.bodies) == ((200, "taken"), [b"a" * 60 + b"b" * 40])


def test_a_body_that_says_it_is_too_long_is_refused_before_it_is_read() -> None:
    exchange = Exchange([b"x"], {"content-length": "60000000"})
    answer, app = spans(exchange)
    assert (answer, app.bodies) == ((413, "the request's body is longer than 100 bytes"), [])
    assert exchange.sent[0]["type"] == "http.response.start"


def test_a_body_that_grows_too_long_is_refused_and_what_follows_is_thrown_away() -> None:
    exchange = Exchange([b"x" * 60] * 9, {"transfer-encoding": "chunked"})
    answer, app = spans(exchange)
    assert (answer[0], app.bodies, exchange.pieces) == (413, [], [])


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    answer, app = spans(Exchange([], {"content-length": "10"}))
    assert (answer, app.bodies) == ((408, "the request's body was not there within 0.2 s"), [])


def test_a_long_address_is_refused() -> None:
    answer, _ = spans(Exchange(query_string=b"day=" + b"9" * 60))
    assert answer == (414, "the address is longer than 50 bytes")


def test_pages_beyond_what_is_kept_are_refused_and_other_calls_are_not() -> None:
    kept = lambda scope: 3 if scope["path"] == "/plan" else 0  # noqa: E731
    answer, _ = spans(Exchange(path="/plan"), kept=kept)
    assert answer == (503, "3 pages are open already; close some, or try again in a minute")
    assert spans(Exchange(path="/api/v1/now"), kept=kept)[0] == (200, "taken")


def test_more_requests_at_once_than_are_served_are_refused_until_one_ends() -> None:
    async def three() -> list[tuple[int, str]]:
        app = Application()
        app.may_end.clear()
        guard = Guard(app, SMALL)
        exchanges = [Exchange() for _ in range(4)]
        waiting = [asyncio.create_task(guard(e.scope, e.receive, e.send)) for e in exchanges[:2]]
        await asyncio.sleep(0)
        refused = exchanges[2]
        task = asyncio.create_task(guard(refused.scope, refused.receive, refused.send))
        while not refused.sent:
            await asyncio.sleep(0)
        app.may_end.set()
        await asyncio.gather(*waiting)
        last = exchanges[3]
        await guard(last.scope, last.receive, last.send)
        task.cancel()
        return [e.answer for e in exchanges]

    found = asyncio.run(three())
    assert [status for status, _ in found] == [200, 200, 503, 200]
    assert found[2][1] == "more than 2 requests at the same time; try again in a moment"


class Socket(Exchange):
    """A WebSocket connection that sends messages without end."""

    def __init__(self, **scope: Any) -> None:
        super().__init__(type="websocket", extensions={"websocket.http.response": {}}, **scope)

    async def receive(self) -> Message:
        self.pulled += 1
        return {"type": "websocket.receive", "text": "42[]"}


async def listening(scope: Scope, receive: Callable[[], Any], send: Callable[[Message], Any]) -> None:
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive":
        pass


def test_a_socket_that_sends_without_end_is_closed_and_reported_why() -> None:
    talker = Socket()
    asyncio.run(Guard(listening, SMALL)(talker.scope, talker.receive, talker.send))
    closed = talker.sent[-1]
    assert (closed["type"], closed["code"], closed["reason"]) == ("websocket.close", 1008, "more than 5 messages within 60 s")
    assert talker.pulled == 6


def test_sockets_beyond_the_limit_and_those_of_other_sites_are_refused() -> None:
    async def two() -> Socket:
        async def holds(scope: Scope, receive: Any, send: Any) -> None:
            await asyncio.Event().wait()

        guard, first, second = Guard(holds, SMALL), Socket(), Socket()
        task = asyncio.create_task(guard(first.scope, first.receive, first.send))
        await asyncio.sleep(0)
        await guard(second.scope, second.receive, second.send)
        task.cancel()
        return second

    assert asyncio.run(two()).answer == (503, "more than 1 sockets at the same time; try again in a moment")
    stranger = Socket(headers={"sec-fetch-site": "cross-site"})
    asyncio.run(Guard(listening, SMALL)(stranger.scope, stranger.receive, stranger.send))
    assert stranger.answer == (403, "a page of another site may not connect")


# connections, over real sockets ------------------------------------------------------------------------------------

ANSWER_BYTES = 64 * 2**20


async def long_answer(scope: Scope, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/long":
        for _ in range(64):
            await send({"type": "http.response.body", "body": b"x" * (ANSWER_BYTES // 64), "more_body": True})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[uvicorn.Server, Callable[[], socket.socket]]]:
    """A server with limits of fractions of a second, and a way to connect to it."""
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    monkeypatch.setattr(protocol, "STALLED_S", 0.3)
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 3)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        long_answer,
        http=protocol.BoundedProtocol,
        h11_max_incomplete_event_size=protocol.HEAD_BYTES,
        log_level="critical",
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    open_: list[socket.socket] = []

    def connect() -> socket.socket:
        open_.append(socket.create_connection(listener.getsockname(), timeout=20))
        return open_[-1]

    yield server, connect
    for one in open_:
        one.close()
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


def read_all(peer: socket.socket) -> bytes:
    """What comes until the other side closes."""
    found = b""
    try:
        while piece := peer.recv(65_536):
            found += piece
    except ConnectionResetError:
        pass
    return found


Bounded = tuple[uvicorn.Server, Callable[[], socket.socket]]


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        (b"", 408, b"no whole request within 0.3 s"),
        (b"GET / HTTP/1.1\r\nHost: a", 408, b"no whole request within 0.3 s"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nCookie: " + b"x" * 40_000, 431, b"longer than 16,384 bytes"),
        (b"GET /" + b"x" * 40_000, 431, b"longer than 16,384 bytes"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, b"Invalid HTTP request"),
    ],
)
def test_a_head_that_is_late_long_or_none_is_answered_and_the_connection_closed(
    bounded: Bounded, sent: bytes, status: int, words: bytes
) -> None:
    peer = bounded[1]()
    peer.sendall(sent)
    answer = read_all(peer)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert words in answer


def test_a_second_request_on_a_connection_must_be_whole_in_time_too(bounded: Bounded) -> None:
    peer = bounded[1]()
    peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert peer.recv(65_536).startswith(b"HTTP/1.1 200")
    peer.sendall(b"GET / HT")
    assert b"408 Request Timeout" in read_all(peer)


def test_connections_beyond_the_limit_are_refused_until_one_ends(bounded: Bounded) -> None:
    _, connect = bounded
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    held = [connect() for _ in range(3)]
    for one in held:
        one.sendall(request)
        assert one.recv(65_536).startswith(b"HTTP/1.1 200")
    assert b"503 Service Unavailable" in read_all(connect())
    held[0].close()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        peer = connect()
        peer.sendall(request)
        if peer.recv(65_536).startswith(b"HTTP/1.1 200"):
            return
    pytest.fail("no place came free")


def test_who_does_not_take_the_answer_is_let_go(bounded: Bounded) -> None:
    server, connect = bounded
    peer = connect()
    peer.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.server_state.total_requests + len(server.server_state.connections) == 0:
        time.sleep(0.01)
    while time.monotonic() < deadline and server.server_state.connections:
        time.sleep(0.01)
    assert not server.server_state.connections
    assert len(read_all(peer)) < ANSWER_BYTES


# memory ------------------------------------------------------------------------------------------------------------


def test_a_body_of_two_hundred_megabytes_without_a_token_is_refused_and_not_kept() -> None:
    server = Server("0", "0123456789abcdef")
    try:
        process = psutil.Process(server.process.pid)
        address = server.url.removeprefix("http://").split(":")
        before = process.memory_info().rss
        for framing in (b"Content-Length: 200000000", b"Transfer-Encoding: chunked"):
            peer = socket.create_connection((address[0], int(address[1])), timeout=30)
            head = b"POST /api/v1/reports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\n\r\n" % framing
            peer.sendall(head)
            piece = b"f4240\r\n" + b" " * 1_000_000 + b"\r\n" if b"chunked" in framing else b" " * 1_000_000
            try:
                for _ in range(200):
                    peer.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough
            assert peer.recv(65_536).startswith(b"HTTP/1.1 413"), framing
            peer.close()
        assert process.memory_info().rss - before < 100_000_000
    finally:
        server.stop()


def kept_quarter_hours() -> int:
    gc.collect()
    return sum(isinstance(one, Interval) for one in gc.get_objects())


YEAR = timedelta(days=366)


def test_years_of_quarter_hours_that_were_requested_are_not_kept(plant: Plant) -> None:
    """Four questions of a year each are 140,000 quarter hours."""
    first = datetime(2025, 1, 1, tzinfo=UTC)
    template = sample_interval("main", "energy_import", first)
    ledger = sample_ledger(plant, intervals=(replace(template, start_utc=first + n * QUARTER) for n in range(96 * 366)))
    board = Board(plant, SampleFeed(plant, ledger), frozen_clock(), lambda: ledger, tuple)

    async def request_all() -> None:
        for n in range(4):
            span = Span("main", "energy_import", first + n * QUARTER, first + YEAR)
            found = await board.once(
                lambda scene, one: scene.ledger.intervals(one.meter, one.channel, one.from_utc, one.to_utc), span
            )
            assert len(found) == 96 * 366 - n

    before = kept_quarter_hours()
    asyncio.run(request_all())
    after = kept_quarter_hours()
    board.close()
    assert after - before <= MOST_RECORDS


def test_what_people_look_at_is_kept_up_to_a_number_of_quarter_hours(plant: Plant) -> None:
    memory = Memory()
    remembered = sample_ledger(plant).remembering(memory)
    remembered.refresh()
    first = datetime(2026, 9, 18, tzinfo=UTC)
    for n in range(15):
        start = first + n * timedelta(hours=6)
        for meter in ("main", "press-1", "press-2"):
            assert len(remembered.revisions(meter, "energy_import", start, start + timedelta(days=20))) == 1920
    assert sum(answers.weight for answers in memory.answers.values()) <= MOST_RECORDS
    spans = remembered.intervals("main", "energy_import", first, first + timedelta(days=1))
    assert remembered.intervals("main", "energy_import", first, first + timedelta(days=1)) is spans


def test_the_answer_that_was_requested_last_stays_however_long_it_is() -> None:
    answers = Answers(10)
    answers.keep(("a",), [1] * 5)
    answers.keep(("b",), [1] * 50)
    assert ("a",) not in answers
    assert answers[("b",)] == [1] * 50


def test_days_that_one_browser_walks_through_are_not_kept_for_ever(plant: Plant) -> None:
    ledger = sample_ledger(plant)
    board = Board(plant, SampleFeed(plant, ledger), frozen_clock(), lambda: ledger, tuple)

    async def walk() -> None:
        for n in range(MOST_SHARED + 60):
            await board.view(meter_day_view, "press-1", date(2026, 1, 1) + timedelta(days=n % 290), bool(n // 290))

    asyncio.run(walk())
    kept = board.shared_views
    board.close()
    assert kept <= MOST_SHARED + 1


def test_a_flood_of_broken_requests_does_not_fill_the_log() -> None:
    import logging

    now_s = [0.0]
    limit = AtMost(lines=3, within_s=60.0, clock=lambda: now_s[0])
    record = lambda: logging.LogRecord("engineio.server", logging.ERROR, __file__, 1, "bad %s", ("json",), None)  # noqa: E731
    assert [limit.filter(record()) for _ in range(500)] == [True] * 3 + [False] * 497
    now_s[0] = 61.0
    later = record()
    assert limit.filter(later)
    assert later.getMessage() == "bad json (497 more of this logger were left out before)"

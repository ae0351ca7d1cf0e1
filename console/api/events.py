"""The call that does not end: records as they come, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, NoReturn

import structlog
from fastapi import APIRouter, Header, HTTPException, Query, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from connectors.kafka.client import Message
from console.context import Console
from console.events import BEGINNING, LOGGED, MOST_ID, STREAMED, Hub, Joined, Place, cursor_of, frame, id_text
from console.faults import RETRY_S, refuse, responses
from console.live import Backlog, Feed
from domain.topics import Topic

RETRY_MS = 2_000
"""How long a browser waits before it connects again."""
Topics = Annotated[str, Query(max_length=200, description=f"Which, with commas between: {', '.join(STREAMED)}. All without it.")]
Since = Annotated[
    str,
    Query(
        alias="last_event_id",
        max_length=MOST_ID,
        description=f"As `Last-Event-ID`, for clients that cannot set it; or `{BEGINNING}`.",
    ),
]
LastId = Annotated[
    str, Header(alias="Last-Event-ID", max_length=MOST_ID, description="The id of the last event that was received.")
]
EVENTS: dict[str, Any] = {
    "description": "Events without end: `event` is the topic's short name, `data` the record as on the topic, `id` where to go on.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}
HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}  # a proxy that collects an answer before it passes it on would never do so


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    feed = console.board.feed

    @api.get(
        "/stream", tags=["stream"], response_class=StreamingResponse, responses={**responses(403), 200: EVENTS}
    )  # fmt: skip
    async def stream(topics: Topics = "", since: Since = "", last_event_id: LastId = "", sec_fetch_site: Annotated[str, Header(include_in_schema=False)] = "") -> Response:  # fmt: skip
        """Recommendations, decisions, anomalies and feedback on them without loss; of the running quarter hour and of forecasts the newest.

        A reader that comes back with the id of the last event that it has got is sent everything that came since, first. Without an
        id it starts with what comes next, with `beginning` at the oldest record there is.
        A comment is sent every 15 s. The stream ends with an event `closed` that says why; 32 readers at the same time.
        """
        if sec_fetch_site == "cross-site":
            raise HTTPException(403, "a page of another site may not connect")
        wanted, given = _wanted(topics), last_event_id or since
        known = {} if given in ("", BEGINNING) else cursor_of(given)
        if known is None:
            refuse(
                "header.Last-Event-ID" if last_event_id else "query.last_event_id", given, f"an id of this stream, or {BEGINNING!r}"
            )
        return await _joined(feed, wanted, known, given)


def _wanted(topics: str) -> list[Topic]:
    names = [name.strip() for name in topics.split(",")] if topics else list(STREAMED)
    if not set(names) <= STREAMED.keys():
        refuse("query.topics", topics, f"names with commas between, of {list(STREAMED)}")
    return [STREAMED[name] for name in dict.fromkeys(names)]


async def _joined(feed: Feed, topics: list[Topic], known: dict[Place, int], given: str) -> Response:
    if not feed.picture().connected:
        _not_now("no Kafka broker answers; try again when it is back")
    wake, loop = asyncio.Event(), asyncio.get_running_loop()
    joined = feed.events.join(topics, lambda: _from_a_thread(loop, wake))
    if joined is None:
        _not_now(f"more than {feed.events.limits.readers} readers of the stream; try again when one has left")
    try:
        cursor = _start(joined, known, given)
        backlog = await _backlog(feed, joined, cursor) if given else None
    except BaseException:
        feed.events.leave(joined.reader)
        raise
    return _Stream(feed.events, joined, cursor, backlog, wake)


def _not_now(detail: str) -> NoReturn:
    raise HTTPException(503, detail, headers={"Retry-After": f"{RETRY_S}"})


def _from_a_thread(loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(wake.set)


def _start(joined: Joined, known: dict[Place, int], given: str) -> dict[Place, int]:
    """Where to begin: as the id says of the topics that it names; of the others, with what comes next."""
    if given == BEGINNING:
        return dict.fromkeys(joined.until, 0)
    named = {topic for topic, _ in known}
    return {place: known.get(place, 0) if place[0] in named else offset for place, offset in joined.start.items()}


async def _backlog(feed: Feed, joined: Joined, cursor: dict[Place, int]) -> Backlog | None:
    """What the log has before what is followed; None where the reader has all of it."""
    topics = [topic for topic in LOGGED.values() if topic.name in joined.reader.topics]
    if not topics or cursor == joined.until:
        return None
    backlog = await asyncio.to_thread(feed.backlog, topics, cursor, joined.until)
    cursor.update(backlog.start)
    return backlog


class _Stream(StreamingResponse):
    """One reader's answer; it leaves when the answer ends, however it ends."""

    def __init__(self, hub: Hub, joined: Joined, cursor: dict[Place, int], backlog: Backlog | None, wake: asyncio.Event) -> None:
        super().__init__(self._events(), headers=HEADERS, media_type="text/event-stream")
        self._hub, self._reader, self._cursor, self._backlog, self._wake = hub, joined.reader, cursor, backlog, wake

    async def __call__(self, scope: Any, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._hub.leave(self._reader)
            if self._backlog is not None:
                asyncio.get_running_loop().run_in_executor(None, self._backlog.close)

    async def _events(self) -> AsyncIterator[bytes]:
        yield format_sse_event(id=id_text(self._cursor) if self._cursor else None, retry=RETRY_MS)
        async for event in self._missed():
            yield event
        while True:
            self._wake.clear()
            for message in self._reader.take():
                if self._is_next(message):
                    yield frame(message, self._cursor)
            if self._reader.ended:
                break
            try:
                await asyncio.wait_for(self._wake.wait(), self._hub.limits.heartbeat_s)
            except TimeoutError:
                yield format_sse_event(comment="nothing new")
        structlog.get_logger("console").info("stream_reader_ended", reason=self._reader.ended)
        yield format_sse_event(event="closed", data_str=json.dumps({"reason": self._reader.ended}))

    async def _missed(self) -> AsyncIterator[bytes]:
        """What came while the reader was away."""
        while self._backlog is not None and not self._reader.ended:
            messages = await asyncio.to_thread(self._backlog.read)
            if messages is None:
                return
            for message in messages:
                if self._is_next(message):
                    yield frame(message, self._cursor)

    def _is_next(self, message: Message) -> bool:
        """Whether the reader has not had it; then the cursor moves behind it."""
        if message.topic not in LOGGED.values():
            return True
        place = (message.topic.name, message.partition)
        if message.offset < self._cursor.get(place, 0):
            return False
        self._cursor[place] = message.offset + 1
        return True

"""A reader of server-sent events, as the HTML standard has them, over a real connection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Heard:
    """An event that was dispatched."""

    name: str
    data: Any
    id: str


@dataclass
class Listener:
    """One connection; `last_id` is what a browser would send when it connects again."""

    lines: Iterator[str]
    last_id: str = ""
    comments: list[str] = field(default_factory=list)

    def blocks(self) -> Iterator[Heard | None]:
        """Each block of lines: an event, or None where it has no data."""
        fields: dict[str, list[str]] = {}
        for line in self.lines:
            name, _, value = line.partition(":")
            if not line:
                self.last_id = fields.get("id", [self.last_id])[-1]
                data = fields.get("data")
                yield (
                    None if data is None else Heard(fields.get("event", ["message"])[-1], json.loads("\n".join(data)), self.last_id)
                )
                fields = {}
            elif not name:
                self.comments.append(value.removeprefix(" "))
            else:
                fields.setdefault(name, []).append(value.removeprefix(" "))

    def next(self, count: int = 1) -> list[Heard]:
        """The next events."""
        found = []
        for heard in self.blocks():
            found += [] if heard is None else [heard]
            if len(found) == count:
                break
        return found


@contextmanager
def listening(url: str, topics: str = "", last_id: str = "") -> Iterator[Listener]:
    """A reader that is known to the server when this returns: the server has sent where it begins."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with httpx.stream(
        "GET", f"{url}/api/v1/stream", params={"topics": topics} if topics else {}, headers=headers, timeout=30
    ) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        listener = Listener(answer.iter_lines())
        assert next(listener.blocks()) is None
        yield listener

"""What the desks of the page have in common: one writer at a time, and what the ledger has of a kind of record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from console.events import Place

Record = TypeVar("Record")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Known(Generic[Record]):
    """What the ledger has of a kind of record."""

    records: tuple[Record, ...]
    until: Mapping[Place, int]
    """How far it has read the log."""


class OneWriter:
    """One thread: who comes second is judged with what the first has sent."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"console-{name}")

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """What `work` gives, once all that came before it is done."""
        return await asyncio.wrap_future(self._thread.submit(work))

    def close(self) -> None:
        """Let nothing more go out."""
        self._thread.shutdown(wait=False, cancel_futures=True)

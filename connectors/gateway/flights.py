"""Which batches are on their way to the broker, and which are still to be read from disk. Arithmetic only; the sender's thread owns it."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.gateway.buffer import Batch


class Flight:
    """A batch on its way."""

    __slots__ = ("batch", "from_disk", "left")

    def __init__(self, batch: Batch, from_disk: bool) -> None:
        self.batch, self.from_disk, self.left = batch, from_disk, len(batch.lines)


class Flights:
    """Batches that were sent and not acknowledged, by their number."""

    def __init__(self) -> None:
        self._by_batch: dict[int, Flight] = {}
        self.readings = 0
        """Readings in flight."""
        self.readings_from_disk = 0
        """Of these, the ones that were read from disk."""

    def __len__(self) -> int:
        return len(self._by_batch)

    def __contains__(self, batch: int) -> bool:
        return batch in self._by_batch

    def is_current(self, flight: Flight) -> bool:
        """Whether it still counts: not one of a client that was given up, whose batch goes again."""
        return self._by_batch.get(flight.batch.id) is flight

    def begin(self, batch: Batch, from_disk: bool) -> Flight:
        """A batch is about to be sent."""
        flight = self._by_batch[batch.id] = Flight(batch, from_disk)
        self._count(flight, 1)
        return flight

    def land(self, flight: Flight) -> None:
        """All of it was acknowledged."""
        del self._by_batch[flight.batch.id]
        self._count(flight, -1)

    def give_up(self) -> list[int]:
        """Nothing of it will be acknowledged; the numbers of the batches that have to go again."""
        numbers = list(self._by_batch)
        self._by_batch.clear()
        self.readings = self.readings_from_disk = 0
        return numbers

    def _count(self, flight: Flight, sign: int) -> None:
        size = sign * len(flight.batch.lines)
        self.readings += size
        self.readings_from_disk += size if flight.from_disk else 0


@dataclass(slots=True)
class Backlog:
    """The batches that are to be read from disk: those after `done_to`, up to `ends_at`. Numbers of batches only grow."""

    done_to: int
    """Batches up to here are in flight or acknowledged."""
    ends_at: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be read from disk."""
        return self.done_to >= self.ends_at

    def add(self, batch: int) -> None:
        """A batch is left to the disk."""
        self.ends_at = max(self.ends_at, batch)

    def send_again(self, batches: list[int]) -> None:
        """These were in flight and are to be read again."""
        if batches:
            self.ends_at = max(self.ends_at, *batches)
            self.done_to = min(self.done_to, min(batches) - 1)

    def overtaken(self, batch: int) -> None:
        """A newer batch is sent from memory: with nothing before it left to read, the backlog begins after it."""
        if self.is_empty:
            self.done_to = self.ends_at = batch

    def finish(self) -> None:
        """There is nothing more on disk."""
        self.done_to = self.ends_at

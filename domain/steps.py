"""What a step is: the pure part of a job. Rooms implement it; `stream_jobs` feeds it and stores its state.

Keyed: all records of one key come to the same state, in the order of the log. What a step does follows from its state, its records and the
plant's clock alone, so it runs without a cluster: tests, commands and benchmarks drive the very same steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from domain.topics import Topic

Records = Sequence[tuple[Topic, Any]]
"""Records with the topic that each came on."""
Outputs = list[tuple[Topic, Any]]
"""Records with the topic that each goes to."""


class Step(Protocol):
    """The pure part of a job.

    `state` is whatever `initial` gave; it survives as the bytes of `encode`. A step may change the state that it is given, and returns it.
    `take` fails on no record that can be read: one that it can do nothing with changes nothing, or leaves as a rejection.
    """

    def initial(self, key: str) -> Any:
        """State of a key that was never seen."""

    def encode(self, state: Any) -> bytes:
        """The state as bytes, with the header of `domain.stored_state`; empty for a key that the plant file does not know."""

    def decode(self, key: str, stored: bytes) -> Any:
        """The state that `encode` made.

        Raises
        ------
        domain.stored_state.UnreadableState
            If it is the state of another step or version.
        """

    def take(self, key: str, state: Any, records: Records) -> tuple[Any, Outputs]:
        """Take decoded records of one key, in the order of the log."""


class PausingStep(Step, Protocol):
    """A step that answers history when no more of it comes: an import brings thousands of rows within seconds."""

    def awaits_pause(self, key: str, state: Any) -> bool:
        """Whether `paused` has something to say once no more records come."""

    def paused(self, key: str, state: Any) -> tuple[Any, Outputs]:
        """Nothing more of what is awaited has come for a while."""


class RunStep(Step, Protocol):
    """A step that reads readings: it takes them as columns too."""

    def take_run(self, key: str, state: Any, run: Any) -> tuple[Any, Outputs]:
        """Take readings of one register of `key`, a `metering.runs.ReadingRun`: the same as `take` of each, at less cost."""


class TimedStep(RunStep, Protocol):
    """A step that receives event time."""

    def advance(self, key: str, state: Any, event_time_ms: int) -> tuple[Any, Outputs]:
        """Everything observed up to `event_time_ms` has been taken."""

    def next_due_ms(self, key: str, state: Any) -> int | None:
        """The event time at which `advance` may next have something to say; None if never before more is taken."""

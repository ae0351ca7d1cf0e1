"""All meters of a site driven by event time, without a stream: the one way in which command line, benchmarks and tests feed the steps.

The job does the same with Flink's watermark; another way of feeding the steps would compare two things.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.plant import Plant
from domain.readings import CONTROL_CHANNELS, Reading, RejectionReason
from metering.engine import MeterStep
from metering.intake import Intake, rejection
from metering.publishing import Output
from metering.state import MeterState


class WholeSite:
    """A `MeterStep` a meter, and the site's event time: the highest usable ``observed_ms`` of any of its meters so far."""

    def __init__(self, plant: Plant) -> None:
        self._site = plant.site.id
        self._steps = {meter.id: MeterStep(plant, meter.id) for meter in plant.meters}
        self._states: dict[str, MeterState] = {meter: step.initial() for meter, step in self._steps.items()}
        self._intake = Intake(plant)
        self._due_ms = dict.fromkeys(self._steps, 0)
        """When a meter next has something to tell."""
        self._first_ms: int | None = None
        self.last_ms = 0
        """The site's event time; 0 before the first usable reading."""

    def take(self, readings: Sequence[Reading]) -> list[Output]:
        """Give each meter its readings, in order of arrival, then all of them the site's event time.

        Returns
        -------
        list of Interval or Rejection
            Rejections of readings that are of no meter of the plant file among them.
        """
        by_meter: dict[str, list[Reading]] = {}
        for reading in readings:
            by_meter.setdefault(reading.meter, []).append(reading)
        outputs: list[Output] = []
        first_ms = self._first_ms
        for meter, its in by_meter.items():
            usable_ms = self._take_meter(meter, its, outputs)
            if usable_ms:
                self.last_ms = max(self.last_ms, *usable_ms)
                first_ms = min(usable_ms) if first_ms is None else min(first_ms, *usable_ms)
        if first_ms is not None:
            outputs += self._pass_time(first_ms, by_meter)
        return outputs

    def close(self) -> list[Output]:
        """Tell what is left: nothing more comes."""
        outputs: list[Output] = []
        if self._first_ms is not None:
            for meter, step in self._steps.items():
                self._states[meter], more = step.close(self._states[meter], self.last_ms)
                outputs += more
        return outputs

    def _take_meter(self, meter: str, readings: Sequence[Reading], outputs: list[Output]) -> list[int]:
        """Give one meter its readings; when those were observed that tell the site's time."""
        step = self._steps.get(meter)
        known: list[Reading] = []
        for reading in readings:
            if step is not None and reading.site == self._site and reading.channel not in CONTROL_CHANNELS:
                known.append(reading)
            else:
                unknown = "the plant file has no such meter at this site"
                outputs.append(rejection(reading, RejectionReason.UNKNOWN_REGISTER, unknown))
        if step is None:
            return []
        self._states[meter], more = step.take(self._states[meter], known)
        outputs += more
        return [reading.observed_ms for reading in known if self._intake.reason(reading) is None]

    def _pass_time(self, first_ms: int, heard: dict[str, list[Reading]]) -> Iterator[Output]:
        """Let every meter know where the site begins and what time it is; one that has nothing due is left alone."""
        for meter, step in self._steps.items():
            state = self._states[meter]
            if first_ms != self._first_ms:
                state, outputs = step.advance(state, first_ms)
                yield from outputs
            elif meter not in heard and self.last_ms < self._due_ms[meter]:
                continue
            due_ms = step.next_due_ms(state)
            if due_ms is not None and due_ms <= self.last_ms:
                state, outputs = step.advance(state, self.last_ms)
                yield from outputs
                due_ms = step.next_due_ms(state)
            self._states[meter], self._due_ms[meter] = state, due_ms or 0
        self._first_ms = first_ms

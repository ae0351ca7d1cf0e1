"""The step of the running quarter hour, keyed by the billing meter: its readings and quarter hours to demand."""

from __future__ import annotations

from typing import Any

from domain.clock import Clock, epoch_ms
from domain.plant import Plant
from domain.readings import CONTROL_CHANNELS, SET_BACK_CHANNEL, Reading
from domain.steps import Outputs, Records
from domain.topics import DEMAND, INTERVALS, READINGS
from metering.rules import AHEAD_OF_PLANT_MS
from metering.running import RunningQuarter
from metering.running_state import RunningState, decode_state, encode_state
from metering.runs import ReadingRun


class RunningDemand:
    """Keyed by site/meter of the billing meter.

    Parameters
    ----------
    clock
        The plant's: a reading that is dated ahead of it is passed over; the quarter hours' step rejects it.
    """

    def __init__(self, plant: Plant, clock: Clock) -> None:
        self._running, self._clock = RunningQuarter(plant), clock

    def initial(self, key: str) -> RunningState:
        """A site of which nothing is known."""
        return self._running.initial()

    def encode(self, state: RunningState) -> bytes:
        """The state as bytes."""
        return encode_state(state)

    def decode(self, key: str, stored: bytes) -> RunningState:
        """The state that `encode` made."""
        return decode_state(stored)

    def take(self, key: str, state: RunningState, records: Records) -> tuple[RunningState, Outputs]:
        """Readings and quarter hours of the billing meter; an operator's set-back among them begins the quarter hour again."""
        outputs: Outputs = []
        latest_ms = epoch_ms(self._clock.now_utc()) + AHEAD_OF_PLANT_MS
        for topic, record in records:
            if topic is READINGS:
                state, demands = self._take_reading(state, record, latest_ms)
                outputs += [(DEMAND, demand) for demand in demands]
            elif topic is INTERVALS:
                state, _ = self._running.take_interval(state, record)
        return state, outputs

    def _take_reading(self, state: RunningState, reading: Reading, latest_ms: int) -> tuple[RunningState, list[Any]]:
        if reading.channel == SET_BACK_CHANNEL:
            return self._running.set_back(state), []
        if reading.channel in CONTROL_CHANNELS or reading.observed_ms > latest_ms:
            return state, []
        return self._running.take_reading(state, reading)

    def take_run(self, key: str, state: RunningState, run: ReadingRun) -> tuple[RunningState, Outputs]:
        """Each reading of the run in turn: the page shows every second."""
        return self.take(key, state, [(READINGS, reading) for reading in run.readings()])

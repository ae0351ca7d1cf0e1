"""The detection room's step behind the jobs' interface."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import Tariff, load_tariff
from detection import step as detection
from domain.clock import Clock, process_clock
from domain.plant import Plant, load_plant
from domain.topics import ANOMALIES, Topic
from stream_jobs.logic import Outputs

PRICES_KEPT = 64
"""A spot tariff has another price each quarter hour."""


class Detection:
    """Keyed by site/meter: intervals to anomalies, priced at what a kilowatt-hour costs at the time, where that is known.

    Parameters
    ----------
    clock
        The plant's: keeps wrong dates out. None: the records alone do.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None, clock: Clock | None = None) -> None:
        self._tariff = tariff
        self._clock = clock
        self._unpriced = detection.DetectionStep(plant, None)
        self._priced: dict[float | None, detection.DetectionStep] = {None: self._unpriced}

    def initial(self, key: str) -> Any:
        return self._unpriced.initial()

    def encode(self, state: Any) -> bytes:
        return detection.encode_state(state)

    def decode(self, key: str, stored: bytes) -> Any:
        return detection.decode_state(stored)

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        now_utc = None if self._clock is None else self._clock.now_utc()
        outputs: Outputs = []
        for _, interval in records:
            state, anomalies = self._step_at(interval.start_utc).take(state, interval, now_utc)
            outputs += [(ANOMALIES, anomaly) for anomaly in anomalies]
        return state, outputs

    def advance(self, key: str, state: Any, event_time_ms: int) -> tuple[Any, Outputs]:
        return state, []

    def _step_at(self, at_utc: datetime) -> detection.DetectionStep:
        """The step at the price that holds at `at_utc`."""
        price = marginal_energy_price_eur_per_kwh(self._tariff, at_utc)
        if price not in self._priced:
            if len(self._priced) > PRICES_KEPT:
                self._priced = {None: self._unpriced}
            self._priced[price] = self._unpriced.at_price(price)
        return self._priced[price]


def make(plant_dir: str) -> Detection:
    """Logic for the plant in `plant_dir`."""
    plant = load_plant(Path(plant_dir) / "plant.toml")
    return Detection(plant, load_tariff(Path(plant_dir) / plant.tariff.file) if plant.tariff else None, process_clock())

"""The detection room's step behind the jobs' interface."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import Tariff, load_tariff
from detection import step as detection
from domain.plant import Plant, load_plant
from domain.topics import ANOMALIES, Topic
from stream_jobs.logic import Outputs


class Detection:
    """Keyed by site/meter: intervals to anomalies, priced at what a kilowatt-hour costs at the time."""

    def __init__(self, plant: Plant, tariff: Tariff | None) -> None:
        self._tariff = tariff
        self._steps = {0.0: detection.DetectionStep(plant, 0.0)}

    def initial(self, key: str) -> Any:
        return self._step_at(None).initial()

    def encode(self, state: Any) -> bytes:
        return detection.encode_state(state)

    def decode(self, key: str, stored: bytes) -> Any:
        return detection.decode_state(stored)

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        outputs: Outputs = []
        for _, interval in records:
            state, anomalies = self._step_at(interval.start_utc).take(state, interval)
            outputs += [(ANOMALIES, anomaly) for anomaly in anomalies]
        return state, outputs

    def advance(self, key: str, state: Any, event_time_ms: int) -> tuple[Any, Outputs]:
        return state, []

    def _step_at(self, at_utc: datetime | None) -> detection.DetectionStep:
        """The step at the price that holds at `at_utc`; one object a price. Without a tariff energy costs nothing we know of."""
        price = 0.0
        if self._tariff is not None and at_utc is not None:
            price = marginal_energy_price_eur_per_kwh(self._tariff, at_utc) or 0.0
        if price not in self._steps:
            self._steps[price] = self._steps[0.0].at_price(price)
        return self._steps[price]


def make(plant_dir: str) -> Detection:
    """Logic for the plant in `plant_dir`."""
    plant = load_plant(Path(plant_dir) / "plant.toml")
    return Detection(plant, load_tariff(Path(plant_dir) / plant.tariff.file) if plant.tariff else None)

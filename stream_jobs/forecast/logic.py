"""The forecasting room's step behind the jobs' interface."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.plant import Plant, load_plant
from domain.topics import FORECASTS, INTERVALS, Topic
from forecasting import step as forecasting
from stream_jobs.logic import Outputs


class SiteForecast:
    """Keyed by site: quarter hours of the billing meter and orders to forecasts."""

    def __init__(self, plant: Plant) -> None:
        self._step = forecasting.ForecastStep(plant)

    def initial(self, key: str) -> Any:
        return self._step.initial()

    def encode(self, state: Any) -> bytes:
        return forecasting.encode_state(state)

    def decode(self, key: str, stored: bytes) -> Any:
        return forecasting.decode_state(stored)

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        newest: list[Any] = []
        looked_back: list[Any] = []
        for topic, record in records:
            if topic is INTERVALS:
                state, forecasts = self._step.take_interval(state, record)
            else:
                state, forecasts = self._step.take_order(state, record)
            looked_back += [forecast for forecast in forecasts if forecast.replayed]
            newest = [forecast for forecast in forecasts if not forecast.replayed] or newest
        # Records of one bucket came at the same moment: only what is said after the last of them is worth saying.
        return state, [(FORECASTS, forecast) for forecast in [*looked_back, *newest]]

    def advance(self, key: str, state: Any, event_time_ms: int) -> tuple[Any, Outputs]:
        return state, []


def make(plant_dir: str) -> SiteForecast:
    """Logic for the plant in `plant_dir`."""
    return SiteForecast(load_plant(Path(plant_dir) / "plant.toml"))

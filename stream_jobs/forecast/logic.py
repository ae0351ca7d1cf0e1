"""The forecasting room's step behind the jobs' interface."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.clock import Clock, process_clock
from domain.plant import Plant, load_plant
from domain.topics import FORECASTS, INTERVALS, Topic
from forecasting import step as forecasting
from stream_jobs.logic import Outputs


class SiteForecast:
    """Keyed by site: quarter hours of the billing meter and orders to forecasts.

    Parameters
    ----------
    clock
        The plant's: keeps wrong dates out, and says what the present is after an import. None: history is learnt and not answered.
    """

    def __init__(self, plant: Plant, clock: Clock | None = None) -> None:
        self._step = forecasting.ForecastStep(plant)
        self._clock = clock

    def initial(self, key: str) -> Any:
        return self._step.initial()

    def encode(self, state: Any) -> bytes:
        return forecasting.encode_state(state)

    def decode(self, key: str, stored: bytes) -> Any:
        return self._step.resumed(forecasting.decode_state(stored))

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        now_utc = None if self._clock is None else self._clock.now_utc()
        newest: dict[Any, Any] = {}
        looked_back: list[Any] = []
        for topic, record in records:
            if topic is INTERVALS:
                state, forecasts = self._step.take_interval(state, record, now_utc)
                state.awaits_present |= now_utc is not None and forecasting.is_history(record, now_utc)
            else:
                state, forecasts = self._step.take_order(state, record, now_utc)
            looked_back += [forecast for forecast in forecasts if forecast.replayed]
            newest |= {forecast.first_start_utc: forecast for forecast in forecasts if not forecast.replayed}
        # Records of one bucket came at the same moment: of each quarter hour only what is said last is worth saying. Quarter hours that
        # waited while the job was down have their forecasts all the same.
        return state, [(FORECASTS, forecast) for forecast in [*looked_back, *newest.values()]]

    def awaits_pause(self, key: str, state: Any) -> bool:
        return bool(state.awaits_present)

    def paused(self, key: str, state: Any) -> tuple[Any, Outputs]:
        forecast = None if self._clock is None else self._step.issue_for_the_present(state, self._clock.now_utc())
        return state, [] if forecast is None else [(FORECASTS, forecast)]


def make(plant_dir: str) -> SiteForecast:
    """Logic for the plant in `plant_dir`."""
    return SiteForecast(load_plant(Path(plant_dir) / "plant.toml"), process_clock())

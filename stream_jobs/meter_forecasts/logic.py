"""The forecasting room's step, one a meter, behind the jobs' interface."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.clock import Clock, process_clock
from domain.plant import Plant, load_plant
from domain.topics import METER_FORECASTS, Topic
from forecasting import step as forecasting
from stream_jobs.logic import Outputs


class MeterForecasts:
    """Keyed by meter: its quarter hours to its forecasts. The billing meter is passed over: the site's forecast is about it.

    Parameters
    ----------
    clock
        The plant's: keeps wrong dates out, and says what the present is after an import. None: history is learnt and not answered.
    """

    def __init__(self, plant: Plant, clock: Clock | None = None) -> None:
        self._clock = clock
        billing = plant.billing_meter()
        names = [*(meter.id for meter in plant.meters if meter is not billing), *(meter.id for meter in plant.virtual_meters)]
        self._steps = {f"{plant.site.id}/{name}": forecasting.ForecastStep(plant, name) for name in names}

    def initial(self, key: str) -> Any:
        step = self._steps.get(key)
        return None if step is None else step.initial()

    def encode(self, state: Any) -> bytes:
        return b"" if state is None else forecasting.encode_state(state)

    def decode(self, key: str, stored: bytes) -> Any:
        # The plant file may have a meter more than when this was written, or less.
        if key not in self._steps:
            return None
        return self._steps[key].resumed(forecasting.decode_state(stored)) if stored else self.initial(key)

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        step = self._steps.get(key)
        if step is None:
            return state, []
        # Quarter hours of one bucket came at the same moment: only what is said after the last of them is worth saying.
        now_utc = None if self._clock is None else self._clock.now_utc()
        said_by = None
        for _, interval in records:
            for one, is_newer, _ in step.admitted(state, interval, now_utc):
                is_history = forecasting.is_history(one, now_utc)
                state.awaits_present |= is_history and now_utc is not None
                if is_newer and not is_history:
                    said_by = one.end_utc
        return state, [] if said_by is None else [(METER_FORECASTS, step.issue(state, said_by))]

    def awaits_pause(self, key: str, state: Any) -> bool:
        return state is not None and bool(state.awaits_present)

    def paused(self, key: str, state: Any) -> tuple[Any, Outputs]:
        step = self._steps.get(key)
        if step is None or state is None or self._clock is None:
            return state, []
        forecast = step.issue_for_the_present(state, self._clock.now_utc())
        return state, [] if forecast is None else [(METER_FORECASTS, forecast)]


def make(plant_dir: str) -> MeterForecasts:
    """Logic for the plant in `plant_dir`."""
    return MeterForecasts(load_plant(Path(plant_dir) / "plant.toml"), process_clock())

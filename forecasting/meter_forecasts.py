"""The step of the meters' forecasts, keyed by site/meter: the quarter hours of a meter below the grid connection, and shift changes, to its forecasts."""

from __future__ import annotations

from domain.clock import Clock
from domain.plant import Plant
from domain.steps import Outputs, Records
from domain.topics import METER_FORECASTS, SHIFT_CHANGES
from forecasting.state import METER_FORM, ForecastState, decode_state, encode_state
from forecasting.step import ForecastStep, is_history


class MeterForecasts:
    """One `ForecastStep` a meter or virtual meter. The billing meter is passed over: the site's forecast is about it.

    Parameters
    ----------
    clock
        The plant's: keeps wrong dates out, and says what the present is after an import. None: history is learnt and not answered.
    """

    def __init__(self, plant: Plant, clock: Clock | None = None) -> None:
        self._clock = clock
        billing = plant.billing_meter()
        names = [*(meter.id for meter in plant.meters if meter is not billing), *(meter.id for meter in plant.virtual_meters)]
        self._steps = {f"{plant.site.id}/{name}": ForecastStep(plant, name) for name in names}

    def initial(self, key: str) -> ForecastState | None:
        """Nothing seen yet but the jobs of the meter's machines in the plant file; None for a meter that is passed over."""
        step = self._steps.get(key)
        return None if step is None else step.initial()

    def encode(self, state: ForecastState | None) -> bytes:
        """The state as bytes; empty where there is none."""
        return b"" if state is None else encode_state(state, METER_FORM)

    def decode(self, key: str, stored: bytes) -> ForecastState | None:
        """The state that `encode` made. The plant file may have a meter more than when it was written, or less."""
        if not stored:
            return self.initial(key)
        state, step = decode_state(stored, METER_FORM), self._steps.get(key)
        return None if step is None else step.resumed(state)

    def take(self, key: str, state: ForecastState | None, records: Records) -> tuple[ForecastState | None, Outputs]:
        """Quarter hours and shift changes that came at the same moment: only the forecast after the last of them is published."""
        step = self._steps.get(key)
        if step is None or state is None:
            return state, []
        now_utc = None if self._clock is None else self._clock.now_utc()
        answered_utc = None
        outputs: Outputs = []
        for topic, change in records:
            if topic is SHIFT_CHANGES:
                state, forecasts = step.take_change(state, change, now_utc)
                outputs = [(METER_FORECASTS, forecast) for forecast in forecasts] or outputs
        for topic, interval in records:
            if topic is SHIFT_CHANGES:
                continue
            for one, is_newer, _ in step.admitted(state, interval, now_utc):
                is_imported = is_history(one, now_utc)
                state.awaits_present |= is_imported and now_utc is not None
                if is_newer and not is_imported:
                    answered_utc = one.end_utc
        return state, outputs if answered_utc is None else [(METER_FORECASTS, step.forecaster.issue(state, answered_utc))]

    def awaits_pause(self, key: str, state: ForecastState | None) -> bool:
        """Whether history has come that no forecast answers yet."""
        return state is not None and state.awaits_present

    def paused(self, key: str, state: ForecastState | None) -> tuple[ForecastState | None, Outputs]:
        """Answer what was imported with a forecast for the present."""
        step = self._steps.get(key)
        if step is None or state is None or self._clock is None:
            return state, []
        forecast = step.issue_for_the_present(state, self._clock.now_utc())
        return state, [] if forecast is None else [(METER_FORECASTS, forecast)]

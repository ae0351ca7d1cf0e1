"""The step of the site's forecast, keyed by site: quarter hours of the billing meter, orders, learned powers and shift changes to forecasts."""

from __future__ import annotations

from datetime import datetime

from billing.tariff import Tariff
from domain.clock import Clock
from domain.forecasts import Forecast
from domain.plant import Plant
from domain.steps import Outputs, Records
from domain.topics import FORECASTS, INTERVALS, JOB_POWERS, SHIFT_CHANGES
from forecasting.state import SITE_FORM, ForecastState, decode_state, encode_state
from forecasting.step import ForecastStep, is_history


class SiteForecast:
    """Answers live quarter hours, orders and shift changes at once, and history once no more of it comes.

    Parameters
    ----------
    clock
        The plant's: keeps wrong dates out, and says what the present is after an import. None: history is learnt and not answered.
    tariff
        Says what an error is worth; None: all rungs are served as at first.
    """

    def __init__(self, plant: Plant, clock: Clock | None = None, tariff: Tariff | None = None) -> None:
        self._step = ForecastStep(plant, tariff=tariff)
        self._clock = clock

    def initial(self, key: str) -> ForecastState:
        """Nothing seen yet but the jobs in the plant file."""
        return self._step.initial()

    def encode(self, state: ForecastState) -> bytes:
        """The state as bytes."""
        return encode_state(state, SITE_FORM)

    def decode(self, key: str, stored: bytes) -> ForecastState:
        """The state that `encode` made, with the jobs that the plant file has now."""
        return self._step.resumed(decode_state(stored, SITE_FORM))

    def take(self, key: str, state: ForecastState, records: Records) -> tuple[ForecastState, Outputs]:
        """Quarter hours, orders and shift changes that came at the same moment.

        Of each quarter hour only the newest forecast is published. Quarter hours that waited while the job was down have theirs all the same.
        """
        now_utc = None if self._clock is None else self._clock.now_utc()
        newest: dict[datetime, Forecast] = {}
        looked_back: list[Forecast] = []
        for topic, record in records:
            if topic is INTERVALS:
                state, forecasts = self._step.take_interval(state, record, now_utc)
                state.awaits_present |= now_utc is not None and is_history(record, now_utc)
            elif topic is SHIFT_CHANGES:
                state, forecasts = self._step.take_change(state, record, now_utc)
            elif topic is JOB_POWERS:
                forecasts = []  # the next quarter hour's knows it
                if record.site == key and state.powers.learn(record, state.jobs):
                    state.encoded_jobs = None
            else:
                before = state.jobs.get(record.job)
                state, forecasts = self._step.take_order(state, state.powers.filled(record), now_utc)
                if (plan := state.jobs.get(record.job)) is not None and plan is not before:
                    state.powers.note(record, state.jobs)
            looked_back += [forecast for forecast in forecasts if forecast.replayed]
            newest |= {forecast.first_start_utc: forecast for forecast in forecasts if not forecast.replayed}
        return state, [(FORECASTS, forecast) for forecast in [*looked_back, *newest.values()]]

    def awaits_pause(self, key: str, state: ForecastState) -> bool:
        """Whether history has come that no forecast answers yet."""
        return state.awaits_present

    def paused(self, key: str, state: ForecastState) -> tuple[ForecastState, Outputs]:
        """Answer what was imported with a forecast for the present."""
        forecast = None if self._clock is None else self._step.issue_for_the_present(state, self._clock.now_utc())
        return state, [] if forecast is None else [(FORECASTS, forecast)]

"""Sub-meters' forecasts behind the jobs' interface, without a cluster."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from domain.topics import INTERVALS, METER_FORECASTS
from forecasting.meter_forecasts import MeterForecasts

START = datetime(2026, 8, 31, tzinfo=UTC)
SITE = {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"}
REGISTER = [{"channel": "energy_import", "kind": "counter", "unit": "kWh", "sampling_s": 5.0, "resolution": 0.001}]
PLANT = Plant.model_validate(
    {
        "site": {**SITE, "billing_meter": "grid"},
        "meter": [
            {"id": "grid", "max_power_kw": 900, "register": REGISTER},
            {"id": "oven", "parent": "grid", "max_power_kw": 90, "register": REGISTER},
        ],
    }
)


def quarter(number: int, meter: str = "oven", origin: IntervalOrigin = IntervalOrigin.IMPORT) -> Interval:
    """Ten hours of work a day."""
    kw = 60 if 28 <= number % 96 < 68 else 5
    start = START + number * QUARTER
    quality, method = IntervalQuality.MEASURED, IntervalMethod.REGISTER
    return Interval("werk", meter, "energy_import", start, kw * 250_000_000, 1.0, quality, method, 0, origin=origin)


def test_history_is_learnt_and_a_live_quarter_hour_answered_for_the_meter() -> None:
    logic = MeterForecasts(PLANT)
    state = logic.initial("werk/oven")
    state, issued = logic.take("werk/oven", state, [(INTERVALS, quarter(n)) for n in range(96 * 21)])
    assert issued == []
    state, issued = logic.take("werk/oven", state, [(INTERVALS, quarter(96 * 21, origin=IntervalOrigin.METERING))])
    ((topic, forecast),) = issued
    assert topic is METER_FORECASTS
    assert (forecast.meter, forecast.first_start_utc) == ("oven", START + timedelta(days=21) + QUARTER)
    noon = forecast.q50_kw[48 - 1]
    assert 55 < noon < 65, "at noon it works"
    again = logic.decode("werk/oven", logic.encode(state))
    live = [(INTERVALS, quarter(96 * 21 + 1, origin=IntervalOrigin.METERING))]
    one, two = (logic.take("werk/oven", one, live)[1][0][1] for one in (state, again))
    assert replace(one, cpu_ms=0.0) == replace(two, cpu_ms=0.0)


def test_the_billing_meter_and_strangers_are_passed_over() -> None:
    logic = MeterForecasts(PLANT)
    for meter in ("grid", "unheard-of"):
        key = f"werk/{meter}"
        state, issued = logic.take(key, logic.initial(key), [(INTERVALS, quarter(0, meter, IntervalOrigin.METERING))])
        assert issued == [] and logic.decode(key, logic.encode(state)) is None

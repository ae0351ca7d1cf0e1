"""The demo's account of outages, worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalQuality
from domain.units import UWH_PER_KWH
from lastgang.demo.outages import outage_accounts
from simulation.surprises import NetworkOutage

NINE = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)
CHANNELS = {"press": "energy_import", "car": "energy_import"}
MISSING, SUBSTITUTED, MEASURED = IntervalQuality.MISSING, IntervalQuality.SUBSTITUTED, IntervalQuality.MEASURED


def account(meter: str, start: datetime, *text: tuple[float | None, IntervalQuality]) -> list[Interval]:
    return [
        Interval(
            "werk", meter, "energy_import", start, None if kwh is None else round(kwh * UWH_PER_KWH), 1.0, quality, IntervalMethod.NONE, n
        )
        for n, (kwh, quality) in enumerate(text, 1)
    ]  # fmt: skip


def test_one_that_remembered_and_one_that_did_not() -> None:
    starts = [NINE, NINE + QUARTER]
    text = {
        ("press", "energy_import", s): account("press", s, (None, MISSING), (5.0, SUBSTITUTED), (4.0, MEASURED)) for s in starts
    }
    text |= {("car", "energy_import", s): account("car", s, (None, MISSING), (5.5, SUBSTITUTED)) for s in starts}
    truth = {("press", "energy_import"): dict.fromkeys(starts, 4 * UWH_PER_KWH)}
    truth[("car", "energy_import")] = {NINE: 3 * UWH_PER_KWH, NINE + QUARTER: 7 * UWH_PER_KWH}
    outage = NetworkOutage(("press", "car"), NINE.timestamp(), (NINE + 2 * QUARTER).timestamp())
    car, press = outage_accounts([outage], CHANNELS, text, truth, NINE - QUARTER, NINE + 8 * QUARTER)
    assert (car.meter, car.quarter_hours, car.first_qualities, car.last_qualities) == ("car", 2, {"missing": 2}, {"substituted": 2})
    assert (car.measured_at_the_end, car.restated, car.revision, car.off_kwh, car.holds) == (0, 2, 2, 1.0, True)
    assert (press.last_qualities, press.ever_missing, press.ever_substituted, press.revision) == ({"measured": 2}, 2, 2, 3)
    assert (press.energy_kwh, press.energy_true_kwh, press.off_kwh, press.measured_at_the_end) == (8.0, 8.0, 0.0, 2)


def test_an_outage_within_a_quarter_hour_is_that_quarter_hour_and_one_that_nobody_healed_does_not_hold() -> None:
    text = {("car", "energy_import", NINE): account("car", NINE, (None, MISSING))}
    outage = NetworkOutage(("car", "unmetered"), NINE.timestamp() + 60, NINE.timestamp() + 660)
    (car,) = outage_accounts([outage], CHANNELS, text, {}, NINE, NINE + QUARTER)
    assert (car.quarter_hours, car.from_utc, car.to_utc, car.holds) == (1, "2026-10-23T09:01:00Z", "2026-10-23T09:11:00Z", False)


def test_only_what_lies_in_the_run_is_reported() -> None:
    before = NetworkOutage(("car",), NINE.timestamp() - 7200, NINE.timestamp() - 3600)
    into = NetworkOutage(("car",), NINE.timestamp() - 3600, (NINE + 2 * QUARTER).timestamp())
    (car,) = outage_accounts([before, into], CHANNELS, {}, {}, NINE, NINE + timedelta(hours=1))
    assert (car.from_utc, car.quarter_hours) == ("2026-10-23T09:00:00Z", 2)

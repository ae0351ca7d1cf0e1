"""What a finding costs, and what is watched on, behind the jobs' interface. Without a cluster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from billing.tariff import Tariff, load_tariff
from detection.priced import Detection
from domain.anomalies import Anomaly
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from domain.topics import FINDINGS, INTERVALS
from tests.spoken import english, german
from tests.stream_jobs.hand_clock import HandClock

EVENING = datetime(2026, 10, 23, 22, 0, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
PLANT = Plant.model_validate(
    {
        "site": {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"},
        "meter": [{"id": "m", "max_power_kw": 200}],
        "shift": [{"id": "day", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "06:00", "to": "22:00"}],
        "machine": [{"id": "oven", "name": "Ofen 1", "meter": "m", "rated_kw": 100, "shifts": ["day"]}],
    }
)
HEAD = """
id = "t"
version = "2026-01-01"
valid_from = {from_}
valid_to = {to}
source = "a test"
currency = "EUR"
timezone = "Europe/Berlin"
"""
FIXED = '[[energy]]\nid = "supply"\nprice = "20.00 ct/kWh"\n'
SPOT = '[[energy]]\nid = "spot"\nspot = { file = "spot.csv", factor = 1, adder = "0 ct/kWh" }\n'
DEMAND_ONLY = '[[demand]]\nid = "network"\nquantity = "kW"\ninterval_min = 15\nreset = "year"\nprice = "100 EUR/kW/year"\n'


def tariff(folder: Path, body: str, from_: str = "2026-01-01", to: str = "2027-01-01", spot_hours: int = 0) -> Tariff:
    first = datetime(2026, 10, 23, 0, tzinfo=UTC)
    rows = [f"{first + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ},100" for n in range(spot_hours)]
    (folder / "spot.csv").write_text("\n".join(["start_utc,price_eur_per_mwh", *rows]) + "\n")
    (folder / "tariff.toml").write_text(HEAD.format(from_=from_, to=to) + body)
    return load_tariff(folder / "tariff.toml")


def interval(start_utc: datetime, kw: float, origin: IntervalOrigin = IntervalOrigin.METERING) -> Interval:
    measured, method = IntervalQuality.MEASURED, IntervalMethod.REGISTER
    return Interval("werk", "m", "energy_import", start_utc, round(kw * 250_000_000), 1.0, measured, method, 0, 9, origin)


def found_by(logic: Detection, rows: list[Interval]) -> list[Anomaly]:
    """All records on `rows`, a bucket each, the state stored in between."""
    state, found = logic.initial("werk/m"), []
    for row in rows:
        state, outputs = logic.take("werk/m", logic.decode("werk/m", logic.encode(state)), [(INTERVALS, row)])
        assert all(topic is FINDINGS for topic, _ in outputs)
        found += [record for _, record in outputs]
    return found


def left_on(quarters: int = 2) -> list[Interval]:
    return [interval(EVENING + n * QUARTER, 60.0) for n in range(quarters)]


def test_what_a_kilowatt_hour_costs_then_is_what_the_finding_costs_a_day(tmp_path: Path) -> None:
    (found,) = found_by(Detection(PLANT, tariff(tmp_path, FIXED)), left_on())
    assert found.kwh_per_day == 1440.0  # a Friday evening: 24 h of rest follow, at 60 kW
    assert found.eur_per_day == 288.0
    assert "1 440 kWh and 288 EUR a day" in english(found, PLANT)


@pytest.mark.parametrize(
    ("what", "body", "dates"),
    [
        ("its validity has ended", FIXED, {"from_": "2025-01-01", "to": "2026-01-01"}),
        ("it is not valid yet", FIXED, {"from_": "2027-01-01", "to": "2028-01-01"}),
        ("its spot price is not known yet", SPOT, {"spot_hours": 4}),
        ("it prices power only", DEMAND_ONLY, {}),
    ],
)
def test_where_the_tariff_says_no_price_the_finding_names_no_money(
    tmp_path: Path, what: str, body: str, dates: dict[str, object]
) -> None:
    (found,) = found_by(Detection(PLANT, tariff(tmp_path, body, **dates)), left_on())  # type: ignore[arg-type]
    assert (found.kwh_per_day, found.eur_per_day) == (1440.0, None), what
    assert "EUR" not in english(found, PLANT) + german(found, PLANT)
    assert found.evidence["price_eur_per_kwh"] == "unknown"


def test_without_a_tariff_a_finding_names_no_money() -> None:
    (found,) = found_by(Detection(PLANT, None), left_on())
    assert found.eur_per_day is None


def test_a_spot_price_that_becomes_known_is_used_from_then_on(tmp_path: Path) -> None:
    found = found_by(Detection(PLANT, tariff(tmp_path, SPOT, spot_hours=21)), left_on(8))
    assert [record.eur_per_day for record in found] == [144.0] * 3 + [None] * 4, "known until 23:00 local time"


@pytest.mark.parametrize("has_clock", [True, False])
def test_a_typing_mistake_in_an_import_hides_no_furnace_that_was_left_on(has_clock: bool) -> None:
    wrong = [interval(datetime(2062, 3, 1, tzinfo=UTC) + n * QUARTER, 400.0, IntervalOrigin.IMPORT) for n in range(4)]
    past = [interval(EVENING - n * QUARTER, 60.0, IntervalOrigin.IMPORT) for n in range(64, 0, -1)]
    clock = HandClock(EVENING + timedelta(hours=1)) if has_clock else None
    found = found_by(Detection(PLANT, None, clock), [*past, *wrong, *left_on(4)])
    assert [record.until_utc for record in found] == [None] * 3
    assert {record.since_utc for record in found} == {EVENING}

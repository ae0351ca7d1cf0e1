"""Emission factors: which one holds when, what is covered, and files of hourly factors."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.emission_factors import Carrier, DatedFactor, EmissionFactors, Method, emitted, factor_at, read_hourly
from domain.errors import InputFaults
from domain.plant import load_plant

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT_UTC = datetime(2025, 12, 31, 23, 0, tzinfo=UTC)
"""Where 2026 begins in Berlin."""
PLANT = """
[site]
id = "werk"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z
"""


def grid(g_per_kwh: float, year: int, begins: date | None = None, ends: date | None = None) -> DatedFactor:
    return DatedFactor(
        carrier=Carrier.ELECTRICITY, method=Method.LOCATION, g_per_kwh=g_per_kwh, of_year=year, source="a table",
        valid_from=begins, valid_to=ends,
    )  # fmt: skip


def plant_of(folder: Path, text: str) -> Path:
    path = folder / "plant.toml"
    path.write_text(PLANT + text)
    return path


def drawn(factors: EmissionFactors, at: datetime) -> float | None:
    found = factor_at(factors, Carrier.ELECTRICITY, Method.LOCATION, at)
    return None if found is None else found.g_per_kwh


def test_a_factor_begins_at_local_midnight() -> None:
    factors = EmissionFactors((grid(400, 2025), grid(300, 2026, date(2026, 1, 1))), BERLIN)
    assert drawn(factors, MIDNIGHT_UTC - timedelta(minutes=15)) == 400
    assert drawn(factors, MIDNIGHT_UTC) == 300


def test_after_its_last_day_a_factor_holds_no_longer_and_no_earlier_one_stands_in() -> None:
    factors = EmissionFactors((grid(400, 2024), grid(300, 2025, date(2025, 1, 1), date(2025, 12, 31))), BERLIN)
    assert drawn(factors, MIDNIGHT_UTC - timedelta(minutes=15)) == 300
    assert drawn(factors, MIDNIGHT_UTC) is None


def test_energy_without_a_factor_or_without_a_value_is_named_and_not_zero() -> None:
    factors = EmissionFactors((grid(300, 2026, date(2026, 1, 1)),), BERLIN)
    quarters = [(MIDNIGHT_UTC - timedelta(minutes=15), 8.0), (MIDNIGHT_UTC, 10.0), (MIDNIGHT_UTC + timedelta(minutes=15), None)]
    found = emitted(factors, Carrier.ELECTRICITY, Method.LOCATION, quarters)
    assert (found.kg, found.covered_kwh, found.uncovered_kwh) == (3.0, 10.0, 8.0)
    assert (found.without_energy, found.without_factor, found.coverage) == (1, 1, pytest.approx(1 / 3))
    assert emitted(factors, Carrier.ELECTRICITY, Method.MARKET, quarters).kg is None


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e4)), max_size=40), st.integers(0, 40))
def test_a_span_cut_in_two_emits_the_same(energies: list[float | None], cut: int) -> None:
    factors = EmissionFactors((grid(420, 2025), grid(310, 2026, date(2026, 1, 1))), BERLIN)
    rows = [(MIDNIGHT_UTC + (n - 20) * timedelta(minutes=15), one) for n, one in enumerate(energies)]
    whole, *parts = (emitted(factors, Carrier.ELECTRICITY, Method.LOCATION, some) for some in (rows, rows[:cut], rows[cut:]))
    assert sum(part.kg or 0 for part in parts) == pytest.approx(whole.kg or 0, rel=1e-12)
    assert sum(part.without_energy for part in parts) == whole.without_energy


def test_each_quarter_hour_counts_by_the_factor_of_its_hour(tmp_path: Path) -> None:
    rows = "start_utc,g_per_kwh\n2026-01-01T00:00:00Z,100\n2026-01-01T01:00:00Z,500\n2026-01-01T03:00:00+01:00,\n"
    (tmp_path / "grid.csv.gz").write_bytes(gzip.compress(rows.encode()))
    text = """
[[emission_factor]]
carrier = "electricity"
method = "location"
file = "grid.csv.gz"
of_year = 2026
source = "grid operator"
"""
    factors = load_plant(plant_of(tmp_path, text)).factors
    begin = datetime(2026, 1, 1, 0, 45, tzinfo=UTC)
    quarters: list[tuple[datetime, float | None]] = [(begin + n * timedelta(minutes=15), 4.0) for n in range(6)]
    found = emitted(factors, Carrier.ELECTRICITY, Method.LOCATION, quarters)
    assert found.kg == pytest.approx((4 * 100 + 4 * 4 * 500) / 1000)
    assert found.without_factor == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("start_utc,co2\n2026-01-01T00:00:00Z,1\n", "a heading 'g_per_kwh'"),
        ("start_utc,g_per_kwh\n2026-01-01T00:00:00,1\n", "an instant with its offset"),
        ("start_utc,g_per_kwh\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:00Z,2\n", "each hour once"),
        ("start_utc,g_per_kwh\n2026-01-01T00:00:00Z,nan\n", "a number of grams"),
        ("start_utc,g_per_kwh\n2026-01-01T00:00:00Z,1\n2026-01-02T00:00:00Z,2\n", "steps of 15, 30 or 60 minutes"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "grid.csv"
    path.write_text(text)
    row = DatedFactor(carrier=Carrier.ELECTRICITY, method=Method.LOCATION, file="grid.csv", of_year=2026, source="a table")
    with pytest.raises(InputFaults, match=words):
        read_hourly(path, row)


def test_a_plant_file_with_one_simple_factor_still_loads(tmp_path: Path) -> None:
    plant = load_plant(plant_of(tmp_path, '[emissions]\ng_per_kwh = 363.0\nof_year = 2024\nsource = "UBA"\n'))
    assert drawn(plant.factors, MIDNIGHT_UTC) == 363.0
    stated = plant.drawn_factor(MIDNIGHT_UTC)
    assert stated is not None
    assert (stated.of_year, stated.source) == (2024, "UBA")


def test_gas_has_no_market_factor_and_two_factors_do_not_begin_together(tmp_path: Path) -> None:
    row = '[[emission_factor]]\ncarrier = "gas"\nmethod = "{}"\ng_per_kwh = 182\nof_year = 2024\nsource = "UBA"\n'
    with pytest.raises(InputFaults, match="method 'fuel' for gas"):
        load_plant(plant_of(tmp_path, row.format("market")))
    with pytest.raises(InputFaults, match="another day for each factor"):
        load_plant(plant_of(tmp_path, row.format("fuel") * 2))

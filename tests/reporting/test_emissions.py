"""CO2 of a month, worked by hand: by location for all of it, by market from the day on which a contract begins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from report_sample import content_of, data_of, page_of, put, table_under, whole_month

from reporting.emissions import emissions_of
from reporting.ledger import Ledger
from reporting.report import WrittenReport

FACTORS = """
[[emission_factor]]
carrier = "electricity"
method = "location"
g_per_kwh = 400
of_year = 2025
source = "grid mean"
[[emission_factor]]
carrier = "electricity"
method = "market"
g_per_kwh = 300
of_year = 2025
source = "supplier's label"
valid_from = 2026-10-16
"""
GAS = """
[[meter]]
id = "gas-main"
medium = "gas"
max_flow_m3_per_h = 160.0
[[meter.register]]
channel = "gas_import"
kind = "counter"
unit = "m3"
sampling_s = 60
resolution = 0.01
"""


@pytest.fixture
def with_factors(folder: Path) -> None:
    plant = folder / "plant" / "plant.toml"
    plant.write_text(plant.read_text() + FACTORS + GAS)


def test_each_quarter_hour_counts_by_the_factor_of_its_day_and_what_none_covers_is_named(
    ledger: Ledger, folder: Path, with_factors: None
) -> None:
    put(ledger, *whole_month())
    main, gas = emissions_of(content_of(ledger, folder).month)
    # 2,979 quarter hours of 100 kWh and one of 160.
    assert main.energy_kwh == pytest.approx(298_060)
    location, market = main.by_method.values()
    assert location.kg == pytest.approx(298_060 * 0.4)
    assert (location.uncovered_kwh, location.coverage) == (0, 1)
    # From 16 to 31 October are 16 days, one of them of 25 hours: 1,540 quarter hours.
    assert market.kg == pytest.approx(154_000 * 0.3)
    assert market.uncovered_kwh == pytest.approx(144_060)
    assert market.coverage == pytest.approx(1540 / 2980)
    # A volume of gas is no energy: nothing is guessed.
    assert (gas.meter.id, gas.scope, gas.energy_kwh, gas.by_method) == ("gas-main", 1, None, {})


def test_page_and_data_say_the_same(ledger: Ledger, folder: Path, make: Callable[..., WrittenReport], with_factors: None) -> None:
    put(ledger, *whole_month())
    rows = data_of(make())["emissions"]
    assert [(row["scope"], row["meter"]) for row in rows] == [(2, "main"), (1, "gas-main")]
    assert rows[0]["market"]["uncovered_kwh"] == pytest.approx(144_060)
    assert rows[0]["location"]["factors"] == [{"g_per_kwh": 400.0, "file": None, "of_year": 2025, "source": "grid mean"}]
    shown: dict[str, Any] = table_under(page_of(ledger, folder), "CO₂ von Verbranntem und Bezogenem")
    assert "119\u202f224" in shown["rows"][0]
    assert "46\u202f200" in shown["rows"][1]


def test_a_plant_without_factors_states_nothing_and_says_so(
    ledger: Ledger, folder: Path, make: Callable[..., WrittenReport]
) -> None:
    put(ledger, *whole_month())
    assert data_of(make())["emissions"] is None
    assert "keinen Emissionsfaktor" in str(page_of(ledger, folder))

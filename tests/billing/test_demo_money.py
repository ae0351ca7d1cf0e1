"""What the demo's moves were worth, by whatever tariff lies beside the plant file."""

from datetime import UTC, datetime, timedelta

import pytest
from small_tariffs import MONTHLY, tariff

from domain.intervals import QUARTER
from domain.plant import Plant
from lastgang.demo.money import saving_eur_per_year
from lastgang.demo.settings import DemoSettings

START = datetime(2026, 10, 23, 4, tzinfo=UTC)
WITHOUT = {START + n * QUARTER: 640.0 if n == 8 else 400.0 for n in range(96)}
WITH = {at: min(power, 520.0) for at, power in WITHOUT.items()}
APPARENT = MONTHLY.replace('"kW"', '"kVA"').replace("EUR/kW", "EUR/kVA")


@pytest.mark.parametrize(
    ("body", "saving_eur"),
    [
        (MONTHLY, 1_200.0),
        (APPARENT, None),
        (APPARENT.replace("network", "capacity") + MONTHLY, 1_200.0),
        (None, None),
    ],
)
def test_the_demo_says_what_its_moves_saved_or_that_it_is_not_known(tmp_path, body, saving_eur):
    settings = DemoSettings(folder=tmp_path, minutes=None, summary=None)
    settings.plant_dir.mkdir(parents=True)
    site = {"id": "works", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z", "billed_peak_kw": 450.0}
    tables = {"site": site, "meter": [{"id": "main", "max_power_kw": 1000}]}
    if body is not None:
        tariff(settings.plant_dir, body)
        tables["tariff"] = {"file": "tariff.toml"}
    plant = Plant.model_validate(tables)
    rows = (f"{START - timedelta(days=1) + n * QUARTER:%Y-%m-%dT%H:%M:%SZ},main,energy_import,100" for n in range(96))
    settings.history.write_text("\n".join(["start_utc,meter,channel,energy_kwh", *rows]) + "\n")
    assert saving_eur_per_year(settings, plant, WITH, WITHOUT) == saving_eur

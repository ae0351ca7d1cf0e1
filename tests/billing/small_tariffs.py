"""Tariffs and loads that a person can add up."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from billing.load import LoadProfile
from billing.tariff import Tariff, load_tariff

HEAD = """\
id = "t"
version = "2026-01-01"
valid_from = 2026-01-01
valid_to = 2027-01-01
source = "a test"
currency = "EUR"
timezone = "Europe/Berlin"
"""
PAIR = """
[[demand]]
id = "network"
quantity = "kW"
interval_min = 15
reset = "year"
[demand.usage_hours]
threshold_h = 2500
below = { demand = "45.55 EUR/kW/year", energy = "4.59 ct/kWh" }
from_threshold = { demand = "133.55 EUR/kW/year", energy = "1.07 ct/kWh" }
"""
MONTHLY = """
[[demand]]
id = "network"
quantity = "kW"
interval_min = 15
reset = "month"
price = "10.00 EUR/kW/month"
"""
BERLIN = ZoneInfo("Europe/Berlin")
YEAR = (date(2026, 1, 1), date(2027, 1, 1))


def tariff(folder: Path, body: str, head: str = HEAD) -> Tariff:
    """A tariff of `head` and `body`."""
    path = folder / "tariff.toml"
    path.write_text(head + body, encoding="utf-8")
    return load_tariff(path)


def year_load(base_kw: float = 228.0) -> np.ndarray:
    """A flat year 2026 in Germany."""
    return np.full(35040, base_kw)


def profile(loads: np.ndarray, start_utc: datetime | None = None) -> LoadProfile:
    """Loads [kW] from local New Year on, or from `start_utc`."""
    return LoadProfile.of_quarter_hours(start_utc or datetime(2025, 12, 31, 23, tzinfo=UTC), np.asarray(loads, dtype=float))


def place(local: str) -> int:
    """Index in `year_load` of a local time."""
    instant = datetime.fromisoformat(local).replace(tzinfo=BERLIN).astimezone(UTC)
    return (instant - datetime(2025, 12, 31, 23, tzinfo=UTC)) // timedelta(minutes=15)

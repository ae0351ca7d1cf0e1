"""A plant with short peaks on a plain day, by the minute, for tests of the governor."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from billing.tariff import Tariff, load_tariff
from governor.backtest import Past
from governor.flexibility import MINUTES
from governor.least_peak import Floats
from quarters.numbers import slot_of

FIRST_UTC = datetime(2026, 2, 28, 23, tzinfo=UTC)
DAYS = 61
TARIFF = """
id = "peaks"
version = "2026-01-01"
source = "made for these tests"
valid_from = 2020-01-01
valid_to = 2030-01-01
currency = "EUR"
timezone = "Europe/Berlin"

[[demand]]
id = "peak"
quantity = "kW"
interval_min = 15
reset = "month"
price = "10.00 EUR/kW/month"
"""


def tariff_in(folder: Path, text: str = TARIFF) -> Tariff:
    """The tariff `text`."""
    (folder / "tariff.toml").write_text(text)
    return load_tariff(folder / "tariff.toml")


@cache
def plant() -> Past:
    """March and April: a shift of 200 kW on each day, three single quarter hours of about 300 kW in it; the plan is right to 5 %."""
    rng = np.random.default_rng(7)
    load_kw = np.full((DAYS, 96), 60.0)
    load_kw[:, 24:88] = 200.0
    for day in range(DAYS):
        load_kw[day, rng.choice(np.arange(28, 84, 5), 3, replace=False)] = rng.uniform(280, 320, 3)
    quarters = load_kw.ravel()
    minutes = quarters[:, None] * rng.normal(1.0, 0.02, (len(quarters), MINUTES))
    return Past(slot_of(FIRST_UTC), minutes, quarters * rng.normal(1.0, 0.05, len(quarters)))


def followed_kw(past: Past, hold_kw: Floats, back_kw: Floats, share: float, longest_min: int) -> tuple[Floats, Floats]:
    """What is held and what comes back in each minute, from running totals: another way than `governor.held` goes."""
    load = past.minute_kw.ravel()
    power = np.minimum(hold_kw, 2 * share * load).reshape(-1, MINUTES)
    energy = np.minimum(np.cumsum(power, axis=1), share * load.reshape(-1, MINUTES).sum(axis=1, keepdims=True))
    held = np.diff(energy, prepend=0.0, axis=1).ravel()
    total = np.concatenate([[0.0], np.cumsum(held)])
    back = np.zeros(len(load))
    so_far = 0.0
    for minute in range(len(load)):
        due = total[max(minute + 1 - longest_min, 0)]
        so_far = max(due, min(total[minute], so_far + back_kw[minute]))
        back[minute] = so_far
    return held, np.diff(back, prepend=0.0)

"""Numbers that people of the field agree on, written out: usage hours, reactive energy above its free part, the ratchet."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import numpy as np
import pytest
from small_tariffs import HEAD, MONTHLY, PAIR, profile, tariff, year_load

from billing.bill import bill
from billing.load import LoadProfile

JANUARY = datetime(2025, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("peak_kw", "hours", "total_eur"),
    [
        (900.0, 2222, Fraction(132_795)),
        (780.0, 2564, Fraction(104_169) + Fraction(21_400)),
        (800.0, 2500, Fraction(106_840 + 21_400)),
    ],
)
def test_usage_hours_choose_the_pair_of_prices(tmp_path, peak_kw, hours, total_eur):
    # 900 x 45.55 + 2,000,000 x 4.59 ct = 132,795; 780 x 133.55 + 2,000,000 x 1.07 ct = 125,569; both pairs cost the same at 2,500 h.
    loads = year_load((2_000_000 - peak_kw / 4) * 4 / 35_039)
    loads[20_000] = peak_kw
    result = bill(tariff(tmp_path, PAIR), profile(loads))
    assert 2_000_000 / peak_kw == pytest.approx(hours, abs=0.5)
    assert float(result.total_eur) == pytest.approx(float(total_eur), abs=0.02)


@pytest.mark.parametrize(
    ("free", "kvarh"),
    [('{ kind = "share", value = 0.5 }', 12_000), ('{ kind = "share", value = 0.4843 }', 13_570)],
)
def test_reactive_energy_beyond_the_free_part(tmp_path, free, kvarh):
    # 100,000 kWh and 62,000 kvarh in January: 62,000 - 50,000, or 62,000 - 48,430.
    quarters = 31 * 96
    body = f'\n[[reactive]]\nid = "blind"\ndirection = "inductive"\nfree = {free}\nprice = "1.00 EUR/kvarh"\nsettle = "month"\n'
    load = LoadProfile.of_quarter_hours(JANUARY, np.full(quarters, 100_000 * 4 / quarters), decimals=12)
    reactive = LoadProfile.of_quarter_hours(JANUARY, np.full(quarters, 62_000 * 4 / quarters), decimals=12)
    result = bill(tariff(tmp_path, body), replace(load, reactive=reactive.power))
    assert float(result.total_eur) == pytest.approx(kvarh, abs=0.02)


def test_a_ratchet_of_80_percent_bills_800_kw_for_eleven_months_and_then_600(tmp_path):
    head = HEAD.replace("valid_from = 2026-01-01", "valid_from = 2025-01-01")
    body = MONTHLY + "ratchet = { percent = 80, months = 11 }\n"
    start = datetime(2024, 12, 31, 23, tzinfo=UTC)
    loads = np.full(396 * 96, 600.0)
    loads[1000] = 1000.0
    result = bill(tariff(tmp_path, body, head), profile(loads, start), (date(2025, 1, 1), date(2026, 2, 1)))
    billed = {line.period: line.quantity for line in result.lines if line.kind == "demand"}
    assert [int(billed[f"2025-{month:02}"]) for month in range(1, 13)] == [1000] + [800] * 11
    assert billed["2026-01"] == 600

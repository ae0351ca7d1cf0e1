"""The month's bill in the report: what makes a maximum, reactive energy, and why there may be no bill."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from report_sample import FIRST, PLANT, TARIFF, put, quarter

from domain.intervals import QUARTER, IntervalQuality
from domain.plant import load_plant
from domain.prices import Prices
from domain.topics import PRICES
from reporting.cost import MonthCost, month_cost, why_no_bill
from reporting.ledger import Ledger
from reporting.month import month_period, month_report
from words.speech import of_report

SUPPLY = TARIFF[: TARIFF.index("[[demand]]")]
APPARENT = SUPPLY + '[[demand]]\nid = "network"\nquantity = "kVA"\ninterval_min = 15\nreset = "month"\nprice = "2 EUR/kVA/month"\n'
BLIND = (
    '[[reactive]]\nid = "{0}"\ndirection = "{0}"\nsettle = "month"\nprice = "1 EUR/kvarh"\nfree = {{ kind = "share", value = 0 }}\n'
)
COUNTER = '[[meter.register]]\nchannel = "{}"\nkind = "counter"\nunit = "varh"\nsampling_s = 5\nresolution = 1\n'


def cost(folder: Path, ledger: Ledger, tariff: str, *channels: str) -> MonthCost:
    place = PLANT.index('[[meter]]\nid = "furnace-1"')
    text = PLANT[:place] + "".join(COUNTER.format(channel) for channel in channels) + PLANT[place:]
    (folder / "plant" / "plant.toml").write_text(text)
    (folder / "plant" / "tariff.toml").write_text(tariff)
    report = month_report(ledger, load_plant(folder / "plant" / "plant.toml"), month_period("2026-10", "Europe/Berlin"))
    return month_cost(report, folder / "plant")


def lines(found: MonthCost) -> dict[tuple[str, str], Any]:
    assert found.bill is not None, found.why_not
    return {(line.id, line.kind): line for line in found.bill.lines}


def month(kwh: float = 100.0) -> list[Any]:
    return [quarter(FIRST + QUARTER * n, kwh) for n in range(2980)]


def test_a_faulty_quarter_hour_is_consumption_and_no_maximum(folder: Path, ledger: Ledger) -> None:
    rows = month()
    rows[50] = replace(rows[50], energy_uwh=200 * 10**9, quality=IntervalQuality.FAULTY)
    rows[60] = replace(rows[60], energy_uwh=110 * 10**9)
    put(ledger, *rows)
    found = lines(cost(folder, ledger, TARIFF))
    assert found["supply", "energy"].quantity == 2978 * 100 + 200 + 110
    assert (found["network", "demand"].quantity, found["network", "demand"].cause) == (440, (FIRST + 60 * QUARTER,))


def test_reactive_energy_is_what_was_imported_less_what_was_exported(folder: Path, ledger: Ledger) -> None:
    """300 kvar at 400 kW for all of the month but a quarter hour in which 400 kvar flow back: 500 kVA, 566 kVA then."""
    put(ledger, *month())
    imported = [replace(row, channel="reactive_import", energy_uwh=0 if n == 7 else 75 * 10**9) for n, row in enumerate(month())]
    exported = [replace(row, channel="reactive_export", energy_uwh=100 * 10**9 if n == 7 else 0) for n, row in enumerate(month())]
    put(ledger, *imported, *exported)
    tariff = APPARENT + BLIND.format("inductive") + BLIND.format("capacitive")
    found = lines(cost(folder, ledger, tariff, "reactive_import", "reactive_export"))
    assert float(found["network", "demand"].quantity) == pytest.approx(400 * 2**0.5)
    assert found["network", "demand"].cause == (FIRST + 7 * QUARTER,)
    assert found["inductive", "reactive"].quantity == 2979 * 75
    assert found["capacitive", "reactive"].quantity == 100


@pytest.mark.parametrize(
    ("tariff", "channels", "words"),
    [
        (APPARENT, (), "demand 'network' is billed by reactive energy"),
        (SUPPLY + BLIND.format("inductive"), (), "reactive 'inductive' is billed by reactive energy"),
        (
            SUPPLY + BLIND.format("capacitive"),
            ("reactive_import",),
            "reactive 'capacitive' is billed by capacitive reactive energy",
        ),
    ],
)
def test_without_what_a_charge_rests_on_there_is_no_bill_and_the_report_says_why(
    folder: Path, ledger: Ledger, tariff: str, channels: tuple[str, ...], words: str
) -> None:
    """Capacitive energy that nobody counts is not 0 kvarh."""
    put(ledger, *month())
    found = cost(folder, ledger, tariff, *channels)
    assert found.bill is None
    assert words in found.why_not
    german = why_no_bill(found, of_report("de", ZoneInfo("Europe/Berlin")))
    assert german.startswith("kein Preis für ")
    assert "is billed by" not in german


def test_a_spot_tariff_is_billed_by_the_published_prices_that_the_ledger_holds(folder: Path, ledger: Ledger) -> None:
    put(ledger, *month())
    spot = SUPPLY.replace(SUPPLY[SUPPLY.index("[[energy]]") :], '[[energy]]\nid = "supply"\nspot = { zone = "DE-LU" }\n')
    unknown = cost(folder, ledger, spot)
    assert unknown.is_provisional
    assert unknown.missing == ["spot"]
    hours = 31 * 24 + 1  # October has an hour more
    first = Prices("werk-nord", "DE-LU", FIRST, 1, 60, (200.0,) * 10, FIRST)
    again = replace(first, revision=2, eur_per_mwh=(-50.0, *[100.0] * (hours - 1)))
    ledger.append([(PRICES, 0, n, record) for n, record in enumerate((first, again))])
    found = cost(folder, ledger, spot)
    assert found.missing == []
    # 100 kWh a quarter hour: four at -50 EUR/MWh, 2,976 at 100 EUR/MWh.
    assert float(lines(found)["supply", "energy"].amount_eur) == pytest.approx(4 * 0.1 * -50 + 2976 * 0.1 * 100)

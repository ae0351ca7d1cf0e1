"""Every euro of an analysis is a difference of bills, and the same as `lastgang bill` writes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from plant_texts import tariff
from small_loads import BERLIN, load_of

from analysis.answer import Wishes, analyse
from analysis.battery import Battery
from analysis.sheets import FOLDER, TYPICAL, own_sheet, typical_sheets
from analysis.show.document import document
from analysis.show.page import html_page
from analysis.show.paper import pdf
from analysis.wins import WinKind
from billing.bill import bill
from billing.load import LoadProfile, read_load
from domain.errors import InputFaults
from words.speech import Words

START = datetime(2025, 12, 31, 23, 0, tzinfo=UTC)
SHEET = (
    tariff('price = "20 ct/kWh"')
    + """
[[demand]]
id = "network"
quantity = "kW"
interval_min = 15
reset = "year"
price = "100 EUR/kW/year"
"""
)


def works_year() -> np.ndarray:
    """A year of two shifts: 200 kW on working days, 20 at night and weekends; three mornings with 300, 280 and 260 kW."""
    kw = np.full((365, 96), 20.0)
    for day in range(365):
        if (day + 3) % 7 < 5:  # 1 January 2026 is a Thursday
            kw[day, 24:88] = 200.0
    kw[5, 40], kw[12, 40], kw[19, 40] = 300.0, 280.0, 260.0
    return kw.ravel()


def utc_year() -> np.ndarray:
    """The same by the clock of the works, in which one day has 92 and one 100 quarter hours."""
    kw = works_year().reshape(365, 96)
    march, october = 87, 297
    parts = [
        kw[:march].ravel(),
        np.delete(kw[march], range(8, 12)),
        kw[march + 1 : october].ravel(),
        np.insert(kw[october], 12, kw[october, 8:12]),
        kw[october + 1 :].ravel(),
    ]
    return np.concatenate(parts)


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("load") / "works.csv"
    kw = utc_year()
    rows = (f"{START + n * timedelta(minutes=15):%Y-%m-%dT%H:%M:%SZ},{value:g}" for n, value in enumerate(kw))
    path.write_text("start_utc,power_kw\n" + "\n".join(rows) + "\n")
    (path.parent / "tariff.toml").write_text(SHEET)
    return path


@pytest.fixture(scope="module")
def found(file):
    profile = read_load(file)
    return analyse(profile, BERLIN, [own_sheet(file.parent / "tariff.toml", profile)], Wishes(Battery(50.0, 200.0), pv_kwp=0.0))


def test_cutting_peaks_saves_their_kilowatts(found):
    (answer,) = found.sheets
    assert [one.peaks for one in answer.cuts] == [1, 5, 20]
    assert answer.cuts[0].eur == pytest.approx(20.0 * 100, abs=0.02), "300 to 280 kW"
    assert answer.cuts[1].eur == pytest.approx(100.0 * 100, abs=0.02), "to 200 kW, where all other days are"
    assert answer.cuts[0].lines_eur == {"network": pytest.approx(2000.0, abs=0.02)}


def test_a_battery_takes_a_peak_off_and_a_little_of_the_day_around_it(found):
    """50 kWh on the day of 300 kW: ``(300 - x) / 4 + 63 (200 - x) / 4 = 50`` for x = 198.4375."""
    (answer,) = found.sheets
    assert answer.battery.bound_kw == pytest.approx(198.4375, abs=0.01)
    assert answer.battery.bound_eur == pytest.approx((300 - 198.4375) * 100, rel=0.02), "less what it loses"
    assert 0 <= answer.battery.rule_eur <= answer.battery.bound_eur + 1


def test_the_base_load_costs_its_energy_at_nights_and_weekends(found):
    (answer,) = found.sheets
    kw = works_year()
    idle_hours = int((kw == 20.0).sum()) / 4
    assert answer.base_eur == pytest.approx(20.0 * idle_hours * 0.20, rel=0.001)
    assert answer.bill.total_eur == bill(found.sheets[0].sheet.tariff, found.profile).total_eur
    assert found.usage_hours == pytest.approx(kw.sum() / 4 / 300.0, rel=0.001)


def test_the_best_quick_win_is_the_peak(found):
    (answer,) = found.sheets
    best = answer.wins[0]
    assert (best.kind, best.count) == (WinKind.PEAKS, 5)
    assert best.eur == pytest.approx(10_000.0, abs=0.1)


def test_figures_are_those_of_lastgang_bill(file, tmp_path):
    command = [sys.executable, "-m", "lastgang.cli"]
    tariff = file.parent / "tariff.toml"
    for arguments in (
        ["bill", file, "--tariff", tariff, "--json", tmp_path / "bill.json"],
        ["analyse", file, "--tariff", tariff, "--out", tmp_path, "--json", tmp_path / "analysis.json", "--language", "de"],
    ):
        done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    analysis = json.loads((tmp_path / "analysis.json").read_text())
    assert analysis["sheets"][0]["bill"] == json.loads((tmp_path / "bill.json").read_text())
    page = (tmp_path / "works-analysis.html").read_text()
    assert "bis zu 10\u202f000\u202f€" in page
    assert "http://" not in page.replace("http://www.w3.org/", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )
    assert "src=" not in page.replace('src="data:', ""), "nothing is loaded from elsewhere"
    assert (tmp_path / "works-analysis.pdf").read_bytes().startswith(b"%PDF")


def test_a_sheet_of_another_year_is_applied_and_named(file, tmp_path):
    (tmp_path / "old.toml").write_text(SHEET.replace("2026-01-01", "2019-01-01").replace("2027-01-01", "2020-01-01"))
    profile = read_load(file)
    sheet = own_sheet(tmp_path / "old.toml", profile)
    assert not sheet.valid_then
    answer = analyse(profile, BERLIN, [sheet], Wishes()).sheets[0]
    assert float(answer.bill.total_eur) == pytest.approx(300 * 100 + 0.2 * works_year().sum() / 4, abs=0.05)


def test_five_typical_sheets_stand_side_by_side_in_both_languages(file):
    profile = read_load(file)
    found = analyse(profile, BERLIN, typical_sheets(profile, BERLIN), Wishes())
    assert [one.sheet.tariff.id for one in found.sheets] == list(TYPICAL)
    assert len(list(FOLDER.glob("*.toml"))) == len(TYPICAL)
    for language in ("en", "de"):
        shown = document(found, Words(language, BERLIN, section="analyse", is_dated=True), "<works>", ["read & understood"])
        page = html_page(shown)
        assert "<works>" not in page
        assert "&lt;works&gt;" in page
        assert pdf(shown).startswith(b"%PDF")


def test_an_hourly_load_is_refused_in_one_line():
    profile = LoadProfile.of_quarter_hours(START, np.full(96, 10.0))
    hourly = LoadProfile(START, timedelta(hours=1), profile.decimals, profile.power)
    with pytest.raises(InputFaults, match="values of 60 minutes; expected 15 minutes or finer"):
        analyse(hourly, BERLIN, [], Wishes())


def test_missing_quarter_hours_are_in_no_figure(file):
    kw = utc_year()
    kw[5 * 96 : 6 * 96] = np.nan  # the day of the highest peak
    profile = LoadProfile.of_quarter_hours(START, kw)
    sheet = own_sheet(file.parent / "tariff.toml", profile)
    found = analyse(profile, BERLIN, [sheet], Wishes())
    assert found.peak_kw == 280.0
    assert found.covered_share == pytest.approx(364 / 365)
    assert found.sheets[0].bill.status == "provisional"


def test_a_load_of_nothing_has_no_peak(file):
    profile = LoadProfile.of_quarter_hours(START, np.zeros(96 * 30))
    found = analyse(profile, BERLIN, typical_sheets(profile, BERLIN), Wishes())
    assert (found.peak_kw, found.peaks, found.usage_hours, found.sheets[0].wins) == (0.0, (), 0.0, ())
    shown = document(found, Words("de", BERLIN, section="analyse", is_dated=True), "leer", [])
    assert "Nichts fällt auf" in html_page(shown)


def test_small_loads_of_days_have_pictures_too(tmp_path):
    load = load_of(np.linspace(10, 50, 2 * 96))
    profile = load.profile()
    found = analyse(profile, BERLIN, typical_sheets(profile, BERLIN), Wishes())
    shown = document(found, Words("en", BERLIN, section="analyse", is_dated=True), "two days", [])
    assert html_page(shown).count("<svg") >= 4
    shutil.rmtree(tmp_path)

"""A month's report: numbers worked by hand, files as Excel and auditors take them, versions that stay."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from report_sample import BERLIN, FIRST, NOON, NOW, PLANT, TARIFF, StepClock, data_of, put, quarter, whole_month

from domain.contracts import EXAMPLES
from domain.errors import InputFaults
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalQuality
from domain.plant import load_plant
from domain.topics import ANOMALIES, DECISIONS, RECOMMENDATIONS, REJECTED
from domain.units import UWH_PER_KWH
from lastgang.commands.report import command
from reporting.ledger import Ledger
from reporting.month import month_period, month_report
from reporting.report import ReportOrder, WrittenReport, write_report
from reporting.tables import LocalTime, exact_kwh, german_excel, guarded, plain
from reporting.verifier import verify
from words.speech import of_report


def test_months_are_local_and_know_the_clock_changes() -> None:
    expected = {"2026-10": 2980, "2026-03": 2972, "2026-11": 2880, "2028-02": 2784, "2026-12": 2976}
    assert {month: month_period(month, "Europe/Berlin").expected for month in expected} == expected
    assert month_period("2026-10", "Europe/Berlin").from_utc == FIRST
    with pytest.raises(ValueError, match="month '2026-13': expected YYYY-MM"):
        month_period("2026-13", "Europe/Berlin")


def test_a_whole_month_worked_by_hand(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    put(ledger, *whole_month())
    data = data_of(make())
    main, furnace = data["meters"]
    assert (data["status"], data["period"]["quarter_hours_expected"]) == ("final", 2980)
    assert main["energy_kwh"] == 2979 * 100 + 160
    assert main["energy_uwh"] == 298_060 * UWH_PER_KWH
    assert furnace["energy_kwh"] == 2980 * 25
    assert (main["peak"]["power_kw"], main["peak"]["start_utc"]) == (640.0, "2026-10-01T10:00:00Z")
    assert (main["coverage"], main["quality"]["measured"]["share_of_energy"], main["worst_quality"]) == (1.0, 1.0, "measured")
    assert main["gaps"] == furnace["gaps"] == []
    (remainder,) = data["balance"]
    assert remainder["remainder_uwh"] == (298_060 - 74_500) * UWH_PER_KWH
    assert (remainder["quarter_hours"], remainder["quarter_hours_left_out"]) == (2980, 0)
    # 298,060 kWh x 10 ct + 640 kW x 2 EUR, the peak being inside the windows
    assert data["cost"]["bill"]["total_eur"] == 29_806.0 + 1_280.0
    assert data["cost"]["bill"]["status"] == "final"
    (window,) = data["cost"]["windows"]
    assert (window["where"], window["calendar"], window["peak"]["power_kw"]) == ("inside", "day", 640.0)
    assert len(data["daily_peaks"]) == 31


def test_gaps_are_listed_with_reason_and_nothing_missing_is_zero(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    substituted: dict[str, Any] = {"quality": IntervalQuality.SUBSTITUTED, "method": IntervalMethod.INTERPOLATED, "coverage": 0.0}
    put(
        ledger,
        quarter(NOON, 100.0), quarter(NOON + QUARTER, 120.0, **substituted), quarter(NOON + 2 * QUARTER, 120.0, **substituted),
        quarter(NOON + 3 * QUARTER, None), quarter(NOON + 5 * QUARTER, 90.0, quality=IntervalQuality.CORRECTED, method=IntervalMethod.RESET),
    )  # fmt: skip
    data = data_of(make())
    main = data["meters"][0]
    assert main["energy_kwh"] == 100 + 120 + 120 + 90
    gaps = [(g["from_utc"][8:16], g["quarter_hours"], g["quality"], g["reason"]) for g in main["gaps"]]
    assert gaps == [
        ("30T22:00", 48, "missing", "before_recording"),
        ("01T10:15", 2, "substituted", "interpolated"),
        ("01T10:45", 1, "missing", "none"),
        ("01T11:00", 1, "missing", "no_record"),
        ("01T11:30", 2926, "missing", "no_record"),
    ]
    assert sum(share["quarter_hours"] for share in main["quality"].values()) == 2980
    assert main["quality"]["substituted"] == {
        "quarter_hours": 2, "share_of_quarter_hours": round(2 / 2980, 9), "energy_uwh": 240 * UWH_PER_KWH,
        "share_of_energy": round(240 / 430, 9),
    }  # fmt: skip
    # An annual or monthly maximum from a substitute value is shown as such.
    assert (main["peak"]["power_kw"], main["peak"]["quality"]) == (480.0, "substituted")
    assert [e["method"] for e in main["events"]] == ["reset"]
    assert (data["status"], data["cost"]["bill"]["status"]) == ("provisional", "provisional")
    assert data["balance"][0]["quarter_hours"] == 0


def test_a_faulty_quarter_hour_is_in_the_sum_and_never_the_peak(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    put(ledger, quarter(NOON, 100.0), quarter(NOON + QUARTER, 500.0, quality=IntervalQuality.FAULTY, method=IntervalMethod.STUCK))
    main = data_of(make())["meters"][0]
    assert (main["energy_kwh"], main["peak"]["power_kw"], main["worst_quality"]) == (600.0, 400.0, "missing")


def test_the_day_of_25_hours_has_each_label_of_its_double_hour_twice(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    put(ledger, *whole_month())
    lines = (make().folder / "intervals-excel.csv").read_bytes().decode("utf-8-sig").split("\r\n")
    half_past_two = [line.split(";")[2:5] for line in lines if line.startswith('"main"') and ";25.10.2026 02:30;" in line]
    assert half_past_two == [
        ["25.10.2026 02:30", '"UTC+02:00"', "2026-10-25T00:30:00Z"],
        ["25.10.2026 02:30", '"UTC+01:00"', "2026-10-25T01:30:00Z"],
    ]
    assert len([line for line in lines if line.startswith('"main"') and ";25.10.2026 " in line]) == 100


def test_march_lacks_an_hour(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    period = month_period("2026-03", "Europe/Berlin")
    put(ledger, *[quarter(period.start_utc(n), 10.0) for n in range(period.expected)])
    made = make("2026-03")
    data = data_of(made)
    assert (data["meters"][0]["energy_kwh"], data["meters"][0]["gaps"]) == (29_720.0, [])
    assert b";29.03.2026 02:" not in (made.folder / "intervals-excel.csv").read_bytes()


def test_csv_for_a_german_excel_byte_by_byte() -> None:
    when = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    rows = [("007", LocalTime(datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)), when, exact_kwh(1_234_567_890_000), -3, None, "=1+1")]
    assert german_excel(["Zähler", "Beginn", "UTC", "kWh", "n", "leer", 'a"b'], rows) == (
        b"\xef\xbb\xbf"
        b'"Z\xc3\xa4hler";"Beginn";"UTC";"kWh";"n";"leer";"a""b"\r\n'
        b'"007";25.10.2026 02:30;2026-10-25T00:30:00Z;1234,56789;-3;;"\'=1+1"\r\n'
    )
    assert plain(["a,b", "kwh"], [("x", exact_kwh(100_000_000_000)), ("-2", None)]) == b'"a,b",kwh\nx,100.000\n\'-2,\n'


@pytest.mark.parametrize("text", ["=1+1", "+49", "-x", "@a", "\tx"])
def test_texts_that_a_spreadsheet_would_run_are_guarded(text: str) -> None:
    assert guarded(text) == "'" + text
    assert guarded("Halle 1") == "Halle 1"


def test_numbers_for_people() -> None:
    german, english = of_report("de", BERLIN), of_report("en", BERLIN)
    assert german.number(1234567.895, 2) == "1\u202f234\u202f567,90"
    assert english.energy(-1_234_500_000_000, 1) == "−1\u202f234.5"
    assert german.number(-0.2) == "0"
    assert german.percent(0.99999, 2) == "99,99\u202f%"
    assert german.percent(1.0, 2) == "100,00\u202f%"
    assert german.moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == "25.10.2026 02:30 (+0200)"
    assert german.moment(datetime(2026, 10, 25, 6, 30, tzinfo=UTC)) == "25.10.2026 07:30"


def test_the_workbook_has_real_numbers_and_dates(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    put(ledger, *whole_month())
    book = load_workbook(make().folder / "report.xlsx")
    assert book.sheetnames == [
        "Deckblatt",
        "Übersicht",
        "Zähler",
        "Vorjahr",
        "Hallen und Kostenstellen",
        "Viertelstunden",
        "Nach Tagen",
        "Lücken",
        "Kosten",
        "Befunde",
        "CO2",
        "Wirkung",
        "Ausschuss",
        "Kennzahlen",
        "Rückmeldungen",
        "Maßnahmen",
        "Änderungen",
    ]
    sheet: Any = book["Viertelstunden"]
    assert sheet.max_row == 1 + 2 * 2980
    row = [cell.value for cell in sheet[50]]
    assert row[:7] == ["main", "energy_import", datetime(2026, 10, 1, 12), "UTC+02:00", datetime(2026, 10, 1, 10), 160, "kWh"]  # noqa: DTZ001
    assert sheet.cell(50, 3).is_date
    assert [cell.value for cell in sheet[2982]][:3] == ["furnace-1", "energy_import", datetime(2026, 10, 1)]  # noqa: DTZ001
    assert [sheet.cell(n, 3).number_format for n in (2, 3, 5961)] == ["dd.mm.yyyy hh:mm"] * 3
    assert [sheet.cell(n, 5).is_date for n in (2, 3, 5961)] == [True] * 3
    meters: Any = book["Zähler"]
    assert meters.cell(2, 5).value == 298_060
    cover: Any = book["Deckblatt"]
    assert ["Erwartete Viertelstunden", "2\u202f980 (Europe/Berlin)"] in [[c.value for c in row] for row in cover.iter_rows()]


def test_the_plain_csv_says_the_same_as_the_json(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    put(ledger, *whole_month()[:-10])
    made = make()
    with (made.folder / "intervals.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for series in data_of(made)["meters"]:
        energies = [row["energy"] for row in rows if row["meter"] == series["meter"]]
        assert len(energies) == 2980
        assert sum(float(energy) for energy in energies if energy) == series["energy_kwh"]
    assert [row["quality"] for row in rows][-10:] == ["missing"] * 10


def test_the_pdf_is_archivable_and_carries_the_data(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    put(ledger, *whole_month())
    ledger.append([(topic, 0, 0, EXAMPLES[topic.name]) for topic in (ANOMALIES, RECOMMENDATIONS, DECISIONS, REJECTED)])
    for language in ("de", "en"):
        pdf = (make(language=language).folder / "report.pdf").read_bytes()
        assert pdf.startswith(b"%PDF-1.7")
        assert b"report.json" in pdf


def test_the_same_ledger_at_the_same_cut_off_gives_the_same_bytes(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    put(ledger, *whole_month()[:500])
    first, second = make(), make(now_utc=NOW + timedelta(days=3))
    for name in ("report.json", "intervals.csv", "intervals-excel.csv", "meters.csv", "meters-excel.csv"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes(), name


def test_a_second_report_becomes_the_next_version_and_the_first_one_stays(
    ledger: Ledger, clock: StepClock, make: Callable[..., WrittenReport]
) -> None:
    put(ledger, quarter(NOON, 100.0), quarter(NOON + QUARTER, 100.0))
    first = make()
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    clock.now += timedelta(days=1)
    put(ledger, quarter(NOON, 110.0, revision=2))
    second = make()
    assert (first.version, second.version, second.folder.name) == (1, 2, "werk-nord-2026-10-v2")
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == before
    manifest = json.loads((second.folder / "manifest.json").read_text())
    assert manifest["replaces"] == {"report": "werk-nord-2026-10-v1", "version": 1, "manifest_sha256": first.manifest_sha256}
    assert [verify(made.folder).holds for made in (first, second)] == [True, True]
    (restated,) = data_of(second)["meters"][0]["restatements"]
    assert [r["energy_uwh"] // UWH_PER_KWH for r in restated["revisions"]] == [100, 110]
    changes: Any = load_workbook(second.folder / "report.xlsx")["Änderungen"]
    text = [[cell.value for cell in row][:6] for row in changes.iter_rows(min_row=2, max_row=3)]
    assert text[1] == ["main", "energy_import", "1 Viertelstunden", None, None, 10]


def test_a_report_as_known_at_an_earlier_instant(ledger: Ledger, clock: StepClock, make: Callable[..., WrittenReport]) -> None:
    put(ledger, quarter(NOON, 100.0))
    then = clock.now
    clock.now += timedelta(days=1)
    put(ledger, quarter(NOON, 110.0, revision=2))
    assert data_of(make(as_of_utc=then))["meters"][0]["energy_kwh"] == 100.0
    assert data_of(make())["meters"][0]["energy_kwh"] == 110.0


def test_a_month_of_which_nothing_is_known_is_refused_and_leaves_nothing_behind(
    ledger: Ledger, folder: Path, make: Callable[..., WrittenReport]
) -> None:
    put(ledger, quarter(NOON, 100.0))
    with pytest.raises(
        InputFaults, match=r"month 2026-12: found nothing; expected .* it has quarter hours from 2026-10-01T10:00:00"
    ):
        make("2026-12")
    assert not (folder / "out").exists()


def test_without_a_tariff_the_report_says_why_there_is_no_bill(ledger: Ledger, folder: Path) -> None:
    text = PLANT.replace('[tariff]\nfile = "tariff.toml"\n', "")
    (folder / "plant" / "plant.toml").write_text(text)
    plant = load_plant(folder / "plant" / "plant.toml")
    put(ledger, quarter(NOON, 100.0))
    made = write_report(ledger, plant, month_period("2026-10", "Europe/Berlin"), ReportOrder(folder / "plant", folder / "out"), NOW)
    assert data_of(made)["cost"] == {"tariff": None, "bill": None, "why_not": "the plant file names no tariff", "windows": []}


def test_a_tariff_of_another_year_gives_no_bill_but_a_report(
    ledger: Ledger, folder: Path, make: Callable[..., WrittenReport]
) -> None:
    (folder / "plant" / "tariff.toml").write_text(
        TARIFF.replace("valid_from = 2026", "valid_from = 2025").replace("valid_to = 2027", "valid_to = 2026")
    )
    put(ledger, quarter(NOON, 100.0))
    cost = data_of(make())["cost"]
    assert cost["bill"] is None
    assert "validity" in cost["why_not"]


def test_the_command_writes_and_prints_the_manifests_hash(ledger: Ledger, folder: Path) -> None:
    put(ledger, quarter(NOON, 100.0))
    arguments = [
        "--plant",
        str(folder / "plant"),
        "--ledger",
        str(folder / "ledger.sqlite"),
        "--month",
        "2026-10",
        "--out",
        str(folder / "out"),
    ]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    made = Path(result.stdout.strip())
    assert made == folder / "out" / "werk-nord-2026-10-v1"
    assert verify(made).manifest_sha256 in result.stderr


def test_generation_counts_against_what_its_neighbours_draw(ledger: Ledger, folder: Path) -> None:
    """100 kWh from the grid and 20 from the roof: the furnace drew 120, and nothing is left over."""
    pv = '[[meter]]\nid = "pv"\nparent = "main"\nmax_power_kw = 100\n[[meter.register]]\nchannel = "energy_export"\nkind = "counter"\nunit = "Wh"\nsampling_s = 5\nresolution = 1\n'
    (folder / "plant" / "plant.toml").write_text(PLANT + pv)
    plant = load_plant(folder / "plant" / "plant.toml")
    sun = Interval(
        "werk-nord", "pv", "energy_export", NOON, 20 * UWH_PER_KWH, 1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER, 1
    )
    put(ledger, quarter(NOON, 100.0), quarter(NOON, 120.0, "furnace-1"), sun)
    (remainder,) = month_report(ledger, plant, month_period("2026-10", "Europe/Berlin")).balances
    assert (remainder.sum.own_uwh // UWH_PER_KWH, remainder.sum.below_uwh // UWH_PER_KWH, remainder.sum.energy_uwh) == (100, 100, 0)


def test_history_without_its_export_has_no_remainder_and_the_report_says_what_lacks(
    ledger: Ledger, folder: Path, make: Callable[..., WrittenReport]
) -> None:
    """100 kWh were drawn and 60 of them by the furnace; what was fed back nobody recorded, so 40 kWh would be a guess."""
    export = PLANT.replace(
        '[[meter]]\nid = "furnace-1"',
        '[[meter.register]]\nchannel = "energy_export"\nkind = "counter"\nunit = "Wh"\nsampling_s = 5\nresolution = 1\n[[meter]]\nid = "furnace-1"',
    )
    (folder / "plant" / "plant.toml").write_text(export)
    put(ledger, quarter(NOON, 100.0), quarter(NOON, 60.0, "furnace-1"))
    (remainder,) = data_of(make())["balance"]
    assert (remainder["meter_uwh"], remainder["below_uwh"], remainder["remainder_uwh"]) == (None, None, None)
    assert (remainder["quarter_hours"], remainder["quarter_hours_left_out"]) == (0, 2980)
    assert remainder["lacking"] == [{"meter": "main", "channel": "energy_export", "quarter_hours": 1}]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_a_tariff_of_another_zone_is_held_against_the_same_instants(
    zone: str, ledger: Ledger, folder: Path, make: Callable[..., WrittenReport]
) -> None:
    """October has 31 days of another length there; the peak at 10:00 UTC is 15:30 in India: inside, and 06:00 in New York: just inside."""
    (folder / "plant" / "tariff.toml").write_text(TARIFF.replace('timezone = "Europe/Berlin"', f'timezone = "{zone}"'))
    put(ledger, *whole_month())
    (window,) = data_of(make())["cost"]["windows"]
    assert window["peak"]["start_utc"] == "2026-10-01T10:00:00Z"

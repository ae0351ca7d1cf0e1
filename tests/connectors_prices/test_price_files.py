"""Files of day-ahead prices in every form: hours and quarter hours, both clock changes, negative prices, gaps, and what is wrong with a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.prices.entsoe_xml import NoPricesYet
from connectors.prices.reading import read_prices
from domain.errors import InputFaults

BERLIN = ZoneInfo("Europe/Berlin")
SMARD = "Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] Originalauflösungen;Österreich [€/MWh] Originalauflösungen\n"
AREA = "10Y1001A1001A82H"


def read(folder: Path, text: str, zone: str = "DE-LU", name: str = "prices.csv", sequence: int = 1):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    found = read_prices(path, BERLIN, zone, sequence)
    return found.zone, [(f"{p.start_utc:%d %H:%M}", p.minutes, float(p.eur_per_mwh)) for p in found.prices]


def faults(folder: Path, text: str, zone: str = "DE-LU") -> str:
    with pytest.raises(InputFaults) as found:
        read(folder, text, zone)
    return str(found.value)


def document(*series: str, kind: str = "Publication_MarketDocument") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<{kind} xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">\n'
        + "".join(series) + f"</{kind}>\n"
    )  # fmt: skip


def series(
    *points: tuple[int, str], sequence: str = "1", start: str = "2025-10-01T22:00Z", end: str = "2025-10-01T23:00Z", **changes: str
) -> str:
    fields = {"resolution": "PT15M", "curve": "A03", "currency": "EUR", "unit": "MWH", "area": AREA, **changes}
    listed = "".join(f"<Point><position>{n}</position><price.amount>{price}</price.amount></Point>\n" for n, price in points)
    number = f"<classificationSequence_AttributeInstanceComponent.position>{sequence}</classificationSequence_AttributeInstanceComponent.position>"
    return (
        f"<TimeSeries><in_Domain.mRID codingScheme='A01'>{fields['area']}</in_Domain.mRID>"
        f"<currency_Unit.name>{fields['currency']}</currency_Unit.name><price_Measure_Unit.name>{fields['unit']}</price_Measure_Unit.name>"
        f"<curveType>{fields['curve']}</curveType>{number if sequence else ''}\n<Period><timeInterval><start>{start}</start><end>{end}</end></timeInterval>"
        f"<resolution>{fields['resolution']}</resolution>\n{listed}</Period></TimeSeries>\n"
    )  # fmt: skip


# -- our own form ------------------------------------------------------------------------------------------------------


def test_our_own_form_has_hours_negative_prices_and_gaps_that_stay_gaps(tmp_path: Path):
    text = "start_utc,price_eur_per_mwh\n" + "".join(
        f"2026-03-02T0{n}:00:00Z,{price}\n" for n, price in enumerate(("80.5", "", "-500", "0"))
    )
    assert read(tmp_path, text) == ("DE-LU", [("02 00:00", 60, 80.5), ("02 02:00", 60, -500.0), ("02 03:00", 60, 0.0)])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "start_utc,price_eur_per_mwh\n2026-03-02T00:00:00Z,8a\n2026-03-02T01:00:00Z,9\n",
            "prices.csv:2: price_eur_per_mwh: found '8a'",
        ),
        ("start_utc,price_eur_per_mwh\n2026-03-02T00:00:00,8\n2026-03-02T01:00:00Z,9\n", "prices.csv:2: start_utc: found"),
        ("start_utc,price_eur_per_mwh\n2026-03-02T00:00:00Z,8\n2026-03-02T00:00:00Z,9\n", "a duplicate of line 2"),
        (
            "start_utc,price_eur_per_mwh\n2026-03-02T00:00:00Z,8\n2026-03-02T01:00:00Z,1e9\n",
            "prices.csv:3: price_eur_per_mwh: found 1E+9",
        ),
        ("start_utc,price_eur_per_mwh\n2026-03-02T00:00:00Z,\n2026-03-02T01:00:00Z,\n", "file: found no price"),
        (
            "time,price\n2026-03-02T00:00:00Z,8\n",
            "prices.csv:1: header: found 'time,price'; expected start_utc,price_eur_per_mwh; an export of SMARD",
        ),
        ("", "expected"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_line_and_column(tmp_path: Path, text: str, words: str):
    assert words in faults(tmp_path, text)


# -- SMARD -------------------------------------------------------------------------------------------------------------


def test_smard_in_german_with_decimal_commas_thousands_and_a_missing_price(tmp_path: Path):
    text = SMARD + (
        "01.10.2025 00:00;01.10.2025 00:15;104,56;1\n01.10.2025 00:15;01.10.2025 00:30;-1.234,5;2\n01.10.2025 00:30;01.10.2025 00:45;-;3\n"
        "01.10.2025 00:45;01.10.2025 01:00;0,00;4\n"
    )
    assert read(tmp_path, text) == ("DE-LU", [("30 22:00", 15, 104.56), ("30 22:15", 15, -1234.5), ("30 22:45", 15, 0.0)])
    assert read(tmp_path, text, "AT")[1][2] == ("30 22:30", 15, 3.0)


@pytest.mark.parametrize(
    "text",
    [
        "Datum;Anfang;Ende;Deutschland/Luxemburg [€/MWh] Originalauflösungen\n01.03.2024;00:00;01:00;5,5\n01.03.2024;01:00;02:00;6,5\n",
        "Datum;Uhrzeit;Deutschland/Luxemburg[€/MWh]\n01.03.2024;00:00;5,5\n01.03.2024;01:00;6,5\n",
        "Date;Time of day;Germany/Luxembourg[€/MWh]\nMar 1, 2024;12:00 AM;5.5\nMar 1, 2024;1:00 AM;6.5\n",
        "Start date;End date;Germany/Luxembourg [€/MWh] Original resolutions\n"
        "Mar 1, 2024 12:00 AM;Mar 1, 2024 1:00 AM;5.5\nMar 1, 2024 1:00 AM;Mar 1, 2024 2:00 AM;6.5\n",
    ],
)
def test_every_form_of_smard_says_the_same(tmp_path: Path, text: str):
    assert read(tmp_path, text) == ("DE-LU", [("29 23:00", 60, 5.5), ("01 00:00", 60, 6.5)])


def smard_day(day: str, instants: list[datetime], step: timedelta) -> str:
    def wall(at: datetime) -> str:
        return f"{at.astimezone(BERLIN):%d.%m.%Y %H:%M}"

    return SMARD + "".join(f"{wall(at)};{wall(at + step)};{n},5;1\n" for n, at in enumerate(instants))


@pytest.mark.parametrize("minutes", [15, 60])
@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_has_as_many_prices_as_its_clock_has_hours(tmp_path: Path, minutes: int, day: str, hours: int):
    begin = datetime.fromisoformat(day).replace(tzinfo=BERLIN).astimezone(UTC)
    step = timedelta(minutes=minutes)
    instants = [begin + n * step for n in range(hours * 60 // minutes)]
    _, found = read(tmp_path, smard_day(day, instants, step))
    assert found == [(f"{at:%d %H:%M}", minutes, n + 0.5) for n, at in enumerate(instants)]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("01.10.2025 00:00;01.10.2025 00:15;a;1\n", "prices.csv:2: Deutschland/Luxemburg [€/MWh] Originalauflösungen: found 'a'"),
        ("01.10.2025 00:00;01.10.2025 00:15;1\n", "prices.csv:2: row: found 3 cells; expected 4 cells"),
        ("32.10.2025 00:00;01.10.2025 00:15;1;1\n", "prices.csv:2: Datum von: found"),
        (
            "01.10.2025 00:00;01.10.2025 02:00;1;1\n",
            "prices.csv:2: Datum bis: found 01.10.2025 00:00 to 01.10.2025 02:00; expected one of 15, 30, 60",
        ),
        ("29.03.2026 02:00;29.03.2026 03:00;1;1\n", "a time that exists"),
        ("25.10.2026 02:00;25.10.2026 03:00;1;1\n", "twice"),
        ("01.10.2025 01:00;01.10.2025 02:00;1;1\n01.10.2025 00:00;01.10.2025 01:00;1;1\n", "rising order"),
    ],
)
def test_rows_of_smard_that_are_wrong(tmp_path: Path, rows: str, words: str):
    assert words in faults(tmp_path, SMARD + rows)


def test_a_zone_that_the_file_lacks_is_refused_with_those_that_it_has(tmp_path: Path):
    text = SMARD + "01.10.2025 00:00;01.10.2025 01:00;1;1\n"
    assert "found prices of AT, DE-LU; expected prices of FR" in faults(tmp_path, text, "FR")
    assert "expected --zone with one of them" in faults(tmp_path, text, "")


def test_chart_data_are_read_as_they_are_published(tmp_path: Path):
    begin = int(datetime(2025, 10, 5, 22, tzinfo=UTC).timestamp()) * 1000
    pairs = [[begin + n * 900_000, price] for n, price in enumerate([90.1, -3.25, None, 4])]
    text = '{"meta_data": {"version": 1}, "series": ' + str(pairs).replace("None", "null") + "}"
    assert read(tmp_path, text, name="chart.json")[1] == [("05 22:00", 15, 90.1), ("05 22:15", 15, -3.25), ("05 22:45", 15, 4.0)]
    assert "series[1]" in faults(tmp_path, '{"series": [[0, 1], [900000, "x"]]}')
    assert "JSON with series" in faults(tmp_path, "{broken")


# -- ENTSO-E -----------------------------------------------------------------------------------------------------------

TABLE = '"MTU (CET/CEST)","Area","Sequence","Day-ahead Price (EUR/MWh)","Intraday Period (CET/CEST)","Intraday Price (EUR/MWh)"\n'


def test_the_table_of_energy_prices_gives_the_coupled_auction_of_the_area(tmp_path: Path):
    rows = "".join(
        f'"01/10/2025 00:{n:02d}:00 - 01/10/2025 00:{n + 15:02d}:00","BZN|DE-LU","Sequence {s}","{price}","",""\n'
        for s in (2, 1) for n, price in ((0, f"{s}0.5"), (15, "n/e"), (30, f"-{s}"))
    )  # fmt: skip
    assert read(tmp_path, TABLE + rows) == ("DE-LU", [("30 22:00", 15, 10.5), ("30 22:30", 15, -1.0)])
    assert read(tmp_path, TABLE + rows, sequence=2)[1][0] == ("30 22:00", 15, 20.5)


def test_rows_marked_twice_as_sequence_1_are_of_sequence_1_too(tmp_path: Path):
    rows = "".join(
        f'"01/10/2025 0{n}:00:00 - 01/10/2025 0{n + 1}:00:00","BZN|DE-LU","{marked}","{n}","",""\n'
        for n, marked in enumerate(("Sequence Sequence 1", "Without Sequence", "Sequence 2"))
    )
    assert read(tmp_path, TABLE + rows)[1] == [("30 22:00", 60, 0.0), ("30 23:00", 60, 1.0)]


def test_the_table_of_before_2025_names_the_zone_in_a_heading(tmp_path: Path):
    text = '"MTU (CET/CEST)","Day-ahead Price [EUR/MWh]","Currency","BZN|DE-LU"\n' + (
        '"01.01.2023 00:00 - 01.01.2023 01:00","-5.17","EUR",""\n"01.01.2023 01:00 - 01.01.2023 02:00","-1.07","EUR",""\n'
    )
    assert read(tmp_path, text) == ("DE-LU", [("31 23:00", 60, -5.17), ("01 00:00", 60, -1.07)])


def test_the_hour_that_comes_twice_is_known_by_its_order(tmp_path: Path):
    rows = "".join(
        f'"26/10/2025 {a} ({x}) - 26/10/2025 {b} ({y})","BZN|DE-LU","Sequence 1","{n}","",""\n'
        for n, (a, x, b, y) in enumerate((
            ("01:00:00", "CEST", "02:00:00", "CEST"), ("02:00:00", "CEST", "02:00:00", "CET"), ("02:00:00", "CET", "03:00:00", "CET"),
        ))
    )  # fmt: skip
    assert read(tmp_path, TABLE + rows)[1] == [("25 23:00", 60, 0.0), ("26 00:00", 60, 1.0), ("26 01:00", 60, 2.0)]


def test_prices_of_another_currency_are_refused(tmp_path: Path):
    text = '"MTU (CET/CEST)","Area","Day-ahead Price (PLN/MWh)"\n"01/10/2025 00:00 - 01/10/2025 01:00","BZN|PL","5"\n'
    assert "expected a column Day-ahead Price (EUR/MWh)" in faults(tmp_path, text, "PL")


def test_in_a_document_a_position_that_is_left_out_repeats_the_price_before_it(tmp_path: Path):
    found = read(tmp_path, document(series((1, "100"), (3, "-20.5"))), name="a44.xml")
    assert found == ("DE-LU", [("01 22:00", 15, 100.0), ("01 22:15", 15, 100.0), ("01 22:30", 15, -20.5), ("01 22:45", 15, -20.5)])
    gap = read(tmp_path, document(series((1, "100"), (3, "-20.5"), curve="A01")), name="a44.xml")
    assert [at for at, _, _ in gap[1]] == ["01 22:00", "01 22:30"]


def test_of_two_auctions_the_first_sequence_counts_whatever_comes_first_and_however_fine(tmp_path: Path):
    exaa = series((1, "1"), (2, "2"), (3, "3"), (4, "4"), sequence="2")
    coupled = series((1, "50"), resolution="PT60M")
    assert read(tmp_path, document(exaa, coupled), name="a44.xml")[1] == [("01 22:00", 60, 50.0)]
    assert len(read(tmp_path, document(exaa, coupled), name="a44.xml", sequence=2)[1]) == 4


def test_a_document_may_change_its_resolution_from_day_to_day_and_name_its_zone(tmp_path: Path):
    hours = series((1, "60"), start="2025-09-30T21:00Z", end="2025-09-30T22:00Z", resolution="PT60M", sequence="")
    quarters = series((1, "1"), (2, "2"), (3, "3"), (4, "4"), start="2025-09-30T22:00Z", end="2025-09-30T23:00Z")
    found = read(tmp_path, document(hours, quarters), zone="", name="a44.xml")
    assert found[0] == "DE-LU"
    assert [minutes for _, minutes, _ in found[1]] == [60, 15, 15, 15, 15]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (document(series((1, "x"))), "price.amount: found x; expected a number"),
        (document(series((5, "1"))), "position: found 5; expected 1 to 4, each once"),
        (document(series((1, "1"), (1, "2"))), "position: found 1; expected 1 to 4, each once"),
        (document(series((1, "1"), currency="PLN")), "currency_Unit.name: found PLN; expected EUR"),
        (document(series((1, "1"), resolution="P1D")), "resolution: found P1D; expected one of PT15M"),
        (document(series((1, "1"), start="soon")), "timeInterval.start: found soon"),
        (document(series((1, "1"), end="2999-10-01T23:00Z")), "timeInterval: found"),
        (document(series((1, "1")), series((1, "2"))), "expected one price for each time"),
        (document(series((1, "1")))[:-20], "document: found"),
        ("<a/>", "root: found a; expected Publication_MarketDocument"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "a DOCTYPE"),
        ("<a>" * 60, "more elements than"),
    ],
)
def test_documents_that_cannot_be_used(tmp_path: Path, text: str, words: str):
    assert words in faults(tmp_path, text)


def test_the_answer_that_there_is_nothing_yet_is_no_fault_of_the_file(tmp_path: Path):
    text = document("<Reason><code>999</code><text>No matching data found</text></Reason>", kind="Acknowledgement_MarketDocument")
    with pytest.raises(NoPricesYet, match="No matching data found") as found:
        read(tmp_path, text)
    assert found.value.exit_code == 1

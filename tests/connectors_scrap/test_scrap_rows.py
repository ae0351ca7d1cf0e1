"""Rows of scrap sheets: what is taken, what is refused with which words, and that a sheet that comes twice counts once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.orders.sheets import read_sheets
from connectors.scrap.judging import Handing, Judgement, Outcome, judge, known_events, taken_back
from connectors.scrap.rows import rows_of_objects, rows_of_sheets
from domain.codec import decode, encode
from domain.errors import InputFaults
from domain.quality import QualityEvent, newest_events
from tests.scrap.scrap_site import PLANT, SITE
from words.catalogue import languages
from words.scrap_faults import fault_text
from words.speech import of_page

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HANDING = Handing(PLANT, NOW, "sheet.csv", "M. Adler")
ROW = {
    "Maschine": "M1",
    "Von": "02.03.2026 06:00",
    "Bis": "02.03.2026 14:00",
    "Artikel": "housing",
    "Gut": "1.250",
    "Ausschuss": 31,
}


def judged(*objects: dict[str, Any], known: tuple[QualityEvent, ...] = ()) -> Judgement:
    return judge(rows_of_objects(objects, "sheet.csv"), HANDING, known_events(known, PLANT))


def says(found: Judgement, language: str = "en") -> list[str]:
    return [f"{fault.fault.field}: {fault_text(fault.fault, of_page(language, PLANT.site.zone))}" for fault in found.faults]


def test_a_row_is_taken_with_all_that_it_states() -> None:
    (event,) = judged(
        {**ROW, "Gut": 1250, "Nacharbeit": 4, "Grund": "Grat", "Auftrag": "4711", "Eingetragen von": "K. Winter"}
    ).events
    assert event == QualityEvent(
        SITE, "m1", event.event, 0, datetime(2026, 3, 2, 5, tzinfo=UTC), datetime(2026, 3, 2, 13, tzinfo=UTC), NOW, "housing", "4711",
        1250, 31, 4, "Grat", "sheet.csv", "K. Winter",
    )  # fmt: skip
    assert event.event.startswith("sheet/")
    assert decode(QualityEvent, encode(event)) == event


def test_a_day_and_a_shift_are_a_span_and_a_day_alone_is_one_too() -> None:
    (shift, day) = judged(
        {"machine": "m1", "day": "2026-03-02", "shift": "late", "scrap": 3}, {"machine": "m1", "day": "2026-03-02", "scrap": 3}
    ).events
    assert (shift.start_utc, shift.end_utc) == (datetime(2026, 3, 2, 13, tzinfo=UTC), datetime(2026, 3, 2, 21, tzinfo=UTC))
    assert (day.start_utc, day.end_utc) == (datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 3, 2, 23, tzinfo=UTC))


def test_an_empty_count_is_not_known_and_zero_is_none() -> None:
    (event,) = judged({"machine": "m1", "from": "2026-03-02T06:00", "good": "", "scrap": 0}).events
    assert (event.good, event.scrap, event.rework) == (None, 0, None)
    assert event.start_utc == event.end_utc


def test_handed_in_twice_it_counts_once_and_a_correction_is_the_next_revision() -> None:
    first = judged({**ROW, "Gut": 1250}).events
    again = judged({**ROW, "Gut": 1250}, known=first)
    assert (again.count(Outcome.UNCHANGED), again.events) == (1, ())
    corrected = judged({**ROW, "Gut": 1240}, known=first).events
    assert [(one.event, one.revision, one.good) for one in corrected] == [(first[0].event, 1, 1240)]
    gone = taken_back(corrected[0], NOW, "M. Adler")
    assert newest_events([*first, *corrected, gone]) == ()
    assert judged({**ROW, "Gut": 1240}, known=(*first, gone)).events[0].revision == 3


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"Maschine": "hand-pres"}, "machine", "a machine of the plant file; did you mean hand-press?"),
        ({"Maschine": "Zebra"}, "machine", "a machine of the plant file: m1, m2, hand-press"),
        ({"Maschine": ""}, "machine", "found nothing"),
        ({"Von": ""}, "from", "a time in From, or a day in Day"),
        ({"Von": "gestern"}, "from", "a date with a time"),
        ({"Bis": "02.03.2026 05:00"}, "to", "not before the beginning"),
        ({"Bis": "02.03.2027 05:00"}, "to", "a time that is over"),
        ({"Von": "02.01.2026 05:00"}, "to", "at most 31 days"),
        ({"Ausschuss": "1.250"}, "scrap", "not 1250 or 1.250" ),
        ({"Ausschuss": 1.5}, "scrap", "a whole number of pieces"),
        ({"Ausschuss": -1}, "scrap", "a number of pieces, 0 or more"),
        ({"Ausschuss": "", "Gut": ""}, "scrap", "an empty cell is not known, 0 is none"),
        ({"Farbe": "rot"}, "?Farbe", "one of the fields machine"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_what_is_expected_and_stops_no_other_row(
    change: dict[str, Any], field: str, words: str
) -> None:
    row = {**ROW, "Gut": 1250}
    found = judged({**row, **change}, {**row, "Grund": "another"})
    assert len(found.events) == 1
    texts = says(found)
    assert any(text.startswith(f"{field}: ") for text in texts), texts
    assert words.split(" or ")[0].removeprefix("not ") in " ".join(texts), texts
    for language in languages():
        assert all(says(found, language))


def test_a_shift_that_is_not_worked_and_rows_that_nothing_sets_apart_are_refused() -> None:
    assert "enter a special shift first" in says(judged({"machine": "m1", "day": "2026-03-01", "shift": "late", "scrap": 3}))[0]
    twice = judged({**ROW, "Gut": 1250}, {**ROW, "Gut": 30})
    assert (len(twice.events), twice.count(Outcome.REFUSED)) == (0, 2)
    assert len(judged({**ROW, "Gut": 1250, "id": "a"}, {**ROW, "Gut": 30, "id": "b"}).events) == 2


@pytest.mark.parametrize("text", [
    "Export vom 3.3.\n\nMaschine;Tag;Schicht;Gut;Ausschuss;Grund;Preis\nm1;02.03.2026;early;700;12;Grat;3,20\nm2;02.03.2026;early;;4;;\n",
    "Machine,Date,Shift,Good parts,Rejects,Defect,Price\nm1,2026-03-02,early,700,12,Grat,3.20\nm2,2026-03-02,early,,4,,\n",
])  # fmt: skip
def test_a_file_with_its_own_headings_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scrap.csv"
    path.write_text(text, encoding="utf-8")
    rows, unused = rows_of_sheets(read_sheets(path))
    assert unused in (["Preis"], ["Price"])
    found = judge(rows, HANDING, {})
    assert found.faults == ()
    assert [(one.machine, one.good, one.scrap, one.reason) for one in found.events] == [
        ("m1", 700, 12, "Grat"),
        ("m2", None, 4, ""),
    ]


def test_a_file_without_the_headings_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "scrap.csv"
    path.write_text("Name;Menge\nx;3\n", encoding="utf-8")
    with pytest.raises(InputFaults, match="a row of headings with a machine, a time"):
        rows_of_sheets(read_sheets(path))


CELLS = st.none() | st.text(max_size=30) | st.floats() | st.integers() | st.datetimes() | st.booleans() | st.dates()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(["machine", "from", "to", "day", "shift", "good", "scrap", "rework", "id", "by", "x"]), CELLS)
)
def test_no_cell_stops_the_others_and_what_is_taken_is_a_record(row: dict[str, Any]) -> None:
    good = {"machine": "m2", "from": "2026-03-02T06:00", "scrap": 1, "id": "the-good-one-of-two"}
    found = judged(row, good)
    assert "the-good-one-of-two" in [event.event for event in found.events]
    for event in found.events:
        assert decode(QualityEvent, encode(event)) == replace(event)
    assert all(says(found, language) is not None for language in languages())

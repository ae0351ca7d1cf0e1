"""Measures and events as people enter them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from connectors.measures.judging import Outcome, judge, known_measures, measures_in, taken_back
from domain.codec import decode, encode
from domain.contracts import EXAMPLES
from domain.entered_measures import EnteredMeasure, EntryKind, newest_measures
from domain.errors import InputFaults
from domain.plant import Plant
from domain.topics import MEASURES

NOW = datetime(2026, 10, 23, 9, tzinfo=UTC)
ONE: EnteredMeasure = EXAMPLES[MEASURES.name]
FILE = """
[[measure]]
id = "leaks"
begins = 2026-10-05
complete = 2026-10-07
meters = ["m1"]

[[event]]
name = "fair"
first = 2026-09-01
last = 2026-09-03
kwh_per_day = 120
"""


def plant(site: str = "works", meter: str = "m1") -> Plant:
    return Plant.model_validate({
        "site": {"id": site, "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"},
        "meter": [{"id": meter, "max_power_kw": 100.0}],
    })  # fmt: skip


def test_it_is_read_as_it_was_written() -> None:
    assert decode(EnteredMeasure, encode(ONE)) == ONE
    assert ONE.as_measure().acts_from == date(2026, 10, 7)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"complete_local": "2026-10-04"}, "2026-10-05 or later"),
        ({"last_local": "2026-10-09"}, "last_local of an event"),
        ({"kwh_per_day": 3.0}, "kwh_per_day of an event"),
        ({"kind": EntryKind.EVENT, "complete_local": None}, "the event's first day"),
    ],
)
def test_what_contradicts_itself_is_refused(change: dict[str, object], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        replace(ONE, **change)  # type: ignore[arg-type]


def test_a_file_is_taken_once_and_corrects_itself(tmp_path: Path) -> None:
    file = tmp_path / "measures.toml"
    file.write_text(FILE)
    first = judge(measures_in(file, "works", NOW), plant(), {})
    assert [(one.entry.measure, one.outcome) for one in first] == [("leaks", Outcome.NEW), ("fair/2026-09-01", Outcome.NEW)]
    assert first[1].entry.as_event().kwh_per_day == 120
    known = known_measures([one.entry for one in first], plant())
    assert not any(one.is_sent for one in judge(measures_in(file, "works", NOW, "somebody else"), plant(), known))
    file.write_text(FILE.replace("2026-10-07", "2026-10-08"))
    changed = judge(measures_in(file, "works", NOW), plant(), known)
    assert [(one.outcome, one.entry.revision) for one in changed] == [(Outcome.CHANGED, 2), (Outcome.UNCHANGED, 1)]


def test_all_faults_of_a_file_are_named(tmp_path: Path) -> None:
    file = tmp_path / "measures.toml"
    file.write_text(FILE.replace('"m1"', '"m2", "m3"'))
    with pytest.raises(InputFaults) as refused:
        judge(measures_in(file, "works", NOW), plant(), {}, "measures.toml")
    assert [(fault.field, fault.found) for fault in refused.value.faults] == [("leaks.meters", "m2"), ("leaks.meters", "m3")]


def test_what_is_taken_back_is_known_and_may_come_again() -> None:
    gone = taken_back(ONE, NOW, "M. Adler")
    assert newest_measures([gone, ONE]) == (gone,)
    again = judge([ONE], plant(ONE.site, "compressor"), {ONE.measure: gone})
    assert (again[0].outcome, again[0].entry.revision, again[0].entry.withdrawn) == (Outcome.CHANGED, 3, False)

"""Days on which the clocks change: 92 and 100 local quarter hours in the tables of reports, 96 UTC ones in the data."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from report_sample import BERLIN, put, quarter

from domain.plant import load_plant
from reporting.ledger import Ledger
from reporting.month import month_period, month_report
from reporting.sections.intervals import for_people, interval_rows
from reporting.tables import LocalTime, cells, headings
from words.speech import of_report


@pytest.mark.parametrize(
    ("month", "day", "quarters", "offsets"),
    [
        ("2026-03", date(2026, 3, 29), 92, ["UTC+01:00"] * 8 + ["UTC+02:00"] * 84),
        ("2026-10", date(2026, 10, 25), 100, ["UTC+02:00"] * 12 + ["UTC+01:00"] * 88),
        ("2027-03", date(2027, 3, 28), 92, ["UTC+01:00"] * 8 + ["UTC+02:00"] * 84),
        ("2027-10", date(2027, 10, 31), 100, ["UTC+02:00"] * 12 + ["UTC+01:00"] * 88),
    ],
)
def test_reports_count_local_days_and_data_count_utc_days(
    ledger: Ledger, folder: Path, month: str, day: date, quarters: int, offsets: list[str]
) -> None:
    period = month_period(month, "Europe/Berlin")
    put(ledger, *[quarter(period.start_utc(n), 10.0 + n / 10_000) for n in range(period.expected)])
    report = month_report(ledger, load_plant(folder / "plant" / "plant.toml"), period)
    rows = [row for row in interval_rows(report) if row.meter == "main"]
    columns = for_people(of_report("de", BERLIN))
    local, offset = (headings(columns).index(heading) for heading in ("Beginn (Ortszeit)", "UTC-Versatz"))
    people = [(row[local], row[offset]) for row in cells(columns, rows)]
    of_day = [offset for at, offset in people if isinstance(at, LocalTime) and at.local.date() == day]
    assert of_day == offsets
    assert len(of_day) == quarters
    starts = [row.start_utc for row in rows]
    assert all(count == 96 for count in list(Counter(start.date() for start in starts).values())[1:-1])
    assert len(set(starts)) == len(starts) == period.expected
    peaks = {one.day: one.peak for one in report.billing.days}
    last = peaks[day]
    assert len(peaks) == 31
    assert last is not None
    assert last.end_utc.astimezone(BERLIN).strftime("%H:%M") == "00:00", "the last quarter hour of a day that rises all day"

"""How a file of somebody else is read: with evidence for each part, or asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from quarters.profiles.sniff.read import read_any
from quarters.profiles.sniff.reading import ReadOptions, Unclear

BERLIN = ReadOptions(home="Europe/Berlin")


def of_day(header: str, rows: str) -> str:
    """A file of one winter day: the row of each quarter hour with its place in the day."""
    return header + "\n" + "".join(rows.format(n=n, h=n // 4, m=n % 4 * 15) + "\n" for n in range(96))


def test_whole_days_say_which_edge_the_times_name(tmp_path: Path) -> None:
    file = tmp_path / "load.csv"
    file.write_text(of_day("Zeit;kW", "15.01.2026 {h:02}:{m:02};{n}"))
    loaded = read_any(file, BERLIN)
    assert loaded.series.starts[0] == datetime(2026, 1, 14, 23, tzinfo=UTC)
    assert "label_start_days" in [one.key for one in loaded.assumptions]


def test_a_date_that_can_be_two_days_is_asked_about(tmp_path: Path) -> None:
    file = tmp_path / "load.csv"
    file.write_text(of_day("time,kW", "03/04/2026 {h:02}:{m:02},{n}"))
    with pytest.raises(Unclear, match=r"--date-order: found dates such as 3/4/2026"):
        read_any(file, BERLIN)
    april = read_any(file, ReadOptions(home="Europe/Berlin", date_order="day-first"))
    assert april.series.starts[0] == datetime(2026, 4, 2, 22, tzinfo=UTC)


def test_a_unit_that_nothing_names_is_asked_about(tmp_path: Path) -> None:
    file = tmp_path / "load.csv"
    file.write_text(of_day("Zeit;Wert", "15.01.2026 {h:02}:{m:02};{n}"))
    with pytest.raises(Unclear, match=r"--unit: found no unit in the heading 'Wert'"):
        read_any(file, BERLIN)

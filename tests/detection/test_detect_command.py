"""``lastgang detect``: a file in, a file out, one line for each fault of a file."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.instants import instant_text
from lastgang.cli import run
from tests.detection.detected import meter_rows


@pytest.fixture
def detect(tmp_path):
    """Run the command on these lines; its exit code and the rows it wrote."""

    def call(lines: list[str], *more: str, plan: list[str] | None = None) -> tuple[int, list[dict[str, str]]]:
        series, out = tmp_path / "series.csv", tmp_path / "scores.csv"
        series.write_text("\n".join(lines) + "\n")
        arguments = ["detect", str(series), "--time-column", "timestamp", "--out", str(out), *more]
        if plan is not None:
            (tmp_path / "plan.csv").write_text("\n".join(plan) + "\n")
            arguments += ["--plan", str(tmp_path / "plan.csv")]
        code = run(arguments)
        return code, list(csv.DictReader(out.open())) if out.exists() else []

    return call


def stamp(at_s: float) -> str:
    return instant_text(datetime.fromtimestamp(at_s, UTC))


def test_a_verdict_for_every_row_in_order(detect, capsys):
    rows = meter_rows(7, lambda place, kw: kw + 30 if 6 * 672 + 184 <= place < 6 * 672 + 216 else kw)
    lines = ["timestamp,power_kw,remark", *(f"{stamp(row.at_s)},{row.values[0]},x" for row in rows)]
    plan = ["start_utc,staffed", *(f"{stamp(row.at_s)},{int(bool(row.staffed))}" for row in rows)]
    code, written = detect(lines, plan=plan)
    assert code == 0
    assert [row["timestamp"] for row in written] == [stamp(row.at_s) for row in rows]
    assert {row["reason"].split()[0] for row in written if row["alarm"] == "1"} == {"left_on"}
    assert sum(float(row["excess_kwh"]) for row in written) == pytest.approx(240, rel=0.05)
    shown = capsys.readouterr().err
    assert "columns without numbers are not judged: remark" in shown
    assert "4704 rows, 1 incidents" in shown


ROW = "2026-10-01T00:00:00Z,5"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            ["time,power_kw", ROW],
            "series.csv:1: header: found 'time,power_kw'; expected a column 'timestamp', as --time-column says",
        ),
        (["timestamp,power_kw"], "series.csv: file: found no rows; expected a header, and a row for each time"),
        (
            ["timestamp,power_kw", "2026-10-01T00:00:00Z,much"],
            "series.csv:2: row: found '2026-10-01T00:00:00Z,much'; expected a number",
        ),
        (
            ["timestamp,power_kw", ROW, "2026-10-01T00:15:00Z,12;5"],
            "series.csv:3: power_kw: found '12;5'; expected a finite number",
        ),
        (["timestamp,power_kw", ROW, "2026-10-01T00:15:00Z,inf"], "series.csv:3: power_kw: found 'inf'; expected a finite number"),
        (["timestamp,power_kw", ROW, "yesterday,5"], "series.csv:3: time: found 'yesterday'; expected an instant such as"),
        (["timestamp,power_kw", ROW, "2026-09-30T00:00:00Z,5"], "series.csv:3: time: found '2026-09-30T00:00:00Z'"),
        (["timestamp,power_kw", ROW, "2026-10-01T00:15:00Z"], "series.csv:3: row: found 1 cells; expected 2 cells"),
        (["timestamp,power_kw,power_kw", ROW + ",5"], "expected each column once"),
    ],
)
def test_one_line_for_each_fault_and_nothing_written(detect, capsys, lines, words):
    code, written = detect(lines)
    assert code == 2
    assert words in capsys.readouterr().err
    assert written == []


def test_every_fault_of_a_file_is_named_up_to_the_twentieth(detect, capsys):
    code, _ = detect(["timestamp,power_kw", ROW, *["2026-10-02T00:00:00Z,x"] * 30])
    shown = capsys.readouterr().err
    assert code == 2
    assert "series.csv:3:" in shown
    assert "series.csv:22:" in shown
    assert "series.csv:23:" not in shown


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (
            ["start_utc,staffed", "2026-10-02T00:00:00Z,1"],
            "plan.csv: staffed: found nothing for 2026-10-01T00:00:00Z; it reaches from",
        ),
        (["start_utc,staffed", "2026-10-01T00:00:00Z,2"], "expected staffed 0 or 1, and each start once"),
        (
            ["start_utc,people", "2026-10-01T00:00:00Z,1"],
            "plan.csv:1: header: found 'start_utc,people'; expected a column 'staffed'",
        ),
    ],
)
def test_a_calendar_that_cannot_be_used_is_one_line(detect, capsys, plan, words):
    code, _ = detect(["timestamp,power_kw", ROW], plan=plan)
    assert code == 2
    assert words in capsys.readouterr().err


def test_an_unknown_zone_is_named(detect, capsys):
    assert detect(["timestamp,power_kw", ROW], "--timezone", "Europe/Stuttgart")[0] == 2
    assert "--timezone: found 'Europe/Stuttgart'; expected an IANA name" in capsys.readouterr().err


def test_missing_values_are_a_gap_and_no_zero(detect, capsys):
    code, written = detect(["timestamp,power_kw", "2026-10-01 00:00:00,5", "2026-10-01 00:15:00,"])
    assert code == 0
    assert written[1]["reason"] == "data_gap"
    assert written[1]["alarm"] == "0"
    assert "instants without offset were read as UTC" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys):
    assert run(["detect", str(tmp_path / "no.csv"), "--time-column", "t", "--out", str(tmp_path / "o.csv")]) == 2
    assert "no.csv: file: found No such file" in capsys.readouterr().err

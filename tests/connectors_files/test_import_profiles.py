"""Load profiles from files: each case is a folder; what could mean two things is refused with words."""

from __future__ import annotations

import csv
import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from plant_texts import COUNTER, plant, register

from connectors.files.import_check import check, quarters_of
from connectors.files.load_profile import Profile, ProfileOptions, ProfileRow, read_profile, to_intervals
from connectors.kafka.client import KafkaSettings, RecordConsumer
from deploy.kafka_broker import KafkaBroker
from domain.errors import InputFaults
from domain.intervals import QUARTER, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.topics import INTERVALS
from lastgang.commands.import_ import command
from quarters.profiles.stamps import starts_of, wall_clock, zone_named
from reporting.ledger import Ledger

CASES = Path(__file__).parent / "cases"
BERLIN = ZoneInfo("Europe/Berlin")
PLANT = plant("werk-nord", "main", register(*COUNTER))


def options_of(case: Path) -> ProfileOptions:
    file = case / "options.toml"
    output: dict[str, Any] = tomllib.loads(file.read_text()) if file.exists() else {}
    if "time_columns" in output:
        output["time_columns"] = tuple(output["time_columns"])
    return ProfileOptions(**output)


@pytest.mark.parametrize("case", sorted(p for p in CASES.iterdir() if (p / "expected.csv").exists()), ids=lambda p: p.name)
def test_a_file_is_read_as_a_person_would(case: Path) -> None:
    rows = read_profile(case / "profile.csv", options_of(case)).rows
    found = [
        {"start_utc": f"{r.start_utc:%Y-%m-%dT%H:%M:%SZ}", "energy_uwh": r.energy_uwh, "quality": i.quality}
        for r, i in zip(rows, to_intervals(Profile(rows), "s", "m", "c"), strict=True)
    ]
    with (case / "expected.csv").open(newline="") as file:
        expected = [{**row, "energy_uwh": int(row["energy_uwh"]) if row["energy_uwh"] else None} for row in csv.DictReader(file)]
    assert found == expected


@pytest.mark.parametrize("case", sorted(p for p in CASES.iterdir() if (p / "expected_error.txt").exists()), ids=lambda p: p.name)
def test_a_file_that_could_mean_two_things_is_refused(case: Path) -> None:
    with pytest.raises(InputFaults) as refused:
        read_profile(case / "profile.csv", options_of(case))
    for pattern in (case / "expected_error.txt").read_text().splitlines():
        assert re.search(pattern, str(refused.value)), f"{pattern}\nnot in\n{refused.value}"


def test_every_case_says_what_is_expected() -> None:
    for case in CASES.iterdir():
        assert (case / "expected.csv").exists() != (case / "expected_error.txt").exists(), case.name


@pytest.mark.parametrize("label", ["start", "end"])
@given(first=st.integers(0, 366 * 96), length=st.integers(1, 300))
def test_labels_of_any_span_lead_back_to_its_instants(label: Any, first: int, length: int) -> None:
    """A span that begins or ends within October's double hour has labels once only: nobody could tell which, so spans avoid that."""
    starts = [datetime(2026, 1, 1, tzinfo=UTC) + QUARTER * (first + n) for n in range(length)]
    shift = QUARTER if label == "end" else timedelta(0)
    labels = [(start + shift).astimezone(BERLIN).replace(tzinfo=None) for start in starts]
    double = [wall for wall in labels if f"{wall:%m-%d %H}" == "10-25 02"]
    if len(double) in (0, 8):
        assert starts_of(labels, BERLIN, label) == starts


def test_wall_clocks_in_their_spellings() -> None:
    for text in ("23.10.2026 14:15", "23.10.26 14:15", "2026-10-23 14:15:00", "2026-10-23T14:15"):
        assert wall_clock(text, 0).isoformat() == "2026-10-23T14:15:00"
    assert wall_clock("10/23/2026 14:15", 0, "month-first") == wall_clock("23/10/2026 14:15", 0, "day-first")


def test_a_zone_is_a_name_or_a_fixed_offset() -> None:
    assert zone_named("+01:00").utcoffset(None) == timedelta(hours=1)
    with pytest.raises(ValueError, match="no time zone; expected a name such as Europe/Berlin"):
        zone_named("Mitteleuropa")


def test_an_import_stands_below_what_the_platform_metered_and_says_where_it_came_from() -> None:
    row = ProfileRow(2, datetime(2026, 10, 23, 4, 0, tzinfo=UTC), 5)
    (interval,) = to_intervals(Profile((row,)), "werk-nord", "main", "energy_import")
    assert (interval.revision, interval.origin, interval.method) == (0, IntervalOrigin.IMPORT, IntervalMethod.REGISTER)
    (missing,) = to_intervals(Profile((ProfileRow(2, row.start_utc, None),)), "werk-nord", "main", "energy_import")
    assert (missing.energy_uwh, missing.quality, missing.coverage) == (None, IntervalQuality.MISSING, 0.0)


def test_days_are_counted_by_the_clock_of_the_plant() -> None:
    assert [
        quarters_of(date(2026, 3, 29), BERLIN),
        quarters_of(date(2026, 10, 25), BERLIN),
        quarters_of(date(2026, 10, 26), BERLIN),
    ] == [92, 100, 96]
    first = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    rows = tuple(ProfileRow(n, first + QUARTER * n, 10**9) for n in range(196) if n not in (50, 51))
    (series,) = check(to_intervals(Profile(rows), "s", "m", "c"), BERLIN)
    assert [(d.day.day, d.found, d.expected) for d in series.days] == [(25, 98, 100)]
    assert [(g.from_utc, g.quarters) for g in series.gaps] == [(first + QUARTER * 50, 2)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LASTGANG_CLOCK", f"{datetime.now(UTC).isoformat()},2026-11-01T00:00:00+00:00,1")
    (tmp_path / "plant.toml").write_text(PLANT)
    lines = [f"{datetime(2026, 10, 23, tzinfo=UTC) + QUARTER * n:%Y-%m-%dT%H:%M:%SZ},{400 + n}" for n in range(200)]
    (tmp_path / "load.csv").write_text("\n".join(["start_utc,power_kw", *lines]) + "\n")
    return tmp_path


def test_a_dry_run_shows_and_sends_nothing(folder: Path) -> None:
    result = CliRunner().invoke(command, [str(folder / "load.csv"), "--plant", str(folder), "--dry-run"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "main/energy_import: 200 quarter hours from 2026-10-23 02:00 +0200" in result.output
    assert "highest 599.0 kW" in result.output
    assert "day 2026-10-23: 88 of 96" in result.output
    assert "clock change 2026-10-25: 16 of 100" in result.output
    assert "nothing was sent" in result.output


def test_meters_and_channels_that_the_plant_has_not_are_refused(folder: Path) -> None:
    arguments = [str(folder / "load.csv"), "--plant", str(folder), "--channel", "energy_export", "--dry-run"]
    result = CliRunner().invoke(command, arguments)
    assert isinstance(result.exception, InputFaults)
    assert "channel of main: found 'energy_export'; expected one of its counters ['energy_import']" in str(result.exception)


@pytest.mark.cluster
def test_importing_twice_writes_once(folder: Path, stack_kafka: KafkaBroker, namespace: str) -> None:
    settings = KafkaSettings(f"127.0.0.1:{stack_kafka.port}", namespace)
    arguments = [str(folder / "load.csv"), "--plant", str(folder), "--kafka", settings.bootstrap, "--namespace", namespace]
    for _ in range(2):
        result = CliRunner().invoke(command, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    with RecordConsumer(settings, [INTERVALS]) as consumer:
        messages = consumer.read_to_end()
    assert len(messages) == 400
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        ledger.append([(m.topic, m.partition, m.offset, m.record()) for m in messages])
        kept = ledger.intervals("main", "energy_import", datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
        assert [i.power_kw for i in kept] == [400.0 + n for n in range(200)]
        assert {i.quality for i in kept} == {IntervalQuality.MEASURED}
        assert ledger.conflicts() == []

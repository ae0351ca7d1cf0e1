"""A clock that is far ahead for a while: it fills no month with missing quarter hours and silences no meter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from small_plant import MINUTE_MS, TEN, Run, minutes, plant, reading, rising

from domain.clock import ScaledClock, epoch_ms, instant
from domain.errors import InputFaults
from domain.intervals import QUARTER_MS, Interval, IntervalQuality
from domain.readings import SET_BACK_CHANNEL, Reading, Rejection, RejectionReason
from domain.topics import READINGS
from metering.quarter_hours import QuarterHours
from metering.rules import AHEAD_OF_PLANT_MS
from metering.running_demand import RunningDemand
from metering.set_back import set_back_command
from metering.table import quarter_hours

DAYS_36_MS = 36 * 86_400_000
KEY = "s/m"


def one_by_one(run: Run, readings: Sequence[Reading]) -> Run:
    """Feed readings as they come."""
    for one in readings:
        run.take([one])
    return run


class PlantTime(ScaledClock):
    """A plant's clock that shows what the test says."""

    now_ms = TEN

    def now_utc(self):  # type: ignore[no-untyped-def]
        return instant(type(self).now_ms)


def poisoned(count: int = 60, at: int = 30) -> list[Reading]:
    """A reading a minute; at minute `at` the gateway's clock is 36 days ahead, so that both dates are wrong."""
    good = minutes(rising(count))
    wrong = replace(good[at], observed_ms=good[at].observed_ms + DAYS_36_MS, received_ms=good[at].received_ms + DAYS_36_MS)
    return [*good[:at], wrong, *good[at + 1 :]]


def published_by_the_job(readings: Sequence[Reading]) -> tuple[dict[int, Interval], list[Rejection]]:
    """What the job's step makes of readings that come at once, each with the watermark that a wrong date would give."""
    PlantTime.now_ms = TEN
    logic = QuarterHours(plant(), PlantTime(instant(TEN), instant(TEN), 1.0))
    state, rows, rejected, watermark_ms = logic.initial(KEY), dict[int, Interval](), list[Rejection](), 0
    for n, one in enumerate(readings):
        PlantTime.now_ms = TEN + n * MINUTE_MS + 200
        watermark_ms = max(watermark_ms, one.observed_ms)
        state, outputs = logic.take(KEY, state, [(READINGS, one)])
        state, more = logic.advance(KEY, state, watermark_ms)
        for _, record in (*outputs, *more):
            if isinstance(record, Interval):
                rows[epoch_ms(record.start_utc)] = record
            else:
                rejected.append(record)
    return rows, rejected


def test_a_gateway_clock_36_days_ahead_for_one_poll_costs_that_reading_and_nothing_else() -> None:
    rows, rejected = published_by_the_job(poisoned())
    assert [(r.reason, "ahead of the plant's clock" in r.detail) for r in rejected] == [(RejectionReason.CLOCK_IN_FUTURE, True)]
    assert max(rows) <= TEN + 75 * MINUTE_MS
    assert [rows[TEN + n * QUARTER_MS].energy_kwh for n in range(3)] == [15.0, 15.0, 15.0]


def test_a_file_in_which_one_poll_is_dated_36_days_ahead_makes_no_month_of_missing_rows() -> None:
    result = quarter_hours(plant(), poisoned())
    assert [r.reason for r in result.rejections] == [RejectionReason.CLOCK_IN_FUTURE]
    assert len(result.intervals) <= 5
    assert [row.energy_kwh for row in result.rows()][:3] == [15.0, 15.0, 15.0]


def test_a_silence_of_two_months_is_not_published_quarter_hour_by_quarter_hour_beyond_the_horizon() -> None:
    back = TEN + 60 * 86_400_000
    run = one_by_one(Run(plant()), minutes(rising(40)) + minutes(rising(40, 5000.0), from_ms=back))
    missing = [row for row in run.rows.values() if row.quality is IntervalQuality.MISSING]
    days = plant().site.late_horizon_days + 2
    assert len(missing) <= days * 96
    assert run.rows["energy_import", back + QUARTER_MS].energy_kwh == 15.0


def test_an_operator_sets_back_a_meter_that_a_clock_has_dated_ahead() -> None:
    """The state of a job from before: it has believed readings of 36 days ahead."""
    run = one_by_one(Run(plant()), minutes(rising(30)) + minutes(rising(3, 1030.0), from_ms=TEN + DAYS_36_MS))
    later = minutes(rising(60, 1030.0), from_ms=TEN + 30 * MINUTE_MS)
    run.take(later[:1])
    assert [r.reason for r in run.rejected] == [RejectionReason.BEYOND_HORIZON]
    before = {key: row for key, row in run.rows.items() if key[1] < TEN + 15 * MINUTE_MS}
    run.state, outputs = run.step.set_back(run.state, TEN + 29 * MINUTE_MS)
    assert {r.reason for r in outputs if isinstance(r, Rejection)} == {RejectionReason.CLOCK_IN_FUTURE}
    run.now_ms = TEN + 29 * MINUTE_MS
    run.take(later)
    assert [run.row(n).energy_kwh for n in range(5)] == [15.0] * 5
    assert {key: run.rows[key] for key in before} == before
    assert run.row(2).revision > 1, "rows that stood there get the next revision"


def test_the_command_sets_back_both_steps_of_the_job_and_is_read_again_alike() -> None:
    command = set_back_command(plant(), "m", instant(TEN), instant(TEN + MINUTE_MS), "M. Adler", "gateway clock was ahead")
    assert (command.channel, command.observed_ms, command.text) == (SET_BACK_CHANNEL, TEN, "M. Adler: gateway clock was ahead")
    PlantTime.now_ms = TEN + DAYS_36_MS
    clock = PlantTime(instant(TEN), instant(TEN), 1.0)
    logic, demand = QuarterHours(plant(), clock), RunningDemand(plant(), clock)
    states = [logic.initial(KEY), demand.initial(KEY)]
    for one in (*minutes(rising(30)), reading(TEN + DAYS_36_MS, 1031.0)):
        states = [step.take(KEY, state, [(READINGS, one)])[0] for step, state in zip((logic, demand), states, strict=True)]
    once, rejected = logic.take(KEY, states[0], [(READINGS, command)])
    stored = logic.encode(once)
    twice, again = logic.take(KEY, logic.decode(KEY, stored), [(READINGS, command)])
    assert rejected, "what has not been thinned out is reported"
    assert not again
    assert logic.encode(twice) == stored
    assert demand.take(KEY, states[1], [(READINGS, command)])[0].quarter == 0


@pytest.mark.parametrize(
    ("meter", "to_ms", "by", "why", "words"),
    [
        ("n", TEN, "A", "x", "METER"),
        ("m", TEN + 2 * AHEAD_OF_PLANT_MS, "A", "x", "--to"),
        ("m", 0, "A", "x", "--to"),
        ("m", TEN, "", "x", "--by"),
        ("m", TEN, "A", "x\x0b", "--why"),
    ],
)
def test_a_command_that_cannot_be_meant_is_refused_with_what_is_expected(
    meter: str, to_ms: int, by: str, why: str, words: str
) -> None:
    with pytest.raises(InputFaults, match=words):
        set_back_command(plant(), meter, instant(to_ms), instant(TEN) + timedelta(0), by, why)

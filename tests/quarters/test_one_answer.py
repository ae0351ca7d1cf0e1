"""One question has one answer: page, report, command line, InfluxDB and API show the same figures of any ledger."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.influx.points import PointMaker
from console import api
from console.access import Access
from console.board import Board
from console.context import Console
from console.live_state import Live, LiveState
from console.reports import ReportShelf
from console.views.levels import billed_peak
from console.views.meters import meter_day_view, meters_view
from console.views.now import now_view
from console.views.scene import Scene
from domain.channels import EXPORT, IMPORT
from domain.clock import epoch_ms
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalQuality
from domain.measurements import INTERVAL, QUALITY_CODES
from domain.plant import Plant
from domain.topics import INTERVALS
from domain.units import UWH_PER_KWH
from metering.tree_table import tree_of, write_tree
from quarters.numbers import slot_of
from quarters.periods import billing_period
from quarters.remainder import nodes, sum_of_remainders
from quarters.series import QuarterSeries
from reporting.ledger import Ledger
from reporting.month import MonthReport, NetsOfSeries, month_period, month_report
from tests.stream_jobs.hand_clock import HandClock

FIRST_UTC = datetime(2026, 9, 30, 22, tzinfo=UTC)
"""Local midnight, with which a month and its first day begin."""
NOW_UTC = datetime(2026, 10, 1, 1, 14, tzinfo=UTC)
"""Thirteen quarter hours later: twelve of them are over and due."""
DUE = 12


def plant() -> Plant:
    """A connection with import and export; below it two machines and a solar plant."""

    def register(channel: str) -> dict[str, object]:
        return {"channel": channel, "kind": "counter", "unit": "kWh", "sampling_s": 60.0, "resolution": 0.001}

    meters = [
        {"id": "main", "max_power_kw": 400.0, "register": [register(IMPORT), register(EXPORT)]},
        {"id": "press", "max_power_kw": 200.0, "parent": "main", "register": [register(IMPORT)]},
        {"id": "oven", "max_power_kw": 200.0, "parent": "main", "register": [register(IMPORT)]},
        {"id": "sun", "max_power_kw": 100.0, "parent": "main", "register": [register(EXPORT)]},
    ]
    about = {
        "id": "s",
        "timezone": "Europe/Berlin",
        "commissioned_utc": FIRST_UTC,
        "billing_meter": "main",
        "demand_period": "month",
    }
    return Plant.model_validate({"site": about, "meter": meters})


PLANT = plant()
CHANNELS = [("main", IMPORT), ("main", EXPORT), ("press", IMPORT), ("oven", IMPORT), ("sun", EXPORT)]
WITH_VALUE = [quality for quality in IntervalQuality if quality is not IntervalQuality.MISSING]
known = st.tuples(st.integers(0, 100), st.sampled_from(WITH_VALUE), st.sampled_from((0.25, 1.0)))
row = st.one_of(known, known, known, st.just((None, IntervalQuality.MISSING, 0.0)), st.none())
spans = st.lists(row, min_size=DUE, max_size=DUE)
"""The quarter hours of one channel: (kWh, quality, coverage), a row without a value, or no row."""


def interval(meter: str, channel: str, number: int, kwh: int | None, quality: IntervalQuality, coverage: float) -> Interval:
    energy_uwh = None if kwh is None else kwh * UWH_PER_KWH
    return Interval("s", meter, channel, FIRST_UTC + number * QUARTER, energy_uwh, coverage, quality, IntervalMethod.REGISTER, 1)


class Answers:
    """The same quarter hours, as each of those that show them knows them."""

    def __init__(self, rows: list[Interval]) -> None:
        clock = HandClock(NOW_UTC)
        self.rows = rows
        self.ledger = Ledger.in_memory(clock)
        self.ledger.append([(INTERVALS, 0, number, one) for number, one in enumerate(rows)])
        self.report: MonthReport = month_report(self.ledger, PLANT, month_period("2026-10", "Europe/Berlin"), now_utc=NOW_UTC)
        live = LiveState("s", PLANT, clock.now_utc)
        self.scene = Scene(PLANT, self.ledger, live.picture(0.0), NOW_UTC)
        maker = PointMaker(PLANT)
        self.points = [point for one in rows for point in maker.points(INTERVALS, one) if point.measurement is INTERVAL]
        self.board = Board(PLANT, StillFeed(live), clock, lambda: self.ledger, lambda: ())
        app = FastAPI()
        app.include_router(api.router(Console(self.board, ReportShelf(Path("reports"), []), Access(""))))
        self.client = TestClient(app)

    def get(self, path: str) -> Any:
        response = self.client.get(f"/api/v1/{path}")
        assert response.status_code == 200, response.text
        return response.json()


class StillFeed:
    """Nothing comes from the topics."""

    def __init__(self, live: LiveState) -> None:
        self.live = live

    def picture(self) -> Live:
        return self.live.picture(0.0)

    def decide(self, decision: Any, known_until: Any) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to close."""


def uwh(kwh: float | None) -> int | None:
    return None if kwh is None else round(kwh * UWH_PER_KWH)


def the_sum_of_each_channel(answers: Answers) -> None:
    for meter, channel in CHANNELS:
        series = answers.report.of(meter, channel)
        assert series is not None
        span = f"from_utc={FIRST_UTC:%Y-%m-%dT%H:%M:%SZ}&to_utc=2026-10-01T22:00:00Z&channel={channel}"
        rows = answers.get(f"meters/{meter}/intervals?{span}")
        mine = [p for p in answers.points if (p.tags["meter"], p.tags["channel"]) == (meter, channel)]
        assert sum(one["energy_uwh"] or 0 for one in rows) == series.sum.energy_uwh
        assert sum(uwh(p.fields.get("kwh")) or 0 for p in mine) == series.sum.energy_uwh
        assert sum(one["coverage"] for one in rows) == pytest.approx(series.sum.coverage * series.sum.quarters)
        assert sum(p.fields["coverage"] for p in mine) == pytest.approx(series.sum.coverage * series.sum.quarters)


def how_well_it_is_known(answers: Answers) -> None:
    """Of a meter with one channel: the page's day is the month's beginning."""
    for meter in ("press", "oven"):
        series = answers.report.of(meter, IMPORT)
        assert series is not None
        day = meter_day_view(answers.scene, meter, answers.scene.day())
        for quality, share in series.sum.by_quality.items():
            not_due = series.sum.quarters - DUE if quality is IntervalQuality.MISSING else 0
            # Quarter hours before the first row of any meter are not missing on a page that may be asked for any day.
            before = DUE - len(day.missing) - sum(q is not None and q.energy_uwh is not None for q in day.quarters)
            assert day.by_quality.get(quality, 0) == share.quarters - not_due - (
                before if quality is IntervalQuality.MISSING else 0
            )
        assert uwh(day.energy_kwh) == (series.sum.energy_uwh if series.sum.with_value else None)
        line = next(one for one in meters_view(answers.scene).rows if one.meter == meter)
        assert uwh(line.today_kwh) == uwh(day.energy_kwh)
        assert line.today_missing == len(day.missing)


def the_net_energy(answers: Answers) -> None:
    day = meter_day_view(answers.scene, "main", answers.scene.day())
    (node,) = (judged.node for judged in tree_of(PLANT, answers.rows))
    published = {one.start_utc: one.own_uwh for one in node.quarters}
    period = answers.report.period
    starts = [period.start_utc(slot) for slot in range(period.expected)]
    (of_series,) = nodes(PLANT, NetsOfSeries(PLANT, answers.report.series), starts)
    of_report = {one.start_utc: one.own_uwh for one in of_series.quarters}
    assert answers.report.balances[0].sum == sum_of_remainders(of_series.quarters)
    for quarter in day.quarters:
        if quarter is not None:
            assert quarter.energy_uwh == published[quarter.start_utc] == of_report[quarter.start_utc]
    assert day.lacks == {channel: count for (meter, channel), count in node.lacking().items() if meter == "main"}
    assert next(one for one in answers.get("meters")["rows"] if one["meter"] == "main")["today_kwh"] == day.energy_kwh


def the_remainder(answers: Answers) -> None:
    (remainder,) = answers.report.balances
    line = next(one for one in meters_view(answers.scene).rows if one.remainder_of is not None)
    assert uwh(line.today_kwh) == remainder.sum.energy_uwh
    with TemporaryDirectory() as folder:
        write_tree(Path(folder) / "tree.csv", PLANT, tree_of(PLANT, answers.rows))
        with (Path(folder) / "tree.csv").open(newline="") as file:
            of_command = [uwh(float(one["rest_kwh"])) for one in csv.DictReader(file) if one["rest_kwh"]]
    assert (sum(one or 0 for one in of_command), len(of_command)) == (remainder.sum.energy_uwh or 0, remainder.sum.quarters)
    of_api = next(one for one in answers.get("meters")["rows"] if one["remainder_of"] is not None)
    assert uwh(of_api["today_kwh"]) == uwh(line.today_kwh)


def the_highest_quarter_hour(answers: Answers) -> None:
    series = answers.report.billing
    assert series is not None
    expected = None if series.peak is None else (series.peak.start_utc, series.peak.energy_uwh)
    kept = QuarterSeries()
    for one in answers.rows:
        if (one.meter, one.channel) == ("main", IMPORT):
            kept.put(one)
    period = billing_period(PLANT.site, NOW_UTC)
    of_advice = kept.highest(slot_of(period.start_utc), slot_of(period.end_utc))
    now = now_view(answers.scene).today_peak
    stored = answers.ledger.peak("main", IMPORT, period.start_utc, period.end_utc)
    at_api = answers.get("now")["today_peak"]
    assert expected == (None if now is None else (now.start_utc, now.energy_uwh))
    assert expected == (None if stored is None else (stored.start_utc, stored.energy_uwh))
    assert expected == (
        None if of_advice is None else (FIRST_UTC + (of_advice.slot - slot_of(FIRST_UTC)) * QUARTER, of_advice.energy_uwh)
    )
    assert expected == (None if at_api is None else (datetime.fromisoformat(at_api["start_utc"]), at_api["energy_uwh"]))


def the_billing_period(answers: Answers) -> None:
    period = billing_period(PLANT.site, NOW_UTC)
    assert (period.start_utc, period.end_utc) == (answers.report.period.from_utc, answers.report.period.to_utc)
    billed, series = billed_peak(answers.scene), answers.report.billing
    assert series is not None
    highest_kw = 0.0 if series.peak is None else series.peak.power_kw or 0.0
    assert (0.0 if billed is None else billed.kw) == highest_kw
    drawn = [p for p in answers.points if (p.tags["meter"], p.tags["channel"]) == ("main", IMPORT) and "kw" in p.fields]
    counting = [p.fields["kw"] for p in drawn if p.fields["quality"] != QUALITY_CODES[IntervalQuality.FAULTY]]
    assert all(epoch_ms(period.start_utc) <= p.at_ms < epoch_ms(period.end_utc) for p in drawn)
    assert max(counting, default=0.0) == highest_kw


QUESTIONS: list[Callable[[Answers], None]] = [
    the_sum_of_each_channel, how_well_it_is_known, the_net_energy, the_remainder, the_highest_quarter_hour, the_billing_period,
]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(spans, min_size=len(CHANNELS), max_size=len(CHANNELS)))
def test_page_report_command_line_influxdb_and_api_give_the_same_answer(published: list[list[Any]]) -> None:
    rows = [
        interval(meter, channel, number, *values)
        for (meter, channel), of_channel in zip(CHANNELS, published, strict=True)
        for number, values in enumerate(of_channel)
        if values is not None
    ]
    if not rows:
        return
    answers = Answers(rows)
    try:
        for question in QUESTIONS:
            question(answers)
    finally:
        answers.board.close()
        answers.ledger.close()

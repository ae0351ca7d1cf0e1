"""Records of any date and size, many of them, and a plant about which nothing is known: every page and every call survives them."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import console_extremes as extremes
import pytest
from console_ledger import sample_ledger
from console_sample import NOW_UTC, SITE, SampleFeed, frozen_clock, sample_demand, sample_processes
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from nicegui import json
from test_console_render import well_formed

from console import api
from console.access import Access
from console.board import Board
from console.context import Console
from console.live_state import MOST_ADVICE, MOST_CHANNELS, MOST_SPEAKERS, Bounded, LiveState
from console.pages.meters import parse_day, parse_instant
from console.render import charts, forecasts, gaps, gauge, meters, outlook, plan, platform
from console.reports import ReportShelf
from console.views.gaps import meter_gaps_view
from console.views.meters import meter_day_view, meters_view
from console.views.now import now_view
from console.views.outlook import outlook_view
from console.views.plan import plan_view
from console.views.platform import platform_view
from console.views.reports import months_view
from console.views.scene import Scene
from domain.clock import epoch_ms
from domain.plant import Plant
from domain.readings import CONNECTION_CHANNEL, Reading
from domain.recommendations import Decision, DecisionKind
from reporting.ledger import Ledger
from words.catalogue import languages
from words.speech import of_page

BERLIN = ZoneInfo("Europe/Berlin")


def scene_of(plant: Plant, ledger: Any, feed: SampleFeed, **others: Any) -> Scene:
    return Scene(plant, ledger, feed.picture(), NOW_UTC, processes=sample_processes(), **others)


def extreme_scene(plant: Plant) -> Scene:
    ledger = extremes.extreme_ledger(plant)
    return scene_of(plant, ledger, extremes.ExtremeFeed(plant, ledger))


def troubled_scene(plant: Plant) -> Scene:
    ledger = sample_ledger(plant)
    return scene_of(plant, ledger, extremes.TroubledFeed(plant, ledger), parts=extremes.TROUBLED_PARTS)


def bare_scene(folder: Path) -> Scene:
    plant = extremes.bare_plant(folder)
    return Scene(plant, Ledger.in_memory(), extremes.SilentFeed(plant).picture(), NOW_UTC, ledger_there=False)


def gappy_scene(folder: Path) -> Scene:
    plant = extremes.bare_plant(folder)
    ledger = extremes.gappy_ledger(plant)
    return scene_of(plant, ledger, extremes.SilentFeed(plant, ledger, connects=True))


@pytest.fixture(params=["extreme", "troubled", "bare", "gappy"])
def any_scene(request: pytest.FixtureRequest, plant: Plant, tmp_path: Path) -> Scene:
    match request.param:
        case "extreme":
            return extreme_scene(plant)
        case "troubled":
            return troubled_scene(plant)
        case "bare":
            return bare_scene(tmp_path)
        case _:
            return gappy_scene(tmp_path)


@pytest.mark.parametrize("language", languages())
def test_every_part_of_every_page_can_be_drawn(any_scene: Scene, language: str) -> None:
    w, scene = of_page(language, BERLIN), any_scene  # type: ignore[arg-type]
    meter = scene.plant.meters[-1].id
    now, planned, tree, own = now_view(scene), plan_view(scene), meters_view(scene), platform_view(scene)
    day, later = meter_day_view(scene, meter, scene.day()), meter_day_view(scene, meter, scene.day(), as_first_published=True)
    ahead = outlook_view(scene, meter)
    drawn = [
        gauge.gauge(now, w), gauge.alarm_bar(now, w), gauge.figures(now, w), gauge.marks(now, w), meters.findings(now, w, 5),
        plan.gantt(planned, w), plan.headline(planned, w), forecasts.peaks_table(planned, w), forecasts.day_ahead_table(planned, w),
        *(plan.card(card, w) for card in planned.cards), meters.tree(tree, w, meter), meters.silence(tree, w), meters.findings(tree, w),
        platform.troubles(tree, w), meters.meter_summary(day, w), meters.channel_table(day, w), outlook.outlook_words(ahead, w),
        gaps.gap_table(meter_gaps_view(scene, meter), w), gaps.quarter_story(day, w, NOW_UTC), gaps.quarter_story(later, w, day.from_utc),
        platform.overview(own, w), platform.connections(own, w), platform.rejected(own, w), platform.processes(own, w),
    ]  # fmt: skip
    for fragment in drawn:
        well_formed(fragment)
    assert sum(map(len, drawn)) < 3_000_000
    assert all(plan.card_state(card, w) is not None for card in planned.cards)
    for options in (
        charts.last_day_chart(now, w), charts.load_chart(planned, w), charts.outlook_chart(ahead, w), charts.meter_day_chart(day, w),
        charts.with_pick(charts.meter_day_chart(later, w), charts.label_of(NOW_UTC, w)),
    ):  # fmt: skip
        assert json.dumps(options)
    assert len(months_view(scene)) <= 24


@pytest.fixture
def extreme_api(plant: Plant, tmp_path: Path) -> Iterator[TestClient]:
    ledger = extremes.extreme_ledger(plant)
    board = Board(plant, extremes.ExtremeFeed(plant, ledger), frozen_clock(), lambda: ledger, sample_processes)
    app = FastAPI()
    shelf = ReportShelf(tmp_path, [sys.executable, "-c", "", "{out}"])
    app.include_router(api.router(Console(board, shelf, Access())))
    yield TestClient(app, raise_server_exceptions=False)
    board.close()


SPAN = "from_utc=2026-10-22T00:00:00Z&to_utc=2026-10-23T10:00:00Z"


@pytest.mark.parametrize(
    "path",
    ["health", "now", "plan", "forecast", "forecast?meter=furnace-1", "forecast?as_of=8999-12-31T00:00:00Z", "orders", "orders?most=5000",
     "recommendations?most=5000", "recommendations/cards", "anomalies", "meters", "platform", "reports/months",
     f"meters/main/intervals?{SPAN}", f"meters/main/revisions?{SPAN}", f"meters/main/gaps?{SPAN}",
     "meters/main/intervals?from_utc=1000-01-01T00:00:00Z&to_utc=1000-01-01T00:00:00Z",
     "meters/main/gaps?from_utc=8999-12-30T00:00:00Z&to_utc=8999-12-31T23:59:59Z"],
)  # fmt: skip
def test_every_call_answers_among_extreme_records(extreme_api: TestClient, path: str) -> None:
    answer = extreme_api.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text[:500]
    assert answer.json() is not None


def test_an_extreme_recommendation_can_be_decided_like_any_other(extreme_api: TestClient) -> None:
    found = extreme_api.get("/api/v1/recommendations?most=5000").json()
    openly = [r["recommendation"] for r in found if r["status"] == "open"][:12]
    body = {"kind": "accepted", "by": "A"}
    statuses = {extreme_api.post(f"/api/v1/recommendations/{name}/decision", json=body).status_code for name in openly}
    assert statuses <= {202, 409}


# what comes live ---------------------------------------------------------------------------------------------------


def live_state(plant: Plant | None = None) -> LiveState:
    return LiveState(SITE, plant, lambda: NOW_UTC)


def reading(at_utc: datetime, value: float, meter: str = "main", channel: str = "power", text: str | None = None) -> Reading:
    return Reading(SITE, meter, channel, epoch_ms(at_utc), epoch_ms(at_utc), value, text=text)


@pytest.mark.parametrize("wrong_utc", extremes.DATES)
@pytest.mark.parametrize("wrong_first", [True, False])
def test_a_reading_with_a_wrong_date_does_not_stop_the_meter(plant: Plant, wrong_utc: datetime, wrong_first: bool) -> None:
    state = live_state(plant)
    right, wrong = reading(NOW_UTC, 1.0), reading(wrong_utc, 9.0)
    for n, record in enumerate([wrong, right] if wrong_first else [right, wrong]):
        state.take(record, float(n))
    state.take(reading(NOW_UTC + timedelta(seconds=1), 2.0), 3.0)
    live = state.picture(4.0)
    assert live.readings[("main", "power")].reading.value == 2.0
    assert live.meters_seen_ms["main"] == epoch_ms(NOW_UTC + timedelta(seconds=1))


@pytest.mark.parametrize("wrong_utc", extremes.DATES)
def test_a_demand_or_a_connection_with_a_wrong_date_does_not_freeze_the_page(plant: Plant, wrong_utc: datetime) -> None:
    state = live_state(plant)
    for n, at in enumerate((wrong_utc, NOW_UTC, wrong_utc)):
        state.take(replace(sample_demand(NOW_UTC), at_utc=at, projected_kw=float(n)), float(n))
        state.take(reading(at, 0.0, "plc", CONNECTION_CHANNEL, "connected" if at == NOW_UTC else "lost"), float(n))
    live = state.picture(4.0)
    assert live.demand is not None
    assert (live.demand.at_utc, live.connections["plc"].reading.text) == (NOW_UTC, "connected")


def test_a_clock_that_is_behind_all_devices_still_shows_the_newest(plant: Plant) -> None:
    state = LiveState(SITE, plant, lambda: NOW_UTC - timedelta(days=30))
    for n in range(3):
        state.take(reading(NOW_UTC + timedelta(seconds=n), float(n)), float(n))
    assert state.picture(4.0).readings[("main", "power")].reading.value == 2.0


def test_stored_records_from_the_future_give_way_to_the_newest_that_are_not(plant: Plant) -> None:
    scene = extreme_scene(plant)
    demand, forecast, below = scene.demand(), scene.forecast(), scene.meter_forecast("furnace-1")
    assert demand is not None and demand.at_utc == NOW_UTC
    assert forecast is not None and forecast.issued_utc <= NOW_UTC
    assert below is not None and below.issued_utc <= NOW_UTC
    assert months_view(scene)[0].name == "2026-10"


def test_many_meters_and_channels_that_nobody_knows_take_no_room_and_hide_nobody(plant: Plant) -> None:
    state = live_state(plant)
    state.take(reading(NOW_UTC, 1.0), 0.0)
    for n in range(5_000):
        state.take(reading(NOW_UTC, 1.0, f"stranger-{n}"), 0.0)
        state.take(reading(NOW_UTC, 1.0, "press-1", f"c{n}"), 0.0)
        state.take(reading(NOW_UTC, 1.0, f"device-{n}", CONNECTION_CHANNEL, "connected"), 0.0)
    live = state.picture(1.0)
    assert len(live.readings) == 1 + MOST_CHANNELS
    assert (len(live.connections), live.left_out) == (MOST_SPEAKERS, 4_000)
    assert ("main", "power") in live.readings and "device-0" in live.connections
    assert live.meters_seen_ms.keys() == {"main", "press-1"}


def test_many_recommendations_and_decisions_keep_those_heard_last(plant: Plant) -> None:
    state = live_state(plant)
    for record in extremes.extreme_recommendations(3_000):
        state.take(record, 0.0)
    for n in range(3_000):
        for who in range(20 if n < 10 else 1):
            state.take(Decision(SITE, f"X-{n}", DecisionKind.ACCEPTED, f"P{who}", NOW_UTC), 0.0)
    live = state.picture(1.0)
    assert list(live.recommendations) == [f"X-{n}" for n in range(2_000, 3_000)]
    assert len(live.decisions) == MOST_ADVICE
    assert max(map(len, live.decisions.values())) == 1


def test_the_first_decisions_of_a_flood_stay() -> None:
    state = live_state()
    for who in range(50):
        state.take(Decision(SITE, "R", DecisionKind.ACCEPTED, f"P{who}", NOW_UTC), 0.0)
    assert [d.by for d in state.picture(1.0).decisions["R"]] == [f"P{n}" for n in range(10)]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers())), st.integers(1, 8), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_bounded_table_never_holds_more_and_always_the_last_of_what_it_holds(
    puts: list[tuple[int, int]], most: int, drops_oldest: bool
) -> None:
    table = Bounded[int, int](most, drops_oldest)
    taken: dict[int, int] = {}
    for key, item in puts:
        if table.put(key, item):
            taken[key] = item
        assert len(table.copy()) <= most
    assert all(taken[key] == item for key, item in table.copy().items())
    if not drops_oldest:
        assert table.copy() == taken


def test_of_thousands_of_extreme_records_a_page_shows_as_many_as_there_is_room_for(plant: Plant) -> None:
    scene = extreme_scene(plant)
    begun = time.monotonic()
    view = plan_view(scene)
    assert time.monotonic() - begun < 10
    assert (len(view.cards), view.open_left_out > 0, len(view.rows) <= 40) == (20 + 2, True, True)
    assert all(len(row.jobs) <= 20 for row in view.rows)


# addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["0001-01-01", "0999-12-31", "9000-01-01", "9999-12-31", "x", "", "2026-02-30", "\x00", "2026-10-23T00:00"]
)
def test_a_day_that_cannot_be_counted_with_is_today(text: str) -> None:
    today = NOW_UTC.date()
    assert parse_day(text, today) == today


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-10-23T00:00", "99999999999999999999", "y", "", "\x00"]
)
def test_an_instant_that_cannot_be_counted_with_is_none(text: str) -> None:
    assert parse_instant(text) is None


def test_the_first_and_the_last_day_that_can_be_counted_with_have_a_page(plant: Plant) -> None:
    ledger = sample_ledger(plant)
    board = Board(plant, SampleFeed(plant, ledger), frozen_clock(), lambda: ledger, tuple)
    for text in ("1000-01-01", "8999-12-31"):
        day = parse_day(text, NOW_UTC.date())
        view = asyncio.run(board.view(meter_day_view, "main", day))
        assert (f"{view.day}", len(view.quarters)) == (text, 96)
    board.close()

"""Ledger, InfluxDB sink, page, API and report take any well-formed record: what one of them says never hides what the others say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from benchmarks.fuzz.extremes import spoiled
from connectors.influx.points import SOURCES, PointMaker
from connectors.influx.sink import as_client_point
from connectors.kafka.client import Message
from console import api
from console.access import Access
from console.board import Board, ledger_opener
from console.context import Console
from console.live_state import Live, LiveState
from console.reports import ReportShelf
from domain.clock import Clock, ScaledClock
from domain.codec import encode
from domain.contracts import EXAMPLES
from domain.instants import NEVER_UTC
from domain.intervals import QUARTER
from domain.topics import BY_NAME, INTERVALS, ORDERS, READINGS, TOPICS
from reporting.historian import TOPICS_KEPT, entry_of
from reporting.ledger import Entry, Ledger
from reporting.month import month_period
from reporting.report import ReportOrder, write_report
from simulation import demo_plant

NOW_UTC = datetime(2026, 10, 23, 9, 20, tzinfo=UTC)
SITE = EXAMPLES[INTERVALS.name].site
EACH = 60
"""Unexpected records a topic."""


def unexpected() -> Iterator[tuple[Any, Any]]:
    """Topic and record, the same at each run; mostly of this site, because others are passed over."""
    for topic in TOPICS:
        for number in range(EACH):
            rng = Random(f"{topic.name} {number}")
            record = spoiled(EXAMPLES[topic.name], rng)
            if rng.random() < 0.9 and hasattr(record, "site"):
                record = replace(record, site=SITE)
            yield topic, record


def expected() -> Iterator[tuple[Any, Any]]:
    """What a morning of the plant says when all is well."""
    for n in range(36):
        yield (
            INTERVALS,
            replace(
                EXAMPLES[INTERVALS.name], meter="main", start_utc=NOW_UTC.replace(hour=0, minute=0) + n * QUARTER, revision=2**40
            ),
        )
    yield ORDERS, replace(EXAMPLES[ORDERS.name], job="not planned yet", start_utc=NEVER_UTC)
    yield from ((BY_NAME[name], record) for name, record in EXAMPLES.items() if name not in (INTERVALS.name, READINGS.name))


def entries() -> list[Entry]:
    places: dict[str, int] = {}
    found = []
    for topic, record in [*unexpected(), *expected()]:
        if topic in TOPICS_KEPT:
            places[topic.name] = places.get(topic.name, -1) + 1
            message = Message(topic, 0, places[topic.name], 0, topic.key_bytes(record), encode(record))
            found.append(entry_of(message, SITE))
    return found


@pytest.fixture(scope="module")
def plant_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plant")
    demo_plant.write(folder)
    return folder


def frozen_clock() -> Clock:
    now = datetime.now(UTC)
    return ScaledClock(now, NOW_UTC, 1e-9)


@pytest.fixture(scope="module")
def ledger_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    with Ledger.open(path, clock=frozen_clock()) as ledger:
        assert ledger.append(entries()) == len(entries())
    return path


def test_the_ledger_takes_every_record_and_answers_every_question(ledger_file: Path) -> None:
    with Ledger.open(ledger_file, readonly=True) as ledger:
        assert {topic.name for topic in TOPICS_KEPT} == {topic for topic, _ in ledger.offsets()}
        for questions in (
            ledger.orders, ledger.recommendations, ledger.decisions, ledger.anomalies, ledger.conflicts, ledger.unreadable, ledger.series,
            ledger.latest_demand, ledger.latest_forecast, ledger.interval_span, ledger.rejections_by_reason, ledger.recorded_until_utc,
        ):  # fmt: skip
            assert questions() is not None, questions
        today = ledger.intervals("main", "energy_import", NOW_UTC - timedelta(hours=9), NOW_UTC)
        right = [interval for interval in today if interval.energy_uwh == EXAMPLES[INTERVALS.name].energy_uwh]
        assert len(right) >= 35, "one of the 36 is overruled by a revision of 2^63 - 1"
        assert any(order.start_utc == NEVER_UTC for order in ledger.orders())
        assert list(ledger.content())


def test_every_record_becomes_points_that_can_be_written(plant_dir: Path) -> None:
    from domain.plant import load_plant

    maker = PointMaker(load_plant(plant_dir / "plant.toml"))
    written = 0
    for topic, record in [*unexpected(), *expected()]:
        if topic in SOURCES:
            for point in maker.points(topic, record):
                assert all(not isinstance(value, float) or math.isfinite(value) for value in point.fields.values())
                assert as_client_point(point).to_line_protocol()
                written += 1
    assert written > 1000


class Feed:
    """The live topics as they came, without a broker."""

    def __init__(self) -> None:
        self.state = LiveState(SITE)
        self.state.connection(True)
        for _, record in [*unexpected(), *expected()]:
            self.state.take(record, 1.0)
        for n in range(30):
            reading = replace(EXAMPLES[READINGS.name], observed_ms=EXAMPLES[READINGS.name].observed_ms + 1000 * n)
            self.state.take(reading, 1.0 + n)

    def picture(self) -> Live:
        return self.state.picture(40.0)

    def decide(self, decision: Any) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


GET = (
    "health", "now", "plan", "forecast", "forecast?meter=furnace-1", "orders", "recommendations", "recommendations/cards", "anomalies", "meters",
    "platform", "reports", "reports/months",
    "meters/main/intervals?from_utc=2026-10-23T00:00:00Z&to_utc=2026-10-24T00:00:00Z",
    "meters/main/gaps?from_utc=2026-10-23T00:00:00Z&to_utc=2026-10-24T00:00:00Z",
)  # fmt: skip


@pytest.fixture(scope="module")
def client(plant_dir: Path, ledger_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    from domain.plant import load_plant

    board = Board(load_plant(plant_dir / "plant.toml"), Feed(), frozen_clock(), ledger_opener(ledger_file), lambda: ())
    app = FastAPI()
    app.include_router(api.router(Console(board, ReportShelf(tmp_path_factory.mktemp("reports"), ["true"]), Access(""))))
    with TestClient(app, raise_server_exceptions=True) as client:
        yield client
    board.close()


@pytest.mark.parametrize("path", GET)
def test_the_api_answers_whatever_is_in_ledger_and_topics(client: TestClient, path: str) -> None:
    response = client.get(f"/api/v1/{path}")
    assert response.status_code == 200, response.text[:500]


def test_the_report_of_the_month_is_written_whatever_is_in_the_ledger(plant_dir: Path, ledger_file: Path, tmp_path: Path) -> None:
    from domain.plant import load_plant

    plant = load_plant(plant_dir / "plant.toml")
    with Ledger.open(ledger_file, readonly=True) as ledger:
        order = ReportOrder(plant_dir, tmp_path)
        written = write_report(ledger, plant, month_period("2026-10", plant.site.timezone), order, NOW_UTC)
    assert {path.suffix for path in written.folder.iterdir()} >= {".pdf", ".xlsx", ".json"}

"""From a spreadsheet of orders to a load that moves, on a plant that is not the demo's: as its people type, click and answer it.

Orders come from an XLSX file with German headings and no powers; these are learned from the machines' meters. Advice to move a job is
accepted on the page, advice to open a shift by a program on the topic. The plan is revised, and the machines, which do what the plan says,
draw their power elsewhere. What is typed is what the how-to page says.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from following_machines import Works
from how_to import circle
from live_plant import LivePlant, nothing_of
from served_plant import ServedPlant

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer
from deploy.settings import load_settings
from domain.intervals import QUARTER
from domain.orders import OrderStatus
from domain.recommendations import Action, Decision, DecisionKind, Recommendation, RecommendationStatus
from domain.topics import DECISIONS, JOB_POWERS, ORDERS, RECOMMENDATIONS, SHIFT_CHANGES, Topic
from domain.units import UWH_PER_KWH

TEMPLATE = Path(__file__).parent / "hardening-shop"
CHROMIUM = Path("/usr/bin/chromium")
ZONE = ZoneInfo("Europe/Berlin")
START_UTC = datetime(2026, 10, 6, 11, 42, tzinfo=UTC)
"""A Tuesday, 13:42 at the works."""
FIRST_PAST_UTC = datetime(2026, 9, 17, 22, 0, tzinfo=UTC)
LAST_PAST_UTC = datetime(2026, 10, 6, 11, 30, tzinfo=UTC)
SPEED = 90.0
BASE_KW, IDLE_KW, GEARS_KW, SHAFT_KW, FLANGE_KW = 130.0, 10.0, 200.0, 240.0, 120.0
STAGGERED_KW = BASE_KW + 2 * IDLE_KW + SHAFT_KW
"""The highest quarter hour while oven and press take turns: 390 kW."""
TOGETHER_KW = STAGGERED_KW + FLANGE_KW
"""Today, as planned; tomorrow it would be 40 kW less."""
HEADINGS = [
    "Auftrag", "Artikel", "Menge", "Maschine", "Frühester Start", "Liefertermin", "Start", "Dauer [min]", "Mannschaft", "Fest", "Status",
]  # fmt: skip


def at(day: int, clock: str, month: int = 10) -> str:
    """A cell as a German spreadsheet shows it."""
    return f"{day:02}.{month:02}.2026 {clock}"


def past_rows() -> Iterator[list[Any]]:
    """Jobs of two and a half weeks that are done: the oven in the morning, the press in the afternoon."""
    day = datetime(2026, 9, 18, tzinfo=ZONE)
    number = 1000
    while day.date() < datetime(2026, 10, 6, tzinfo=ZONE).date():
        if day.weekday() < 5:
            for article, machine, clock, minutes in (
                ("Zahnrad", "Kammerofen", "06:30", 240),
                ("Welle", "Kammerofen", "10:30", 180),
                ("Flansch", "Presse", "14:30", 120),
            ):
                number += 1
                begin = f"{day:%d.%m.%Y} {clock}"
                yield [str(number), article, 100, machine, begin, f"{day:%d.%m.%Y} 20:00", begin, minutes, None, "ja", "erledigt"]
        day += timedelta(days=1)


HISTORIES = [("main", None), ("oven", "oven"), ("press", "press")]
"""Meters and their machines, in the order of the page."""
COMING = [
    ["2001", "Welle", 40, "Kammerofen", at(6, "16:00"), at(6, "20:00"), at(6, "16:00"), 90, None, "ja", "geplant"],
    ["2002", "Flansch", 60, "Presse", at(6, "16:00"), at(6, "19:30"), at(6, "16:00"), 60, None, "nein", "geplant"],
    ["2003", "Zahnrad", 90, "Kammerofen", at(7, "06:00"), at(7, "14:00"), at(7, "06:00"), 420, None, "ja", "geplant"],
    ["2004", "Flansch", 120, "Presse", at(6, "20:00"), at(7, "08:00"), at(7, "06:00"), 120, None, "nein", "geplant"],
]
"""The oven's are promised. Flanges can be pressed today after the shafts; those of tomorrow morning only beside the oven, or at night."""


def write_orders(file: Path) -> None:
    """The order sheet, as XLSX."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Aufträge"
    for row in (HEADINGS, *past_rows(), *COMING):
        sheet.append(row)
    book.save(file)


class Topics:
    """What the plant's topics say, in the order in which it came; machines hear of orders as they come."""

    def __init__(self, kafka: KafkaSettings, works: Works) -> None:
        self._kafka, self._works = kafka, works
        self._consumer = RecordConsumer(kafka, [ORDERS, RECOMMENDATIONS, SHIFT_CHANGES, JOB_POWERS])
        self.records: dict[Topic, list[Any]] = {ORDERS: [], RECOMMENDATIONS: [], SHIFT_CHANGES: [], JOB_POWERS: []}

    def newest(self, topic: Topic, which: Callable[[Any], bool]) -> Any:
        """The newest record for which `which` holds; None where there is none yet."""
        for message in self._consumer.poll(0.2):
            record = message.record()
            self.records[message.topic].append(record)
            if message.topic is ORDERS:
                self._works.take(record)
        return next((record for record in reversed(self.records[topic]) if which(record)), None)

    def publish(self, decision: Decision) -> None:
        """Send a decision, as a plant's program does."""
        with RecordProducer(self._kafka) as producer:
            producer.send(DECISIONS, decision)
            producer.flush(30)

    def close(self) -> None:
        self._consumer.close()


def done(live: LivePlant, line: str) -> str:
    """What a command that must not fail writes to stdout."""
    ended = live.type(line)
    assert ended.returncode == 0, f"$ {line}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def is_open(action: Action, job: str) -> Callable[[Recommendation], bool]:
    """Whether a recommendation is open and advises `action` for `job`."""
    return lambda one: one.status is RecommendationStatus.OPEN and one.action is action and one.changes(job)


def kafka_of(live: LivePlant) -> KafkaSettings:
    """Where the plant's broker listens."""
    settings = load_settings(live.served.plant_dir, {})
    return KafkaSettings(f"127.0.0.1:{live.state().ports['kafka.port']}", settings.namespace)


@pytest.fixture
def page() -> Iterator[Any]:
    """A German planner's browser."""
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_context(viewport={"width": 1440, "height": 1200}, locale="de").new_page()
        browser.close()


@pytest.mark.cluster
@pytest.mark.browser
@pytest.mark.timeout(900)
def test_orders_come_from_a_sheet_powers_are_learned_two_accept_and_the_load_moves(
    java_parts: None, tmp_path: Path, page: Any
) -> None:
    works = Works({"Zahnrad": GEARS_KW, "Welle": SHAFT_KW, "Flansch": FLANGE_KW}, {"oven": IDLE_KW, "press": IDLE_KW}, BASE_KW)
    meters = {"main": works.meter(), "oven": works.meter("oven"), "press": works.meter("press")}
    shots = Path(os.environ.get("LASTGANG_SCREENSHOTS", tmp_path))
    page_says = circle("orders-from-a-spreadsheet.md")
    up, watching = page_says["the sheet is watched"]
    listing, put, delete = page_says["single orders change"]
    with (
        ServedPlant.copied(TEMPLATE, tmp_path, meters, SPEED, START_UTC, "my-plant") as served,
        LivePlant(served, tmp_path) as live,
    ):
        done(live, up)
        write_orders(tmp_path / "orders.xlsx")
        topics = Topics(kafka_of(live), works)
        with live.typed(watching):
            live.await_(lambda: topics.newest(ORDERS, lambda order: order.job == "2004"), "the orders on the topic")
        listed = done(live, listing)
        assert [job for job in ("2001", "2002", "2003", "2004") if job not in listed] == []
        live.in_shell(put)
        added = live.await_(lambda: topics.newest(ORDERS, lambda order: order.job == "4714"), "the single order")
        assert (added.machine, added.status) == ("press", OrderStatus.PLANNED)
        live.in_shell(delete)
        live.await_(
            lambda: topics.newest(ORDERS, lambda o: o.job == "4714" and o.status is OrderStatus.CANCELLED), "its cancellation"
        )
        for line, (meter, machine) in zip(page_says["the load is known"], HISTORIES, strict=True):
            file = line.split()[2]
            works.write_history(tmp_path / file, machine, FIRST_PAST_UTC, LAST_PAST_UTC)
            assert f"--meter {meter}" in line
            done(live, line)
        served.start_time()

        learned = live.await_(lambda: topics.newest(JOB_POWERS, lambda power: power.key == ("press", "Flansch")), "a learned power")
        assert learned.q50_kw == pytest.approx([FLANGE_KW] * len(learned.q50_kw), abs=2.0)

        move = live.await_(lambda: topics.newest(RECOMMENDATIONS, is_open(Action.MOVE_JOB, "2002")), "advice to move 2002")
        assert move.peak_before_kw == pytest.approx(TOGETHER_KW, abs=25.0)
        shift = live.await_(
            lambda: topics.newest(RECOMMENDATIONS, is_open(Action.OPEN_SHIFT, "2004")), "advice to open the night shift"
        )
        assert shift.needs_works_council
        assert shift.cost_eur > 0
        assert shift.subject == "night"

        page.goto(f"{live.state().page}plan")
        page.get_by_role("button", name="2002").first.wait_for()
        page.screenshot(path=shots / "circle-plan-before.png", full_page=True)
        page.get_by_role("button", name="Empfehlung für 2002 annehmen").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Ihr Name").fill("S. Öztürk")
        dialog.get_by_role("button", name="Annehmen").click()
        topics.publish(Decision("haerterei-west", shift.recommendation, DecisionKind.ACCEPTED, "mes", served.now_utc()))

        begins = move.after.jobs[0].start_utc
        moved = live.await_(
            lambda: topics.newest(ORDERS, lambda o: o.job == "2002" and o.start_utc == begins), "the revised order 2002"
        )
        assert moved.reason == move.recommendation
        opened = live.await_(lambda: topics.newest(SHIFT_CHANGES, lambda c: c.shift == "night" and c.worked), "the night shift")
        assert (opened.day_local, opened.reason) == ("2026-10-06", shift.recommendation)
        night_job = live.await_(
            lambda: topics.newest(ORDERS, lambda o: o.job == "2004" and o.reason == shift.recommendation), "the revised order 2004"
        )
        assert night_job.start_utc == shift.after.jobs[0].start_utc
        page.reload()
        page.wait_for_selector(".chart svg path", state="attached")
        page.screenshot(path=shots / "circle-plan-after.png", full_page=True)

        def kw(meter: str, start_utc: datetime) -> float:
            topics.newest(ORDERS, lambda order: False)
            return float(live.await_quarter(meter, "energy_import", start_utc)["energy_uwh"]) / UWH_PER_KWH * 4

        planned = datetime(2026, 10, 6, 14, 0, tzinfo=UTC)
        assert kw("press", planned) == pytest.approx(IDLE_KW, abs=2.0)
        assert kw("press", begins) == pytest.approx(IDLE_KW + FLANGE_KW, abs=2.0)
        assert kw("press", night_job.start_utc) == pytest.approx(IDLE_KW + FLANGE_KW, abs=2.0)
        for start in (planned, planned + QUARTER, begins, night_job.start_utc):
            assert kw("main", start) < STAGGERED_KW + 5.0
        page.goto(f"{live.state().page}")
        page.wait_for_selector(".chart svg path", state="attached")
        page.screenshot(path=shots / "circle-now-after.png", full_page=True)
        topics.close()
        live.down()
    assert nothing_of(tmp_path) == []

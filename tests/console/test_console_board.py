from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest
from console_ledger import next_interval, put, sample_ledger
from console_sample import NOW_UTC, SITE, SampleFeed, frozen_clock, sample_demand, sample_orders, sample_recommendations

from console.access import Access, OpenToStrangers, access_for
from console.board import Board, ledger_opener
from console.desk import NotDecidable
from console.live_state import LiveState
from console.reports import ReportFailed, ReportShelf
from console.server import PortTaken, listen
from console.views.now import Alarm, NowView, now_view
from console.views.plan import Button, plan_view
from domain.clock import epoch_ms
from domain.errors import LastgangError
from domain.plant import Plant
from domain.readings import Reading
from domain.recommendations import DecisionKind, DeclineReason
from domain.topics import INTERVALS, ORDERS
from reporting.ledger import Ledger
from words.speech import of_page


@pytest.fixture
def ledger(plant: Plant) -> Ledger:
    return sample_ledger(plant)


@pytest.fixture
def feed(plant: Plant, ledger: Ledger) -> SampleFeed:
    return SampleFeed(plant, ledger)


@pytest.fixture
def board(plant: Plant, ledger: Ledger, feed: SampleFeed):
    board = Board(plant, feed, frozen_clock(), lambda: ledger, tuple)
    yield board
    board.close()


def test_many_who_look_at_once_share_one_computation(board: Board) -> None:
    drawings = 0

    def draw(view: NowView, _: object) -> str:
        nonlocal drawings
        drawings += 1
        return view.site

    async def twenty() -> list[str]:
        w = of_page("de", board.plant.site.zone)
        return list(await asyncio.gather(*(board.drawn(now_view, (), draw, w) for _ in range(20))))

    assert asyncio.run(twenty()) == ["Werk Nord"] * 20
    assert drawings == 1


def test_the_ledger_is_read_again_only_when_it_has_something_new(ledger: Ledger) -> None:
    remembered = ledger.remembering()
    statements: list[str] = []
    ledger._database.set_trace_callback(statements.append)
    day = datetime(2026, 10, 23, tzinfo=UTC)

    def round_() -> tuple[int, int]:
        """How many quarter hours are found, and how many questions about quarter hours have gone to the database so far."""
        remembered.refresh()
        found = remembered.intervals("main", "energy_import", day, NOW_UTC)
        return len(found), sum("FROM interval" in statement for statement in statements)

    assert [round_() for _ in range(3)] == [(39, 1)] * 3
    put(ledger, ORDERS, sample_orders()[0])
    assert round_() == (39, 1), "another topic"
    put(ledger, INTERVALS, next_interval("main", "energy_import", NOW_UTC))
    assert round_() == (40, 2)


def test_a_ledger_without_a_memory_always_answers_from_the_file(ledger: Ledger) -> None:
    before = len(ledger.orders())
    put(ledger, ORDERS, replace(sample_orders()[0], job="J-9"))
    assert len(ledger.orders()) == before + 1


def test_offsets_of_a_remembering_reader_are_those_of_its_answers(ledger: Ledger) -> None:
    remembered = ledger.remembering()
    remembered.refresh()
    before = remembered.offsets()[(ORDERS.name, 0)]
    put(ledger, ORDERS, replace(sample_orders()[0], job="J-9"))
    assert remembered.offsets()[(ORDERS.name, 0)] == before
    remembered.refresh()
    assert remembered.offsets()[(ORDERS.name, 0)] == before + 1


def test_without_a_ledger_the_page_waits_and_looks_again(plant: Plant, feed: SampleFeed, ledger: Ledger) -> None:
    opened: list[Ledger] = []
    board = Board(plant, feed, frozen_clock(), lambda: opened[0] if opened else None, tuple)
    try:
        first = asyncio.run(board.view(now_view))
        assert (first.alarm, set(first.last_day)) == (Alarm.OVER, {None})
        opened.append(ledger)
        assert asyncio.run(board.view(plan_view)).cards != ()
    finally:
        board.close()


def test_a_ledger_that_cannot_be_opened_does_not_take_the_page_down(plant: Plant, feed: SampleFeed) -> None:
    def broken() -> None:
        raise LastgangError("version 9")

    board = Board(plant, feed, frozen_clock(), broken, tuple)
    try:
        assert asyncio.run(board.view(now_view)).demand is not None
    finally:
        board.close()


def test_an_absent_ledger_file_is_no_error(tmp_path) -> None:
    assert ledger_opener(tmp_path / "none.sqlite")() is None


def test_a_decision_goes_out_with_name_reason_and_the_plants_time(board: Board, feed: SampleFeed) -> None:
    answers = asyncio.run(board.decide("R-0421", DecisionKind.REJECTED, "J. Weiß", DeclineReason.STAFF, "krank"))
    assert feed.decided == [answers]
    assert (answers.site, answers.by, answers.reason, answers.comment) == (SITE, "J. Weiß", DeclineReason.STAFF, "krank")
    assert abs((answers.at_utc - NOW_UTC).total_seconds()) < 1
    cards = {c.recommendation.recommendation: c for c in asyncio.run(board.view(plan_view)).cards}
    assert cards["R-0421"].button is Button.SENT
    feed.answer()
    board._shared.clear()  # a second later
    cards = {c.recommendation.recommendation: c for c in asyncio.run(board.view(plan_view)).cards}
    assert cards["R-0421"].button is Button.CLOSED


@pytest.mark.parametrize(("name", "found"), [("R-0417", "accepted"), ("R-9999", "unknown")])
def test_only_an_open_recommendation_can_be_decided(board: Board, feed: SampleFeed, name: str, found: str) -> None:
    with pytest.raises(NotDecidable, match=f"{found}.*only an open one"):
        asyncio.run(board.decide(name, DecisionKind.ACCEPTED, "A", DeclineReason.NONE, ""))
    assert feed.decided == []


def test_a_decision_that_the_broker_does_not_take_says_so_on_the_card(board: Board, feed: SampleFeed) -> None:
    def refuse(*_: object) -> None:
        raise LastgangError("no broker answers")

    feed.decide = refuse  # type: ignore[method-assign]
    with pytest.raises(LastgangError, match="no broker"):
        asyncio.run(board.decide("R-0421", DecisionKind.ACCEPTED, "A", DeclineReason.NONE, ""))
    card = asyncio.run(board.view(plan_view)).cards[0]
    assert (card.button, card.failure) == (Button.FAILED, "no broker answers")


def test_the_newest_of_each_is_kept_in_whatever_order_they_come() -> None:
    state = LiveState(SITE)
    for at, kw in ((5, 50.0), (9, 90.0), (7, 70.0)):
        state.take(Reading(SITE, "main", "power", at, at, kw), 1.0)
    state.take(Reading("elsewhere", "main", "power", 99, 99, 1.0), 1.0)
    new, old = sample_demand(NOW_UTC), sample_demand(datetime(2026, 10, 23, 9, 50, tzinfo=UTC))
    state.take(new, 1.0)
    state.take(old, 2.0)
    advice = sample_recommendations()
    state.take(advice[0], 1.0)
    live = state.picture(3.0)
    assert live.readings[("main", "power")].reading.value == 90.0
    assert live.demand is new
    assert (live.readings_count, live.meters_seen_ms) == (3, {"main": 9})
    assert list(live.recommendations) == ["R-0421"]


def test_a_connection_is_reported_since_it_last_changed() -> None:
    state = LiveState(SITE)
    for at, word in ((1, "connected"), (2, "lost"), (3, "lost")):
        state.take(Reading(SITE, "plc", "connection", at, at, None, text=word), 1.0)
    seen = state.picture(2.0).connections["plc"].reading
    assert (seen.text, seen.observed_ms) == ("lost", 2)


def test_the_rate_of_readings_is_a_mean_over_some_seconds() -> None:
    state = LiveState(SITE)
    state.picture(100.0)
    for n in range(50):
        state.take(Reading(SITE, "main", "power", n, n, 1.0), 101.0)
    assert state.picture(110.0).rate_per_s == pytest.approx(5.0)


def test_another_address_needs_a_token_and_says_how_to_set_it() -> None:
    with pytest.raises(OpenToStrangers, match="LASTGANG_CONSOLE_TOKEN"):
        access_for("0.0.0.0", {})
    with pytest.raises(OpenToStrangers, match="at least 16"):
        access_for("0.0.0.0", {"LASTGANG_CONSOLE_TOKEN": "short"})
    access = access_for("0.0.0.0", {"LASTGANG_CONSOLE_TOKEN": "0123456789abcdef"})
    assert access.allows("0123456789abcdef") and not access.allows("") and not access.allows("0123456789abcdeF")
    assert "0123" not in repr(access)
    assert all(access_for(host, {}) == Access() for host in ("127.0.0.1", "localhost", "::1"))


def test_a_taken_port_is_reported_and_not_fought_over() -> None:
    first = listen("127.0.0.1", 0)
    try:
        with pytest.raises(PortTaken, match="choose another --port"):
            listen("127.0.0.1", first.getsockname()[1])
    finally:
        first.close()


PYTHON = __import__("sys").executable


def test_a_report_is_made_once_for_all_who_ask_and_shown_with_its_files(tmp_path) -> None:
    shelf = ReportShelf(tmp_path, [PYTHON, "-c", "import pathlib,sys; pathlib.Path(sys.argv[1], 'a.csv').write_text('x')", "{out}"])

    async def twice() -> None:
        await asyncio.gather(shelf.make("2026-10"), shelf.make("2026-10"))

    asyncio.run(twice())
    assert [(r.period, r.files) for r in shelf.made()] == [("2026-10", (("a.csv", 1),))]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2026-10"]
    assert shelf.file("2026-10", "a.csv") == tmp_path / "2026-10" / "a.csv"
    assert shelf.file("2026-10", "../../etc/passwd") is None
    packed = asyncio.run(shelf.zipped("2026-10"))
    assert packed is not None
    with packed, ZipFile(packed) as archive:
        assert archive.namelist() == ["lastgang-2026-10/a.csv"]
    assert asyncio.run(shelf.zipped("2026-09")) is None


def test_a_report_that_fails_says_the_last_word_and_leaves_the_old_one(tmp_path) -> None:
    (tmp_path / "2026-10" / "v1").mkdir(parents=True)
    (tmp_path / "2026-10" / "v1" / "a.csv").write_text("x")
    shelf = ReportShelf(tmp_path, [PYTHON, "-c", "import sys; print('no tariff for 2026', file=sys.stderr); sys.exit(1)"])
    with pytest.raises(ReportFailed, match="no tariff for 2026"):
        asyncio.run(shelf.make("2026-10"))
    with pytest.raises(ReportFailed, match="expected a month, quarter"):
        asyncio.run(shelf.make("../x"))
    with pytest.raises(ReportFailed):
        asyncio.run(shelf.make("2026-09"))
    assert [(r.period, r.files) for r in shelf.made()] == [("2026-10", (("v1/a.csv", 1),))]


@pytest.mark.cluster
def test_live_values_come_and_decisions_go_through_a_real_broker(plant: Plant, stack_kafka, namespace: str) -> None:
    from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
    from console.live import KafkaFeed
    from domain.recommendations import Decision
    from domain.topics import DECISIONS, DEMAND, READINGS

    settings = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(settings)
    with RecordProducer(settings) as producer:  # before the page's server starts: it looks a little back
        producer.send(READINGS, Reading(SITE, "main", "power", epoch_ms(NOW_UTC), epoch_ms(NOW_UTC), 652_000.0))
        producer.flush()
        feed = KafkaFeed(settings, plant, frozen_clock())
        try:
            producer.send(DEMAND, sample_demand(NOW_UTC))
            producer.flush()
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and not (feed.picture().demand and feed.picture().readings):
                time.sleep(0.05)
            live = feed.picture()
            assert live.connected
            assert live.demand == sample_demand(NOW_UTC)
            assert live.readings[("main", "power")].reading.value == 652_000.0
            decision = Decision(SITE, "R-0421", DecisionKind.ACCEPTED, "J. Weiß", NOW_UTC)
            assert feed.decide(decision, {}) == [decision]
        finally:
            feed.close()
    with RecordConsumer(settings, [DECISIONS]) as consumer:
        assert [m.record() for m in consumer.read_to_end()] == [decision]

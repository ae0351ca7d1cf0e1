"""Server-sent events: nothing is missed by who comes back, and nobody is held up by who is slow or goes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from console_ledger import sample_ledger
from console_listener import listening
from console_sample import NOW_UTC, SITE, SampleFeed, frozen_clock, sample_demand, sample_recommendations
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.client import Message
from console import api
from console.access import Access
from console.app import _guard
from console.board import Board
from console.context import Console
from console.events import BEGINNING, STREAMED, Hub, StreamLimits, cursor_of, frame, id_text
from console.protocol import BoundedProtocol
from console.reports import ReportShelf
from console.server import _Server
from deploy.ports import free_port
from domain.codec import encode
from domain.contracts import EXAMPLES
from domain.plant import Plant
from domain.recommendations import Decision, DecisionKind
from domain.topics import ANOMALIES, DECISIONS, DEMAND, FORECASTS, RECOMMENDATIONS
from simulation import demo_plant

ADVICE = sample_recommendations()[0]


def advice(number: int) -> Any:
    return replace(ADVICE, recommendation=f"R-{number}")


@dataclass
class Served:
    """The API behind a real server, over a feed that the test fills."""

    url: str
    feed: SampleFeed
    server: uvicorn.Server
    address: Any

    def hears(self, count: int) -> bool:
        """Whether so many readers are there, within half a minute."""
        return comes(lambda: self.feed.events.readers == count)


def comes(is_there: Callable[[], bool]) -> bool:
    pause = threading.Event()
    return any(is_there() or pause.wait(0.02) for _ in range(1500))


@pytest.fixture
def served(plant: Plant, tmp_path: Path) -> Iterator[Served]:
    ledger = sample_ledger(plant)
    feed = SampleFeed(plant, ledger)
    feed.events.limits = StreamLimits(readers=3, waiting=40, heartbeat_s=0.2)
    board = Board(plant, feed, frozen_clock(), lambda: ledger, tuple)
    app = FastAPI()
    app.include_router(api.router(Console(board, ReportShelf(tmp_path, ["true"]), Access(""))))
    _guard(app, "127.0.0.1")
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=BoundedProtocol, log_level="error", lifespan="off", timeout_graceful_shutdown=3)
    server = _Server(feed.events, config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", feed, server, listener.getsockname())
    server.should_exit = True
    thread.join(20)
    board.close()
    assert not thread.is_alive()


def test_a_record_arrives_as_it_is_on_the_topic_with_an_id(served: Served) -> None:
    with listening(served.url, "recommendations, decisions") as reader:
        served.feed.publish(ANOMALIES, EXAMPLES[ANOMALIES.name])
        sent = served.feed.publish(RECOMMENDATIONS, advice(1))
        heard = reader.next()[0]
    assert (heard.name, heard.data) == ("recommendations", json.loads(sent.value))
    assert heard.id == "decisions:0,recommendations:1"


def test_who_comes_back_with_the_last_id_gets_what_was_missed_once_and_in_order(served: Served) -> None:
    with listening(served.url) as reader:
        for number in range(3):
            served.feed.publish(RECOMMENDATIONS, advice(number))
        last_id = reader.next(2)[-1].id
    for number in range(3, 6):
        served.feed.publish(RECOMMENDATIONS, advice(number))
        served.feed.publish(DECISIONS, Decision(SITE, f"R-{number}", DecisionKind.ACCEPTED, "Anna", NOW_UTC))
    with listening(served.url, "recommendations,decisions", last_id) as reader:
        served.feed.publish(RECOMMENDATIONS, advice(6))
        heard = reader.next(8)
    advised = [one.data["recommendation"] for one in heard if one.name == "recommendations"]
    decided = [one.data["recommendation"] for one in heard if one.name == "decisions"]
    assert (advised, decided) == ([f"R-{n}" for n in range(2, 7)], ["R-3", "R-4", "R-5"])


def test_without_an_id_a_reader_starts_with_what_comes_next_and_from_the_beginning_if_wanted(served: Served) -> None:
    served.feed.publish(RECOMMENDATIONS, advice(1))
    with listening(served.url, "recommendations") as fresh, listening(served.url, "recommendations", BEGINNING) as all_:
        served.feed.publish(RECOMMENDATIONS, advice(2))
        assert [one.data["recommendation"] for one in fresh.next(1)] == ["R-2"]
        assert [one.data["recommendation"] for one in all_.next(2)] == ["R-1", "R-2"]


def test_a_reader_gets_the_running_quarter_hour_and_the_forecast_at_once(served: Served) -> None:
    for at in (NOW_UTC, NOW_UTC + timedelta(seconds=20)):
        served.feed.publish(DEMAND, sample_demand(at, 640.0))
    served.feed.publish(FORECASTS, EXAMPLES[FORECASTS.name])
    with listening(served.url, "demand,forecasts") as reader:
        heard = {one.name: one.data for one in reader.next(2)}
    assert heard["demand"]["at_utc"] == "2026-10-23T09:52:50Z"
    assert heard["forecasts"]["site"] == SITE


def test_a_comment_keeps_a_silent_stream_alive(served: Served) -> None:
    with listening(served.url, "decisions") as reader:
        assert next(reader.blocks()) is None
        assert reader.comments == ["nothing new"]


@pytest.mark.parametrize(
    ("query", "headers", "status", "words"),
    [
        ("topics=readings", {}, 422, "names with commas between, of ['recommendations', 'decisions', 'anomalies', 'anomaly_feedback', 'demand', 'forecasts']"),
        ("", {"Last-Event-ID": "42"}, 422, "header.Last-Event-ID: an id of this stream, or 'beginning' (found '42')"),
        ("last_event_id=decisions:x", {}, 422, "query.last_event_id: an id of this stream"),
        ("last_event_id=" + "1" * 2801, {}, 422, "at most 2800 characters"),
        ("", {"Sec-Fetch-Site": "cross-site"}, 403, "a page of another site may not connect"),
        ("", {"Host": "somewhere.example"}, 400, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_streamed_is_refused_at_once(
    served: Served, query: str, headers: dict[str, str], status: int, words: str
) -> None:
    answer = httpx.get(f"{served.url}/api/v1/stream?{query}", headers=headers)
    assert answer.status_code == status
    assert status == 400 or words in answer.json()["detail"]


def test_readers_beyond_the_limit_are_refused_until_one_leaves(served: Served) -> None:
    with listening(served.url), listening(served.url):
        with listening(served.url):
            refused = httpx.get(f"{served.url}/api/v1/stream")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            assert "more than 3 readers of the stream" in refused.json()["detail"]
        assert served.hears(2)
        with listening(served.url) as reader:
            served.feed.publish(RECOMMENDATIONS, advice(1))
            assert reader.next()[0].data["recommendation"] == "R-1"


def test_without_a_broker_nothing_is_streamed_and_the_answer_says_so(served: Served) -> None:
    served.feed.state.connection(False, "gone")
    answer = httpx.get(f"{served.url}/api/v1/stream")
    assert (answer.status_code, answer.json()) == (503, {"detail": "no Kafka broker answers; try again when it is back"})


def test_a_reader_that_takes_nothing_is_let_go_and_the_others_miss_nothing(served: Served) -> None:
    with socket.create_connection(served.address) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert served.hears(1)
        silent = next(iter(served.feed.events._readers))
        with listening(served.url, "recommendations") as reader:
            heard, number = [], 0
            while not silent.ended and number < 20_000:
                served.feed.publish(RECOMMENDATIONS, advice(number))
                heard += reader.next()  # the others read as it comes
                number += 1
            assert silent.ended == "too slow: more than 40 records were waiting; connect again with the last id"
            assert [one.data["recommendation"] for one in heard] == [f"R-{n}" for n in range(number)]
            deaf.close()
            assert served.hears(1)


def test_a_slow_reader_that_reads_on_learns_why_it_ends_and_goes_on_with_its_last_id(served: Served) -> None:
    with listening(served.url, "recommendations") as reader:
        silent = next(iter(served.feed.events._readers))
        number = 0
        while not silent.ended:
            served.feed.publish(RECOMMENDATIONS, advice(number))
            number += 1
        heard = []
        while not heard or heard[-1].name != "closed":
            heard += reader.next()
        *taken, closed = heard
        assert "too slow: more than 40 records" in closed.data["reason"]
        last_id = reader.last_id
    with listening(served.url, "recommendations", last_id) as reader:
        taken += reader.next(number - len(taken))
    assert [one.data["recommendation"] for one in taken] == [f"R-{n}" for n in range(number)]


def test_a_reader_that_breaks_off_leaves_and_stops_nobody(served: Served) -> None:
    with listening(served.url, "recommendations") as reader:
        for _ in range(5):
            with socket.create_connection(served.address) as broken:
                broken.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                assert served.hears(2)
                broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, no farewell
            assert served.hears(1)
        served.feed.publish(RECOMMENDATIONS, advice(1))
        assert reader.next()[0].data["recommendation"] == "R-1"


def test_a_server_that_stops_ends_its_streams_with_the_reason(served: Served) -> None:
    with listening(served.url) as reader:
        served.server.should_exit = True
        assert [(one.name, one.data) for one in reader.next(5)] == [("closed", {"reason": "the server stops"})]


# without a server --------------------------------------------------------------------------------------------------

Places = st.dictionaries(
    st.tuples(st.sampled_from([RECOMMENDATIONS.name, DECISIONS.name, ANOMALIES.name]), st.integers(0, 5)),
    st.integers(0, 10**15),
    min_size=1,
)


@given(Places)
def test_an_id_holds_the_place_in_every_partition(places: dict[tuple[str, int], int]) -> None:
    found = cursor_of(id_text(places))
    assert found is not None
    assert {place: offset for place, offset in found.items() if place in places or offset} == places


@given(st.text() | st.from_regex(r"(decisions|recommendations|x):[0-9.,:]{0,12}"))
def test_what_is_no_id_is_none_or_comes_back_unchanged_in_meaning(text: str) -> None:
    found = cursor_of(text)
    assert found is None or cursor_of(id_text(found)) == found


@given(st.text(alphabet=" \n\r\t", max_size=4))
def test_json_that_is_broken_into_lines_stays_one_event(blank: str) -> None:
    value = encode(ADVICE).replace(b",", b"," + blank.encode())
    lines = frame(Message(RECOMMENDATIONS, 0, 7, 0, None, value), {(RECOMMENDATIONS.name, 0): 8}).decode().split("\n")
    data = "\n".join(line.removeprefix("data: ") for line in lines if line.startswith("data: "))
    assert json.loads(data) == json.loads(encode(ADVICE))
    assert lines[-2:] == ["", ""] and lines.count("") == 2


def hub(ends: int = 5, back: int = 3) -> tuple[Hub, dict[tuple[str, int], int]]:
    made = Hub()
    return made, made.follow({(RECOMMENDATIONS.name, 0): ends, (DEMAND.name, 0): ends}, {t.name: back for t in STREAMED.values()})


def message(offset: int, topic: Any = RECOMMENDATIONS) -> Message:
    return Message(topic, 0, offset, 0, None, b"{}")


def test_of_the_running_quarter_hour_only_the_newest_waits() -> None:
    made, _ = hub()
    joined = made.join([DEMAND], lambda: None)
    assert joined is not None
    for offset in range(5, 900):
        made.take(message(offset, DEMAND))
    assert joined.reader.ended == ""
    assert [m.offset for m in joined.reader.take()] == [899]


def test_after_a_broken_connection_topics_are_read_from_where_they_ended() -> None:
    made, starts = hub(ends=5, back=3)
    assert starts == {(RECOMMENDATIONS.name, 0): 2, (DEMAND.name, 0): 2}
    made.take(message(2))
    made.take(message(5))
    joined = made.join([RECOMMENDATIONS], lambda: None)
    assert joined is not None
    again = made.follow({(RECOMMENDATIONS.name, 0): 400, (DEMAND.name, 0): 400}, {RECOMMENDATIONS.name: 3, DEMAND.name: 3})
    assert again == {(RECOMMENDATIONS.name, 0): 6, (DEMAND.name, 0): 397}
    for offset in (5, 6, 7):
        made.take(message(offset))
    assert [m.offset for m in joined.reader.take()] == [6, 7]


def test_topics_that_were_made_again_end_the_streams_since_ids_mean_something_else() -> None:
    made, _ = hub(ends=5)
    made.take(message(4))
    joined = made.join([RECOMMENDATIONS], lambda: None)
    assert joined is not None
    made.follow({(RECOMMENDATIONS.name, 0): 1}, {RECOMMENDATIONS.name: 0})
    assert "made again" in joined.reader.ended


# a real broker -----------------------------------------------------------------------------------------------------


@pytest.mark.cluster
def test_the_page_of_a_real_broker_streams_resumes_and_starts_again_without_loss(
    tmp_path: Path, stack_kafka: Any, namespace: str
) -> None:
    from connectors.kafka.client import KafkaSettings, RecordProducer, ensure_topics

    settings = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(settings)
    demo_plant.write(tmp_path / "plant")
    port = free_port()
    command = [sys.executable, "-m", "lastgang.cli", "console", "--plant", str(tmp_path / "plant"), "--kafka", settings.bootstrap,
               "--namespace", namespace, "--ledger", str(tmp_path / "none.sqlite"), "--port", str(port)]  # fmt: skip
    environment = {**os.environ, "LASTGANG_CLOCK": frozen_clock().as_setting()}
    url = f"http://127.0.0.1:{port}"

    def is_up() -> bool:
        try:
            with httpx.stream("GET", f"{url}/api/v1/stream") as answer:
                return answer.status_code == 200
        except httpx.TransportError:
            return False

    with RecordProducer(settings, linger_ms=0) as producer:

        def advise(numbers: range) -> None:
            for number in numbers:
                producer.send(RECOMMENDATIONS, advice(number))
                producer.send_bytes(RECOMMENDATIONS, b"broken", b"no record")
                producer.send(RECOMMENDATIONS, replace(advice(number), site="another plant"))
            producer.flush()

        advise(range(5))  # before the page is there
        first = subprocess.Popen(command, env=environment)
        try:
            assert comes(is_up)
            with listening(url, "recommendations,demand", BEGINNING) as reader:
                heard = reader.next(5)
                advise(range(5, 10))
                heard += reader.next(3)
        finally:
            first.terminate()
            assert first.wait(30) in (0, -15)
        advise(range(10, 15))  # while it is down
        second = subprocess.Popen(command, env=environment)
        try:
            assert comes(is_up)
            with listening(url, "recommendations,demand", reader.last_id) as reader:
                heard += reader.next(7)
                producer.send(DEMAND, sample_demand(NOW_UTC, 651.0))
                assert [one.data["projected_kw"] for one in reader.next(1)] == [651.0]
                second.terminate()
                assert reader.next(2)[0].data == {"reason": "the server stops"}
            assert second.wait(30) in (0, -15)
        finally:
            second.kill()
    assert sorted(int(one.data["recommendation"].removeprefix("R-")) for one in heard) == list(range(15))

"""The examples for controllers answer recommendations at a real broker: what they send is a decision, and it is the one that counts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy import jars
from deploy.ports import free_port
from domain.contracts import EXAMPLES
from domain.recommendations import Decision, DecisionKind, Recommendation, RecommendationStatus, deciding
from domain.topics import DECISIONS, RECOMMENDATIONS
from simulation import demo_plant

pytestmark = pytest.mark.cluster
EXAMPLES_FOLDER = Path(__file__).parents[2] / "examples"
HERE = Path(__file__).parent
TOKEN = "0123456789abcdef"


def advice(name: str, **changes: Any) -> Recommendation:
    """Open for an hour from now and worth 4288 EUR, unless it is changed."""
    now_utc = datetime.now(UTC)
    fields = {"issued_utc": now_utc, "at_utc": now_utc, "valid_until_utc": now_utc + timedelta(hours=1), **changes}
    return replace(EXAMPLES[RECOMMENDATIONS.name], recommendation=name, **fields)


def left_to_people() -> list[Recommendation]:
    """What the examples' rule does not answer."""
    past_utc = datetime.now(UTC) - timedelta(hours=2)
    return [
        advice("small", saving_eur=120.0),
        advice("not-priced", saving_eur=None, saving_demand_eur=None, saving_energy_eur=None),
        advice("working-time", needs_works_council=True),
        advice("withdrawn", status=RecommendationStatus.WITHDRAWN),
        advice("over", issued_utc=past_utc, at_utc=past_utc, valid_until_utc=past_utc + timedelta(minutes=10)),
    ]


@pytest.fixture
def settings(stack_kafka: Any, namespace: str) -> KafkaSettings:
    found = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(found)
    return found


def publish(settings: KafkaSettings, *records: Recommendation) -> None:
    with RecordProducer(settings, linger_ms=0) as producer:
        for record in records:
            producer.send(RECOMMENDATIONS, record)
        producer.flush()


class Program:
    """A running example and what it has printed."""

    def __init__(self, command: list[str], **options: Any) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def wait_for(self, *words: str) -> None:
        """Until each of `words` is printed."""
        assert comes(lambda: all(any(word in line for line in self.lines) for word in words)), (words, self.lines[-30:])

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self._reader.join(5)


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[Program]:
    program = Program(command, **options)
    try:
        yield program
    finally:
        program.stop()


def comes(is_there: Callable[[], bool]) -> bool:
    pause = threading.Event()
    return any(is_there() or pause.wait(0.1) for _ in range(900))


def decisions(settings: KafkaSettings) -> list[Decision]:
    """All that are on the topic, each of them valid, in the order of their partitions."""
    with RecordConsumer(settings, [DECISIONS]) as consumer:
        return [message.record() for message in consumer.read_to_end()]


def assert_answers(settings: KafkaSettings, start: Callable[[], Any], by: str) -> None:
    """A reader of the topic answers what its rule accepts, leaves the rest, and goes on after it was stopped."""
    first, second = advice("worth-it"), advice("worth-it-too")
    others = left_to_people()
    with RecordProducer(settings, linger_ms=0) as producer:
        producer.send_bytes(RECOMMENDATIONS, b"key", b"no record").get(timeout=10)
    publish(settings, *others, first)
    with start() as program:
        program.wait_for(*(one.recommendation for one in (*others, first)))
        assert comes(lambda: len(decisions(settings)) == 1), program.lines[-20:]
    with start() as program:
        publish(settings, second)
        program.wait_for(second.recommendation)
        assert comes(lambda: len(decisions(settings)) >= 2), program.lines[-20:]
    found = decisions(settings)
    assert sorted(one.recommendation for one in found) == ["worth-it", "worth-it-too"]
    for answered in (first, second):
        counting = deciding(answered, found)
        assert counting is not None
        assert (counting.kind, counting.by) == (DecisionKind.ACCEPTED, by)


def test_the_python_example_reads_and_answers(settings: KafkaSettings) -> None:
    command = [sys.executable, str(EXAMPLES_FOLDER / "answer_recommendations.py"), settings.bootstrap, settings.namespace]
    assert_answers(settings, lambda: running(command), "my controller")


def test_the_java_example_compiles_reads_and_answers(settings: KafkaSettings, tmp_path: Path) -> None:
    javac = str(Path(jars.java()).resolve().with_name("javac"))
    classes = f"{jars.kafka_jars()}/*"
    source = str(EXAMPLES_FOLDER / "AnswerRecommendations.java")
    subprocess.run([javac, "-Xlint:all", "-Werror", "-cp", classes, "-d", str(tmp_path), source], check=True, timeout=120)
    command = [
        jars.java(),
        "-Xmx128m",
        "-cp",
        f"{tmp_path}:{classes}",
        "AnswerRecommendations",
        settings.bootstrap,
        settings.namespace,
    ]
    assert_answers(settings, lambda: running(command), "my Java controller")


# Node-RED ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def node_red() -> str:
    """Skips where Node-RED is absent; in CI that is a failure."""
    script = HERE / "node_modules" / "node-red" / "red.js"
    if shutil.which("node") is None or not script.is_file():
        message = "no node-red: `npm ci --prefix tests/examples` (needs Node.js)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return str(script)


@pytest.fixture
def page(settings: KafkaSettings, tmp_path: Path) -> Iterator[str]:
    """The address of the page of that broker; decisions need a token."""
    demo_plant.write(tmp_path / "plant")
    port = free_port()
    command = [sys.executable, "-m", "lastgang.cli", "console", "--plant", str(tmp_path / "plant"), "--kafka", settings.bootstrap,
               "--namespace", settings.namespace, "--ledger", str(tmp_path / "none.sqlite"), "--port", str(port)]  # fmt: skip
    environment = {**os.environ, "LASTGANG_CONSOLE_TOKEN": TOKEN}
    environment.pop("LASTGANG_CLOCK", None)
    with running(command, env=environment) as program:
        url = f"http://127.0.0.1:{port}"
        assert comes(lambda: streams(url)), program.lines
        yield url


def streams(url: str) -> bool:
    try:
        with httpx.stream("GET", f"{url}/api/v1/stream") as answer:
            return answer.status_code == 200
    except httpx.TransportError:
        return False


def test_the_node_red_flow_hears_and_answers_over_http(settings: KafkaSettings, page: str, node_red: str, tmp_path: Path) -> None:
    home = tmp_path / "node-red"
    home.mkdir()
    (home / "settings.js").write_text(
        f"module.exports = {{ uiHost: '127.0.0.1', uiPort: {free_port()}, httpAdminRoot: false, flowFile: 'flows.json',"
        " editorTheme: { tours: false }, telemetry: { enabled: false }, logging: { console: { level: 'info' } } }\n"
    )
    shutil.copy(EXAMPLES_FOLDER / "node-red-flow.json", home / "flows.json")
    environment = {**os.environ, "LASTGANG_URL": page, "LASTGANG_CONSOLE_TOKEN": TOKEN}
    worth_it, others = advice("worth-it"), left_to_people()
    with running(["node", node_red, "-u", str(home), "-s", str(home / "settings.js")], env=environment) as flow:
        flow.wait_for("listening to")
        publish(settings, *others, worth_it)
        assert comes(lambda: bool(decisions(settings))), flow.lines
        flow.wait_for("recommendation: 'worth-it'")
    (found,) = decisions(settings)
    assert (found.recommendation, found.kind, found.by) == ("worth-it", DecisionKind.ACCEPTED, "Node-RED")
    assert deciding(worth_it, [found]) == found

"""``lastgang findings``: what is open, and a person's report on its way to a real broker and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from plant_texts import plant

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics, readable
from domain.contracts import EXAMPLES
from domain.feedback import FeedbackKind
from domain.topics import ANOMALIES, FEEDBACK
from lastgang.cli import run

FURNACE = replace(EXAMPLES[ANOMALIES.name], feedback=None)
ENDED = replace(FURNACE, anomaly="furnace-1/on_while_off/1", until_utc=datetime(2026, 10, 23, 15, 0, tzinfo=UTC))
ELSEWHERE = replace(FURNACE, site="elsewhere", anomaly="furnace-1/on_while_off/2")


@pytest.fixture
def options(tmp_path: Path, stack_kafka: Any, namespace: str) -> list[str]:
    (tmp_path / "plant.toml").write_text(plant(FURNACE.site, "main"))
    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    with RecordProducer(kafka) as producer:
        for one in (FURNACE, ENDED, ELSEWHERE):
            producer.send(ANOMALIES, one)
        producer.flush(60)
    return ["--plant", str(tmp_path), "--kafka", stack_kafka.bootstrap, "--namespace", namespace]


def test_what_is_open_is_listed_reported_once_and_taken_back(options: list[str], capsys: Any) -> None:
    def lines(*arguments: str, code: int = 0) -> list[str]:
        assert run(["findings", *arguments, *options]) == code
        shown = capsys.readouterr()
        return [*shown.out.splitlines(), *shown.err.splitlines()]

    first, sentence = lines("list")
    assert first == f"{FURNACE.anomaly}  On without a shift  199.92 EUR a day"
    assert "furnace-1 has been on outside its shifts" in sentence
    assert [json.loads(line)["anomaly"] for line in lines("list", "--all", "--json")] == [FURNACE.anomaly, ENDED.anomaly]

    normal = ("normal", FURNACE.anomaly, "--by", "M. Adler", "--comment", "warms up")
    assert lines(*normal) == [f"{FURNACE.anomaly}: normal, reported by M. Adler"]
    assert lines(*normal) == [f"{FURNACE.anomaly} is normal already; nothing was sent"]
    (listed,) = lines("feedback")
    assert listed.endswith(f"normal  {FURNACE.anomaly}  M. Adler  warms up")
    lines("take-back", FURNACE.anomaly, "--by", "K. Winter")
    assert "holds no longer" in lines("feedback")[1]
    assert "nothing holds on it" in lines("take-back", FURNACE.anomaly, "--by", "M. Adler", code=2)[-1]
    assert "it ended at 2026-10-23T15:00:00Z" in lines("known", ENDED.anomaly, "--by", "M. Adler", code=2)[-1]
    assert "there is no anomaly" in lines("fixed", ELSEWHERE.anomaly, "--by", "M. Adler", code=2)[-1]

    with RecordConsumer(KafkaSettings(options[3], options[5]), [FEEDBACK]) as consumer:
        sent = list(readable(consumer.read_to_end()))
    assert [(one.kind, one.meter, one.by) for one in sent] == [
        (FeedbackKind.NORMAL, "furnace-1", "M. Adler"), (FeedbackKind.TAKEN_BACK, "furnace-1", "K. Winter"),
    ]  # fmt: skip

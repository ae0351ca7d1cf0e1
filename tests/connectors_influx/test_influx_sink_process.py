"""The sink as a process between a real broker and a real InfluxDB."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.influx.points import SOURCES
from connectors.influx.sink import GROUP
from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from domain.topics import INTERVALS
from tests.connectors_influx.conftest import ORG, TOKEN
from tests.connectors_influx.test_influx_on_a_real_server import NOW, PLANT, as_grafana_sends, every_query_of, records

pytestmark = [pytest.mark.cluster, pytest.mark.influxd]
ROOT = Path(__file__).parents[2]


def start_sink(kafka, influxd, bucket) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "lastgang.cli", "influx-sink", "--plant", str(ROOT / "simulation" / "demo_plant")]
    command += ["--kafka", kafka.bootstrap, "--namespace", kafka.namespace, "--url", influxd.url, "--org", ORG, "--bucket", bucket]
    sink = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "INFLUX_TOKEN": TOKEN}, stderr=subprocess.PIPE, text=True)
    assert sink.stderr is not None
    for line in sink.stderr:
        if "ready" in line:
            return sink
    pytest.fail(f"the sink ended with exit {sink.wait()}")


def wait_until_committed(kafka):
    """The broker's word that the sink has written everything: there is nothing left for its group."""
    while True:
        with RecordConsumer(kafka, SOURCES, group=GROUP) as consumer:
            if consumer.lag() == 0:
                return


def energies(influxd, bucket):
    return influxd.query(f'from(bucket: "{bucket}") |> range(start: -1d, stop: 1d) |> filter(fn: (r) => r._field == "kwh")')


def test_topics_reach_every_panel_through_the_sink_and_a_kill_doubles_nothing(stack_kafka, namespace, influxd, bucket):
    from dashboards.build import dashboards

    kafka = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(kafka)
    sent = list(records())
    with RecordProducer(kafka) as producer:
        for topic, record in sent[: len(sent) // 2]:
            producer.send(topic, record)
        producer.flush(30)
        sink = start_sink(kafka, influxd, bucket)
        while not energies(influxd, bucket):
            pass
        sink.kill()
        sink.wait(30)
        for topic, record in sent[len(sent) // 2 :]:
            producer.send(topic, record)
        producer.flush(30)
    sink = start_sink(kafka, influxd, bucket)
    try:
        wait_until_committed(kafka)
        queries = [(f"{name}: {what}", query) for name, board in dashboards(PLANT).items() for what, query in every_query_of(board)]
        empty = [what for what, query in queries if not influxd.query(as_grafana_sends(query, bucket))]
        assert empty == [], f"around {NOW}"
        intervals = {(i.meter, i.start_utc) for topic, i in sent if topic is INTERVALS}
        assert len([line for line in energies(influxd, bucket) if ",energy15," in line]) == len(intervals)
    finally:
        sink.send_signal(signal.SIGTERM)
        assert sink.wait(30) == 0

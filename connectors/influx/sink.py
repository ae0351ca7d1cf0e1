"""Topics into InfluxDB 2: batches, patience while it is away, place on the log kept only after the write."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from influxdb_client import InfluxDBClient
from influxdb_client import Point as ClientPoint
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from connectors.influx.points import SOURCES, Point, PointMaker
from connectors.kafka.client import KafkaSettings, Message, RecordConsumer
from domain.codec import UnreadableRecord
from domain.errors import LastgangError
from domain.plant import Plant

GROUP = "lastgang-influx-sink"
BATCH_POINTS = 5_000
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})

log = structlog.get_logger("influx-sink")


class InfluxRefused(LastgangError):
    """InfluxDB said no for good. Operator: token, organisation and bucket right? A field written with another type before?"""


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """Where InfluxDB is. The token comes from the environment variable ``INFLUX_TOKEN`` and is never printed."""

    url: str
    org: str
    bucket: str

    def token(self) -> str:
        """The token; `InfluxRefused` names the variable where it is not set."""
        token = os.environ.get("INFLUX_TOKEN", "")
        if not token:
            msg = "the environment variable INFLUX_TOKEN is not set; put a token with write access to the bucket there"
            raise InfluxRefused(msg)
        return token


class InfluxWriter:
    """Writes points, waiting out what passes by itself and raising what does not."""

    def __init__(self, settings: InfluxSettings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        self._client = InfluxDBClient(url=settings.url, token=settings.token(), org=settings.org, timeout=20_000)
        self._write = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, points: Sequence[Point]) -> bool:
        """Write all points; False only if told to stop while InfluxDB was away.

        Raises
        ------
        InfluxRefused
            If repeating would not help (bad token, no bucket, type conflict).
        """
        for first in range(0, len(points), BATCH_POINTS):
            batch = [as_client_point(point) for point in points[first : first + BATCH_POINTS]]
            if not self._write_patiently(batch):
                return False
        return True

    def _write_patiently(self, batch: Sequence[ClientPoint]) -> bool:
        wait_s = FIRST_WAIT_S
        while not self._stop.is_set():
            try:
                self._write.write(bucket=self._settings.bucket, record=batch, write_precision=WritePrecision.MS)
                return True
            except ApiException as error:
                if error.status not in RETRYABLE:
                    msg = (
                        f"{self._settings.url}, bucket {self._settings.bucket!r}, organisation {self._settings.org!r}: "
                        f"InfluxDB answered {error.status} {error.reason}; {str(error.body)[:300]}"
                    )
                    raise InfluxRefused(msg) from error
                log.warning("influx_busy", status=error.status, wait_s=wait_s)
            except (HTTPError, OSError) as error:
                log.warning("influx_away", error=type(error).__name__, wait_s=wait_s)
            self._stop.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        return False

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


def as_client_point(point: Point) -> ClientPoint:
    """The client library's point; floats stay floats and integers integers, because a field has one type for ever."""
    made = ClientPoint(point.measurement.name)
    for tag in point.measurement.tags:
        if point.tags.get(tag):
            made.tag(tag, point.tags[tag])
    for name, value in point.fields.items():
        made.field(name, value if name in (*point.measurement.integers, *point.measurement.texts) else float(value))
    return made.time(point.at_ms, WritePrecision.MS)


def run_sink(
    plant: Plant, kafka: KafkaSettings, influx: InfluxSettings, stop: threading.Event, ready: Callable[[], None] = lambda: None
) -> int:
    """Copy topics to InfluxDB until `stop` is set; gives the number of points written."""
    maker = PointMaker(plant)
    writer = InfluxWriter(influx, stop)
    written = 0
    try:
        with RecordConsumer(kafka, SOURCES, group=GROUP) as consumer:
            ready()
            while not stop.is_set():
                points = _points(maker, consumer.poll(0.5))
                if not points:
                    continue
                if not writer.write(points):
                    break
                consumer.commit()
                written += len(points)
    finally:
        writer.close()
    return written


def _points(maker: PointMaker, messages: Sequence[Message]) -> list[Point]:
    points: list[Point] = []
    for message in messages:
        try:
            points += maker.points(message.topic, message.record())
        except UnreadableRecord as error:
            # The metering job has it on the rejected topic, whole; here there is nothing to draw.
            log.warning("unreadable_record", topic=message.topic.name, offset=message.offset, error=str(error))
    return points

"""Topics into InfluxDB 2: batches, patience while it is away, place on the log kept only after the write.

What InfluxDB refuses for good (older than the bucket keeps, a date that it has no number for, a field of another type) is set aside
point by point and logged with the reason; the others are written and the place on the log moves on.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import structlog
from influxdb_client import InfluxDBClient
from influxdb_client import Point as ClientPoint
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from connectors.influx.points import LANGUAGE, SOURCES, Point, PointMaker
from connectors.kafka.client import KafkaSettings, Message, RecordConsumer
from connectors.pause import Pause
from domain.clock import instant
from domain.codec import UnreadableRecord
from domain.errors import LastgangError
from domain.plant import Plant

GROUP = "lastgang-influx-sink"
BATCH_POINTS = 5_000
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
LONGEST_RETRY_AFTER_S = 600.0
"""A server may ask for a longer pause than we would make, but not for one without end."""
RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})
CONCERNS_ALL = frozenset({401, 403, 404})
"""Token, rights, bucket, organisation: no point would be taken. Any other refusal is about the points sent."""
FIRST_MS, LAST_MS = -9_223_372_036_854, 9_223_372_036_854
"""InfluxDB counts nanoseconds in 64 bits: the years 1677 to 2262."""
_DROPPED = re.compile(r"dropped=(\d+)")

log = structlog.get_logger("influx-sink")


class InfluxRefused(LastgangError):
    """InfluxDB takes nothing from us. Operator: are token, organisation and bucket right?"""


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


@dataclass(frozen=True, slots=True)
class SetAside:
    """A point that InfluxDB does not take, and its answer."""

    point: Point
    reason: str


class InfluxWriter:
    """Writes points, waiting out what passes by itself, setting aside what is refused, and raising what concerns all."""

    def __init__(self, settings: InfluxSettings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        self._client = InfluxDBClient(url=settings.url, token=settings.token(), org=settings.org, timeout=20_000)
        self._write = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, points: Sequence[Point]) -> list[SetAside] | None:
        """Write all points that InfluxDB takes; gives those that it does not, or None if stopped while it was away.

        Raises
        ------
        InfluxRefused
            If no point would be taken (bad token, no bucket).
        """
        datable = [point for point in points if FIRST_MS <= point.at_ms <= LAST_MS]
        aside = [
            SetAside(point, "InfluxDB has times in the years 1677 to 2262 only")
            for point in points
            if not FIRST_MS <= point.at_ms <= LAST_MS
        ]
        for first in range(0, len(datable), BATCH_POINTS):
            # By time, so that what is older than the bucket keeps lies together and is found in a few halvings.
            batch = sorted(datable[first : first + BATCH_POINTS], key=lambda point: point.at_ms)
            refused = self._write_what_is_taken(batch)
            if refused is None:
                return None
            aside += refused
        return aside

    def _write_what_is_taken(self, batch: Sequence[Point]) -> list[SetAside] | None:
        """Write a batch; where it is refused, its halves, down to the points that are at fault. Written twice is written once."""
        answer = self._write_patiently([as_client_point(point) for point in batch])
        if answer is None or not answer:
            return None if answer is None else []
        dropped = _DROPPED.search(answer)
        if len(batch) == 1 or (dropped is not None and int(dropped[1]) == len(batch)):
            return [SetAside(point, answer) for point in batch]
        aside: list[SetAside] = []
        half = len(batch) // 2
        for part in (batch[:half], batch[half:]):
            refused = self._write_what_is_taken(part)
            if refused is None:
                return None
            aside += refused
        return aside

    def _write_patiently(self, batch: Sequence[ClientPoint]) -> str | None:
        """InfluxDB's refusal of these points, empty when it took them; None if stopped before it answered."""
        pause = Pause(FIRST_WAIT_S)
        while not self._stop.is_set():
            wait_s, retry_after = pause.next_s(LONGEST_WAIT_S), 0.0
            try:
                self._write.write(bucket=self._settings.bucket, record=batch, write_precision=WritePrecision.MS)
                return ""
            except ApiException as error:
                if error.status not in RETRYABLE:
                    return self._refusal(error)
                retry_after = retry_after_s(error.headers)
                log.warning("influx_busy", status=error.status, wait_s=max(wait_s, retry_after))
            except (HTTPError, OSError) as error:
                log.warning("influx_away", error=type(error).__name__, wait_s=wait_s)
            self._stop.wait(max(wait_s, retry_after))
        return None

    def _refusal(self, error: ApiException) -> str:
        answer = f"InfluxDB answered {error.status} {error.reason}; {str(error.body)[:300]}"
        if error.status in CONCERNS_ALL:
            settings = self._settings
            msg = f"{settings.url}, bucket {settings.bucket!r}, organisation {settings.org!r}: {answer}"
            raise InfluxRefused(msg) from error
        return answer

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


def retry_after_s(headers: Mapping[str, str] | None) -> float:
    """The pause that an answer asks for [s], in seconds or as a date (RFC 9110, 10.2.3); 0 where it asks for none."""
    header = (headers or {}).get("Retry-After", "")
    try:
        seconds = (
            float(header) if header.strip().isdecimal() else (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        )
    except (TypeError, ValueError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)


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
    plant: Plant,
    kafka: KafkaSettings,
    influx: InfluxSettings,
    stop: threading.Event,
    ready: Callable[[], None] = lambda: None,
    language: str = LANGUAGE,
) -> int:
    """Copy topics to InfluxDB until `stop` is set, with sentences in `language`; gives the number of points written."""
    maker = PointMaker(plant, language)
    writer = InfluxWriter(influx, stop)
    written = 0
    try:
        with RecordConsumer(kafka, SOURCES, group=GROUP) as consumer:
            ready()
            while not stop.is_set():
                points = _points(maker, consumer.poll(0.5))
                if not points:
                    continue
                aside = writer.write(points)
                if aside is None:
                    break
                consumer.commit()
                report(aside)
                written += len(points) - len(aside)
    finally:
        writer.close()
    return written


def report(aside: Sequence[SetAside]) -> None:
    """Log what was set aside: an event a reason and measurement, with how many points and which."""
    kinds: dict[tuple[str, str], list[Point]] = {}
    for one in aside:
        kinds.setdefault((one.reason, one.point.measurement.name), []).append(one.point)
    for (reason, measurement), points in kinds.items():
        log.warning(
            "points_set_aside",
            reason=reason,
            measurement=measurement,
            count=len(points),
            first=f"{points[0].tags} at {instant(points[0].at_ms).isoformat()}",
            last=f"{points[-1].tags} at {instant(points[-1].at_ms).isoformat()}",
        )


def _points(maker: PointMaker, messages: Sequence[Message]) -> list[Point]:
    points: list[Point] = []
    for message in messages:
        try:
            points += maker.points(message.topic, message.record())
        except UnreadableRecord as error:
            # The metering job has it on the rejected topic, whole; here there is nothing to draw.
            log.warning("unreadable_record", topic=message.topic.name, offset=message.offset, error=str(error))
    return points

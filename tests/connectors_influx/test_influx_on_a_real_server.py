"""The sink and every dashboard panel against a real InfluxDB."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from connectors.influx.points import PointMaker
from connectors.influx.sink import InfluxRefused, InfluxSettings, InfluxWriter, SetAside
from dashboards.build import dashboards
from domain.anomalies import AnomalyKind
from domain.clock import epoch_ms
from domain.contracts import EXAMPLES
from domain.intervals import IntervalMethod, IntervalQuality
from domain.plant import load_plant
from domain.topics import (
    ANOMALIES,
    AUTOPSIES,
    DEMAND,
    EFFECTS,
    FORECASTS,
    INTERVALS,
    MACHINE_HEALTH,
    METER_FORECASTS,
    ORDERS,
    QUALITY,
    READINGS,
    RECOMMENDATIONS,
)
from quarters.numbers import quarter_start
from tests.connectors_influx.conftest import ORG, TOKEN

pytestmark = pytest.mark.influxd
PLANT = load_plant(Path(__file__).parents[2] / "simulation" / "demo_plant" / "plant.toml")
NOW = quarter_start(datetime.now(UTC))


@pytest.fixture(autouse=True)
def _token(monkeypatch):
    monkeypatch.setenv("INFLUX_TOKEN", TOKEN)


@pytest.fixture
def writer(influxd, bucket):
    made = InfluxWriter(InfluxSettings(influxd.url, ORG, bucket), threading.Event())
    yield made
    made.close()


def records():
    """A day of the demo's topics: every topic that becomes points, around now."""
    main = replace(EXAMPLES[INTERVALS.name], meter="main")
    yield from (
        (INTERVALS, replace(main, meter=meter.id, start_utc=NOW - timedelta(minutes=15 * n), energy_uwh=10**9 * (100 + n)))
        for meter in PLANT.meters
        for n in range(1, 9)
    )
    restated = {"quality": IntervalQuality.SUBSTITUTED, "method": IntervalMethod.INTERPOLATED, "revision": 2}
    yield INTERVALS, replace(main, start_utc=NOW - timedelta(minutes=15), energy_uwh=10**9 * 101, **restated)
    for n in range(30):
        at = NOW - timedelta(seconds=10 * n)
        yield READINGS, replace(EXAMPLES[READINGS.name], channel="power", value=600_000.0 + n, observed_ms=epoch_ms(at))
        yield DEMAND, replace(EXAMPLES[DEMAND.name], at_utc=at)
    yield (
        FORECASTS,
        replace(EXAMPLES[FORECASTS.name], issued_utc=NOW - timedelta(minutes=15), first_start_utc=NOW - timedelta(minutes=15)),
    )
    # Whole days around now, so that one local midnight lies among them.
    at_midnight = datetime.combine(NOW.astimezone(PLANT.site.zone).date(), time(0), PLANT.site.zone).astimezone(UTC)
    whole = tuple(float(n) for n in range(96))
    yield (
        FORECASTS,
        replace(EXAMPLES[FORECASTS.name], first_start_utc=at_midnight, q10_kw=whole, q50_kw=whole, q90_kw=whole, replayed=True),
    )
    yield METER_FORECASTS, replace(EXAMPLES[METER_FORECASTS.name], first_start_utc=NOW)
    yield ORDERS, replace(EXAMPLES[ORDERS.name], start_utc=NOW - timedelta(minutes=30))
    yield ANOMALIES, replace(EXAMPLES[ANOMALIES.name], since_utc=NOW - timedelta(minutes=30))
    ended = replace(
        EXAMPLES[ANOMALIES.name],
        anomaly="furnace-1/left_on/1",
        since_utc=NOW - timedelta(hours=2),
        until_utc=NOW - timedelta(hours=1),
    )
    yield ANOMALIES, ended
    yield (
        ANOMALIES,
        replace(
            EXAMPLES[ANOMALIES.name],
            anomaly="main/spike/1",
            kind=AnomalyKind.SPIKE,
            since_utc=NOW - timedelta(minutes=15),
            until_utc=None,
        ),
    )
    yield RECOMMENDATIONS, replace(EXAMPLES[RECOMMENDATIONS.name], issued_utc=NOW - timedelta(minutes=30))
    yield EFFECTS, replace(EXAMPLES[EFFECTS.name], quarter_utc=NOW - timedelta(minutes=30))
    yield MACHINE_HEALTH, replace(EXAMPLES[MACHINE_HEALTH.name], at_utc=NOW - timedelta(minutes=30))
    yield (
        QUALITY,
        replace(
            EXAMPLES[QUALITY.name],
            start_utc=NOW - timedelta(minutes=45),
            end_utc=NOW - timedelta(minutes=30),
            at_utc=NOW - timedelta(minutes=30),
        ),
    )
    yield AUTOPSIES, replace(EXAMPLES[AUTOPSIES.name], quarter_utc=NOW - timedelta(minutes=30))


def points():
    maker = PointMaker(PLANT)
    return [point for topic, record in records() for point in maker.points(topic, record)]


def as_grafana_sends(query: str, bucket: str) -> str:
    """Grafana's own replacements of ``v.…`` and of the variables."""
    values = {
        "timeRangeStart": (NOW - timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "timeRangeStop": (NOW + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "windowPeriod": "30s",
        "defaultBucket": f'"{bucket}"',
    }
    query = re.sub(r"\bv\.(\w+)", lambda found: values[found.group(1)], query)
    return query.replace("${site}", "werk-nord").replace("${meter:regex}", ".*").replace("${machine:regex}", ".*")


def every_query_of(board):
    for panel in board["panels"]:
        yield from ((panel["title"], target["query"]) for target in panel["targets"])
    for variable in board["templating"]["list"]:
        yield f"variable {variable['name']}", variable["query"]
    for note in board["annotations"]["list"]:
        yield f"annotation {note['name']}", note["target"]["query"]


def test_every_panel_query_of_every_dashboard_gives_rows(influxd, bucket, writer):
    assert writer.write(points()) == []
    queries = [(f"{name}: {what}", query) for name, board in dashboards(PLANT).items() for what, query in every_query_of(board)]
    empty = [what for what, query in queries if not influxd.query(as_grafana_sends(query, bucket))]
    assert empty == []


def test_writing_the_same_records_again_doubles_nothing(influxd, bucket, writer):
    only_energies = f'from(bucket: "{bucket}") |> range(start: -1d) |> filter(fn: (r) => r._field == "kwh")'
    writer.write(points())
    once = len(influxd.query(only_energies))
    writer.write(points())
    assert len(influxd.query(only_energies)) == once == 2 * 8 * len(PLANT.meters) + 1  # the newest word, and each revision's own


def test_a_restated_quarter_hour_overwrites_the_first_one(influxd, bucket, writer):
    first = replace(EXAMPLES[INTERVALS.name], start_utc=NOW - timedelta(minutes=15), energy_uwh=100 * 10**9)
    restated = replace(first, energy_uwh=120 * 10**9, revision=2)
    maker = PointMaker(PLANT)
    for interval in (first, restated):
        writer.write(maker.points(INTERVALS, interval))
    newest = (
        f'from(bucket: "{bucket}") |> range(start: -1d) |> filter(fn: (r) => r._field == "kwh" and r._measurement == "energy15")'
    )
    [line] = influxd.query(newest)
    assert ",120," in line
    points = f'from(bucket: "{bucket}") |> range(start: -1d) |> filter(fn: (r) => r._field == "kwh" and r._measurement == "energy15_revisions")'
    assert sorted("100" if ",100," in row else "120" for row in influxd.query(points)) == ["100", "120"]


def test_points_survive_a_kill_of_the_server_while_they_are_written(influxd, bucket):
    stop = threading.Event()
    writer = InfluxWriter(InfluxSettings(influxd.url, ORG, bucket), stop)
    influxd.kill()
    result: list[list[SetAside] | None] = []
    writing = threading.Thread(target=lambda: result.append(writer.write(points())))
    writing.start()
    influxd.start()
    writing.join(60)
    writer.close()
    assert result == [[]]
    assert influxd.query(f'from(bucket: "{bucket}") |> range(start: -1d) |> filter(fn: (r) => r._field == "kwh")')


def test_a_wrong_token_is_final_and_the_message_holds_no_token(influxd, bucket, monkeypatch):
    monkeypatch.setenv("INFLUX_TOKEN", "wrong-secret")
    writer = InfluxWriter(InfluxSettings(influxd.url, ORG, bucket), threading.Event())
    with pytest.raises(InfluxRefused, match="401") as caught:
        writer.write(points())
    writer.close()
    assert "wrong-secret" not in str(caught.value)


def test_without_a_token_the_variable_to_set_is_named(monkeypatch):
    monkeypatch.delenv("INFLUX_TOKEN")
    with pytest.raises(InfluxRefused, match="INFLUX_TOKEN is not set"):
        InfluxWriter(InfluxSettings("http://127.0.0.1:1", ORG, "b"), threading.Event())


def quarter_hours_of(days_ago):
    """Quarter hours of the main meter, one a day, `days_ago` days before now."""
    main = replace(EXAMPLES[INTERVALS.name], meter="main")
    maker = PointMaker(PLANT)
    return [point for days in days_ago for point in maker.points(INTERVALS, replace(main, start_utc=NOW - timedelta(days=days)))]


def test_points_older_than_the_bucket_keeps_are_set_aside_and_the_others_are_stored(influxd, request):
    influxd.new_bucket(request.node.name, keep=timedelta(days=30))
    writer = InfluxWriter(InfluxSettings(influxd.url, ORG, request.node.name), threading.Event())
    aside = writer.write(quarter_hours_of([400, 399, 398, 100, 20, 1, 0]))
    writer.close()
    assert len(aside) == 2 * 4  # the newest word, and the revision's own, of four days
    assert all("retention policy" in one.reason and one.point.at_ms < epoch_ms(NOW - timedelta(days=30)) for one in aside)
    stored = influxd.query(
        f'from(bucket: "{request.node.name}") |> range(start: -30d, stop: 1d) |> filter(fn: (r) => r._field == "kwh")'
    )
    assert len(stored) == 2 * 3


def test_a_point_that_influxdb_has_no_date_for_is_set_aside_alone(influxd, bucket, writer):
    power = replace(EXAMPLES[READINGS.name], channel="power", value=1000.0)
    at_ms = [epoch_ms(NOW), 13_569_465_600_000, -30_610_224_000_000, epoch_ms(NOW) + 1000]  # now, the years 2400 and 1000, now
    maker = PointMaker(PLANT)
    aside = writer.write([point for ms in at_ms for point in maker.points(READINGS, replace(power, observed_ms=ms))])
    assert [one.point.at_ms for one in aside] == at_ms[1:3]
    assert all("1677 to 2262" in one.reason for one in aside)
    assert (
        len(influxd.query(f'from(bucket: "{bucket}") |> range(start: -1d, stop: 1d) |> filter(fn: (r) => r._field == "kw")')) == 2
    )


def test_a_field_that_is_of_another_type_in_the_bucket_does_not_stop_the_others(influxd, bucket, writer):
    influxd.write(bucket, f'demand,site=werk-nord projected_kw="a text" {epoch_ms(NOW)}')
    maker = PointMaker(PLANT)
    wrong = maker.points(DEMAND, replace(EXAMPLES[DEMAND.name], at_utc=NOW))
    assert {point.measurement.name for point in wrong} == {"demand"}
    aside = writer.write([*wrong, *quarter_hours_of([1, 0])])
    assert [one.point for one in aside] == wrong
    assert "type conflict" in aside[0].reason
    assert (
        len(influxd.query(f'from(bucket: "{bucket}") |> range(start: -2d, stop: 1d) |> filter(fn: (r) => r._field == "kwh")')) == 4
    )

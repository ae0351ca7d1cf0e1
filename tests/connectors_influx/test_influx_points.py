"""What a record becomes in InfluxDB."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.influx.points import PointMaker
from connectors.influx.sink import as_client_point
from domain.clock import epoch_ms
from domain.contracts import EXAMPLES
from domain.incident_cost import cost_so_far
from domain.intervals import IntervalMethod, IntervalQuality
from domain.plant import Plant
from domain.readings import ReadingQuality
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

PLANT = Plant.model_validate(
    {
        "site": {"id": "werk-nord", "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC)},
        "meter": [
            {
                "id": "main",
                "max_power_kw": 900,
                "register": [{"channel": "power", "kind": "gauge", "unit": "W", "sampling_s": 5, "resolution": 1}],
            }
        ],
    }
)
POWER_READING = replace(EXAMPLES[READINGS.name], channel="power", value=631_500)


@pytest.fixture
def maker():
    return PointMaker(PLANT)


def test_a_power_in_watts_is_written_in_kilowatts_at_the_devices_clock(maker):
    [point] = maker.points(READINGS, POWER_READING)
    assert as_client_point(point).to_line_protocol() == "power,meter=main,site=werk-nord kw=631.5,quality=0i 1792746305000"


@pytest.mark.parametrize("change", [{"value": None}, {"quality": ReadingQuality.BAD}, {"meter": "unknown"}, {"channel": "parts"}])
def test_what_is_no_good_power_draws_nothing(maker, change):
    assert maker.points(READINGS, replace(POWER_READING, **change)) == []


def test_a_quarter_hour_is_labelled_by_its_start_and_158_402_kwh_are_633_608_kw(maker):
    point, _ = maker.points(INTERVALS, EXAMPLES[INTERVALS.name])
    line = as_client_point(point).to_line_protocol()
    assert line.startswith("energy15,channel=energy_import,meter=main,site=werk-nord ")
    assert "kwh=158.402" in line
    assert "kw=633.608" in line
    assert "revision=1i" in line
    assert line.endswith(" 1792746000000")


def test_a_missing_quarter_hour_has_a_quality_and_no_energy(maker):
    missing = replace(
        EXAMPLES[INTERVALS.name], energy_uwh=None, quality=IntervalQuality.MISSING, method=IntervalMethod.NONE, coverage=0.0
    )
    point, points = maker.points(INTERVALS, missing)
    assert point.fields == {"coverage": 0.0, "quality": 5, "revision": 1}
    assert points.fields == {"coverage": 0.0, "quality": 5, "method": "none"}


def test_each_revision_keeps_a_point_of_its_own_beside_the_one_that_it_overwrites(maker):
    first = EXAMPLES[INTERVALS.name]
    lines = [
        [as_client_point(point).to_line_protocol().split(" ")[0] for point in maker.points(INTERVALS, replace(first, revision=n))]
        for n in (1, 2)
    ]
    assert lines[0][0] == lines[1][0] == "energy15,channel=energy_import,meter=main,site=werk-nord"
    assert [points for _, points in lines] == [
        f"energy15_revisions,channel=energy_import,meter=main,revision={n},site=werk-nord" for n in (1, 2)
    ]


def test_every_slot_of_a_forecast_is_a_point_and_so_is_every_days_peak(maker):
    forecast = EXAMPLES[FORECASTS.name]
    points = maker.points(FORECASTS, forecast)
    assert [point.measurement.name for point in points] == [
        "forecast",
        "forecast",
        "forecast_peak",
        "forecast_period",
        "forecast_quality",
    ]
    assert points[1].at_ms - points[0].at_ms == 900_000
    assert points[2].tags == {"site": "werk-nord", "day": "2026-10-23"}


def test_a_day_as_forecast_at_its_midnight_is_kept_apart_and_what_was_replayed_is_only_that(maker):
    midnight_utc = datetime(2026, 10, 22, 22, 0, tzinfo=UTC)
    forecast = replace(EXAMPLES[FORECASTS.name], first_start_utc=midnight_utc)
    names = [point.measurement.name for point in maker.points(FORECASTS, forecast)]
    assert names[:2] == ["forecast_day_ahead"] * 2 and "forecast" in names
    replayed = maker.points(FORECASTS, replace(forecast, replayed=True))
    assert {point.measurement.name for point in replayed} == {"forecast_day_ahead"}


def test_a_meters_forecast_has_its_meter_as_a_tag(maker):
    points = maker.points(METER_FORECASTS, EXAMPLES[METER_FORECASTS.name])
    assert {(point.measurement.name, point.tags["meter"]) for point in points} == {("forecast_meter", "furnace-2")}


def test_health_of_a_machine_is_a_point_and_one_a_channel_and_what_is_not_known_is_no_field(maker):
    whole, vibration, power = maker.points(MACHINE_HEALTH, EXAMPLES[MACHINE_HEALTH.name])
    assert whole.fields == {
        "index": 58.0,
        "t2": 1.31,
        "q": 0.42,
        "learned": 1.0,
        "minutes": 15,
        "status": "limit_ahead",
        "state": "Execute",
    }
    assert (vibration.tags["channel"], vibration.fields["limit"], vibration.fields["days_to_limit"]) == ("vibration", 7.1, 9.5)
    assert power.tags["machine"] == "press-1" and not {"limit", "days_to_limit", "days_low", "days_high"} & set(power.fields)
    learning = replace(EXAMPLES[MACHINE_HEALTH.name], index=None, t2=None, q=None, learned=0.0)
    assert not {"index", "t2", "q"} & set(maker.points(MACHINE_HEALTH, learning)[0].fields)


def test_a_moved_job_is_cleared_where_it_was(maker):
    order = replace(EXAMPLES[ORDERS.name], revision=1)
    maker.points(ORDERS, order)
    moved = replace(order, revision=2, start_utc=order.start_utc + timedelta(minutes=45))
    drawn = {(point.at_ms - 1792746000000) // 900_000: point.fields["kw"] for point in maker.points(ORDERS, moved)}
    assert drawn == {6: 0.0, 7: 0.0, 8: 0.0, 9: 140.0, 10: 140.0, 11: 95.0, 12: 95.0}


def test_an_older_revision_of_a_job_that_comes_again_draws_nothing(maker):
    order = replace(EXAMPLES[ORDERS.name], revision=2)
    maker.points(ORDERS, order)
    assert maker.points(ORDERS, replace(order, revision=1)) == []


def test_pieces_are_a_point_a_source_with_what_was_counted_alone(maker):
    event = EXAMPLES[QUALITY.name]
    [point] = maker.points(QUALITY, event)
    assert (point.measurement.name, point.tags) == ("pieces", {"site": "werk-nord", "machine": "moulding-1", "source": "camera-3"})
    assert {name: point.fields.get(name) for name in ("good", "scrap", "rework", "product")} == {
        "good": 31.0, "scrap": 2.0, "rework": None, "product": "housing",
    }  # fmt: skip
    [gone] = maker.points(QUALITY, replace(event, revision=1, withdrawn=True))
    assert (gone.tags, gone.at_ms, gone.fields["scrap"]) == (point.tags, point.at_ms, 0.0)


@pytest.mark.parametrize("topic", [DEMAND, ANOMALIES, RECOMMENDATIONS, EFFECTS], ids=lambda topic: topic.name)
def test_all_written_fields_are_declared(maker, topic):
    for point in maker.points(topic, EXAMPLES[topic.name]):
        assert set(point.fields) <= set(point.measurement.all_fields())
        assert set(point.tags) == set(point.measurement.tags)


def test_an_incident_says_its_nature_what_it_has_cost_and_up_to_when_it_is_known(maker):
    example = EXAMPLES[ANOMALIES.name]
    event, lasting = maker.points(ANOMALIES, replace(example, until_utc=None))
    assert (event.measurement.name, lasting.measurement.name) == ("events", "incidents")
    assert (lasting.tags["nature"], lasting.tags["meter"], lasting.tags["kind"]) == ("waste", example.meter, example.kind.value)
    assert lasting.fields["eur_so_far"] == pytest.approx(cost_so_far(example).eur)
    assert (lasting.fields["status"], lasting.fields["until_ms"]) == ("open", epoch_ms(example.at_utc))
    ended = replace(example, until_utc=example.since_utc + timedelta(hours=1), revision=9)
    _, closed = maker.points(ANOMALIES, ended)
    assert (closed.fields["status"], closed.fields["until_ms"] - closed.at_ms) == ("closed", 3_600_000)
    assert as_client_point(closed).to_line_protocol().split(" ")[0] == as_client_point(lasting).to_line_protocol().split(" ")[0]
    _, unpriced = maker.points(ANOMALIES, replace(example, eur_per_day=None))
    assert not {"eur_per_day", "eur_so_far"} & set(unpriced.fields), "unknown is not zero"


def test_an_effect_that_is_not_known_has_a_promise_and_no_measured_euros(maker):
    [known] = maker.points(EFFECTS, EXAMPLES[EFFECTS.name])
    assert (known.fields["promised_eur"], known.fields["measured_eur"], known.fields["measured_low_eur"]) == (
        4288.0,
        3457.2,
        2733.6,
    )
    [unknown] = maker.points(EFFECTS, replace(EXAMPLES[EFFECTS.name], saving_eur=None, relief_kw=None, reduction_kw=None))
    assert set(unknown.fields) == {"promised_kw", "promised_eur", "revision", "outcome", "status"}


def test_a_new_peak_is_one_point_and_one_for_each_machine(maker):
    peak, *shares = maker.points(AUTOPSIES, replace(EXAMPLES[AUTOPSIES.name], rest_kw=None))
    assert (peak.fields["kw"], peak.fields["eur"], "rest_kw" in peak.fields) == (671.4, 2304.8, False)
    assert [(one.tags["machine"], one.fields["kw"], one.fields["usual_kw"]) for one in shares] == [
        ("furnace-2", 140.9, 44.3),
        ("compressor-1", 52.0, 41.5),
    ]
    assert {one.at_ms for one in shares} == {peak.at_ms}

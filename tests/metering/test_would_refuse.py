"""What metering would refuse, reported at commissioning: each reason with what was found and what to look at."""

from __future__ import annotations

from small_plant import MINUTE_MS, TEN, Run, counter, gauge, minutes, plant, reading, rising

from domain.readings import CLOCK_CHANNEL, Reading, ReadingQuality
from metering.judge import would_refuse

BOTH = plant(counter(), gauge())
HOUR_MS = 60 * MINUTE_MS


def published(*readings: Reading, now_ms: int = TEN + MINUTE_MS) -> list[tuple[str, str]]:
    return [(refused.reason.value, refused.detail) for refused in would_refuse(BOTH, "m", readings, now_ms)]


def test_nothing_is_reported_of_readings_that_metering_takes() -> None:
    assert published(*minutes(rising(2)), *minutes([60.0, 61.0], channel="power")) == []
    assert published(reading(TEN, 1.0, "parts"), reading(TEN, 5.0, CLOCK_CHANNEL)) == []


def test_a_device_whose_clock_is_two_hours_ahead_is_reported_with_the_hours() -> None:
    ahead = reading(TEN + 2 * HOUR_MS, 1000.0, late_ms=-2 * HOUR_MS)
    assert published(ahead) == [
        ("clock_in_future", "dated 2026-03-10T12:00:00Z, 1:59:00 ahead of the plant's clock; set the clock that dates it")
    ]


def test_a_gateway_whose_own_clock_is_ahead_is_reported_as_well() -> None:
    assert [reason for reason, _ in published(reading(TEN + 36 * 24 * HOUR_MS, 1000.0))] == ["clock_in_future"]


def test_a_device_a_minute_ahead_of_the_gateway_is_reported() -> None:
    assert published(reading(TEN + MINUTE_MS, 1000.0, late_ms=-MINUTE_MS)) == [
        ("clock_in_future", "dated 2026-03-10T10:01:00Z, 0:01:00 ahead of the gateway's clock; set the device's clock")
    ]


def test_a_clock_that_is_behind_by_more_than_readings_are_waited_for_is_reported() -> None:
    late = reading(TEN - 40 * 24 * HOUR_MS, 1000.0)
    assert published(late) == [
        ("beyond_horizon", "the device's clock is 40 days behind the plant's; [site] late_horizon_days is 35: set the clock")
    ]
    assert [reason for reason, _ in published(reading(TEN - 80 * 24 * HOUR_MS, 1.0), now_ms=TEN - 70 * 24 * HOUR_MS)] == [
        "clock_before_range"
    ]


def test_a_value_that_is_not_good_is_reported_with_the_devices_words() -> None:
    bad = reading(TEN, None, quality=ReadingQuality.BAD, text="Bad_NoCommunication")
    assert published(bad) == [("bad_quality", "Bad_NoCommunication")]
    assert published(reading(TEN, float("nan")))[0][0] == "bad_quality"


def test_a_gauge_in_watts_that_is_declared_in_kilowatts_is_reported_with_its_limit() -> None:
    assert published(reading(TEN, 60_000.0, "power")) == [
        (
            "impossible_power",
            "beyond 120 kW, which is max_power_kw with its margin; check unit, factor, word order and max_power_kw",
        )
    ]


def test_a_counter_in_watt_hours_that_is_declared_in_kilowatt_hours_is_reported_by_its_second_reading() -> None:
    one, two = reading(TEN, 1_000_000.0), reading(TEN + 2_000, 1_000_030.0)
    assert published(one) == []
    assert published(one, two) == [
        (
            "impossible_power",
            "the counter rose by 30 kWh in 2 s, which is 54,000 kW; max_power_kw = 100 lets 120 kW through with its margin: "
            "the step is not booked; check unit, factor and max_power_kw",
        )
    ]


def test_a_counter_that_falls_between_two_readings_is_reported() -> None:
    ((reason, detail),) = published(reading(TEN, 1000.0), reading(TEN + 2_000, 999.0))
    assert reason == "glitch"
    assert detail.startswith("the counter fell by 1 kWh in 2 s")


def test_a_meter_that_the_plant_file_does_not_have_is_reported_with_those_it_has() -> None:
    (refused,) = would_refuse(BOTH, "press", [reading(TEN, 1.0)], TEN)
    assert (refused.reason.value, refused.detail) == ("unknown_register", "the plant file has no meter 'press'; it has m")
    other = Reading("elsewhere", "m", "power", TEN, TEN, 1.0)
    assert published(other) == [("unknown_register", "the reading is of 'elsewhere/m', expected s/m")]


def test_what_is_reported_is_what_metering_refuses() -> None:
    found = [
        reading(TEN, 1000.0), reading(TEN + MINUTE_MS, 1e300), reading(TEN + MINUTE_MS, 60.0, "power", quality=ReadingQuality.UNCERTAIN),
        reading(TEN + 2 * MINUTE_MS, -500.0, "power"), reading(946_684_800_000, 3.0, "power", late_ms=TEN - 946_684_800_000),
    ]  # fmt: skip
    run = Run(BOTH).take(found)
    assert {(r.original, r.reason) for r in would_refuse(BOTH, "m", found, TEN + 3 * MINUTE_MS)} >= {
        (r.original, r.reason) for r in run.rejected if r.reason.value != "clock_before_range"
    }

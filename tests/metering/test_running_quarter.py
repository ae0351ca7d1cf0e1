"""The running quarter hour, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from small_plant import TEN, counter, gauge, plant, reading

from domain.demand import Demand
from domain.intervals import Interval, IntervalMethod, IntervalQuality
from domain.readings import Reading, ReadingQuality
from domain.units import UWH_PER_KWH
from metering.projection import allowed_kw
from metering.running import RunningQuarter
from metering.running_state import RunningState, decode_state, encode_state

SITE = plant(counter(sampling_s=10.0, resolution=0.0001), gauge(sampling_s=10.0), target_kw=120.0)
BIG = SITE.model_copy(update={"meters": (SITE.meters[0].model_copy(update={"max_power_kw": 1000.0}),)})


def feed(readings: list[Reading], step: RunningQuarter | None = None, state: RunningState | None = None) -> list[Demand]:
    step = step or RunningQuarter(BIG)
    state = state or step.initial()
    published: list[Demand] = []
    for one in readings:
        state, demands = step.take_reading(state, one)
        published += demands
    return published


def load(kw_by_second: list[tuple[int, int, float]], counter_too: bool = True) -> list[Reading]:
    """Readings every ten seconds of stretches (from, to [s], kW); the counter begins at 1000 kWh at -60 s."""
    readings, level = [], 1000.0
    for second in range(-60, kw_by_second[-1][1] + 1, 10):
        if counter_too:
            readings.append(reading(TEN + second * 1000, round(level, 9)))
        kw = next((kw for start, stop, kw in kw_by_second if start <= second < stop), kw_by_second[-1][2])
        readings.append(reading(TEN + second * 1000, kw, "power"))
        level += kw * 10 / 3600
    return readings


def test_the_trend_goes_on_at_the_present_power() -> None:
    # After 300 s and 10 kWh, at 150 kW: (10 + 150 * 600 / 3600) * 4 = 140 kW; of 120 kW there are 120 kW left to draw.
    published = feed(load([(-60, 240, 112.5), (240, 300, 150.0), (300, 300, 150.0)]))
    last = published[-1]
    assert last.elapsed_s == 300
    assert last.energy_kwh == pytest.approx(10.0, abs=1e-6)
    assert last.now_kw == pytest.approx(150.0)
    assert last.projected_kw == pytest.approx(140.0, abs=1e-5)
    assert last.allowed_kw == pytest.approx(120.0, abs=1e-5)
    assert last.headroom_kw == pytest.approx(-20.0, abs=1e-5)
    assert last.confidence == "measured"
    assert last.synchronised


def test_shedding_100_kw_with_180_s_left_lowers_the_mean_by_20_kw() -> None:
    before, after = (feed(load([(-60, 720, kw), (720, 720, kw)]))[-1] for kw in (300.0, 300.0))
    shed = before.projected_kw - (after.energy_kwh + 200.0 * after.remaining_s / 3600) * 4
    assert shed == pytest.approx(20.0, abs=1e-6)


def test_what_may_be_drawn_is_clamped_at_both_ends() -> None:
    assert allowed_kw(120.0, 10.0, 300.0, 1200.0) == pytest.approx(120.0)
    assert allowed_kw(120.0, 40.0, 800.0, 1200.0) == 0.0
    assert allowed_kw(120.0, 1.0, 899.0, 1200.0) == 1200.0


def test_the_first_minutes_are_early_and_the_band_closes_towards_the_end() -> None:
    wave = [(s, s + 60, 100.0 + 40.0 * (s // 60 % 2)) for s in range(-60, 900, 60)]
    published = feed(load(wave))
    running = [d for d in published if d.start_utc == datetime(2026, 3, 10, 10, tzinfo=UTC)]
    assert running[3].confidence == "early"
    widths = {round(d.elapsed_s): d.projected_high_kw - d.projected_low_kw for d in running}
    assert widths[300] > widths[600] > widths[890] > 0
    assert widths[890] < 2


def test_a_quarter_hour_whose_start_was_not_seen_is_partial_and_not_small() -> None:
    readings = [one for one in load([(-60, 500, 100.0), (500, 500, 100.0)]) if one.observed_ms > TEN + 300_000]
    last = feed(readings)[-1]
    assert last.confidence == "partial"
    assert last.projected_kw == pytest.approx(100.0, abs=0.5)


def test_without_a_counter_the_gauge_carries_it_and_it_says_so() -> None:
    last = feed(load([(-60, 500, 100.0), (500, 500, 100.0)], counter_too=False))[-1]
    assert last.energy_kwh == pytest.approx(100 * 500 / 3600, abs=1e-6)
    assert not last.synchronised


def test_a_silence_is_not_zero_power() -> None:
    readings = [
        one
        for one in load([(-60, 500, 100.0), (500, 500, 100.0)], counter_too=False)
        if not TEN + 100_000 < one.observed_ms < TEN + 300_000
    ]
    last = feed(readings)[-1]
    assert last.confidence == "partial"
    assert last.projected_kw == pytest.approx(100.0, abs=1e-6)


def test_bad_readings_move_nothing() -> None:
    good = load([(-60, 300, 100.0), (300, 300, 100.0)])
    bad = [replace(one, value=None, quality=ReadingQuality.BAD) for one in good[-4:]]
    assert feed(good[:-4] + bad) == feed(good[:-4])


def test_readings_that_come_together_are_published_about_once_a_second() -> None:
    readings = [reading(TEN + n * 100, 50.0, "power") for n in range(100)]
    at = [demand.at_utc for demand in feed(readings)]
    assert all(later - earlier >= timedelta(milliseconds=900) for earlier, later in pairwise(at))
    assert len(at) > 5


def test_a_meter_read_every_second_is_published_every_second_though_its_stamps_waver() -> None:
    readings = [reading(TEN + n * 1000 + (n % 3) * 20, 50.0, "power") for n in range(60)]
    assert len(feed(readings)) >= 59


def _interval(start: datetime, kw: float, revision: int = 1, quality: IntervalQuality = IntervalQuality.MEASURED) -> Interval:
    return Interval(
        "s", "m", "energy_import", start, round(kw / 4 * UWH_PER_KWH), 1.0, quality, IntervalMethod.REGISTER, revision
    )  # fmt: skip


def test_the_billed_peak_follows_the_latest_revisions_of_the_running_year() -> None:
    step = RunningQuarter(BIG)
    state = step.initial()
    nine = datetime(2026, 3, 10, 9, tzinfo=UTC)
    for interval in (
        _interval(datetime(2025, 12, 31, 22, tzinfo=UTC), 900.0),
        _interval(nine, 500.0),
        _interval(nine + timedelta(minutes=15), 700.0),
        _interval(nine + timedelta(minutes=15), 450.0, revision=2, quality=IntervalQuality.SUBSTITUTED),
    ):
        state, _ = step.take_interval(state, interval)
    state = decode_state(encode_state(state))
    last = feed(load([(-60, 60, 100.0), (60, 60, 100.0)]), step, state)[-1]
    assert (last.billed_peak_kw, last.billed_peak_utc, last.billed_peak_quality) == (500.0, nine, "measured")


def billed(step: RunningQuarter, intervals: list[Interval], at: datetime) -> tuple[float, datetime | None]:
    """Billed peak and its quarter hour as the demand at `at` says, the state stored and read in between."""
    state = step.initial()
    for interval in intervals:
        state, _ = step.take_interval(state, interval)
    state = decode_state(encode_state(state))
    at_ms = round(at.timestamp() * 1000)
    last = feed([reading(at_ms, 1000.0), reading(at_ms, 100.0, "power")], step, state)[-1]
    return last.billed_peak_kw, last.billed_peak_utc


def in_site(**site: object) -> RunningQuarter:
    return RunningQuarter(BIG.model_copy(update={"site": BIG.site.model_copy(update=site)}))


JULY, OCTOBER = datetime(2026, 7, 14, 8, tzinfo=UTC), datetime(2026, 10, 5, 9, tzinfo=UTC)


def test_a_peak_that_is_billed_by_the_month_ends_with_its_month() -> None:
    rows = [_interval(JULY, 700.0), _interval(OCTOBER, 400.0)]
    by_month = in_site(demand_period="month", timezone="Europe/Berlin")
    assert billed(by_month, rows, OCTOBER + timedelta(days=18)) == (400.0, OCTOBER)
    # The last quarter hour of October by the clock of Berlin, an hour after that of UTC's 22:45 in summer time.
    assert billed(by_month, rows, datetime(2026, 10, 31, 22, 59, tzinfo=UTC)) == (400.0, OCTOBER)
    assert billed(by_month, rows, datetime(2026, 10, 31, 23, 1, tzinfo=UTC)) == (0.0, None)
    assert billed(in_site(timezone="Europe/Berlin"), rows, OCTOBER + timedelta(days=18)) == (700.0, JULY)


def test_a_month_of_another_zone_ends_at_its_own_midnight() -> None:
    step = in_site(demand_period="month", timezone="Asia/Kolkata")
    last, first = datetime(2026, 9, 30, 18, 15, tzinfo=UTC), datetime(2026, 9, 30, 18, 30, tzinfo=UTC)
    assert billed(step, [_interval(last, 700.0), _interval(first, 300.0)], OCTOBER) == (300.0, first)


def test_the_peak_in_the_plant_file_ends_with_its_year() -> None:
    step = in_site(billed_peak_kw=637.0, commissioned_utc=datetime(2026, 1, 1, tzinfo=UTC))
    rows = [_interval(datetime(2026, 11, 3, 9, tzinfo=UTC), 600.0), _interval(datetime(2027, 1, 4, 9, tzinfo=UTC), 400.0)]
    assert billed(step, rows[:1], datetime(2026, 12, 1, tzinfo=UTC)) == (637.0, None)
    assert billed(step, rows, datetime(2027, 1, 15, tzinfo=UTC)) == (400.0, rows[1].start_utc)


def test_a_month_of_watts_taken_for_kilowatts_and_repaired_leaves_the_true_peak() -> None:
    march = [datetime(2026, 3, 2, tzinfo=UTC) + n * timedelta(minutes=15) for n in range(96 * 28)]
    true = [_interval(datetime(2026, 2, 10, 9, tzinfo=UTC), 612.0), *(_interval(at, 380.0 + n % 50) for n, at in enumerate(march))]
    wrong = [_interval(one.start_utc, 1000 * (one.power_kw or 0), revision=2) for one in true[1:]]
    right = [_interval(one.start_utc, one.power_kw or 0, revision=3) for one in true[1:]]
    assert billed(in_site(), [*true, *wrong], OCTOBER) == (429_000.0, march[49])
    assert billed(in_site(), [*true, *wrong, *right], OCTOBER) == (612.0, true[0].start_utc)


def test_a_faulty_quarter_hour_and_one_from_the_future_make_no_billed_peak() -> None:
    rows = [
        _interval(JULY, 5000.0, quality=IntervalQuality.FAULTY),
        _interval(JULY + timedelta(hours=1), 400.0),
        _interval(OCTOBER + timedelta(days=60), 9000.0),
        _interval(datetime(2062, 3, 1, tzinfo=UTC), 9000.0),
    ]
    assert billed(in_site(), rows, OCTOBER) == (400.0, rows[1].start_utc)


def test_the_year_ends_at_local_midnight() -> None:
    step = RunningQuarter(BIG)
    state, _ = step.take_interval(step.initial(), _interval(datetime(2025, 12, 31, 22, 45, tzinfo=UTC), 900.0))
    state, _ = step.take_interval(state, _interval(datetime(2025, 12, 31, 23, 0, tzinfo=UTC), 300.0))
    last = feed(load([(-60, 60, 100.0), (60, 60, 100.0)]), step, state)[-1]
    assert last.billed_peak_kw == 300.0


def slow(refresh_s: int, kw: float, seconds: range, gauge_too: bool = False) -> list[Reading]:
    """A register that is read every second and shows a new count every `refresh_s`; it begins 600 s before ten."""
    readings = []
    for second in seconds:
        shown_s = (second + 600) // refresh_s * refresh_s
        readings.append(reading(TEN + second * 1000, round(1000.0 + kw * shown_s / 3600, 4)))
        if gauge_too:
            readings.append(reading(TEN + second * 1000, kw, "power"))
    return readings


EVERY_SECOND = plant(counter(sampling_s=1.0, resolution=0.0001), gauge(sampling_s=1.0), target_kw=120.0)
FAST = EVERY_SECOND.model_copy(
    update={"meters": (EVERY_SECOND.meters[0].model_copy(update={"max_power_kw": 500.0}),)}
)  # fmt: skip


@pytest.mark.parametrize("refresh_s", [3, 10, 60, 300])
@pytest.mark.parametrize("gauge_too", [False, True], ids=["counter alone", "with a gauge"])
def test_a_register_that_is_refreshed_slowly_does_not_make_the_power_alternate(refresh_s: int, gauge_too: bool) -> None:
    published = feed(slow(refresh_s, 400.0, range(-600, 900), gauge_too), RunningQuarter(FAST))
    running = [d for d in published if d.start_utc == datetime(2026, 3, 10, 10, tzinfo=UTC)]
    assert len(running) > 800
    assert {round(d.now_kw) for d in running} == {400}
    assert all(d.projected_kw == pytest.approx(400.0, abs=2.0) for d in running)
    assert all(d.synchronised for d in running)


def test_a_machine_that_stops_is_reported_as_stopped_by_a_slow_register_too() -> None:
    stopped = [reading(TEN + second * 1000, round(1000.0 + 400.0 * 690 / 3600, 4)) for second in range(91, 600)]
    published = feed(slow(30, 400.0, range(-600, 91)) + stopped, RunningQuarter(FAST))
    assert published[-1].now_kw < 40.0
    assert published[-1].energy_kwh == pytest.approx(10.0, abs=4.0)


def test_a_dip_of_the_counter_leaves_the_running_quarter_hour_to_the_counter() -> None:
    good = load([(-60, 600, 100.0), (600, 600, 100.0)])
    dipped = [
        replace(one, value=one.value - 2.0) if one.channel != "power" and one.observed_ms == TEN + 300_000 else one for one in good
    ]
    assert feed(dipped)[-1] == feed(good)[-1]
    assert feed(dipped)[-1].synchronised


def test_a_counter_that_was_reset_leaves_the_running_quarter_hour_to_the_gauge() -> None:
    good = load([(-60, 600, 100.0), (600, 600, 100.0)])
    reset = [
        replace(one, value=one.value - 990.0) if one.channel != "power" and one.observed_ms >= TEN + 300_000 else one
        for one in good
    ]
    last = feed(reset)[-1]
    assert last.energy_kwh == pytest.approx(100 * 600 / 3600, abs=0.3)
    assert not last.synchronised


def test_readings_that_were_dated_ahead_do_not_keep_the_running_quarter_hour_silent() -> None:
    good = [replace(one, gateway="g", sequence=n) for n, one in enumerate(load([(-60, 800, 100.0), (800, 800, 100.0)]))]
    by_ms = 7_200_000
    ahead = [
        replace(one, observed_ms=one.observed_ms + by_ms, received_ms=one.received_ms + by_ms)
        if TEN + 200_000 <= one.observed_ms < TEN + 230_000 else one
        for one in good
    ]  # fmt: skip
    step = RunningQuarter(BIG)
    state, published = step.initial(), []
    for one in ahead:
        state, demands = step.take_reading(decode_state(encode_state(state)), one)
        published += demands
    assert published[-1].at_utc == datetime(2026, 3, 10, 10, 13, 20, tzinfo=UTC)
    assert published[-1].projected_kw == pytest.approx(100.0, abs=1.0)

"""Findings worked by hand, on a furnace with three shifts from Monday to Thursday and one on Friday."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from detection.step import DetectionState, DetectionStep, decode_state, encode_state
from domain.anomalies import Anomaly, AnomalyKind
from domain.calendars import staffed_spans
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from domain.stored_state import UnreadableState
from quarters.numbers import quarter_starts
from tests.spoken import english, german

BERLIN = ZoneInfo("Europe/Berlin")
PRICE_EUR_PER_KWH = 0.20
WORKWEEK = ["mon", "tue", "wed", "thu"]
PLANT = Plant.model_validate(
    {
        "site": {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z", "holiday_region": "DE-BW"},
        "meter": [
            {
                "id": "furnace",
                "name": "Härteofen",
                "max_power_kw": 200,
                "register": [
                    {"channel": "energy_import", "kind": "counter", "unit": "kWh", "sampling_s": 10, "resolution": 0.1},
                    {"channel": "power", "kind": "gauge", "unit": "kW", "sampling_s": 10, "resolution": 0.1},
                ],
            },
            {"id": "grid", "max_power_kw": 900},
        ],
        "shift": [
            {"id": "early", "days": [*WORKWEEK, "fri"], "from": "06:00", "to": "14:00"},
            {"id": "late", "days": WORKWEEK, "from": "14:00", "to": "22:00"},
            {"id": "night", "days": WORKWEEK, "from": "22:00", "to": "06:00"},
        ],
        "machine": [
            {
                "id": "oven",
                "name": "Härteofen 1",
                "kind": "furnace",
                "meter": "furnace",
                "rated_kw": 120,
                "standby_kw": 0.5,
                "shifts": ["early", "late", "night"],
            }
        ],
    }
)
DAY = timedelta(days=1)
FRIDAY_1400 = datetime(2026, 10, 23, 14, 0, tzinfo=BERLIN).astimezone(UTC)


def quarter(start_utc: datetime, power_kw: float | None, **changes: object) -> Interval:
    """A measured quarter hour of the furnace."""
    energy_uwh, quality = (
        (None, IntervalQuality.MISSING) if power_kw is None else (round(power_kw / 4 * 1e9), IntervalQuality.MEASURED)
    )
    interval = Interval("werk", "furnace", "energy_import", start_utc, energy_uwh, 1.0, quality, IntervalMethod.REGISTER, 0, 90)
    return replace(interval, **changes)  # type: ignore[arg-type]


def unheard(start_utc: datetime) -> Interval:
    """A quarter hour without a single reading."""
    return quarter(start_utc, None, coverage=0.0, method=IntervalMethod.NONE, readings=0)


def run(intervals: Iterable[Interval], state: DetectionState | None = None) -> tuple[DetectionState, list[Anomaly]]:
    """All findings, with the state stored and loaded after every record."""
    step = DetectionStep(PLANT, PRICE_EUR_PER_KWH)
    state = step.initial() if state is None else state
    found: list[Anomaly] = []
    for interval in intervals:
        state, more = step.take(decode_state(encode_state(state)), interval)
        found += more
    return state, found


def furnace_kw(start_utc: datetime, random: Random) -> float:
    """A batch furnace: on in its shifts, heating up two hours before the week's first, cooling down after the last."""
    machine = PLANT.machines[0]
    if staffed_spans(machine, PLANT, start_utc, start_utc + QUARTER):
        return 60 + 30 * random.random()
    if staffed_spans(machine, PLANT, start_utc, start_utc + timedelta(hours=2)):
        return 90.0
    if staffed_spans(machine, PLANT, start_utc - timedelta(minutes=15), start_utc):
        return 20.0
    return 0.5 + 0.2 * random.random()


def clean(from_utc: datetime, to_utc: datetime, origin: IntervalOrigin, seed: int = 1) -> Iterator[Interval]:
    """The furnace as it should run."""
    random = Random(seed)
    for start_utc in quarter_starts(from_utc, to_utc):
        yield quarter(start_utc, round(furnace_kw(start_utc, random), 2), origin=origin)


def test_a_furnace_left_on_after_the_friday_shift_is_found_within_half_an_hour_and_priced() -> None:
    left_on = [quarter(FRIDAY_1400 + n * QUARTER, 60.0) for n in range(-4, 4)]

    _, found = run(left_on)

    first = found[0]
    assert first.kind is AnomalyKind.ON_WHILE_OFF
    assert first.anomaly == f"furnace/on_while_off/{int(FRIDAY_1400.timestamp())}"
    assert first.since_utc == FRIDAY_1400
    assert first.at_utc - FRIDAY_1400 <= timedelta(minutes=30)
    assert first.until_utc is None
    # 60 kW instead of the 0.5 kW of the plant file: 59.5 kW; two quarter hours of it are 29.75 kWh.
    assert (first.expected_kw, first.actual_kw, first.excess_kwh) == (0.5, 60.0, 29.75)
    # No shift until Monday, so 24 h a day: 59.5 kW x 24 h = 1428 kWh, at 0.20 EUR/kWh 285.60 EUR.
    assert (first.kwh_per_day, first.eur_per_day) == (1428.0, 285.6)
    assert "Härteofen 1" in english(first, PLANT) and "since Fri 23 Oct 14:00" in english(first, PLANT)
    assert "1 428 kWh and 286 EUR a day" in english(first, PLANT)
    assert "seit Fr 23.10. 14:00: 60 kW statt 0,5 kW, bisher 29,8 kWh" in german(first, PLANT)
    assert "1 428 kWh und 286 EUR am Tag" in german(first, PLANT)


def test_an_incident_grows_once_a_quarter_hour_and_ends_where_the_power_fell() -> None:
    powers = [60.0] * 5 + [0.6] * 4
    _, found = run(quarter(FRIDAY_1400 + n * QUARTER, kw) for n, kw in enumerate(powers))

    assert [anomaly.revision for anomaly in found] == [0, 1, 2, 3, 4]
    assert len({anomaly.anomaly for anomaly in found}) == 1
    assert [anomaly.excess_kwh for anomaly in found[:4]] == [29.75, 44.625, 59.5, 74.375]
    last = found[-1]
    assert last.until_utc == FRIDAY_1400 + 5 * QUARTER
    assert last.excess_kwh == 74.375
    assert "from Fri 23 Oct 14:00 to Fri 23 Oct 15:15" in english(last, PLANT)


def test_an_incident_ends_with_the_next_shift() -> None:
    monday_0600 = datetime(2026, 10, 26, 6, 0, tzinfo=BERLIN).astimezone(UTC)
    starts = quarter_starts(FRIDAY_1400, monday_0600 + 8 * QUARTER)
    _, found = run(quarter(start_utc, 60.0) for start_utc in starts)

    assert found[-1].until_utc == monday_0600
    # Friday 14:00 to Monday 06:00 with the hour of the clock change: 65 h at 59.5 kW.
    assert found[-1].excess_kwh == pytest.approx(65 * 59.5)
    assert found[0].kwh_per_day == found[-1].kwh_per_day


def test_one_quarter_hour_of_running_down_is_forgiven() -> None:
    powers = [60.0, 4.0, 0.5, 0.5, 30.0, 0.5, 0.5]
    assert run(quarter(FRIDAY_1400 + n * QUARTER, kw) for n, kw in enumerate(powers))[1] == []


def test_a_quarter_hour_that_is_partly_staffed_is_not_judged() -> None:
    plant = PLANT.model_copy(update={"shifts": (PLANT.shifts[0].model_copy(update={"to": "14:10"}), *PLANT.shifts[1:])})
    step = DetectionStep(plant, PRICE_EUR_PER_KWH)
    state, found = step.initial(), []
    for number, kw in enumerate([60.0, 60.0, 60.0]):
        state, more = step.take(state, quarter(FRIDAY_1400 + number * QUARTER, kw))
        found += more
    assert [anomaly.since_utc for anomaly in found] == [FRIDAY_1400 + QUARTER]


def test_five_weeks_of_clean_running_raise_no_alarm_even_without_history() -> None:
    from_utc = datetime(2026, 9, 14, 4, 0, tzinfo=UTC)  # a Monday, 06:00 local
    step = DetectionStep(PLANT, PRICE_EUR_PER_KWH)
    state, found = step.initial(), []
    for interval in clean(from_utc, from_utc + timedelta(weeks=5), IntervalOrigin.METERING):
        state, more = step.take(state, interval)
        found += more
    assert found == []


@pytest.mark.parametrize(
    ("what", "from_local", "days"),
    [
        ("German unity day on a Saturday and the days around it", datetime(2026, 10, 1, tzinfo=BERLIN), 5),
        ("clock goes back", datetime(2026, 10, 23, tzinfo=BERLIN), 4),
        ("clock goes forward", datetime(2026, 3, 27, tzinfo=BERLIN), 4),
        ("Christmas to Epiphany", datetime(2026, 12, 22, tzinfo=BERLIN), 17),
    ],
)
def test_holidays_and_clock_changes_raise_no_alarm_for_a_machine_off_as_planned(what: str, from_local: datetime, days: int) -> None:
    from_utc = from_local.astimezone(UTC)
    step = DetectionStep(PLANT, PRICE_EUR_PER_KWH)
    state, found = step.initial(), []
    for interval in clean(from_utc, from_utc + timedelta(days=days), IntervalOrigin.METERING):
        state, more = step.take(state, interval)
        found += more
    assert found == [], what


def test_on_a_holiday_a_furnace_that_runs_as_on_a_workday_is_found() -> None:
    holiday = datetime(2026, 11, 1, 8, 0, tzinfo=BERLIN).astimezone(UTC)  # All Saints' Day
    _, found = run(quarter(holiday + n * QUARTER, 60.0) for n in range(2))
    assert [anomaly.since_utc for anomaly in found] == [holiday]


def test_history_trains_and_never_alarms() -> None:
    from_utc = FRIDAY_1400 - timedelta(weeks=5)
    weekends_on = [quarter(s, 60.0, origin=IntervalOrigin.IMPORT) for s in quarter_starts(from_utc, FRIDAY_1400)]
    step = DetectionStep(PLANT, PRICE_EUR_PER_KWH)
    state, found = step.initial(), []
    for interval in weekends_on:
        state, more = step.take(state, interval)
        found += more
    assert found == []
    # It has always held 60 kW over the weekend, so that is its normal off level and no waste anybody left on.
    _, found = run([quarter(FRIDAY_1400 + n * QUARTER, 61.0) for n in range(4)], state)
    assert found == []
    assert len(encode_state(state)) < 20_000


def test_a_furnace_left_on_is_found_the_same_after_five_weeks_of_clean_history() -> None:
    step = DetectionStep(PLANT, PRICE_EUR_PER_KWH)
    state = step.initial()
    for interval in clean(FRIDAY_1400 - timedelta(weeks=5), FRIDAY_1400, IntervalOrigin.IMPORT):
        state, _ = step.take(state, interval)
    _, found = run([quarter(FRIDAY_1400 + n * QUARTER, 60.0) for n in range(2)], state)
    assert [anomaly.since_utc for anomaly in found] == [FRIDAY_1400]
    assert found[0].evidence["expected_from"].startswith("median_of_")
    assert found[0].expected_kw is not None and found[0].expected_kw < 21


def test_a_substitute_neither_opens_nor_ends_an_incident_and_late_data_corrects_its_energy() -> None:
    guess = {"coverage": 0.0, "quality": IntervalQuality.SUBSTITUTED, "method": IntervalMethod.LIKE_DAY_SCALED}
    open_incident = [quarter(FRIDAY_1400 + n * QUARTER, 60.0) for n in range(2)]
    unknown = quarter(FRIDAY_1400 + 2 * QUARTER, 0.5, **guess)
    late = quarter(FRIDAY_1400 + 2 * QUARTER, 60.0, revision=1)
    following = quarter(FRIDAY_1400 + 3 * QUARTER, 60.0)

    _, found = run([*open_incident, unknown, late, late, following])

    on = [anomaly for anomaly in found if anomaly.kind is AnomalyKind.ON_WHILE_OFF]
    assert [anomaly.excess_kwh for anomaly in on] == [29.75, 59.5]
    assert all(anomaly.until_utc is None for anomaly in on)


def test_repeated_records_say_nothing_again() -> None:
    records = [quarter(FRIDAY_1400 + n * QUARTER, 60.0) for n in range(3)]
    state, found = run(records)
    _, again = run(records, state)
    assert len(found) == 2
    assert again == []


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (IntervalMethod.RESET, "was reset"),
        (IntervalMethod.STEP_REMOVED, "the step was taken out"),
        (IntervalMethod.EXCHANGE, "was exchanged"),
    ],
)
def test_a_counter_that_jumps_is_reported_once_with_evidence(method: IntervalMethod, words: str) -> None:
    jump = quarter(FRIDAY_1400 - 8 * QUARTER, 70.0, method=method, quality=IntervalQuality.CORRECTED)
    _, found = run([jump, jump, replace(jump, revision=1)])
    assert [anomaly.kind for anomaly in found] == [AnomalyKind.COUNTER_DISCONTINUITY]
    assert words in english(found[0], PLANT)
    assert found[0].evidence["method"] == method.value
    assert (found[0].since_utc, found[0].until_utc) == (jump.start_utc, jump.end_utc)


def test_a_rollover_is_no_anomaly_and_an_imported_reset_none_either() -> None:
    rollover = quarter(FRIDAY_1400 - 8 * QUARTER, 70.0, method=IntervalMethod.ROLLOVER)
    imported = quarter(FRIDAY_1400 - 9 * QUARTER, 70.0, method=IntervalMethod.RESET, origin=IntervalOrigin.IMPORT)
    assert run([imported, rollover])[1] == []


def test_a_jump_that_late_data_takes_back_is_reported_with_the_next_revision() -> None:
    jump = quarter(FRIDAY_1400 - 8 * QUARTER, 70.0, method=IntervalMethod.RESET)
    _, found = run([jump, replace(jump, revision=1, method=IntervalMethod.REGISTER)])
    assert [anomaly.revision for anomaly in found] == [0, 1]
    assert found[1].evidence["method"] == "register"


def test_a_silent_meter_is_reported_since_when_and_until_when() -> None:
    noon = FRIDAY_1400 - 8 * QUARTER
    _, found = run([quarter(noon, 60.0), unheard(noon + QUARTER), unheard(noon + 2 * QUARTER), quarter(noon + 3 * QUARTER, 60.0)])
    assert [(a.kind, a.since_utc, a.until_utc, a.revision) for a in found] == [
        (AnomalyKind.SILENT_METER, noon + QUARTER, None, 0),
        (AnomalyKind.SILENT_METER, noon + QUARTER, None, 1),
        (AnomalyKind.SILENT_METER, noon + QUARTER, noon + 3 * QUARTER, 2),
    ]
    assert english(found[1], PLANT) == "Härteofen: no readings since Fri 23 Oct 12:15 (30 min)."
    assert german(found[2], PLANT) == "Härteofen: keine Messwerte von Fr 23.10. 12:15 bis Fr 23.10. 12:45."


@pytest.mark.parametrize("heard_before", [False, True])
def test_a_silence_that_late_data_fills_says_so(heard_before: bool) -> None:
    noon = FRIDAY_1400 - 8 * QUARTER
    silent = [unheard(noon), unheard(noon + QUARTER)]
    live = [quarter(noon + 2 * QUARTER, 60.0)] if heard_before else []
    late = [quarter(noon + n * QUARTER, 60.0, revision=1) for n in range(2)]
    _, found = run([*silent, *live, *late])
    assert found[-1].until_utc == noon + 2 * QUARTER
    assert found[-1].evidence["filled_by_late_data"] == "yes"
    assert "late data has filled all of it" in english(found[-1], PLANT)
    assert [anomaly.revision for anomaly in found] == list(range(len(found)))


def test_a_meter_without_machines_or_with_an_unstaffed_one_is_only_watched_for_silence_and_jumps() -> None:
    step = DetectionStep(PLANT, PRICE_EUR_PER_KWH)
    state, found = step.initial(), []
    for number in range(8):
        state, more = step.take(state, quarter(FRIDAY_1400 + number * QUARTER, 400.0, meter="grid"))
        found += more
    assert found == []


def test_the_same_watch_can_be_used_at_another_price() -> None:
    step = DetectionStep(PLANT, PRICE_EUR_PER_KWH)
    more_expensive = step.at_price(0.30)
    state = step.initial()
    for number in range(2):
        state, found = more_expensive.take(state, quarter(FRIDAY_1400 + number * QUARTER, 60.0))
    assert [anomaly.eur_per_day for anomaly in found] == [428.4]  # 1428 kWh at 0.30 EUR/kWh
    state, found = step.take(state, quarter(FRIDAY_1400 + 2 * QUARTER, 60.0))
    assert [anomaly.eur_per_day for anomaly in found] == [285.6]


def test_state_of_another_version_is_refused_with_what_to_do() -> None:
    payload = encode_state(DetectionState()).replace(b"detection 5", b"detection 99", 1)
    with pytest.raises(UnreadableState, match=r"version 99; expected version 5 .* Start the job without its stored state"):
        decode_state(payload)


# -- wrong dates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [1000, 1970, 2062, 8999])
@pytest.mark.parametrize("origin", [IntervalOrigin.IMPORT, IntervalOrigin.METERING])
def test_one_row_of_a_wrong_year_hides_no_furnace_that_was_left_on(year: int, origin: IntervalOrigin) -> None:
    history = list(clean(FRIDAY_1400 - timedelta(weeks=2), FRIDAY_1400, IntervalOrigin.IMPORT))
    rows = 4 if origin is IntervalOrigin.IMPORT else 1
    wrong = [quarter(datetime(year, 3, 1, tzinfo=UTC) + n * QUARTER, 60.0, origin=origin) for n in range(rows)]
    live = [quarter(FRIDAY_1400 + n * QUARTER, 60.0) for n in range(96)]
    _, expected = run([*history[-300:], *live])
    state, found = run([*history[-300:], *wrong, *live])
    assert found == expected
    assert len(encode_state(state)) < 30_000


def test_imported_rows_of_the_future_take_nothing_from_what_growth_is_compared_with() -> None:
    from_utc = FRIDAY_1400 - timedelta(weeks=5)
    history = clean(from_utc, FRIDAY_1400, IntervalOrigin.IMPORT)
    step = DetectionStep(PLANT, PRICE_EUR_PER_KWH)
    state = step.initial()
    for interval in history:
        state, _ = step.take(state, interval, FRIDAY_1400)
    days = dict(state.creep.days)
    future = datetime(2062, 1, 1, tzinfo=UTC)
    for interval in clean(future, future + timedelta(weeks=9), IntervalOrigin.IMPORT):
        state, _ = step.take(state, interval, FRIDAY_1400)
    assert state.creep.days == days


def test_what_was_found_in_a_time_that_turns_out_to_be_wrong_ends_and_the_right_time_is_watched_again() -> None:
    """A gateway's clock was five weeks ahead for some hours: the furnace it left on there, and its silence, were never so."""
    ahead = timedelta(weeks=5)
    step = DetectionStep(PLANT, PRICE_EUR_PER_KWH)
    state, found = step.initial(), []
    rows = [(quarter(FRIDAY_1400 + ahead + n * QUARTER, 60.0), FRIDAY_1400) for n in range(8)]
    rows += [(unheard(FRIDAY_1400 + ahead + n * QUARTER), FRIDAY_1400) for n in range(8, 12)]
    rows += [(quarter(FRIDAY_1400 + n * QUARTER, 60.0), FRIDAY_1400 + (n + 1) * QUARTER) for n in range(4)]
    for interval, now_utc in rows:
        state, more = step.take(state, interval, now_utc)
        found += more
    newest = {anomaly.anomaly: anomaly for anomaly in found}
    wrong = [anomaly for anomaly in newest.values() if anomaly.since_utc > FRIDAY_1400 + DAY]
    assert {anomaly.kind for anomaly in wrong} == {AnomalyKind.ON_WHILE_OFF, AnomalyKind.SILENT_METER}
    assert all(anomaly.until_utc is not None for anomaly in wrong)
    right = [anomaly for anomaly in newest.values() if anomaly not in wrong]
    assert [(anomaly.since_utc, anomaly.until_utc) for anomaly in right] == [(FRIDAY_1400, None)]


def test_a_reset_dated_years_ahead_on_another_channel_is_no_finding_of_today() -> None:
    wrong = quarter(datetime(2062, 3, 1, tzinfo=UTC), 60.0, channel="power", method=IntervalMethod.RESET)
    _, found = run([quarter(FRIDAY_1400 - 8 * QUARTER, 60.0), wrong])
    assert found == []


# -- money that is not known -------------------------------------------------------------------------------------------


def test_without_a_price_a_finding_names_energy_and_of_no_money() -> None:
    step = DetectionStep(PLANT, None)
    state, found = step.initial(), []
    for number in range(2):
        state, found = step.take(state, quarter(FRIDAY_1400 + number * QUARTER, 60.0))
    (first,) = found
    assert (first.kwh_per_day, first.eur_per_day) == (1428.0, None)
    assert "If it stays on: 1 428 kWh a day." in english(first, PLANT)
    assert "EUR" not in english(first, PLANT) + german(first, PLANT)
    assert first.evidence["price_eur_per_kwh"] == "unknown"


def test_a_silent_meter_and_a_jump_name_no_money() -> None:
    noon = FRIDAY_1400 - 8 * QUARTER
    jump = quarter(noon + QUARTER, 70.0, method=IntervalMethod.RESET)
    _, found = run([quarter(noon, 60.0), jump, unheard(noon + 2 * QUARTER)])
    assert {anomaly.kind for anomaly in found} == {AnomalyKind.COUNTER_DISCONTINUITY, AnomalyKind.SILENT_METER}
    assert {anomaly.eur_per_day for anomaly in found} == {None}

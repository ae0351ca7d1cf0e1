"""What a machine draws while it is off may change for good: one finding, then it is normal. What somebody left on is found all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from detection.step import DetectionStep, decode_state, encode_state
from domain.anomalies import Anomaly, AnomalyKind
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from quarters.numbers import quarter_starts
from tests.spoken import english, german

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 2, 2, tzinfo=BERLIN)
Idle = Callable[[datetime], float]
"""Power [kW] outside of the shift at a local time."""


def plant(rated_kw: float = 100.0) -> Plant:
    """A press with one shift from Monday to Friday; its standby power is not written down."""
    register = {"channel": "energy_import", "kind": "counter", "unit": "Wh", "sampling_s": 5, "resolution": 1}
    shift = {"id": "day", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "06:00", "to": "22:00"}
    return Plant.model_validate(
        {
            "site": {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"},
            "meter": [{"id": "m", "max_power_kw": 200, "register": [register]}],
            "shift": [shift],
            "machine": [{"id": "press", "name": "Presse 1", "meter": "m", "rated_kw": rated_kw, "shifts": ["day"]}],
        }
    )


def found_in(idle: Idle, days: int = 84, live_from: int = 0, noise_kw: float = 0.3, rated_kw: float = 100.0) -> list[Anomaly]:
    """All records over `days`; the first `live_from` of them are imported. The state is stored and loaded once a day."""
    random = Random(1)
    step = DetectionStep(plant(rated_kw), 0.20)
    state, found = step.initial(), []
    for number, start_utc in enumerate(quarter_starts(MONDAY.astimezone(UTC), (MONDAY + timedelta(days=days)).astimezone(UTC))):
        local = start_utc.astimezone(BERLIN)
        at_work = local.weekday() < 5 and 6 <= local.hour < 22
        kw = max(random.gauss(70, 5) if at_work else idle(local) + random.gauss(0, noise_kw), 0.0)
        origin = IntervalOrigin.IMPORT if number < live_from * 96 else IntervalOrigin.METERING
        energy, quality, method = round(kw / 4 * 1e9), IntervalQuality.MEASURED, IntervalMethod.REGISTER
        state, more = step.take(
            state, Interval("werk", "m", "energy_import", start_utc, energy, 1.0, quality, method, 0, 30, origin)
        )
        found += more
        if number % 96 == 0:
            state = decode_state(encode_state(state))
    return found


def of_findings(found: list[Anomaly]) -> list[Anomaly]:
    """The newest revision of each finding, in the order in which they were found."""
    return list({anomaly.anomaly: anomaly for anomaly in found}.values())


def evening_of(local: datetime) -> date:
    """The day on whose evening the span of rest began."""
    return (local - timedelta(hours=12)).date()


def is_weeknight(local: datetime) -> bool:
    return evening_of(local).weekday() < 4


def is_after(local: datetime, days: float) -> bool:
    return local >= MONDAY + timedelta(days=days)


# -- a level that rises for good ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("live_from", [0, 28])
@pytest.mark.parametrize("to_kw", [14.0, 16.0, 25.0])
def test_an_idle_level_that_rises_for_good_is_one_finding_and_then_normal(live_from: int, to_kw: float) -> None:
    found = found_in(lambda local: to_kw if is_after(local, 28) else 9.0, live_from=live_from)
    (rise,) = of_findings(found)
    assert rise.kind is AnomalyKind.ON_WHILE_OFF
    assert rise.until_utc is not None, "it ends when the level is taken for normal"
    assert rise.until_utc - rise.since_utc < timedelta(days=8)
    assert (rise.expected_kw, rise.actual_kw) == (pytest.approx(9.0, abs=0.2), pytest.approx(to_kw, abs=0.3))
    assert "From now on this is taken for normal" in english(rise, plant()) and "gilt das als normal" in german(rise, plant())


def test_a_press_that_has_idled_so_from_its_first_day_is_one_finding() -> None:
    (rise,) = of_findings(found_in(lambda _: 14.0, days=56))
    assert rise.evidence["spans_of_rest"] == "5"


def test_noise_across_the_limit_makes_no_further_findings() -> None:
    assert len(of_findings(found_in(lambda local: 14.0 if is_after(local, 28) else 9.0, live_from=28, noise_kw=2.0))) == 1


def test_a_level_that_falls_again_is_no_finding_and_what_is_left_on_afterwards_is_one() -> None:
    left_on = date(2026, 4, 14)

    def idle(local: datetime) -> float:
        return 60.0 if evening_of(local) == left_on else 14.0 if is_after(local, 28) and not is_after(local, 49) else 9.0

    rise, left = of_findings(found_in(idle, live_from=28))
    assert rise.actual_kw == pytest.approx(14.0, abs=0.3)
    assert left.since_utc.astimezone(BERLIN) == datetime(2026, 4, 14, 22, 0, tzinfo=BERLIN)


def test_a_rise_of_two_nights_is_one_finding_that_ends_with_them() -> None:
    (rise,) = of_findings(found_in(lambda local: 16.0 if evening_of(local) in (date(2026, 3, 3), date(2026, 3, 4)) else 9.0))
    assert rise.since_utc.astimezone(BERLIN) == datetime(2026, 3, 3, 22, 0, tzinfo=BERLIN)
    assert rise.until_utc is not None
    assert rise.until_utc.astimezone(BERLIN) == datetime(2026, 3, 5, 6, 0, tzinfo=BERLIN)
    assert rise.excess_kwh == pytest.approx(2 * 8 * 7.0, abs=3)


@pytest.mark.parametrize(("weeknight_kw", "weekend_kw"), [(16.0, 3.0), (3.0, 16.0)])
def test_another_level_at_weekends_than_at_night_is_one_finding_at_most(weeknight_kw: float, weekend_kw: float) -> None:
    def idle(local: datetime) -> float:
        return weeknight_kw if is_weeknight(local) else weekend_kw

    assert len(of_findings(found_in(idle))) == 1
    assert found_in(idle, live_from=28) == []


def test_a_level_that_rises_slowly_is_followed_and_found_as_growth() -> None:
    def idle(local: datetime) -> float:
        return 9.0 + 5.0 * max(0.0, (local - MONDAY) / timedelta(days=1) - 28) / 56

    assert {anomaly.kind for anomaly in of_findings(found_in(idle, live_from=28))} == {AnomalyKind.CREEP}


def test_power_of_work_never_becomes_the_off_level() -> None:
    """60 of 100 kW every night for three weeks is somebody's habit, not the machine's: one finding that stays open."""
    (left,) = of_findings(found_in(lambda local: 60.0 if is_after(local, 28) else 9.0, days=49, live_from=28))
    assert left.until_utc is None
    assert "taken for normal" not in english(left, plant())
    assert "16 times in a row" in english(left, plant())
    # The end of a weekend, 12 weeknights and 3 weekends: 3 x 56 h and 12 x 8 h, at 51 kW more than the machine idles at.
    assert left.excess_kwh == pytest.approx(51 * (3 * 56 + 12 * 8), rel=0.05)


# -- left on in between ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rises", [False, True])
def test_nights_on_which_it_was_really_left_on_are_found_each_for_itself(rises: bool) -> None:
    nights = [date(2026, 3, 4), date(2026, 3, 11), date(2026, 4, 1), date(2026, 4, 13)]

    def idle(local: datetime) -> float:
        return 60.0 if evening_of(local) in nights else 14.0 if rises and is_after(local, 28) else 9.0

    found = [anomaly for anomaly in of_findings(found_in(idle, live_from=28)) if (anomaly.actual_kw or 0.0) > 40]
    assert [evening_of(anomaly.since_utc.astimezone(BERLIN)) for anomaly in found] == nights
    for anomaly in found:
        assert anomaly.until_utc is not None
        assert anomaly.until_utc - anomaly.since_utc == timedelta(hours=8)
        assert anomaly.excess_kwh == pytest.approx(8 * (46 if rises else 51), rel=0.05)


def test_what_is_switched_on_during_a_night_of_raised_idling_is_a_finding_of_its_own() -> None:
    def idle(local: datetime) -> float:
        on = datetime(2026, 3, 5, 1, 0, tzinfo=BERLIN) <= local < datetime(2026, 3, 5, 3, 0, tzinfo=BERLIN)
        return 60.0 if on else 16.0 if is_after(local, 28) else 9.0

    rise, left = of_findings(found_in(idle, live_from=28))
    assert (left.since_utc.astimezone(BERLIN).hour, left.expected_kw) == (1, pytest.approx(16.0, abs=0.3))
    assert left.excess_kwh == pytest.approx(2 * 44, rel=0.05)
    assert rise.actual_kw == pytest.approx(16.0, abs=0.3)


def test_the_state_stays_small() -> None:
    step = DetectionStep(plant(), 0.20)
    state = step.initial()
    random = Random(3)
    for number in range(96 * 60):
        start_utc = MONDAY.astimezone(UTC) + number * QUARTER
        kw = random.choice([2.0, 14.0, 60.0, 90.0])
        interval = Interval(
            "werk", "m", "energy_import", start_utc, round(kw / 4 * 1e9), 1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER, 0
        )
        state, _ = step.take(state, interval)
    assert len(encode_state(state)) < 60_000

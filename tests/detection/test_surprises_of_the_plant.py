"""Surprises of the simulated plant, from its quarter hours: each is found, named and priced within its delay (decision 072), and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.anomalies import AnomalyKind
from domain.shift_changes import ShiftChange
from domain.shifts import Shutdown
from simulation.surprises import NONE, ExtraWork, Leak, LeftOn, Surprises
from tests.detection.plant_weeks import FRIDAY, SATURDAY, Weeks, at, first, newest
from tests.spoken import english, german

PRICE_EUR_PER_KWH = 0.1285
WORKING = ("press-1", "press-2", "cnc-line", "moulding-1")
SPECIAL = ShiftChange("werk-nord", "early", SATURDAY.isoformat(), 1, True, at(FRIDAY, "05:00"))
WORKED = Surprises(extra_work=(ExtraWork(WORKING, at(SATURDAY, "06:00").timestamp(), at(SATURDAY, "14:00").timestamp()),))


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Weeks:
    return Weeks(tmp_path_factory.mktemp("plant"))


def test_eight_days_without_a_surprise_raise_nothing(weeks: Weeks) -> None:
    assert newest(weeks.found(8, NONE)) == []


def test_a_special_shift_that_nobody_entered_is_work_nobody_planned(weeks: Weeks) -> None:
    found = weeks.found(3, WORKED)

    by_meter = {(one.meter, one.kind) for one in newest(found)}
    assert by_meter == {
        *((machine, AnomalyKind.ON_WHILE_OFF) for machine in WORKING),
        ("hall-2", AnomalyKind.UNPLANNED_WORK), ("main", AnomalyKind.LEFT_ON), ("compressor-1", AnomalyKind.LEFT_ON),
    }  # fmt: skip
    opened = first(found, "hall-2", AnomalyKind.UNPLANNED_WORK)
    assert (opened.since_utc, opened.at_utc) == (at(SATURDAY, "06:00"), at(SATURDAY, "11:15"))
    ended = next(one for one in newest(found) if one.meter == "hall-2")
    assert ended.until_utc == at(SATURDAY, "14:00")
    assert ended.excess_kwh == pytest.approx(8 * 122, rel=0.05)
    assert ended.eur_per_day == pytest.approx(ended.kwh_per_day * PRICE_EUR_PER_KWH, abs=0.01)
    assert ended.evidence["like_day"] == "2026-10-17"
    assert "work since Sat 24 Oct 06:00 that is in no plan, 5 h so far" in english(opened, weeks.span.plant)
    assert "Seit Sa 24.10. 06:00 wird gearbeitet, was in keinem Plan steht, bisher 5 h" in german(opened, weeks.span.plant)


def test_a_special_shift_that_is_entered_and_worked_is_nothing(weeks: Weeks) -> None:
    assert newest(weeks.found(3, WORKED, [SPECIAL])) == []


def test_a_special_shift_that_nobody_works_is_found_after_three_hours(weeks: Weeks) -> None:
    found = weeks.found(3, NONE, [SPECIAL])

    (empty,) = newest(found)
    assert (empty.meter, empty.kind) == ("main", AnomalyKind.UNPLANNED_WORK)
    assert (empty.since_utc, empty.until_utc, found[0].at_utc) == (
        at(SATURDAY, "06:00"), at(SATURDAY, "14:00"), at(SATURDAY, "09:15"),
    )  # fmt: skip
    assert (empty.excess_kwh, empty.kwh_per_day) == (0.0, 0.0)
    assert "a special shift is entered from Sat 24 Oct 06:00 on, but for 3 h nobody has worked" in english(
        found[0], weeks.span.plant
    )


def test_a_furnace_left_on_in_a_shutdown_is_found_within_half_an_hour(weeks: Weeks) -> None:
    monday = FRIDAY + timedelta(days=3)
    shutdown = Shutdown.model_validate({"from": SATURDAY, "to": FRIDAY + timedelta(days=9)})
    plant = weeks.span.plant.model_copy(update={"shutdowns": (shutdown,)})
    left_on = Surprises(left_on=(LeftOn("furnace-1", at(monday, "06:00").timestamp(), at(monday, "18:00").timestamp()),))

    found = weeks.found(5, left_on, plant=plant)

    opened = first(found, "furnace-1", AnomalyKind.ON_WHILE_OFF)
    assert opened.since_utc == at(monday, "06:00")
    assert opened.at_utc - opened.since_utc <= timedelta(minutes=30)
    assert {one.meter for one in found} <= {"furnace-1", "hall-1", "main"}
    assert {one.kind for one in found} <= {AnomalyKind.ON_WHILE_OFF, AnomalyKind.LEFT_ON}
    ended = newest(found)[0]
    assert ended.until_utc is not None
    assert ended.eur_per_day == pytest.approx(ended.kwh_per_day * PRICE_EUR_PER_KWH, abs=0.01)


def test_compressed_air_that_leaks_is_found_after_two_days_of_rest_and_priced(weeks: Weeks) -> None:
    leak = Surprises(leaks=(Leak(0.8, at(SATURDAY, "02:00").timestamp(), at(FRIDAY + timedelta(days=60), "00:00").timestamp()),))
    found = weeks.found(5, leak)

    (leaking,) = newest(found)
    assert (leaking.meter, leaking.kind) == ("compressor-1", AnomalyKind.AIR_LEAK)
    assert leaking.since_utc == at(SATURDAY, "00:00")
    assert found[0].at_utc <= at(FRIDAY + timedelta(days=3), "01:15")
    assert leaking.expected_kw == pytest.approx(29.1, abs=0.3)
    assert leaking.actual_kw == pytest.approx(32.5, abs=0.5)
    assert leaking.kwh_per_day == pytest.approx(82, abs=8)
    assert leaking.eur_per_day == pytest.approx(leaking.kwh_per_day * PRICE_EUR_PER_KWH, abs=0.01)
    assert len(found) <= 4, "a base load is published once a day"


def test_a_leak_that_history_has_shown_is_published_with_the_first_live_hour(tmp_path: Path) -> None:
    leak = Leak(0.8, at(SATURDAY - timedelta(days=7), "02:00").timestamp(), at(FRIDAY + timedelta(days=60), "00:00").timestamp())
    weeks = Weeks(tmp_path, Surprises(leaks=(leak,)), ["compressor-1"])

    (leaking,) = newest(weeks.found(1, Surprises(leaks=(leak,))))

    assert leaking.kind is AnomalyKind.AIR_LEAK
    assert leaking.since_utc == at(SATURDAY - timedelta(days=7), "00:00")
    assert leaking.excess_kwh > 6 * 70


def test_a_restart_at_every_record_changes_nothing(weeks: Weeks) -> None:
    meters = ("main", "hall-2", "press-1", "compressor-1")
    found = weeks.found(2, WORKED, meters=meters)
    assert {one.meter for one in found} == set(meters)
    assert weeks.found(2, WORKED, meters=meters, restarts=True) == found

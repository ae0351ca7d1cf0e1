"""Health of a machine, from minutes that are made by hand: what is found, when, how often it is published, and what teaches nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from detection.health.incident import REFRACTORY
from detection.health.model import FIRST_MINUTES
from detection.health.step import HealthStep
from detection.health.unusual_watch import ACCEPTED_AFTER
from domain.anomalies import AnomalyKind
from domain.codec import decode, encode
from domain.machine_health import HealthStatus, MachineHealth
from domain.minutes import Minute
from domain.plant import Plant
from tests.detection import health_sample as sample

STEP = HealthStep(sample.PLANT)
SHAKES_MM_S, POWER_KW = 1.7, 30.0


def working(
    first: int, last: int, shaking: float = 0.0, rising: float = 0.0, seed: int = 1, power: float = POWER_KW, **more: Any
) -> Iterator[Minute]:
    """Minutes of a press at work: vibration and power move together, `shaking` more of the one, and `rising` more an hour."""
    for number in range(first, last):
        random = Random(seed * 1_000_003 + number)
        load = math.sin(number / 11) + random.gauss(0, 0.5)
        vibration = SHAKES_MM_S + 0.05 * load + random.gauss(0, 0.03) + shaking + rising * (number - first) / 60
        yield from sample.minutes(number, **({"state": "Execute"} | more), vibration=vibration, power=power * (1 + 0.02 * load))


def kinds(found: list[Any]) -> list[tuple[AnomalyKind, int, bool]]:
    return [(one.kind, one.revision, one.until_utc is not None) for one in found]


def test_a_sound_machine_is_learned_within_an_hour_and_then_usual() -> None:
    _, found, health = sample.drive(STEP, working(0, 24 * 60))
    assert found == []
    learning = [one.status for one in health].index(HealthStatus.USUAL)
    assert [one.learned < 1 for one in health[:learning]] == [True] * learning and learning == math.ceil(
        (FIRST_MINUTES + 5) / 15
    ) - 1
    assert {one.status for one in health[learning:]} == {HealthStatus.USUAL}
    assert min(one.index or 0 for one in health[learning:]) > 60
    (vibration, power) = health[-1].channels
    assert vibration.usual == pytest.approx(SHAKES_MM_S, abs=0.03) and vibration.low and vibration.high
    assert vibration.low < SHAKES_MM_S < vibration.high and (vibration.unit, power.unit) == ("mm/s", "")
    assert decode(MachineHealth, encode(health[-1])) == health[-1]


def test_a_bearing_that_fails_within_hours_is_found_and_named_and_its_time_to_the_limit_holds_the_real_one() -> None:
    step = HealthStep(sample.plant(limits={"vibration": 7.1}))
    _, found, health = sample.drive(step, [*working(0, 180), *working(180, 600, rising=0.6)])
    first = next(one for one in found if one.kind is AnomalyKind.LIMIT_AHEAD)
    assert first.at_utc <= sample.at(180 + 4 * 60) and first.revision == 0
    assert (first.evidence["channel"], first.evidence["limit_from"]) == ("vibration", "plant_file")
    numbers = first.facts[0].numbers
    really = (7.1 - SHAKES_MM_S) / 0.6 / 24 - (first.at_utc - sample.at(180)).total_seconds() / 86_400
    assert numbers["least_days"] <= really * 1.05 and numbers["most_days"] >= really * 0.95
    assert {one.evidence["channel"] for one in found} == {"vibration"}
    assert health[-1].status is HealthStatus.LIMIT_AHEAD and (health[-1].index or 0) <= 50


def test_one_incident_is_opened_once_updated_hourly_at_most_and_closed_once() -> None:
    shown = [*working(0, 600), *working(600, 900, shaking=1.2), *working(900, 1200)]
    _, found, _ = sample.drive(STEP, shown)
    unusual = [one for one in found if one.kind is AnomalyKind.MACHINE_UNUSUAL]
    assert len({one.anomaly for one in unusual}) == 1
    assert [one.revision for one in unusual] == list(range(len(unusual)))
    assert [one.until_utc is not None for one in unusual] == [False] * (len(unusual) - 1) + [True]
    between = [(two.at_utc - one.at_utc).total_seconds() / 60 for one, two in pairwise(unusual[:-1])]
    assert min(between) >= 60
    first = unusual[0]
    assert sample.at(600) <= first.since_utc <= sample.at(615) and first.at_utc <= sample.at(640)
    assert first.anomaly == f"press-1/machine_unusual/{int(first.since_utc.timestamp())}"
    assert (first.facts[0].key, first.evidence["channel"], first.evidence["state"]) == (
        "machine_unusual.lasting",
        "vibration",
        "Execute",
    )
    assert first.eur_per_day is None, "no tariff: unknown is not zero"


def test_a_level_that_changes_for_good_is_one_finding_and_then_the_new_normal() -> None:
    shown = [*working(0, 1500), *working(1500, 1500 + ACCEPTED_AFTER + 2 * REFRACTORY, shaking=1.2)]
    _, found, health = sample.drive(STEP, shown)
    unusual = [one for one in found if one.kind is AnomalyKind.MACHINE_UNUSUAL]
    assert len({one.anomaly for one in unusual}) == 1
    assert unusual[-1].facts[0].key == "machine_unusual.accepted" and unusual[-1].until_utc is not None
    assert health[-1].status is HealthStatus.USUAL
    assert health[-1].channels[0].usual == pytest.approx(SHAKES_MM_S + 1.2, abs=0.1)


def test_what_only_the_load_explains_is_no_wear() -> None:
    assert sample.drive(STEP, [*working(0, 1500), *working(1500, 1900, power=1.6 * POWER_KW)])[1] == []


def test_each_operating_state_has_its_own_usual_values() -> None:
    shown: list[Minute] = []
    for hour in range(24):
        shown += working(60 * hour, 60 * hour + 40)
        shown += (
            one
            for number in range(60 * hour + 40, 60 * hour + 60)
            for one in sample.minutes(number, state="Idle", vibration=0.2 + number % 7 / 200, power=8.0 + number % 5 / 20)
        )
    _, found, health = sample.drive(STEP, shown)
    assert found == []
    usual = {one.state: one.channels[0].usual for one in health if one.channels}
    assert usual["Execute"] == pytest.approx(SHAKES_MM_S, abs=0.05) and usual["Idle"] == pytest.approx(0.22, abs=0.05)


def test_bad_minutes_teach_nothing_and_neither_open_nor_end_anything() -> None:
    state, _, _ = sample.drive(STEP, working(0, 600))
    before = state.machine.models["Execute"].seen
    state, found, health = sample.drive(STEP, working(600, 900, shaking=50.0, good=0.2), state)
    assert found == [] and state.machine.models["Execute"].seen <= before + 1
    assert {one.status for one in health[1:]} == {HealthStatus.NO_DATA} and {one.index for one in health[1:]} == {None}
    state, found, _ = sample.drive(STEP, working(900, 990, shaking=1.2), state)
    assert kinds(found)[0] == (AnomalyKind.MACHINE_UNUSUAL, 0, False)
    assert sample.drive(STEP, working(990, 1400, good=0.2), state)[1] == []


def test_older_minutes_and_those_of_others_change_nothing() -> None:
    state, _, _ = sample.drive(STEP, working(0, 300))
    before = STEP.encode(state)
    strangers = [replace(one, meter="press-2") for one in working(300, 310)]
    again, outputs, _ = sample.drive(STEP, [*working(100, 200, shaking=9.0), *strangers], state)
    assert outputs == [] and STEP.encode(again) == before


@pytest.mark.parametrize("stop", [3, 100, 190, 700, 760, 1000])
def test_a_restart_from_the_stored_state_changes_nothing(stop: int) -> None:
    shown = [*working(0, 600), *working(600, 900, shaking=1.2, rising=0.4), *working(900, 1100)]
    minutes = [number for number, one in enumerate(shown) if one.channel == "power"]
    cut = minutes[stop]
    whole = sample.drive(STEP, shown)
    state, found, health = sample.drive(STEP, shown[:cut])
    state = STEP.decode(sample.KEY, STEP.encode(state))
    state, more, later = sample.drive(STEP, shown[cut:], state)
    assert (found + more, health + later) == whole[1:] and found + more
    assert STEP.encode(state) == STEP.encode(whole[0])


def test_state_stays_small_whatever_a_control_calls_its_states() -> None:
    shown = [
        one
        for number in range(4_000)
        for one in sample.minutes(number, state=f"S{number // 20 % 37}", vibration=1.0 + number % 3, power=9.0)
    ]
    state, _, _ = sample.drive(STEP, shown)
    assert len(state.machine.models) <= 8 and len(STEP.encode(state)) < 60_000


def test_the_same_level_is_not_reported_again_within_a_day() -> None:
    shown: list[Minute] = [*working(0, 600)]
    for hour in range(10, 20):
        shown += working(60 * hour, 60 * hour + 30, shaking=1.2)
        shown += working(60 * hour + 30, 60 * hour + 60)
    _, found, _ = sample.drive(STEP, shown)
    assert len({one.anomaly for one in found if one.kind is AnomalyKind.MACHINE_UNUSUAL}) <= 1


@pytest.mark.parametrize(
    ("health", "says"),
    [
        ({"channels": []}, "at least 1 item"),
        ({"limits": {"flow": 3.0}}, "flow is not among the channels"),
        ({"channels": ["power", "power"]}, "each channel once"),
        ({"state_channel": "power"}, "a state is no gauge"),
    ],
)
def test_a_plant_file_that_cannot_be_meant_is_refused(health: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        sample.plant(**health)


def test_a_machine_of_one_channel_without_a_state_is_watched_too() -> None:
    plant = Plant.model_validate(sample.plant(channels=["vibration"], units={}, state_channel=None).model_dump(by_alias=True))
    shown = [one for one in [*working(0, 600), *working(600, 700, shaking=2.0)] if one.channel == "vibration"]
    _, found, health = sample.drive(HealthStep(plant), shown)
    assert kinds(found)[0] == (AnomalyKind.MACHINE_UNUSUAL, 0, False) and health[-1].state == ""

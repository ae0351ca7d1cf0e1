"""What a page may say nothing abnormal of: kinds and reasons by plant file, and since when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from detection.watched import MeterWatch, Watching, watched
from domain.anomalies import AnomalyKind
from domain.plant import Plant
from tests.detection import site_plant

JUMP, SILENT, ON, CREEP = (
    AnomalyKind.COUNTER_DISCONTINUITY, AnomalyKind.SILENT_METER, AnomalyKind.ON_WHILE_OFF, AnomalyKind.CREEP,
)  # fmt: skip
COUNTER = {"channel": "energy_import", "kind": "counter", "unit": "kWh", "sampling_s": 5, "resolution": 0.1}
GAUGE = {"channel": "power", "kind": "gauge", "unit": "kW", "sampling_s": 5, "resolution": 0.1}
DAY_SHIFT = {"id": "day", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "06:00", "to": "22:00"}
SHUTDOWN = {"from": date(2026, 8, 3), "to": date(2026, 8, 21)}
LIVE = datetime(2026, 10, 5, tzinfo=UTC)


def plant(machines: list[dict[str, Any]], register: dict[str, Any] = COUNTER, **tables: Any) -> Plant:
    """One meter with `machines` behind it."""
    site = {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"}
    behind = [{"id": f"m{n}", "meter": "hall", "rated_kw": 50, **machine} for n, machine in enumerate(machines)]
    return Plant.model_validate(
        {"site": site, "meter": [{"id": "hall", "max_power_kw": 90, "register": [register]}], "machine": behind, **tables}
    )


def kinds(found: tuple[MeterWatch, ...]) -> dict[AnomalyKind, Watching]:
    return {watch.kind: watch.watching for watch in found[0].watches}


def test_a_meter_alone_is_watched_for_silence_and_jumps_only() -> None:
    found = kinds(watched(plant([])))
    assert {kind for kind, watching in found.items() if watching.is_on} == {
        JUMP, SILENT, AnomalyKind.STUCK, AnomalyKind.SPIKE, AnomalyKind.UNIT_JUMP,
    }  # fmt: skip
    assert found[ON] is found[CREEP] is found[AnomalyKind.EARLY_START] is Watching.NO_MACHINE
    assert found[AnomalyKind.LEFT_ON] is found[AnomalyKind.BASE_LOAD_STEP] is Watching.NO_RESTING_HOURS


def test_a_machine_with_shifts_is_watched_for_everything() -> None:
    found = kinds(watched(plant([{"shifts": ["day"]}], shift=[DAY_SHIFT])))
    assert {kind: watching for kind, watching in found.items() if watching is not Watching.YES} == {
        AnomalyKind.LEFT_ON: Watching.REPORTED_BY_OTHER,
        AnomalyKind.UNPLANNED_WORK: Watching.REPORTED_BY_OTHER,
        AnomalyKind.AIR_LEAK: Watching.NO_COMPRESSOR,
        AnomalyKind.POOR_POWER_FACTOR: Watching.NO_REACTIVE,
        AnomalyKind.PHASE_DROP: Watching.NO_PHASES,
        AnomalyKind.PHASE_IMBALANCE: Watching.NO_PHASES,
        # Its meter is the billed one, too.
        AnomalyKind.IDLE_IN_SHIFT: Watching.SHARED,
        AnomalyKind.STANDBY: Watching.SHARED,
        AnomalyKind.SIMULTANEOUS_STARTS: Watching.NO_MACHINE,
        AnomalyKind.HEATING_AGAINST_COOLING: Watching.NO_HEATING_AND_COOLING,
        AnomalyKind.PRESSURE_HIGH: Watching.NO_PRESSURE,
        AnomalyKind.MACHINE_UNUSUAL: Watching.NO_HEALTH_CHANNELS,
        AnomalyKind.LIMIT_AHEAD: Watching.NO_HEALTH_CHANNELS,
        AnomalyKind.ENERGY_PER_PART: Watching.NO_PARTS,
    }


def test_a_machine_is_watched_for_wear_by_the_channels_that_the_plant_file_names() -> None:
    found = kinds(watched(plant([{"health": {"channels": ["vibration"]}, "control": {"good_channel": "parts"}}])))
    assert {found[kind] for kind in (AnomalyKind.MACHINE_UNUSUAL, AnomalyKind.LIMIT_AHEAD, AnomalyKind.ENERGY_PER_PART)} == {
        Watching.YES
    }


def test_what_needs_the_whole_site_is_watched_at_the_meters_that_show_it() -> None:
    found = {one.meter: {watch.kind: watch.watching for watch in one.watches} for one in watched(site_plant.plant())}
    assert found["main"][AnomalyKind.SIMULTANEOUS_STARTS] is Watching.YES
    assert found[site_plant.PRESS][AnomalyKind.SIMULTANEOUS_STARTS] is Watching.NOT_BILLED
    assert found[site_plant.PRESS][AnomalyKind.IDLE_IN_SHIFT] is found[site_plant.PRESS][AnomalyKind.STANDBY] is Watching.YES
    assert found[site_plant.COMPRESSOR][AnomalyKind.STANDBY] is Watching.ANY_TIME
    assert found[site_plant.COMPRESSOR][AnomalyKind.PRESSURE_HIGH] is Watching.YES
    assert found[site_plant.COOLING][AnomalyKind.HEATING_AGAINST_COOLING] is Watching.YES
    assert found[site_plant.CHILLER][AnomalyKind.HEATING_AGAINST_COOLING] is Watching.NO_HEATING_AND_COOLING


def test_a_hall_is_watched_for_what_machines_in_it_say_themselves_and_a_compressor_for_its_air() -> None:
    hall = kinds(watched(plant([], shift=[DAY_SHIFT])))
    assert {hall[AnomalyKind.LEFT_ON], hall[AnomalyKind.UNPLANNED_WORK], hall[AnomalyKind.BASE_LOAD_STEP]} == {Watching.YES}
    compressor = kinds(watched(plant([{"kind": "compressor"}], shift=[DAY_SHIFT])))
    assert compressor[AnomalyKind.AIR_LEAK] is Watching.YES
    assert compressor[AnomalyKind.BASE_LOAD_STEP] is Watching.REPORTED_BY_OTHER
    furnace = kinds(watched(plant([{"kind": "furnace", "shifts": ["day"]}], shift=[DAY_SHIFT])))
    assert (furnace[AnomalyKind.EARLY_START], furnace[AnomalyKind.LATE_STOP]) == (Watching.WARMS_UP, Watching.YES)


def test_phases_and_reactive_energy_are_watched_where_they_are_counted() -> None:
    def counter(channel: str, unit: str = "kWh") -> dict[str, Any]:
        return {**COUNTER, "channel": channel, "unit": unit}

    site = {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"}
    registers = [COUNTER, counter("reactive_import", "kvarh"), *(counter(f"energy_import_l{n}") for n in (1, 2, 3))]
    found = kinds(
        watched(Plant.model_validate({"site": site, "meter": [{"id": "hall", "max_power_kw": 90, "register": registers}]}))
    )
    assert (
        found[AnomalyKind.PHASE_DROP] is found[AnomalyKind.PHASE_IMBALANCE] is found[AnomalyKind.POOR_POWER_FACTOR] is Watching.YES
    )


@pytest.mark.parametrize(
    ("what", "found", "on", "creep"),
    [
        ("no shifts anywhere", plant([{}]), Watching.NO_SHIFTS, Watching.NO_RESTING_HOURS),
        ("one of two machines without", plant([{"shifts": ["day"]}, {}], shift=[DAY_SHIFT]), Watching.NO_SHIFTS, Watching.YES),
        (
            "one without, but a shutdown",
            plant([{"shifts": ["day"]}, {}], shift=[DAY_SHIFT], shutdown=[SHUTDOWN]),
            Watching.ONLY_IN_SHUTDOWNS,
            Watching.YES,
        ),
        (
            "a chiller",
            plant([{"kind": "chiller", "shifts": ["day"]}], shift=[DAY_SHIFT]),
            Watching.YES,
            Watching.FOLLOWS_OTHERS,
        ),
        (
            "the sun in a shutdown",
            plant([{"kind": "photovoltaic"}], shift=[DAY_SHIFT], shutdown=[SHUTDOWN]),
            Watching.FOLLOWS_OTHERS,
            Watching.FOLLOWS_OTHERS,
        ),
    ],
)
def test_what_is_not_watched_has_a_reason(what: str, found: Plant, on: Watching, creep: Watching) -> None:
    texts = kinds(watched(found))
    assert (texts[ON], texts[CREEP]) == (on, creep), what


def test_a_gauge_cannot_jump_and_a_virtual_meter_is_watched_through_its_parts() -> None:
    found = watched(plant([], GAUGE, virtual_meter=[{"id": "twice", "formula": "2 * hall"}]))
    assert kinds(found)[JUMP] is Watching.NO_COUNTER
    assert found[1].meter == "twice"
    assert {watch.watching for watch in found[1].watches} == {Watching.VIRTUAL}


def test_nothing_is_watched_before_the_first_live_quarter_hour_and_growth_only_after_four_weeks() -> None:
    one = plant([{"shifts": ["day"]}], shift=[DAY_SHIFT])
    assert {watch.from_utc for watch in watched(one)[0].watches} == {None}

    new = watched(one, {"hall": LIVE}, {"hall": LIVE})[0]
    assert new.of(ON).from_utc == new.of(SILENT).from_utc == LIVE
    assert new.of(CREEP).from_utc == LIVE + timedelta(days=27)

    with_history = watched(one, {"hall": LIVE - timedelta(days=180)}, {"hall": LIVE})[0]
    assert with_history.of(CREEP).from_utc == LIVE

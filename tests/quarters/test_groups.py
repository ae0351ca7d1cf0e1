"""Halls and cost centres over the meter tree: no meter counts twice, and nothing missing is zero."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.intervals import QUARTER, IntervalQuality
from domain.plant import Plant
from quarters.groups import Group, group_quarters, groups_of
from quarters.net import NetQuarter

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
SITE = {"id": "s", "timezone": "UTC", "commissioned_utc": BEGIN}


def plant_of(*meters: tuple[str, str | None, str], reactive: tuple[str, ...] = ()) -> Plant:
    def table(name: str, parent: str | None, hall: str) -> dict[str, Any]:
        unit = "varh" if name in reactive else "Wh"
        register = {"channel": "count", "kind": "counter", "unit": unit, "sampling_s": 1.0, "resolution": 1.0}
        return {"id": name, "max_power_kw": 10.0, "hall": hall, "register": [register]} | (
            {} if parent is None else {"parent": parent}
        )

    return Plant.model_validate({"site": SITE, "meter": [table(*meter) for meter in meters]})


def nets_of(**energies: int | None) -> dict[str, dict[datetime, NetQuarter]]:
    def net(energy: int | None) -> NetQuarter:
        quality = IntervalQuality.MISSING if energy is None else IntervalQuality.MEASURED
        return NetQuarter(BEGIN, energy, quality, 0.0 if energy is None else 1.0)

    return {name: {BEGIN: net(energy)} for name, energy in energies.items()}


def energies_of(plant: Plant, **energies: int | None) -> dict[str, int | None]:
    found = groups_of(plant, lambda meter: meter.hall)
    return {group.name: next(group_quarters(group, nets_of(**energies), [BEGIN])).energy_uwh for group in found}


def test_a_meter_below_another_of_its_hall_is_part_of_it() -> None:
    plant = plant_of(("main", None, ""), ("h1", "main", "North"), ("p1", "h1", "North"), ("p2", "h1", ""))
    assert energies_of(plant, main=100, h1=60, p1=20, p2=30) == {"North": 60, "": 40}


def test_a_meter_of_another_hall_is_taken_out_of_the_one_above() -> None:
    plant = plant_of(("main", None, "North"), ("a", "main", "South"), ("b", "a", "North"), ("c", "b", ""))
    assert groups_of(plant, lambda meter: meter.hall) == [Group("North", ["main", "b"], ["a"]), Group("South", ["a"], ["b"])]
    assert energies_of(plant, main=100, a=60, b=25, c=25) == {"North": 65, "South": 35}


def test_a_missing_value_leaves_the_group_without_one_and_no_other() -> None:
    plant = plant_of(("main", None, ""), ("a", "main", "North"), ("b", "main", "North"), ("c", "main", "South"))
    assert energies_of(plant, main=100, a=10, b=None, c=5) == {"North": None, "South": 5, "": None}
    assert energies_of(plant, main=100, a=10, c=5) == {"North": None, "South": 5, "": None}


def test_without_names_there_are_no_groups_and_reactive_meters_are_in_none() -> None:
    assert groups_of(plant_of(("main", None, ""), ("a", "main", "")), lambda meter: meter.hall) == []
    plant = plant_of(("main", None, "North"), ("r", "main", "South"), ("p", "r", "South"), reactive=("r",))
    assert groups_of(plant, lambda meter: meter.hall) == [Group("North", ["main"], ["p"]), Group("South", ["p"])]


@st.composite
def trees(draw: st.DrawFn) -> tuple[Plant, dict[str, int]]:
    count = draw(st.integers(1, 12))
    names = [f"m{n}" for n in range(count)]
    parents = [None if n == 0 else draw(st.sampled_from([None, *names[:n]])) for n in range(count)]
    halls = [draw(st.sampled_from(["", "North", "South", "West"])) for _ in names]
    return plant_of(*zip(names, parents, halls, strict=True)), {name: draw(st.integers(-1000, 1000)) for name in names}


@given(trees())
def test_all_groups_together_are_what_the_top_meters_measured(drawn: tuple[Plant, dict[str, int]]) -> None:
    plant, energies = drawn
    found = energies_of(plant, **energies)
    top = sum(energies[meter.id] for meter in plant.meters if meter.parent is None)
    assert not found or sum(energy or 0 for energy in found.values()) == top


def test_coverage_and_quality_are_the_worst_of_the_parts() -> None:
    plant = plant_of(("a", None, "North"), ("b", None, "North"))
    nets = {
        "a": {BEGIN: NetQuarter(BEGIN, 10, IntervalQuality.MEASURED, 1.0)},
        "b": {BEGIN: NetQuarter(BEGIN, 5, IntervalQuality.SUBSTITUTED, 0.25)},
    }
    (group,) = groups_of(plant, lambda meter: meter.hall)
    first, second = group_quarters(group, nets, [BEGIN, BEGIN + QUARTER])
    assert (first.energy_uwh, first.quality, first.coverage) == (15, IntervalQuality.SUBSTITUTED, 0.25)
    assert (second.energy_uwh, second.quality) == (None, IntervalQuality.MISSING)

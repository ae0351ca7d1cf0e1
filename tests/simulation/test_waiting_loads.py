"""A day with loads that follow holds: the tight hour is eased, all vehicles are ready, and no band is left."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from plant_texts import COUNTER, plant, register

from domain.plant import Plant, load_plant
from flexibility.holding import holdable_now
from simulation.waiting_loads import WaitingLoads
from tests.flexibility.test_flexible_tables import COLD, COMPRESSOR, FURNACE, POINT, TRIP, VAN

START = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
"""Midnight in Berlin."""
TIGHT = (datetime(2026, 12, 1, 15, 0, tzinfo=UTC), datetime(2026, 12, 1, 16, 0, tzinfo=UTC))
MINUTE = timedelta(minutes=1)
SECONDS = 30


def small_plant(folder: Path) -> Plant:
    second = (POINT + VAN + TRIP).replace('"p1"', '"p2"').replace('"van"', '"van-2"')
    limits = "min_off_min = 1.0\nmin_on_min = 1.0\nstart_min = 0.1\n"
    text = POINT + VAN + TRIP + second + COMPRESSOR + "start_min = 0.1\n" + COLD + limits + FURNACE + limits
    (folder / "plant.toml").write_text(plant("werk-1", "main", register(*COUNTER), max_power_kw=900) + text, encoding="utf-8")
    return load_plant(folder / "plant.toml")


def a_day(site: Plant, seed: int, holds: Callable[[WaitingLoads], Collection[str]]) -> tuple[WaitingLoads, list[float]]:
    """The loads after 36 hours, and what all drew together in the minutes of the tight hour [kW]."""
    loads = WaitingLoads(site, seed, START, START + timedelta(hours=36))
    tight = []
    for _ in range(36 * 3600 // SECONDS):
        drawn = loads.step(holds(loads), timedelta(seconds=SECONDS))
        assert loads.outside == []
        if TIGHT[0] < loads.now_utc <= TIGHT[1]:
            tight.append(sum(drawn.values()))
    return loads, tight


def never(loads: WaitingLoads) -> Collection[str]:
    return ()


def holder(site: Plant, names: Collection[str]) -> Callable[[WaitingLoads], Collection[str]]:
    """Holds what can be held of these loads while the hour is tight."""
    loads = [load for load in site.flexible.loads() if load.id in names]

    def in_the_tight_hour(now: WaitingLoads) -> Collection[str]:
        if not TIGHT[0] <= now.now_utc < TIGHT[1]:
            return ()
        return {one.name for one in holdable_now(loads, now.states, now.now_utc, timedelta(seconds=SECONDS))}

    return in_the_tight_hour


@pytest.mark.parametrize("seed", [1, 2])
def test_two_vans_wait_for_the_tight_hour_and_are_ready_all_the_same(seed: int, tmp_path: Path) -> None:
    site = small_plant(tmp_path)
    free, drawn = a_day(site, seed, never)
    held, eased = a_day(site, seed, holder(site, ["p1", "p2"]))
    assert free.missed == held.missed == []
    # They are back by a quarter past four and draw 22 kW each; nothing but their first half minute is left of that.
    assert 30.0 < sum(drawn) / len(drawn) - sum(eased) / len(eased) <= 44.0


@pytest.mark.parametrize("seed", [1, 2])
def test_all_loads_held_as_long_as_they_can_stay_in_their_bands(seed: int, tmp_path: Path) -> None:
    site = small_plant(tmp_path)
    held, eased = a_day(site, seed, holder(site, [load.id for load in site.flexible.loads()]))
    assert held.missed == []
    assert min(eased) == 0.0
    # Held at once, they come back at once: whoever holds them has to stagger that.
    assert max(eased) > 100.0


def test_a_van_that_is_held_all_night_leaves_without_its_charge_and_that_is_reported(tmp_path: Path) -> None:
    site = small_plant(tmp_path)
    loads, _ = a_day(site, 1, lambda loads: {"p1"})
    assert {one.vehicle for one in loads.missed} == {"van"}
    assert all(one.kwh > 0 for one in loads.missed)


def test_the_same_seed_gives_the_same_day_and_another_one_another(tmp_path: Path) -> None:
    site = small_plant(tmp_path)
    first, again, other = (a_day(site, seed, never)[1] for seed in (1, 1, 2))
    assert first == again
    assert first != other

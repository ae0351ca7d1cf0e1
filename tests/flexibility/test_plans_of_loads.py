"""Loads placed together: worked by hand, against valley filling and brute force, and what every plan keeps."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.flexible_loads import Battery, FlexibleLoad
from flexibility.charging import Session
from flexibility.horizon import QUARTER, QUARTER_H, Horizon, PeakPrice, cost_of
from flexibility.physics import store_of
from flexibility.planning import FlexiblePlan, plan_flexible
from tests.flexibility.examples_of_loads import BATTERY, CHARGE_POINT, COLD_STORE, COMPRESSOR, FURNACE, NOW

HOUR = timedelta(hours=1)
EVEN = BATTERY.model_copy(
    update={"loss_percent_per_day": 0.0, "charge_efficiency": 1.0, "discharge_efficiency": 1.0, "cycle_cost_eur_per_kwh": 0.0}
)
"""A battery without losses and cost: 20 to 180 kWh."""


def horizon(site_kw: list[float], peak_eur: float = 100.0, billed_kw: float = 0.0, price: list[float] | None = None) -> Horizon:
    peaks = (PeakPrice(peak_eur, billed_kw),) if peak_eur else ()
    return Horizon(NOW, tuple(site_kw), tuple(price or [0.2] * len(site_kw)), peaks)


def van(needs_kwh: float, slots: tuple[int, int], **more: float) -> Session:
    """A vehicle of 100 kWh that comes empty, is there in these quarter hours, and charges without losses with 20 kW at most."""
    session = Session("van", "point-1", NOW + slots[0] * QUARTER, NOW + slots[1] * QUARTER, 0.0, needs_kwh, 100.0, 20.0, 1.0)
    return replace(session, **more)


def planned(loads: list[FlexibleLoad], within: Horizon, sessions: list[Session], levels: dict[str, float]) -> FlexiblePlan:
    plan = plan_flexible(loads, within, sessions, levels)
    assert plan.not_planned == ()
    return plan


def kw_of(plan: FlexiblePlan, name: str = "point-1") -> list[float]:
    return [round(kw, 3) + 0.0 for kw in next(one.kw for one in plan.placed if one.name == name)]


# -- vehicles, by hand -----------------------------------------------------------------------------------------------


def test_a_van_charges_in_the_valley() -> None:
    # 7.5 kWh are 30 kW quarter hours: 10 above the valley of 50, 20 in that of 40, so that all stay at 60.
    plan = planned([CHARGE_POINT], horizon([60, 50, 40, 60]), [van(7.5, (0, 4))], {})
    assert kw_of(plan) == [0.0, 10.0, 20.0, 0.0]
    assert plan.unmet == ()
    assert plan.cost.peak_eur == pytest.approx(6000.0)


def test_below_the_peak_that_is_billed_already_it_charges_at_once() -> None:
    plan = planned([CHARGE_POINT], horizon([60, 50, 40, 60], billed_kw=80.0), [van(7.5, (0, 4))], {})
    assert kw_of(plan) == [20.0, 10.0, 0.0, 0.0]
    assert plan.cost.peak_eur == 0.0


def test_below_that_peak_the_cheapest_energy_is_taken() -> None:
    plan = planned([CHARGE_POINT], horizon([60, 50, 40, 60], billed_kw=80.0, price=[0.3, 0.3, 0.2, 0.1]), [van(7.5, (0, 4))], {})
    assert kw_of(plan) == [0.0, 0.0, 10.0, 20.0]


def test_what_is_not_charged_in_time_is_reported_and_the_most_is_done() -> None:
    plan = planned([CHARGE_POINT], horizon([60] * 4), [van(15.0, (0, 2))], {})
    assert kw_of(plan) == [20.0, 20.0, 0.0, 0.0]
    assert [(one.name, round(one.kwh, 6)) for one in plan.unmet] == [("van", 5.0)]


def test_a_need_above_the_capacity_is_unmet_by_the_difference() -> None:
    plan = planned([CHARGE_POINT], horizon([60] * 40), [van(110.0, (0, 40))], {})
    assert [(one.name, round(one.kwh, 5)) for one in plan.unmet] == [("van", 10.0)]


def test_a_van_that_comes_within_a_quarter_hour_charges_in_the_rest_of_it() -> None:
    session = replace(van(4.0, (0, 1)), from_utc=NOW + timedelta(minutes=5))
    plan = planned([CHARGE_POINT], horizon([60, 60]), [session], {})
    # 20 kW for ten minutes are a mean of 13.33 kW, and 3.33 of 4 kWh.
    assert kw_of(plan) == [13.333, 0.0]
    assert plan.unmet[0].kwh == pytest.approx(4.0 - 10 / 3, rel=1e-4)


def test_losses_are_drawn_from_the_grid() -> None:
    plan = planned([CHARGE_POINT], horizon([60] * 4), [van(4.5, (0, 4), efficiency=0.9)], {})
    assert sum(kw_of(plan)) * QUARTER_H == pytest.approx(5.0, abs=1e-4)


def test_the_gentle_power_is_kept_unless_the_time_is_too_short() -> None:
    gentle = van(7.5, (0, 8), gentle_kw=5.0)
    assert max(kw_of(planned([CHARGE_POINT], horizon([60, 0, 0, 0, 0, 60, 60, 60]), [gentle], {}))) <= 5.0
    hurried = planned([CHARGE_POINT], horizon([60] * 2), [van(7.5, (0, 2), gentle_kw=5.0)], {})
    assert kw_of(hurried) == [15.0, 15.0]
    assert hurried.unmet == ()


def test_cheap_energy_does_not_lift_the_limit_for_the_batterys_life() -> None:
    within = horizon([60] * 40, peak_eur=0.0, price=[-0.1] * 40)
    plan = planned([CHARGE_POINT], within, [van(30.0, (0, 40), most_charge=0.8)], {})
    assert sum(kw_of(plan)) * QUARTER_H == pytest.approx(80.0, abs=1e-3)


def test_the_second_session_begins_with_what_the_trip_left() -> None:
    # 10 kWh for the first trip and 20 for the second: 12 kW in all ten quarter hours, so that 2 kWh are left of the first stay.
    sessions = [van(10.0, (0, 4)), van(20.0, (6, 12))]
    plan = planned([CHARGE_POINT], horizon([60] * 12), sessions, {})
    assert kw_of(plan) == [12.0] * 4 + [0.0] * 2 + [12.0] * 6
    # With no time on the second stay, the first charges for both trips.
    plan = planned([CHARGE_POINT], horizon([60] * 12), [van(10.0, (0, 8)), van(20.0, (10, 10))], {})
    assert sum(kw_of(plan)) * QUARTER_H == pytest.approx(30.0, abs=1e-3)
    assert plan.unmet == ()


def test_a_session_that_goes_on_after_the_horizon_gets_its_part_within() -> None:
    plan = planned([CHARGE_POINT], horizon([60] * 4), [van(8.0, (0, 16))], {})
    assert sum(kw_of(plan)) * QUARTER_H == pytest.approx(2.0, abs=1e-3)


# -- batteries and bands, by hand ------------------------------------------------------------------------------------


def test_a_battery_cuts_a_peak_to_the_mean_if_it_is_large_enough() -> None:
    plan = planned([EVEN], horizon([100, 200, 100, 100]), [], {"battery": 100.0})
    assert max(site + kw for site, kw in zip([100, 200, 100, 100], kw_of(plan, "battery"), strict=True)) == pytest.approx(125.0)


def test_losses_and_cycle_cost_decide_whether_a_price_difference_is_used() -> None:
    lossy = EVEN.model_copy(update={"charge_efficiency": 0.9, "discharge_efficiency": 0.9})
    cheap_first = horizon([200.0, 200.0], peak_eur=0.0, price=[0.16, 0.2])
    assert kw_of(planned([EVEN], cheap_first, [], {"battery": 20.0}), "battery") == [100.0, -100.0]
    # 1 kWh given needs 1 / 0.81 kWh bought: 0.16 / 0.81 = 0.1975 EUR, less than 0.2, more than 0.2 less 0.01 of life.
    assert kw_of(planned([lossy], cheap_first, [], {"battery": 20.0}), "battery") == [100.0, -81.0]
    worn = lossy.model_copy(update={"cycle_cost_eur_per_kwh": 0.01})
    assert kw_of(planned([worn], cheap_first, [], {"battery": 20.0}), "battery") == [0.0, 0.0]


def test_a_battery_does_not_sell_what_it_has_now() -> None:
    worn = EVEN.model_copy(update={"cycle_cost_eur_per_kwh": 0.001})
    plan = planned([worn], horizon([200.0] * 4, peak_eur=0.0), [], {"battery": 150.0})
    assert kw_of(plan, "battery") == [0.0] * 4


def test_a_cold_store_is_cooled_before_the_expensive_quarter_hour() -> None:
    within = horizon([0.0] * 8, peak_eur=0.0, price=[0.1] * 4 + [1.0] * 2 + [0.1] * 2)
    plan = planned([COLD_STORE], within, [], {"cold-store": -22.0})
    assert kw_of(plan, "cold-store")[4:6] == [0.0, 0.0]
    levels = next(one.levels for one in plan.placed)
    assert min(levels) >= -24.0 - 1e-6
    assert levels[-1] <= -22.0 + 1e-6


def test_a_load_whose_level_is_not_known_is_named_and_not_placed() -> None:
    plan = plan_flexible([COLD_STORE, CHARGE_POINT], horizon([60] * 4), [], {})
    assert plan.not_planned == ("cold-store",)
    assert [one.name for one in plan.placed] == ["point-1"]


def test_a_band_that_is_left_now_is_reached_as_soon_as_can_be_and_reported() -> None:
    plan = planned([COLD_STORE], horizon([0.0] * 4), [], {"cold-store": -19.0})
    assert kw_of(plan, "cold-store")[0] == 40.0
    assert [one.name for one in plan.unmet] == ["cold-store"]


def test_peaks_of_two_billing_periods_are_priced_apart() -> None:
    sloped = Horizon(NOW, (60.0,) * 4, (0.2,) * 4, (PeakPrice(100.0, 60.0, (0, 1)), PeakPrice(1.0, 60.0, (2, 3))))
    assert kw_of(planned([CHARGE_POINT], sloped, [van(5.0, (0, 4))], {})) == [0.0, 0.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("site", "price", "peaks", "words"),
    [
        ((1.0,), (), (), "1 quarter hours of load and 0 of prices"),
        ((math.nan,), (0.2,), (), "a quarter hour without load or price"),
        ((1.0,), (0.2,), (PeakPrice(-1.0),), "a price of power of -1.0 EUR/kW"),
    ],
)
def test_a_horizon_that_lacks_something_is_refused(
    site: tuple[float, ...], price: tuple[float, ...], peaks: tuple[PeakPrice, ...], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Horizon(NOW, site, price, peaks)


# -- against other answers -------------------------------------------------------------------------------------------


def water_level(site_kw: list[float], energy_kwh: float) -> float:
    """The level up to which `energy_kwh` fills the valleys of a load: what no plan can stay below, since the mean cannot."""
    ordered = sorted(site_kw)
    for count in range(1, len(ordered) + 1):
        level = (energy_kwh / QUARTER_H + sum(ordered[:count])) / count
        if count == len(ordered) or level <= ordered[count]:
            return level
    raise AssertionError


@given(site=st.lists(st.integers(0, 100), min_size=2, max_size=12), cars=st.lists(st.integers(1, 20), min_size=1, max_size=4))
@settings(max_examples=80, deadline=None)
def test_vehicles_that_share_one_window_fill_the_valley_to_its_level(site: list[int], cars: list[int]) -> None:
    points = [CHARGE_POINT.model_copy(update={"id": f"point-{number}"}) for number in range(len(cars))]
    sessions = [
        replace(van(kwh, (0, len(site))), vehicle=f"van-{n}", charge_point=f"point-{n}", max_kw=1000.0)
        for n, kwh in enumerate(cars)
    ]
    plan = planned(list(points), horizon([float(kw) for kw in site]), sessions, {})
    level = max(water_level([float(kw) for kw in site], float(sum(cars))), float(max(site)))
    assert plan.cost.peak_eur == pytest.approx(100.0 * level, rel=1e-6)


STEP_KW = 10.0


def brute_force_eur(within: Horizon, session: Session, battery: Battery, level: float) -> float:
    """The cheapest of all plans on a grid of 10 kW that meet the need: charging of one vehicle beside a battery without losses."""
    best = math.inf
    charge = [kw * STEP_KW for kw in range(int(session.max_kw / STEP_KW) + 1)]
    for charging in itertools.product(charge, repeat=len(within.slots)):
        inside = all(within.share(slot, session.from_utc, session.ready_utc) or kw == 0 for slot, kw in enumerate(charging))
        if not inside or sum(charging) * QUARTER_H < session.needed_kwh:
            continue
        for battery_kw in itertools.product((-20.0, -10.0, 0.0, 10.0, 20.0), repeat=len(within.slots)):
            levels = list(itertools.accumulate((kw * QUARTER_H for kw in battery_kw), initial=level))
            low, high = battery.lowest_charge * battery.capacity_kwh, battery.highest_charge * battery.capacity_kwh
            if all(low <= one <= high for one in levels) and levels[-1] >= level:
                given = sum(-kw for kw in battery_kw if kw < 0) * QUARTER_H * battery.cycle_cost_eur_per_kwh
                total = tuple(map(sum, zip(charging, battery_kw, strict=True)))
                best = min(best, cost_of(within, total, given).total_eur)
    return best


TENS = st.integers(0, 6).map(lambda number: 10.0 * number)


@given(
    site=st.tuples(TENS, TENS, TENS),
    prices=st.tuples(*[st.sampled_from([0.1, 0.2, 0.3])] * 3),
    need=st.integers(0, 4),
    first=st.integers(0, 1),
)
@settings(max_examples=25, deadline=None)
def test_no_plan_on_a_grid_is_cheaper(site: tuple[float, ...], prices: tuple[float, ...], need: int, first: int) -> None:
    small = EVEN.model_copy(
        update={
            "capacity_kwh": 10.0,
            "lowest_charge": 0.0,
            "highest_charge": 1.0,
            "max_charge_kw": 20.0,
            "max_discharge_kw": 20.0,
            "cycle_cost_eur_per_kwh": 0.02,
        }
    )
    within = Horizon(NOW, site, prices, (PeakPrice(5.0, 20.0),))
    session = van(need * 2.5, (first, 3))
    plan = planned([CHARGE_POINT, small], within, [session], {"battery": 5.0})
    assert plan.unmet == ()
    best = brute_force_eur(within, session, small, 5.0)
    assert plan.cost.total_eur <= best + 1e-4, f"{plan.cost} is {plan.cost.total_eur - best} EUR more than {best}: {plan.placed}"


# -- laws ------------------------------------------------------------------------------------------------------------

levels_of = st.fixed_dictionaries(
    {
        "compressor": st.floats(6.5, 7.5),
        "cold-store": st.floats(-24, -20),
        "furnace": st.floats(820, 860),
        "battery": st.floats(20, 180),
    }
)


@given(site=st.lists(st.floats(-100, 500), min_size=1, max_size=24), seed=st.integers(0, 3), levels=levels_of, data=st.data())
@settings(max_examples=40, deadline=None)
def test_every_plan_keeps_all_bands_and_all_limits(
    site: list[float], seed: int, levels: dict[str, float], data: st.DataObject
) -> None:
    prices = data.draw(st.lists(st.floats(-0.3, 0.6), min_size=len(site), max_size=len(site)))
    within = horizon(site, peak_eur=[0.0, 10.0, 150.0, 0.1][seed], billed_kw=100.0, price=prices)
    bands: list[FlexibleLoad] = [COMPRESSOR, COLD_STORE, FURNACE, BATTERY]
    session = van(data.draw(st.floats(0, 60)), (0, data.draw(st.integers(1, 24))))
    plan = planned([*bands, CHARGE_POINT], within, [session], levels)
    assert not {one.name for one in plan.unmet} & {"cold-store", "furnace", "battery"}
    for one in plan.placed:
        store = next((found for load in bands if load.id == one.name and (found := store_of(load)) is not None), None)
        if store is None:
            assert all(-1e-6 <= kw <= 20.0 + 1e-6 for kw in one.kw)
        else:
            slack = 1e-6 * abs(store.upper)
            assert all(store.lower - slack <= level <= store.upper + slack for level in one.levels), one
            assert all(kw <= store.most_kw + max(store.held_kw, 0.0) + 1e-6 for kw in one.kw)
    again = planned([*bands, CHARGE_POINT], within, [session], levels)
    assert again == plan
    # More need never makes it cheaper, nor does a higher load.
    higher = planned([*bands, CHARGE_POINT], replace(within, site_kw=tuple(kw + 5.0 for kw in within.site_kw)), [session], levels)
    assert [one.kwh for one in higher.unmet] == pytest.approx([one.kwh for one in plan.unmet])

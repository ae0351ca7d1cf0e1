"""The physics of each kind of load that has a band, as a `Store`; vehicles have a time by which they must be ready (`flexibility.charging`)."""

from __future__ import annotations

from domain.flexible_loads import Battery, ColdStore, Compressor, FlexibleLoad, HeldFurnace
from flexibility.store import Store

ATMOSPHERE_BAR = 1.01325
"""Pressure to which free air is referred, the standard atmosphere of ISO 2533 [bar]."""
MINUTES = 60


def store_of(load: FlexibleLoad) -> Store | None:
    """What `load` stores; None for a charge point."""
    match load:
        case Compressor():
            return of_compressor(load)
        case ColdStore():
            return of_cold_store(load)
        case HeldFurnace():
            return of_furnace(load)
        case Battery():
            return of_battery(load)
        case _:
            return None


def of_compressor(load: Compressor) -> Store:
    """Pressure in a receiver.

    Air in a vessel of volume V at an even temperature: dp/dt = p0 (q_in - q_out) / V, with the free air q at the pressure p0.
    A hold unloads the compressor: q_in = 0, and it draws its idle power.
    From p1 to p2 that lasts t = V (p1 - p2) / (q_out p0).
    Between loaded and unloaded, mean power and mean q_in both go with the share of loaded time.
    Source: ideal gas law; receiver formula as in Atlas Copco, "Compressed Air Manual", and US DOE, "Improving Compressed Air System
    Performance: A Sourcebook for Industry".
    """
    per_m3 = ATMOSPHERE_BAR / load.receiver_m3
    working_kw = load.max_kw - load.idle_kw
    return Store(
        load.lower_bar, load.upper_bar, load.delivery_m3_per_min * MINUTES * per_m3 / working_kw, working_kw,
        most_use_per_h=load.most_use_m3_per_min * MINUTES * per_m3, usual_use_per_h=load.usual_use_m3_per_min * MINUTES * per_m3,
        held_kw=load.idle_kw,
    )  # fmt: skip


def of_cold_store(load: ColdStore) -> Store:
    """Temperature of what is cooled.

    C dT/dt = UA (T_outside - T) + Q_gain - COP * P: heat through the walls, heat brought in, heat taken out.
    While it waits, the temperature rises towards T_outside + Q_gain / UA, with the time constant C / UA.
    C is that of goods and water; air alone would warm up in minutes.
    The COP is taken as even over the band, which is a few kelvin wide.
    Source: Hao et al. 2015, cited in `flexibility.store`.
    """
    per_kwh = 1.0 / load.heat_capacity_kwh_per_k
    return Store(
        load.lower_c, load.upper_c, -load.cop * per_kwh, load.max_kw, load.loss_kw_per_k * per_kwh, load.surroundings_c,
        -load.most_gain_kw * per_kwh, -load.usual_gain_kw * per_kwh,
    )  # fmt: skip


def of_furnace(load: HeldFurnace) -> Store:
    """Temperature of a furnace or bath.

    C dT/dt = efficiency * P - UA (T - T_outside) - Q_draw: heat of the heaters, through the walls, and into cold material.
    While it waits, it cools towards T_outside with the time constant C / UA.
    C is that of lining and charge together: they are close in temperature while a furnace is held.
    UA is that at operating temperature; radiation makes it grow with the temperature, so it holds in a narrow band.
    Source: lumped heat capacity, as in Incropera et al., "Fundamentals of Heat and Mass Transfer", on transient conduction.
    """
    per_kwh = 1.0 / load.heat_capacity_kwh_per_k
    return Store(
        load.lower_c, load.upper_c, load.efficiency * per_kwh, load.max_kw, load.loss_kw_per_k * per_kwh, load.surroundings_c,
        load.most_draw_kw * per_kwh, load.usual_draw_kw * per_kwh,
    )  # fmt: skip


def of_battery(load: Battery) -> Store:
    """Charge of a battery store.

    dE/dt = eta_c P_charge - P_discharge / eta_d - k E: losses both ways, and what it loses by standing.
    A hold is a discharge with full power: others need not wait while it gives.
    Each kWh given costs a part of its life: price / (cycles * depth * capacity).
    The efficiencies are taken as even over power and charge.
    Source: cost by throughput as in Xu, Zhao, Zheng, Litvinov, Kirschen: "Factoring the cycle aging cost of batteries participating in
    electricity markets", IEEE Trans. Power Systems 33(2), 2018, with a single segment.
    """
    low_kwh, high_kwh = (share * load.capacity_kwh for share in (load.lowest_charge, load.highest_charge))
    return Store(
        low_kwh, high_kwh, load.charge_efficiency, load.max_charge_kw, load.loss_percent_per_day / 100 / 24,
        held_use_per_h=load.max_discharge_kw / load.discharge_efficiency, held_kw=-load.max_discharge_kw,
    )  # fmt: skip

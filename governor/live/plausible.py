"""Which values no instrument of a load can show, and which projections are none of a quarter hour: they count as missing, as anything else would be a guess."""

from __future__ import annotations

import math

from domain.demand import Demand
from domain.flexible_loads import Battery, ChargePoint, Compressor, FlexibleLoad, ThermalLoad
from flexibility.physics import store_of

_QUARTER_S = 900.0
_BANDS = 10.0
"""So many widths of its band a level may lie beside it."""
_TIMES = 3.0
"""Times its highest power that a load may seem to draw: motors that start."""
_MOST_KWH = 10_000.0
"""Of a vehicle, as in the plant file."""


def plausible_level(load: FlexibleLoad, value: float) -> bool:
    """Whether `value` can be the level of this load, in or out of its band."""
    store = store_of(load)
    if store is None:
        return 0 <= value <= _MOST_KWH
    slack = _BANDS * (store.upper - store.lower)
    return store.lower - slack <= value <= store.upper + slack


def plausible_kw(load: FlexibleLoad, value: float) -> bool:
    """Whether `value` [kW] can be the power of this load."""
    match load:
        case ChargePoint() | Compressor() | ThermalLoad():
            most = load.max_kw
        case Battery():
            most = max(load.max_charge_kw, load.max_discharge_kw)
        case _:
            most = math.inf
    return abs(value) <= _TIMES * most


def is_of_a_quarter_hour(demand: Demand) -> bool:
    """Whether its times make a quarter hour, and its projection and its level are those of a load."""
    times = 0 <= demand.elapsed_s <= _QUARTER_S and abs(demand.elapsed_s + demand.remaining_s - _QUARTER_S) < 1
    return times and 0 <= demand.projected_kw <= demand.projected_high_kw <= _MOST_KW and abs(demand.target_kw) <= _MOST_KW


_MOST_KW = 1e7
"""No site draws ten gigawatts."""

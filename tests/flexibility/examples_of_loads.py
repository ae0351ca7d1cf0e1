"""One load of each kind, with round figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from domain.flexible_loads import Battery, ChargePoint, ColdStore, Compressor, HeldFurnace
from flexibility.charging import Session

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)

COMPRESSOR = Compressor(
    id="compressor", lower_bar=6.5, upper_bar=7.5, receiver_m3=10.0, delivery_m3_per_min=12.0, most_use_m3_per_min=8.0,
    usual_use_m3_per_min=5.0, max_kw=75.0, idle_kw=15.0, priority=10, min_on_min=2.0, start_min=0.1,
)  # fmt: skip
COLD_STORE = ColdStore(
    id="cold-store", lower_c=-24.0, upper_c=-20.0, heat_capacity_kwh_per_k=50.0, loss_kw_per_k=0.5, surroundings_c=30.0, max_kw=40.0,
    cop=2.0, most_gain_kw=20.0, usual_gain_kw=8.0, priority=20, min_on_min=10.0, min_off_min=10.0, max_off_min=90.0, start_min=2.0,
)  # fmt: skip
FURNACE = HeldFurnace(
    id="furnace", lower_c=820.0, upper_c=860.0, heat_capacity_kwh_per_k=1.0, loss_kw_per_k=0.05, surroundings_c=20.0, max_kw=150.0,
    most_draw_kw=60.0, usual_draw_kw=20.0, priority=30, min_off_min=5.0,
)  # fmt: skip
BATTERY = Battery(
    id="battery", capacity_kwh=200.0, max_charge_kw=100.0, max_discharge_kw=100.0, cycle_cost_eur_per_kwh=0.05, loss_percent_per_day=0.2,
    valid_from=date(2026, 1, 1), source="offer of 12 January 2026",
)  # fmt: skip
CHARGE_POINT = ChargePoint(id="point-1", max_kw=22.0, min_kw=4.1, priority=5)

SESSION = Session("van-1", "point-1", NOW - timedelta(hours=1), NOW + timedelta(hours=4), 20.0, 56.0, 70.0, 22.0, 0.9, 0.7)
"""A van with 20 of 70 kWh that needs 56 kWh in four hours: 40 kWh from the grid, at 22 kW in 1 h 49 min."""

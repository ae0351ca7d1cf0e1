"""Reactive power of the loads, and what the compensation at the main meter leaves of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simulation.layout import UNMETERED

TAN_PHI = {
    "furnace-1": 0.06, "furnace-2": 0.06, "washer": 0.1, "moulding-1": 0.6, "moulding-2": 0.6, "moulding-3": 0.6, "press-1": 0.85,
    "press-2": 0.85, "cnc-line": 0.5, "compressor-1": 0.55, "compressor-2": 0.55, "chiller": 0.6, "ev-chargers": 0.03,
    "lighting": 0.12, "pv": 0.0, UNMETERED: 0.35,
}  # fmt: skip
"""Reactive over active power of each load, before the compensation."""
_STEP_KVAR, _STEPS, _SHARE = 25.0, 8, 0.6
"""The compensation: its steps, and which share of each the loads at other phases leave of it."""


def uncompensated_kvar(power_kw: Mapping[str, float], loads: Iterable[str]) -> float:
    """What these loads draw."""
    return sum(abs(power_kw[load]) * TAN_PHI[load] for load in loads)


def compensated_kvar(power_kw: Mapping[str, float], scale: float) -> float:
    """What the main meter sees of all loads: the compensation switches on whole steps. `scale` is the plant's size."""
    drawn = uncompensated_kvar(power_kw, TAN_PHI)
    return drawn - min(drawn, _STEPS * _STEP_KVAR * scale) // _STEP_KVAR * _STEP_KVAR * _SHARE

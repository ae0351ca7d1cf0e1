"""Energy performance indicators: energy per piece with its expected band, standby share, a comparison at equal degree days. One function each.

The cumulative sum of savings is `baselines.savings.Saving.cusum_kwh`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import sqrt
from statistics import NormalDist

import numpy as np

from baselines.fitting import Baseline
from baselines.model import Design, Model
from baselines.rows import Floats, Rows
from domain.effects import INTERVAL_SHARE, Figure
from quarters.periods import month_after

BASE_QUANTILE = 0.1
"""The base load is what nine of ten quarter hours pass, as in `analysis`."""
_WHOLE = 0.9


@dataclass(frozen=True, slots=True)
class SpecificEnergy:
    """Energy per unit of what was made in one local month.

    Attributes
    ----------
    amount
        What was made on the days that count, in the driver's unit.
    kwh_per_unit
        Measured; None where nothing was made.
    expected
        By the baseline, for these days' weather and production, with the band that holds the month in 80 % of cases; None without a model.
    """

    month: date
    days: int
    energy_kwh: float
    amount: float
    kwh_per_unit: float | None
    expected: Figure | None

    @property
    def is_within(self) -> bool | None:
        """Whether it lies in its band; None where one of the two is not known."""
        if self.kwh_per_unit is None or self.expected is None:
            return None
        return self.expected.low <= self.kwh_per_unit <= self.expected.high


def specific_energy(rows: Rows, driver: str, baseline: Baseline | None) -> list[SpecificEnergy]:
    """kWh per piece, kilogram or hour of each local month of which anything is known, with its expected band.

    Parameters
    ----------
    driver
        Which of `rows.drivers`.
    baseline
        Of the same meter; None: no band.

    Raises
    ------
    ValueError
        If there is no such driver.
    """
    if driver not in rows.drivers:
        msg = f"{driver!r}: expected one of {', '.join(rows.drivers) or 'the drivers, of which there is none'}"
        raise ValueError(msg)
    known = rows.where(rows.usable)
    amounts = known.drivers[driver]
    expected_kw = None if baseline is None else baseline.model.predicted_kw(Design(known, baseline.trained.design))
    deviation_kw = 0.0 if baseline is None else _daily_deviation_kw(baseline)
    found = []
    for month in sorted({day.replace(day=1) for day in known.days}):
        mine = known.between(month, month_after(month))
        energy, amount = float(known.energy_kwh[mine].sum()), float(amounts[mine].sum())
        band = None
        if expected_kw is not None and amount > 0:
            middle = float((expected_kw[mine] * known.hours[mine]).sum())
            half = NormalDist().inv_cdf((1 + INTERVAL_SHARE) / 2) * deviation_kw * 24 * sqrt(int(mine.sum()))
            band = Figure(middle / amount, (middle - half) / amount, (middle + half) / amount)
        found.append(SpecificEnergy(month, int(mine.sum()), energy, amount, energy / amount if amount > 0 else None, band))
    return found


def _daily_deviation_kw(baseline: Baseline) -> float:
    """Standard deviation of a day, as far as it adds up over a month [kW]."""
    errors = baseline.trained.rows.kw - baseline.trained.held_out_kw(baseline.model.form, baseline.fits)
    sums = np.bincount(baseline.trained.blocks, errors)
    return sqrt(float(sums @ sums) / len(errors))


def standby_share(kw: Floats) -> Figure | None:
    """Share of the energy that is base load: what nine of ten quarter hours pass, drawn all the time.

    Parameters
    ----------
    kw
        Mean powers [kW] of quarter hours, shape ``(n,)``; NaN where missing.

    Returns
    -------
    Figure or None
        With the shares by the bases that 95 % and 85 % pass; None where no energy was drawn.
    """
    there = kw[np.isfinite(kw)]
    if not len(there) or there.sum() <= 0:
        return None
    shares = [
        float(np.minimum(there, max(float(np.quantile(there, quantile)), 0.0)).clip(min=0.0).sum() / there.sum())
        for quantile in (BASE_QUANTILE, BASE_QUANTILE / 2, 1.5 * BASE_QUANTILE)
    ]
    return Figure(shares[0], min(shares), max(shares))


@dataclass(frozen=True, slots=True)
class Normalised:
    """Two periods at the weather of the first.

    Attributes
    ----------
    before_kwh, after_kwh
        Energy a day as measured, on days of which the temperature is known [kWh].
    after_normalised_kwh
        The second with the degree days of the first [kWh a day].
    heating_kd, cooling_kd
        Degree days a day, before and after [K].
    """

    before_kwh: float
    after_kwh: float
    after_normalised_kwh: float
    heating_kd: tuple[float, float]
    cooling_kd: tuple[float, float]

    @property
    def change(self) -> float:
        """Of the energy at equal degree days, as a share."""
        return self.after_normalised_kwh / self.before_kwh - 1


def normalised(before: Rows, after: Rows, model: Model, design: Design) -> Normalised | None:
    """`after` as it would be with the degree days of `before`; None where the model knows no weather, or nothing was drawn.

    Only the heating and cooling terms of `model` are exchanged: what was made and when is left as it was.
    """
    one, other = before.where(before.usable), after.where(after.usable)
    if (model.heating_c is None and model.cooling_c is None) or not len(one) or not len(other):
        return None
    weather_kw = [float(_weather_kw(rows, model, design).mean()) for rows in (one, other)]
    energies = [float(rows.energy_kwh.mean()) for rows in (one, other)]
    if energies[0] <= 0:
        return None
    return Normalised(
        energies[0], energies[1], energies[1] + 24 * (weather_kw[0] - weather_kw[1]),
        _degree_days(one, other, model.heating_c, -1.0), _degree_days(one, other, model.cooling_c, 1.0),
    )  # fmt: skip


def _weather_kw(rows: Rows, model: Model, design: Design) -> Floats:
    own = Design(rows, design)
    mine = [place for place, column in enumerate(model.columns) if own.names[column].startswith(("heating", "cooling"))]
    found: Floats = own.matrix[:, [model.columns[place] for place in mine]] @ model.coefficients[mine]
    return found


def _degree_days(one: Rows, other: Rows, base_c: float | None, sign: float) -> tuple[float, float]:
    if base_c is None:
        return 0.0, 0.0
    found = []
    for rows in (one, other):
        assert rows.temperature_c is not None
        found.append(float(np.maximum(sign * (rows.temperature_c - base_c), 0.0).mean()))
    return found[0], found[1]

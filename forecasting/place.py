"""Whether a model that is not used yet earns its place among those that are.

In: what two mixes forecast for the same quarter hours, one of them with the candidate, and what the candidate costs.  Out: the verdict.

A model must take more than a fiftieth off the error, so that it is not kept for noise, and what it saves must be worth more than the
electricity it takes: a forecast of electricity that takes more than it saves is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.units import WATTS_PER_CORE
from forecasting.similar_days import LEVELS
from forecasting.slots import Floats

LEAST_GAIN = 0.02
J_PER_KWH = 3.6e6


@dataclass(frozen=True, slots=True)
class Running:
    """What a candidate costs, and what being right is worth.

    Parameters
    ----------
    cpu_s
        CPU time the candidate adds over the span that is replayed, fits included.
    eur_per_kwh
        Price of the electricity that it takes.
    eur_per_kwh_of_error
        What a kWh of absolute error less is worth, for example the spread between imbalance and spot price; at a plant without such
        a bill, nought: then only the error decides.
    """

    cpu_s: float
    eur_per_kwh: float
    eur_per_kwh_of_error: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a candidate did over the replayed span."""

    mae_gain: float
    """Share it takes off the mean absolute error of the middle quantile; below 0 it adds."""
    pinball_gain: float
    """Share it takes off the mean quantile loss."""
    energy_kwh: float
    """Electricity the candidate took."""
    cost_eur: float
    worth_eur: float
    """Of the error it took off."""
    earned: bool

    def __str__(self) -> str:
        """One line for people."""
        word = "earns its place" if self.earned else "does not earn its place"
        return (
            f"{word}: error {-self.mae_gain:+.1%}, quantile loss {-self.pinball_gain:+.1%}; "
            f"{self.energy_kwh:.2g} kWh cost {self.cost_eur:.2g} EUR, the gain is worth {self.worth_eur:.2g} EUR"
        )


def earns_its_place(served_kw: Floats, candidate_kw: Floats, actual_kw: Floats, running: Running) -> Verdict:
    """Whether the mix with a candidate is worth serving instead of the one without it.

    Parameters
    ----------
    served_kw, candidate_kw
        Quantiles at `LEVELS` without and with the candidate of the same replayed quarter hours: (levels, rows).
    actual_kw
        What came, nan where it was not measured: (rows,).

    Raises
    ------
    ValueError
        If the shapes differ, or nothing was measured.
    """
    if served_kw.shape != candidate_kw.shape or served_kw.shape != (len(LEVELS), len(actual_kw)):
        msg = (
            f"served {served_kw.shape}, candidate {candidate_kw.shape}, actual {actual_kw.shape}; "
            f"expected ({len(LEVELS)}, rows) twice and (rows,): the same quarter hours for both"
        )
        raise ValueError(msg)
    known = np.isfinite(actual_kw) & np.isfinite(served_kw).all(axis=0) & np.isfinite(candidate_kw).all(axis=0)
    if not known.any():
        msg = f"none of {len(actual_kw)} replayed quarter hours was measured and forecast by both; expected at least one"
        raise ValueError(msg)
    middle = LEVELS.index(0.5)
    actual = actual_kw[known]
    before_kw, after_kw = (float(np.abs(actual - kw[middle, known]).mean()) for kw in (served_kw, candidate_kw))
    losses = [pinball_kw(kw[:, known], actual) for kw in (served_kw, candidate_kw)]
    energy_kwh = running.cpu_s * WATTS_PER_CORE / J_PER_KWH
    worth_eur = (before_kw - after_kw) / 4 * int(known.sum()) * running.eur_per_kwh_of_error
    mae_gain, pinball_gain = _share(before_kw, after_kw), _share(*losses)
    cost_eur = energy_kwh * running.eur_per_kwh
    pays = worth_eur > cost_eur or running.eur_per_kwh_of_error == 0
    # Both must not lose: a better middle with a worse band, or the other way round, is a matter of taste.
    better = max(mae_gain, pinball_gain) > LEAST_GAIN and min(mae_gain, pinball_gain) >= 0
    return Verdict(mae_gain, pinball_gain, energy_kwh, cost_eur, worth_eur, better and pays)


def pinball_kw(quantiles_kw: Floats, actual_kw: Floats) -> float:
    """Mean quantile loss over `LEVELS` [kW].

    Parameters
    ----------
    quantiles_kw
        (levels, quarter hours), nan nowhere.
    actual_kw
        (quarter hours,).

    References
    ----------
    .. [1] Koenker, Bassett: Regression quantiles. Econometrica 46 (1978) 33-50. doi:10.2307/1913643
    """
    level = np.array(LEVELS)[:, None]
    error = actual_kw - quantiles_kw
    return float(np.maximum(level * error, (level - 1) * error).mean())


def _share(before: float, after: float) -> float:
    return (before - after) / before if before > 0 else 0.0

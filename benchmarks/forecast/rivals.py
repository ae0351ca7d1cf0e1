"""The served forecast beside gradient boosting, over both days ahead.

In: quantiles of 48 h by each model, and what came.  Out: measures and a table.

The CRPS is taken from the three quantiles: twice their mean quantile loss, relative to the mean load (rCRPS). The peak-weighted one is the
threshold-weighted CRPS of Gneiting and Ranjan (J. Business & Economic Statistics 29 (2011) 411-422, doi:10.1198/jbes.2010.08110): what lies below
the 90 % quantile of the past eight weeks counts as equal to it. Unlike hours chosen by what came, it cannot be improved by forecasting too high.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from forecasting.place import pinball_kw
from forecasting.slots import LEADS, SLOTS_PER_DAY, SLOTS_PER_WEEK, Floats

PEAK_QUANTILE, HIGH_QUANTILE = 0.9, 0.95
PAST = 8 * SLOTS_PER_WEEK
DAYS = {"first day": slice(0, SLOTS_PER_DAY), "second day": slice(SLOTS_PER_DAY, LEADS)}


@dataclass(frozen=True)
class TwoDays:
    """One midnight: what came in the 48 h after it, last week's load, and what each model forecast: (levels, LEADS)."""

    came_kw: Floats
    last_week_kw: Floats
    peak_kw: float
    """The `PEAK_QUANTILE` of the eight weeks before."""
    high_kw: float
    predicted_kw: dict[str, Floats] = field(default_factory=dict)


def two_days(power_kw: Floats, at: int, predicted_kw: dict[str, Floats]) -> TwoDays:
    """Of a midnight at place `at` of a profile; what is beyond its end is nan."""
    past = power_kw[max(0, at - PAST) : at]
    past = past[np.isfinite(past)]
    peak, high = np.quantile(past, (PEAK_QUANTILE, HIGH_QUANTILE)) if past.size else (np.nan, np.nan)
    return TwoDays(_span(power_kw, at), _span(power_kw, at - SLOTS_PER_WEEK), float(peak), float(high), predicted_kw)


def _span(power_kw: Floats, at: int) -> Floats:
    found = np.full(LEADS, np.nan)
    part = power_kw[at : at + LEADS] if at >= 0 else power_kw[:0]
    found[: len(part)] = part
    return found


@dataclass(frozen=True)
class Measures:
    """Of one model over one of the two days ahead; all midnights that it answered."""

    mae_to_last_week: float
    rcrps: float
    peak_rcrps: float
    within: float
    width: float
    """Mean width of the band over the mean load."""
    high_within: float
    """Share within the band of quarter hours above the 95 % quantile of the eight weeks before: chosen by what came, so no forecast can be
    held to its stated 80 % here."""


def measures(midnights: Sequence[TwoDays], name: str, day: str) -> Measures | None:
    """None where the model answered none of them."""
    mine = [one for one in midnights if name in one.predicted_kw]
    if not mine:
        return None

    def together(of: Callable[[TwoDays], Floats]) -> Floats:
        return np.concatenate([of(one)[..., DAYS[day]] for one in mine], axis=-1)

    came, last_week, kw = (
        together(lambda one: one.came_kw), together(lambda one: one.last_week_kw), together(lambda one: one.predicted_kw[name])
    )  # fmt: skip
    peak, high = together(lambda one: np.full(LEADS, one.peak_kw)), together(lambda one: np.full(LEADS, one.high_kw))
    known = np.isfinite(came) & np.isfinite(last_week) & np.isfinite(peak)
    came, last_week, kw, peak, high = came[known], last_week[known], kw[:, known], peak[known], high[known]
    inside = (came >= kw[0]) & (came <= kw[2])
    load = came.mean()
    return Measures(
        float(np.abs(came - kw[1]).sum() / np.abs(came - last_week).sum()),
        crps(kw, came) / load,
        crps(np.maximum(kw, peak), np.maximum(came, peak)) / load,
        float(inside.mean()),
        float((kw[2] - kw[0]).mean() / load),
        float(inside[came > high].mean()) if (came > high).any() else float("nan"),
    )


def crps(quantiles_kw: Floats, came_kw: Floats) -> float:
    """Continuous ranked probability score from quantiles at `LEVELS` [kW]: twice their mean quantile loss."""
    return 2 * pinball_kw(quantiles_kw, came_kw)


HEAD = (
    "| profile | model | error / last week's | second day | rCRPS | second day | peak-weighted rCRPS | second day | within the band | "
    "width / load | above the 95 % quantile, within |"
)


def table(midnights_of: dict[str, Sequence[TwoDays]], names: Sequence[str]) -> str:
    """One row a profile and model."""
    rows = [HEAD, "|---|---|" + "---:|" * 9]
    for profile, midnights in midnights_of.items():
        for name in names:
            first, second = (measures(midnights, name, day) for day in DAYS)
            if first is None or second is None:
                continue
            cells = (
                f"{first.mae_to_last_week:.3f}", f"{second.mae_to_last_week:.3f}", f"{first.rcrps:.4f}", f"{second.rcrps:.4f}",
                f"{first.peak_rcrps:.4f}", f"{second.peak_rcrps:.4f}", f"{first.within:.1%}", f"{first.width:.3f}",
                f"{first.high_within:.0%}",
            )  # fmt: skip
            rows.append(f"| {profile} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)

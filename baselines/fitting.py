"""The baseline of a period: which form was chosen, how well it fits, where the level changed, and what it cannot carry.

In: `Rows` of the baseline period.  Out: a `Baseline`, or the reasons why there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from baselines.breaks import Break, breaks_in
from baselines.metrics import Fit, fit_of
from baselines.model import BLOCK_DAYS, FEWEST_BLOCKS, Model, Term, Trained, Tried, choose, forms_for
from baselines.rows import Rows
from domain.facts import Fact, fact
from quarters.periods import midnight_utc

FEWEST_DAYS = 76
"""Fewer make no three blocks of four weeks."""
WHOLE_YEAR = 328
"""Days that show every season: CalTRACK 2.2.1.1 and 2.2.1.2, nine tenths of a year."""
COVERED = 0.9
MOST_CVRMSE = 0.50
"""Of days, with the degrees of freedom taken off. ASHRAE Guideline 14-2014 has limits for hours (30 %) and months (15 %), none for days; OpenDSM
takes 100 %. What a noisy day means for a saving is judged by the saving's own interval; beyond half of the mean the model explains nothing."""
MOST_NMBE = 0.05
"""Of days held out: 5 % is what Guideline 14 allows a calibrated model by the month."""
_LAGS = 14


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient with its standard error, robust to errors that last (Newey and West, 14 days)."""

    term: Term
    error_kw: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Baseline:
    """A fitted baseline.

    Attributes
    ----------
    tried
        Every form with its error on blocks held out; the one that was taken is first.
    fits
        That form without each block.
    fit, held_out
        Its errors on the days that it was fitted to, and on blocks held out.
    refusals
        Why no saving is claimed by it; empty: nothing speaks against it.
    """

    trained: Trained
    tried: tuple[Tried, ...]
    model: Model
    fits: tuple[Model, ...]
    fit: Fit
    held_out: Fit
    breaks: tuple[Break, ...]
    covered: float
    """Share of the days of the period that are known."""
    refusals: tuple[Fact, ...]

    @cached_property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """The coefficients of the model with their errors."""
        return _coefficients(self.trained, self.model)

    @property
    def first(self) -> date:
        """Its first day."""
        return self.trained.rows.days[0]

    @property
    def last(self) -> date:
        """Its last day."""
        return self.trained.rows.days[-1]


def baseline_of(rows: Rows, zone: ZoneInfo, days: int | None = None) -> Baseline | tuple[Fact, ...]:
    """The baseline of some days, or why there is none.

    Parameters
    ----------
    rows
        The days of the period; those of which something is not known are left out.
    days
        Length of the period [d], where some of its days were left out on purpose; None: from the first to the last of `rows`.
    """
    known = rows.where(rows.usable)
    wanted = len(rows) if days is None else days
    if len(known) < FEWEST_DAYS or Trained(known).block_count < FEWEST_BLOCKS:
        return (fact("baseline.few_days", days=float(len(known)), needed=float(BLOCK_DAYS * FEWEST_BLOCKS)),)
    if float(np.abs(known.kw).mean()) < 1e-6:
        return (fact("baseline.no_energy"),)
    trained = Trained(known)
    tried = tuple(choose(trained, forms_for(known)))
    form = tried[0].form
    model, fits = trained.fit(form), tuple(trained.fits_without(form))
    predicted = model.predicted_kw(trained.design)
    fit = fit_of(known.kw, predicted, form.parameters)
    held_out = fit_of(known.kw, trained.held_out_kw(form, fits), form.parameters)
    breaks = tuple(breaks_in(known.days, known.kw - predicted, fit.mean))
    covered = len(known) / wanted if wanted else 0.0
    refusals = _refusals(known, covered, fit, held_out, breaks, zone)
    return Baseline(trained, tried, model, fits, fit, held_out, breaks, covered, refusals)


def _refusals(
    known: Rows, covered: float, fit: Fit, held_out: Fit, breaks: tuple[Break, ...], zone: ZoneInfo
) -> tuple[Fact, ...]:  # fmt: skip
    found = []
    if covered < COVERED:
        found.append(fact("baseline.coverage", covered=covered, needed=COVERED))
    if known.temperature_c is None and len(known) < WHOLE_YEAR:
        found.append(fact("baseline.season", days=float(len(known)), needed=float(WHOLE_YEAR)))
    if not fit.cvrmse_adj <= MOST_CVRMSE:
        found.append(fact("baseline.fit", cvrmse=fit.cvrmse_adj, most=MOST_CVRMSE))
    if not abs(held_out.nmbe) <= MOST_NMBE:
        found.append(fact("baseline.bias", nmbe=held_out.nmbe, most=MOST_NMBE))
    found += [fact("baseline.changed", since_utc=midnight_utc(one.day, zone), change=one.share) for one in breaks[:3]]
    return tuple(found)


def _coefficients(trained: Trained, model: Model) -> tuple[Coefficient, ...]:
    from statsmodels.regression.linear_model import OLS  # 150 MiB, which the page never needs

    terms = model.terms(trained.design)
    matrix = trained.design.matrix[:, model.columns]
    used = np.flatnonzero(np.abs(matrix).sum(axis=0) > 0)
    result = OLS(trained.rows.kw, matrix[:, used]).fit(cov_type="HAC", cov_kwds={"maxlags": _LAGS, "use_correction": True})
    scales = trained.design.scales[list(model.columns)]
    errors, p_values = np.full(len(terms), np.nan), np.full(len(terms), np.nan)
    errors[used], p_values[used] = result.bse, result.pvalues
    return tuple(
        Coefficient(term, float(error / scale), float(p))
        for term, error, scale, p in zip(terms, errors, scales, p_values, strict=True)
    )

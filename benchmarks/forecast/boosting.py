"""Gradient boosting on the same work: LightGBM and XGBoost as a data team would set them up, refitted weekly.  Development only.

In: the `Grid` of all loads before a midnight.  Out: quantiles of the 48 h after it.

One row a quarter hour of the two days after each past midnight. Features: the same quarter hour on the newest known day and one to four
weeks before, the mean of these weeks; means of the past 4 h, 24 h and week, the newest load, the past day's highest; time of day,
weekday, kind of day, whether a shift works, the kind of the day before, days ahead. What is learnt is the difference from the mean of
the weeks (on the furniture shop a fifth better than the load itself). One model a quantile, quantile loss, all history that there is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

import numpy as np

from forecasting.grid import Grid
from forecasting.similar_days import LEVELS
from forecasting.slots import LEADS, SLOTS_PER_DAY, SLOTS_PER_WEEK, Floats, Ints

REFITTED_EVERY = SLOTS_PER_WEEK
WEEKS = (1, 2, 3, 4)
LEVEL_COLUMN = 1 + len(WEEKS)
"""Of the features: the mean of past weeks."""
FEWEST_DAYS = 7 * WEEKS[0] + 3
TREES, LEAVES, DEPTH, RATE, SAMPLED, LEAST_ROWS = 200, 31, 6, 0.05, 0.8, 40

Predict = Callable[[Floats], Floats]
"""Features to one quantile."""
Fit = Callable[[Floats, Floats, float], Predict]


def _lightgbm(features: Floats, target: Floats, level: float) -> Predict:
    import lightgbm

    settings = {
        "objective": "quantile", "alpha": level, "num_leaves": LEAVES, "learning_rate": RATE, "min_data_in_leaf": LEAST_ROWS,
        "bagging_fraction": SAMPLED, "bagging_freq": 1, "feature_fraction": SAMPLED, "seed": 1, "num_threads": 1, "verbosity": -1,
    }  # fmt: skip
    model = lightgbm.train(settings, lightgbm.Dataset(features, target), num_boost_round=TREES)
    return lambda rows: np.asarray(model.predict(rows), np.float64)


def _xgboost(features: Floats, target: Floats, level: float) -> Predict:
    import xgboost

    settings = {
        "objective": "reg:quantileerror", "quantile_alpha": level, "max_depth": DEPTH, "eta": RATE, "min_child_weight": LEAST_ROWS,
        "subsample": SAMPLED, "colsample_bytree": SAMPLED, "tree_method": "hist", "seed": 1, "nthread": 1,
    }  # fmt: skip
    model = xgboost.train(settings, xgboost.DMatrix(features, target), num_boost_round=TREES)
    return lambda rows: np.asarray(model.predict(xgboost.DMatrix(rows)))


MAKERS: dict[str, tuple[str, Fit]] = {"LightGBM": ("lightgbm", _lightgbm), "XGBoost": ("xgboost", _xgboost)}
"""Name -> (module, how a quantile is fitted)."""


def installed() -> list[str]:
    """Those of `MAKERS` that are there."""
    return [name for name, (module, _) in MAKERS.items() if find_spec(module) is not None]


@dataclass
class Boosting:
    """One of `MAKERS` on one series."""

    name: str
    fit_s: list[float] = field(default_factory=list)
    issue_ms: list[float] = field(default_factory=list)
    _models: Sequence[Predict] = ()
    _fitted_slot: int = 0

    def quantiles(self, grid: Grid) -> Floats | None:
        """Quantiles of the 48 h from the grid's origin, which is a midnight: (levels, LEADS) kW; None while there is too little to fit."""
        if grid.origin // SLOTS_PER_DAY < FEWEST_DAYS:
            return None
        now_slot = int(grid.slot_at[grid.origin])
        if not self._models or now_slot - self._fitted_slot >= REFITTED_EVERY:
            self._models, self._fitted_slot = self._fitted(grid), now_slot
        begin = time.process_time()
        rows = features(grid, grid.origin)
        found = np.sort([model(rows) for model in self._models], axis=0) + np.nan_to_num(rows[:, LEVEL_COLUMN])
        kw = np.maximum(found, 0.0)
        self.issue_ms.append((time.process_time() - begin) * 1e3)
        return kw

    def _fitted(self, grid: Grid) -> list[Predict]:
        begin = time.process_time()
        rows, came_kw = training_rows(grid)
        target = came_kw - np.nan_to_num(rows[:, LEVEL_COLUMN])
        _, fit = MAKERS[self.name]
        models = [fit(rows, target, level) for level in LEVELS]
        self.fit_s.append(time.process_time() - begin)
        return models


def training_rows(grid: Grid) -> tuple[Floats, Floats]:
    """Features and loads [kW] of all that is known after each past midnight."""
    parts = []
    for origin in range(FEWEST_DAYS * SLOTS_PER_DAY, grid.origin, SLOTS_PER_DAY):
        came = grid.load_kw[origin : origin + LEADS]
        known = np.isfinite(came) & (np.arange(origin, origin + len(came)) < grid.origin)
        parts.append((features(grid, origin)[: len(came)][known], came[known]))
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([came for _, came in parts])


def features(grid: Grid, origin: int) -> Floats:
    """One row for each of the `LEADS` quarter hours from the midnight `origin` on, by what is known at it: (LEADS, features)."""
    kw, today = grid.load_kw, origin // SLOTS_PER_DAY
    steps = np.arange(LEADS)
    ahead = steps // SLOTS_PER_DAY
    day = today + ahead
    newest_day = kw[origin - SLOTS_PER_DAY + steps % SLOTS_PER_DAY]
    weeks = [_before(kw, origin + steps - week * SLOTS_PER_WEEK) for week in WEEKS]
    day_before = kw[origin - SLOTS_PER_DAY : origin]
    of_origin = (
        _mean(kw[origin - 16 : origin]), _mean(day_before), _mean(kw[max(0, origin - SLOTS_PER_WEEK) : origin]), kw[origin - 1],
        float(np.nanmax(day_before)) if np.isfinite(day_before).any() else np.nan,
    )  # fmt: skip
    columns = [
        newest_day, *weeks, _mean_of(weeks), *(np.full(LEADS, value) for value in of_origin), steps % SLOTS_PER_DAY, ahead,
        grid.weekday[day], grid.kind[day], grid.special[day], grid.rests[day], grid.at_work[origin + steps], grid.kind[day - 1],
        grid.rests[day - 1],
    ]  # fmt: skip
    found: Floats = np.stack(columns, axis=1).astype(np.float64)
    return found


def _before(kw: Floats, places: Ints) -> Floats:
    found: Floats = np.where(places >= 0, kw[np.maximum(places, 0)], np.nan)
    return found


def _mean(kw: Floats) -> float:
    known = kw[np.isfinite(kw)]
    return float(known.mean()) if known.size else float("nan")


def _mean_of(weeks: list[Floats]) -> Floats:
    together = np.array(weeks)
    known = np.isfinite(together)
    found: Floats = np.where(known.any(axis=0), np.where(known, together, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan)
    return found

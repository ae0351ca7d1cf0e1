"""A baseline: mean power of a day as a sum of its kind, degree days, production. The form is chosen by days held out.

In: `Rows` of a baseline period.  Out: a `Model`, and the errors of each form on blocks of four weeks that it was not fitted to; the weeks
beside a block are left out of its fit as well, so that what lasts for days does not leak. Degree-day bases are searched within each fit.

All forms are columns of one matrix, so every fit is the solution of a part of the same normal equations: choosing among 21 forms for a year
takes a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

import numpy as np

from baselines.rows import Flags, Floats, Ints, Rows

HEATING_C = tuple(float(base) for base in range(6, 23))
COOLING_C = tuple(float(base) for base in range(10, 29))
BLOCK_DAYS, GAP_DAYS = 28, 7
FEWEST_BLOCKS = 3
NEARLY = 1.01
"""A form whose error is within this factor of the best is as good; of those the one with the fewest coefficients is taken."""
_RIDGE = 1e-10


@dataclass(frozen=True, slots=True, order=True)
class Form:
    """Which columns a model has.

    Attributes
    ----------
    calendar
        ``none``, ``kinds`` (working day, Saturday, Sunday or holiday) or ``weekdays``.
    heating, cooling
        ``none``, ``common`` slope per degree, or ``split``: one on working days, another on days of rest.
    drivers
        Names of the series that count linearly.
    """

    calendar: str = "none"
    heating: str = "none"
    cooling: str = "none"
    drivers: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """Coefficients, and bases that were searched."""
        slopes = {"none": 0, "common": 2, "split": 3}
        levels = {"none": 1, "kinds": 3, "weekdays": 7}
        return levels[self.calendar] + slopes[self.heating] + slopes[self.cooling] + len(self.drivers)


@dataclass(frozen=True, slots=True)
class Term:
    """One coefficient."""

    name: str
    """``level``, ``saturday``, ``heating``, ``cooling_rest``, or a driver's name."""
    kw: float
    """Mean power for one unit of it [kW]."""


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted form."""

    form: Form
    heating_c: float | None
    """Below this the plant heats [°C]."""
    cooling_c: float | None
    columns: tuple[int, ...]
    coefficients: Floats
    """Of the columns of a `Design`, each scaled as it scales them."""

    def predicted_kw(self, design: Design) -> Floats:
        """Mean power of each day [kW], shape ``(n,)``; NaN where something that it needs is not known."""
        found: Floats = design.matrix[:, self.columns] @ self.coefficients
        return found

    def terms(self, design: Design) -> tuple[Term, ...]:
        """Its coefficients in units of what they stand for."""
        return tuple(
            Term(design.names[column], float(value / design.scales[column]))
            for column, value in zip(self.columns, self.coefficients, strict=True)
        )


class Design:
    """Every column that any form may have, for some days; scaled by what `scaled_by` has.

    Attributes
    ----------
    matrix
        Shape ``(n, columns)``.
    names
        Of the columns; those of degree days without their base.
    """

    def __init__(self, rows: Rows, scaled_by: Design | None = None) -> None:
        columns = dict(_columns(rows))
        self.places = {key: place for place, key in enumerate(columns)}
        self.names = tuple(key[0] for key in columns)
        raw = np.column_stack(list(columns.values())) if len(rows) else np.empty((0, len(columns)))
        self.scales: Floats = scaled_by.scales if scaled_by is not None else _scales(raw)
        self.matrix: Floats = raw / self.scales

    def of(self, form: Form, heating_c: float | None, cooling_c: float | None) -> tuple[int, ...]:
        """Places of the columns of a form."""
        keys: list[tuple[str, float]] = [(name, 0.0) for name in ("level", *_LEVELS[form.calendar], *form.drivers)]
        for name, slope, base in (("heating", form.heating, heating_c), ("cooling", form.cooling, cooling_c)):
            keys += [] if base is None else [(f"{name}{part}", base) for part in _PARTS[slope]]
        return tuple(self.places[key] for key in keys)


_LEVELS = {
    "none": (), "kinds": ("saturday", "sunday"), "weekdays": ("tuesday", "wednesday", "thursday", "friday", "weekday_6", "weekday_7"),
}  # fmt: skip
_PARTS = {"none": (), "common": ("",), "split": ("_work", "_rest")}


def _columns(rows: Rows) -> Iterator[tuple[tuple[str, float], Floats]]:
    yield ("level", 0.0), np.ones(len(rows))
    yield ("saturday", 0.0), (rows.kind == 1).astype(np.float64)
    yield ("sunday", 0.0), (rows.kind == 2).astype(np.float64)
    weekday = rows.weekday
    for place, name in enumerate(_LEVELS["weekdays"], start=1):
        yield (name, 0.0), (weekday == place).astype(np.float64)
    for name, values in rows.drivers.items():
        yield (name, 0.0), values
    if rows.temperature_c is None:
        return
    works = (rows.kind == 0).astype(np.float64)
    for name, bases, sign in (("heating", HEATING_C, -1.0), ("cooling", COOLING_C, 1.0)):
        for base in bases:
            degrees = np.maximum(sign * (rows.temperature_c - base), 0.0)
            yield (name, base), degrees
            yield (f"{name}_work", base), degrees * works
            yield (f"{name}_rest", base), degrees * (1.0 - works)


def _scales(raw: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        sizes = np.sqrt(np.nanmean(raw**2, axis=0)) if len(raw) else np.ones(raw.shape[1])
    return np.where(np.isfinite(sizes) & (sizes > 0), sizes, 1.0)


def forms_for(rows: Rows) -> list[Form]:
    """The forms that are tried: every calendar, with and without the drivers, heating, cooling."""
    weather = [("none", "none")]
    if rows.temperature_c is not None:
        weather = [pair for pair in product(_PARTS, _PARTS) if "none" in pair or pair[0] == pair[1]]
    names = tuple(rows.drivers)
    sets: list[tuple[str, ...]] = [(), *((name,) for name in names)]
    if len(names) > 1:
        sets.append(names)
    return [Form(calendar, *pair, drivers) for calendar, pair, drivers in product(_LEVELS, weather, sets)]


class Trained:
    """A baseline period with its blocks; every form can be fitted to it, with or without a block.

    Parameters
    ----------
    rows
        Days of which everything is known, in order.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.design = Design(rows)
        self.blocks = blocks_of(rows.days)
        self._whole = _Sums.of(self.design.matrix, rows.kw)
        self._without = [
            self._whole.less(_Sums.of(self.design.matrix[out], rows.kw[out]))
            for out in (near_block(rows.days, self.blocks, block) for block in range(self.block_count))
        ]

    @property
    def block_count(self) -> int:
        """Blocks that can be held out."""
        return int(self.blocks[-1]) + 1 if len(self.blocks) else 0

    def fit(self, form: Form) -> Model:
        """The form fitted to all days."""
        return self._solve(form, self._whole)

    def fits_without(self, form: Form) -> list[Model]:
        """The form fitted to all days but those of a block and beside it, a model for each block."""
        return [self._solve(form, sums) for sums in self._without]

    def held_out_kw(self, form: Form, fits: Sequence[Model] | None = None) -> Floats:
        """What the form predicts for each day when the block that it lies in was held out [kW], shape ``(n,)``."""
        found = np.full(len(self.rows), np.nan)
        for block, model in enumerate(self.fits_without(form) if fits is None else fits):
            mine = self.blocks == block
            found[mine] = self.design.matrix[np.ix_(mine, model.columns)] @ model.coefficients
        return found

    def _solve(self, form: Form, sums: _Sums) -> Model:
        heatings = HEATING_C if form.heating != "none" else (None,)
        coolings = COOLING_C if form.cooling != "none" else (None,)
        pairs = [(h, c) for h, c in product(heatings, coolings) if h is None or c is None or h <= c]
        columns = np.array([self.design.of(form, *pair) for pair in pairs])
        coefficients, sse = sums.solve(columns)
        best = int(np.argmin(sse))
        return Model(form, *pairs[best], tuple(map(int, columns[best])), coefficients[best])


@dataclass(frozen=True, eq=False)
class _Sums:
    """Normal equations: ``X'X``, ``X'y``, ``y'y``."""

    gram: Floats
    moment: Floats
    square: float
    count: int

    @staticmethod
    def of(matrix: Floats, y: Floats) -> _Sums:
        return _Sums(matrix.T @ matrix, matrix.T @ y, float(y @ y), len(y))

    def less(self, other: _Sums) -> _Sums:
        return _Sums(self.gram - other.gram, self.moment - other.moment, self.square - other.square, self.count - other.count)

    def solve(self, columns: Ints) -> tuple[Floats, Floats]:
        """Coefficients ``(sets, k)`` and sums of squared errors ``(sets,)`` of several sets of `k` columns."""
        gram = self.gram[columns[:, :, None], columns[:, None, :]]
        # A column that is zero in these days, such as no Sunday, has the coefficient zero.
        gram = gram + _RIDGE * max(self.count, 1) * np.eye(columns.shape[1])
        moment = self.moment[columns]
        found: Floats = np.linalg.solve(gram, moment[:, :, None])[:, :, 0]
        return found, self.square - np.einsum("ij,ij->i", found, moment)


def blocks_of(days: Sequence[date]) -> Ints:
    """Number of the block of four weeks that each day lies in; a rest of less than two weeks belongs to the last block."""
    if not days:
        return np.array([], dtype=np.int64)
    number = np.array([(day - days[0]).days for day in days], dtype=np.int64)
    count = max(1, round(int(number[-1] + 1) / BLOCK_DAYS))
    return np.minimum(number // BLOCK_DAYS, count - 1)


def near_block(days: Sequence[date], blocks: Ints, block: int) -> Flags:
    """Which days lie in a block or less than a week from it."""
    number = np.array([day.toordinal() for day in days])
    mine = number[blocks == block]
    if not len(mine):
        return np.zeros(len(number), dtype=np.bool_)
    return np.asarray((number >= mine[0] - GAP_DAYS) & (number <= mine[-1] + GAP_DAYS), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Tried:
    """A form, and its error on what was held out."""

    form: Form
    rmse_kw: float


def choose(trained: Trained, forms: Sequence[Form]) -> list[Tried]:
    """The forms by their error on blocks held out; the one to take is first.

    Raises
    ------
    ValueError
        If there are fewer than `FEWEST_BLOCKS` blocks to hold out.
    """
    if trained.block_count < FEWEST_BLOCKS:
        msg = f"{len(trained.rows)} days make {trained.block_count} blocks of {BLOCK_DAYS} days; expected {FEWEST_BLOCKS} at least"
        raise ValueError(msg)
    tried = []
    for form in forms:
        errors = trained.rows.kw - trained.held_out_kw(form)
        tried.append(Tried(form, float(np.sqrt(np.nanmean(errors**2)))))
    best = min(one.rmse_kw for one in tried)
    good = [one for one in tried if one.rmse_kw <= NEARLY * best]
    taken = min(good, key=lambda one: (one.form.parameters, one.rmse_kw, one.form))
    return [taken, *sorted((one for one in tried if one is not taken), key=lambda one: (one.rmse_kw, one.form))]

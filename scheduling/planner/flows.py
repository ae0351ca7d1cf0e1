"""Load and workers slot by slot: what a plan takes of them, and what one more job would add to the cost by its load."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scheduling.planner.cost import demand
from scheduling.planner.tables import Choice, Flags, Floats, Tables, Way

EXACT_KW = 1e-9
"""Loads that are not further apart are equal."""


class _Levels(NamedTuple):
    """What all offers beside the same load share."""

    highest_kw: Floats
    """Above the incumbent peak, not below 0; a row a charge."""
    sums_kw: Floats
    """Load above the incumbent peak in all slots before each one; a row a charge."""


class Flows:
    """One array that a job changes at once: a row of load for each demand charge, one of the median load, one of spare workers a skill.

    Attributes
    ----------
    load_kw
        Cautious load above the incumbent peak, a row a charge; not to be changed.
    expected_kw
        Median load; not to be changed.
    spare
        Workers without work, a row a skill; not to be changed.
    """

    def __init__(self, tables: Tables) -> None:
        problem = tables.problem
        charges = problem.demand_charges
        workers = np.zeros((len(tables.skills), problem.slot_count))
        self._rows = np.vstack([demand.above_incumbent_kw(problem), tables.expected_kw, workers])
        self.load_kw, self.expected_kw, self.spare = (
            self._rows[: len(charges)],
            self._rows[len(charges)],
            self._rows[len(charges) + 1 :],
        )
        self._price = np.array([charge.price_eur_per_kw for charge in charges])
        self._export_eur_per_kw = tables.export_eur_per_kw
        self._can_export = bool((tables.export_eur_per_kw * np.maximum(0.0, -self.expected_kw)).any())
        self._soft_max_weight = 0.0
        self._levels: _Levels | None = None
        self._windows: dict[tuple[str, int], Any] = {}

    def take(self, way: Way, choice: Choice) -> None:
        """Give a job what it needs."""
        rows = self._rows[:, choice.start : choice.start + way.slots]
        rows += way.takes
        self._levels = None

    def give_back(self, way: Way, choice: Choice) -> None:
        """The opposite of `take`."""
        rows = self._rows[:, choice.start : choice.start + way.slots]
        rows -= way.takes
        self._levels = None

    def staff(self, skill: int, first: int, end: int, workers: int) -> None:
        """Add workers of a skill in a span; below 0 to send them home."""
        self.spare[skill, first:end] += workers

    def spare_windows(self, slots: int) -> Any:
        """Workers without work by skill, place in a window, and start of the window."""
        return self._view("spare", self.spare, slots)

    def weigh_load(self, price_share: float) -> None:
        """From now on offers also count load above the incumbent peaks in every slot, at this share of the price of a peak."""
        self._soft_max_weight = price_share
        self._levels = None

    def highest_kw(self) -> Floats:
        """Highest load above the incumbent peak by charge, not below 0."""
        highest_kw: Floats = (self._levels or self._measured()).highest_kw[:, 0]
        return highest_kw

    def demand_eur(self) -> float:
        """Demand charges of the load so far."""
        return float((self._price * np.maximum(0.0, self.load_kw.max(axis=1, initial=0.0))).sum())

    def weighed_eur(self) -> float:
        """Of the load so far (see `weigh_load`)."""
        if not self._soft_max_weight:
            return 0.0
        return self._soft_max_weight * float((self._price @ np.maximum(0.0, self.load_kw)).sum())

    def export_eur(self) -> float:
        """What is lost on load that is fed in and not used."""
        if not self._can_export:
            return 0.0
        return float((self._export_eur_per_kw * np.maximum(0.0, -self.expected_kw)).sum())

    def added_eur(self, way: Way, starts: slice) -> Floats:
        """What a job on a way would add to the cost by start, whether it is open or not; `starts` has a beginning and an end."""
        cost_eur = way.cost_eur[starts]
        if self._price.size:
            levels = self._levels or self._measured()
            after_kw = self._windows_kw(way)[:, :, starts] + way.power_kw[:, None]
            added_kw = np.maximum.reduce(after_kw, axis=1)
            added_kw -= levels.highest_kw
            np.maximum(added_kw, 0.0, out=added_kw)
            if self._soft_max_weight:
                added_kw += self._weighed_kw(after_kw, levels, way, starts)
            cost_eur = cost_eur + self._price @ added_kw
        if self._can_export:
            cost_eur = cost_eur - self._saved_export_eur(way)[starts]
        return cost_eur

    def capped_eur(self, way: Way, most_kw: Floats) -> Floats:
        """As `added_eur` of all starts, but without the peak.

        Infinite where the load above the incumbent peak would be higher than `most_kw`, by charge.
        """
        cost_eur, starts = way.cost_eur, slice(0, len(way.cost_eur))
        if self._price.size:
            after_kw = self._windows_kw(way) + way.power_kw[:, None]
            is_too_high = (np.maximum.reduce(after_kw, axis=1) > most_kw[:, None] + EXACT_KW).any(axis=0)
            if self._soft_max_weight:
                cost_eur = cost_eur + self._price @ self._weighed_kw(after_kw, self._levels or self._measured(), way, starts)
            cost_eur = np.where(is_too_high, np.inf, cost_eur)
        return cost_eur - self._saved_export_eur(way) if self._can_export else cost_eur

    def is_below(self, way: Way, most_kw: Floats) -> Flags:
        """Whether a job on a way leaves the load above the incumbent peak at most at `most_kw`, by charge; by start."""
        after_kw = self._windows_kw(way) + way.power_kw[:, None]
        is_below: Flags = (np.maximum.reduce(after_kw, axis=1) <= most_kw[:, None] + EXACT_KW).all(axis=0)
        return is_below

    def _windows_kw(self, way: Way) -> Any:
        return self._view("load", self.load_kw, way.slots)

    def _weighed_kw(self, after_kw: Any, levels: _Levels, way: Way, starts: slice) -> Floats:
        """Overwrites `after_kw`."""
        above_kw: Floats = np.add.reduce(np.maximum(after_kw, 0.0, out=after_kw), axis=1)
        above_kw -= levels.sums_kw[:, starts.start + way.slots : starts.stop + way.slots]
        above_kw += levels.sums_kw[:, starts]
        above_kw *= self._soft_max_weight
        return above_kw

    def _measured(self) -> _Levels:
        """Levels of the load as it is, until it changes."""
        sums_kw = np.zeros((len(self.load_kw), self.load_kw.shape[1] + 1))
        if self._soft_max_weight:
            np.add.accumulate(np.maximum(self.load_kw, 0.0), axis=1, out=sums_kw[:, 1:])
        highest_kw = np.maximum(np.maximum.reduce(self.load_kw, axis=1, keepdims=True), 0.0)
        self._levels = _Levels(highest_kw, sums_kw)
        return self._levels

    def _saved_export_eur(self, way: Way) -> Floats:
        exported = np.maximum(0.0, -self._view("expected", self.expected_kw[None, :], way.slots)[0])
        loss = self._view("loss", self._export_eur_per_kw[None, :], way.slots)[0]
        saved: Floats = (np.minimum(exported, way.power_kw[:, None]) * loss).sum(axis=0)
        return saved

    def _view(self, name: str, rows: Any, slots: int) -> Any:
        """Windows of `slots` slots of an array that is changed in place: row, place in the window, start of the window."""
        key = name, slots
        if key not in self._windows:
            count = max(0, rows.shape[1] - slots + 1)
            strides = (rows.strides[0], rows.strides[1], rows.strides[1])
            self._windows[key] = np.lib.stride_tricks.as_strided(rows, (rows.shape[0], slots, count), strides, writeable=False)
        return self._windows[key]

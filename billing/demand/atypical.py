"""`atypical`: an individual charge for a site whose peak lies foreseeably outside the high-load windows (Sec. 19(2) sentence 1 StromNEV).

Billed is the maximum inside the windows, but never less than a share of the overall one (20 %), and only where the distance of the two maxima
and the saving are large enough: usual are 100 kW, a share by network level, and 500 EUR. All of them are figures of the tariff file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from billing.demand.settlement import Settlement
from billing.demand.units import Quantity
from billing.peaks import Peak
from billing.periods import Reset
from billing.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Atypical:
    """What an individual charge requires.

    Attributes
    ----------
    floor_percent
        At least this share of the overall maximum is billed [%].
    min_distance, min_distance_percent
        By how much the maximum outside the windows must exceed the one inside [kW or kVA], [% of the one outside].
    min_saving_eur
        What the individual charge must save [EUR].
    """

    floor_percent: Fraction
    min_distance_percent: Fraction
    min_distance: Fraction
    min_saving_eur: Fraction

    def settled(self, inside: Peak, outside: Peak, settle: Callable[[Peak], Settlement]) -> Settlement:
        """What is billed: by the maximum inside the windows where that is granted, else by the overall one.

        Parameters
        ----------
        settle
            What a period is billed by a maximum.
        """
        overall = inside if inside.value >= outside.value else outside
        if inside.value == outside.value:
            overall = min(inside, outside, key=lambda peak: peak.cause)
        plain, individual = settle(overall), settle(self._floored(inside, overall))
        return individual if self._is_granted(inside, outside, plain.amount_eur - individual.amount_eur) else plain

    def _floored(self, inside: Peak, overall: Peak) -> Peak:
        floor = overall.value * self.floor_percent / 100
        return Peak(floor, overall.cause) if floor > inside.value else inside

    def _is_granted(self, inside: Peak, outside: Peak, saving_eur: Fraction) -> bool:
        distance = outside.value - inside.value
        far = distance >= self.min_distance and distance >= outside.value * self.min_distance_percent / 100
        return far and saving_eur >= self.min_saving_eur


def read_atypical(table: Table, quantity: Quantity, reset: Reset, has_windows: bool) -> Atypical | None:
    """The table `atypical`, ``{ floor_percent, min_distance_percent, min_distance, min_saving }``."""
    inner = table.table("atypical")
    if inner is None:
        return None
    floor = inner.number("floor_percent", required=True, low=0)
    percent = inner.number("min_distance_percent", required=True, low=0)
    distance = inner.quantity("min_distance", quantity, required=True)
    saving = inner.quantity("min_saving", "EUR", required=True)
    inner.finish()
    if floor is None or percent is None or distance is None or saving is None:
        return None
    if reset != "year":
        table.wrong("atypical", f"reset {reset}", 'reset = "year" with atypical')
    if not has_windows:
        table.wrong("atypical", "no inside", "the calendar of the high-load windows as inside")
    return Atypical(floor_percent=floor, min_distance_percent=percent, min_distance=distance, min_saving_eur=saving)

"""What is known ahead of a load beside the calendar: a production plan, orders, temperature.

In: values by quarter hour.  Out: the same laid beside a load, nan where not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.slots import Floats

PLANNED_KW = "planned_kw"
"""The input that is a load: what all jobs together are planned to add."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Known inputs by name from quarter hour `first_slot` on."""

    first_slot: int
    by_name: Mapping[str, Floats]

    def aligned(self, first_slot: int, count: int) -> dict[str, Floats]:
        """The inputs of `count` quarter hours from `first_slot` on."""
        found = {}
        for name, values in self.by_name.items():
            places = np.arange(count) + first_slot - self.first_slot
            inside = (places >= 0) & (places < len(values))
            found[name] = np.where(inside, values[np.clip(places, 0, len(values) - 1)], np.nan)
        return found


def without_whole_plan(aligned: Mapping[str, Floats]) -> tuple[Mapping[str, Floats], Floats | None]:
    """The other inputs, and the planned load [kW]; None, and all inputs, where it is not known for each quarter hour.

    A plan without holes says what the sum of the orders says, and is used in the same way: with the same content both give the same
    forecast. One with holes is an input like any other: where nothing is planned yet, nothing can be taken out of the load.
    """
    planned_kw = aligned.get(PLANNED_KW)
    if planned_kw is None or not np.isfinite(planned_kw).all():
        return aligned, None
    return {name: values for name, values in aligned.items() if name != PLANNED_KW}, planned_kw

"""What is known ahead of a load beside the calendar: a production plan, orders, temperature.

In: values by quarter hour.  Out: the same laid beside a load, nan where not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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

    def planned_kw(self, first_slot: int, count: int) -> Floats | None:
        """The planned load [kW] of `count` quarter hours from `first_slot` on; None where it is not known for each of them.

        A plan without holes says what the sum of the orders says, and is used in the same way: with the same content both give the same
        forecast. One with holes is an input like any other: where nothing is planned yet, nothing can be taken out of the load.
        """
        if PLANNED_KW not in self.by_name:
            return None
        found = self.aligned(first_slot, count)[PLANNED_KW]
        return found if np.isfinite(found).all() else None

    def without(self, name: str) -> Inputs:
        """The other inputs."""
        return replace(self, by_name={one: values for one, values in self.by_name.items() if one != name})

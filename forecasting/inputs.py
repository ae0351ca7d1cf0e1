"""What is known ahead of a load beside the calendar: a production plan, orders, temperature.

In: values by quarter hour.  Out: the same laid beside a load, nan where not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.slots import Floats


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

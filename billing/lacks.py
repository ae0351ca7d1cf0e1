"""Why a component cannot be priced at a site."""

from __future__ import annotations

from enum import StrEnum

REACTIVE_IMPORT, REACTIVE_EXPORT = "reactive_import", "reactive_export"
"""Channels of the billing meter: counters of inductive and of capacitive reactive energy."""
QUARTER_MIN = 15
"""Length [min] of the intervals that a site measures."""


class Lack(StrEnum):
    """Why a component cannot be priced."""

    INDUCTIVE = "inductive"
    """Inductive reactive energy is not measured at the grid connection (channel `reactive_import`)."""
    CAPACITIVE = "capacitive"
    """Capacitive reactive energy is not measured there (channel `reactive_export`)."""
    TOO_FINE = "too_fine"
    """It is billed by means that are finer than quarter hours."""
    SPOT = "spot"
    """The spot price of a quarter hour is not known (yet)."""


BILLED_BY = {
    Lack.INDUCTIVE: "reactive energy, and no meter of the grid connection counts it (a counter with the channel reactive_import)",
    Lack.CAPACITIVE: "capacitive reactive energy, and no meter of the grid connection counts it (a counter with the channel reactive_export)",
    Lack.TOO_FINE: "means over less than a quarter hour, and quarter hours are what is measured",
    Lack.SPOT: "spot prices, and not all of them are known",
}
"""What a component is billed by that is not known: the end of the sentence "... is billed by"."""

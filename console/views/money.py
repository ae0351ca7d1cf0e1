"""Why an amount of money is not known. Unknown is not zero."""

from __future__ import annotations

from enum import StrEnum

from domain.plant import Plant


class NoPrice(StrEnum):
    """Why nothing is priced."""

    NO_TARIFF = "no_tariff"
    """The plant file names no tariff."""
    NOT_PRICED = "not_priced"
    """The tariff does not price it, or needs what the plant does not measure."""


def no_price(plant: Plant) -> NoPrice:
    """Why an amount that is not there is not there."""
    return NoPrice.NO_TARIFF if plant.tariff is None else NoPrice.NOT_PRICED

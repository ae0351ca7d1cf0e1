"""What reactive energy costs: for texts and for what is wasted; a bill is settled by the month (`billing.components.reactive`)."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from billing.tariff import Tariff


def inductive_terms(tariff: Tariff | None, at_utc: datetime) -> tuple[Fraction, Fraction] | None:
    """Free share [kvarh/kWh] and price of each kvarh above it [EUR/kvarh] at `at_utc`; None where no component of the tariff prices it then."""
    if tariff is None:
        return None
    local = tariff.local(at_utc)
    found = (component.inductive_terms(local) for component in tariff.components)
    return next((terms for terms in found if terms is not None), None)

"""What reactive energy costs: for texts and for what is wasted; a bill is settled by the month (`billing.components.reactive`)."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from billing.components.reactive import ReactiveCharge
from billing.tariff import Tariff


def inductive_terms(tariff: Tariff | None, at_utc: datetime) -> tuple[Fraction, Fraction] | None:
    """Free share [kvarh/kWh] and price of each kvarh above it [EUR/kvarh] at `at_utc`; None where no component of the tariff prices it then."""
    if tariff is None:
        return None
    local = tariff.local(at_utc)
    charges = (one for one in tariff.components if isinstance(one, ReactiveCharge) and one.inductive and one.holds_at(local))
    return next(((one.free_kvarh_per_kwh, one.price.eur) for one in charges), None)

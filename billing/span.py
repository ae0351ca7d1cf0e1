"""For how long a load bears on a bill, by the tariff's local calendar and its components.

In: a tariff and a local day. Out: the first day of what is billed with it.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from billing.tariff import Tariff


def sunk_since(tariff: Tariff, day: date) -> date | None:
    """First day of the shortest period whose highest load is billed with `day`: a peak from before it costs nothing more, nor does it hide one.

    None where no charge for power holds on `day`.
    """
    days = (component.sunk_since(day) for component in tariff.components if component.holds_on(day))
    return max((since for since in days if since is not None), default=None)


def billed_since(tariff: Tariff, day: date) -> date:
    """First day whose load bears on what a load on `day` is billed: of its year, of its season, or as far back as a ratchet looks."""
    days = (component.billed_since(day) for component in tariff.components if component.holds_on(day))
    return max(min(days, default=date(day.year, 1, 1)), tariff.valid_from)


def known_maxima_kw(tariff: Tariff) -> list[tuple[date, Fraction]]:
    """Maxima [kW] that the tariff file names as billed before, each with the first day of its month."""
    return [known for component in tariff.components for known in component.known_maxima_kw().items()]

"""What the platform cost in electricity and CO2 over a span, beside what its advice was measured to have saved.

In: `OwnUse` records, forecasts with their CPU time, the account of measured effects.  Out: one `OwnSum`, for page, report and API alike.

The rate of the Software Carbon Intensity specification (ISO/IEC 21031, ``SCI = (E · I + M) / R``) is given per meter and month of 30 days, its operational part
``E · I / R`` alone: what making the computer emitted (``M``) is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from billing.price import marginal_energy_price_eur_per_kwh
from billing.published import published
from billing.tariff import Tariff
from domain.effects import Figure
from domain.forecasts import Forecast, RungUse
from domain.own_use import EnergyBasis, OwnUse, PartUse
from domain.plant import Plant
from effects.account import Account, account
from reporting.ledger import LedgerReader

MONTH = timedelta(days=30)
Price = Callable[[datetime], float | None]
"""Instant -> what one more kWh costs then [EUR/kWh]; None where it is not known."""


@dataclass(frozen=True, slots=True)
class OwnSum:
    """Of one span. What is not known is None: unknown is not zero."""

    covered: timedelta
    """How much of the span has records: while the stack did not run it used nothing, and was not measured either."""
    cpu_s: float
    energy_wh: float
    bases: tuple[EnergyBasis, ...]
    """How the electricity is known; both where the computer changed."""
    parts: tuple[PartUse, ...]
    jobs: tuple[PartUse, ...]
    models: tuple[PartUse, ...]
    """CPU time of the forecasts by model."""
    cost_eur: float | None
    co2_g: float | None
    sci_g: float | None
    """Grams of CO2 a meter and 30 days of running, operational part alone."""
    saved_eur: Figure | None
    """What advice was measured to have saved in the span, with its interval; None where nothing is known of it."""

    rungs: tuple[RungUse, ...] = ()
    """What each model of the site's forecast that can be switched is worth beside its electricity, as of the newest forecast."""

    @property
    def benefit(self) -> Figure | None:
        """Euros saved for each euro of electricity, with its interval; None where either is not known, or no electricity was used."""
        if self.saved_eur is None or not self.cost_eur:
            return None
        return Figure(*(value / self.cost_eur for value in (self.saved_eur.value, self.saved_eur.low, self.saved_eur.high)))


def own_use_of(
    ledger: LedgerReader,
    plant: Plant,
    tariff: Tariff | None,
    from_utc: datetime,
    to_utc: datetime,
    with_models: bool = True,
    as_of_utc: datetime | None = None,
) -> OwnSum | None:
    """The sum of a span as the ledger knows it now, or knew it at `as_of_utc`: the answer of page, report and API.

    Parameters
    ----------
    tariff
        Without the prices of the topic; they are taken from the ledger. None: no money.
    with_models
        False leaves out the forecasts' CPU time by model, which takes reading all of them.
    """
    effects = [one for one in ledger.effects(as_of_utc) if one.site == plant.site.id and from_utc <= one.quarter_utc < to_utc]
    priced = None if tariff is None else tariff.with_published(published(ledger.prices(as_of_utc)))
    forecasts = ledger.forecasts(from_utc, to_utc, as_of_utc) if with_models else []
    found = own_sum(
        [use for use in ledger.own_use(from_utc, to_utc, as_of_utc) if use.site == plant.site.id], forecasts, account(effects),
        len(plant.meters), partial(marginal_energy_price_eur_per_kwh, priced), partial(_drawn_g_per_kwh, plant),
    )  # fmt: skip
    newest = max(forecasts, key=lambda one: one.issued_utc, default=None) if with_models else ledger.latest_forecast()
    return found if found is None or newest is None else replace(found, rungs=newest.rungs)


def _drawn_g_per_kwh(plant: Plant, at_utc: datetime) -> float | None:
    factor = plant.drawn_factor(at_utc)
    return None if factor is None else factor.g_per_kwh


def own_sum(
    uses: Iterable[OwnUse], forecasts: Iterable[Forecast], advice: Account, meters: int, price: Price, g_per_kwh: Price
) -> OwnSum | None:
    """The sum of `uses`; None where there are none.

    Parameters
    ----------
    forecasts
        Issued in the span.
    advice
        Account of the effects measured in the span.
    meters
        That the plant has.
    g_per_kwh
        What a kilowatt-hour that is drawn at an instant emits; None where nobody says.
    """
    found = list(uses)
    if not found:
        return None
    covered = sum((use.to_utc - use.from_utc for use in found), timedelta())
    energy_wh = sum(use.energy_wh for use in found)
    prices = [price(use.from_utc) for use in found]
    cost = None if None in prices else sum(use.energy_wh / 1000 * (one or 0.0) for use, one in zip(found, prices, strict=True))
    factors = [g_per_kwh(use.from_utc) for use in found]
    co2_g = None if None in factors else sum(use.energy_wh / 1000 * (one or 0.0) for use, one in zip(found, factors, strict=True))
    per_meter = meters * (covered / MONTH)
    is_known = advice.effects > advice.unknown
    return OwnSum(
        covered,
        sum(use.cpu_s for use in found),
        energy_wh,
        tuple(dict.fromkeys(use.basis for use in found)),
        _summed(part for use in found for part in use.parts),
        _summed(job for use in found for job in use.jobs),
        _summed(PartUse(one.model[:200] or "unknown", one.cpu_ms / 1000) for one in forecasts),
        cost,
        co2_g,
        co2_g / per_meter if co2_g is not None and per_meter > 0 else None,
        Figure(advice.measured_eur, advice.low_eur, advice.high_eur) if is_known else None,
    )


def _summed(uses: Iterable[PartUse]) -> tuple[PartUse, ...]:
    total: dict[str, float] = {}
    for use in uses:
        total[use.name] = total.get(use.name, 0.0) + use.cpu_s
    return tuple(PartUse(name, round(cpu_s, 3)) for name, cpu_s in sorted(total.items(), key=lambda one: (-one[1], one[0])))

"""What a person should know of a plant and its tariff that is no fault: what cannot be priced, what ends soon, what contradicts what.

In: plant, tariff and the present time. Out: sentences for `lastgang check-config`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from billing.site import REACTIVE_EXPORT, REACTIVE_IMPORT, Lack, LeftOut, left_out, reactive_channels
from billing.tariff import Demand, Tariff
from domain.periods import billed_peak_period, billing_period
from domain.plant import Plant

SOON = timedelta(days=60)
_LACKS = {
    Lack.INDUCTIVE: "reactive energy, and no meter of the grid connection counts it (a counter with the channel reactive_import)",
    Lack.CAPACITIVE: "capacitive reactive energy, and no meter of the grid connection counts it (a counter with the channel reactive_export)",
    Lack.TOO_FINE: "means over less than a quarter hour, and quarter hours are what is measured",
}


def tariff_notes(plant: Plant, tariff: Tariff | None, now_utc: datetime) -> list[str]:
    """One sentence a note; none where everything is known and agrees."""
    notes = list(_peak_notes(plant, now_utc))
    if tariff is None:
        return ["no [tariff]: advice speaks in kilowatts, and what it saves is not known", *notes]
    channels = reactive_channels(plant)
    return [
        *_validity_notes(tariff, now_utc),
        *(f"{unpriced(one)}: advice leaves it out and says so, reports have no bill" for one in left_out(tariff, channels)),
        *_half_measured(tariff, channels),
        *_spot_notes(tariff, now_utc),
        *_contradictions(plant, tariff, now_utc),
        *notes,
    ]


def _peak_notes(plant: Plant, now_utc: datetime) -> Iterator[str]:
    site = plant.site
    if site.billed_peak_kw > 0 and now_utc not in billed_peak_period(site):
        end = billed_peak_period(site).end_utc.astimezone(site.zone)
        why = "" if site.billed_peak_on is not None else " (that of commissioned_utc)"
        yield (
            f"site.billed_peak_kw = {site.billed_peak_kw:g} belongs to the billing period that ends {end:%Y-%m-%d}{why} and counts for nothing now;"
            " name a day of its period with billed_peak_on"
        )


def _validity_notes(tariff: Tariff, now_utc: datetime) -> Iterator[str]:
    today = now_utc.astimezone(tariff.zone).date()
    last = tariff.valid_to - timedelta(days=1)
    if today > last:
        yield f"tariff {tariff.id!r} held until {last}: until the next price sheet is there, advice speaks in kilowatts"
    elif today < tariff.valid_from:
        yield f"tariff {tariff.id!r} holds from {tariff.valid_from} on: until then advice speaks in kilowatts"
    elif last - today < SOON:
        yield f"tariff {tariff.id!r} holds until {last}: without the next price sheet advice speaks in kilowatts from then on"


def unpriced(one: LeftOut) -> str:
    """Which charge cannot be priced, and why: half a sentence."""
    kind = "demand" if isinstance(one.component, Demand) else "reactive"
    return f"{kind} {one.component.id!r} is billed by {_LACKS[one.lack]}"


def _half_measured(tariff: Tariff, channels: frozenset[str]) -> Iterator[str]:
    apparent = [demand.id for demand in tariff.demand if demand.quantity == "kVA"]
    if apparent and channels == {REACTIVE_IMPORT}:
        yield f"demand {apparent[0]!r} is billed in kVA: without {REACTIVE_EXPORT} capacitive reactive energy is not in it"


def _spot_notes(tariff: Tariff, now_utc: datetime) -> Iterator[str]:
    for energy in tariff.energy:
        known = energy.spot.prices.eur_per_mwh if energy.spot is not None else None
        if known is None or (known and max(known) > now_utc):
            continue
        until = f"end {max(known):%Y-%m-%dT%H:%MZ}" if known else "are none"
        yield f"energy {energy.id!r}: the known spot prices {until}; energy that moves where none is known is not priced"


def _contradictions(plant: Plant, tariff: Tariff, now_utc: datetime) -> Iterator[str]:
    site = plant.site
    if tariff.timezone != site.timezone:
        yield f"tariff {tariff.id!r} has the time zone {tariff.timezone}, the plant {site.timezone}: their days and months begin apart"
    today = now_utc.astimezone(tariff.zone).date()
    resets = {one.reset for one in tariff.demand if one.valid_from <= today < one.valid_to} or {one.reset for one in tariff.demand}
    if resets and site.demand_period not in resets:
        named = " and ".join(sorted(resets))
        yield (
            f"site.demand_period = {site.demand_period!r}, but tariff {tariff.id!r} bills power by the {named}: advice follows the tariff,"
            " the page and the forecast show the billed peak of the plant file's period"
        )
    period = billing_period(site, now_utc)
    paid = [
        (value, month)
        for demand in tariff.demand
        for month, value in demand.history.items()
        if demand.quantity == "kW" and datetime.fromisoformat(f"{month}-01T12:00:00").replace(tzinfo=site.zone) in period
    ]
    highest, month = max(paid, default=(0, ""))
    if highest > site.billed_peak_kw:
        yield (
            f"tariff {tariff.id!r} names {float(highest):g} kW as billed in {month}, site.billed_peak_kw is {site.billed_peak_kw:g}:"
            " advice knows both, the page only the plant file's"
        )

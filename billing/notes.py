"""What a person should know of a plant and its tariff that is no fault: what cannot be priced, what ends soon, what contradicts what.

In: plant, tariff and the present time. Out: sentences for `lastgang check-config`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from fractions import Fraction

from billing.site import left_out, reactive_channels
from billing.span import known_maxima_kw
from billing.tariff import Tariff
from domain.plant import Plant
from quarters.periods import billed_peak_period, billing_period

SOON = timedelta(days=60)


def tariff_notes(plant: Plant, tariff: Tariff | None, now_utc: datetime) -> list[str]:
    """One sentence a note; none where everything is known and agrees."""
    notes = list(_peak_notes(plant, now_utc))
    if tariff is None:
        return ["no [tariff]: advice is in kilowatts only, and what it saves is not known", *notes]
    channels = reactive_channels(plant)
    return [
        *_validity_notes(tariff, now_utc),
        *(f"{one.reason}: advice leaves it out and says so, reports have no bill" for one in left_out(tariff, channels)),
        *dict.fromkeys(note for component in tariff.components for note in component.notes(channels, now_utc)),
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
    today = tariff.local(now_utc).date()
    last = tariff.valid_to - timedelta(days=1)
    if today > last:
        yield f"tariff {tariff.id!r} held until {last}: until the next price sheet is there, advice is in kilowatts only"
    elif today < tariff.valid_from:
        yield f"tariff {tariff.id!r} holds from {tariff.valid_from} on: until then advice is in kilowatts only"
    elif last - today < SOON:
        yield f"tariff {tariff.id!r} holds until {last}: without the next price sheet advice is in kilowatts only from then on"


def _contradictions(plant: Plant, tariff: Tariff, now_utc: datetime) -> Iterator[str]:
    site = plant.site
    if tariff.zone.key != site.timezone:
        yield f"tariff {tariff.id!r} has the time zone {tariff.zone.key}, the plant {site.timezone}: their days and months begin apart"
    resets = _resets(tariff, tariff.local(now_utc).date())
    if resets and site.demand_period not in resets:
        named = " and ".join(sorted(resets))
        yield (
            f"site.demand_period = {site.demand_period!r}, but tariff {tariff.id!r} bills power by the {named}: advice follows the tariff,"
            " the page and the forecast show the billed peak of the plant file's period"
        )
    highest, month = _highest_known(plant, tariff, now_utc)
    if highest > site.billed_peak_kw:
        yield (
            f"tariff {tariff.id!r} names {float(highest):g} kW as billed in {month:%Y-%m}, site.billed_peak_kw is {site.billed_peak_kw:g}:"
            " advice knows both, the page only the plant file's"
        )


def _resets(tariff: Tariff, today: date) -> set[str]:
    """By which periods power is billed today; on no day of the tariff's, by which it ever is."""
    charges = [component for component in tariff.components if component.bills_power]
    return {one.settled_by for one in charges if one.holds_on(today)} or {one.settled_by for one in charges}


def _highest_known(plant: Plant, tariff: Tariff, now_utc: datetime) -> tuple[Fraction, date]:
    """The highest maximum that the tariff names for a month of the site's billing period, and the month; 0 where it names none."""
    period, zone = billing_period(plant.site, now_utc), plant.site.zone
    paid = [(kw, month) for month, kw in known_maxima_kw(tariff) if datetime.combine(month, time(12), tzinfo=zone) in period]
    return max(paid, default=(Fraction(0), date.min))

"""Key figures of a span: for the site and for each machine with a meter of its own.

A baseline uses all that the ledger has, up to `HISTORY_DAYS` before the span's end; what it does not carry is refused with the reason. A measure
that names no meter is looked for at the grid connection. Where it names a meter and one above it, its saving counts at the higher one: no
energy counts twice. For the same reason its days end where another measure on the same meter, or on one above or below it, begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import numpy as np

from baselines.answer import Account, Answer, Judged, Wishes, account, answer
from baselines.enpi import SpecificEnergy, specific_energy, standby_share
from baselines.rows import Rows, days_of
from billing.load import LoadProfile
from billing.published import published
from billing.tariff import Tariff
from domain.calendars import is_holiday, is_shutdown
from domain.effects import Effect, Figure
from domain.emission_factors import EmissionFactor
from domain.entered_measures import EnteredMeasure, EntryKind, newest_measures
from domain.errors import Fault
from domain.facts import Fact, fact
from domain.intervals import QUARTER
from domain.measures import Event
from domain.plant import Meter, Plant, plant_with_changes
from domain.shift_changes import newest_changes
from effects.account import account as effects_account
from production.meters import machine_meters
from quarters.numbers import slot_of
from quarters.periods import midnight_utc
from reporting.key_figures.made import HOURS, PARTS, PIECES, Beside, hours_worked, parts_made, pieces_made
from reporting.ledger import LedgerReader

HISTORY_DAYS = 1100
"""Three years and some days: a baseline of a year before a measure that is two years old."""
SHOWN_DAYS = 28
"""Four weeks: every day of the week as often."""
_KNOWN = 0.95
"""Share of a meter's days that a series must know to be one that explains it."""


@dataclass(frozen=True, slots=True)
class Span:
    """Whole local days ``[first, end)``."""

    first: date
    end: date

    @property
    def last(self) -> date:
        """Its last day."""
        return self.end - timedelta(days=1)


@dataclass(frozen=True, eq=False)
class MeterFigures:
    """What is known of one meter.

    Attributes
    ----------
    meter, label
        Its id, and its name for people: the machine's where it measures one alone.
    found
        Its baseline with all measures; None where it has no quarter hours.
    refusals
        Why it carries no saving; empty: nothing speaks against it.
    standby
        Share of the span's energy that is base load.
    specific
        By series of what was made: energy per unit of each month that the span touches.
    measures
        Those that show on it, in the order of their days.
    """

    meter: str
    label: str
    is_site: bool
    found: Answer | None
    refusals: tuple[Fact, ...]
    standby: Figure | None
    specific: Mapping[str, tuple[SpecificEnergy, ...]]
    measures: tuple[Judged, ...]


@dataclass(frozen=True, eq=False)
class KeyFigures:
    """What is known of a site in a span.

    Attributes
    ----------
    meters
        The grid connection first, then machines, then other meters that a measure names.
    account
        Savings of measures, and the measured effects of advice as their own line.
    counted_above
        ``(measure, meter)`` whose saving is in no sum, as a meter above it has it.
    factor
        By which CO2 is stated; None: none is.
    faults
        Of files beside the plant file.
    """

    site: str
    span: Span
    meters: tuple[MeterFigures, ...]
    events: tuple[Event, ...]
    account: Account
    advice: int
    """Recommendations whose measured effect is in the account."""
    counted_above: frozenset[tuple[str, str]]
    unknown_meters: tuple[tuple[str, str], ...]
    """``(measure, meter)`` of meters that the plant has not, or that measure no energy."""
    factor: EmissionFactor | None
    has_temperature: bool
    faults: tuple[Fault, ...] = field(default=())


@dataclass(frozen=True, eq=False)
class _Site:
    """What is the same for all meters."""

    ledger: LedgerReader
    plant: Plant
    span: Span
    from_utc: datetime
    to_utc: datetime
    as_of_utc: datetime | None
    beside: Beside
    tariff: Tariff | None
    factor: EmissionFactor | None
    entries: tuple[EnteredMeasure, ...]
    worked: Mapping[date, float]
    made: Mapping[str, Mapping[str, Mapping[date, float]]]
    """Machine -> series -> day."""


def last_days(ledger: LedgerReader, plant: Plant, now_utc: datetime, days: int = SHOWN_DAYS) -> Span:
    """The last whole local days that the ledger has of the plant at `now_utc`; up to yesterday where it has none."""
    known = ledger.interval_span()
    until_utc = now_utc if known is None else min(now_utc, known[1] + QUARTER)
    end = until_utc.astimezone(plant.site.zone).date()
    return Span(end - timedelta(days=days), end)


def key_figures(
    ledger: LedgerReader, plant: Plant, span: Span, tariff: Tariff | None = None, beside: Beside | None = None,
    as_of_utc: datetime | None = None,
) -> KeyFigures:  # fmt: skip
    """The key figures of a span as the ledger knows it at `as_of_utc`.

    Parameters
    ----------
    tariff
        Without the prices of the topic; they are taken from the ledger. None: no money.
    beside
        Temperature and production of files; None: none.
    """
    beside = beside or Beside()
    to_utc = midnight_utc(span.end, plant.site.zone)
    known = ledger.interval_span(as_of_utc)
    begins = midnight_utc(span.end - timedelta(days=HISTORY_DAYS), plant.site.zone)
    from_utc = begins if known is None else min(max(known[0], begins), midnight_utc(span.first, plant.site.zone))
    changed = plant_with_changes(plant, newest_changes(one for one in ledger.shift_changes() if one.site == plant.site.id))
    worked = hours_worked(changed, from_utc, to_utc)
    made: dict[str, dict[str, Mapping[date, float]]] = {}
    for name, series in (
        (PARTS, parts_made(plant, ledger.orders(as_of_utc))),
        (PIECES, pieces_made(plant, ledger.quality_events(as_of_utc), worked)),
    ):
        for machine, by_day in series.items():
            made.setdefault(machine, {})[name] = by_day
    site = _Site(
        ledger, plant, span, from_utc, to_utc, as_of_utc, beside,
        None if tariff is None else tariff.with_published(published(ledger.prices(as_of_utc))),
        plant.mean_drawn_factor(midnight_utc(span.first, plant.site.zone), midnight_utc(span.end, plant.site.zone)),
        tuple(one for one in newest_measures(ledger.measures(as_of_utc)) if one.site == plant.site.id and not one.withdrawn), worked, made,
    )  # fmt: skip
    return _figures(site)


def _figures(site: _Site) -> KeyFigures:
    plant, span = site.plant, site.span
    billing = plant.billing_meter()
    places = _places(plant, billing, site.entries)
    meters = tuple(_meter_figures(site, meter, channel, machine, billing) for meter, channel, machine in places)
    measured = {meter.meter for meter in meters}
    unknown = tuple(
        (one.measure, meter) for one in site.entries if one.kind is EntryKind.MEASURE for meter in _named(one, billing) if meter not in measured
    )  # fmt: skip
    above = {meter.id: _above(plant, meter.id) for meter in plant.meters}
    twice = frozenset(
        (one.measure, meter) for one in site.entries if one.kind is EntryKind.MEASURE
        for meter in _named(one, billing) if above.get(meter, frozenset()) & set(_named(one, billing)) & measured
    )  # fmt: skip
    counted = [judged for meter in meters for judged in meter.measures if (judged.measure.id, meter.meter) not in twice]
    effects = [one for one in site.ledger.effects(site.as_of_utc) if one.quarter_utc < site.to_utc]
    advice, number = _advice(effects)
    return KeyFigures(
        plant.site.id, span, meters, tuple(one.as_event() for one in site.entries if one.kind is EntryKind.EVENT), account(counted, advice),
        number, twice, unknown, site.factor, site.beside.temperature_c is not None, site.beside.faults,
    )  # fmt: skip


def _advice(effects: Sequence[Effect]) -> tuple[Figure | None, int]:
    whole = effects_account(effects)
    number = whole.effects - whole.unknown
    return (Figure(whole.measured_eur, whole.low_eur, whole.high_eur) if number else None), number


def _places(plant: Plant, billing: Meter | None, entries: Iterable[EnteredMeasure]) -> list[tuple[str, str, str]]:
    """Meter, channel and machine (empty: none) of all meters that are looked at."""
    found: dict[str, tuple[str, str, str]] = {}
    if billing is not None and (channel := billing.energy_channel()) is not None:
        found[billing.id] = (billing.id, channel, "")
    meters = machine_meters(plant)
    for machine, meter in meters.own.items():
        found.setdefault(meter, (meter, meters.channels[meter], machine))
    named = {meter for one in entries if one.kind is EntryKind.MEASURE for meter in one.meters}
    for one in plant.meters:
        if one.id in named and (own := one.energy_channel()) is not None:
            found.setdefault(one.id, (one.id, own, ""))
    return list(found.values())


def _named(entry: EnteredMeasure, billing: Meter | None) -> tuple[str, ...]:
    return entry.meters or (() if billing is None else (billing.id,))


def _above(plant: Plant, meter: str) -> frozenset[str]:
    parents = {one.id: one.parent for one in plant.meters}
    found: list[str] = []
    at = parents.get(meter)
    while at is not None and at not in found:
        found.append(at)
        at = parents.get(at)
    return frozenset(found)


def _meter_figures(site: _Site, meter: str, channel: str, machine: str, billing: Meter | None) -> MeterFigures:
    plant = site.plant
    is_site = billing is not None and meter == billing.id
    labels = {one.id: one.label for one in plant.meters} | {plant_machine.meter: plant_machine.label for plant_machine in plant.machines if machine == plant_machine.id and plant_machine.meter is not None}  # fmt: skip
    label = labels.get(meter, meter)
    load = _load(site, meter, channel)
    if load is None:
        nothing = (fact("baseline.few_days", days=0.0, needed=84.0),)
        mine = [one.as_measure() for one in site.entries if _is_mine(one, meter, billing)]
        judged = tuple(Judged(one, None, None, nothing) for one in mine)
        return MeterFigures(meter, label, is_site, None, nothing, None, {}, judged)
    zone = plant.site.zone
    series = dict(site.made.get(machine, {})) if machine else (dict(site.beside.amounts) if is_site else {})
    if is_site and site.worked:
        series[HOURS] = site.worked
    rests = lambda day: is_holiday(day, plant.site) or is_shutdown(day, plant)  # noqa: E731
    rows = days_of(load, zone, rests)
    explained = _explained(rows, site.beside.temperature_c, series)
    found = answer(explained, _wishes(site, meter, billing), zone)
    ids = {one.measure for one in site.entries if _is_mine(one, meter, billing)}
    specific = {name: _specific(rows, name, by_day, found, site.span) for name, by_day in series.items()}
    return MeterFigures(
        meter, label, is_site, found, found.refusals, _standby(load, site), {name: some for name, some in specific.items() if some},
        tuple(one for one in found.measures if one.measure.id in ids),
    )  # fmt: skip


def _is_mine(entry: EnteredMeasure, meter: str, billing: Meter | None) -> bool:
    return entry.kind is EntryKind.MEASURE and meter in _named(entry, billing)


def _wishes(site: _Site, meter: str, billing: Meter | None) -> Wishes:
    """Measures on this meter, and on those above and below it: where one of these begins, the days of the others end."""
    above = _above(site.plant, meter)
    measures = tuple(
        one.as_measure().model_copy(update={"meters": ()})
        for one in site.entries
        if one.kind is EntryKind.MEASURE
        and any(meter == other or other in above or meter in _above(site.plant, other) for other in _named(one, billing))
    )
    events = tuple(one.as_event() for one in site.entries if one.kind is EntryKind.EVENT and one.shows_on(meter))
    return Wishes(measures, events, meter, None, site.tariff, site.factor)


def _load(site: _Site, meter: str, channel: str) -> LoadProfile | None:
    rows = site.ledger.intervals(meter, channel, site.from_utc, site.to_utc, site.as_of_utc)
    if not rows:
        return None
    first = slot_of(rows[0].start_utc)
    kw = np.full(slot_of(rows[-1].start_utc) - first + 1, np.nan)
    for row in rows:
        if row.power_kw is not None:
            kw[slot_of(row.start_utc) - first] = row.power_kw
    return LoadProfile.of_quarter_hours(rows[0].start_utc, kw)


def _standby(load: LoadProfile, site: _Site) -> Figure | None:
    first = slot_of(midnight_utc(site.span.first, site.plant.site.zone)) - slot_of(load.start_utc)
    kw = np.where(load.power.there, load.power.values.astype(np.float64) / 10**load.decimals, np.nan)
    return standby_share(kw[max(first, 0) :])


def _explained(rows: Rows, temperature_c: Mapping[date, float] | None, series: Mapping[str, Mapping[date, float]]) -> Rows:
    """The days with those series that know nearly all of them: one that is not known of a day takes it from the baseline."""
    measured = np.isfinite(rows.kw)
    known = measured.copy()
    found: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = {}
    for name, by_day in (*(() if temperature_c is None else (("", temperature_c),)), *series.items()):
        values = np.array([by_day.get(day, np.nan) for day in rows.days], dtype=np.float64)
        both = known & np.isfinite(values)
        varies = both.any() and float(np.ptp(values[both])) > 0
        if varies and both.sum() >= _KNOWN * measured.sum():
            found[name], known = values, both
    return replace(rows, temperature_c=found.pop("", None), drivers=found)


def _specific(
    rows: Rows, name: str, by_day: Mapping[date, float], found: Answer, span: Span
) -> tuple[SpecificEnergy, ...]:  # fmt: skip
    if name in found.specific:
        months = found.specific[name]
    else:
        values = np.array([by_day.get(day, np.nan) for day in rows.days], dtype=np.float64)
        months = specific_energy(replace(rows, drivers={name: values}), name, None)
    return tuple(one for one in months if span.first.replace(day=1) <= one.month < span.end and one.amount > 0)

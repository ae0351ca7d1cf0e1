"""A meter's baseline and what its measures saved.

In: days of one meter, measures and events.  Out: an `Answer`. Each measure's baseline is the year before it began; its reporting period ends
where the next measure begins, so that no day counts for two. Days between the beginning of a measure and its completion count for none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from baselines.enpi import Normalised, SpecificEnergy, normalised, specific_energy
from baselines.fitting import Baseline, baseline_of
from baselines.rows import Flags, Rows
from baselines.savings import Saving, saving_of
from billing.tariff import Tariff
from domain.effects import Figure
from domain.emission_factors import EmissionFactor
from domain.facts import Fact, fact
from domain.measures import Event, Measure

BASELINE_DAYS = 365


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be answered beside the baseline itself.

    Attributes
    ----------
    meter
        Whose days they are; None: of a file that names none.
    begins
        First local day that any baseline may use; None: the first that there is.
    """

    measures: tuple[Measure, ...] = ()
    events: tuple[Event, ...] = ()
    meter: str | None = None
    begins: date | None = None
    tariff: Tariff | None = None
    factor: EmissionFactor | None = None


@dataclass(frozen=True, eq=False)
class Judged:
    """One measure: its baseline and its saving, or why there is none."""

    measure: Measure
    baseline: Baseline | None
    saving: Saving | None
    refusals: tuple[Fact, ...]
    """Why nothing is claimed; empty: `saving` is claimed."""
    normalised: Normalised | None = None
    """Before and after at equal degree days."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known of one meter."""

    rows: Rows
    baseline: Baseline | None
    """That of the first measure; without a measure, of all days."""
    refusals: tuple[Fact, ...]
    """Why it carries no saving."""
    measures: tuple[Judged, ...]
    specific: dict[str, list[SpecificEnergy]] = field(default_factory=dict)
    """By driver: energy per unit, month by month."""


def answer(rows: Rows, wishes: Wishes, zone: ZoneInfo) -> Answer:
    """Fit baselines, judge measures.

    Parameters
    ----------
    rows
        All days of one meter.
    zone
        Whose days they are.
    """
    mine = sorted((one for one in wishes.measures if one.shows_on(wishes.meter)), key=lambda one: (one.begins, one.id))
    after_all = rows.days[-1] + timedelta(days=1)
    judged = []
    for place, measure in enumerate(mine):
        later = [other.begins for other in mine[place + 1 :] if other.begins > measure.begins]
        earlier = [other for other in mine[:place] if other.begins < measure.begins]
        first = max((wishes.begins, *(other.acts_from for other in earlier)), key=lambda day: day or date.min)
        judged.append(_judged(rows, wishes, measure, first, min((*later, after_all)), zone))
    if judged:
        baseline, refusals = judged[0].baseline, judged[0].refusals
        if baseline is not None:
            refusals = baseline.refusals
    else:
        found = _baseline(rows, wishes.events, wishes.begins, after_all, zone)
        baseline, refusals = (found, found.refusals) if isinstance(found, Baseline) else (None, found)
    return Answer(rows, baseline, refusals, tuple(judged), {name: specific_energy(rows, name, baseline) for name in rows.drivers})


def _judged(rows: Rows, wishes: Wishes, measure: Measure, first: date | None, end: date, zone: ZoneInfo) -> Judged:
    year_before = measure.begins - timedelta(days=BASELINE_DAYS)
    begins = year_before if first is None else max(first, year_before)
    baseline = _baseline(rows, wishes.events, begins, measure.begins, zone)
    if not isinstance(baseline, Baseline):
        return Judged(measure, None, None, baseline)
    saving = saving_of(baseline, rows, measure, end, wishes.events, zone, wishes.tariff, wishes.factor)
    if saving is None:
        return Judged(measure, baseline, None, (*baseline.refusals, fact("baseline.few_reported", days=0.0, needed=28.0)))
    compared = normalised(
        baseline.trained.rows, rows.where(rows.between(saving.first, saving.end)), baseline.model, baseline.trained.design
    )
    return Judged(measure, baseline, saving, saving.refusals, compared)


def _baseline(
    rows: Rows, events: Sequence[Event], first: date | None, end: date, zone: ZoneInfo
) -> Baseline | tuple[Fact, ...]:  # fmt: skip
    """Of ``[first, end)``: events with an energy are taken off, the days of others are left out."""
    period = rows.between(first, end)
    kw = rows.kw.copy()
    left_out: Flags = ~period
    for event in events:
        mine = rows.between(event.first, event.last + timedelta(days=1))
        if event.kwh_per_day is None:
            left_out = left_out | mine
        else:
            kw[mine] -= event.kwh_per_day / rows.hours[mine]
    return baseline_of(rows.with_kw(kw).where(~left_out), zone)


@dataclass(frozen=True, slots=True)
class Account:
    """Savings of measures, and beside them what advice was worth: each a line of its own.

    Advice moves energy and saves none: its effect is the difference of two bills of one and the same energy. A measure's money is its saved
    energy at the price of one more kWh, without demand charges. So the lines have nothing in common, and `total_eur` counts nothing twice.

    Attributes
    ----------
    measures_kwh, measures_eur
        Of the measures that are claimed; None where none is, in EUR also where one of them has no known price.
    advice_eur
        Measured effects of advice; None where none is known.
    unclaimed
        Measures that are refused, and in no sum.
    """

    measures_kwh: Figure | None
    measures_eur: Figure | None
    advice_eur: Figure | None
    unclaimed: int
    measures_co2_kg: Figure | None = None
    """None where one of them has no factor."""

    @property
    def total_eur(self) -> Figure | None:
        """Both lines; None where either is not known: unknown is not zero."""
        return None if self.measures_eur is None or self.advice_eur is None else _sum([self.measures_eur, self.advice_eur])


def account(judged: Sequence[Judged], advice_eur: Figure | None) -> Account:
    """The account of some measures, beside the sum of measured effects that `effects.account` makes."""
    claimed = [one.saving for one in judged if one.saving is not None and not one.refusals]
    money = [one.saved_eur for one in claimed]
    emitted = [one.saved_co2_kg for one in claimed]
    return Account(
        _sum([one.saved_kwh for one in claimed]), None if None in money else _sum([one for one in money if one is not None]),
        advice_eur, len(judged) - len(claimed), None if None in emitted else _sum([one for one in emitted if one is not None]),
    )  # fmt: skip


def _sum(figures: Sequence[Figure]) -> Figure | None:
    """The sum with its bounds added: as if all were off to the same side, which is the widest that it can be."""
    if not figures:
        return None
    return Figure(*(sum(getattr(one, name) for one in figures) for name in ("value", "low", "high")))

"""Key figures as people read them: the same rows and sentences for page, report and command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from baselines.answer import Judged
from baselines.enpi import SpecificEnergy
from domain.effects import Figure
from domain.facts import Fact
from reporting.key_figures.figures import KeyFigures, MeterFigures
from words.numbers import NOTHING
from words.sentences import text_of
from words.speech import Words

PLACES = 3


@dataclass(frozen=True, slots=True)
class SpecificText:
    """Energy per unit of one month."""

    label: str
    month: str
    days: str
    amount: str
    kwh_per_unit: str
    band: str
    verdict: str


@dataclass(frozen=True, slots=True)
class StandbyText:
    """Base load of one meter."""

    label: str
    share: str
    between: str


@dataclass(frozen=True, slots=True)
class MeasureText:
    """One measure on one meter."""

    measure: str
    description: str
    meter: str
    verdict: str
    period: str
    saved: str
    interval: str
    eur: str
    co2: str
    notes: tuple[str, ...]
    """Reasons against it, events, degree days."""
    is_claimed: bool


def of_figures(words: Words) -> Words:
    """The words of key figures, with dates that are read years later."""
    return replace(words, section="figures", is_dated=True)


def reasons(facts: Iterable[Fact], words: Words) -> tuple[str, ...]:
    """Why nothing is claimed, a sentence each."""
    plain = Words(words.language, words.zone, is_dated=True)
    return tuple(text_of([one], plain, datetime(2000, 1, 1, tzinfo=UTC)) for one in facts)


def specific_texts(found: KeyFigures, words: Words) -> list[SpecificText]:
    """By meter, series and month."""
    return [
        _specific(meter, name, month, words) for meter in found.meters for name, months in meter.specific.items() for month in months
    ]  # fmt: skip


def _specific(meter: MeterFigures, name: str, month: SpecificEnergy, words: Words) -> SpecificText:
    band = month.expected
    verdict = NOTHING if month.is_within is None else words["within" if month.is_within else "outside"]
    return SpecificText(
        words.fill("per", meter=meter.label, unit=words.either("unit", name)),
        f"{words.texts[f'month_short.{month.month.month}']} {month.month.year}", words.number(month.days), words.number(month.amount),
        words.number(month.kwh_per_unit, PLACES), NOTHING if band is None else _interval(band, words, PLACES), verdict,
    )  # fmt: skip


def standby_texts(found: KeyFigures, words: Words) -> list[StandbyText]:
    """By meter."""
    return [
        StandbyText(
            meter.label, NOTHING if meter.standby is None else words.percent(meter.standby.value, 0),
            NOTHING if meter.standby is None else words.fill("interval", low=words.percent(meter.standby.low, 0), high=words.percent(meter.standby.high, 0)),
        )
        for meter in found.meters
    ]  # fmt: skip


def measure_texts(found: KeyFigures, words: Words) -> list[MeasureText]:
    """By meter and first day."""
    return [_measure(found, meter, one, words) for meter in found.meters for one in meter.measures]


def _measure(found: KeyFigures, meter: MeterFigures, one: Judged, words: Words) -> MeasureText:
    saving, claimed = one.saving, one.saving is not None and not one.refusals
    above = (one.measure.id, meter.meter) in found.counted_above
    verdict = words["counted_above" if claimed and above else "claimed" if claimed else "refused"]
    notes = [*reasons(one.refusals, words), *_notes(one, words)]
    if saving is None:
        period = words.fill("from", day=words.full_day(one.measure.acts_from))
        return MeasureText(
            one.measure.id, one.measure.description, meter.label, verdict, period, *(NOTHING,) * 4, tuple(notes), is_claimed=False
        )
    period = words.fill(
        "span", first=words.full_day(saving.first), last=words.full_day(saving.day_list[-1]), days=words.number(saving.days)
    )
    eur, co2 = saving.saved_eur, saving.saved_co2_kg
    return MeasureText(
        one.measure.id, one.measure.description, meter.label, verdict, period, words.number(saving.saved_kwh.value), _interval(saving.saved_kwh, words),
        NOTHING if eur is None else words.number(eur.value), NOTHING if co2 is None else words.number(co2.value), tuple(notes), claimed,
    )  # fmt: skip


def _notes(one: Judged, words: Words) -> Iterator[str]:
    baseline = replace(words, section="baseline")
    if one.saving is not None:
        for event in one.saving.adjustments:
            key = "left_out" if event.kwh is None else "taken_off"
            yield baseline.fill(key, event=event.name, days=words.number(event.days), kwh=words.number(event.kwh))
    if one.normalised is not None:
        change = f"{'+' if one.normalised.change > 0 else ''}{words.percent(one.normalised.change, 1)}"
        yield baseline.fill("normalised", id=one.measure.id, change=change)


def baseline_texts(found: KeyFigures, words: Words) -> list[tuple[str, tuple[str, ...]]]:
    """How well each baseline fits, and why one carries no saving; meters of which the same holds stand together."""
    baseline = replace(words, section="baseline")
    labels: dict[tuple[str, ...], list[str]] = {}
    for meter in found.meters:
        fitted = None if meter.found is None else meter.found.baseline
        lines: list[str] = []
        if fitted is not None:
            lines.append(baseline.fill(
                "period", first=words.full_day(fitted.first), last=words.full_day(fitted.last), days=words.number(fitted.fit.n), covered=words.percent(fitted.covered)
            ) + ". " + words.fill("fit", cvrmse=words.percent(fitted.fit.cvrmse_adj, 1), out=words.percent(fitted.held_out.cvrmse, 1)))  # fmt: skip
        lines += reasons(meter.refusals, words) or (words["carries"],)
        labels.setdefault(tuple(lines), []).append(meter.label)
    return [(", ".join(some), lines) for lines, some in labels.items()]


def account_texts(found: KeyFigures, words: Words) -> list[tuple[str, str]]:
    """Name and figures of each line of the account; measures and advice are lines of their own."""
    total = found.account
    measures = [
        NOTHING
        if figure is None
        else words.fill("figure", value=words.number(figure.value), unit=unit, interval=_interval(figure, words))
        for figure, unit in ((total.measures_kwh, "kWh"), (total.measures_eur, "EUR"), (total.measures_co2_kg, "kg CO₂"))
    ]
    lines = [
        (
            words["account.measures"],
            words["account.none"] if total.measures_kwh is None else "; ".join(one for one in measures if one != NOTHING),
        )
    ]
    if total.unclaimed:
        lines.append((words["account.unclaimed"], words.number(total.unclaimed)))
    advice = total.advice_eur
    lines.append((
        words["account.advice"],
        words["account.no_advice"] if advice is None
        else words.fill("figure", value=words.number(advice.value, 2), unit="EUR", interval=_interval(advice, words, 2)),
    ))  # fmt: skip
    return lines


def notes(found: KeyFigures, words: Words) -> list[str]:
    """What the reader must know of the figures."""
    lines = [words["note"], words["account.note"]]
    if not found.has_temperature:
        lines.append(words["no_temperature"])
    if found.factor is None:
        lines.append(words["no_factor"])
    else:
        lines.append(
            words.fill("factor", g=words.number(found.factor.g_per_kwh), year=str(found.factor.of_year), source=found.factor.source)
        )
    lines += [words.fill("unknown_meter", measure=measure, meter=meter) for measure, meter in found.unknown_meters]
    return lines + [words.fill("fault", fault=str(one)) for one in found.faults]


def _interval(figure: Figure, words: Words, places: int = 0) -> str:
    return words.fill("interval", low=words.number(figure.low, places), high=words.number(figure.high, places))

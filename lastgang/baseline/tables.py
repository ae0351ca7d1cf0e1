"""A baseline and its savings as tables for people."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from baselines.answer import Answer, Judged
from baselines.enpi import SpecificEnergy
from baselines.fitting import Baseline
from domain.effects import Figure
from domain.facts import Fact
from words.numbers import NOTHING
from words.sentences import text_of
from words.speech import Words


def show(found: Answer, standby: Figure | None, name: str, words: Words, console: Console) -> None:
    """Write the answer to `console`.

    Parameters
    ----------
    standby
        Share of the energy that is base load.
    words
        Of the section ``baseline``.
    """
    console.print(Line(words.fill("title", name=name), style="bold"))
    if found.baseline is not None:
        for line in baseline_lines(found.baseline, words):
            console.print(Line(line))
    if standby is not None:
        console.print(Line(words.fill("standby", share=words.percent(standby.value))))
    if found.refusals or found.baseline is None:
        console.print(Line(words["none" if found.baseline is None else "carries_not"], style="bold yellow"))
        _reasons(found.refusals, words, console)
    else:
        console.print(Line(words["carries"]))
    if found.measures:
        _measures(found, words, console)
    for driver, months in found.specific.items():
        _specific(driver, months, words, console)


def baseline_lines(one: Baseline, words: Words) -> list[str]:
    """Period, model and fit of a baseline, a line each."""
    form = one.model.form
    parts = [words[f"part.{form.calendar}" if form.calendar != "none" else "part.level"]]
    if one.model.heating_c is not None:
        parts.append(words.fill("part.heating", base=words.number(one.model.heating_c)))
    if one.model.cooling_c is not None:
        parts.append(words.fill("part.cooling", base=words.number(one.model.cooling_c)))
    lines = [
        words.fill(
            "period", first=words.full_day(one.first), last=words.full_day(one.last), days=words.number(one.fit.n), covered=words.percent(one.covered)
        ),
        words.fill("model", count=words.number(len(one.tried)), parts=", ".join([*parts, *form.drivers])),
        words["fit"] + ": " + words.fill(
            "fit.value", cvrmse=words.percent(one.fit.cvrmse_adj, 1), r2=words.number(one.fit.r_squared, 2), nmbe=words.percent(one.fit.nmbe, 2),
            out_cvrmse=words.percent(one.held_out.cvrmse, 1), out_nmbe=words.percent(one.held_out.nmbe, 2),
        ),
    ]  # fmt: skip
    return lines + [words.fill("break", day=words.full_day(b.day), share=words.percent(b.share)) for b in one.breaks]


def reasons(facts: tuple[Fact, ...], words: Words) -> list[str]:
    """Why nothing is claimed, a sentence each."""
    plain = Words(words.language, words.zone, is_dated=True)
    return [text_of([one], plain, datetime(2000, 1, 1, tzinfo=UTC)) for one in facts]


def _reasons(facts: tuple[Fact, ...], words: Words, console: Console) -> None:
    for text in reasons(facts, words):
        console.print(Line(f"  {text}"))


def _measures(found: Answer, words: Words, console: Console) -> None:
    for one in found.measures:
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        table.add_row(Line(one.measure.id, style="bold"), Line(one.measure.description))
        for name, figure in _figures(one, words):
            table.add_row(Line(words[f"column.{name}"], style="dim"), Line(figure))
        console.print()
        console.print(table)
        if one.refusals:
            console.print(Line(words.fill("refused", id=one.measure.id), style="bold yellow"))
            _reasons(one.refusals, words, console)
        for line in notes(one, words):
            console.print(Line(line))


def notes(one: Judged, words: Words) -> list[str]:
    """What else belongs to a saving: events, degree days, the factor of CO2."""
    lines = []
    if one.saving is not None:
        for event in one.saving.adjustments:
            key = "left_out" if event.kwh is None else "taken_off"
            lines.append(words.fill(key, event=event.name, days=words.number(event.days), kwh=words.number(event.kwh)))
        if one.saving.factor is not None:
            factor = one.saving.factor
            lines.append(words.fill("factor", g=words.number(factor.g_per_kwh), year=factor.of_year, source=factor.source))
    if one.normalised is not None:
        change = f"{'+' if one.normalised.change > 0 else ''}{words.percent(one.normalised.change, 1)}"
        lines.append(words.fill("normalised", id=one.measure.id, change=change))
    return lines


def _figures(one: Judged, words: Words) -> list[tuple[str, str]]:
    """Column and figure of what is known of a measure."""
    saving = one.saving
    claimed = ("claimed", words["no" if one.refusals else "yes"])
    if saving is None:
        return [claimed]
    last = saving.day_list[-1]
    span = words.fill("span", first=words.full_day(saving.first), last=words.full_day(last), days=words.number(saving.days))
    interval = words.fill("interval", low=words.number(saving.saved_kwh.low), high=words.number(saving.saved_kwh.high))
    found = [
        ("period", span), ("expected", words.number(saving.expected_kwh)), ("measured", words.number(saving.measured_kwh)),
        ("saved", words.number(saving.saved_kwh.value)), ("interval", interval), ("share", words.percent(saving.share.value, 1)),
    ]  # fmt: skip
    for name, figure in (("eur", saving.saved_eur), ("co2", saving.saved_co2_kg)):
        found.append((name, NOTHING if figure is None else words.number(figure.value)))
    return [*found, claimed]


def _specific(driver: str, months: list[SpecificEnergy], words: Words, console: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("month", "days", "amount", "kwh_per_unit", "band", "within"):
        table.add_column(words.fill(f"column.{name}", name=driver), justify="left" if name == "month" else "right")
    for one in months:
        band = one.expected
        table.add_row(
            f"{words.texts[f'month_short.{one.month.month}']} {one.month.year}", words.number(one.days), words.number(one.amount),
            words.number(one.kwh_per_unit, 3),
            NOTHING if band is None else words.fill("interval", low=words.number(band.low, 3), high=words.number(band.high, 3)),
            NOTHING if one.is_within is None else words["yes" if one.is_within else "no"],
        )  # fmt: skip
    console.print()
    console.print(table)

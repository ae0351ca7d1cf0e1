"""The text of an analysis, in order: the quick wins first, then what they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.answer import Analysis, SheetAnswer
from analysis.show import pictures
from analysis.show.blocks import Block, Card, Cards, Document, Heading, Picture, Text, TextTable
from analysis.wins import Win, WinKind
from words.speech import Words

PEAK_ROWS = 10


def document(found: Analysis, words: Words, title: str, assumptions: Sequence[str]) -> Document:
    """The document of an analysis.

    Parameters
    ----------
    words
        Of the section ``analyse``.
    title
        Whose load it is: the file's name.
    assumptions
        How the file was read, sentence by sentence.
    """
    load = found.load
    span = words.fill("span", first=words.full_day(load.first_day), last=words.full_day(load.day_of(int(load.day[-1]))))
    subtitle = words.fill("subtitle", span=span, covered=words.percent(found.covered_share, 1))
    parts = (
        _wins, _figures, _year, _peaks, _idle, _days, _battery_and_sun, _sheets,
    )  # fmt: skip
    blocks: list[Block] = [block for part in parts for block in part(found, words)]
    blocks += [Heading(words["read.heading"]), *(Text(one) for one in assumptions)]
    blocks += [Heading(words["method.heading"]), *(Text(one, is_quiet=True) for one in words.each("method"))]
    return Document(words.language, words.fill("title", name=title), subtitle, blocks)


def sheet_name(answer: SheetAnswer, words: Words) -> str:
    """How a sheet is called: a typical one by its kind, one's own by its id."""
    return words[f"sheet.{answer.sheet.tariff.id}"] if answer.sheet.is_typical else answer.sheet.tariff.id


def _wins(found: Analysis, words: Words) -> Iterator[Block]:
    """By the first sheet: one's own, or the most usual one."""
    first = found.sheets[0]
    yield Heading(words["wins.heading"])
    if first.wins:
        yield Cards(tuple(_win_card(win, words) for win in first.wins), is_loud=True)
    else:
        yield Text(words["wins.none"])
    yield Text(words.fill("wins.by", sheet=sheet_name(first, words)), is_quiet=True)


def _win_card(win: Win, words: Words) -> Card:
    values = {
        "count": words.number(win.count), "kw": words.unit(win.kw, "kW", 1 if win.kw < 100 else 0), "kwh": words.unit(win.kwh, "kWh"),
        "hours": words.unit(win.hours, "h", 2),
    }  # fmt: skip
    several = "" if win.count != 1 or win.kind is not WinKind.PEAKS else ".one"
    return Card(
        words.fill(f"win.{win.kind}{several}.title", **values), words.fill("win.up_to", eur=words.euro(win.eur)),
        words.fill(f"win.{win.kind}{several}", **values),
    )  # fmt: skip


def _figures(found: Analysis, words: Words) -> Iterator[Block]:
    peak, first = found.peaks[0] if found.peaks else None, found.sheets[0]
    threshold = words["usage.high"] if found.usage_hours >= 2500 else words["usage.low"]
    when = "" if peak is None else words.moment(peak.start_utc)
    co2 = found.emissions
    yield Cards(
        (
            Card(words["energy"], words.unit(found.load.energy_kwh / 1000, "MWh", 1), words.fill("energy.mean", kw=words.unit(found.load.energy_kwh / found.load.hours, "kW"))),
            Card(words["peak"], words.unit(found.peak_kw, "kW", 1), when),
            Card(words["usage"], words.unit(found.usage_hours, "h"), threshold),
            Card(words["bill"], words.euro(float(first.bill.total_eur)), words.fill("bill.power", share=words.percent(_share(first)), sheet=sheet_name(first, words))),
            Card(words["base"], words.unit(found.base.base_kw, "kW", 1), words.fill("base.cost", eur=words.euro(first.base_eur))),
            Card(words["co2"], words.unit(co2.tonnes, "t", 1), words.fill("co2.factor", g=words.number(co2.g_per_kwh), year=co2.year) if co2.year else words.fill("co2.given", g=words.number(co2.g_per_kwh))),
        )
    )  # fmt: skip


def _share(answer: SheetAnswer) -> float:
    total = float(answer.bill.total_eur)
    return float(answer.bill.demand_eur) / total if total > 0 else 0.0


def _year(found: Analysis, words: Words) -> Iterator[Block]:
    yield Heading(words["year.heading"])
    yield Picture(pictures.year_curve(found, words), words["year.shows"])
    yield Picture(pictures.heat_map(found, words), words["heat.shows"])
    yield Picture(pictures.duration_curve(found, words), words["duration.shows"])


def _peaks(found: Analysis, words: Words) -> Iterator[Block]:
    if not found.peaks:
        return
    yield Heading(words["peaks.heading"])
    yield Text(words["peaks.text"])
    yield Picture(pictures.peak_heights(found, words), words["peaks.shows"])
    rows = [
        (words.number(n), words.moment(peak.start_utc), words.number(peak.kw, 1), words.number(peak.above_next_kw, 1), words.unit(peak.quarters_above_next / 4, "h", 2))
        for n, peak in enumerate(found.peaks[:PEAK_ROWS], start=1)
    ]  # fmt: skip
    yield TextTable(words.each("peaks.column"), tuple(rows), frozenset({0, 2, 3, 4}))
    if found.cuts:
        yield Text(words["cuts.text"])
        yield TextTable(
            words.each("cuts.column"),
            tuple(
                (
                    words.number(one.peaks), words.number(one.level_kw, 1), words.number(one.shifted_kw, 1), words.number(one.shifted_kwh, 1),
                    words.unit(one.longest_h, "h", 2), words.number(one.days),
                )
                for one in found.cuts
            ),
            frozenset(range(6)),
        )  # fmt: skip
        yield TextTable(
            (words["sheets.column.1"], *(words.fill("cuts.saves", peaks=words.number(one.peaks)) for one in found.cuts)),
            tuple((sheet_name(one, words), *(words.money(saved.eur) for saved in one.cuts)) for one in found.sheets),
            frozenset(range(1, 1 + len(found.cuts))),
        )


def _idle(found: Analysis, words: Words) -> Iterator[Block]:
    base, first = found.base, found.sheets[0]
    yield Heading(words["idle.heading"])
    yield Picture(pictures.week(found, words), words["week.shows"])
    rows = [
        (words["idle.base"], words.number(base.base_kw, 1), words.money(first.base_eur)),
        (words["idle.night"], words.number(base.night_kw, 1), ""),
        (words["idle.weekend"], words.number(base.weekend_kw, 1), ""),
        (words["idle.workday"], words.number(base.workday_kw, 1), ""),
        (words["idle.good_night"], words.number(base.good_night_kw, 1), ""),
        (words["idle.good_weekend"], words.number(base.good_weekend_kw, 1), ""),
    ]
    yield TextTable(words.each("idle.column"), tuple(rows), frozenset({1, 2}))
    yield Text(words["idle.text"], is_quiet=True)


def _days(found: Analysis, words: Words) -> Iterator[Block]:
    if not found.days:
        return
    yield Heading(words["days.heading"])
    yield Picture(pictures.strange(found.days, words), words["days.shows"])
    rows = [
        (words.day(one.day, with_year=True), words.number(one.times, 1), words.number(one.more_kwh, 0, sign=True))
        for one in found.days
    ]
    yield TextTable(words.each("days.column"), tuple(rows), frozenset({1, 2}))


def _battery_and_sun(found: Analysis, words: Words) -> Iterator[Block]:
    battery, sun = found.battery, found.sun
    yield Heading(words["battery.heading"])
    yield Text(
        words.fill("battery.text", kwh=words.unit(battery.capacity_kwh, "kWh"), kw=words.unit(battery.power_kw, "kW"), efficiency=words.percent(battery.efficiency))
    )  # fmt: skip
    rows = [
        (
            sheet_name(one, words), words.number(one.battery.bound_kw, 1), words.money(one.battery.bound_eur), words.number(one.battery.rule_kw, 1),
            words.money(one.battery.rule_eur), words.number(one.battery.cycles, 1),
        )
        for one in found.sheets
    ]  # fmt: skip
    yield TextTable(words.each("battery.column"), tuple(rows), frozenset(range(1, 6)))
    if sun.peak_kwp > 0:
        yield Heading(words["sun.heading"])
        used = sun.used_kwh / sun.generated_kwh if sun.generated_kwh else 0.0
        yield Text(
            words.fill(
                "sun.text", kwp=words.unit(sun.peak_kwp, "kWp"), kwh=words.unit(sun.generated_kwh, "kWh"), used=words.percent(used),
                eur=words.euro(found.sheets[0].sun_eur), sheet=sheet_name(found.sheets[0], words),
            )
        )  # fmt: skip


def _sheets(found: Analysis, words: Words) -> Iterator[Block]:
    yield Heading(words["sheets.heading"])
    names = {one.sheet.tariff.id: sheet_name(one, words) for one in found.sheets}
    if len(found.sheets) > 1:
        yield Picture(pictures.sheets_bars(found, words, names), words["sheets.shows"])
    rows = [
        (names[one.sheet.tariff.id], words.money(float(one.bill.total_eur)), words.money(float(one.bill.demand_eur)), words.money(float(one.bill.energy_eur)), one.sheet.tariff.source)
        for one in found.sheets
    ]  # fmt: skip
    yield TextTable(words.each("sheets.column"), tuple(rows), frozenset({1, 2, 3}))
    if len(found.sheets) == 1:
        lines: dict[tuple[str, str], float] = {}
        for line in found.sheets[0].bill.lines:
            lines[line.id, line.kind] = lines.get((line.id, line.kind), 0.0) + float(line.amount_eur)
        yield TextTable(
            words.each("lines.column"), tuple((name, kind, words.money(eur)) for (name, kind), eur in lines.items()), frozenset({2})
        )  # fmt: skip
    if any(not one.sheet.valid_then and not one.sheet.is_typical for one in found.sheets):
        yield Text(words["sheets.other_year"])
    for sheet, why in found.refused:
        yield Text(words.fill("sheets.refused", sheet=sheet.tariff.id, why=why))

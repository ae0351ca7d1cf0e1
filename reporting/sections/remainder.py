"""Each meter against the meters below it: what no meter saw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.intervals import IntervalQuality
from reporting.month import MeterRemainder
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed
from reporting.sections.section import Content, Section, SheetPart
from reporting.sections.shared_sheets import SUMMARY, SummaryRow
from reporting.tables import exact_kwh
from words.numbers import NOTHING
from words.speech import Words


def _data(content: Content) -> dict[str, Any]:
    return {"balance": [_balance_data(remainder) for remainder in content.month.balances]}


def _balance_data(remainder: MeterRemainder) -> dict[str, Any]:
    return {
        "meter": remainder.meter.id, "meters_below": [child.id for child in remainder.children], "meter_uwh": remainder.sum.own_uwh,
        "below_uwh": remainder.sum.below_uwh, "remainder_uwh": remainder.sum.energy_uwh, "quarter_hours": remainder.sum.quarters,
        "quarter_hours_left_out": remainder.sum.left_out,
        "lacking": [{"meter": meter, "channel": channel, "quarter_hours": count} for (meter, channel), count in remainder.lacking.items()],
        "below_by_quality": {
            str(quality): {
                "quarter_hours": share.quarters, "energy_uwh": share.energy_uwh,
                "share_of_energy": round(remainder.sum.share_of_energy(quality), 9),
            }
            for quality, share in remainder.sum.by_quality.items()
        },
    }  # fmt: skip


def _summary(content: Content, words: Words) -> Iterator[SummaryRow]:
    yield SummaryRow()
    for remainder in content.month.balances:
        yield from _balance_summary(remainder, words)


def _balance_summary(remainder: MeterRemainder, words: Words) -> Iterator[SummaryRow]:
    yield SummaryRow(f"{words['remainder']}: {remainder.meter.id}", exact_kwh(remainder.sum.own_uwh), "kWh")
    yield SummaryRow(f"  {words['sum_below']}: {_children(remainder)}", exact_kwh(remainder.sum.below_uwh), "kWh")
    for quality, share in remainder.sum.by_quality.items():
        if share.energy_uwh:
            part = f"{words.percent(remainder.sum.share_of_energy(quality), 2)} {words['share_energy']}"
            yield SummaryRow(f"    {words.either('q', str(quality))}", exact_kwh(share.energy_uwh), part)
    yield SummaryRow(f"  {words['remainder']}", exact_kwh(remainder.sum.energy_uwh), "kWh")
    yield SummaryRow(f"  {words['quarters']}", remainder.sum.quarters, f"({remainder.sum.left_out} {words['left_out']})")
    for line in _lacking(remainder, words):
        yield SummaryRow(f"  {line}")


def _children(remainder: MeterRemainder) -> str:
    return ", ".join(child.id for child in remainder.children)


def _page(content: Content, words: Words) -> list[Block]:
    columns: list[PrintColumn[MeterRemainder]] = [
        PrintColumn(words["meter"], lambda b: b.meter.id),
        PrintColumn(words["meters_below"], _children, "1fr"),
        PrintColumn(f"{words['meter']} [kWh]", lambda b: _energy(b.sum.own_uwh, words), is_number=True),
        PrintColumn(f"{words['sum_below']} [kWh]", lambda b: _energy(b.sum.below_uwh, words), is_number=True),
        PrintColumn(f"{words['remainder']} [kWh]", lambda b: _remainder(b, words), is_number=True),
        PrintColumn(words["q.measured"], lambda b: _qualities(b, words), is_number=True),
        PrintColumn(words["quarters"], lambda b: words.number(b.sum.quarters), is_number=True),
        PrintColumn(words["left_out"], lambda b: words.number(b.sum.left_out), is_number=True),
    ]
    note = Paragraph(words["balance.note"], is_small=True, stays_with_next=True)
    lacking = [Paragraph(line, is_small=True) for remainder in content.month.balances for line in _lacking(remainder, words)]
    return [Heading(words["balance"]), note, printed(columns, content.month.balances), *lacking]


def _lacking(remainder: MeterRemainder, words: Words) -> list[str]:
    """A line for each channel without rows that leaves quarter hours of this comparison out."""
    return [
        words.fill("balance.lacks", meter=meter, channel=channel, count=words.number(count))
        for (meter, channel), count in remainder.lacking.items()
    ]


def _energy(uwh: int | None, words: Words) -> str:
    return NOTHING if uwh is None else words.energy(uwh)


def _remainder(remainder: MeterRemainder, words: Words) -> str:
    if remainder.sum.energy_uwh is None or not remainder.sum.own_uwh:
        return _energy(remainder.sum.energy_uwh, words)
    return f"{words.energy(remainder.sum.energy_uwh)} ({words.number(remainder.sum.energy_uwh * 100 / remainder.sum.own_uwh, 1)} %)"


def _qualities(remainder: MeterRemainder, words: Words) -> str:
    """Shares of the sum below by quality: measured first, then what else there is."""
    measured = words.percent(remainder.sum.share_of_energy(IntervalQuality.MEASURED), 1)
    others = [
        f"{words.either('q', str(quality))} {words.percent(remainder.sum.share_of_energy(quality), 1)}"
        for quality, share in remainder.sum.by_quality.items()
        if share.energy_uwh and quality is not IntervalQuality.MEASURED
    ]
    return "\n".join([measured, *others])


SECTION = Section(data=_data, sheets=(SheetPart(SUMMARY, _summary, place=1),), page=_page)

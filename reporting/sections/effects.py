"""What recommendations of the month changed by measurement, promise beside effect, and the autopsies of its peaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.effects import Autopsy, Effect, Figure
from domain.instants import instant_text
from effects.account import Account, account, by_machine
from reporting.month import MonthReport
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed, shortened, table_or
from reporting.sections.section import ADVICE_ROWS, NAME, Content, DataFile, Section, Sheet, SheetPart
from reporting.sections.shared_sheets import money_cell
from reporting.tables import Column, field_columns, local_time
from reporting.typesetting import one_line
from words.speech import Words


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One recommendation, promise beside effect."""

    quarter_utc: datetime
    machine: str
    recommendation: str
    outcome: str
    status: str
    promised_kw: float
    relief_kw: float | None
    promised_eur: float | None
    measured_eur: float | None
    measured_low_eur: float | None
    measured_high_eur: float | None


def _rows(month: MonthReport) -> Iterator[EffectRow]:
    for one in month.effects:
        saving = one.saving_eur
        yield EffectRow(
            one.quarter_utc, one.machine, one.recommendation, str(one.outcome), str(one.status), one.promised_kw,
            None if one.relief_kw is None else one.relief_kw.value, one.promised_eur,
            *((None, None, None) if saving is None else (saving.value, saving.low, saving.high)),
        )  # fmt: skip


def _for_people(words: Words) -> list[Column[EffectRow]]:
    measured, zone = words["effects.measured"], words.zone
    return [
        Column(words["start_local"], lambda row: local_time(row.quarter_utc, zone)),
        Column(words["zone"], lambda row: f"{row.quarter_utc.astimezone(zone):%Z}"),
        Column(words["start_utc"], lambda row: row.quarter_utc),
        Column(words["effects.machine"], lambda row: row.machine),
        Column(words["advice"], lambda row: row.recommendation),
        Column(words["effects.outcome"], lambda row: words[f"effects.outcome.{row.outcome}"]),
        Column(words["status"], lambda row: words[f"effects.status.{row.status}"]),
        Column(f"{words['effects.promised']} [kW]", lambda row: row.promised_kw),
        Column(f"{words['effects.relief']} [kW]", lambda row: row.relief_kw),
        Column(f"{words['effects.promised']} [EUR]", lambda row: money_cell(row.promised_eur, words)),
        Column(f"{measured} [EUR]", lambda row: money_cell(row.measured_eur, words)),
        Column(f"{measured} 10 % [EUR]", lambda row: money_cell(row.measured_low_eur, words)),
        Column(f"{measured} 90 % [EUR]", lambda row: money_cell(row.measured_high_eur, words)),
    ]


EFFECTS = Sheet("effects.sheet", _for_people, (18, 8, 18, 18, 30, 18, 14), place=55)


def _data(content: Content) -> dict[str, Any]:
    month = content.month
    return {
        "effects": [_effect_data(one) for one in month.effects],
        "effects_account": {"all": _account_data(account(month.effects)), "machines": [_account_data(one) for one in by_machine(month.effects)]},
        "autopsies": [_autopsy_data(one) for one in month.autopsies],
    }  # fmt: skip


def _effect_data(one: Effect) -> dict[str, Any]:
    return {
        "recommendation": one.recommendation, "revision": one.revision, "status": str(one.status), "outcome": str(one.outcome),
        "basis": str(one.basis), "machine": one.machine, "quarter_utc": instant_text(one.quarter_utc), "promised_kw": one.promised_kw,
        "promised_eur": one.promised_eur, "relief_kw": _figure_data(one.relief_kw), "reduction_kw": _figure_data(one.reduction_kw),
        "saving_eur": _figure_data(one.saving_eur), "shared_with": list(one.shared_with), "reason": [fact.key for fact in one.reason],
    }  # fmt: skip


def _figure_data(found: Figure | None) -> dict[str, float] | None:
    return None if found is None else {"value": found.value, "low": found.low, "high": found.high}


def _account_data(one: Account) -> dict[str, Any]:
    return {
        "name": one.name, "effects": one.effects, "promised_eur": one.promised_eur, "measured_eur": one.measured_eur, "low_eur": one.low_eur,
        "high_eur": one.high_eur, "missed_eur": round(one.missed_eur, 2), "unknown": one.unknown, "not_carried_out": one.not_carried_out,
    }  # fmt: skip


def _autopsy_data(one: Autopsy) -> dict[str, Any]:
    return {
        "quarter_utc": instant_text(one.quarter_utc), "peak_kw": one.peak_kw, "before_kw": one.before_kw, "quality": str(one.quality),
        "cost_eur": one.cost_eur, "rest_kw": one.rest_kw, "unknown": list(one.unknown), "advised": list(one.advised), "followed": list(one.followed),
        "shares": [{"machine": part.machine, "kw": part.kw, "usual_kw": part.usual_kw, "job": part.job} for part in one.shares],
    }  # fmt: skip


def _page(content: Content, words: Words) -> list[Block]:
    month = content.month
    if not month.effects and not month.autopsies:
        return []
    columns: list[PrintColumn[Effect]] = [
        PrintColumn(words["effects.moment"], lambda one: words.moment(one.quarter_utc)),
        PrintColumn(words["effects.machine"], lambda one: one_line(_machine(month, one.machine), NAME), "1fr"),
        PrintColumn(words["effects.outcome"], lambda one: words[f"effects.outcome.{one.outcome.value}"]),
        PrintColumn(f"{words['effects.promised']}\n[EUR]", lambda one: words.money(one.promised_eur), is_number=True),
        PrintColumn(f"{words['effects.measured']}\n[EUR]", lambda one: _printed_figure(one.saving_eur, words, 2), is_number=True),
        PrintColumn(f"{words['effects.relief']}\n[kW]", lambda one: _printed_figure(one.relief_kw, words, 1), is_number=True),
        PrintColumn(words["status"], lambda one: words[f"effects.status.{one.status.value}"]),
    ]
    whole = account(month.effects)
    total = ["", "", "", words.money(whole.promised_eur), words.money(whole.measured_eur), "", ""] if month.effects else ()
    table = shortened(printed(columns, month.effects, total=total), ADVICE_ROWS, words)
    note = Paragraph(words["effects.note"], is_small=True, stays_with_next=True)
    return [Heading(words["effects"]), *table_or(words["effects.none"], table, note), *_peaks(month, words)]


def _machine(month: MonthReport, name: str) -> str:
    return next((machine.label for machine in month.plant.machines if machine.id == name), name)


def _printed_figure(found: Figure | None, words: Words, places: int) -> str:
    if found is None:
        return words["effects.unknown"]
    value, low, high = (words.number(one, places) for one in (found.value, found.low, found.high))
    return value if found.low == found.high else f"{value} ({low}–{high})"


def _peaks(month: MonthReport, words: Words) -> list[Block]:
    """Each new highest quarter hour in a sentence: who stood out."""
    found: list[Block] = []
    for one in month.autopsies[-ADVICE_ROWS:]:
        parts = [
            f"{_machine(month, part.machine)} {words.number(part.kw, 1)} ({words.number(part.usual_kw, 1)})"
            for part in one.shares[:3]
        ]
        text = words.fill(
            "effects.peak", moment=words.moment(one.quarter_utc), peak=words.number(one.peak_kw, 1), before=words.number(one.before_kw, 1),
            cost=words.money(one.cost_eur), machines="; ".join(parts),
        )  # fmt: skip
        found.append(Paragraph(one_line(text, 600), is_small=True))
    return found


SECTION = Section(
    data=_data,
    files=(DataFile("effects", _rows, field_columns(EffectRow), _for_people),),
    sheets=(SheetPart(EFFECTS, lambda content, _: _rows(content.month)),),
    page=_page,
)

"""Recommendations of the month, what was expected of each, and who decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.instants import instant_text
from domain.recommendations import JobPlace, LoadPlace, Places, Recommendation, ShiftPlace
from reporting.month import MonthReport
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed, shortened, table_or
from reporting.sections.section import ADVICE_ROWS, NAME, SENTENCES, Content, Section, SheetPart
from reporting.sections.shared_sheets import FINDINGS, FindingRow, money_cell
from reporting.typesetting import one_line
from words.sentences import advice_in_each_language, advice_texts, names_of
from words.speech import Words, of_report


def _data(content: Content) -> dict[str, Any]:
    return {"recommendations": [_recommendation_data(content.month, r) for r in content.month.recommendations]}


def _recommendation_data(report: MonthReport, r: Recommendation) -> dict[str, Any]:
    decision = report.decisions.get(r.recommendation)
    texts = advice_in_each_language(r, report.plant.site.zone, names_of(report.plant), of_report)
    return {
        "id": r.recommendation, "status": str(r.status), "issued_utc": instant_text(r.issued_utc), "action": str(r.action),
        "before": _places_data(r.before), "after": _places_data(r.after),
        "reduction_kw": r.reduction_kw, "expected_saving_eur": r.saving_eur,
        "texts": {language: text.reason for language, text in texts.items()},
        "decision": None if decision is None else
            {"kind": str(decision.kind), "by": decision.by, "at_utc": instant_text(decision.at_utc), "comment": decision.comment},
    }  # fmt: skip


def _places_data(places: Places) -> dict[str, Any]:
    def span(place: JobPlace | ShiftPlace | LoadPlace) -> dict[str, str]:
        return {"start_utc": instant_text(place.start_utc), "end_utc": instant_text(place.end_utc)}

    return {
        "jobs": [{"job": place.job, "machine": place.machine, **span(place)} for place in places.jobs],
        "shifts": [{"shift": place.shift, "day_local": place.day_local, **span(place)} for place in places.shifts],
        "loads": [{"load": place.load, "kw": place.kw, **span(place)} for place in places.loads],
        "set_points": [
            {"machine": one.machine, "channel": one.channel, "value": one.value, "unit": one.unit} for one in places.set_points
        ],
    }


def _rows(content: Content, words: Words) -> Iterator[FindingRow]:
    names = names_of(content.month.plant)
    for r in content.month.recommendations:
        decision = content.month.decisions.get(r.recommendation)
        decided = (
            None
            if decision is None
            else f"{words.either('rs', str(decision.kind))}: {decision.by}, {words.moment(decision.at_utc)}"
        )
        status, money = words.either("rs", str(r.status)), money_cell(r.saving_eur, words)
        reason = advice_texts(r, words, names).reason
        yield FindingRow(
            words["recommendations"], r.machine or r.subject, reason, status, r.issued_utc, r.reduction_kw, money, decided
        )


def _page(content: Content, words: Words) -> list[Block]:
    def decided(r: Recommendation) -> str:
        decision = content.month.decisions.get(r.recommendation)
        return "" if decision is None else f"{words.either('rs', str(decision.kind))}: {one_line(decision.by, NAME)}"

    names = names_of(content.month.plant)
    columns: list[PrintColumn[Recommendation]] = [
        PrintColumn(words["issued"], lambda r: words.moment(r.issued_utc)),
        PrintColumn(words["status"], lambda r: words.either("rs", str(r.status))),
        PrintColumn(f"{words['reduction']}\n[kW]", lambda r: words.number(r.reduction_kw, 1), is_number=True),
        PrintColumn(f"{words['saving']}\n[EUR]", lambda r: words.money(r.saving_eur), is_number=True),
        PrintColumn(words["advice"], lambda r: one_line(advice_texts(r, words, names).reason, SENTENCES), "1fr"),
        PrintColumn(words["decided"], decided, "26mm"),
    ]
    table = shortened(printed(columns, content.month.recommendations), ADVICE_ROWS, words)
    note = Paragraph(words["advice.note"], is_small=True, stays_with_next=True)
    return [Heading(words["recommendations"]), *table_or(words["recommendations.none"], table, note)]


SECTION = Section(data=_data, sheets=(SheetPart(FINDINGS, _rows),), page=_page)

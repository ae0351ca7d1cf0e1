"""What the incidents of the month cost, what ending them early was worth, and what people reported of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.feedback import Feedback
from domain.incident_cost import IncidentCost
from domain.instants import instant_text
from reporting.findings_account import Avoided, FindingsAccount, Found
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed, shortened, table_or
from reporting.sections.section import ADVICE_ROWS, NAME, Content, Section, Sheet, SheetPart
from reporting.sections.shared_sheets import SUMMARY, SummaryRow, money_cell
from reporting.tables import Column, local_time
from reporting.typesetting import one_line
from words.sentences import Names, names_of
from words.speech import Words


def _data(content: Content) -> dict[str, Any]:
    account = content.month.findings
    return {
        "findings_account": {
            "found": [
                {"nature": str(one.nature), "count": one.count, "unpriced": one.unpriced, **_cost_data(one.cost)} for one in account.found
            ],
            "avoided": [
                {
                    "id": one.incident.anomaly, "meter": one.incident.meter, "kind": str(one.incident.kind),
                    "usual_h": round(one.usual.total_seconds() / 3600, 2), "counted_until_utc": instant_text(one.counted_until_utc),
                    **_cost_data(one.cost),
                }
                for one in account.avoided
            ],
            "found_total": _cost_data(account.found_cost), "avoided_total": _cost_data(account.avoided_cost),
            "normal": account.normal, "not_countable": account.not_countable, "by_advice": account.by_advice,
        },
        "feedback": [
            {
                "anomaly": one.anomaly, "meter": one.meter, "kind": str(one.kind), "by": one.by, "at_utc": instant_text(one.at_utc),
                "comment": one.comment,
            }
            for one in content.month.feedback
        ],
    }  # fmt: skip


def _cost_data(cost: IncidentCost) -> dict[str, float | None]:
    return {"kwh": round(cost.kwh, 3), "eur": None if cost.eur is None else round(cost.eur, 2)}


def _summary(content: Content, words: Words) -> Iterator[SummaryRow]:
    account = content.month.findings
    if account.found:
        yield SummaryRow(words["found.found"], money_cell(account.found_cost.eur, words), "EUR")
        yield SummaryRow(words["found.avoided"], money_cell(account.avoided_cost.eur or 0.0, words), "EUR")


def _feedback_columns(words: Words) -> list[Column[Feedback]]:
    return [
        Column(words["start_local"], lambda row: local_time(row.at_utc, words.zone)),
        Column(words["start_utc"], lambda row: row.at_utc),
        Column(words["meter"], lambda row: row.meter),
        Column(words["finding"], lambda row: row.anomaly),
        Column(words["found.reported"], lambda row: words[f"found.reported.{row.kind}"]),
        Column(words["found.by"], lambda row: row.by),
        Column(words["found.comment"], lambda row: row.comment),
    ]


FEEDBACK_SHEET = Sheet("found.sheet", _feedback_columns, (18, 18, 18, 36, 16, 20, 40), place=58)


def _page(content: Content, words: Words) -> list[Block]:
    month, names = content.month, names_of(content.month.plant)
    account = month.findings
    if not account.found and not account.normal and not month.feedback:
        return []
    columns: list[PrintColumn[Found]] = [
        PrintColumn(words["found.nature"], lambda one: words[f"found.nature.{one.nature}"], "1fr"),
        PrintColumn(words["count"], lambda one: words.number(one.count), is_number=True),
        PrintColumn("kWh", lambda one: words.number(one.cost.kwh, 1), is_number=True),
        PrintColumn("EUR", lambda one: _money(one, words), is_number=True),
    ]
    whole = account.found_cost
    total = [
        words["total"],
        words.number(sum(one.count for one in account.found)),
        words.number(whole.kwh, 1),
        _total(whole, words),
    ]
    note = Paragraph(words["found.note"], is_small=True, stays_with_next=True)
    return [
        Heading(words["found.title"]),
        *table_or(words["anomalies.none"], printed(columns, account.found, total=total if account.found else ()), note),
        *_remarks(account, words),
        *_avoided(account, words, names),
        *_feedback(content, words, names),
    ]


def _money(found: Found, words: Words) -> str:
    """A dash where nothing is in euros by its nature: a data fault costs nothing that is known."""
    return "–" if found.unpriced == found.count and not found.cost.kwh else words.money(found.cost.eur)


def _total(cost: IncidentCost, words: Words) -> str:
    return "–" if cost.eur is None and not cost.kwh else words.money(cost.eur)


def _remarks(account: FindingsAccount, words: Words) -> list[Block]:
    counts = (
        ("found.normal", account.normal),
        ("found.not_countable", account.not_countable),
        ("found.by_advice", account.by_advice),
    )
    return [Paragraph(words.fill(key, count=words.number(count)), is_small=True) for key, count in counts if count]


def _avoided(account: FindingsAccount, words: Words, names: Names) -> list[Block]:
    columns: list[PrintColumn[Avoided]] = [
        PrintColumn(
            words["meter"], lambda one: one_line(names.get(("meter", one.incident.meter), one.incident.meter), NAME), "1fr"
        ),
        PrintColumn(words["finding"], lambda one: words.texts[f"anomaly.{one.incident.kind}"]),
        PrintColumn(words["found.ended"], lambda one: words.moment(one.incident.until_utc)),
        PrintColumn(words["found.counted_until"], lambda one: words.moment(one.counted_until_utc)),
        PrintColumn("kWh", lambda one: words.number(one.cost.kwh, 1), is_number=True),
        PrintColumn("EUR", lambda one: words.money(one.cost.eur), is_number=True),
    ]
    whole = account.avoided_cost
    total = [words["total"], "", "", "", words.number(whole.kwh, 1), words.money(whole.eur)] if account.avoided else ()
    table = shortened(printed(columns, account.avoided, total=total), ADVICE_ROWS, words)
    note = Paragraph(words["found.avoided_note"], is_small=True, stays_with_next=True)
    return [Heading(words["found.avoided"], 2), *table_or(words["found.none_avoided"], table, note)]


def _feedback(content: Content, words: Words, names: Names) -> list[Block]:
    columns: list[PrintColumn[Feedback]] = [
        PrintColumn(words["found.at"], lambda one: words.moment(one.at_utc)),
        PrintColumn(words["meter"], lambda one: one_line(names.get(("meter", one.meter), one.meter), NAME), "1fr"),
        PrintColumn(words["finding"], lambda one: _kind_of(one.anomaly, words)),
        PrintColumn(words["found.reported"], lambda one: words[f"found.reported.{one.kind}"]),
        PrintColumn(words["found.by"], lambda one: one_line(one.by, NAME), "26mm"),
    ]
    if not content.month.feedback:
        return []
    table = shortened(printed(columns, content.month.feedback), ADVICE_ROWS, words)
    return [Heading(words["found.feedback"], 2), table]


def _kind_of(anomaly: str, words: Words) -> str:
    """The kind in an id ``<meter>/<kind>/<since>``, in words; the id where it is none of ours."""
    parts = anomaly.rsplit("/", 2)
    kind = parts[1] if len(parts) == 3 else ""
    return words.texts.get(f"anomaly.{kind}", one_line(anomaly, NAME))


SECTION = Section(
    data=_data,
    sheets=(SheetPart(SUMMARY, _summary), SheetPart(FEEDBACK_SHEET, lambda content, _: content.month.feedback)),
    page=_page,
)

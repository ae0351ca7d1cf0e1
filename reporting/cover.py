"""The header of a report: whose it is, about what, made when, of what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.plant import Plant
from reporting.cost import why_no_bill
from reporting.sections.section import NAME, Content
from reporting.typesetting import one_line
from words.speech import Words


@dataclass(frozen=True, slots=True)
class CoverRow:
    """One line of it."""

    key: str
    """Key of the word that names it."""
    name: str
    value: str


def cover_rows(content: Content, header: Mapping[str, Any], words: Words) -> list[CoverRow]:
    """The header of a report for people."""
    month, cost = content.month, content.cost
    period = month.period
    replaces = header["replaces"]
    tariff = (
        f"{cost.tariff_id}, {words['version']} {cost.tariff_version}"
        if cost.tariff_id
        else words.fill("tariff.none", why=why_no_bill(cost, words))
    )
    return [
        CoverRow("organisation", words["organisation"], header["organisation"]),
        CoverRow("site", words["site"], header["site"]),
        CoverRow("boundary", words["boundary"], boundary_text(month.plant, words)),
        CoverRow(
            "period",
            words["period"],
            words.fill("period.text", from_=words.moment(period.from_utc), to=words.moment(period.to_utc)),
        ),
        CoverRow("expected", words["expected"], f"{words.number(period.expected)} ({period.timezone})"),
        CoverRow("report", words["report"], header["report"]),
        CoverRow("version", words["version"], str(header["version"])),
        CoverRow("replaces", words["replaces"], words["replaces.none"] if replaces is None else replaces["report"]),
        CoverRow("cut_off", words["cut_off"], header["data_cut_off_utc"]),
        CoverRow("generated", words["generated"], header["generated_at_utc"]),
        CoverRow("software", words["software"], f"Lastgang {header['software']['version']}"),
        CoverRow("config", words["config"], header["config_sha256"]),
        CoverRow("tariff", words["tariff"], tariff),
        CoverRow("factors", words["factors"], factors_text(month.plant, words)),
        CoverRow("author", words["author"], header["author"] or words["open"]),
        CoverRow("approver", words["approver"], header["approver"] or words["open"]),
    ]


def factors_text(plant: Plant, words: Words) -> str:
    """The sources of the emission factors, each once, with the years that they are of."""
    sources = dict.fromkeys(f"{row.source} ({row.of_year})" for row in plant.factors.rows)
    return one_line("; ".join(sources), NAME * 3) if sources else words["factors.none"]


def boundary_text(plant: Plant, words: Words) -> str:
    """What the report is about: the grid connection and the meters behind it, and how many others there are."""
    billing = plant.billing_meter()
    if billing is None:
        return words.fill("boundary.none", count=len(plant.meters))
    behind = {billing.id}
    while more := {meter.id for meter in plant.meters if meter.parent in behind} - behind:
        behind |= more
    text = words.fill("boundary.text", meter=billing.id, count=len(behind) - 1)
    others = len(plant.meters) - len(behind)
    return text + words.fill("boundary.others", count=others) if others else text

"""The account of scrap as a small table."""

from __future__ import annotations

from console.render.markup import Markup, join, tag
from console.views.scrap import ScrapView
from scrap.account import ScrapRow
from words.speech import Words

COLUMNS = ("machine", "product", "pieces", "scrap", "share", "energy", "money", "co2")


def table(view: ScrapView, words: Words) -> Markup:
    """All rows, their sum, and what is not in it; what it takes where nobody has counted."""
    if view.total is None:
        return tag("p", words["scrap.none"], class_="remark")
    head = tag("tr", *(tag("th", words[f"scrap.{name}"], scope="col") for name in COLUMNS))
    rows = [_row(row, view.names.get(row.machine, row.machine), words) for row in view.rows]
    total = _row(view.total, words["scrap.total"], words)
    return join(
        tag("p", words["scrap.intro"]),
        tag("table", tag("thead", head), tag("tbody", *rows, total), class_="table scrap"),
        tag("p", " ".join(_remarks(view, words)), class_="remark"),
    )


def _row(row: ScrapRow, name: str, words: Words) -> Markup:
    pieces = None if row.good is None else row.good + (row.scrap or 0) + (row.rework or 0)
    cells = {
        "machine": name, "product": row.product or "–", "pieces": words.number(pieces), "scrap": words.number(row.scrap),
        "share": words.percent(row.scrap_share, 1), "energy": words.unit(row.scrap_kwh, "kWh", 1), "money": f"{words.money(row.scrap_eur)} EUR",
        "co2": words.unit(row.scrap_co2_kg, "kg", 1),
    }  # fmt: skip
    return tag("tr", *(tag("td", cell, data_label=words[f"scrap.{key}"]) for key, cell in cells.items()))


def _remarks(view: ScrapView, words: Words) -> list[str]:
    found = []
    if view.total is not None and view.total.coverage is not None:
        found.append(words.fill("scrap.covered", share=words.percent(view.total.coverage, 0)))
    if view.without_meter:
        found.append(words.fill("scrap.without_meter", machines=", ".join(view.names.get(one, one) for one in view.without_meter)))
    factor = view.factor
    if factor is None:
        found.append(words["scrap.no_factor"])
    else:
        found.append(words.fill("scrap.factor", g=words.number(factor.g_per_kwh), year=str(factor.of_year), source=factor.source))
    return found

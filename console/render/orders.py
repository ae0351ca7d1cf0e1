"""The order sheet as markup: a table of fields, with what is wrong below the field."""

from __future__ import annotations

from connectors.orders.writing import COLUMNS
from console.render.markup import Markup, join, tag
from console.views.orders import OrderSheet, SheetLine
from domain.plant import Machine, MachineGroup, Plant
from words.speech import Words

LISTS = {"machine": "order-machines", "locked": "order-locked"}


def choices(plant: Plant, words: Words) -> Markup:
    """What can be chosen from while typing."""
    both: tuple[Machine | MachineGroup, ...] = (*plant.machines, *plant.machine_groups)
    machines = [tag("option", one.name, value=one.id) for one in both]
    locked = [tag("option", value=words[key]) for key in ("orders.yes", "orders.no")]
    return join(tag("datalist", *machines, id=LISTS["machine"]), tag("datalist", *locked, id=LISTS["locked"]))


def sheet(content: OrderSheet, words: Words) -> Markup:
    """All rows."""
    head = tag("tr", *(tag("th", words[f"orders.column.{name}"], scope="col", class_=f"o-{name}") for name in COLUMNS),
               tag("th", words["orders.cancel"], scope="col", class_="o-cancel"),
               tag("th", words["orders.report"], scope="col", class_="o-report"))  # fmt: skip
    rows = [_row(number, line, words) for number, line in enumerate(content.lines)]
    return tag("table", tag("thead", head), tag("tbody", *rows), class_="table orders")


def _row(number: int, line: SheetLine, words: Words) -> Markup:
    css = " ".join(name for name, holds in (("is-new", line.kept is None), ("is-cancelled", line.cancels)) if holds)
    name = line.cells.get("job") or words.fill("orders.row", number=number + 1)
    cells = [_cell(number, column, line, name, words) for column in COLUMNS]
    mark = None
    if line.kept is not None:
        mark = tag("input", type="checkbox", checked=line.cancels, data_row=number, data_column="cancel",
                   aria_label=words.fill("orders.cancel_label", job=name))  # fmt: skip
    report = None
    if line.next_event is not None:
        event = line.next_event.value
        report = tag("button", words[f"orders.report_{event}"], type="button", data_row=number, data_column="report",
                     aria_label=words.fill(f"orders.report_{event}_label", job=name))  # fmt: skip
    last = (
        tag("td", mark, class_="o-cancel", data_label=words["orders.cancel"]),
        tag("td", report, class_="o-report", data_label=words["orders.report"]),
    )
    return tag("tr", *cells, *last, class_=css or None)


def _cell(number: int, column: str, line: SheetLine, name: str, words: Words) -> Markup:
    fault = line.faults.get(column)
    heading, place = words[f"orders.column.{column}"], f"order-fault-{number}-{column}"
    entry = tag(
        "input", type="text", class_="cell", value=line.cells.get(column, ""), list=LISTS.get(column), data_row=number, data_column=column,
        readonly=column == "job" and line.kept is not None, aria_label=f"{heading}, {name}", autocomplete="off",
        title=words[f"orders.hint.{column}"], aria_invalid="true" if fault else None, aria_describedby=place if fault else None,
    )  # fmt: skip
    text = tag("span", fault, class_="cell-fault", id=place) if fault else None
    return tag("td", entry, text, class_=f"o-{column}" + (" has-fault" if fault else ""), data_label=heading)

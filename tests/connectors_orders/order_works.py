"""A small plant and sheets of orders for it, as the tests of this room start from them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from plant_texts import plant

from connectors.orders.judging import Handing, Judgement, judge
from connectors.orders.known import KnownOrders, known_orders
from connectors.orders.mapping import NO_MAPPING, OrderMapping, rows_of
from connectors.orders.table import Sheet, SheetRow
from domain.orders import Order
from domain.plant import Plant, load_plant
from words.order_faults import fault_text
from words.speech import of_page

NOW = datetime(2026, 10, 22, 9, 7, tzinfo=UTC)
"""Thursday 11:07 in Berlin."""
MACHINES = """
[[shift]]
id = "early"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "06:00"
to = "14:00"

[[machine]]
id = "press-1"
name = "Große Presse"
meter = "main"
rated_kw = 100

[[machine]]
id = "press-2"
name = "Kleine Presse"
meter = "main"
rated_kw = 80

[[machine]]
id = "saw"
name = "Säge"
meter = "main"
rated_kw = 20
shifts = ["early"]

[[machine_group]]
id = "presses"
name = "Pressen"
machines = ["press-1", "press-2"]
"""
HEADINGS = [
    "Auftrag",
    "Artikel",
    "Menge",
    "Maschine",
    "Frühester Start",
    "Liefertermin",
    "Start",
    "Dauer",
    "Vorgänger",
    "Mannschaft",
    "Fest",
]


def works(folder: Path) -> Plant:
    path = folder / "plant.toml"
    path.write_text(plant("works", "main") + MACHINES, encoding="utf-8")
    return load_plant(path)


def sheet_of(*rows: list[Any], headings: list[str] | None = None, source: str = "orders.xlsx") -> Sheet:
    table = [headings or HEADINGS, *rows]
    return Sheet(source, "Aufträge", tuple(SheetRow(number, tuple(row)) for number, row in enumerate(table, start=1)))


def row(
    job: Any = "4711", machine: Any = "press-1", duration: Any = "1:00", start: Any = "23.10.2026 06:00", **more: Any
) -> list[Any]:
    """Cells below `HEADINGS`: of a job that is right but for what is named."""
    cells = {"Auftrag": job, "Maschine": machine, "Dauer": duration, "Start": start, **more}
    return [cells.get(heading) for heading in HEADINGS]


def judged(
    plant: Plant, *rows: list[Any], known: KnownOrders | None = None, mapping: OrderMapping = NO_MAPPING, source: str = "orders.xlsx",
    headings: list[str] | None = None, now: datetime = NOW, epoch_1904: bool = False,
) -> Judgement:  # fmt: skip
    found, _ = rows_of([sheet_of(*rows, headings=headings, source=source)], mapping)
    return judge(found, Handing(plant, now, source, mapping, epoch_1904=epoch_1904), known or known_orders([], plant))


def words_of(judgement: Judgement, plant: Plant, language: str = "en") -> list[str]:
    words = of_page(language, plant.site.zone)
    return [f"{fault.place.column}: {fault_text(fault.fault, words)}" for fault in judgement.faults]


def after(plant: Plant, *batches: list[Order] | tuple[Order, ...]) -> KnownOrders:
    """What is known once these revisions are on the log."""
    return known_orders([order for batch in batches for order in batch], plant)


def local(text: str) -> datetime:
    from zoneinfo import ZoneInfo

    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)

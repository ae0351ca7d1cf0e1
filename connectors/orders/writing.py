"""An order as cells of a sheet, as the same reader takes them back."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.instants import NEVER_UTC
from domain.orders import Order
from domain.plant import Plant
from words.speech import Words

COLUMNS = ("job", "product", "quantity", "machine", "earliest", "due", "start", "duration", "predecessors", "workers", "locked")
"""Columns of the page and of `cells_of`."""


def cells_of(order: Order, plant: Plant, words: Words) -> dict[str, str]:
    """Field -> text, in the language and on the plant's clock."""
    zone = plant.site.zone
    quantity = "" if order.quantity is None else f"{order.quantity:.10g}".replace(".", words.marks.decimal)
    return {
        "job": order.job, "product": order.product, "quantity": quantity, "machine": group_of(order, plant) or order.machine,
        "earliest": moment_text(order.earliest_utc, zone, words), "due": moment_text(order.due_utc, zone, words),
        "start": moment_text(order.start_utc, zone, words), "duration": duration_text(order.duration_quarters),
        "predecessors": ", ".join(p.job + (f" + {p.gap_min} min" if p.gap_min else "") for p in order.predecessors),
        "workers": ", ".join(f"{w.workers} {w.skill}" for w in order.workers), "locked": words["orders.no" if order.movable else "orders.yes"],
    }  # fmt: skip


def group_of(order: Order, plant: Plant) -> str:
    """The group whose machines may do the job; empty where it is bound to one machine."""
    names = {order.machine, *(other.machine for other in order.other_machines)}
    found = (group.id for group in plant.machine_groups if set(group.machines) == names)
    return next(found, "") if order.other_machines else ""


def moment_text(instant: datetime, zone: ZoneInfo, words: Words) -> str:
    """``23.10.2026 06:00`` or ``2026-10-23 06:00``; with its offset in the hour that comes twice, empty for no date."""
    if instant >= NEVER_UTC:
        return ""
    local = instant.astimezone(zone)
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return local.isoformat(timespec="minutes")
    form = "%d.%m.%Y %H:%M" if words.language == "de" else "%Y-%m-%d %H:%M"
    return local.strftime(form if not local.second else f"{form}:%S")


def duration_text(quarters: int) -> str:
    """``1:45``."""
    return f"{quarters // 4}:{quarters % 4 * 15:02}"

"""What is wrong with a change of shifts, and which limits of working time it breaks, in each language."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from domain.order_rules import OrderFault
from domain.plant import Plant
from domain.texts import printable
from domain.working_time import BrokenLimit, Limit
from words.catalogue import languages
from words.order_faults import MOST_FOUND
from words.order_faults import expected_text as of_cells
from words.speech import Words, of_page


def expected_text(fault: OrderFault, words: Words) -> str:
    """What is expected instead, and what to do; cells are read as those of an order sheet are."""
    key = f"shift_fault.{fault.key}"
    if key not in words.texts:
        return of_cells(fault, words)
    return words.fill(key, **{name: printable(value, 1_000) for name, value in fault.values.items()})


def fault_text(fault: OrderFault, words: Words) -> str:
    """What was found and what is expected."""
    found = words.quoted(printable(fault.found, MOST_FOUND)) if fault.found else words["order_fault_form.nothing"]
    return words.fill("order_fault_form.sentence", found=found, expected=expected_text(fault, words))


def fault_in_each_language(fault: OrderFault, zone: ZoneInfo) -> dict[str, str]:
    """Language -> what was found and what is expected."""
    return {code: fault_text(fault, of_page(code, zone)) for code in languages()}


def limit_text(broken: BrokenLimit, plant: Plant, words: Words) -> str:
    """Which limit is broken, by whom, by how much, and where it is written."""
    names = {one.id: one.name or one.id for one in plant.shifts} | {one.id: one.name or one.id for one in plant.crews}
    day = words.full_day(broken.day_local)
    key = broken.limit.value if broken.crew else "day_of_a_shift"
    if broken.limit is Limit.WEEK:
        day = f"{day} – {words.full_day(broken.day_local + timedelta(days=6))}"
    return words.fill(
        f"shift_limit.{key}", crew=names.get(broken.crew, broken.crew), day=day,
        shifts=words[f"shift_limit.{'between' if broken.limit is Limit.REST else 'and'}"].join(names.get(one, one) for one in dict.fromkeys(broken.shifts)),
        hours=words.number(broken.hours, 1), allowed=words.number(broken.allowed_hours, 1), source=plant.working_time.source,
    )  # fmt: skip

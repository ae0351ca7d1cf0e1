"""What is wrong with a row of a scrap sheet, in each language."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from domain.order_rules import OrderFault
from domain.texts import printable
from words.catalogue import languages
from words.order_faults import MOST_FOUND
from words.order_faults import expected_text as of_cells
from words.speech import Words, of_page


def expected_text(fault: OrderFault, words: Words) -> str:
    """What is expected instead, and what to do; cells are read as those of an order sheet are."""
    key = f"scrap_fault.{fault.key}"
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

"""A bill as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.bill import Bill


def show_bill(bill: Bill) -> None:
    """Write the lines of `bill` and their total to stdout."""
    from rich.console import Console
    from rich.table import Table

    span = f"{bill.from_utc:%Y-%m-%d %H:%M} to {bill.to_utc:%Y-%m-%d %H:%M} UTC"
    table = Table(title=f"{bill.tariff} {bill.version}, {span}: {bill.status}", title_justify="left", show_footer=True)
    table.add_column("line", "total")
    table.add_column("period")
    for name in ("quantity", "price"):
        table.add_column(name, justify="right")
    table.add_column(bill.currency, f"{float(bill.total_eur):,.2f}", justify="right")
    for line in bill.lines:
        found = line.as_json()
        table.add_row(
            str(found["id"]),
            str(found["period"]),
            _quantity(found["quantity"], found["unit"]),
            _plain(found["price"]),
            f"{found['amount_eur']:,.2f}",
        )
    console = Console(soft_wrap=True)
    console.print(table)
    if bill.missing:
        console.print(f"{float(bill.covered_share):.2%} of the period is in the load file; what is missing is not billed")


def _quantity(value: object, unit: object) -> str:
    return f"{value:,.3f} {unit}" if isinstance(value, int | float) else str(unit)


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else "" if value is None else str(value)

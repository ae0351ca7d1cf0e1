"""The account as a table, as JSON and as a page."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.faults.campaign import Account
from benchmarks.faults.outcome import Line, lines_of

HEADINGS = ("fault", "times", "median s", "worst s", "lost", "rows different", "resent", "counted from", "remark")


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.fault.name, str(len(line.outcomes)), _seconds(line.median_s), _seconds(line.worst_s), str(line.lost),
        str(line.rows_different), str(line.resent), line.fault.counted_from, line.remark,
    )  # fmt: skip


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"


def show(account: Account, console: Console) -> None:
    """The table, and what it comes to."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if 1 <= number <= 6 else "left")
    for line in lines_of(account.outcomes):
        table.add_row(*_cells(line), style=None if line.is_well else "red")
    console.print(table)
    for kind, why in account.skipped.items():
        console.print(f"skipped: {kind}: {why}", highlight=False)
    console.print(summary(account), highlight=False)
    for words in account.trouble:
        console.print(f"[red]{words}[/]", highlight=False)


def summary(account: Account) -> str:
    """The whole campaign in a few sentences."""
    return (
        f"{len(account.outcomes)} faults, {account.kills} of them kills, in {account.duration_s / 60:.1f} min (seed {account.seed}). "
        f"{account.readings} readings of {account.meters} meters; {account.lost} lost, {account.resent} came twice (with the same content), "
        f"{account.in_flight} answers were in a killed gateway's hands, not yet on its disk. "
        f"{account.rows} rows of {account.quarter_hours} quarter hours in the ledger; {account.rows_different} differ from the "
        f"undisturbed engine; {account.restated_rows} were published again with a higher revision when late readings came."
    )


def as_json(account: Account) -> dict[str, Any]:
    """Everything, for machines."""
    return {
        "machine": machine(),
        "at_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": account.seed,
        "kills": account.kills,
        "duration_s": round(account.duration_s, 1),
        "meters": account.meters,
        "readings": account.readings,
        "readings_lost": account.lost,
        "readings_in_flight_at_kills": account.in_flight,
        "readings_resent": account.resent,
        "rows": account.rows,
        "quarter_hours": account.quarter_hours,
        "rows_different": account.rows_different,
        "rows_restated": account.restated_rows,
        "trouble": account.trouble,
        "skipped": account.skipped,
        "faults": [
            {
                "fault": line.fault.kind,
                "name": line.fault.name,
                "times": len(line.outcomes),
                "counted_from": line.fault.counted_from,
                "recover_s": {"median": line.median_s, "worst": line.worst_s, "all": [o.recover_s for o in line.outcomes]},
                "readings_lost": line.lost,
                "rows_different": line.rows_different,
                "readings_resent": line.resent,
                "remark": line.remark,
            }
            for line in lines_of(account.outcomes)
        ],
    }


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def write(account: Account, folder: Path) -> None:
    """The page ``faults.md`` in `folder`."""
    rows = [
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "|".join("---:" if 1 <= n <= 6 else "---" for n in range(len(HEADINGS))) + "|",
    ]
    rows += ["| " + " | ".join(cell.replace("|", "\\|") for cell in _cells(line)) + " |" for line in lines_of(account.outcomes)]
    machine_facts = machine()
    page = _PAGE.format(
        when=datetime.now(UTC).date(), cores=machine_facts["cores"], memory=machine_facts["memory_gb"], summary=summary(account),
        table="\n".join(rows), skipped="".join(f"\nSkipped: {kind}, {why}.\n" for kind, why in account.skipped.items()),
        seed=account.seed, kills=account.kills,
    )  # fmt: skip
    (folder / "faults.md").write_text(page, encoding="utf-8")


_PAGE = """\
# Faults

Written by `lastgang bench faults --kills {kills} --seed {seed} --write-report` on {when}, {cores} cores, {memory} GB.

{summary}

{table}
{skipped}
"""

"""Measured effects in a report: one row of each in every face, and an unknown effect that stays unknown."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from openpyxl import load_workbook
from report_sample import NOON, data_of, put, whole_month

from domain.contracts import EXAMPLES
from domain.effects import Effect, EffectStatus, Figure, Outcome
from domain.topics import AUTOPSIES, EFFECTS
from reporting.ledger import Ledger
from reporting.report import WrittenReport

KNOWN: Effect = replace(
    EXAMPLES[EFFECTS.name],
    recommendation="J1",
    quarter_utc=NOON,
    promised_kw=64.0,
    promised_eur=4288.0,
    saving_eur=Figure(3457.2, 2733.6, 3906.1),
)
UNKNOWN: Effect = replace(
    KNOWN, recommendation="J2", quarter_utc=NOON + timedelta(hours=1), saving_eur=None, relief_kw=None, reduction_kw=None,
    status=EffectStatus.UNKNOWN, outcome=Outcome.LATE,
)  # fmt: skip


def test_promise_and_effect_stand_beside_each_other_in_every_file(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    put(ledger, *whole_month())
    ledger.append([(EFFECTS, 0, n, one) for n, one in enumerate((KNOWN, UNKNOWN))])
    ledger.append([(AUTOPSIES, 0, 0, replace(EXAMPLES[AUTOPSIES.name], quarter_utc=NOON))])
    made = make(language="de")
    data = data_of(made)
    assert [(row["recommendation"], row["saving_eur"]) for row in data["effects"]] == [
        ("J1", {"value": 3457.2, "low": 2733.6, "high": 3906.1}),
        ("J2", None),
    ]
    total = data["effects_account"]["all"]
    assert (total["promised_eur"], total["measured_eur"], total["missed_eur"], total["unknown"]) == (4288.0, 3457.2, 830.8, 1)
    with (made.folder / "effects.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["promised_eur"], row["measured_eur"], row["outcome"]) for row in rows] == [
        ("4288.0", "3457.2", "as_advised"),
        ("4288.0", "", "late"),
    ]
    sheet: Any = load_workbook(made.folder / "report.xlsx")["Wirkung"]
    assert [[cell.value for cell in row[9:11]] for row in sheet.iter_rows(min_row=2)] == [[4288, 3457.2], [4288, "unbekannt"]]

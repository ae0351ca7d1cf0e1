"""A plant whose data carry no baseline: report and command refuse the saving with the same reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

from click.testing import CliRunner
from report_sample import NOON, data_of, put, quarter

from domain.entered_measures import EnteredMeasure, EntryKind
from domain.topics import MEASURES
from lastgang.commands.key_figures import command
from reporting.ledger import Ledger
from reporting.report import WrittenReport


def test_report_and_command_refuse_with_the_same_reason(
    ledger: Ledger, folder: Path, make: Callable[..., WrittenReport], tmp_path: Path
) -> None:
    put(ledger, quarter(NOON, 100.0))
    measure = EnteredMeasure("werk-nord", "lamps", 1, EntryKind.MEASURE, date(2026, 10, 5).isoformat(), NOON)
    ledger.append([(MEASURES, 0, 0, measure)])
    reported = data_of(make())["key_figures"]
    written = tmp_path / "figures.json"
    where = ["--plant", str(folder / "plant"), "--ledger", str(folder / "ledger.sqlite")]
    ran = CliRunner().invoke(command, [*where, "--period", "2026-10", "--json", str(written)])
    assert ran.exit_code == 0, ran.output
    shown = json.loads(written.read_text())
    for figures in (reported, shown):
        (main, *_) = figures["meters"]
        assert [one["key"] for one in main["refusals"]] == ["baseline.few_days"]
        assert [(one["id"], one["claimed"]) for one in main["measures"]] == [("lamps", False)]
        assert figures["account"]["measures_kwh"] is None
        assert figures["account"]["unclaimed"] == 1
    assert "not claimed" in ran.output
    assert "days of the baseline period are known" in ran.output

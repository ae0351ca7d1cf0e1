from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the sample plant beside the tests

from report_sample import NOW, PLANT, TARIFF, StepClock

from domain.plant import load_plant
from reporting.evidence.keys import KeyFolder
from reporting.ledger import Ledger
from reporting.month import month_period
from reporting.report import ReportOrder, WrittenReport, write_report


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant").mkdir()
    (tmp_path / "plant" / "plant.toml").write_text(PLANT)
    (tmp_path / "plant" / "tariff.toml").write_text(TARIFF)
    return tmp_path


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def ledger(folder: Path, clock: StepClock) -> Any:
    with Ledger.open(folder / "ledger.sqlite", clock=clock) as opened:
        yield opened


@pytest.fixture
def keys(folder: Path, clock: StepClock) -> KeyFolder:
    made = KeyFolder(folder / "keys", clock)
    made.add("werk-nord", bytes(32))
    return made


@pytest.fixture
def make(ledger: Ledger, folder: Path) -> Callable[..., WrittenReport]:
    def write(month: str = "2026-10", now_utc: datetime = NOW, **others: Any) -> WrittenReport:
        plant = load_plant(folder / "plant" / "plant.toml")
        order = ReportOrder(folder / "plant", folder / "out", **others)
        return write_report(ledger, plant, month_period(month, plant.site.timezone), order, now_utc)

    return write

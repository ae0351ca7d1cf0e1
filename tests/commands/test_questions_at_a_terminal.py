"""At a terminal a command asks what a load file leaves open, and goes on with the answer."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from plant_texts import tariff

ROOT = Path(__file__).parents[2]
UGLY = ROOT / "tests" / "ugly_files"


@pytest.mark.timeout(120)
def test_a_bill_asks_for_the_unit_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "tariff.toml").write_text(tariff('price = "10.00 ct/kWh"'))
    ours, theirs = pty.openpty()
    os.write(ours, b"kWh\n")
    command = [sys.executable, "-m", "lastgang.cli", "bill", str(UGLY / "no_unit.csv"), "--tariff", "tariff.toml", "--json", "-"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as running:
        assert running.stdout is not None
        bill = json.loads(running.stdout.read())
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert running.returncode == 0
    assert "What are the values in column Wert" in shown
    assert sum(line["quantity"] for line in bill["lines"] if line["kind"] == "energy") == pytest.approx(22_677.784)

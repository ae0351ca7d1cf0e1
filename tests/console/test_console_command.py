"""``lastgang console`` as a person starts it, with a real ledger; and what it says when it cannot start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from console_sample import NOW_UTC, SITE, sample_demand, sample_interval, sample_orders, sample_recommendations

from connectors.kafka.client import KafkaSettings
from console.access import OpenToStrangers
from deploy.ports import free_port
from deploy.processes import ProcessId
from deploy.state_file import PartState, ProcessState, StackState, write_state
from domain.channels import EXPORT, IMPORT
from domain.intervals import QUARTER
from domain.topics import DEMAND, INTERVALS, ORDERS, RECOMMENDATIONS
from lastgang.commands.console import command
from simulation import demo_plant

ROOT = Path(__file__).parents[2]
CLOCK = f"{datetime.now(UTC).isoformat()},{NOW_UTC.isoformat()},1.0"


def written_ledger(path: Path) -> None:
    """A ledger as the historian leaves it: two hours of the grid meter, the running quarter hour, orders, advice."""
    from reporting.ledger import Ledger

    starts = [datetime(2026, 10, 23, 8, 0, tzinfo=UTC) + n * QUARTER for n in range(7)]
    records: list[tuple[Any, Any]] = [
        (INTERVALS, sample_interval("main", channel, start)) for start in starts for channel in (IMPORT, EXPORT)
    ]
    records += [(DEMAND, sample_demand(NOW_UTC))]
    records += [(ORDERS, order) for order in sample_orders()]
    records += [(RECOMMENDATIONS, advice) for advice in sample_recommendations()]
    with Ledger.open(path) as ledger:
        ledger.append([(topic, 0, offset, record) for offset, (topic, record) in enumerate(records)])


def answer(client: httpx.Client, path: str, until: Any) -> Any:
    """What `path` says once `until` holds of it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            found = client.get(path).json()
            if until(found):
                return found
        except httpx.TransportError:
            found = "no answer"
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_the_page_stands_without_a_broker_finds_the_ledger_when_it_comes_and_ends_on_sigterm(tmp_path: Path) -> None:
    demo_plant.write(tmp_path / "plant")
    (tmp_path / "plant" / ".lastgang").mkdir()
    failed = PartState(name="gateway", state="failed", note="ended with exit 2: no such key")
    myself = ProcessId.of(os.getpid())
    assert myself is not None
    state = StackState(phase="degraded", supervisor=ProcessState.of(myself), plant="x", parts=(failed,))
    write_state(tmp_path / "plant" / ".lastgang", state)
    port = free_port()
    arguments = [
        "--plant",
        str(tmp_path / "plant"),
        "--kafka",
        f"127.0.0.1:{free_port()}",
        "--ledger",
        str(tmp_path / "ledger.sqlite"),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "lastgang.cli", "console", *arguments, "--port", str(port)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LASTGANG_CLOCK": CLOCK}, cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1") as client:
            waiting = answer(client, "/health", lambda found: found["status"] == "ok")
            assert waiting["ledger"] == "waiting"
            written_ledger(tmp_path / "ledger.sqlite")
            now = answer(client, "/now", lambda found: found["demand"] is not None)
            assert now["demand"]["projected_kw"] == 652.0
            assert sum(quarter is not None for quarter in now["last_day"]) == 7
            plan = client.get("/plan").json()
            assert [card["recommendation"]["recommendation"] for card in plan["cards"]] == ["R-0421", "R-0422", "R-0409", "R-0417"]
            assert client.get("/reports/months").json() == [{"name": "2026-10", "over": False}]
            rows = client.get("/meters").json()["rows"]
            assert rows[0]["last"]["energy_uwh"] > 0
            losses = client.get("/platform").json()["losses"]
            assert losses == [{"name": "gateway", "state": "failed", "note": "ended with exit 2: no such key"}]
            body = {"kind": "accepted", "by": "A"}
            refused = client.post("/recommendations/R-0421/decision", json=body, timeout=60)
            assert (refused.status_code, "no Kafka broker answers" in refused.text) == (503, True)
            assert SITE in client.get("/orders").text
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        _, talk = process.communicate()
    assert "console_ready" in talk
    assert "Traceback" not in talk


def test_help_has_an_example_and_says_who_may_write() -> None:
    output = CliRunner().invoke(command, ["--help"]).output
    assert "lastgang console --plant" in output
    assert "LASTGANG_CONSOLE_TOKEN" in output


def test_it_does_not_start_on_another_address_without_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.server import run

    monkeypatch.delenv("LASTGANG_CONSOLE_TOKEN", raising=False)
    with pytest.raises(OpenToStrangers, match="set LASTGANG_CONSOLE_TOKEN"):
        run(tmp_path, KafkaSettings(), tmp_path / "l", tmp_path / "r", "0.0.0.0", 0)

"""``lastgang prices``: exit codes and words, and a file on its way to a real broker and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from plant_texts import plant

from connectors.kafka.client import KafkaSettings, RecordConsumer, readable
from domain.topics import PRICES
from lastgang.cli import run

NOBODY = ["--kafka", "127.0.0.1:1"]
HEAD = "start_utc,price_eur_per_mwh\n"
SPOT = (
    'id = "t"\nversion = "2026-01-01"\nvalid_from = 2026-01-01\nvalid_to = 2027-01-01\nsource = "a test"\ncurrency = "EUR"\n'
    'timezone = "Europe/Berlin"\n[[energy]]\nid = "supply"\nspot = { zone = "DE-LU" }\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant.toml").write_text(plant("works", "main") + '[tariff]\nfile = "tariff.toml"\n')
    (tmp_path / "tariff.toml").write_text(SPOT)
    return tmp_path


def file(folder: Path, *prices: float | str) -> str:
    path = folder / "prices.csv"
    path.write_text(HEAD + "".join(f"2026-10-23T{n:02d}:00:00Z,{price}\n" for n, price in enumerate(prices)))
    return str(path)


def test_a_dry_run_needs_no_broker_and_takes_the_zone_of_the_tariff(folder: Path, capsys: Any) -> None:
    assert run(["prices", "import", file(folder, 80, -5), "--plant", str(folder), "--dry-run", *NOBODY]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "2 prices of DE-LU, 2026-10-23T00:00Z to 2026-10-23T02:00Z", "1 records would be sent; nothing was sent",
    ]  # fmt: skip


def test_a_file_at_fault_and_a_missing_zone_end_with_exit_code_two(folder: Path, capsys: Any) -> None:
    assert run(["prices", "import", file(folder, 80, "x"), "--plant", str(folder), "--dry-run", *NOBODY]) == 2
    assert "prices.csv:3: price_eur_per_mwh: found 'x'" in capsys.readouterr().err
    (folder / "tariff.toml").write_text(SPOT.replace('spot = { zone = "DE-LU" }', 'price = "1 ct/kWh"'))
    assert run(["prices", "import", file(folder, 80, 1), "--plant", str(folder), "--dry-run", *NOBODY]) == 2
    assert "zone: found nothing; expected --zone" in capsys.readouterr().err


def test_without_a_broker_nothing_is_sent_and_the_run_fails(folder: Path, capsys: Any) -> None:
    assert run(["prices", "import", file(folder, 80, 1), "--plant", str(folder), *NOBODY]) == 1
    assert "127.0.0.1:1" in capsys.readouterr().err


def test_a_pull_needs_a_token_a_good_address_and_days_in_order(folder: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENTSOE_TOKEN", raising=False)
    pull = ["prices", "pull", "--plant", str(folder), "--url", "http://127.0.0.1:1/api", "--dry-run", *NOBODY, "--service"]
    assert run([*pull, "entsoe"]) == 2
    assert "environment: ENTSOE_TOKEN: found nothing" in capsys.readouterr().err
    assert run([*pull, "smard", "--from", "2026-10-24", "--to", "2026-10-23"]) == 2
    assert "--to: found 2026-10-23" in capsys.readouterr().err
    assert run([*pull, "smard"]) == 1
    assert "cannot be reached" in capsys.readouterr().err


def test_a_bill_by_a_zone_takes_its_prices_from_a_file_and_is_provisional_without(folder: Path, capsys: Any) -> None:
    rows = "".join(f"2026-10-23T{n // 4:02d}:{n % 4 * 15:02d}:00Z,{40 if n < 8 else 0}\n" for n in range(12))
    (folder / "load.csv").write_text("start_utc,power_kw\n" + rows)
    bill = ["bill", str(folder / "load.csv"), "--tariff", str(folder / "tariff.toml"), "--json", "-"]
    assert run([*bill, "--prices", file(folder, 80, -30, 999)]) == 0
    # 40 kWh at 80 EUR/MWh and 40 kWh at -30 EUR/MWh.
    assert json.loads(capsys.readouterr().out)["total_eur"] == 2.0
    assert run(bill) == 0
    without = json.loads(capsys.readouterr().out)
    assert (without["status"], without["total_eur"], {one["column"] for one in without["missing"]}) == (
        "provisional",
        0.0,
        {"power_kw", "spot"},
    )
    (folder / "tariff.toml").write_text(SPOT.replace('spot = { zone = "DE-LU" }', 'price = "1 ct/kWh"'))
    assert run([*bill, "--prices", file(folder, 80, 1)]) == 2
    assert "expected a spot price with a zone" in capsys.readouterr().err


@pytest.mark.cluster
def test_prices_reach_the_topic_once_are_revised_and_can_be_listed(
    folder: Path, stack_kafka: Any, namespace: str, capsys: Any
) -> None:
    options = ["--plant", str(folder), "--kafka", stack_kafka.bootstrap, "--namespace", namespace]
    for prices in ((80, -5, 7.25), (80, -5, 7.25), (80, -6, 7.25)):
        assert run(["prices", "import", file(folder, *prices), *options]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if "sent" in line] == [
        "1 records sent",
        "0 records sent",
        "1 records sent",
    ]
    with RecordConsumer(KafkaSettings(stack_kafka.bootstrap, namespace), [PRICES]) as consumer:
        known = list(readable(consumer.read_to_end()))
    assert [(one.revision, one.eur_per_mwh, one.source) for one in known] == [
        (1, (80, -5, 7.25), "prices.csv"), (2, (80, -6, 7.25), "prices.csv"),
    ]  # fmt: skip
    assert run(["prices", "list", "--each", *options]) == 0
    listed = capsys.readouterr().out
    assert listed == HEAD + "2026-10-23T00:00:00Z,80.0\n2026-10-23T01:00:00Z,-6.0\n2026-10-23T02:00:00Z,7.25\n"
    assert run(["prices", "list", *options]) == 0
    assert (
        capsys.readouterr()
        .out.splitlines()[1]
        .startswith("DE-LU,2026-10-23T00:00:00Z,2026-10-23T03:00:00Z,60,3,-6.00,27.08,80.00,2,")
    )

"""What decides how a plant is read becomes a row when it changes; the demo's key is made once, on the plant's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from report_sample import StepClock

from domain.clock import StartableClock
from domain.plant import load_plant
from lastgang.demo.prepare import demo_keys, how_to_check, make_key, remember_instant
from lastgang.demo.settings import DemoSettings
from reporting.evidence.configuration import documents
from reporting.ledger import Ledger
from reporting.ledger.chain import Linked, linked
from reporting.ledger.seals import last_link


def kept(ledger: Ledger) -> list[str]:
    rows = linked(ledger.database, 1, last_link(ledger.database))
    return [
        row.row.decode().split(",")[1].strip('"') for row in rows if isinstance(row, Linked) and row.row.startswith(b'["document"')
    ]


def test_each_file_of_the_plant_is_a_row_when_it_has_become_another(folder: Path, clock: StepClock) -> None:
    plant = folder / "plant"
    (plant / "devices").mkdir()
    (plant / "devices" / "meter.toml").write_text("a = 1\n")
    (plant / ".hidden").mkdir()
    (plant / ".hidden" / "x.toml").write_text("")
    outside = folder / "outside.toml"
    outside.write_text("secret = 1\n")
    (plant / "link.toml").symlink_to(outside)
    with Ledger.in_memory(clock) as ledger:
        for _ in range(2):
            ledger.note_documents(documents(plant))
        assert kept(ledger) == ["devices/meter.toml", "plant.toml", "tariff.toml"]
        (plant / "devices" / "meter.toml").write_text("a = 2\n")
        (plant / "plant.toml").write_text("[site\n")  # half of an edit: kept as it is
        ledger.note_documents(documents(plant))
        assert kept(ledger)[3:] == ["devices/meter.toml", "plant.toml"]


def test_the_demo_makes_its_key_once_and_names_it_with_the_commands(folder: Path) -> None:
    settings = DemoSettings(folder, None, None)
    StartableClock.hold(settings.clock_file, datetime(2026, 10, 23, 4, 0, tzinfo=UTC), 60.0)
    plant = load_plant(settings.plant_dir / "plant.toml")
    make_key(settings, plant)
    make_key(settings, plant)
    (key,) = demo_keys(settings).keys()
    assert key.values[4] == 1_792_728_000_000, "plant time, not the computer's"
    remember_instant(settings, datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    output = how_to_check(settings)
    assert f"--expect {key.fingerprint}" in output
    assert "--month 2026-11" in output, "local month"

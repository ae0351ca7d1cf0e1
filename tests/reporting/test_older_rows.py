"""Rows that an older program wrote, with sentences in two languages instead of facts, hide nothing."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.codec import encode
from domain.contracts import EXAMPLES
from domain.plant import load_plant
from domain.topics import ANOMALIES, RECOMMENDATIONS
from reporting.ledger import Ledger
from simulation import demo_plant
from tests.spoken import english

FINDING, ADVICE = EXAMPLES[ANOMALIES.name], EXAMPLES[RECOMMENDATIONS.name]


def of_older_form(record: Any) -> dict[str, Any]:
    """The record as it was written before there were facts."""
    row = json.loads(encode(record))
    for field in ("facts", "reason", "checked", "not_checked"):
        row.pop(field, None)
    if record is FINDING:
        return {**row, "message_en": "Furnace 1 is on.", "message_de": "Ofen 1 läuft."}
    places = [row.pop(field) for field in ("action", "before", "after")]
    place = places[1]["jobs"][0]
    return {**row, "job": place["job"], "machine": place["machine"], "from_start_utc": place["start_utc"], "reason_en": "why"}


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A ledger with one row of the older form, one of today's and one that nobody can read, of each of both topics."""
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        for topic, name, record in ((ANOMALIES, "anomaly", FINDING), (RECOMMENDATIONS, "recommendation", ADVICE)):
            ledger.append([(topic, 0, n, replace(record, **{name: key})) for n, key in enumerate(("old", "new", "broken"))])
    with sqlite3.connect(path) as database:
        for (guard,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entry'").fetchall():
            database.execute(f"DROP TRIGGER {guard}")
        for name, record in (("anomaly", FINDING), ("recommendation", ADVICE)):
            old = json.dumps({**of_older_form(record), name: "old"})
            database.execute("UPDATE entry SET payload = ? WHERE json_extract(payload, ?) = 'old'", (old, f"$.{name}"))
            broken = json.dumps({**of_older_form(record), name: "broken", "at_utc": "yesterday"})
            database.execute("UPDATE entry SET payload = ? WHERE json_extract(payload, ?) = 'broken'", (broken, f"$.{name}"))
    database.close()
    return path


def test_rows_of_the_older_form_keep_their_numbers_and_those_that_cannot_be_read_are_left_out(older: Path, tmp_path: Path) -> None:
    demo_plant.write(tmp_path)
    plant = load_plant(tmp_path / "plant.toml")
    with Ledger.open(older, readonly=True) as ledger:
        found = {one.anomaly: one for one in ledger.anomalies()}
        advice = {one.recommendation: one for one in ledger.recommendations()}
    assert (found.keys(), advice.keys()) == ({"old", "new"}, {"new"})
    assert (found["old"].eur_per_day, found["old"].facts) == (FINDING.eur_per_day, ())
    assert english(found["old"], plant) == "This record comes without a sentence."
    assert "has been on outside its shifts" in english(found["new"], plant)

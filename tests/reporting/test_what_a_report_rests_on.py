"""What a report has read is what it discloses, and `lastgang verify` makes all of report.json again from that."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from report_sample import NOON, NOW, StepClock, put, quarter
from test_ledger_memory import QUESTIONS, entries
from test_report_scrap import MACHINE, append, made

from domain.contracts import EXAMPLES
from domain.plant import load_plant
from domain.topics import ANOMALIES, FEEDBACK, FORECASTS, OWN_USE, QUALITY, Topic
from reporting.evidence.bundle import MANIFEST_MESSAGE, Evidence, signature_bytes
from reporting.evidence.check import check_evidence
from reporting.evidence.keys import KeyFolder
from reporting.ledger import Ledger
from reporting.ledger.chain import Linked, linked
from reporting.ledger.put_back import ledger_of
from reporting.ledger.reads import Reads
from reporting.ledger.seals import last_link
from reporting.manifest import write_manifest
from reporting.month import month_period
from reporting.report import ReportOrder, WrittenReport, write_report

NO_ROWS = {"series", "latest_demand", "offsets", "recorded_until_utc", "content"}
"""They say where reading stands, not what a figure rests on."""


@pytest.fixture
def sign(ledger: Ledger, folder: Path, keys: KeyFolder) -> Callable[..., WrittenReport]:
    def write(**order: Any) -> WrittenReport:
        plant = load_plant(folder / "plant" / "plant.toml")
        order = {"evidence": Evidence.of(ledger, keys), "data_only": True, **order}
        requested = ReportOrder(folder / "plant", folder / "out", **order)
        return write_report(ledger, plant, month_period("2026-10", plant.site.timezone), requested, NOW)

    return write


@pytest.mark.parametrize("name", [*sorted(QUESTIONS.keys() - NO_ROWS), "begun"])
def test_the_rows_that_a_question_notes_give_its_answer_alone(name: str, clock: StepClock) -> None:
    question = QUESTIONS.get(name, lambda ledger: ledger.begun())
    reads = Reads()
    with Ledger.in_memory(clock) as whole:
        whole.append(list(entries()))
        with whole.noting(reads):
            answer = question(whole)
        links = reads.links(whole.database, last_link(whole.database))
        rows = [
            one.row for one in linked(whole.database, 1, last_link(whole.database)) if isinstance(one, Linked) and one.link in links
        ]
    assert len(links) == len(reads.rows)
    with ledger_of([json.loads(row) for row in rows]) as part:
        assert question(part) == answer
    assert rows or not answer, "what is answered rests on something"


def fill(ledger: Ledger, folder: Path) -> None:
    """Quarter hours, scrap that was counted, what people reported, the platform's own use and its forecasts."""
    path = folder / "plant" / "plant.toml"
    path.write_text(path.read_text() + MACHINE + '[emissions]\ng_per_kwh = 350.0\nof_year = 2024\nsource = "authority"\n')
    put(ledger, *(quarter(NOON + n * timedelta(minutes=15), 100.0) for n in range(8)))
    put(ledger, *(quarter(NOON + n * timedelta(minutes=15), 25.0, "furnace-1") for n in range(8)))
    append(ledger, made(49, good=10, scrap=10))
    others: list[tuple[Topic, Any]] = [
        (FEEDBACK, replace(EXAMPLES[FEEDBACK.name], site="werk-nord", at_utc=NOON)),
        (OWN_USE, replace(EXAMPLES[OWN_USE.name], site="werk-nord", from_utc=NOON, to_utc=NOON + timedelta(hours=1))),
        (FORECASTS, replace(EXAMPLES[FORECASTS.name], site="werk-nord", issued_utc=NOON)),
        (ANOMALIES, EXAMPLES[ANOMALIES.name]),
    ]
    for topic, record in others:
        ledger.append([(topic, 0, 0, record)])


def signed_again(report: Path, keys: KeyFolder) -> None:
    """Manifest and signature over the files as they are: what only the plant itself can do."""
    header = json.loads((report / "manifest.json").read_text())
    write_manifest(report, {k: v for k, v in header.items() if k not in ("format", "files")}, header["format"])
    signer = keys.signer()
    assert signer is not None
    signature = signer.sign(MANIFEST_MESSAGE + (report / "manifest.json").read_bytes()).hex()
    (report / "manifest.sig").write_bytes(signature_bytes(signer.fingerprint, signature))


LIES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "scrap": (lambda data: data["scrap"]["total"].update(scrap_kwh=1.0), "scrap.total.scrap_kwh: found 1.0; the rows give 12.5"),
    "own use": (lambda data: data["own_use"].update(cpu_s=0.5), "own_use.cpu_s: found 0.5; the rows give"),
    "models": (lambda data: data["own_use"].update(models={}), "own_use.models"),
    "status": (lambda data: data.update(status="final"), "status: found final; the rows give provisional"),
    "a section": (lambda data: data.pop("scrap"), "scrap: found None; the rows give"),
    "one more": (lambda data: data.update(praise="best plant"), "praise: found best plant; the rows give None"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_figure_of_any_section_that_the_plant_itself_signs_falsely_is_found(
    lie: str, ledger: Ledger, folder: Path, keys: KeyFolder, sign: Callable[..., WrittenReport]
) -> None:
    fill(ledger, folder)
    report = sign().folder
    assert check_evidence(report) == []
    kinds = {
        line.split(b" ", 2)[2].split(b",")[1]
        for line in (report / "evidence" / "rows.txt").read_bytes().splitlines()
        if b'"entry"' in line
    }
    assert {f'"{topic.name}"'.encode() for topic in (QUALITY, FEEDBACK, OWN_USE, FORECASTS)} <= kinds
    data = json.loads((report / "report.json").read_text())
    change, words = LIES[lie]
    change(data)
    (report / "report.json").write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    signed_again(report, keys)
    found = check_evidence(report)
    assert found
    assert {one.file for one in found} == {"report.json"}
    assert any(one.detail.startswith(words) for one in found), found


def test_a_report_by_another_version_of_the_program_is_held_against_its_main_figures(
    ledger: Ledger, folder: Path, keys: KeyFolder, sign: Callable[..., WrittenReport]
) -> None:
    fill(ledger, folder)
    report = sign().folder
    manifest, data = (json.loads((report / name).read_text()) for name in ("manifest.json", "report.json"))
    manifest["software"]["version"] = "0.0.1"
    data["scrap"]["said_otherwise_then"] = True
    (report / "manifest.json").write_text(json.dumps(manifest))
    (report / "report.json").write_text(json.dumps(data))
    signed_again(report, keys)
    assert check_evidence(report) == []
    data["meters"][0]["energy_uwh"] += 1
    (report / "report.json").write_text(json.dumps(data))
    signed_again(report, keys)
    assert [one.file for one in check_evidence(report)] == ["report.json"]


def test_a_report_as_of_then_has_nothing_that_came_later_of_any_kind(
    ledger: Ledger, folder: Path, clock: StepClock, sign: Callable[..., WrittenReport]
) -> None:
    fill(ledger, folder)
    first, then = sign(), clock.now
    clock.now += timedelta(days=1)
    use = replace(EXAMPLES[OWN_USE.name], site="werk-nord", from_utc=NOON + timedelta(hours=1), to_utc=NOON + timedelta(hours=2))
    ledger.append([(OWN_USE, 0, 1, use)])
    ledger.append([(FORECASTS, 0, 1, replace(EXAMPLES[FORECASTS.name], site="werk-nord", issued_utc=NOON + timedelta(hours=1)))])
    ledger.append([(QUALITY, 0, 1, made(49, 1, good=19, scrap=1))])
    put(ledger, quarter(NOON, 110.0, revision=2))
    again = sign(as_of_utc=then)
    assert (again.folder / "report.json").read_bytes() == (first.folder / "report.json").read_bytes()
    now = sign()
    assert (now.folder / "report.json").read_bytes() != (first.folder / "report.json").read_bytes()
    assert [check_evidence(one.folder) for one in (first, again, now)] == [[], [], []]

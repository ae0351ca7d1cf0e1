"""What a script sees of every verb: 0 where it did its work, 2 for wrong input, 1 for a failed run; through the real command line."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from deploy.ports import free_port
from deploy.processes import ProcessId
from deploy.state_file import ProcessState, StackState, write_state
from lastgang.cli import VERBS, group
from simulation import demo_plant

SABOTAGE = Path(__file__).parent / "sabotage"
LOAD = "start_utc,power_kw\n2026-10-01T00:00:00Z,112.4\n2026-10-01T00:15:00Z,108.0\n"
PEAK = "--tariff {plant}/tariff.toml --plan {planned} --flexible-share 0.15 --max-delay 60min"
INFLUX = "--influx-org werk --influx-bucket energy"


class Case(NamedTuple):
    """A command line, with the place holders of `places`; what it says must hold `words`."""

    arguments: str
    words: str
    sabotage: str = ""
    environment: tuple[tuple[str, str], ...] = ()


TOKENS = (("INFLUX_TOKEN", "a-secret"), ("GRAFANA_TOKEN", "another"))

PROBLEM = {
    "format": "lastgang.planning-problem.v1", "site": "s", "energy_price_eur_per_kwh": [0.2], "base_load": {"q50_kw": [1], "q90_kw": [1]},
    "slots": {"start_utc": "2026-10-12T04:00:00Z", "minutes": 15, "count": 1, "timezone": "Europe/Berlin"},
    "demand_charges": [], "machines": [], "shifts": [], "jobs": [], "current_plan": {"jobs": []},
    "changes": {"eur_per_moved_job": 1.0, "max_moved_jobs": None},
}  # fmt: skip
"""For `plan`: a site without jobs."""

WRONG_INPUT = {
    "up": Case("up --plant {empty}", "plant.toml: file: found No such file"),
    "down": Case("down --plant {empty}", "plant.toml: file: found No such file"),
    "status": Case("status --plant {empty}", "plant.toml: file: found No such file"),
    "demo": Case("demo --folder {work}/demo --pull nothing@07:30+10", "--pull: pull: found 'nothing@07:30+10'"),
    "gateway": Case("gateway --plant {empty}", "plant.toml: file: found No such file"),
    "historian": Case("historian --plant {empty}", "plant.toml: file: found No such file"),
    "planner": Case("planner --plant {empty}", "plant.toml: file: found No such file"),
    "influx-sink": Case("influx-sink --plant {plant} --url http://127.0.0.1:9 --org a --bucket b", "INFLUX_TOKEN: found nothing"),
    "console": Case("console --plant {plant} --ledger x.sqlite --host 0.0.0.0 --port 0", "set LASTGANG_CONSOLE_TOKEN"),
    "simulate": Case("simulate --plant {empty}", "plant.toml: file: found No such file"),
    "import": Case("import {work}/nothing.csv --plant {plant} --dry-run", "nothing.csv: file: found No such file"),
    "orders import": Case("orders import {work}/nothing.csv --plant {plant} --dry-run", "nothing.csv: file: found No such file"),
    "orders template": Case("orders template {work}/orders.xlsx --plant {empty}", "plant.toml: file: found No such file"),
    "orders list": Case("orders list --plant {empty}", "plant.toml: file: found No such file"),
    "prices import": Case(
        "prices import {work}/nothing.csv --plant {plant} --zone DE-LU --dry-run", "nothing.csv: file: found No such file"
    ),
    "prices list": Case("prices list --plant {empty}", "plant.toml: file: found No such file"),
    "prices pull": Case(
        "prices pull --plant {empty} --service smard --url http://127.0.0.1:9", "plant.toml: file: found No such file"
    ),
    "quality import": Case("quality import {work}/nothing.csv --plant {plant} --dry-run", "nothing.csv: file: found No such file"),
    "key-figures": Case("key-figures --plant {empty}", "plant.toml: file: found No such file"),
    "measures import": Case(
        "measures import {work}/nothing.toml --plant {plant} --dry-run", "nothing.toml: file: found No such file"
    ),
    "measures list": Case("measures list --plant {empty}", "plant.toml: file: found No such file"),
    "measures withdraw": Case("measures withdraw leaks --plant {empty}", "plant.toml: file: found No such file"),
    "shifts import": Case("shifts import {work}/nothing.csv --plant {plant} --dry-run", "nothing.csv: file: found No such file"),
    "shifts template": Case("shifts template {work}/shifts.xlsx --plant {empty}", "plant.toml: file: found No such file"),
    "shifts list": Case("shifts list --plant {empty}", "plant.toml: file: found No such file"),
    "findings list": Case("findings list --plant {empty}", "plant.toml: file: found No such file"),
    "findings feedback": Case("findings feedback --plant {empty}", "plant.toml: file: found No such file"),
    "findings normal": Case("findings normal m/left_on/1 --plant {empty} --by me", "plant.toml: file: found No such file"),
    "findings known": Case("findings known m/left_on/1 --plant {plant} --by " + "x" * 201, "at most 200 characters"),
    "findings fixed": Case("findings fixed m/left_on/1 --plant {plant}", "--by"),
    "findings take-back": Case("findings take-back m/left_on/1 --plant {empty} --by me", "plant.toml: file: found No such file"),
    "report": Case("report --plant {plant} --month 2026-13 --out {work}/reports", "--month"),
    "reporter": Case("reporter --plant {plant} --send nothing", "expected a name of [[report]]"),
    "keys new": Case("keys new --plant {empty}", "plant.toml: file: found No such file"),
    "keys rotate": Case("keys rotate --plant {plant} --keys {work}/none", "has no key; `lastgang keys new` makes the first one"),
    "keys show": Case("keys show --plant {empty}", "plant.toml: file: found No such file"),
    "verify": Case("verify {empty}", "no manifest.json"),
    "stamp": Case("stamp {empty}", "manifest.json: found nothing; expected the folder of a report"),
    "backup": Case("backup --plant {empty} --out {work}/b", "plant.toml: file: found No such file"),
    "restore": Case("restore {empty} --plant {work}/again", "backup.json: file: found No such file"),
    "check-config": Case("check-config {empty}", "plant.toml: file: found No such file"),
    "contracts": Case("contracts --out {load}/contracts", "is a file; expected a folder"),
    "reference": Case("reference --out {load}/reference", "is a file; expected a folder"),
    "set-back": Case("set-back press-1 --plant {plant} --to 2026-10-26T10:00 --by me --why drift", "without a time zone"),
    "sentences": Case("sentences --plant {empty}", "plant.toml: file: found No such file"),
    "grafana build": Case(f"grafana build --plant {{plant}} {INFLUX} --out {{load}}/g", "is a file; expected a folder"),
    "grafana push": Case(f"grafana push --plant {{plant}} {INFLUX} --url http://127.0.0.1:9", "GRAFANA_TOKEN: found nothing"),
    "metering": Case("metering {work}/nothing.jsonl --plant {plant}/plant.toml --out {work}/x.csv", "nothing.jsonl: file: found"),
    "analyse": Case("analyse {work}/nothing.csv --out {work}", "nothing.csv: file: found"),
    "baseline": Case("baseline {load} --measure 2027-01-01 --json {work}/b.json", "expected a day of the load"),
    "bill": Case("bill {work}/nothing.csv --tariff {plant}/tariff.toml", "nothing.csv: file: found"),
    "plan": Case("plan {work}/nothing.json", "nothing.json: file: found No such file"),
    "flexible show": Case("flexible show --plant {empty}", "plant.toml: file: found No such file"),
    "flexible plan": Case(
        "flexible plan {load} --plant {plant} --level van=1", "--level: level: found 'van=1'; expected NAME=NUMBER"
    ),
    "forecast backtest": Case(
        "forecast backtest {load} --first-origin 2026-03-01T23:07:00Z --origins 1 --out {work}/x.csv", "on a full quarter hour"
    ),
    "detect": Case("detect {work}/nothing.csv --time-column t --out {work}/x.csv", "nothing.csv: file: found No such file"),
    "peak backtest": Case(
        f"peak backtest {{work}}/nothing.csv {PEAK} --out {{work}}/x.csv", "nothing.csv: file: found No such file"
    ),
    "bench pipeline": Case("bench pipeline --json {load}/p.json", "is a file; expected a folder"),
    "bench faults": Case("bench faults --only nothing", "--only: found nothing; expected one of kill-kafka"),
    "bench forecast": Case("bench forecast --data {empty}", "--data: found"),
    "bench plan": Case("bench plan --only nothing", "--only: found nothing; expected one of calm-20"),
    "bench worth": Case("bench worth --only nothing", "--only: found nothing; expected one of single moves"),
    "bench detect": Case("bench detect --only nothing", "--only: found nothing; expected one of spike"),
    "bench baselines": Case("bench baselines --only nothing", "--only: found nothing; expected one of heated hall"),
    "bench analyse": Case("bench analyse {work}/nothing.csv", "nothing.csv"),
    "bench governor": Case("bench governor --loads 0", "0 is not in the range"),
    "bench evidence": Case("bench evidence --reports 0", "0 is not in the range"),
    "bench fuzz": Case("bench fuzz --only nothing", "no target nothing"),
}

FAILED_RUN = {
    "up": Case("up --plant {running}", "runs already"),
    "status": Case("status --plant {plant}", "no stack of this plant has been started"),
    "demo": Case("demo --folder {load}/demo --minutes 1", "Not a directory"),
    "gateway": Case("gateway --plant {plant} --buffer {load}/gateway.db", "load.csv: File exists"),
    "historian": Case(
        "historian --plant {plant} --kafka 127.0.0.1:{nobody} --ledger {work}/l.sqlite", "no Kafka broker answers at"
    ),
    "planner": Case("planner --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "influx-sink": Case(
        "influx-sink --plant {plant} --kafka 127.0.0.1:{nobody} --url http://127.0.0.1:9 --org a --bucket b",
        "no Kafka broker answers at",
        environment=TOKENS,
    ),
    "console": Case("console --plant {plant} --ledger {work}/x.sqlite --port {taken}", "cannot listen on"),
    "simulate": Case("simulate --plant {plant} --kafka 127.0.0.1:{nobody} --truth {work}/t.sqlite", "no Kafka broker answers at"),
    "import": Case("import {load} --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "orders import": Case("orders import {orders} --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "orders template": Case("orders template {full} --plant {plant}", "No space left on device"),
    "orders list": Case("orders list --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "prices import": Case(
        "prices import {prices} --plant {plant} --zone DE-LU --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"
    ),
    "prices list": Case("prices list --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "prices pull": Case(
        "prices pull --plant {plant} --service smard --url http://127.0.0.1:{nobody} --zone DE-LU --dry-run", "127.0.0.1"
    ),
    "quality import": Case("quality import {scrap} --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "measures import": Case("measures import {measures} --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "measures list": Case("measures list --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "measures withdraw": Case("measures withdraw leaks --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "shifts import": Case("shifts import {shifts} --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "shifts template": Case("shifts template {full} --plant {plant}", "No space left on device"),
    "shifts list": Case("shifts list --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "keys new": Case("keys new --plant {plant} --keys {load}/keys", "Not a directory"),
    "findings list": Case("findings list --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "findings feedback": Case("findings feedback --plant {plant} --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"),
    "findings normal": Case(
        "findings normal m/left_on/1 --plant {plant} --by me --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"
    ),
    "findings known": Case(
        "findings known m/left_on/1 --plant {plant} --by me --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"
    ),
    "findings fixed": Case(
        "findings fixed m/left_on/1 --plant {plant} --by me --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"
    ),
    "findings take-back": Case(
        "findings take-back m/left_on/1 --plant {plant} --by me --kafka 127.0.0.1:{nobody}", "no Kafka broker answers at"
    ),
    "verify": Case("verify {report}", "missing"),
    "stamp": Case("stamp {report} --server http://127.0.0.1:{nobody}", "no answer"),
    "check-config": Case("check-config {plant} --connect", "no connection; is the device or its gateway on"),
    "set-back": Case(
        "set-back press-1 --plant {plant} --to 2026-10-26T10:00:00Z --by me --why drift --kafka 127.0.0.1:{nobody}",
        "no Kafka broker answers at",
    ),
    "sentences": Case("sentences {load} --plant {plant}", "load.csv:1: neither an anomaly"),
    "grafana push": Case(
        f"grafana push --plant {{plant}} {INFLUX} --url http://127.0.0.1:{{nobody}}", "no Grafana answers", environment=TOKENS
    ),
    "metering": Case("metering {readings} --plant {plant}/plant.toml --out /dev/full", "No space left on device"),
    "analyse": Case("analyse {load} --out {work} --json /dev/full", "No space left on device"),
    "baseline": Case("baseline {load} --json /dev/full", "No space left on device"),
    "bill": Case("bill {load} --tariff {plant}/tariff.toml --json /dev/full", "No space left on device"),
    "plan": Case("plan {problem} --seconds 0 --out /dev/full", "No space left on device"),
    "flexible plan": Case("flexible plan {load} --plant {plant} --out /dev/full", "No space left on device"),
    "forecast backtest": Case(
        "forecast backtest {load} --first-origin 2026-10-01T00:30:00Z --origins 1 --out /dev/full", "No space left on device"
    ),
    "detect": Case("detect {load} --time-column start_utc --out /dev/full", "No space left on device"),
    "peak backtest": Case(f"peak backtest {{minutes}} {PEAK} --out /dev/full", "No space left on device"),
    "bench pipeline": Case("bench pipeline", "the machine has stopped", "pipeline"),
    "bench faults": Case("bench faults", "", "faults"),
    "bench forecast": Case("bench forecast --data {empty}", "the machine has stopped", "forecast"),
    "bench plan": Case("bench plan --only calm-20 --seconds 0.1 --json /dev/full", "No space left on device"),
    "bench worth": Case("bench worth --days 2 --seeds 1", "the machine has stopped", "worth"),
    "bench detect": Case("bench detect --seeds 1 --only spike --json /dev/full", "No space left on device"),
    "bench baselines": Case("bench baselines --seeds 1 --only production --json /dev/full", "No space left on device"),
    "bench analyse": Case("bench analyse {load} --json /dev/full", "No space left on device"),
    "bench governor": Case("bench governor --loads 1 --json /dev/full", "No space left on device"),
    "bench evidence": Case("bench evidence --edits 0 --reports 1 --json /dev/full", "No space left on device"),
    "bench fuzz": Case("bench fuzz --only json --inputs 50 --json {work}/fuzz.json", "ZeroDivisionError", "fuzz"),
}
ALWAYS_DONE = {
    "backup",
    "restore",
    "key-figures",
    "down",
    "report",
    "reporter",
    "keys rotate",
    "keys show",
    "contracts",
    "reference",
    "grafana build",
    "flexible show",
}
"""What `down` cannot do in peace it does by force; the others say beforehand what is wrong with their input or place."""

DONE = {
    "down": Case("down --plant {plant}", "nothing runs"),
    "import": Case("import {load} --plant {plant} --dry-run", "2 quarter hours would be sent"),
    "orders import": Case("orders import {orders} --plant {plant} --dry-run", "1 new, 0 changed"),
    "orders template": Case("orders template {work}/orders.xlsx --plant {plant}", "orders.xlsx"),
    "prices import": Case("prices import {prices} --plant {plant} --zone DE-LU --dry-run", ""),
    "quality import": Case("quality import {scrap} --plant {plant} --dry-run", "1 new"),
    "measures import": Case("measures import {measures} --plant {plant} --dry-run", "leaks: new"),
    "shifts import": Case("shifts import {shifts} --plant {plant} --dry-run", "1 new"),
    "shifts template": Case("shifts template {work}/shifts.xlsx --plant {plant}", "shifts.xlsx"),
    "check-config": Case("check-config {plant}", "no fault found"),
    "reporter": Case("reporter --plant {plant} --list", ""),
    "keys new": Case("keys new --plant {plant} --keys {work}/keys", "1 fingerprint"),
    "keys show": Case("keys show --plant {plant} --keys {work}/none", "`lastgang keys new` makes one"),
    "contracts": Case("contracts --out {work}/contracts", "energy.readings.v1"),
    "reference": Case("reference --out {work}/reference", "plant-file.md"),
    "sentences": Case("sentences /dev/null --plant {plant}", ""),
    "grafana build": Case(f"grafana build --plant {{plant}} {INFLUX} --out {{work}}/grafana", "dashboards"),
    "metering": Case("metering {readings} --plant {plant}/plant.toml --out {work}/x.csv", "0 readings: 0 used"),
    "analyse": Case("analyse {load} --out {work}", "Load analysis"),
    "baseline": Case("baseline {load}", "There is no baseline."),
    "bill": Case("bill {load} --tariff {plant}/tariff.toml", "total"),
    "plan": Case("plan {problem} --seconds 0", "feasible"),
    "flexible show": Case("flexible show --plant {plant}", "holds_kw"),
    "flexible plan": Case("flexible plan {load} --plant {plant}", "saved: 0.00 EUR"),
    "forecast backtest": Case(
        "forecast backtest {load} --first-origin 2026-10-01T00:30:00Z --origins 1 --out {work}/x.csv", "1 forecasts written"
    ),
    "detect": Case("detect {load} --time-column start_utc --out {work}/x.csv", "2 rows, 0 incidents"),
    "peak backtest": Case(f"peak backtest {{minutes}} {PEAK} --out {{work}}/x.csv", "0 pieces of advice on 1 quarter hours"),
    "bench plan": Case("bench plan --only calm-20 --seconds 0.1", "calm-20"),
    "bench detect": Case("bench detect --seeds 1 --only spike", "running z-score"),
    "bench baselines": Case("bench baselines --seeds 1 --only production", "right in"),
    "bench governor": Case("bench governor --loads 1", "recommendati"),
    "bench evidence": Case("bench evidence --edits 0 --reports 1", "honest reports"),
    "bench fuzz": Case("bench fuzz --only json --inputs 50", "json"),
    "version": Case("--version", "lastgang, version"),
    "help": Case("--help", "Verbs"),
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the command lines are filled with."""
    work = tmp_path_factory.mktemp("exit-codes")
    for name in ("plant", "running"):
        demo_plant.write(work / name, free_port(), free_port(), free_port())
    for name in ("empty", "report", "running/.lastgang"):
        (work / name).mkdir()
    (work / "load.csv").write_text(LOAD)
    (work / "minutes.csv").write_text("start_utc,power_kw\n2026-10-01T00:00:00Z,112.4\n2026-10-01T00:01:00Z,108.0\n")
    (work / "planned.csv").write_text("start_utc,planned_kw\n2026-10-01T00:00:00Z,110\n")
    (work / "orders.csv").write_text("Auftrag;Maschine;Start;Dauer\n4711;press-1;23.10.2050 10:00;1 h\n")
    (work / "measures.toml").write_text('[[measure]]\nid = "leaks"\nbegins = 2026-10-05\n')
    (work / "shifts.csv").write_text("Schicht;Tag;Gearbeitet\nearly;22.10.2050;ja\n")
    (work / "scrap.csv").write_text("Maschine;Von;Bis;Gut;Ausschuss\nmoulding-1;01.10.2026 06:00;01.10.2026 14:00;700;12\n")
    (work / "prices.csv").write_text("start_utc,price_eur_per_mwh\n2026-10-01T00:00:00Z,85.1\n2026-10-01T01:00:00Z,-3.2\n")
    (work / "full.xlsx").symlink_to("/dev/full")
    (work / "readings.jsonl").write_text("")
    (work / "problem.json").write_text(json.dumps(PROBLEM))
    listed = {"name": "report.pdf", "sha256": "0" * 64, "bytes": 1}
    manifest = {"format": "lastgang-report-manifest-1", "files": [listed], "report": "r", "version": 1}
    (work / "report" / "manifest.json").write_text(json.dumps(manifest))
    myself = ProcessId.of(os.getpid())
    assert myself is not None
    write_state(work / "running" / ".lastgang", StackState(phase="ready", supervisor=ProcessState.of(myself), plant="x"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield {
            **{name: str(work / name) for name in ("plant", "running", "empty", "report")},
            "work": str(work),
            "load": str(work / "load.csv"),
            "minutes": str(work / "minutes.csv"),
            "planned": str(work / "planned.csv"),
            "orders": str(work / "orders.csv"),
            "measures": str(work / "measures.toml"),
            "shifts": str(work / "shifts.csv"),
            "scrap": str(work / "scrap.csv"),
            "prices": str(work / "prices.csv"),
            "full": str(work / "full.xlsx"),
            "readings": str(work / "readings.jsonl"),
            "problem": str(work / "problem.json"),
            "taken": str(taken.getsockname()[1]),
            "nobody": str(free_port()),
        }


def run(case: Case, places: dict[str, str]) -> tuple[int, str]:
    """Exit code of a command line, and its output."""
    environment = {name: value for name, value in os.environ.items() if name not in dict(TOKENS)} | dict(case.environment)
    if case.sabotage:
        environment |= {"PYTHONPATH": str(SABOTAGE), "LASTGANG_TEST_SABOTAGE": case.sabotage}
    command = [sys.executable, "-m", "lastgang.cli", *case.arguments.format(**places).split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=Path(__file__).parents[2])
    return done.returncode, done.stdout + done.stderr


def one_of_each(cases: dict[str, Case], code: int) -> list[object]:
    return [pytest.param(case, code, id=f"{verb.replace(' ', '-')}-{code}") for verb, case in cases.items()]


@pytest.mark.parametrize(("case", "code"), [*one_of_each(WRONG_INPUT, 2), *one_of_each(FAILED_RUN, 1), *one_of_each(DONE, 0)])
def test_a_verb_ends_with_the_code_that_says_what_became_of_it(case: Case, code: int, places: dict[str, str]) -> None:
    ended_with, output = run(case, places)
    assert (ended_with, case.words in output) == (code, True), output
    assert "Traceback" not in output, output


def all_verbs() -> set[str]:
    """Every verb, those of groups with their noun."""
    context = click.Context(group)
    found = set()
    for verb in VERBS:
        command = group.get_command(context, verb)
        nouns = command.list_commands(context) if isinstance(command, click.Group) else []
        found |= {f"{verb} {noun}" for noun in nouns} or {verb}
    return found


def test_no_verb_is_forgotten_above() -> None:
    assert set(WRONG_INPUT) == all_verbs()
    assert set(FAILED_RUN) == all_verbs() - ALWAYS_DONE
    assert set(itertools.chain(WRONG_INPUT, FAILED_RUN)) >= set(DONE) - {"version", "help"}


def test_a_verb_that_is_not_there_is_wrong_input(places: dict[str, str]) -> None:
    code, output = run(Case("nothing", ""), places)
    assert (code, "No such command 'nothing'" in output) == (2, True)

"""What the pages tell people to type works."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "plants"))
from how_to import commands, steps
from live_plant import LivePlant, nothing_of
from served_plant import PICKED_PORTS, Load, ServedPlant

from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
from deploy.ports import free_port
from domain.clock import ScaledClock
from domain.codec import decode
from domain.intervals import QUARTER
from domain.recommendations import deciding
from domain.topics import DECISIONS, RECOMMENDATIONS
from domain.units import UWH_PER_KWH
from quarters.numbers import quarter_start

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "how-to").glob("*.md"))
LINK = re.compile(r"\]\(([^)#]+?)(?:#[^)]*)?\)")


def write_file(folder: Path, name: str, text: str) -> None:
    """A file of a page; one of a room goes into a copy of that room, which the command then imports."""
    path = folder / name.strip()
    room = path.relative_to(folder).parts[0]
    if (ROOT / room / "__init__.py").exists() and not (folder / room).exists():
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def check(what: str, line: str, done: subprocess.CompletedProcess[str]) -> None:
    """Hold what a command did against what the page says that it does."""
    expected = re.fullmatch(r"exit (\d+), says (.+)", what.strip())
    assert expected, f"write `exit N, says WORDS`, not {what!r}"
    text = done.stdout + done.stderr
    assert done.returncode == int(expected.group(1)), f"$ {line}\n{text}"
    assert expected.group(2) in text, f"$ {line}\n{text}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_how_to_page_runs_as_it_is_written(page, tmp_path):
    ran = 0
    for kind, what, text in steps(page):
        if kind == "file":
            write_file(tmp_path, what, text)
        if kind == "run":
            for line in commands(text):
                command = [sys.executable, "-m", "lastgang.cli", *shlex.split(line)[1:]]
                check(what, line, subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60))
                ran += 1
    assert ran > 0, "a how-to page that runs nothing is a story"


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_the_first_meter_is_joined_as_the_page_says_to_a_quarter_hour_on_the_page_and_a_report(java_parts, tmp_path):
    """The whole page, at a meter that draws 120 kW, and 180 in the middle third of each quarter hour: 35 kWh."""
    page = steps(ROOT / "docs" / "how-to" / "first-meter.md")
    for kind, what, text in page:
        if kind == "file":
            write_file(tmp_path, what, text)
    (tmp_path / "my-plant" / "stack.toml").write_text(PICKED_PORTS)
    loads = {"main": Load(import_kw=120.0)}
    first_row = next(text for kind, what, text in page if what == "my-plant/load.csv").splitlines()[1]
    seen = []
    with (
        ServedPlant(tmp_path / "my-plant", tmp_path / "clock", loads, speed=30.0) as served,
        LivePlant(served, tmp_path) as live,
    ):
        served.start_time()
        for kind, what, text in page:
            if kind == "file":
                continue
            if what == "a quarter hour is on the page":
                quarter = live.await_quarter("main", "energy_import", quarter_start(served.now_utc()) + QUARTER)
                assert quarter["energy_uwh"] / UWH_PER_KWH == pytest.approx(35.0, abs=0.15)
                assert 120.0 <= live.answer_of("/now")["demand"]["now_kw"] <= 180.0
            elif what == "the page answers":
                answers = [live.get(line.split('"')[1]) for line in commands(text) if line.startswith("curl")]
                assert [answer.status_code for answer in answers] == [200] * 5
                start, power_kw = first_row.split(",")
                imported = live.await_quarter("main", "energy_import", datetime.fromisoformat(start))
                assert imported["energy_uwh"] == round(float(power_kw) / 4 * UWH_PER_KWH)
            elif " down " in text:
                live.down()
            else:
                for line in commands(text):
                    check(what, line, live.type(line))
            seen.append(what)
    assert "a quarter hour is on the page" in seen
    assert nothing_of(tmp_path) == []


@pytest.mark.cluster
def test_a_recommendation_is_read_and_answered_as_the_page_says(stack_kafka, namespace, tmp_path):
    """Every `live` step, at the page of a plant whose clock shows four minutes after the recommendation was issued."""
    settings = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(settings)
    page = steps(ROOT / "docs" / "how-to" / "read-and-answer-recommendations.md")
    for kind, what, text in page:
        if kind == "file":
            write_file(tmp_path, what, text)
    advice = decode(RECOMMENDATIONS.record, (tmp_path / "advice.jsonl").read_text())
    with RecordProducer(settings) as producer:
        producer.send(RECOMMENDATIONS, advice)
    port = free_port()
    command = [sys.executable, "-m", "lastgang.cli", "console", "--plant", "my-plant", "--kafka", settings.bootstrap, "--namespace", namespace,
               "--ledger", "none.sqlite", "--port", str(port)]  # fmt: skip
    clock = ScaledClock(datetime.now(UTC), advice.issued_utc + timedelta(minutes=4), 1.0)
    places = {**os.environ, "PAGE": f"http://127.0.0.1:{port}", "TOKEN": "0123456789abcdef"}
    server = subprocess.Popen(
        command, cwd=tmp_path, env={**places, "LASTGANG_CLOCK": clock.as_setting(), "LASTGANG_CONSOLE_TOKEN": places["TOKEN"]}
    )
    try:
        knows = [
            "curl",
            "-s",
            "--retry",
            "60",
            "--retry-all-errors",
            "--retry-delay",
            "1",
            f"{places['PAGE']}/api/v1/recommendations",
        ]
        ready = threading.Event()
        while advice.recommendation not in subprocess.run(knows, capture_output=True, text=True, check=False).stdout:
            assert server.poll() is None and not ready.wait(0.2)
        for kind, what, text in page:
            if kind == "live":
                for line in commands(text):
                    done = subprocess.run(["bash", "-c", line], env=places, capture_output=True, text=True, check=False, timeout=60)
                    check(what, line, done)
    finally:
        server.terminate()
        server.wait(30)
    with RecordConsumer(settings, [DECISIONS]) as consumer:
        decided = [message.record() for message in consumer.read_to_end()]
    counting = deciding(advice, decided)
    assert counting is not None
    assert (len(decided), counting.by) == (1, "M. Adler")


@pytest.mark.parametrize("page", [ROOT / "README.md", *ROOT.glob("docs/**/*.md")], ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in targets if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(("mark", "file"), [("plant", "my-plant/plant.toml"), ("first-meter", "my-plant/devices/main.toml")])
def test_the_files_of_the_readme_are_those_of_the_how_to_page(mark, file):
    readme = re.search(rf"<!-- runs as a test: {mark} -->\s*```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    pages = {what.strip(): text for kind, what, text in steps(ROOT / "docs/how-to/first-meter.md") if kind == "file"}
    assert readme is not None
    assert readme.group(1).startswith(f"# {file}\n")
    assert tomllib.loads(readme.group(1)) == tomllib.loads(pages[file])


def test_what_the_readme_types_for_a_first_meter_is_typed_on_the_how_to_page():
    readme = (ROOT / "README.md").read_text().split("## Connect your first meter")[1]
    typed = [line for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) for line in commands(block)]
    page = [line for _, _, text in steps(ROOT / "docs/how-to/first-meter.md") for line in commands(text)]
    assert [line for line in typed if line.startswith("lastgang") and line not in page] == []

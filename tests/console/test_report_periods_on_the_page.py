"""Reports of months, quarters, years and days on the page and over the API, and how far one is while it is made."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_ledger import sample_ledger
from console_sample import demo_plant
from fastapi.testclient import TestClient
from test_console_api import app_of

from console.pages.reports import label_of
from console.reports import Making, ReportFailed, ReportsBusy, ReportShelf, period_options, report_command
from reporting.progress import Stage, Step, step_line, step_of

SAYS = (
    "import pathlib, sys, time; out, go = map(pathlib.Path, sys.argv[1:3]); print({line!r}, file=sys.stderr, flush=True)\n"
    "while not go.exists(): time.sleep(0.01)\n"
    "(out / 'a.csv').write_text('x')"
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    plant = demo_plant(tmp_path / "plant")
    found, _, _ = app_of(plant, tmp_path / "reports", "", sample_ledger(plant))
    with found:
        yield found


def test_the_options_name_the_period_that_was_chosen() -> None:
    found = {label: period_options(label) for label in ("2026-10", "2026-Q4", "2026", "2026-10-03--2026-10-17")}
    assert found == {
        "2026-10": ["--month", "2026-10"], "2026-Q4": ["--quarter", "2026-Q4"], "2026": ["--year", "2026"],
        "2026-10-03--2026-10-17": ["--from", "2026-10-03", "--to", "2026-10-17"],
    }  # fmt: skip
    assert "{period}" in report_command(Path("plant"), Path("ledger"))


@pytest.mark.parametrize(
    ("chosen", "first", "last", "label"),
    [
        ("2026-Q4", "", "", "2026-Q4"), ("days", "2026-10-03", "2026-10-17", "2026-10-03--2026-10-17"),
        ("days", "", "2026-10-17", None), ("days", "2026-10-17", "2026-10-03", None), ("days", "2026-02-30", "2026-03-01", None),
    ],
)  # fmt: skip
def test_what_is_chosen_on_the_page_is_a_label_or_nothing(chosen: str, first: str, last: str, label: str | None) -> None:
    assert label_of(chosen, first, last) == label


def test_months_quarters_and_years_with_data_are_offered(client: TestClient) -> None:
    offered = client.get("/api/v1/reports/periods").json()
    assert {"label": "2026-10", "kind": "month", "over": False} in offered
    assert {"label": "2026-Q4", "kind": "quarter", "over": False} in offered
    assert {"label": "2026", "kind": "year", "over": False} in offered
    months = [one["name"] for one in client.get("/api/v1/reports/months").json()]
    assert [one["label"] for one in offered if one["kind"] == "month"] == months


@pytest.mark.parametrize("label", ["2026-10", "2026-Q4", "2026", "2026-10-20--2026-10-23"])
def test_a_report_of_each_kind_is_made_and_fetched_by_its_label(label: str, client: TestClient) -> None:
    made = client.post("/api/v1/reports", json={"period": label})
    assert (made.status_code, made.json()["period"]) == (201, label)
    assert client.get(f"/api/v1/reports/{label}.zip").headers["content-type"] == "application/zip"
    assert client.get(f"/api/v1/reports/{label}/files/report.csv").text == "x"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"period": "2026-10", "month": "2026-10"}, {"period": "2026-13"}, {"period": "2026-10-17--2026-10-03"}, {"period": "0999"},
        {"period": "2026-10\n"}, {"period": "2000-01-01--2026-01-01"}, {"period": None}, {"period": 2026},
    ],
)  # fmt: skip
def test_what_is_no_period_is_refused(body: dict[str, object], client: TestClient) -> None:
    assert client.post("/api/v1/reports", json=body).status_code == 422


def test_a_period_without_data_is_not_there(client: TestClient) -> None:
    answer = client.post("/api/v1/reports", json={"period": "1999-Q1"})
    assert answer.status_code == 404
    assert "2026-Q4" in answer.text
    assert client.post("/api/v1/reports", json={"period": "2026-10-30--2026-11-02"}).status_code == 404


def test_the_step_of_a_report_is_read_from_its_process(tmp_path: Path) -> None:
    step, go = Step(Stage.SERIES, 3, 40), tmp_path / "go"
    shelf = ReportShelf(tmp_path / "reports", [sys.executable, "-c", SAYS.format(line=step_line(step)), "{out}", str(go)])

    async def watched() -> tuple[Making, ...]:
        task = asyncio.create_task(shelf.make("2026-Q4"))
        while not any(one.step for one in shelf.making()):
            assert not task.done(), task.result()
            await asyncio.sleep(0)
        seen = shelf.making()
        go.touch()
        await task
        return seen

    assert asyncio.run(watched()) == (Making("2026-Q4", step),)
    assert shelf.making() == ()
    assert [report.period for report in shelf.made()] == ["2026-Q4"]


def test_steps_are_not_the_last_words_of_a_report_that_fails(tmp_path: Path) -> None:
    talk = f"import sys; print('no ledger', file=sys.stderr); print({step_line(Step(Stage.BILL))!r}, file=sys.stderr); sys.exit(2)"
    shelf = ReportShelf(tmp_path, [sys.executable, "-c", talk])
    with pytest.raises(ReportFailed, match="exit 2: no ledger"):
        asyncio.run(shelf.make("2026"))


def test_a_third_report_waits_for_nobody_and_is_refused(tmp_path: Path) -> None:
    go = tmp_path / "go"
    shelf = ReportShelf(tmp_path / "reports", [sys.executable, "-c", SAYS.format(line=""), "{out}", str(go)])

    async def three() -> str:
        two = [asyncio.create_task(shelf.make(label)) for label in ("2026", "2026-Q4")]
        while len(shelf.making()) < 2:
            await asyncio.sleep(0)
        with pytest.raises(ReportsBusy) as refused:
            await shelf.make("2026-10")
        go.touch()
        await asyncio.gather(*two)
        return str(refused.value)

    assert "reports of 2026, 2026-Q4 are being made" in asyncio.run(three())


def test_a_process_that_talks_without_end_is_heard_in_part(tmp_path: Path) -> None:
    talk = "import sys; sys.stderr.write('x' * 5_000_000); sys.stderr.write('\\nlast word\\n'); sys.exit(1)"
    with pytest.raises(ReportFailed, match="exit 1: last word"):
        asyncio.run(ReportShelf(tmp_path, [sys.executable, "-c", talk]).make("2026"))


def test_lines_that_are_no_steps_are_none() -> None:
    assert step_of(step_line(Step(Stage.PAPER))) == Step(Stage.PAPER)
    for line in (
        "",
        "{",
        "[]",
        '{"report": 1}',
        '{"report": {"stage": "x", "done": 0, "of": 1}}',
        '{"report": {"stage": "bill"}}',
        "null",
    ):
        assert step_of(line) is None

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from console_ledger import sample_ledger
from console_sample import SampleFeed, frozen_clock, sample_forecast, sample_processes
from fastapi import FastAPI
from fastapi.testclient import TestClient

from console import api
from console.access import Access
from console.board import Board
from console.context import Console
from console.reports import ReportShelf
from domain.contracts import EXAMPLES
from domain.intervals import QUARTER
from domain.plant import Plant, VirtualMeter
from domain.topics import EFFECTS
from reporting.ledger import Ledger

TOKEN = "0123456789abcdef"
MAKE = "import pathlib,sys; pathlib.Path(sys.argv[1], 'report.csv').write_text('x')"


def app_of(plant: Plant, folder: Path, token: str, ledger: Ledger | None = None) -> tuple[TestClient, SampleFeed, Board]:
    ledger = ledger or sample_ledger(plant)
    feed = SampleFeed(plant, ledger)
    board = Board(plant, feed, frozen_clock(), lambda: ledger, sample_processes)
    app = FastAPI()
    app.include_router(api.router(Console(board, ReportShelf(folder, [sys.executable, "-c", MAKE, "{out}"]), Access(token))))
    return TestClient(app), feed, board


@pytest.fixture
def open_api(plant: Plant, tmp_path: Path) -> Iterator[tuple[TestClient, SampleFeed]]:
    client, feed, board = app_of(plant, tmp_path, "")
    yield client, feed
    board.close()


@pytest.fixture
def guarded(plant: Plant, tmp_path: Path) -> Iterator[tuple[TestClient, SampleFeed]]:
    client, feed, board = app_of(plant, tmp_path, TOKEN)
    yield client, feed
    board.close()


Api = tuple[TestClient, SampleFeed]


@pytest.mark.parametrize(
    "path",
    ["health", "now", "plan", "forecast", "orders", "recommendations", "recommendations/cards", "anomalies", "meters", "platform", "reports",
     "reports/months", "reports/periods", "reports/making", "effects", "effects/account", "autopsies"],
)  # fmt: skip
def test_everything_that_can_be_read_answers_with_json(open_api: Api, path: str) -> None:
    response = open_api[0].get(f"/api/v1/{path}")
    assert response.status_code == 200, response.text
    assert response.json() is not None


def test_the_description_names_every_call_and_its_faults(open_api: Api) -> None:
    described = open_api[0].get("/openapi.json").json()["paths"]
    decide = described["/api/v1/recommendations/{recommendation}/decision"]["post"]
    assert {"202", "401", "409", "422", "503"} <= decide["responses"].keys()
    assert all("summary" in call and "description" in call for path in described.values() for call in path.values()
               if "zip" not in str(call))  # fmt: skip


def test_promised_and_measured_euros_are_those_of_the_account(plant: Plant, tmp_path: Path) -> None:
    ledger = sample_ledger(plant)
    effect = replace(EXAMPLES[EFFECTS.name], site=plant.site.id)
    unknown = replace(effect, recommendation="X", quarter_utc=effect.quarter_utc + QUARTER, saving_eur=None)
    ledger.append([(EFFECTS, 0, n, one) for n, one in enumerate((effect, unknown))])
    client, _, board = app_of(plant, tmp_path, "", ledger)
    with closing(board):
        newest, first = client.get("/api/v1/effects").json()
        assert (newest["saving_eur"], first["saving_eur"]["value"]) == (None, 3457.2)
        whole = client.get("/api/v1/effects/account").json()["whole"]
        assert (whole["promised_eur"], whole["measured_eur"], whole["unknown"]) == (4288.0, 3457.2, 1)


def test_now_says_what_the_page_says(open_api: Api) -> None:
    now = open_api[0].get("/api/v1/now").json()
    assert (now["alarm"], now["demand"]["projected_kw"], len(now["last_day"])) == ("over", 652.0, 96)


def test_quarter_hours_of_a_meter_by_span(open_api: Api) -> None:
    span = {"from_utc": "2026-10-23T00:00:00Z", "to_utc": "2026-10-23T03:00:00+02:00"}
    rows = open_api[0].get("/api/v1/meters/main/intervals", params=span).json()
    assert len(rows) == 4
    assert rows[0]["start_utc"] == "2026-10-23T00:00:00Z"


@pytest.mark.parametrize(
    ("path", "params", "status", "words"),
    [
        ("none", {"from_utc": "2026-10-23T00:00:00Z", "to_utc": "2026-10-23T01:00:00Z"}, 404, "no meter 'none'"),
        (
            "main",
            {"from_utc": "2026-10-23T00:00:00", "to_utc": "2026-10-23T01:00:00Z"},
            422,
            "query.from_utc: instant 2026-10-23T00:00:00 has no time zone",
        ),
        ("main", {"from_utc": "2020-10-23T00:00:00Z", "to_utc": "2026-10-23T01:00:00Z"}, 422, "400 days"),
    ],
)
def test_a_wrong_span_is_reported(open_api: Api, path: str, params: dict[str, str], status: int, words: str) -> None:
    response = open_api[0].get(f"/api/v1/meters/{path}/intervals", params=params)
    assert response.status_code == status
    assert words in response.json()["detail"]


def test_a_decision_is_taken_and_sent(open_api: Api) -> None:
    client, feed = open_api
    response = client.post("/api/v1/recommendations/R-0421/decision", json={"kind": "accepted", "by": " J. Weiß "})
    assert response.status_code == 202, response.text
    assert [(d.recommendation, d.kind.value, d.by) for d in feed.decided] == [("R-0421", "accepted", "J. Weiß")]


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("R-0417", {"kind": "accepted", "by": "A"}, 409),
        ("R-0421", {"kind": "rejected", "by": "A"}, 422),
        ("R-0421", {"kind": "accepted", "by": "  "}, 422),
        ("R-0421", {"kind": "perhaps", "by": "A"}, 422),
    ],
)
def test_a_decision_that_cannot_be_is_refused(open_api: Api, name: str, body: dict[str, str], status: int) -> None:
    client, feed = open_api
    assert client.post(f"/api/v1/recommendations/{name}/decision", json=body).status_code == status
    assert feed.decided == []


def test_a_page_of_another_site_cannot_post_a_decision_as_plain_text(open_api: Api) -> None:
    client, feed = open_api
    body = '{"kind": "accepted", "by": "A"}'
    response = client.post("/api/v1/recommendations/R-0421/decision", content=body, headers={"Content-Type": "text/plain"})
    assert (response.status_code, feed.decided) == (422, [])


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
def test_writes_need_the_token_where_one_is_set(guarded: Api, header: dict[str, str]) -> None:
    client, feed = guarded
    for path, body in (("recommendations/R-0421/decision", {"kind": "accepted", "by": "A"}), ("reports", {"month": "2026-10"})):
        response = client.post(f"/api/v1/{path}", json=body, headers=header)
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert feed.decided == []
    assert client.get("/api/v1/now").status_code == 200


def test_the_token_opens_writes(guarded: Api) -> None:
    client, feed = guarded
    header = {"Authorization": f"Bearer {TOKEN}"}
    response = client.post("/api/v1/recommendations/R-0421/decision", json={"kind": "accepted", "by": "A"}, headers=header)
    assert (response.status_code, len(feed.decided)) == (202, 1)


def test_a_report_is_made_listed_and_fetched(open_api: Api) -> None:
    client, _ = open_api
    assert client.post("/api/v1/reports", json={"month": "2026-13"}).status_code == 422
    made = client.post("/api/v1/reports", json={"month": "2026-10"})
    assert made.status_code == 201, made.text
    assert [r["period"] for r in client.get("/api/v1/reports").json()] == ["2026-10"]
    assert client.get("/api/v1/reports/2026-10/files/report.csv").text == "x"
    packed = client.get("/api/v1/reports/2026-10.zip")
    assert (packed.status_code, packed.headers["content-type"]) == (200, "application/zip")
    assert client.get("/api/v1/reports/2026-09.zip").status_code == 404
    assert client.get("/api/v1/reports/2026-10/files/..%2F..%2Fsecret").status_code == 404


OUTAGE = {"from_utc": "2026-10-23T05:30:00Z", "to_utc": "2026-10-23T08:30:00Z"}


def test_gaps_and_revisions_are_the_same_as_on_the_page(open_api: tuple[TestClient, object]) -> None:
    client = open_api[0]
    (gap,) = client.get("/api/v1/meters/moulding-2/gaps", params=OUTAGE).json()
    assert (gap["quarters"], gap["quality"], gap["filled_by"], gap["revision"]) == (12, "measured", "late_readings", 3)
    assert [e["quality"] for e in gap["earlier"]] == ["missing", "substituted"]
    quarters = client.get("/api/v1/meters/moulding-2/revisions", params=OUTAGE).json()
    assert len(quarters) == 12
    assert [i["quality"] for i in quarters[0]["revisions"]] == ["missing", "substituted", "measured"]
    assert len(quarters[0]["recorded_utc"]) == 3


def test_quarter_hours_can_be_requested_as_they_were_known(open_api: tuple[TestClient, object]) -> None:
    client = open_api[0]

    def rows(as_of_utc: str) -> set[str]:
        found = client.get("/api/v1/meters/moulding-2/intervals", params={**OUTAGE, "as_of_utc": as_of_utc}).json()
        return {row["quality"] for row in found}

    assert rows("2026-10-23T08:30:00Z") == {"missing"}
    assert rows("2026-10-23T08:31:00Z") == {"missing", "substituted"}
    assert rows("2026-10-23T08:40:00Z") == {"measured"}
    unzoned = client.get("/api/v1/meters/moulding-2/intervals", params={**OUTAGE, "as_of_utc": "2026-10-23T08:40:00"})
    assert (unzoned.status_code, "has no time zone" in unzoned.text) == (422, True)
    assert client.get("/api/v1/meters/nobody/gaps", params=OUTAGE).status_code == 404


def test_the_forecast_is_the_sites_and_the_newest_unless_chosen_otherwise(open_api: Api) -> None:
    client, _ = open_api
    site = client.get("/api/v1/forecast").json()
    assert (site["meter"], site["issued_utc"], site["replayed"]) == ("", "2026-10-23T09:45:00Z", False)
    assert client.get("/api/v1/forecast", params={"meter": "main"}).json() == site, "the billing meter's is the site's"
    furnace = client.get("/api/v1/forecast", params={"meter": "furnace-2"}).json()
    assert (furnace["meter"], len(furnace["q50_kw"])) == ("furnace-2", 192)
    assert max(furnace["q50_kw"]) < max(site["q50_kw"]) / 2
    none_yet = client.get("/api/v1/forecast", params={"meter": "lighting"})
    assert (none_yet.status_code, none_yet.json()) == (200, None)


@pytest.mark.parametrize("as_of", ["2026-10-23T04:00:00Z", "2026-10-23T06:00:00+02:00"])
def test_the_forecast_of_an_earlier_instant_is_the_one_issued_until_then(open_api: Api, as_of: str) -> None:
    rows = open_api[0].get("/api/v1/forecast", params={"as_of": as_of}).json()
    assert (rows["issued_utc"], rows["replayed"]) == ("2026-10-23T03:00:00Z", True)
    same = open_api[0].get("/api/v1/forecast", params={"as_of": as_of, "meter": "main"}).json()
    assert same == rows


def test_before_the_first_forecast_there_is_none(plant: Plant, tmp_path: Path) -> None:
    first = sample_forecast(datetime(2026, 1, 1, tzinfo=UTC))
    client, _, board = app_of(plant, tmp_path, "", sample_ledger(plant, forecasts=[first]))
    before, then = (
        client.get("/api/v1/forecast", params={"as_of": as_of})
        for as_of in ("2026-01-01T00:59:59.999+01:00", "2026-01-01T01:00:00+01:00")
    )
    board.close()
    assert (before.status_code, before.json()) == (200, None), "not the newest instead"
    assert then.json()["issued_utc"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"meter": "nobody"}, 404, "no meter 'nobody'; there are ['main', "),
        ({"meter": ""}, 422, "query.meter: String should have at least 1 character"),
        ({"meter": "nobody", "as_of": "2026-10-23T04:00:00Z"}, 404, "no meter 'nobody'"),
        ({"as_of": "2026-10-23T04:00:00"}, 422, "query.as_of: instant 2026-10-23T04:00:00 has no time zone"),
        ({"meter": "furnace-2", "as_of": "2026-10-23T04:00:00Z"}, 422, "only the newest forecast can be had"),
    ],
)
def test_a_forecast_that_cannot_be_requested_is_reported(open_api: Api, params: dict[str, str], status: int, words: str) -> None:
    response = open_api[0].get("/api/v1/forecast", params=params)
    assert (response.status_code, words in response.json()["detail"]) == (status, True), response.text


def test_an_instant_that_is_none_is_refused(open_api: Api) -> None:
    assert open_api[0].get("/api/v1/forecast", params={"as_of": "yesterday"}).status_code == 422


def test_a_virtual_meter_has_a_forecast_of_its_own(plant: Plant, tmp_path: Path) -> None:
    furnaces = VirtualMeter(id="furnaces", formula="furnace-1 + furnace-2")
    client, _, board = app_of(plant.model_copy(update={"virtual_meters": (furnaces,)}), tmp_path, "")
    answer = client.get("/api/v1/forecast", params={"meter": "furnaces"})
    board.close()
    assert (answer.status_code, answer.json()) == (200, None), "known, with no forecast in the sample"


def test_the_calls_of_the_how_to_page_answer_as_it_says(open_api: Api) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/first-meter.md").read_text(encoding="utf-8")
    calls = re.findall(r'curl "\$PAGE(/api/[^"]+)"', page)
    answers = {call: open_api[0].get(call) for call in calls}
    assert {answer.status_code for answer in answers.values()} == {200}
    forecasts = [answer.json() for call, answer in answers.items() if "forecast" in call]
    assert [(forecast["meter"], forecast["replayed"]) for forecast in forecasts] == [("", False), ("", False), ("", True)]

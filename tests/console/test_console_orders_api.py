"""Orders through the API: each judged for itself, with the words of every other door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_sample import SampleFeed
from fastapi.testclient import TestClient
from test_console_api import TOKEN, app_of

from domain.orders import OrderStatus
from domain.plant import Plant

Api = tuple[TestClient, SampleFeed]
GOOD = {"job": "N-1", "product": "Welle", "quantity": 250, "machine": "press-1", "start": "2026-10-24T06:00:00Z", "rate": 100}


@pytest.fixture
def api(plant: Plant, tmp_path: Path) -> Iterator[Api]:
    client, feed, board = app_of(plant, tmp_path, "")
    yield client, feed
    board.close()


def test_a_list_of_orders_is_taken_row_by_row_and_bad_ones_come_back_with_the_reason(api: Api) -> None:
    client, feed = api
    bad = {"job": "N-2", "Maschine": "pres-1", "due": "25.10.2026 02:30", "colour": "red"}
    answer = client.put(
        "/api/v1/orders", json=[GOOD, bad, {**GOOD, "job": "N-3", "predecessors": ["N-1"], "workers": {"fitter": 2}}]
    )
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [(r["job"], r["outcome"]) for r in results] == [("N-1", "new"), ("N-2", "refused"), ("N-3", "new")]
    faults = {fault["field"]: fault for fault in results[1]["faults"]}
    assert "did you mean press-1?" in faults["machine"]["expected"]
    assert "gemeint ist vielleicht press-1" in faults["machine"]["texts"]["de"]
    assert {"due", "?colour"} <= faults.keys()
    assert [order.job for order in feed.ordered] == ["N-1", "N-3"]
    assert (feed.ordered[0].quarters, feed.ordered[0].source) == (10, "api")
    assert [(w.skill, w.workers) for w in feed.ordered[1].workers] == [("fitter", 2)]


def test_one_order_is_put_read_changed_and_cancelled(api: Api) -> None:
    client, feed = api
    assert client.put("/api/v1/orders/N%2F1", json={k: v for k, v in GOOD.items() if k != "job"}).json()["outcome"] == "new"
    assert client.get("/api/v1/orders/N%2F1").json()["revision"] == 0
    changed = client.put("/api/v1/orders/N/1", json={"machine": "press-2"}).json()
    assert (changed["outcome"], changed["changed"], changed["order"]["revision"]) == ("changed", ["machine"], 1)
    assert client.put("/api/v1/orders/N/1", json={"machine": "press-2"}).json()["outcome"] == "unchanged"
    assert client.delete("/api/v1/orders/N/1").json()["status"] == "cancelled"
    again = client.delete("/api/v1/orders/N/1")
    assert (again.status_code, again.json()["faults"][0]["found"]) == (422, "'cancelled'")
    assert [order.revision for order in feed.ordered] == [0, 1, 2]
    assert client.put("/api/v1/orders/N/1", json={"machine": "press-2"}).json()["order"]["status"] == OrderStatus.PLANNED
    assert client.delete("/api/v1/orders/nobody").status_code == client.get("/api/v1/orders/nobody").status_code == 404


def test_a_wrong_single_order_is_an_error_that_names_every_field(api: Api) -> None:
    client, feed = api
    answer = client.put("/api/v1/orders/N-1", json={"machine": "laser", "duration": 90})
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["body.machine", "body.duration"]
    assert client.put("/api/v1/orders/N-1", json={**GOOD, "job": "N-2"}).status_code == 422
    assert feed.ordered == []


def test_an_order_of_the_plant_or_ledger_is_changed_only_where_the_request_differs(api: Api) -> None:
    client, feed = api
    before = client.get("/api/v1/orders/J-1043").json()
    after = client.put("/api/v1/orders/J-1043", json={"locked": True}).json()["order"]
    assert {name for name in before if before[name] != after[name]} == {"movable", "revision", "at_utc", "source"}
    assert after["profile_kw"] == before["profile_kw"], "what nobody mentioned stays"
    assert len(feed.ordered) == 1


def test_a_dry_run_sends_nothing(api: Api) -> None:
    client, feed = api
    assert client.put("/api/v1/orders?dry_run=true", json=[GOOD]).json()["results"][0]["outcome"] == "new"
    assert feed.ordered == []


def test_handing_in_and_cancelling_need_the_token_and_a_body_within_the_limit(plant: Plant, tmp_path: Path) -> None:
    client, feed, board = app_of(plant, tmp_path, TOKEN)
    for answer in (
        client.put("/api/v1/orders", json=[GOOD]),
        client.put("/api/v1/orders/N-1", json=GOOD),
        client.delete("/api/v1/orders/J-1043"),
    ):
        assert answer.status_code == 401
    assert feed.ordered == []
    assert client.put("/api/v1/orders", json=[GOOD], headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    board.close()

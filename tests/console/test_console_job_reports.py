"""A person reports over the API that a job has started or is done."""

from __future__ import annotations

from pathlib import Path

from test_console_api import TOKEN, app_of

from domain.orders import OrderStatus
from domain.plant import Plant

NEXT_DAY = {"job": "N/1", "product": "Welle", "machine": "press-1", "start": "2027-10-24T06:00:00Z", "duration": "1:00"}


def test_a_job_is_started_and_done_by_two_calls(plant: Plant, tmp_path: Path) -> None:
    client, feed, board = app_of(plant, tmp_path, "")
    assert client.put("/api/v1/orders", json=[NEXT_DAY]).status_code == 200
    too_early = client.post("/api/v1/orders/N/1/done")
    assert too_early.status_code == 422
    assert "the end of one that has started" in too_early.text
    started = client.post("/api/v1/orders/N/1/started").json()
    assert (started["status"], started["source"]) == ("running", "progress")
    assert started["start_utc"] < NEXT_DAY["start"]
    assert client.post("/api/v1/orders/N/1/started").status_code == 422
    assert [one.status for one in feed.ordered] == [OrderStatus.PLANNED, OrderStatus.RUNNING]
    board.close()


def test_a_report_needs_the_token_a_known_job_and_a_known_event(plant: Plant, tmp_path: Path) -> None:
    client, feed, board = app_of(plant, tmp_path, TOKEN)
    assert client.post("/api/v1/orders/J-1043/started").status_code == 401
    head = {"Authorization": f"Bearer {TOKEN}"}
    assert client.post("/api/v1/orders/nobody/started", headers=head).status_code == 404
    assert client.post("/api/v1/orders/J-1043/stopped", headers=head).status_code == 422
    assert feed.ordered == []
    board.close()

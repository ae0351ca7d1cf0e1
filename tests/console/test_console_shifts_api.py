"""Changes of shifts through the API: each judged for itself, with the words of every other door."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from console_sample import NOW_UTC, SampleFeed
from fastapi.testclient import TestClient
from test_console_api import TOKEN, app_of

from domain.plant import Plant
from domain.shift_changes import ShiftChange

Api = tuple[TestClient, SampleFeed]
SATURDAY = (NOW_UTC + timedelta(days=(5 - NOW_UTC.weekday()) % 7)).date().isoformat()
GOOD = {
    "shift": "early",
    "day": SATURDAY,
    "worked": "yes",
    "from": "06:00",
    "to": "12:00",
    "reason": "rush order",
    "by": "M. Adler",
}


@pytest.fixture
def api(plant: Plant, tmp_path: Path) -> Iterator[Api]:
    client, feed, board = app_of(plant, tmp_path, "")
    yield client, feed
    board.close()


def cell(client: TestClient, shift: str = "early", day: str = SATURDAY) -> dict[str, str]:
    days = client.get("/api/v1/shifts").json()["days"]
    return next(one for one in days if (one["shift"], one["day_local"]) == (shift, day))


def test_changes_are_taken_one_by_one_and_bad_ones_come_back_with_the_reason(api: Api) -> None:
    client, feed = api
    answer = client.put("/api/v1/shifts", json=[GOOD, {"Schicht": "erly", "Tag": "31.02.2026", "Gearbeitet": "ja"}])
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["results"]
    assert (first["outcome"], second["outcome"]) == ("new", "refused")
    faults = {fault["field"]: fault for fault in second["faults"]}
    assert "did you mean early?" in faults["shift"]["expected"]
    assert "gemeint ist vielleicht early" in faults["shift"]["texts"]["de"]
    assert faults["day"]["found"] == "31.02.2026"
    assert [(one.shift, one.day_local, one.to_local, one.by) for one in feed.shifts] == [("early", SATURDAY, "12:00", "M. Adler")]


def test_a_change_is_in_the_calendar_at_once_and_withdrawing_it_restores_the_weekly_pattern(api: Api) -> None:
    client, feed = api
    assert cell(client)["state"] == "rests"
    client.put("/api/v1/shifts", json=[GOOD])
    found = cell(client)
    assert (found["state"], found["reason"], found["by"]) == ("added", "rush order", "M. Adler")
    gone = client.delete(f"/api/v1/shifts/early/{SATURDAY}?by=K. Winter").json()
    assert (gone["revision"], gone["withdrawn"], gone["by"]) == (1, True, "K. Winter")
    assert cell(client)["state"] == "rests"
    assert client.delete(f"/api/v1/shifts/early/{SATURDAY}").status_code == 404
    assert [one.revision for one in feed.shifts] == [0, 1]
    assert client.delete("/api/v1/shifts/early/soon").status_code == 422


def test_dropped_and_changed_shifts_are_kept_apart(api: Api) -> None:
    client, _ = api
    days = client.get("/api/v1/shifts").json()["days"]
    worked = [one for one in days if one["shift"] == "early" and one["state"] == "worked"]
    first, second = worked[0]["day_local"], worked[1]["day_local"]
    client.put(
        "/api/v1/shifts",
        json=[
            {"shift": "early", "day": first, "worked": "no"},
            {"shift": "early", "day": second, "worked": "yes", "from": "07:00"},
        ],
    )
    assert (cell(client, day=first)["state"], cell(client, day=first)["start_utc"]) == ("dropped", None)
    assert cell(client, day=second)["state"] == "changed"


def test_a_dry_run_sends_nothing_and_a_broken_limit_is_reported_in_each_language(api: Api) -> None:
    client, feed = api
    answer = client.put("/api/v1/shifts?dry_run=true", json=[{**GOOD, "to": "20:00"}]).json()
    assert answer["results"][0]["outcome"] == "new"
    assert "at most 10.0 h a day are allowed" in answer["broken_limits"][0]["en"]
    assert "erlaubt sind höchstens 10,0 h" in answer["broken_limits"][0]["de"]
    assert feed.shifts == []


def test_a_revision_that_came_by_the_topic_is_known(api: Api) -> None:
    client, feed = api
    site = client.get("/api/v1/orders").json()[0]["site"]
    feed.shifts.append(ShiftChange(site, "early", SATURDAY, 7, True, NOW_UTC, "06:00", "12:00", by="planner", reason="rush order"))
    assert client.put("/api/v1/shifts", json=[GOOD]).json()["results"][0]["outcome"] == "unchanged"
    changed = client.put("/api/v1/shifts", json=[{**GOOD, "to": "13:00"}]).json()["results"][0]
    assert (changed["outcome"], changed["change"]["revision"]) == ("changed", 8)


def test_only_who_has_the_token_enters_shifts(plant: Plant, tmp_path: Path) -> None:
    client, feed, board = app_of(plant, tmp_path, TOKEN)
    assert client.put("/api/v1/shifts", json=[GOOD]).status_code == 401
    assert client.delete(f"/api/v1/shifts/early/{SATURDAY}").status_code == 401
    assert client.put("/api/v1/shifts", json=[GOOD], headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert len(feed.shifts) == 1
    board.close()

"""Feedback on anomalies through the API: taken once, listed with who and when, and refused with the reason where it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from console_ledger import put, sample_ledger
from console_sample import NOW_UTC, SITE, SampleFeed, sample_anomalies
from fastapi.testclient import TestClient
from test_console_api import TOKEN, app_of

from domain.feedback import Feedback, FeedbackKind
from domain.plant import Plant
from domain.topics import ANOMALIES, FEEDBACK
from reporting.ledger import Ledger

FURNACE = sample_anomalies()[0]
DOOR = f"/api/v1/anomalies/{FURNACE.anomaly}/feedback"
Api = tuple[TestClient, SampleFeed, Ledger]


@pytest.fixture
def api(plant: Plant, tmp_path: Path) -> Iterator[Api]:
    ledger = sample_ledger(plant)
    client, feed, board = app_of(plant, tmp_path, "", ledger)
    yield client, feed, ledger
    board.close()


def test_open_anomalies_say_what_they_are_about_and_what_to_check_first(api: Api) -> None:
    client, _, _ = api
    furnace, press = client.get("/api/v1/anomalies").json()
    assert (furnace["nature"], furnace["risk"], furnace["anomaly"]["also"]) == ("waste", None, [])
    assert furnace["check"]["de"].startswith("Ist jemand an der Maschine?")
    assert (press["nature"], press["risk"]) == ("data", "low")


def test_feedback_is_kept_and_listed_with_who_and_when(api: Api) -> None:
    client, feed, _ = api
    answer = client.post(DOOR, json={"kind": "normal", "by": " M. Adler ", "comment": "warms up"})
    assert answer.status_code == 202, answer.text
    assert feed.feedback == [Feedback(SITE, "furnace-1", FURNACE.anomaly, FeedbackKind.NORMAL, "M. Adler", NOW_UTC, "warms up")]
    (entry,) = client.get("/api/v1/anomaly-feedback").json()
    assert (entry["feedback"]["by"], entry["anomaly_kind"], entry["holds"]) == ("M. Adler", "on_while_off", True)


def test_the_same_again_is_sent_once_and_something_else_replaces_it(api: Api) -> None:
    client, feed, ledger = api
    known = {"kind": "known", "by": "M. Adler"}
    first = client.post(DOOR, json=known).json()
    assert client.post(DOOR, json=known).json() == first
    put(ledger, FEEDBACK, *feed.feedback)
    assert client.post(DOOR, json=known).json() == first
    assert len(feed.feedback) == 1
    client.post(DOOR, json={"kind": "fixed", "by": "K. Winter"})
    entries = client.get("/api/v1/anomaly-feedback").json()
    assert {one["feedback"]["kind"]: one["holds"] for one in entries} == {"known": False, "fixed": True}


def test_what_holds_is_taken_back_once_and_then_there_is_nothing_to_take_back(api: Api) -> None:
    client, feed, _ = api
    back = {"kind": "taken_back", "by": "M. Adler"}
    assert client.post(DOOR, json=back).json()["status"] == "nothing_to_take_back"
    client.post(DOOR, json={"kind": "normal", "by": "M. Adler"})
    first = client.post(DOOR, json=back)
    assert (first.status_code, client.post(DOOR, json=back).json()) == (202, first.json())
    assert [one.kind for one in feed.feedback] == ["normal", "taken_back"]
    assert [one["holds"] for one in client.get("/api/v1/anomaly-feedback").json()] == [False, False]
    assert client.post(DOOR, json={**back, "by": "K. Winter"}).status_code == 409


def test_an_anomaly_that_nobody_knows_or_that_ended_is_answered_with_the_reason(api: Api) -> None:
    client, feed, ledger = api
    unknown = client.post("/api/v1/anomalies/furnace-9/left_on/1/feedback", json={"kind": "known", "by": "M. Adler"})
    assert unknown.status_code == 404
    assert "there is no anomaly 'furnace-9/left_on/1'" in unknown.json()["detail"]
    put(ledger, ANOMALIES, replace(FURNACE, revision=6, until_utc=NOW_UTC - timedelta(minutes=2)))
    ended = client.post(DOOR, json={"kind": "fixed", "by": "M. Adler"})
    assert (ended.status_code, ended.json()["status"]) == (409, "ended")
    assert feed.feedback == []
    assert client.post(DOOR, json={"kind": "normal", "by": "M. Adler"}).status_code == 202, "what ended teaches"


def test_feedback_needs_the_token_where_there_is_one_and_a_name(plant: Plant, tmp_path: Path, api: Api) -> None:
    client, _, _ = api
    assert client.post(DOOR, json={"kind": "known", "by": " "}).status_code == 422
    assert client.post(DOOR, json={"kind": "boring", "by": "M. Adler"}).status_code == 422
    guarded, feed, board = app_of(plant, tmp_path, TOKEN, sample_ledger(plant))
    assert guarded.post(DOOR, json={"kind": "known", "by": "M. Adler"}).status_code == 401
    assert feed.feedback == []
    board.close()

"""Scrap on the page and in the API: the account, counts that are handed in, and what nobody counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from console_ledger import put
from console_sample import NOW_UTC, SITE, SampleFeed
from fastapi.testclient import TestClient
from test_console_api import TOKEN, app_of

from console.render.scrap import table
from console.views.scene import Scene
from console.views.scrap import scrap_view
from domain.instants import instant_text
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalQuality
from domain.plant import Plant
from domain.quality import QualityEvent
from domain.topics import INTERVALS, QUALITY
from domain.units import UWH_PER_KWH
from quarters.numbers import quarter_start
from reporting.ledger import Ledger
from words.speech import of_page

Api = tuple[TestClient, SampleFeed]
START = quarter_start(NOW_UTC) - timedelta(days=3)
ROW = {
    "machine": "press-1",
    "from": instant_text(START),
    "to": instant_text(START + QUARTER),
    "product": "bracket",
    "good": 90,
    "scrap": 10,
}


@pytest.fixture
def api(plant: Plant, tmp_path: Path) -> Iterator[Api]:
    client, feed, board = app_of(plant, tmp_path, "")
    yield client, feed
    board.close()


@pytest.fixture
def ledger(scene: Scene) -> Ledger:
    assert isinstance(scene.ledger, Ledger)
    return scene.ledger


def made(machine: str = "press-1", product: str = "bracket", **counts: int | None) -> QualityEvent:
    return QualityEvent(SITE, machine, f"{machine}/{product}", 0, START, START + QUARTER, START + QUARTER, product, **counts)


def test_the_page_shows_the_week_by_machine_and_product(scene: Scene, ledger: Ledger) -> None:
    row = Interval(
        SITE, "press-1", "energy_import", START, 20 * UWH_PER_KWH, 1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER, 99
    )
    put(ledger, INTERVALS, row)
    put(ledger, QUALITY, made(good=90, scrap=10), made("nobody", good=5, scrap=5))
    view = scrap_view(scene)
    assert view.total is not None
    assert [(one.machine, one.product, one.scrap) for one in view.rows] == [("press-1", "bracket", 10), ("nobody", "bracket", 5)]
    assert view.rows[0].scrap_kwh == pytest.approx(2.0)
    assert view.total.coverage == pytest.approx(10 / 15)
    for language, texts in {
        "de": ("Presse 1", "bracket", "10,0", "2,0\u202fkWh", "Ohne eigenen Zähler: nobody", "Von 67"),
        "en": ("Presse 1", "bracket", "10.0", "2.0\u202fkWh", "No meter of their own: nobody", "67\u202f% of the scrap"),
    }.items():
        found = table(view, of_page(language, scene.plant.site.zone))
        for text in texts:
            assert text in found, (text, found)


def test_where_nobody_counts_the_page_says_what_it_takes(scene: Scene) -> None:
    assert "hand in a sheet" in table(scrap_view(scene), of_page("en", scene.plant.site.zone))


def test_a_name_of_a_product_cannot_break_the_page(scene: Scene, ledger: Ledger) -> None:
    put(ledger, QUALITY, made(product='"><script>', good=1, scrap=1))
    assert "<script>" not in table(scrap_view(scene), of_page("en", scene.plant.site.zone))


def test_counts_are_taken_one_by_one_and_can_be_taken_back(api: Api) -> None:
    client, feed = api
    answer = client.post("/api/v1/quality?by=M. Adler", json=[{**ROW, "id": "a/1"}, {**ROW, "machine": "pres-1"}])
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["results"]
    assert (first["outcome"], second["outcome"]) == ("new", "refused")
    assert "did you mean press-1?" in second["faults"][0]["expected"]
    assert "press-1" in second["faults"][0]["texts"]["de"]
    assert [(one.event, one.scrap, one.by, one.source) for one in feed.pieces] == [("a/1", 10, "M. Adler", "api")]
    assert client.post("/api/v1/quality", json=[{**ROW, "id": "a/1"}]).json()["results"][0]["outcome"] == "unchanged"
    changed = client.post("/api/v1/quality", json=[{**ROW, "id": "a/1", "scrap": 12}]).json()["results"][0]
    assert (changed["outcome"], changed["event"]["revision"]) == ("changed", 1)
    gone = client.delete("/api/v1/quality/press-1/a/1?by=K. Winter")
    assert (gone.status_code, gone.json()["withdrawn"], gone.json()["revision"]) == (200, True, 2)
    assert client.delete("/api/v1/quality/press-1/a/1").status_code == 404
    assert [one.revision for one in feed.pieces] == [0, 1, 2]


def test_a_dry_run_sends_nothing(api: Api) -> None:
    client, feed = api
    assert client.post("/api/v1/quality?dry_run=true", json=[ROW]).json()["results"][0]["outcome"] == "new"
    assert feed.pieces == []


def test_the_account_of_a_span_and_spans_that_are_none(api: Api) -> None:
    client, _ = api
    span: dict[str, Any] = {"from_utc": instant_text(START - timedelta(days=1)), "to_utc": instant_text(NOW_UTC)}
    found = client.get("/api/v1/quality", params=span)
    assert found.status_code == 200, found.text
    assert found.json()["rows"] == []
    assert found.json()["total"] is None
    assert client.get("/api/v1/quality", params={**span, "to_utc": span["from_utc"]}).status_code == 422


def test_only_who_has_the_token_hands_in_counts(plant: Plant, tmp_path: Path) -> None:
    client, feed, board = app_of(plant, tmp_path, TOKEN)
    try:
        assert client.post("/api/v1/quality", json=[ROW]).status_code == 401
        assert client.delete("/api/v1/quality/press-1/x").status_code == 401
        assert feed.pieces == []
    finally:
        board.close()

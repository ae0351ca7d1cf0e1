"""Key figures and measures through the API and the page: the figures of report and command, refused with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from console_sample import NOW_UTC, SampleFeed
from fastapi.testclient import TestClient
from test_console_api import TOKEN, app_of

from console.render import key_figures as draw
from console.views.key_figures import FiguresView, Figuring
from console.views.scene import Scene
from domain.entered_measures import EnteredMeasure, EntryKind
from domain.plant import Plant
from domain.topics import MEASURES
from reporting.key_figures import Beside, key_figures, last_days
from reporting.key_figures.as_json import figures_json
from words.speech import of_page

Api = tuple[TestClient, SampleFeed]
DAY = (NOW_UTC - timedelta(days=2)).date().isoformat()
GOOD = {"id": "leaks", "first_local": DAY, "description": "leaks fixed", "by": "M. Adler"}


@pytest.fixture
def api(plant: Plant, tmp_path: Path) -> Iterator[Api]:
    client, feed, board = app_of(plant, tmp_path, "")
    yield client, feed
    board.close()


def test_a_measure_is_entered_corrected_and_taken_back(api: Api) -> None:
    client, feed = api
    first = client.put("/api/v1/measures", json=[GOOD])
    assert first.status_code == 200, first.text
    assert first.json()[0]["outcome"] == "new"
    assert client.put("/api/v1/measures", json=[GOOD]).json()[0]["outcome"] == "unchanged"
    assert client.put("/api/v1/measures", json=[{**GOOD, "description": "all leaks"}]).json()[0]["entry"]["revision"] == 2
    assert [one["measure"] for one in client.get("/api/v1/measures").json()] == ["leaks"]
    assert client.delete("/api/v1/measures/leaks").json()["withdrawn"] is True
    assert client.get("/api/v1/measures").json() == []
    assert client.delete("/api/v1/measures/leaks").status_code == 404
    assert [one.revision for one in feed.measures] == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"meters": ["no-such-meter"]}, "a meter of the plant file"),
        ({"kwh_per_day": 5.0}, "kwh_per_day of an event"),
        ({"complete_local": "2020-01-01"}, "or later, where the measure begins"),
        ({"kind": "event"}, "the event's first day"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_nothing_is_sent(api: Api, change: dict[str, object], expected: str) -> None:
    client, feed = api
    answer = client.put("/api/v1/measures", json=[GOOD, {**GOOD, "id": "other", **change}])
    assert answer.status_code == 422, answer.text
    assert expected in answer.text
    assert feed.measures == []


def test_without_the_token_nothing_is_entered(plant: Plant, tmp_path: Path) -> None:
    client, feed, board = app_of(plant, tmp_path, TOKEN)
    assert client.put("/api/v1/measures", json=[GOOD]).status_code == 401
    assert client.delete("/api/v1/measures/leaks").status_code == 401
    board.close()
    assert feed.measures == []


def test_the_api_has_the_figures_of_the_one_function(api: Api) -> None:
    client, feed = api
    answer = client.get("/api/v1/key-figures")
    assert answer.status_code == 200, answer.text
    assert feed.ledger is not None
    plant_there = answer.json()
    assert plant_there["format"] == "lastgang.key-figures.v1"
    assert all(one["refusals"] for one in plant_there["meters"])


def test_the_page_refuses_a_saving_with_the_reason_and_still_shows_standby(scene: Scene) -> None:
    measure = EnteredMeasure(scene.plant.site.id, "leaks", 1, EntryKind.MEASURE, DAY, NOW_UTC, description="leaks <fixed>")
    scene.ledger.append([(MEASURES, 0, 0, measure)])  # type: ignore[attr-defined]
    view = Figuring(Beside(), tuple).view(scene)
    assert isinstance(view, FiguresView)
    for code, verdict, reason in (
        ("en", "not claimed", "days of the baseline period are known"),
        ("de", "nicht ausgewiesen", "Tage"),
    ):
        words = of_page(code, scene.plant.site.zone)
        shown = draw.savings(view, words)
        assert verdict in shown
        assert reason in shown
        assert "leaks &lt;fixed&gt;" in shown
        assert "%" in draw.standby(view, words)
    again = key_figures(scene.ledger, scene.plant, last_days(scene.ledger, scene.plant, scene.now_utc), scene.tariff)
    assert figures_json(view.found) == figures_json(again)


def test_figures_are_worked_out_again_only_with_the_hour_or_a_measure(scene: Scene) -> None:
    figuring = Figuring(Beside(), tuple)
    assert figuring.view(scene).found is figuring.view(scene).found

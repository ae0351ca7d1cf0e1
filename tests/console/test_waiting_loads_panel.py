"""Loads that can wait on the page *Plan*: bands, what could be held, and what they are to do."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from console_ledger import sample_ledger
from console_sample import NOW_UTC, SampleFeed
from governed_sample import hold

from console.render.waiting_loads import waiting_loads
from console.views.scene import Scene
from console.views.waiting_loads import MOST_LOADS, waiting_loads_view
from domain.flexible_loads import ChargePoint, FlexibleLoads
from domain.governing import CanWait, Governing, GovernorMode
from domain.plant import Plant
from domain.recommendations import Action, LoadPlace, Places, Recommendation, RecommendationStatus
from quarters.numbers import quarter_start
from words.speech import of_page

HOUR = timedelta(hours=1)
ONE = quarter_start(NOW_UTC) + HOUR


def shift(status: RecommendationStatus, *after: LoadPlace) -> Recommendation:
    """Advice to charge the first truck elsewhen; the sample's time is 11:52:30 in Berlin."""
    before = Places(loads=(LoadPlace("truck-point-1", 44.0, NOW_UTC - HOUR, NOW_UTC + HOUR),))
    return replace(
        hold(status), recommendation="charging-1", action=Action.SHIFT_LOAD, before=before, after=Places(loads=after),
        valid_until_utc=NOW_UTC + HOUR,
    )  # fmt: skip


def scene_with(plant: Plant, *advice: Recommendation) -> Scene:
    feed = SampleFeed(plant, sample_ledger(plant))
    could = (CanWait("cold-water", 21.0, NOW_UTC + timedelta(minutes=12)),)
    governing = Governing(plant.site.id, NOW_UTC, GovernorMode.WATCHING, quarter_start(NOW_UTC), 640.0, could, 21.0)
    for record in (governing, *advice):
        feed.state.take(record, time.monotonic())
    assert feed.ledger is not None
    return Scene(plant, feed.ledger, feed.picture(), NOW_UTC)


def rows(scene: Scene, language: str = "en") -> list[str]:
    drawn = waiting_loads(waiting_loads_view(scene), of_page(language, ZoneInfo("Europe/Berlin")))
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).replace("\u202f", " ").strip() for row in drawn.split("<tr")[1:]]


def row_of(name: str, found: list[str]) -> str:
    [row] = [one for one in found if name in one]
    return re.sub(r"\s+", " ", row.partition(">")[2]).strip()


@pytest.mark.parametrize("status", [RecommendationStatus.OPEN, RecommendationStatus.ACCEPTED])
def test_each_load_has_its_band_what_could_be_held_and_its_plan(plant: Plant, status: RecommendationStatus) -> None:
    places = LoadPlace("truck-point-1", 44.0, ONE, ONE + HOUR), LoadPlace("truck-point-1", 10.0, ONE - 2 * HOUR, ONE - 1.5 * HOUR)
    scene = scene_with(plant, shift(status, *places))
    shown = rows(scene)
    assert len(shown) == 1 + 7
    water, truck = row_of("Kaltwasserspeicher", shown), row_of("Lkw 1", shown)
    assert "7.5 – 13.0 °C" in water and "21 kW until 12:04" in water and "as usual" in water
    assert "0.0 – 44.0 kW" in truck and "not now" in truck
    assert "12:45–13:45 44 kW" in truck and "10 kW" not in truck, "what is over is not ahead"
    assert ("(open)" in truck) == (status is RecommendationStatus.OPEN)
    assert "21 kW bis 12:04" in row_of("Kaltwasserspeicher", rows(scene, "de"))


def test_rejected_advice_is_no_plan(plant: Plant) -> None:
    scene = scene_with(plant, shift(RecommendationStatus.REJECTED, LoadPlace("truck-point-1", 44.0, ONE, ONE + HOUR)))
    assert "as usual" in row_of("Lkw 1", rows(scene))


def test_a_plant_without_loads_that_can_wait_says_so_and_one_with_many_names_how_many_are_left_out(plant: Plant) -> None:
    none = scene_with(plant.model_copy(update={"flexible": FlexibleLoads()}))
    assert "names no load that can wait" in waiting_loads(waiting_loads_view(none), of_page("en", ZoneInfo("Europe/Berlin")))
    points = tuple(ChargePoint(id=f"p{n}", max_kw=11.0) for n in range(MOST_LOADS + 3))
    many = scene_with(plant.model_copy(update={"flexible": FlexibleLoads(charge_point=points)}))
    assert waiting_loads_view(many).left_out == 3
    assert "3 more loads are not shown" in waiting_loads(waiting_loads_view(many), of_page("en", ZoneInfo("Europe/Berlin")))

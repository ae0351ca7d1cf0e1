"""The governor on the page *Now*: what it says in each state, and its two buttons."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from console_sample import NOW_UTC
from console_server import Server
from governed_sample import PLACES, governed_feed, governed_plant, hold, release
from test_console_browser import CHROMIUM, Visitor

from console.render.governor import governor
from console.views.governor import GovernorView, Need, governor_view
from console.views.plan import plan_view
from console.views.scene import Scene
from domain.flexible_loads import FlexibleLoads
from domain.plant import Plant
from domain.recommendations import LoadPlace, Places, Recommendation
from words.speech import of_page

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return governed_plant(tmp_path_factory.mktemp("governed"))


def scene_in(plant: Plant, state: str, *advice: Recommendation, later: timedelta = timedelta(0)) -> Scene:
    feed = governed_feed(plant, state)
    for one in advice:
        feed.state.take(one, time.monotonic())
    assert feed.ledger is not None
    return Scene(plant, feed.ledger, feed.picture(), NOW_UTC + later)


def view_in(plant: Plant, state: str, *advice: Recommendation, later: timedelta = timedelta(0)) -> GovernorView:
    found = governor_view(scene_in(plant, state, *advice, later=later))
    assert found is not None
    return found


def text(view: GovernorView, language: str = "en") -> str:
    drawn = governor(view, of_page(language, _zone()))
    return re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<[^>]+>", " ", drawn)).replace("\u202f", " ").strip()


def _zone() -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo("Europe/Berlin")


def test_a_plant_without_loads_that_can_wait_has_no_such_panel(scene: Scene) -> None:
    without = replace(scene, plant=scene.plant.model_copy(update={"flexible": FlexibleLoads()}))
    assert governor_view(without) is None


def test_an_open_hold_says_what_until_when_and_what_happens_otherwise(governed: Plant) -> None:
    view = view_in(governed, "open")
    assert (view.need, view.others_open) == (Need.DECIDE, 0)
    assert text(view) == (
        "Hold back: Kühlhaus Versand, Kaltwassersatz Spritzguss 11:54 to 12:00, the last until 12:02, 80 kW less "
        "Otherwise 652 kW: 12 kW above 640 kW. With it 622 kW. Decide by 11:56:30 CEST (4 min left)."
    )
    assert "Zurückhalten: Kühlhaus Versand" in text(view, "de") and "Sonst 652 kW: 12 kW über 640 kW." in text(view, "de")


def test_a_release_says_from_when_and_threatens_nothing(governed: Plant) -> None:
    view = view_in(governed, "watching", release())
    assert text(view).startswith("May draw again: Kühlhaus Versand from 11:54 on, 40 kW")
    assert "Otherwise" not in text(view)


def test_what_is_held_says_until_when(governed: Plant) -> None:
    view = view_in(governed, "held")
    assert view.need is Need.HELD
    assert text(view) == "Held back Kühlhaus Versand: until 12:00, 40 kW less Kaltwassersatz Spritzguss: until 12:02, 40 kW less"
    assert view_in(governed, "held", later=10 * MINUTE).need is not Need.HELD, "it is over"


def test_without_need_it_says_what_could_wait(governed: Plant) -> None:
    found = text(view_in(governed, "watching"))
    assert found.startswith("Nothing has to be held back 2 loads with 80 kW could wait; the quarter hour should stay below 668 kW.")
    assert "Not known or too old, so it is not held: Kaltwassersatz Spritzguss." in found


def test_a_projection_above_the_level_without_advice_is_no_all_clear(governed: Plant) -> None:
    scene = scene_in(governed, "watching")
    live = replace(scene.live, demand=replace(scene.live.demand, projected_kw=671.0))
    found = governor_view(replace(scene, live=live))
    assert found is not None and found.need is Need.NOT_NOW
    assert text(found).startswith("No hold is advised now 2 loads with 80 kW could wait")


def test_missing_data_are_no_all_clear(governed: Plant) -> None:
    silent = text(view_in(governed, "silent"))
    assert silent.startswith("No advice: data are missing") and "was not seen" in silent
    for view in (view_in(governed, "unknown"), view_in(governed, "watching", later=30 * MINUTE)):
        assert view.need is Need.UNKNOWN
        assert "Nothing has to be held" not in text(view)


def test_what_is_too_late_is_not_offered(governed: Plant) -> None:
    assert view_in(governed, "open", later=5 * MINUTE).card is None


def test_very_many_loads_and_a_hostile_name_stay_readable(governed: Plant) -> None:
    places = tuple(LoadPlace(f"<b>{n}", 1.0, PLACES[0].start_utc, PLACES[0].end_utc) for n in range(90))
    many = replace(hold(), recommendation="h-2", after=Places(loads=places), valid_until_utc=NOW_UTC + MINUTE)
    view = view_in(governed, "open", many)
    assert (view.card is not None and view.card.recommendation.recommendation, view.others_open) == ("h-2", 1)
    drawn = governor(view, of_page("en", _zone()))
    assert "<b>" not in drawn and "and 86 more" in drawn and "1 more to decide on the page Plan." in drawn


def test_the_page_plan_lists_it_too(governed: Plant) -> None:
    card = next(card for card in plan_view(scene_in(governed, "open")).cards if card.recommendation == hold())
    assert (card.subject_label, card.machine_label, card.changes) == ("Kühlhaus Versand", "", ())


@pytest.mark.browser
def test_accepting_on_the_page_now_sends_a_decision() -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    server = Server("0", "", "open")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
            with Visitor(browser, server.url, "en") as visitor:
                panel = visitor.go("/").locator(".governor-panel")
                panel.get_by_text("Hold back: Kühlhaus Versand").wait_for()
                panel.get_by_role("button", name="Accept").click()
                dialog = visitor.page.get_by_role("dialog")
                dialog.get_by_text("Hold the load back: ").first.wait_for()
                dialog.get_by_label("Your name").fill("J. Weiß")
                dialog.get_by_role("button", name="Accept").click()
                panel.get_by_text("accepted by J. Weiß").wait_for()
                assert server.decided() == [["hold-2610230945-1", "accepted", "J. Weiß", "none", ""]]
                assert visitor.troubles == []
            browser.close()
    finally:
        server.stop()

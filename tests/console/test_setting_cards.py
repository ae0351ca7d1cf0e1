"""Advice on how machines are set, as a card: from which value to which, and what it saves in a year instead of at a peak."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from console.render.plan import card, summary
from console.views.plan import advice_cards
from console.views.scene import Scene
from domain.recommendations import Action, Recommendation
from tests.detection.site_plant import COMPRESSOR, Run, advice
from words.speech import of_page

ENGLISH = of_page("en", ZoneInfo("Europe/Berlin"))


def pressure() -> Recommendation:
    """Advice to lower a pressure."""
    (found,) = advice(Run().live(10, shown={(COMPRESSOR, "pressure"): 7.1}), COMPRESSOR)
    return found


def test_a_setting_is_shown_with_both_values_and_what_it_saves_in_a_year(scene: Scene) -> None:
    found = pressure()
    (shown,) = advice_cards(scene, [found])
    text = str(card(shown, ENGLISH))
    assert found.action is Action.SET_POINT
    for part in (
        "Change a set point",
        "7.1\u202fbar",
        "6.1\u202fbar",
        "Energy a year",
        "Saving a year",
        "pressure at the farthest consumer",
    ):
        assert part in text, part
    # 2.8 kW of 40 over all hours of a year.
    assert "24\u202f545\u202fkWh" in text
    for of_peaks in ("Peak before", "Expected bill before"):
        assert of_peaks not in text
    assert summary(shown, ENGLISH).startswith("Change a set point: 7.1\u202fbar → 6.1\u202fbar")

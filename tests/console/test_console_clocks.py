"""What gateways say of devices' clocks stands with the device, and is no reading."""

from __future__ import annotations

import dataclasses
import html
from zoneinfo import ZoneInfo

import pytest

from console.live_state import LiveState
from console.render.platform import connections
from console.views.platform import platform_view
from console.views.scene import Scene
from domain.clock import epoch_ms
from domain.readings import CLOCK_CHANNEL, CONNECTION_CHANNEL, Reading
from tests.console.console_sample import NOW_UTC, SITE
from words.speech import of_page

NOW_MS = epoch_ms(NOW_UTC)


@pytest.mark.parametrize(
    ("behind_s", "text"),
    [
        (3_600.0, "clock is 60 min behind"),
        (-14.0, "clock is 14 s ahead"),
        (0.0, "clock is right"),
    ],
)
def test_a_device_clock_that_is_off_is_reported_with_the_device(scene: Scene, behind_s: float, text: str) -> None:
    state = LiveState(SITE)
    state.take(Reading(SITE, "press-1", CONNECTION_CHANNEL, NOW_MS, NOW_MS, None, text="connected"), 1.0)
    state.take(Reading(SITE, "press-1", CLOCK_CHANNEL, NOW_MS, NOW_MS, behind_s, text="as the gateway reported"), 1.0)
    live = state.picture(2.0)
    assert live.readings_count == 0
    drawn = html.unescape(
        str(connections(platform_view(dataclasses.replace(scene, live=live)), of_page("en", ZoneInfo("Europe/Berlin"))))
    )
    assert text in drawn.replace("\u202f", " ").replace("\u00a0", " ")
    assert "as the gateway reported" in drawn

"""The pages *Findings* and of a machine in a real browser, over incidents of every nature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from console_server import Server
from test_console_browser import CONTRAST, OVERLAPS, Visitor, browser

__all__ = ["browser"]
pytestmark = pytest.mark.browser
FURNACE = "On without a shift, Kammerofen 1"


@pytest.fixture(scope="module")
def looked_at() -> Iterator[Server]:
    """A server that tests only look at."""
    server = Server("0", "", "findings")
    yield server
    server.stop()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of this test's own."""
    server = Server("0", "", "findings")
    yield server
    server.stop()


@pytest.mark.parametrize(("size", "language", "scheme"), [("phone", "de", "dark"), ("desktop", "en", "light")])
def test_both_pages_stay_in_their_frame_and_can_be_read(
    browser: Any, looked_at: Server, size: str, language: str, scheme: str
) -> None:
    with Visitor(browser, looked_at.url, language, size, scheme) as visitor:
        for path in ("/findings", "/machines/press-1", "/machines/nobody", "/findings?incident=nobody"):
            page = visitor.go(path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
            assert page.evaluate(OVERLAPS) == []
            assert page.evaluate(CONTRAST) == []
        assert visitor.troubles == [] and visitor.elsewhere == []


@pytest.mark.parametrize("width", [390, 830, 1100, 1440])
def test_the_navigation_has_room_for_every_page(browser: Any, looked_at: Server, width: int) -> None:
    with Visitor(browser, looked_at.url, "de", "phone") as visitor:
        visitor.page.set_viewport_size({"width": width, "height": 844})
        page = visitor.go("/findings")
        beyond = page.evaluate("[...document.querySelectorAll('.nav a')].filter(a => a.getBoundingClientRect().right > innerWidth || a.scrollWidth > a.clientWidth + 1).map(a => a.innerText)")  # fmt: skip
        assert beyond == []


def test_known_by_keyboard_asks_for_a_name_once_and_then_no_more(browser: Any, server: Server) -> None:
    with Visitor(browser, server.url, "en") as visitor:
        page = visitor.go("/findings")
        page.get_by_role("button", name=f"Known: {FURNACE}").focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Send").click()
        dialog.get_by_text("Please give a name").wait_for()
        dialog.get_by_label("Your name").fill("J. Weiß")
        dialog.get_by_role("button", name="Send").click()
        card = page.locator("article.incident", has_text="Kammerofen 1").first
        card.get_by_text("Known: J. Weiß, Fri 23 Oct 11:52 – waiting for confirmation …").wait_for()
        page.get_by_role("button", name="This is normal: Counter jump, Presse 2").click()
        page.locator("article.incident", has_text="Counter jump").get_by_text("Normal: J. Weiß").wait_for()
        assert [(kind, by) for _, kind, by in server.reported()] == [("known", "J. Weiß"), ("normal", "J. Weiß")]
        assert visitor.troubles == []


def test_what_was_reported_can_be_taken_back_on_its_card_and_in_the_list(browser: Any, server: Server) -> None:
    with Visitor(browser, server.url, "de", "phone") as visitor:
        visitor.context.add_cookies([{"name": "lastgang_name", "value": "S.%20%C3%96zt%C3%BCrk", "url": server.url}])
        page = visitor.go("/findings")
        page.get_by_role("button", name="Zurücknehmen: Druckluft entweicht, Kompressor 1").first.click()
        page.locator("article.incident", has_text="Kompressor 1").get_by_text("Zurückgenommen – warte auf Bestätigung").wait_for()
        page.locator("#given").get_by_role("button", name="Zurücknehmen: Angelassen, Beleuchtung").click()
        page.locator("#given").get_by_text("Zurückgenommen: S. Öztürk, Fr 23.10. 11:52").nth(1).wait_for()
        reported = server.reported()
        assert [(name.split("/")[0], kind, by) for name, kind, by in reported] == [
            ("compressor-1", "taken_back", "S. Öztürk"),
            ("lighting", "taken_back", "S. Öztürk"),
        ]


def test_an_ended_incident_opens_with_its_picture(browser: Any, looked_at: Server) -> None:
    with Visitor(browser, looked_at.url, "en") as visitor:
        page = visitor.go("/findings")
        page.locator("#ended").get_by_role("link", name="Left on: CNC-Linie").click()
        chosen = page.locator("#chosen")
        chosen.locator("svg[role=img]").first.wait_for()
        assert "a week before" in (chosen.locator("svg[role=img]").last.get_attribute("aria-label") or "")
        page.locator("#wear").get_by_role("link", name="Channels beside their limits").click()
        page.get_by_role("heading", name="Channels beside their limits").wait_for()
        assert page.get_by_text("0.9 days").count() == 1


def test_now_and_meters_lead_to_the_incident(browser: Any, looked_at: Server) -> None:
    with Visitor(browser, looked_at.url, "en") as visitor:
        for path in ("/", "/meters"):
            page = visitor.go(path)
            page.get_by_role("link", name="All findings with evidence").wait_for()
            page.get_by_role("link", name="On without a shift").first.click()
            page.locator("#chosen article.incident").wait_for()

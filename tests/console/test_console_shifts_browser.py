"""The panel *Shifts* in a browser: a special Saturday is entered, shown and withdrawn; it fits every screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_server import Server
from test_console_browser import SIZES, Visitor, browser

__all__ = ["browser"]

pytestmark = pytest.mark.browser
WIDTHS = {"390": (390, 844), "1440": (1440, 900)}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.mark.parametrize(("language", "size"), [("de", "390"), ("en", "1440")])
def test_a_special_saturday_is_entered_seen_in_the_calendar_and_withdrawn(
    browser: Any, server: Server, tmp_path: Path, language: str, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shots = Path(os.environ.get("LASTGANG_SCREENSHOTS", tmp_path))
    monkeypatch.setitem(SIZES, size, WIDTHS[size])
    words = {
        "de": ("Tag", "Grund", "Änderung speichern", "Gespeichert", "den Tag, an dem", "Zurückgezogen"),
        "en": ("Day", "Reason", "Save change", "Saved", "the day on which", "Withdrawn"),
    }[language]
    with Visitor(browser, server.url, language, size) as visitor:
        page = visitor.go("/orders")
        page.get_by_role("button", name=words[2]).click()
        page.get_by_text(words[4]).wait_for()
        page.get_by_label(words[0], exact=True).fill("2026-10-31")
        page.get_by_label(words[1], exact=True).fill("Eilauftrag <b>7</b>")
        page.get_by_role("button", name=words[2]).click()
        page.get_by_text(words[3]).wait_for()
        page.locator("td.s-added").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
        page.screenshot(path=shots / f"shifts-{size}-{language}.png", full_page=True)
        page.locator(".shift-changes button").first.click()
        page.get_by_text(words[5]).wait_for()
        assert page.locator("td.s-added").count() == 0
        assert visitor.troubles == []

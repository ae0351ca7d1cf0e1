"""The pages in a real browser, over the sample plant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_server import Server

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PATHS = {
    "now": "/",
    "plan": "/plan",
    "orders": "/orders",
    "findings": "/findings",
    "machine": "/machines/press-1",
    "meters": "/meters?meter=furnace-2",
    "figures": "/key-figures",
    "reports": "/reports",
    "analyse": "/analyse",
    "platform": "/platform",
}
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
HEADINGS = {
    "de": {
        "now": "Letzte 24 Stunden",
        "plan": "Empfehlungen",
        "orders": "Aufträge",
        "findings": "Befunde",
        "machine": "Kanäle und ihre Grenzen",
        "meters": "Zähler",
        "figures": "Energie je Einheit",
        "reports": "Berichte",
        "analyse": "Lastgang analysieren",
        "platform": "Verbindungen",
    },
    "en": {
        "now": "Last 24 hours",
        "plan": "Recommendations",
        "orders": "Orders",
        "findings": "Findings",
        "machine": "Channels beside their limits",
        "meters": "Meters",
        "figures": "Energy per unit",
        "reports": "Reports",
        "analyse": "Analyse a load profile",
        "platform": "Connections",
    },
}
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def looked_at() -> Iterator[Server]:
    """A server that tests only look at."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of this test's own."""
    server = Server()
    yield server
    server.stop()


class Visitor:
    """One person's browser window, which notes what goes wrong."""

    def __init__(self, browser: Any, url: str, language: str = "de", size: str = "desktop", scheme: str = "light") -> None:
        width, height = SIZES[size]
        self.context = browser.new_context(viewport={"width": width, "height": height}, locale=language, color_scheme=scheme)
        self.page = self.context.new_page()
        self.url = url
        self.troubles: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("console", lambda m: self.troubles.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.troubles.append(str(e)))
        self.page.on(
            "request", lambda r: self.elsewhere.append(r.url) if not r.url.startswith((url, "data:", "blob:", "ws:")) else None
        )

    def go(self, path: str) -> Any:
        self.page.goto(self.url + path)
        self.page.wait_for_selector("main .panel")
        self.page.wait_for_function("window.socket && window.socket.connected")
        return self.page

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *exc: object) -> None:
        self.context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", HEADINGS)
def test_every_page_loads_whole_without_trouble(browser: Any, looked_at: Server, tmp_path: Path, language: str, size: str) -> None:
    shots = Path(os.environ.get("LASTGANG_SCREENSHOTS", tmp_path))
    shots.mkdir(parents=True, exist_ok=True)
    with Visitor(browser, looked_at.url, language, size, "dark" if size == "phone" else "light") as visitor:
        for name, path in PATHS.items():
            page = visitor.go(path)
            page.get_by_role("heading", name=HEADINGS[language][name], exact=True).first.wait_for()
            if name in ("now", "plan", "meters"):
                page.wait_for_selector(".chart svg path", state="attached")
            assert page.evaluate("document.documentElement.lang") == language
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
            page.screenshot(path=shots / f"{name}-{size}-{language}.png", full_page=True)
        assert visitor.troubles == []
        assert visitor.elsewhere == [], "nothing may come from another machine"


def test_the_running_quarter_hour_changes_before_the_eyes(browser: Any, server: Server) -> None:
    with Visitor(browser, server.url) as visitor:
        page = visitor.go("/")
        page.get_by_text("Ziel wird überschritten").wait_for()
        server.send("say 560")
        page.get_by_text("Unter dem Ziel").wait_for()
        assert page.locator(".g-number").text_content() == "560"
        assert page.get_by_role("status").first.get_attribute("aria-live") == "polite"
        server.send("say 671")
        page.get_by_text("Neue Höchstlast droht").wait_for()


def test_accepting_by_keyboard_sends_a_decision_and_waits_for_the_status(browser: Any, server: Server) -> None:
    with Visitor(browser, server.url, "en") as visitor:
        page = visitor.go("/plan")
        button = page.get_by_role("button", name="Accept the recommendation for J-1043")
        button.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Accept").wait_for()
        dialog.get_by_role("button", name="Accept").click()
        dialog.get_by_text("Please give a name").wait_for()
        dialog.get_by_label("Your name").fill("J. Weiß")
        dialog.get_by_role("button", name="Accept").click()
        page.get_by_text("accepted by J. Weiß, Fri 23 Oct 11:52 – waiting for confirmation").wait_for()
        assert button.is_disabled()
        assert server.decided() == [["R-0421", "accepted", "J. Weiß", "none", ""]]
        server.send("answer")
        page.locator("article.is-accepted", has_text="J-1043").wait_for()
        assert page.get_by_role("button", name="Accept the recommendation for J-1043").count() == 0
        assert visitor.troubles == []


def test_rejecting_asks_for_a_reason(browser: Any, server: Server) -> None:
    with Visitor(browser, server.url) as visitor:
        page = visitor.go("/plan")
        page.get_by_role("button", name="Empfehlung für J-1045 ablehnen").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Ihr Name").fill("S. Öztürk")
        dialog.get_by_role("button", name="Ablehnen").click()
        dialog.get_by_text("Bitte einen Grund wählen").wait_for()
        dialog.get_by_label("Grund").select_option("quality")
        dialog.get_by_label("Bemerkung").fill("wird <zu> kalt")
        dialog.get_by_role("button", name="Ablehnen").click()
        page.get_by_text("abgelehnt von S. Öztürk, Fr 23.10. 11:52 – warte auf Bestätigung").wait_for()
        assert server.decided() == [["R-0422", "rejected", "S. Öztürk", "quality", "wird <zu> kalt"]]


def test_of_two_browsers_that_decide_at_once_the_second_learns_who_was_first(browser: Any, server: Server) -> None:
    with Visitor(browser, server.url, "en") as anna, Visitor(browser, server.url, "de") as bert:
        dialogs = []
        for visitor, button, label, name in (
            (anna, "Accept the recommendation for J-1043", "Your name", "Anna"),
            (bert, "Empfehlung für J-1043 annehmen", "Ihr Name", "Bert"),
        ):
            page = visitor.go("/plan")
            page.get_by_role("button", name=button).click()
            dialog = page.get_by_role("dialog")
            dialog.get_by_label(label).fill(name)
            dialogs.append(dialog)
        dialogs[0].get_by_role("button", name="Accept").click()
        anna.page.get_by_text("accepted by Anna, Fri 23 Oct 11:52 – waiting for confirmation").wait_for()
        dialogs[1].get_by_role("button", name="Annehmen").click()
        dialogs[1].get_by_text("Inzwischen angenommen von Anna, Fr 23.10. 11:52. Ihre Entscheidung zählt nicht.").wait_for()
        assert [(name, by) for name, _, by, *_ in server.decided()] == [("R-0421", "Anna")]


@pytest.mark.parametrize(
    ("language", "accept", "label", "text"),
    [
        ("de", "Annehmen", "Ihr Name", "Ihr Name: Das Zeichen U+000B an Stelle 9 lässt sich nicht speichern"),
        ("en", "Accept", "Your name", "Your name: the character U+000B at place 9 cannot be stored"),
    ],
)
def test_the_form_names_a_character_that_cannot_be_kept(
    browser: Any, server: Server, language: str, accept: str, label: str, text: str
) -> None:
    with Visitor(browser, server.url, language) as visitor:
        page = visitor.go("/plan")
        page.get_by_role("button", name=accept).first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(label).fill("M. Adler\u000bSchicht A")
        dialog.get_by_role("button", name=accept).click()
        dialog.get_by_text(text).wait_for()
        dialog.get_by_label(label).fill("李雷 😀")
        dialog.get_by_role("button", name=accept).click()
        page.get_by_text("李雷 😀").first.wait_for()
        assert [by for _, _, by, *_ in server.decided()] == ["李雷 😀"]


STRANGE = {
    "bare": "Noch nichts überwacht",
    "gappy": "Noch nichts überwacht",
    "troubled": "press-1-meter",
    "extreme": "Auffälligkeiten",
    "hostile": "Auffälligkeiten",
}


@pytest.mark.parametrize("mode", STRANGE)
def test_pages_of_strange_plants_load_whole_and_stay_in_their_frame(browser: Any, mode: str) -> None:
    """Nothing known, five days missing, devices in trouble, the largest numbers there are, and names made to run as scripts."""
    server = Server("0", "", mode)
    try:
        for size, language in (("phone", "de"), ("desktop", "en"))[: 2 if mode == "hostile" else 1]:
            with Visitor(browser, server.url, language, size, "dark") as visitor:
                for name, path in {
                    **PATHS,
                    "meters": "/meters",
                    "elsewhere": "/meters?meter=<img src=x onerror=window.__xss=1>",
                }.items():
                    page = visitor.go(path)
                    if name == "meters" and language == "de":
                        page.get_by_text(STRANGE[mode]).first.wait_for()
                    assert page.evaluate("window.__xss") is None
                    if mode != "extreme":  # numbers of twelve digits may need a wider phone
                        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
                assert visitor.troubles == []
    finally:
        server.stop()


@pytest.mark.parametrize("query", ["day=0001-01-01", "day=9999-12-31", "at=0001-01-01T00:00:00%2B14:00", "at=9999-12-31T23:59:59-14:00",
                                   "revision=%00", "meter=%00", "meter=..%2F..", "day=x&at=y&revision=z", "day=8999-12-31&at=8999-12-31T00:00Z"])  # fmt: skip
def test_no_address_of_a_page_is_a_fault_of_the_server(looked_at: Server, query: str) -> None:
    import httpx

    answer = httpx.get(f"{looked_at.url}/meters?{query}")
    assert answer.status_code == 200


def test_the_first_tab_leads_past_the_navigation_and_focus_is_seen(browser: Any, looked_at: Server) -> None:
    with Visitor(browser, looked_at.url) as visitor:
        page = visitor.go("/plan")
        page.keyboard.press("Tab")
        focused = "document.activeElement"
        assert page.evaluate(f"{focused}.innerText") == "Zum Inhalt springen"
        page.keyboard.press("Enter")
        assert page.evaluate(f"{focused}.tagName") == "MAIN"
        reached = set()
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate(f"{focused} === document.body"):
                break  # round once
            reached.add(page.evaluate(f"{focused}.getAttribute('aria-label') || {focused}.innerText"))
            outline = page.evaluate(f"getComputedStyle({focused}).outlineStyle")
            assert outline != "none", page.evaluate(f"{focused}.outerHTML.slice(0, 200)")
        assert "Empfehlung für J-1043 annehmen" in reached


def test_language_and_brightness_stay_chosen(browser: Any, looked_at: Server) -> None:
    with Visitor(browser, looked_at.url) as visitor:
        page = visitor.go("/meters?meter=press-1")
        page.get_by_role("link", name="Switch to English").click()
        page.get_by_role("heading", name="Meters", exact=True).wait_for()
        assert "meter=press-1" in page.url
        page.get_by_role("link", name="Brightness: Automatic").click()
        page.wait_for_selector("body.body--dark")
        visitor.go("/")
        assert page.evaluate("document.body.classList.contains('body--dark')")
        page.get_by_text("Target will be passed").wait_for()


def test_a_tapped_quarter_hour_shows_its_revisions(browser: Any, looked_at: Server) -> None:
    with Visitor(browser, looked_at.url, "en", "phone") as visitor:
        page = visitor.go("/meters?meter=moulding-2")
        page.get_by_text("Tap a quarter hour").wait_for()
        chart = page.locator("#detail .chart svg")
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        # a third into the day, in the empty upper part of the column: a finger need not hit the bar
        chart.click(position={"x": box["width"] * 0.42, "y": box["height"] * 0.25})
        page.locator("#detail").get_by_role("heading", name="Quarter hour").wait_for()
        assert page.locator(".revisions li").count() == 3
        page.get_by_role("link", name="As first published").click()
        page.wait_for_url("**revision=first**")
        assert page.locator("#detail").get_by_text("missing").first.is_visible()
        assert visitor.troubles == []


def test_a_gap_in_the_list_leads_to_its_first_quarter_hour(browser: Any, looked_at: Server) -> None:
    with Visitor(browser, looked_at.url) as visitor:
        page = visitor.go("/meters?meter=ev-chargers")
        page.get_by_role("link", name="Fr 23.10. 07:30 – 10:30").click()
        page.get_by_role("heading", name="Viertelstunde 07:30 – 07:45").wait_for()
        assert page.locator(".revisions li").count() == 2


OVERLAPS = """
() => {
  const boxes = [...document.querySelectorAll('section.panel')].map(e => [e.id, e.getBoundingClientRect()]);
  return boxes.flatMap(([a, p], n) => boxes.slice(n + 1).filter(([, q]) =>
    p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1).map(([b]) => a + ' and ' + b));
}
"""


@pytest.mark.parametrize("size", SIZES)
def test_the_meters_forecast_stands_below_its_day_and_nothing_lies_over_it(browser: Any, looked_at: Server, size: str) -> None:
    with Visitor(browser, looked_at.url, "de", size) as visitor:
        page = visitor.go("/meters?meter=furnace-2")
        forecast = page.locator("#forecast")
        forecast.get_by_text("like-days 54%").wait_for()
        forecast.locator(".chart svg path").first.wait_for(state="attached")
        page.evaluate("document.getElementById('forecast').scrollIntoView()")
        assert page.evaluate(OVERLAPS) == []
        visitor.go("/meters?meter=lighting")
        page.locator("#forecast").get_by_text("Für diesen Zähler gibt es noch keine Prognose.").wait_for()
        assert page.locator("#forecast .chart").count() == 0
        assert visitor.troubles == []


def test_a_report_is_made_and_can_be_taken_home(browser: Any, server: Server) -> None:
    with Visitor(browser, server.url, "en") as visitor:
        page = visitor.go("/reports")
        page.get_by_label("Period", exact=True).select_option("2026-09")
        page.get_by_role("button", name="Make report").click()
        page.get_by_text("Report September 2026 is ready").wait_for()
        with page.expect_download() as waiting:
            page.get_by_role("link", name="Everything as ZIP").click()
        assert waiting.value.suggested_filename == "lastgang-2026-09.zip"


def test_an_uploaded_load_comes_back_as_its_page(browser: Any, server: Server, tmp_path: Path) -> None:
    rows = [
        f"{day:02}.03.2026;{hour:02}:{minute:02};{80 + 5 * hour},5"
        for day in range(2, 6)
        for hour in range(24)
        for minute in (0, 15, 30, 45)
    ]
    good, open_question = tmp_path / "Lastgang März.csv", tmp_path / "unit.csv"
    good.write_text("\n".join(["Datum;Zeit;Leistung [kW]", *rows]))
    open_question.write_text("\n".join(["Datum;Zeit;Wert", *rows]))
    with Visitor(browser, server.url, "en") as visitor:
        page = visitor.go("/analyse")
        page.get_by_label("File", exact=True).set_input_files(good)
        page.get_by_role("button", name="Analyse", exact=True).click()
        page.get_by_role("heading", name="What could be won quickly").wait_for()
        page.get_by_text("195.5").first.wait_for()
        assert page.locator("svg").count() >= 4
        page = visitor.go("/analyse")
        page.get_by_label("File", exact=True).set_input_files(open_question)
        page.get_by_role("button", name="Analyse", exact=True).click()
        page.get_by_role("heading", name="The file could not be analysed").wait_for()
        page.get_by_text("--unit").wait_for()
        page.get_by_role("link", name="Back to the form").click()
        page.get_by_label("File", exact=True).set_input_files(open_question)
        page.get_by_label("Unit of the values").select_option("kW")
        page.get_by_role("button", name="Analyse", exact=True).click()
        page.get_by_role("heading", name="What could be won quickly").wait_for()
        assert visitor.elsewhere == [], "nothing may come from another machine"


CONTRAST = """
() => {
  const rgb = text => { const m = text.match(/[\\d.]+/g).map(Number); return m.length > 3 && m[3] === 0 ? null : m.slice(0, 3); };
  const light = c => { const l = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c) return c; } return [255, 255, 255]; };
  const poor = [];
  for (const e of document.querySelectorAll('.top *, main *')) {
    if (e.closest('svg') || e.disabled || !e.offsetParent) continue;
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize), bold = parseInt(style.fontWeight) >= 700;
    const [a, b] = [light(rgb(style.color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (size >= 24 || (bold && size >= 18.66) ? 3 : 4.5)) poor.push(e.className + ' ' + e.textContent.trim().slice(0, 30) + ' ' + ratio.toFixed(2));
  }
  return poor;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_texts_have_enough_contrast(browser: Any, looked_at: Server, scheme: str) -> None:
    with Visitor(browser, looked_at.url, scheme=scheme) as visitor:
        for path in PATHS.values():
            page = visitor.go(path)
            page.wait_for_function(f"document.body.classList.contains('body--dark') === {str(scheme == 'dark').lower()}")
            assert page.evaluate(CONTRAST) == [], path


def test_another_sites_name_is_refused_and_answers_carry_the_guards(looked_at: Server) -> None:
    import httpx

    answer = httpx.get(looked_at.url + "/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    answer = httpx.get(looked_at.url + "/language/en?to=//evil.example")
    assert answer.headers["location"] == "/"
    page = httpx.get(looked_at.url + "/")
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert httpx.get(looked_at.url + "/api/v1/openapi.json").json()["info"]["title"] == "Lastgang"


def test_dragging_a_job_shows_what_that_would_do_and_changes_nothing(browser: Any, looked_at: Server) -> None:
    with Visitor(browser, looked_at.url, "en") as visitor:
        page = visitor.go("/plan")
        bar = page.locator('.job[data-job="J-1048"]')
        bar.scroll_into_view_if_needed()
        before = bar.get_attribute("style")
        box = bar.bounding_box()
        page.mouse.move(box["x"] + 20, box["y"] + 8)
        page.mouse.down()
        page.mouse.move(box["x"] - 120, box["y"] + 8, steps=4)
        page.mouse.up()
        answer = page.locator(".what-if")
        answer.get_by_text("Expected peak").wait_for()
        page.locator(".job-supposed").wait_for()
        assert "€" in answer.inner_text()
        assert bar.get_attribute("style") == before
        page.keyboard.press("Escape")
        answer.wait_for(state="detached")
        page.locator(".job-supposed").wait_for(state="detached")
        assert visitor.troubles == []


def test_a_job_is_moved_by_the_arrow_keys_too(browser: Any, looked_at: Server) -> None:
    with Visitor(browser, looked_at.url, "en") as visitor:
        page = visitor.go("/plan")
        bar = page.locator('.job[data-job="J-1048"]')
        bar.focus()
        page.keyboard.press("ArrowLeft")
        page.locator(".what-if").get_by_text("Sat 24 Oct 07:45").wait_for()
        page.keyboard.press("Shift+ArrowLeft")
        page.locator(".what-if").get_by_text("Sat 24 Oct 06:45").wait_for()


def test_a_label_stands_in_its_bar_or_is_not_there(browser: Any, looked_at: Server) -> None:
    reach = """() => [...document.querySelectorAll('.job b')].filter(b => {
        const text = b.getBoundingClientRect(), bar = b.parentNode.getBoundingClientRect();
        const seen = text.width > 0 && text.top < bar.bottom - 1;
        return seen && (text.right > bar.right + 0.5 || text.left < bar.left - 0.5);
    }).map(b => b.textContent)"""
    for size in SIZES:
        with Visitor(browser, looked_at.url, "de", size) as visitor:
            page = visitor.go("/plan")
            page.locator(".job b").first.wait_for(state="attached")
            assert page.evaluate(reach) == []

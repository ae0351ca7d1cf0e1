"""The page *Orders*: what is typed and pasted, alone and in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_ledger import sample_ledger
from console_sample import NOW_UTC, sample_orders
from console_server import Server
from test_console_browser import Visitor, browser, server

from connectors.orders.judging import Handing, judge
from connectors.orders.known import known_orders
from console.render import orders as draw
from console.views.orders import BLANK_ROWS, MOST_ROWS, OrderSheet, standing_orders
from console.views.scene import Scene
from domain.plant import Plant
from words.speech import Words, of_page

__all__ = ["browser", "server"]
BLOCK = "Auftrag\tArtikel\tMaschine\tMenge\tStück je Stunde\tDauer\tStart\nN-1\tWelle\tpress-1\t1.250,5\t\t1:30\t24.10.2026 06:00\nJ-1043\tKette\tKettenofen 2\t40\t\t2:00\t23.10.2026 12:30\n"


def words(plant: Plant, language: str = "de") -> Words:
    return of_page(language, plant.site.zone)


def saved(sheet: OrderSheet, plant: Plant) -> None:
    places, rows = sheet.rows()
    known = known_orders(sample_orders(), plant)
    sheet.saved(places, judge(rows, Handing(plant, NOW_UTC, "page", decimal=","), known))


def test_the_sheet_shows_what_can_still_change_and_nothing_of_it_is_a_change(scene: Scene) -> None:
    standing = standing_orders(scene)
    sheet = OrderSheet(scene.plant, words(scene.plant), standing.orders)
    assert "J-1041" not in {line.cells.get("job") for line in sheet.lines}, "it is done"
    assert len(sheet.lines) == len(standing.orders) + BLANK_ROWS
    assert sheet.rows() == ([], [])
    assert not sheet.is_touched


def test_a_pasted_block_with_headings_finds_its_jobs_and_fills_empty_rows(scene: Scene) -> None:
    sheet = OrderSheet(scene.plant, words(scene.plant), standing_orders(scene).orders)
    assert sheet.paste(0, "job", BLOCK) == 0
    _, rows = sheet.rows()
    stated = {str(row.cells["job"].value): {name: cell.value for name, cell in row.cells.items()} for row in rows}
    assert stated["J-1043"] == {
        "job": "J-1043",
        "product": "Kette",
        "machine": "Kettenofen 2",
        "quantity": "40",
        "duration": "2:00",
    }
    assert stated["N-1"]["quantity"] == "1.250,5"
    saved(sheet, scene.plant)
    assert [line.faults for line in sheet.lines if line.faults] == []
    assert sheet.rows() == ([], []), "what was saved is no change any more"


def test_a_pasted_block_without_jobs_goes_down_from_the_cell(scene: Scene) -> None:
    sheet = OrderSheet(scene.plant, words(scene.plant), standing_orders(scene).orders)
    sheet.paste(1, "quantity", "10\tpress-2\r\n20\tpress-1\r\n")
    assert [(line.cells["quantity"], line.cells["machine"]) for line in sheet.lines[1:3]] == [("10", "press-2"), ("20", "press-1")]


def test_a_block_that_is_too_long_says_how_much_is_left_out(plant: Plant) -> None:
    sheet = OrderSheet(plant, words(plant))
    left_out = sheet.paste(0, "job", "\n".join(f"N-{number}\tx" for number in range(MOST_ROWS + 50)))
    assert left_out == 50 - BLANK_ROWS
    assert len(sheet.lines) <= MOST_ROWS + 2 * BLANK_ROWS


def test_a_fault_stands_at_its_cell_and_typing_takes_it_away(plant: Plant) -> None:
    sheet = OrderSheet(plant, words(plant))
    for column, text in (("job", "N-1"), ("machine", "pres-1"), ("duration", "90"), ("start", "23.10.2026 06:07")):
        sheet.put(0, column, text)
    saved(sheet, plant)
    assert set(sheet.lines[0].faults) == {"machine", "duration", "start"}
    assert sheet.lines[0].cells["machine"] == "pres-1", "what was typed stays"
    markup = draw.sheet(sheet, words(plant))
    assert markup.count('aria-invalid="true"') == 3
    assert "gemeint ist vielleicht press-1" in markup
    sheet.put(0, "machine", "press-1")
    assert set(sheet.lines[0].faults) == {"duration", "start"}


@pytest.mark.parametrize(("row", "column"), [(-1, "job"), (10**6, "job"), (0, "nothing"), (0, "cancel")])
def test_a_cell_that_is_none_is_passed_over(plant: Plant, row: int, column: str) -> None:
    sheet = OrderSheet(plant, words(plant))
    sheet.put(row, column, "x")
    sheet.cancel(row, True)
    assert sheet.rows() == ([], [])


def test_what_is_typed_cannot_break_the_markup(plant: Plant) -> None:
    sheet = OrderSheet(plant, words(plant))
    sheet.put(0, "job", '"><script>alert(1)</script>')
    assert "<script>" not in draw.sheet(sheet, words(plant))


# -- in a browser ------------------------------------------------------------------------------------------------------

PASTE = """([selector, text]) => { const data = new DataTransfer(); data.setData('text/plain', text);
document.querySelector(selector).dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }"""
WIDTHS = {"390": (390, 844), "820": (820, 1000), "1100": (1100, 900), "1440": (1440, 900), "1920": (1920, 1080)}


@pytest.mark.browser
def test_a_block_from_a_spreadsheet_is_pasted_saved_and_faults_are_shown_at_their_cells(browser: Any, server: Server) -> None:
    with Visitor(browser, server.url, "de") as visitor:
        page = visitor.go("/orders")
        bad = "N-2\tWelle\tpres-1\t5\t\t90\tmorgen\n"
        page.evaluate(PASTE, ["input[data-row='7'][data-column='job']", BLOCK + bad])
        page.wait_for_selector("input[value='N-2']")
        page.get_by_role("button", name="Aufträge speichern").click()
        page.get_by_text("1 neu, 1 geändert, 0 unverändert, 0 storniert, 1 mit Fehlern.").wait_for()
        fault = page.get_by_label("Maschine, N-2", exact=True)
        assert fault.get_attribute("aria-invalid") == "true"
        assert "gemeint ist vielleicht press-1" in page.locator(f"#{fault.get_attribute('aria-describedby')}").inner_text()
        fault.fill("press-1")
        page.get_by_label("Dauer, N-2", exact=True).fill("90 min")
        page.get_by_label("Start, N-2", exact=True).fill("26.10.2026 08:00")
        page.get_by_role("button", name="Aufträge speichern").click()
        page.get_by_text("1 neu, 0 geändert, 0 unverändert, 0 storniert, 0 mit Fehlern.").wait_for()
        page.get_by_label("J-1048 stornieren").check()
        page.get_by_role("button", name="Aufträge speichern").click()
        page.get_by_text("1 storniert").wait_for()
        assert visitor.troubles == []
    assert sorted(str(row[0]) for row in server.ordered()) == ["J-1043", "J-1048", "N-1", "N-2"]
    assert server.ordered()[-1] == ["J-1048", 2, "cnc-line", "cancelled", "page"]


@pytest.fixture(scope="module")
def bare() -> Iterator[Server]:
    server = Server("0", "", "bare")
    yield server
    server.stop()


@pytest.mark.browser
@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("language", ["de", "en"])
def test_the_sheet_fits_every_screen_full_faulty_and_empty(
    browser: Any, server: Server, bare: Server, tmp_path: Path, size: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shots = Path(os.environ.get("LASTGANG_SCREENSHOTS", tmp_path))
    monkeypatch.setitem(__import__("test_console_browser").SIZES, size, WIDTHS[size])
    save = {"de": "Aufträge speichern", "en": "Save orders"}[language]
    for name, url in (("full", server.url), ("empty", bare.url)):
        with Visitor(browser, url, language, size) as visitor:
            page = visitor.go("/orders")
            if name == "full":
                page.evaluate(
                    PASTE,
                    ["input[data-row='7'][data-column='job']", "N-9\tWelle\tviele\tKammerofn 1\t\t\t25.10.2026 02:30\t90\tZ-1\n"],
                )
                page.wait_for_selector("input[value='N-9']")
                page.get_by_role("button", name=save).click()
                page.wait_for_selector(".cell-fault")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
            page.screenshot(path=shots / f"orders-{name}-{size}-{language}.png", full_page=True)
            assert visitor.troubles == []


def test_orders_that_were_sent_are_shown_before_the_ledger_has_them(plant: Plant) -> None:
    ledger = sample_ledger(plant)
    from dataclasses import replace

    from console_sample import SampleFeed

    sent = replace(sample_orders()[2], revision=7, product="Neu")
    scene = Scene(plant, ledger, SampleFeed(plant, ledger).picture(), NOW_UTC, orders_sent=(sent, replace(sent, job="N-1")))
    shown = {order.job: order for order in standing_orders(scene).orders}
    assert (shown["J-1043"].product, shown["N-1"].revision) == ("Neu", 7)

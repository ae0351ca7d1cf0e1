"""A job is reported as started and done by the buttons of the order sheet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from console_sample import NOW_UTC
from console_server import Server
from test_console_browser import Visitor, browser, server

from console.render import orders as draw
from console.views.orders import OrderSheet, standing_orders
from console.views.scene import Scene
from domain.orders import OrderStatus
from production.clicks import JobEvent, reported
from words.speech import of_page

__all__ = ["browser", "server"]


def test_a_planned_job_may_have_started_a_running_one_be_done_and_a_new_row_neither(scene: Scene) -> None:
    words = of_page("en", scene.plant.site.zone)
    planned = [order for order in standing_orders(scene).orders if order.status is OrderStatus.PLANNED]
    sheet = OrderSheet(scene.plant, words, [planned[0], replace(planned[1], status=OrderStatus.RUNNING)])
    assert sheet.event_of(0) == (planned[0].job, JobEvent.STARTED)
    assert sheet.event_of(1) == (planned[1].job, JobEvent.DONE)
    assert [sheet.event_of(row) for row in (-1, 2, 99)] == [None] * 3
    found = draw.sheet(sheet, words)
    assert f'aria-label="{planned[0].job} has started now"' in found
    assert f'aria-label="{planned[1].job} is done now"' in found
    assert found.count("<button") == 2


def test_a_report_leaves_what_was_typed_in_the_row(scene: Scene) -> None:
    words = of_page("en", scene.plant.site.zone)
    order = next(one for one in standing_orders(scene).orders if one.status is OrderStatus.PLANNED)
    sheet = OrderSheet(scene.plant, words, [order])
    sheet.put(0, "quantity", "77")
    revision = reported(order, JobEvent.STARTED, NOW_UTC)
    assert revision is not None
    sheet.reported(0, revision)
    assert sheet.event_of(0) == (order.job, JobEvent.DONE)
    assert sheet.lines[0].changes == {"job": order.job, "quantity": "77"}


@pytest.mark.browser
def test_started_and_done_are_pressed_in_a_browser(browser: Any, server: Server) -> None:
    with Visitor(browser, server.url, "en") as visitor:
        page = visitor.go("/orders")
        page.get_by_role("button", name="J-1048 has started now").click()
        page.get_by_text("J-1048: reported as started.").wait_for()
        page.get_by_role("button", name="J-1048 is done now").wait_for()
        page.get_by_text("Nothing is learned yet").wait_for()
        page.screenshot(path="/tmp/power-orders.png", full_page=True)

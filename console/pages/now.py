"""*Now*: read from two metres away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui.elements.mixins.text_element import TextElement

from console.pages.frame import Visit, frame
from console.pages.governor import governor_panel
from console.pages.widgets import Fragment, MaybeChart, panel
from console.render import charts
from console.render import plan as draw_plan
from console.render.empty import empty
from console.render.gauge import ALARM_TONES, alarm_bar, figures, gauge, marks
from console.render.markup import Markup, join, tag
from console.render.meters import findings
from console.views.now import NowView, now_view
from console.views.plan import PlanView, plan_view
from words.speech import Words

SHOWN = 5
"""Findings on this page; *Findings* has more."""


def draw_gauge(view: NowView, words: Words) -> Markup:
    """The gauge in the alarm's colour."""
    return tag("div", gauge(view, words), marks(view, words), class_=f"gauge-{ALARM_TONES[view.alarm]}")


def draw_findings(view: NowView, words: Words) -> Markup:
    """What is abnormal."""
    return join(findings(view, words, SHOWN), tag("p", tag("a", words["incidents.all"], href="/findings"), class_="remark"))


def draw_advice(view: PlanView, words: Words) -> Markup:
    """How much advice lies open, with the way to it."""
    return tag("a", draw_plan.headline(view, words), href="/plan#advice", class_="plain-link")


def draw_empty(view: NowView, words: Words) -> Markup | None:
    """Why the last day has nothing to show; None where it has something."""
    return None if view.last_day_empty is None else empty(view.last_day_empty, view.now_utc, words)


def draw_today(view: NowView, words: Words) -> str:
    """The day's highest quarter hour in a line."""
    peak = view.today_peak
    if peak is None:
        return ""
    return tag("span", words.fill("now.today_peak", kw=words.unit(peak.power_kw, "kW"), time=words.time(peak.start_utc)))


async def now_page(visit: Visit) -> None:
    """Gauge, headroom, the last day, anomalies and open advice."""
    w, board = visit.words, visit.board

    async def drawn(draw: Callable[[NowView, Words], Any]) -> Any:
        return await board.drawn(now_view, (), draw, w)

    with frame(visit, "now") as every_second:

        async def refresh() -> None:
            alarm.show(await drawn(alarm_bar))
            await show_governor()
            grid.show(await drawn(_grid))
            await show_last_day()
            today.show(await drawn(draw_today))
            found.show(await drawn(draw_findings))
            advice.show(await board.drawn(plan_view, (), draw_advice, w))

        with panel(w["now.title"], "now-panel", heading=""):
            alarm = Fragment(await drawn(alarm_bar), role="status", aria_live="polite", aria_atomic="true")
            show_governor = await governor_panel(visit, refresh)
            grid = Fragment(await drawn(_grid))
        with panel(w["now.last_day"], "w-8"):
            chart = MaybeChart(w["chart.label_last_day"])
            today = Fragment(await drawn(draw_today), "remark")
        with panel(w["now.advice"], "w-4"):
            advice = Fragment(await board.drawn(plan_view, (), draw_advice, w))
            TextElement(tag="h2", text=w["now.findings"]).classes("second")
            found = Fragment(await drawn(draw_findings))

        async def show_last_day() -> None:
            chart.show(await drawn(charts.last_day_chart), await drawn(draw_empty), await drawn(charts.last_day_keys))

        await show_last_day()
        every_second(refresh)


def _grid(view: NowView, words: Words) -> Markup:
    return tag("div", draw_gauge(view, words), tag("div", figures(view, words)), class_="now-grid")

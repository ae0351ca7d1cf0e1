"""*Meters*: the tree, and one meter's day beside it."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from typing import Any

from nicegui import ui

from console.pages.frame import Visit, frame
from console.pages.outlook import Outlook
from console.pages.widgets import Fragment, MaybeChart, panel
from console.render import charts
from console.render import gaps as draw_gaps
from console.render import meters as draw
from console.render import platform as draw_devices
from console.render import scrap as draw_scrap
from console.render.empty import empty
from console.render.markup import Markup, join, tag
from console.views.gaps import meter_gaps_view
from console.views.meters import MeterDayView, MetersView, meter_day_view, meters_view
from console.views.scrap import scrap_view
from domain.instants import FIRST_YEAR, LAST_YEAR, as_utc
from domain.intervals import QUARTER
from quarters.numbers import quarter_start
from words.speech import Words

SCRAP_EVERY_S = 60.0


def day_links(view: MeterDayView, words: Words) -> Markup:
    """The day shown, and the ways to its neighbours."""

    def link(day: date, text: str) -> Markup:
        return tag("a", text, href=draw_gaps.address(view.meter, day.isoformat()))

    return join(
        tag("strong", words.day(view.day)),
        link(view.day - timedelta(days=1), words["meter.day_before"]),
        None if view.is_last else link(view.day + timedelta(days=1), words["meter.day_after"]),
    )


def draw_findings(view: MetersView, words: Words) -> Markup:
    """What is abnormal anywhere."""
    return join(draw.findings(view, words), tag("p", tag("a", words["incidents.all"], href="/findings"), class_="remark"))


def parse_day(text: str, otherwise: date) -> date:
    """The ISO date in an address; anything else, and what no calendar can count with, is `otherwise`."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else otherwise


def parse_instant(text: str) -> datetime | None:
    """The quarter hour that an ISO instant with zone in an address lies in; None of anything else."""
    try:
        return quarter_start(as_utc(datetime.fromisoformat(text)))
    except ValueError:
        return None


class DayDetail:
    """One meter's day on one person's screen: chart, the quarter hour looked at, sums and registers."""

    def __init__(self, visit: Visit, meter: str, day: date, first: bool, at_utc: datetime | None) -> None:
        self._visit, self.at_utc = visit, at_utc
        self._query = (meter_day_view, (meter, day, first))

    async def show(self) -> None:
        """Put everything into the panel that is open."""
        w, board = self._visit.words, self._visit.board
        view = await board.view(*self._flat())
        Fragment(day_links(view, w), "day-nav")
        Fragment(draw_gaps.revision_switch(view, w, self.at_utc))
        self._chart = MaybeChart(w["chart.label_meter"], "low", self._pick, charts.meter_day_keys(w))
        self._chart.show(await self._options(), self._why_not(view))
        self._story = Fragment(draw_gaps.quarter_story(view, w, self.at_utc), "story", role="status", aria_live="polite")
        self._summary = Fragment(await board.drawn(*self._query, draw.meter_summary, w))
        self._registers = Fragment(await board.drawn(*self._query, draw.channel_table, w))

    def _flat(self) -> tuple[Any, ...]:
        build, arguments = self._query
        return (build, *arguments)

    def _why_not(self, view: MeterDayView) -> Markup | None:
        # Columns of missing quarter hours are something to look at.
        return None if view.empty is None or view.missing else empty(view.empty, view.now_utc, self._visit.words)

    async def _options(self) -> dict[str, Any]:
        w = self._visit.words
        options: dict[str, Any] = await self._visit.board.drawn(*self._query, charts.meter_day_chart, w)
        return charts.with_pick(options, None if self.at_utc is None else charts.label_of(self.at_utc, w))

    async def _pick(self, place: int) -> None:
        view = await self._visit.board.view(*self._flat())
        if place in range(len(view.quarters)):  # a browser may send anything
            self.at_utc = view.from_utc + place * QUARTER
            await self.refresh()

    async def refresh(self) -> None:
        """Draw what is new."""
        w, board = self._visit.words, self._visit.board
        view = await board.view(*self._flat())
        self._chart.show(await self._options(), self._why_not(view))
        self._story.show(draw_gaps.quarter_story(view, w, self.at_utc))
        self._summary.show(await board.drawn(*self._query, draw.meter_summary, w))
        self._registers.show(await board.drawn(*self._query, draw.channel_table, w))


class ScrapPanel:
    """The account of scrap: a week of quarter hours, so it is looked at once a minute only."""

    def __init__(self, visit: Visit, shown: Fragment) -> None:
        self._visit, self._shown, self._looked_s = visit, shown, time.monotonic()

    @staticmethod
    async def opened(visit: Visit) -> ScrapPanel:
        """The panel with what is known now."""
        with panel(visit.words["scrap.title"]) as section:
            section.props["id"] = "scrap"
            return ScrapPanel(visit, Fragment(await visit.board.drawn(scrap_view, (), draw_scrap.table, visit.words)))

    async def refresh(self) -> None:
        """Draw what is new."""
        if time.monotonic() - self._looked_s >= SCRAP_EVERY_S:
            self._looked_s = time.monotonic()
            self._shown.show(await self._visit.board.drawn(scrap_view, (), draw_scrap.table, self._visit.words))


async def meters_page(visit: Visit, meter: str, day: str, at: str = "", revision: str = "") -> None:
    """The tree; the billing meter's day unless another is chosen, latest values unless the first published ones are chosen."""
    w, board = visit.words, visit.board
    plant = board.plant
    known = {m.id for m in plant.meters}
    billing = plant.billing_meter()
    fallback = billing.id if billing is not None else next(iter(known), "")
    chosen = meter if meter in known else fallback
    today = board.clock.now_utc().astimezone(plant.site.zone).date()
    shown = min(parse_day(day, today), today)

    def draw_tree(view: MetersView, words: Words) -> Markup:
        return draw.tree(view, words, chosen)

    with frame(visit, "meters") as every_second:
        with ui.element("div").classes("pair"):
            with panel(w["meters.title"], "w-8"):
                quiet = Fragment(await board.drawn(meters_view, (), draw.silence, w), role="status", aria_live="polite")
                troubles = Fragment(await board.drawn(meters_view, (), draw_devices.troubles, w))
                tree = Fragment(draw_tree(await board.view(meters_view), w))
            with panel(plant.meter_by_id(chosen).label if chosen else w["meters.title"], "w-4 detail") as section:
                section.props["id"] = "detail"
                if meter and meter not in known:
                    Fragment(tag("p", w.fill("meter.unknown", meter=meter), class_="tone-bad"))
                detail = DayDetail(visit, chosen, shown, revision == "first", parse_instant(at)) if chosen else None
                if detail is not None:
                    await detail.show()
        if chosen:
            with panel(w.fill("meter.forecast_of", meter=plant.meter_by_id(chosen).label)) as section:
                section.props["id"] = "forecast"
                outlook = Outlook(visit, chosen)
                await outlook.show()
            with panel(w.fill("gaps.of_meter", meter=plant.meter_by_id(chosen).label)) as section:
                section.props["id"] = "gaps"
                Fragment(tag("p", w.fill("gaps.note", days=plant.site.late_horizon_days), class_="remark above"))
                gaps = Fragment(await board.drawn(meter_gaps_view, (chosen,), draw_gaps.gap_table, w))
        with panel(w["findings.title"]):
            found = Fragment(await board.drawn(meters_view, (), draw_findings, w))
        scrap = await ScrapPanel.opened(visit) if any(board.plant.machines) else None

        async def refresh() -> None:
            quiet.show(await board.drawn(meters_view, (), draw.silence, w))
            troubles.show(await board.drawn(meters_view, (), draw_devices.troubles, w))
            tree.show(draw_tree(await board.view(meters_view), w))
            found.show(await board.drawn(meters_view, (), draw_findings, w))
            if scrap is not None:
                await scrap.refresh()
            if detail is not None:
                await detail.refresh()
                await outlook.show()
                gaps.show(await board.drawn(meter_gaps_view, (chosen,), draw_gaps.gap_table, w))

        every_second(refresh)

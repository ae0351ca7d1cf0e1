"""*Meters*: the tree, and one meter's day beside it."""

from __future__ import annotations

from datetime import date, timedelta

from console.pages.frame import Visit, frame
from console.pages.widgets import Chart, Fragment, panel
from console.render import charts
from console.render import meters as draw
from console.render.markup import Markup, icon, join, tag
from console.views.meters import MeterDayView, MetersView, meter_day_view, meters_view
from console.words import Words


def day_links(view: MeterDayView, words: Words) -> Markup:
    """The day shown, and the ways to its neighbours."""

    def link(day: date, text: str) -> Markup:
        return tag("a", text, href=f"/meters?meter={view.meter}&day={day.isoformat()}#detail")

    return join(
        tag("strong", words.day(view.day)),
        link(view.day - timedelta(days=1), words["meter.day_before"]),
        None if view.is_last else link(view.day + timedelta(days=1), words["meter.day_after"]),
    )


def silence(view: MetersView, words: Words) -> Markup:
    """How many meters are silent."""
    if not view.silent:
        return tag("p", icon("ok"), words["meters.none_silent"], class_="alarm tone-good small")
    key = "meters.one_silent" if view.silent == 1 else "meters.some_silent"
    return tag("p", icon("silent"), words.say(key, count=view.silent), class_="alarm tone-bad small")


def draw_findings(view: MetersView, words: Words) -> Markup:
    """What is abnormal anywhere."""
    return draw.findings(view.findings, words, sum(f.anomaly.eur_per_day for f in view.findings))


def parse_day(text: str, otherwise: date) -> date:
    """The ISO date in an address; anything else is `otherwise`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise


async def meters_page(visit: Visit, meter: str, day: str) -> None:
    """The tree; the billing meter's day unless another is chosen."""
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
        with panel(w["meters.title"], "w-8"):
            quiet = Fragment(await board.drawn(meters_view, (), silence, w), role="status", aria_live="polite")
            tree = Fragment(draw_tree(await board.view(meters_view), w))
        with panel(plant.meter_by_id(chosen).label if chosen else w["meters.title"], "w-4 detail") as section:
            section.props["id"] = "detail"
            if meter and meter not in known:
                Fragment(tag("p", w.say("meter.unknown", meter=meter), class_="tone-bad"))
            if chosen:
                detail = (meter_day_view, (chosen, shown))
                Fragment(await board.drawn(*detail, day_links, w), "day-nav")
                chart = Chart(await board.drawn(*detail, charts.meter_day_chart, w), w["chart.label_meter"], "low")
                Fragment(charts.meter_day_keys(w))
                summary = Fragment(await board.drawn(*detail, draw.meter_summary, w))
                registers = Fragment(await board.drawn(*detail, draw.channel_table, w))
        with panel(w["findings.title"]):
            found = Fragment(await board.drawn(meters_view, (), draw_findings, w))

        async def refresh() -> None:
            quiet.show(await board.drawn(meters_view, (), silence, w))
            tree.show(draw_tree(await board.view(meters_view), w))
            found.show(await board.drawn(meters_view, (), draw_findings, w))
            if chosen:
                chart.show(await board.drawn(*detail, charts.meter_day_chart, w))
                summary.show(await board.drawn(*detail, draw.meter_summary, w))
                registers.show(await board.drawn(*detail, draw.channel_table, w))

        every_second(refresh)

"""*Reports*: choose a month, a quarter, a year or days, make the report, take it home."""

from __future__ import annotations

from nicegui import ui

from console.pages.frame import Visit, frame
from console.pages.widgets import Button, Entry, Fragment, panel
from console.render.markup import Markup, icon, join, tag
from console.reports import MadeReport
from console.views.reports import Reportable, periods_view
from console.views.scene import Scene
from domain.errors import LastgangError
from reporting.periods import period_of
from reporting.progress import step_text
from words.speech import Words

DAYS = "days"
"""The choice of days of one's own."""


def made(reports: tuple[MadeReport, ...], words: Words) -> Markup:
    """What lies ready, with the ways to fetch it."""
    if not reports:
        return tag("p", words["reports.none"])
    return join(
        *(
            tag(
                "div",
                tag("h3", words.period(report.period)),
                tag("a", words["reports.zip"], href=f"/api/v1/reports/{report.period}.zip", download=True),
                tag("span", words.fill("reports.files", count=len(report.files), size=size(report.size, words)), class_="soft"),
                tag(
                    "ul",
                    *(
                        tag(
                            "li",
                            tag("a", name, href=f"/api/v1/reports/{report.period}/files/{name}", download=True),
                            f" {size(n, words)}",
                        )
                        for name, n in report.files
                    ),
                ),
                class_="report",
            )
            for report in reports
        )
    )


def size(count: int, words: Words) -> str:
    """Bytes in the unit that fits."""
    return words.unit(count / 1000, "kB", 1) if count < 1_000_000 else words.unit(count / 1e6, "MB", 1)


def label_of(chosen: str, first: str, last: str) -> str | None:
    """The label of what is chosen; None where days are, and they make no span."""
    label = f"{first}--{last}" if chosen == DAYS else chosen
    try:
        return period_of(label, "UTC").label
    except ValueError:
        return None


def _today(scene: Scene) -> str:
    return scene.day().isoformat()


def _show(visible: bool, *fields: ui.element) -> None:
    for field in fields:
        field.set_visibility(visible)


async def reports_page(visit: Visit) -> None:
    """The form and the shelf."""
    w, console = visit.words, visit.console
    periods: tuple[Reportable, ...] = await visit.board.view(periods_view)
    over = {one.label: one.over for one in periods}
    today = await visit.board.view(_today)
    waiting: list[str] = []
    with frame(visit, "reports") as every_second:
        with panel(w["reports.title"]):
            ui.html(tag("p", w["reports.intro"]), sanitize=False)
            if not periods:
                ui.html(tag("p", w["reports.no_months"]), sanitize=False)
            else:
                with ui.element("div").classes("form-row"):
                    with ui.element("div"):
                        options = [(one.label, w.period(one.label)) for one in periods]
                        period = Entry(w["reports.period"], value=periods[0].label, options=[*options, (DAYS, w["reports.days"])])
                    with ui.element("div") as days:
                        first = Entry(w["reports.first"], kind="date")
                    with ui.element("div") as until:
                        last = Entry(w["reports.last"], kind="date")
                    for field in (days, until):
                        field.set_visibility(False)
                    period.on("input", lambda event: _show(event.args == DAYS, days, until), js_handler="e => emit(e.target.value)")
                    token = None
                    if console.access.needs_token:
                        with ui.element("div"):
                            token = Entry(w["advice.token"], kind="password")

                    async def make() -> None:
                        name = label_of(period.value, first.value, last.value)
                        if name is None:
                            status.show(tag("span", icon("stop"), w["reports.not_days"], class_="chip plain tone-bad"))
                            return
                        if token is not None and not console.access.allows(token.value):
                            status.show(tag("span", icon("stop"), w["advice.token_wrong"], class_="chip plain tone-bad"))
                            return
                        button.enable(False)
                        waiting.append(name)
                        status.show(tag("span", icon("wait"), w["reports.making"], class_="chip plain"))
                        try:
                            await console.shelf.make(name)
                            note = "" if over.get(name, name[-10:] < today) else f" ({w['reports.preliminary']})"
                            text = w.fill("reports.made", month=w.period(name)) + note
                            status.show(tag("span", icon("ok"), text, class_="chip plain tone-good"))
                        except (LastgangError, OSError, TimeoutError) as error:
                            text = w.fill("reports.failed", month=w.period(name), why=error)
                            status.show(tag("p", icon("stop"), text, class_="tone-bad"))
                        finally:
                            waiting.remove(name)
                            button.enable(True)
                            shelf.show(made(console.shelf.made(), w))

                    button = Button(w["reports.make"], make, "primary")
                status = Fragment("", "remark", role="status", aria_live="polite")
        with panel(w["reports.ready"]):
            shelf = Fragment(made(console.shelf.made(), w))

        async def refresh() -> None:
            for one in console.shelf.making():
                if one.period in waiting and one.step is not None:
                    status.show(tag("span", icon("wait"), f"{w['reports.making']} {step_text(one.step, w)}", class_="chip plain"))
            shelf.show(made(console.shelf.made(), w))

        every_second(refresh)

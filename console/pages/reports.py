"""*Reports*: choose a month, make its report, take it home."""

from __future__ import annotations

from nicegui import ui

from console.pages.frame import Visit, frame
from console.pages.widgets import Button, Entry, Fragment, panel
from console.render.markup import Markup, icon, join, tag
from console.reports import MadeReport
from console.views.reports import Month, months_view
from domain.errors import LastgangError
from words.speech import Words


def made(reports: tuple[MadeReport, ...], words: Words) -> Markup:
    """What lies ready, with the ways to fetch it."""
    if not reports:
        return tag("p", words["reports.none"])
    return join(
        *(
            tag(
                "div",
                tag("h3", words.month(report.month)),
                tag("a", words["reports.zip"], href=f"/api/v1/reports/{report.month}.zip", download=True),
                tag("span", words.fill("reports.files", count=len(report.files), size=size(report.size, words)), class_="soft"),
                tag(
                    "ul",
                    *(
                        tag(
                            "li",
                            tag("a", name, href=f"/api/v1/reports/{report.month}/files/{name}", download=True),
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


async def reports_page(visit: Visit) -> None:
    """The form and the shelf."""
    w, console = visit.words, visit.console
    months: tuple[Month, ...] = await visit.board.view(months_view)
    over = {m.name: m.over for m in months}
    with frame(visit, "reports") as every_second:
        with panel(w["reports.title"]):
            ui.html(tag("p", w["reports.intro"]), sanitize=False)
            if not months:
                ui.html(tag("p", w["reports.no_months"]), sanitize=False)
            else:
                with ui.element("div").classes("form-row"):
                    with ui.element("div"):
                        month = Entry(w["reports.month"], value=months[0].name, options=[(m.name, w.month(m.name)) for m in months])
                    token = None
                    if console.access.needs_token:
                        with ui.element("div"):
                            token = Entry(w["advice.token"], kind="password")

                    async def make() -> None:
                        name = month.value
                        if token is not None and not console.access.allows(token.value):
                            status.show(tag("span", icon("stop"), w["advice.token_wrong"], class_="chip plain tone-bad"))
                            return
                        button.enable(False)
                        status.show(tag("span", icon("wait"), w["reports.making"], class_="chip plain"))
                        try:
                            await console.shelf.make(name)
                            note = "" if over.get(name) else f" ({w['reports.preliminary']})"
                            text = w.fill("reports.made", month=w.month(name)) + note
                            status.show(tag("span", icon("ok"), text, class_="chip plain tone-good"))
                        except (LastgangError, OSError, TimeoutError) as error:
                            text = w.fill("reports.failed", month=w.month(name), why=error)
                            status.show(tag("p", icon("stop"), text, class_="tone-bad"))
                        finally:
                            button.enable(True)
                            shelf.show(made(console.shelf.made(), w))

                    button = Button(w["reports.make"], make, "primary")
                status = Fragment("", "remark", role="status", aria_live="polite")
        with panel(w["reports.ready"]):
            shelf = Fragment(made(console.shelf.made(), w))

        async def refresh() -> None:
            shelf.show(made(console.shelf.made(), w))

        every_second(refresh)

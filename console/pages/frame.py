"""Head, navigation, language, brightness: what all pages share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

import structlog
from fastapi import Request
from nicegui import ui

from console.board import Board
from console.context import Console
from console.pages.widgets import Fragment
from console.render.markup import Markup, icon, join, tag
from domain.texts import KEY_LENGTH, printable
from words.catalogue import language_for, languages, texts
from words.speech import Words, of_page

PAGES = (
    ("now", "/"),
    ("plan", "/plan"),
    ("orders", "/orders"),
    ("findings", "/findings"),
    ("meters", "/meters"),
    ("figures", "/key-figures"),
    ("reports", "/reports"),
    ("analyse", "/analyse"),
    ("platform", "/platform"),
)
Theme = Literal["auto", "light", "dark"]
NEXT_THEME: dict[Theme, Theme] = {"auto": "dark", "dark": "light", "light": "auto"}
DARK: dict[Theme, bool | None] = {"auto": None, "dark": True, "light": False}
LANGUAGE_COOKIE, THEME_COOKIE, NAME_COOKIE = "lastgang_language", "lastgang_theme", "lastgang_name"
REFRESH_S = 1.0


@dataclass(frozen=True)
class Visit:
    """One person's page: whose words, which console."""

    console: Console
    words: Words
    theme: Theme
    path: str
    person: str

    @property
    def board(self) -> Board:
        """Where views come from."""
        return self.console.board


def visit_of(console: Console, request: Request) -> Visit:
    """Language and brightness by cookie, language else by the browser's wish."""
    cookies = request.cookies
    language = language_for(cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language"))
    theme = cookies.get(THEME_COOKIE)
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Visit(
        console=console,
        words=of_page(language, console.board.plant.site.zone),
        theme=theme if theme in DARK else "auto",
        path=path,
        person=printable(unquote(cookies.get(NAME_COOKIE, "")), KEY_LENGTH),
    )


def navigation(visit: Visit, current: str) -> Markup:
    """Links to all pages."""
    w = visit.words
    return join(
        *(
            tag("a", icon(key), tag("span", w[f"nav.{key}"]), href=path, aria_current="page" if key == current else None)
            for key, path in PAGES
        )
    )


def switches(visit: Visit) -> Markup:
    """Language and brightness as links, so that they work before any script does."""
    w, to = visit.words, quote(visit.path, safe="")
    theme = w[f"page.theme_{visit.theme}"]
    return join(
        tag(
            "a",
            icon("theme"),
            href=f"/theme/{NEXT_THEME[visit.theme]}?to={to}",
            aria_label=w.fill("page.theme_label", now=theme),
            title=w.fill("page.theme_label", now=theme),
        ),
        *(_language_link(other, to) for other in languages() if other != w.language),
    )


def _language_link(other: str, to: str) -> Markup:
    """A way to another language, in its own words."""
    name, label = texts(other)["language.short"], texts(other)["language.switch_to"]
    return tag("a", name, href=f"/language/{other}?to={to}", lang=other, hreflang=other, aria_label=label)


def clock_text(visit: Visit) -> Markup:
    """The plant's time; how fast it runs, where it does not run as ours."""
    clock, w = visit.console.board.clock, visit.words
    speed = tag("small", w.fill("page.speed", speed=w.number(clock.speed))) if clock.speed > 1 else None
    return join(w.clock(clock.now_utc()), speed)


@contextmanager
def frame(visit: Visit, current: str) -> Iterator[Callable[[Callable[[], Awaitable[None]]], None]]:
    """The page around its content; hands out a function that takes what is to be done every second."""
    w = visit.words
    site = visit.console.board.plant.site
    ui.page_title(f"{w[f'nav.{current}']} · {site.name or site.id} · {w['page.title']}")
    ui.add_head_html(f'<script>document.documentElement.lang="{w.language}"</script>')
    ui.dark_mode(DARK[visit.theme])
    with ui.element("header").classes("top"), ui.element("div").classes("top-in"):
        Fragment(join("Lastgang", tag("span", site.name or site.id)), "brand")
        with ui.element("nav").classes("nav") as nav:
            nav.props["aria-label"] = w["page.navigation"]
            ui.html(navigation(visit, current), sanitize=False).style("display: contents")
        with ui.element("div").classes("top-right"):
            clock = Fragment(clock_text(visit), "plant-clock", role="timer", aria_label=w["page.time_label"], aria_live="off")
            ui.html(switches(visit), sanitize=False).style("display: contents")
    main = ui.element("main").classes("content")
    main.props["tabindex"] = "-1"
    ui.skip_link(w["page.skip"], target=main)
    jobs: list[Callable[[], Awaitable[None]]] = []
    with main:
        yield jobs.append
    log = structlog.get_logger("console")

    async def tick() -> None:
        clock.show(clock_text(visit))
        for job in jobs:
            try:
                await job()
            except Exception as error:  # one part that fails must not stop the others, nor the clock
                log.warning("page_part_failed", page=current, error=repr(error))

    ui.timer(REFRESH_S, tick, immediate=False)

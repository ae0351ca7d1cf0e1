"""*Platform*: is the chain whole, and what does it cost."""

from __future__ import annotations

from collections.abc import Callable

from console.pages.frame import Visit, frame
from console.pages.widgets import Fragment, panel
from console.render import platform as draw
from console.render.markup import Markup
from console.views.platform import PlatformView, platform_view
from words.speech import Words

PARTS: tuple[tuple[str, str, Callable[[PlatformView, Words], Markup]], ...] = (
    ("platform.title", "", draw.overview),
    ("platform.own", "", draw.own_use),
    ("platform.connections", "w-7", draw.connections),
    ("platform.rejected", "w-5", draw.rejected),
    ("platform.processes", "", draw.processes),
)


async def platform_page(visit: Visit) -> None:
    """Five parts, each brought up to date when it changes."""
    w, board = visit.words, visit.board
    with frame(visit, "platform") as every_second:
        shown = []
        for title, css, part in PARTS:
            with panel(w[title], css):
                shown.append((Fragment(await board.drawn(platform_view, (), part, w)), part))

        async def refresh() -> None:
            for fragment, part in shown:
                fragment.show(await board.drawn(platform_view, (), part, w))

        every_second(refresh)

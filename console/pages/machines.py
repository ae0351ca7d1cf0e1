"""The page of one machine: health, channels, what is abnormal in it."""

from __future__ import annotations

from urllib.parse import urlencode

from console.pages.frame import Visit, frame
from console.pages.widgets import Fragment, panel
from console.render import machines as draw
from console.render.markup import SHORT, Markup, coded, cut, icon, tag
from console.render.meters import finding
from console.views.machines import MachineView, machine_view
from words.speech import Words


def _links(view: MachineView, words: Words) -> Markup:
    meter = None if view.meter is None else tag("a", words["machines.to_meter"], href=f"/meters?{urlencode({'meter': view.meter})}")
    return tag(
        "p", tag("a", words["machines.to_findings"], href="/findings"), " · " if meter else None, meter, class_="remark above"
    )


def _findings(view: MachineView, words: Words) -> Markup:
    if not view.findings:
        return tag("p", icon("ok"), words["machines.nothing_found"], class_="alarm tone-good small")
    return tag("ul", *(finding(one, words) for one in view.findings), class_="findings")


async def machine_page(visit: Visit, machine: str) -> None:
    """Health and trend first: they say whether to go there."""
    w, board = visit.words, visit.board
    view = await board.view(machine_view, machine)
    with frame(visit, "findings") as every_second:
        if view is None:
            with panel(w["machines.title"]):
                Fragment(tag("p", w.fill("machines.no_such", machine=cut(machine, SHORT)), class_="tone-bad"))
                Fragment(tag("p", tag("a", w["machines.to_findings"], href="/findings")))
            return
        with panel(view.label, "w-6"):
            Fragment(_links(view, w))
            head = Fragment(draw.head(view, w), role="status", aria_live="off")
        with panel(w["machines.findings"], "w-6"):
            found = Fragment(_findings(view, w))
        with panel(w["machines.channels"]) as section:
            section.props["id"] = "channels"
            channels = Fragment(draw.channels(view, w))
            Fragment(tag("p", coded(w["machines.limits_note"]), class_="remark"))

        async def refresh() -> None:
            newest = await board.view(machine_view, machine)
            if newest is not None:
                head.show(draw.head(newest, w))
                found.show(_findings(newest, w))
                channels.show(draw.channels(newest, w))

        every_second(refresh)

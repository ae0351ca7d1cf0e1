"""*Findings*: what is abnormal, what it rests on, what to check first, and what people say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from console.pages.feedback import FeedbackRow, Reporter, take_back_button
from console.pages.frame import Visit, frame
from console.pages.widgets import Fragment, panel
from console.render import incidents as draw
from console.render import machines as draw_machines
from console.render.markup import tag
from console.views.feedback import FeedbackEntry, feedback_view
from console.views.findings import MOST_SHOWN
from console.views.incidents import Incident, IncidentGroup, IncidentsView, incident_view, incidents_view
from console.views.machines import machine_rows
from domain.anomalies import Nature
from words.speech import Words


class IncidentCard:
    """One incident with its buttons."""

    def __init__(self, incident: Incident, view: IncidentsView, visit: Visit, reporter: Reporter) -> None:
        self._words = visit.words
        with ui.element("article").classes(f"advice incident nature-{incident.finding.anomaly.kind.nature}"):
            self._body = Fragment()
            self._row = FeedbackRow(incident, visit, reporter)
        self.show(incident, view)

    def show(self, incident: Incident, view: IncidentsView) -> None:
        """Bring the card up to date."""
        self._body.show(draw.card(incident, view, self._words))
        self._row.show(incident)


class IncidentCards:
    """The cards of one group, rebuilt only when other incidents lie open or their order changes."""

    def __init__(self, visit: Visit, reporter: Reporter) -> None:
        self._visit, self._reporter = visit, reporter
        self._holder = ui.element("div").classes("cards")
        self._cards: dict[str, IncidentCard] = {}

    def show(self, incidents: tuple[Incident, ...], view: IncidentsView) -> None:
        """Bring all cards up to date."""
        if [one.finding.anomaly.anomaly for one in incidents] != list(self._cards):
            self._holder.clear()
            with self._holder:
                self._cards = {
                    one.finding.anomaly.anomaly: IncidentCard(one, view, self._visit, self._reporter) for one in incidents
                }
            return
        for one in incidents:
            self._cards[one.finding.anomaly.anomaly].show(one, view)


class Groups:
    """One panel for each nature that has incidents; waste, wear, scrap and data faults are never mixed."""

    def __init__(self, visit: Visit, reporter: Reporter) -> None:
        self._visit, self._reporter = visit, reporter
        self._holder = ui.element("div").style("display: contents")
        self._panels: dict[Nature, tuple[Fragment, IncidentCards]] = {}

    def show(self, view: IncidentsView) -> None:
        """Bring all groups up to date."""
        if [group.nature for group in view.groups] != list(self._panels):
            self._holder.clear()
            with self._holder:
                self._panels = {group.nature: self._panel(group) for group in view.groups}
        for group in view.groups:
            head, cards = self._panels[group.nature]
            head.show(draw.group_head(group, self._visit.words))
            cards.show(group.incidents, view)

    def _panel(self, group: IncidentGroup) -> tuple[Fragment, IncidentCards]:
        with panel(self._visit.words[f"nature.{group.nature}"], f"nature-{group.nature}") as section:
            section.props["id"] = group.nature.value
            return Fragment(), IncidentCards(self._visit, self._reporter)


class FeedbackList:
    """What people reported, a line each, with a way to take back what holds."""

    def __init__(self, visit: Visit, reporter: Reporter) -> None:
        self._visit, self._reporter = visit, reporter
        self._holder = ui.element("div").classes("given")
        self._shown: list[FeedbackEntry] | None = None

    def show(self, entries: list[FeedbackEntry]) -> None:
        """Bring it up to date."""
        if entries == self._shown:
            return
        w, self._shown = self._visit.words, entries
        self._holder.clear()
        with self._holder:
            if not entries:
                Fragment(tag("p", w["incidents.none_given"], class_="remark above"))
            for one in entries:
                with ui.element("p"):
                    Fragment(draw.feedback_line(one, w))
                    if one.holds:
                        take_back_button(one.feedback.anomaly, draw.feedback_name(one, w), self._visit, self._reporter)


async def findings_page(visit: Visit, incident: str = "") -> None:
    """All groups; the one that an address names stands first, open or ended."""
    w, board = visit.words, visit.board

    async def drawn(what: Callable[[IncidentsView, Words], Any]) -> Any:
        return await board.drawn(incidents_view, (), what, w)

    with frame(visit, "findings") as every_second:
        chosen: IncidentCard | None = None

        async def refresh() -> None:
            view = await board.view(incidents_view)
            head.show(await drawn(draw.headline))
            groups.show(view)
            machines.show(draw_machines.rows(await board.view(machine_rows), w))
            ended.show(await drawn(draw.ended))
            given.show(await board.view(feedback_view, MOST_SHOWN))
            if chosen is not None and (one := await board.view(incident_view, incident)) is not None:
                chosen.show(one, view)

        reporter = Reporter(visit, refresh)
        view = await board.view(incidents_view)
        if incident:
            with panel(w["incidents.chosen"]) as section:
                section.props["id"] = "chosen"
                one = await board.view(incident_view, incident)
                if one is None:
                    Fragment(tag("p", w.fill("incidents.unknown", name=incident), class_="tone-bad"))
                else:
                    chosen = IncidentCard(one, view, visit, reporter)
        with panel(w["nav.findings"]):
            head = Fragment(await drawn(draw.headline), role="status", aria_live="polite")
        groups = Groups(visit, reporter)
        groups.show(view)
        with panel(w["machines.title"]) as section:
            section.props["id"] = "machines"
            machines = Fragment(draw_machines.rows(await board.view(machine_rows), w))
        with panel(w["incidents.ended"]) as section:
            section.props["id"] = "ended"
            ended = Fragment(await drawn(draw.ended))
        with panel(w["incidents.given"]) as section:
            section.props["id"] = "given"
            given = FeedbackList(visit, reporter)
            given.show(await board.view(feedback_view, MOST_SHOWN))
        every_second(refresh)

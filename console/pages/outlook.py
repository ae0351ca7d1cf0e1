"""What a meter is expected to draw, on the page *Meters*."""

from __future__ import annotations

from nicegui import ui

from console.pages.frame import Visit
from console.pages.widgets import Chart, Fragment
from console.render import charts
from console.render import outlook as draw
from console.views.outlook import OutlookView, outlook_view


class Outlook:
    """One meter's today and tomorrow on one person's screen; a remark while there is no forecast."""

    def __init__(self, visit: Visit, meter: str) -> None:
        self._visit, self._query = visit, (meter,)
        self._holder = ui.element("div").classes("outlook")
        self._chart: Chart | None = None
        self._words: Fragment | None = None

    async def show(self) -> None:
        """Bring it up to date."""
        w, board = self._visit.words, self._visit.board
        view = await board.view(outlook_view, *self._query)
        remarks = await board.drawn(outlook_view, self._query, draw.outlook_words, w)
        options = await board.drawn(outlook_view, self._query, charts.outlook_chart, w)
        if self._words is None or (self._chart is None) != (view.forecast is None):
            self._build(view)
        if self._chart is not None:
            self._chart.show(options)
        if self._words is not None:
            self._words.show(remarks)

    def _build(self, view: OutlookView) -> None:
        w = self._visit.words
        self._holder.clear()
        with self._holder:
            self._chart = None
            if view.forecast is not None:
                with ui.element("div"):
                    self._chart = Chart(charts.outlook_chart(view, w), w["chart.label_outlook"])
                    Fragment(charts.outlook_keys(w))
            self._words = Fragment()

"""*Key figures*: energy per unit, standby, savings of measures; and a form for measures and events."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from connectors.measures.judging import Outcome
from console.pages.frame import Visit, frame
from console.pages.widgets import Button, Entry, Fragment, panel
from console.render import key_figures as draw
from console.render.markup import icon, tag
from console.views.key_figures import FiguresView
from domain.entered_measures import FIRST_REVISION, EnteredMeasure, EntryKind
from domain.errors import LastgangError
from domain.texts import printable

FIELDS = ("kind", "id", "first", "complete", "last", "description", "meters", "kwh_per_day", "by")
KINDS = {"first": "date", "complete": "date", "last": "date"}


class MeasureForm:
    """What one person enters and takes back."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._shown: tuple[EnteredMeasure, ...] | None = None
        w = visit.words
        self._list = ui.element("div").classes("shift-changes")
        with ui.element("div").classes("shift-form"):
            self._entries = {name: self._entry(name) for name in FIELDS}
            self._token: Entry | None = None
            if visit.console.access.needs_token:
                with ui.element("div"):
                    self._token = Entry(w["advice.token"], kind="password")
            self._save = Button(w["figures.save"], self._saved, "primary")
        self._status = Fragment("", "remark", role="status", aria_live="polite")

    def _entry(self, name: str) -> Entry:
        w = self._visit.words
        options = [(kind.value, w[f"figures.kind.{kind}"]) for kind in EntryKind] if name == "kind" else None
        if name == "meters":
            options = [("", "–"), *((meter.id, meter.label) for meter in self._visit.board.plant.meters)]
        first = {"kind": EntryKind.MEASURE.value, "by": self._visit.person}.get(name, "")
        with ui.element("div"):
            return Entry(w[f"figures.field.{name}"], KINDS.get(name, "text"), first, options)

    def show(self, view: FiguresView) -> None:
        """Bring the list up to date; the form stays as it is."""
        if view.entered == self._shown:
            return
        w, self._shown = self._visit.words, view.entered
        self._list.clear()
        with self._list:
            for one in view.entered:
                with ui.element("p"):
                    text = draw.entry_text(one, w)
                    Fragment(tag("span", text))
                    Button(w["figures.withdraw"], partial(self._withdrawn, one), label=f"{w['figures.withdraw']}: {text}")

    def _report(self, sign: str, tone: str, text: str) -> None:
        self._status.show(tag("p", icon(sign), text, class_=tone))

    def _may(self) -> bool:
        if self._token is None or self._visit.console.access.allows(self._token.value):
            return True
        self._report("stop", "tone-bad", self._visit.words["advice.token_wrong"])
        return False

    def _stated(self) -> EnteredMeasure:
        typed = {name: entry.value.strip() for name, entry in self._entries.items()}
        board, kwh = self._visit.board, typed["kwh_per_day"].replace(",", ".")
        for name in ("id", "first"):
            if not typed[name]:
                msg = f"{self._visit.words[f'figures.field.{name}']}: –"
                raise ValueError(msg)
        return EnteredMeasure(
            board.plant.site.id, printable(typed["id"], 200), FIRST_REVISION, EntryKind(typed["kind"]), typed["first"], board.clock.now_utc(),
            typed["complete"] or None, typed["last"] or None, printable(typed["description"], 1000),
            (typed["meters"],) if typed["meters"] else (), float(kwh) if kwh else None, printable(typed["by"], 200),
        )  # fmt: skip

    async def _saved(self) -> None:
        if not self._may():
            return
        w = self._visit.words
        self._save.enable(False)
        try:
            (result,) = await self._visit.board.measures.put([self._stated()])
            self._report("ok", "tone-good", w["figures.unchanged" if result.outcome is Outcome.UNCHANGED else "figures.saved"])
        except (LastgangError, ValueError) as error:
            self._report("stop", "tone-bad", w.fill("orders.failed", why=error))
        finally:
            self._save.enable(True)

    async def _withdrawn(self, one: EnteredMeasure) -> None:
        if not self._may():
            return
        w = self._visit.words
        try:
            await self._visit.board.measures.take_back(one.measure, printable(self._entries["by"].value, 200))
            self._report("ok", "tone-good", w["figures.withdrawn"])
        except LastgangError as error:
            self._report("stop", "tone-bad", w.fill("orders.failed", why=error))


async def key_figures_page(visit: Visit) -> None:
    """What a unit takes first, then what was saved, then what all of it rests on."""
    w, board = visit.words, visit.board
    view = await board.view(board.figures.view)
    with frame(visit, "figures") as every_second:
        with panel(w["figures.energies"]):
            energies = Fragment(draw.energies(view, w))
        with panel(w["figures.savings"]) as section:
            section.props["id"] = "savings"
            savings = Fragment(draw.savings(view, w))
        with panel(w["figures.standby"], "w-6"):
            standby = Fragment(draw.standby(view, w))
        with panel(w["figures.baselines"], "w-6"):
            baselines = Fragment(draw.baselines(view, w))
        with panel(w["figures.measures"]) as section:
            section.props["id"] = "measures"
            form = MeasureForm(visit)
            form.show(view)
        shown = view

        async def refresh() -> None:
            nonlocal shown
            newest = await board.view(board.figures.view)
            form.show(newest)
            if newest.found is not shown.found:
                energies.show(draw.energies(newest, w))
                savings.show(draw.savings(newest, w))
                standby.show(draw.standby(newest, w))
                baselines.show(draw.baselines(newest, w))
            shown = newest

        every_second(refresh)

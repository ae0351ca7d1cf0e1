"""The panel *Shifts*: four weeks of the calendar, a form to enter a change, and the changes that hold, to withdraw."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from connectors.shifts.judging import Judgement, Outcome
from connectors.shifts.rows import rows_of_objects
from console.pages.frame import Visit
from console.pages.widgets import Button, Entry, Fragment
from console.render import shifts as draw
from console.render.markup import icon, join, tag
from console.views.shifts import ShiftCalendar, shift_calendar
from domain.errors import LastgangError
from domain.shift_changes import ShiftChange
from domain.texts import printable
from words.shift_faults import fault_text, limit_text

SOURCE = "page"
FIELDS = ("shift", "day", "worked", "from", "to", "crew", "reason", "by")
KINDS = {"day": "date", "from": "time", "to": "time"}


class ShiftPanel:
    """What one person sees and types."""

    def __init__(self, visit: Visit, content: ShiftCalendar) -> None:
        w = visit.words
        self._visit, self._content = visit, content
        Fragment(tag("p", w["shifts.intro"]))
        self._calendar = Fragment()
        self._list = ui.element("div").classes("shift-changes")
        with ui.element("div").classes("shift-form"):
            self._entries = {name: self._entry(name) for name in FIELDS}
            self._token: Entry | None = None
            if visit.console.access.needs_token:
                with ui.element("div"):
                    self._token = Entry(w["advice.token"], kind="password")
            self._save = Button(w["shifts.save"], self._saved, "primary")
        self._status = Fragment("", "remark", role="status", aria_live="polite")
        self._draw()

    def _entry(self, name: str) -> Entry:
        w, plant = self._visit.words, self._visit.board.plant
        options = {
            "shift": [(one.id, one.name or one.id) for one in plant.shifts],
            "worked": [(key, w[f"shifts.{key}"]) for key in ("yes", "no", "usual")],
            "crew": [("", w["shifts.usual_crew"]), *((one.id, one.name or one.id) for one in plant.crews)],
        }.get(name)
        first = {"shift": options[0][0] if options else "", "worked": "yes", "by": self._visit.person}.get(name, "")
        with ui.element("div"):
            return Entry(w[f"shifts.column.{name}"], KINDS.get(name, "text"), first, options)

    def _draw(self) -> None:
        plant, w = self._visit.board.plant, self._visit.words
        self._calendar.show(draw.calendar(self._content, plant, w))
        self._list.clear()
        with self._list:
            for change in self._content.changes:
                with ui.element("p"):
                    text = draw.change_text(change, plant, w)
                    Fragment(tag("span", text))
                    Button(
                        w["shifts.withdraw"],
                        partial(self._withdrawn, change),
                        label=w.fill("shifts.withdraw_label", change=text),
                    )

    def _may(self) -> bool:
        if self._token is None or self._visit.console.access.allows(self._token.value):
            return True
        self._show("stop", "tone-bad", self._visit.words["advice.token_wrong"])
        return False

    def _show(self, sign: str, tone: str, *texts: str) -> None:
        self._status.show(
            join(*(tag("p", icon(sign) if number == 0 else None, text, class_=tone) for number, text in enumerate(texts)))
        )

    async def _saved(self) -> None:
        if not self._may():
            return
        stated = {name: entry.value for name, entry in self._entries.items()}
        self._save.enable(False)
        try:
            self._report(await self._visit.board.shifts.put(rows_of_objects([stated], SOURCE)))
        except LastgangError as error:
            self._show("stop", "tone-bad", self._visit.words.fill("orders.failed", why=error))
        finally:
            self._save.enable(True)
        await self.refresh()

    def _report(self, judgement: Judgement) -> None:
        w, plant = self._visit.words, self._visit.board.plant
        if judgement.faults:
            named = [(w[f"shifts.column.{one.fault.field}"], fault_text(one.fault, w)) for one in judgement.faults]
            self._show("stop", "tone-bad", *(f"{heading}: {text}" for heading, text in named))
        elif judgement.count(Outcome.UNCHANGED):
            self._show("ok", "tone-quiet", w["orders.nothing"])
        elif judgement.broken:
            self._show("warning", "tone-warn", *(limit_text(one, plant, w) for one in judgement.broken))
        else:
            self._show("ok", "tone-good", w["shifts.saved"])

    async def _withdrawn(self, change: ShiftChange) -> None:
        if not self._may():
            return
        w = self._visit.words
        try:
            await self._visit.board.shifts.withdraw(change.shift, change.day_local, printable(self._entries["by"].value, 200))
            self._show("ok", "tone-good", w["shifts.withdrawn"])
        except LastgangError as error:
            self._show("stop", "tone-bad", w.fill("orders.failed", why=error))
        await self.refresh()

    async def refresh(self) -> None:
        """Show what others have entered; the form stays as it is."""
        content = await self._visit.board.view(shift_calendar)
        if content != self._content:
            self._content = content
            self._draw()

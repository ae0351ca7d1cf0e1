"""*Orders*: a sheet to type or paste into; saving it hands in what has changed. Below it the shifts."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from connectors.orders.judging import Judgement, Outcome
from connectors.orders.known import PAGE_SOURCE
from console.pages.frame import Visit, frame
from console.pages.shifts import ShiftPanel
from console.pages.widgets import Button, Entry, Fragment, panel
from console.render import job_powers as draw_powers
from console.render import orders as draw
from console.render.markup import icon, join, tag
from console.views.job_powers import learned_powers
from console.views.orders import OrderSheet, StandingOrders, standing_orders
from console.views.shifts import shift_calendar
from domain.errors import LastgangError

MOST_PASTED = 30_000
"""Characters of one block: a browser's message may have 64 KiB."""
ON_CHANGE = "e => { const d = e.target.dataset; if (d.row) emit(d.row, d.column, e.target.type === 'checkbox' ? e.target.checked : e.target.value); }"
ON_CLICK = "e => { const b = e.target.closest('button'); if (b && b.dataset.row) emit(b.dataset.row, b.dataset.column, true); }"
ON_PASTE = (
    "e => { const d = e.target.dataset, text = e.clipboardData.getData('text/plain'); if (!d.row || !/[\\t\\n\\r]/.test(text.trim())) return; "
    f"e.preventDefault(); emit(d.row, d.column, text.length > {MOST_PASTED} ? null : text); }}"
)


class SheetEditor:
    """The sheet on one person's screen."""

    def __init__(self, visit: Visit, standing: StandingOrders) -> None:
        w = visit.words
        self._visit, self._standing = visit, standing
        self._sheet = OrderSheet(visit.board.plant, w, standing.orders)
        self._is_saving = False
        Fragment(tag("p", w["orders.intro"]))
        self._left_out = Fragment("", "remark")
        ui.html(draw.choices(visit.board.plant, w), sanitize=False)
        holder = ui.element("div").classes("sheet")
        with holder:
            self._table = Fragment()
        holder.on("change", self._typed, js_handler=ON_CHANGE)
        holder.on("paste", self._pasted, js_handler=ON_PASTE)
        holder.on("click", self._reported, js_handler=ON_CLICK)
        with ui.element("div").classes("form-row"):
            self._token = None
            if visit.console.access.needs_token:
                with ui.element("div"):
                    self._token = Entry(w["advice.token"], kind="password")
            self._save = Button(w["orders.save"], self._saved, "primary")
        self._status = Fragment("", "remark", role="status", aria_live="polite")
        self._draw()

    def _draw(self) -> None:
        w = self._visit.words
        self._table.show(draw.sheet(self._sheet, w))
        left_out = self._standing.left_out
        self._left_out.show(w.fill("orders.left_out", count=left_out) if left_out else "")

    def _typed(self, event: GenericEventArguments) -> None:
        row, column, value = _arguments(event)
        if column == "cancel":
            self._sheet.cancel(row, value is True)
        elif isinstance(value, str):
            self._sheet.put(row, column, value)

    def _pasted(self, event: GenericEventArguments) -> None:
        row, column, text = _arguments(event)
        left_out = self._sheet.paste(row, column, text) if isinstance(text, str) else None
        if left_out is None or left_out:
            self._show_status("warning", "tone-warn", self._visit.words["orders.too_much"])
        self._draw()

    def _show_status(self, sign: str, tone: str, *texts: str) -> None:
        self._status.show(
            join(*(tag("p", icon(sign) if number == 0 else None, text, class_=tone) for number, text in enumerate(texts)))
        )

    def _may_write(self) -> bool:
        allowed = self._token is None or self._visit.console.access.allows(self._token.value)
        if not allowed:
            self._show_status("stop", "tone-bad", self._visit.words["advice.token_wrong"])
        return allowed

    async def _reported(self, event: GenericEventArguments) -> None:
        row, column, _ = _arguments(event)
        found = self._sheet.event_of(row) if column == "report" else None
        if found is None or self._is_saving or not self._may_write():
            return
        w, (job, what) = self._visit.words, found
        self._is_saving = True
        try:
            self._sheet.reported(row, await self._visit.board.report_job(job, what))
            self._show_status("ok", "tone-good", w.fill(f"orders.reported_{what.value}", job=job))
        except LastgangError as error:
            self._show_status("stop", "tone-bad", w.fill("orders.failed", why=error))
        finally:
            self._is_saving = False
            self._draw()

    async def _saved(self) -> None:
        w = self._visit.words
        if not self._may_write():
            return
        self._save.enable(False)
        self._is_saving = True
        try:
            await self._hand_in()
        except LastgangError as error:
            self._show_status("stop", "tone-bad", w.fill("orders.failed", why=error))
        finally:
            self._is_saving = False
            self._save.enable(True)
            self._draw()

    async def _hand_in(self) -> None:
        w, board = self._visit.words, self._visit.board
        jobs = self._sheet.jobs_to_cancel()
        for job in jobs:
            await board.cancel_order(job, PAGE_SOURCE)
            self._sheet.cancelled(job)
        places, rows = self._sheet.rows()
        if not rows and not jobs:
            self._show_status("ok", "tone-quiet", w["orders.nothing"])
            return
        judgement = await board.put_orders(rows, PAGE_SOURCE, w.marks.decimal)
        self._sheet.saved(places, judgement)
        self._report(judgement, len(jobs))

    def _report(self, judgement: Judgement, cancelled: int) -> None:
        w = self._visit.words
        counts = {outcome.value: judgement.count(outcome) for outcome in Outcome}
        refused = judgement.count(Outcome.REFUSED)
        notes = [w.fill(f"order_note.{note.key}", **note.values) for note in judgement.notes[:20]]
        self._show_status("warning" if refused else "ok", "tone-bad" if refused else "tone-good",
                  w.fill("orders.result", cancelled=cancelled, **counts), *notes)  # fmt: skip

    async def refresh(self) -> None:
        """Show what others have changed, unless something here is not saved."""
        if self._is_saving or self._sheet.is_touched:
            return
        standing = await self._visit.board.view(standing_orders)
        if standing != self._standing and not self._sheet.is_touched:
            self._standing = standing
            self._sheet.load(standing.orders)
            self._draw()


def _arguments(event: GenericEventArguments) -> tuple[int, str, Any]:
    """Row, column and value; a browser may send anything."""
    match event.args:
        case [str(row), str(column), value] if row.isdecimal() and len(row) < 6:
            return int(row), column, value
        case _:
            return -1, "", None


async def orders_page(visit: Visit) -> None:
    """The sheet of orders, the shifts in which they are made, and what is learned of the jobs' power."""
    standing = await visit.board.view(standing_orders)
    with frame(visit, "orders") as every_second:
        with panel(visit.words["orders.title"]):
            editor = SheetEditor(visit, standing)
        with panel(visit.words["shifts.title"]):
            shifts = ShiftPanel(visit, await visit.board.view(shift_calendar))
        with panel(visit.words["orders.powers.title"]):
            powers = Fragment(draw_powers.table(await visit.board.view(learned_powers), visit.words))

        async def refresh() -> None:
            await editor.refresh()
            await shifts.refresh()
            powers.show(draw_powers.table(await visit.board.view(learned_powers), visit.words))

        every_second(refresh)

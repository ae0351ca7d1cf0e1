"""*Plan*: the load to come, the jobs before and after, and the advice with its buttons."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from console.desk import NotDecidable
from console.pages.frame import NAME_COOKIE, Visit, frame
from console.pages.widgets import Button, Entry, Fragment, MaybeChart, panel
from console.render import charts, effects, forecasts
from console.render import plan as draw
from console.render.empty import empty
from console.render.markup import Markup, join, tag
from console.render.waiting_loads import waiting_loads
from console.render.what_if import what_if
from console.views.effects import EffectsView, effects_view
from console.views.plan import AdviceCard, PlanView, plan_view
from console.views.plan import Button as ButtonState
from console.views.waiting_loads import waiting_loads_view
from console.views.what_if import what_if_view
from domain.clock import instant
from domain.errors import LastgangError
from domain.recommendations import DecisionKind, DeclineReason
from domain.texts import KEY_LENGTH, LINE_BREAKS, TEXT_LENGTH
from quarters.numbers import quarter_start
from words.speech import Words

REASONS = tuple(r.value for r in DeclineReason if r is not DeclineReason.NONE)


class CardWidget:
    """One recommendation with its buttons."""

    def __init__(self, card: AdviceCard, visit: Visit, confirm: Callable[[AdviceCard, DecisionKind], None]) -> None:
        w = visit.words
        self._words, self._card, self._confirm = w, card, confirm
        job = card.subject_label
        self._frame = ui.element("article").classes("advice")
        self._status = ""
        with self._frame:
            self._body = Fragment()
            self._row = ui.element("div").classes("buttons")
            with self._row:
                accept = lambda: confirm(self._card, DecisionKind.ACCEPTED)  # noqa: E731
                reject = lambda: confirm(self._card, DecisionKind.REJECTED)  # noqa: E731
                self._buttons = (
                    Button(w["advice.accept"], accept, "primary", w.fill("advice.accept_label", job=job)),
                    Button(w["advice.reject"], reject, "", w.fill("advice.reject_label", job=job)),
                )
            self._state = Fragment("", "button-state", role="status", aria_live="polite")
        self.show(card)

    def show(self, card: AdviceCard) -> None:
        """Bring the card up to date; the buttons follow the recommendation's status."""
        self._card = card
        self._body.show(draw.card(card, self._words))
        self._state.show(tag("span", draw.card_state(card, self._words)))
        self._row.set_visibility(card.button is not ButtonState.CLOSED)
        for button in self._buttons:
            button.enable(card.button in (ButtonState.OFFERED, ButtonState.FAILED))
        status = f"is-{card.recommendation.status}"
        if status != self._status:
            self._frame.classes(remove=self._status, add=status)
            self._status = status


class DecisionDialog:
    """Asks for the name, the reason and a comment, then sends."""

    def __init__(self, visit: Visit, after: Callable[[], Any]) -> None:
        w = visit.words
        self._visit, self._after = visit, after
        self._card: AdviceCard | None = None
        self._kind = DecisionKind.ACCEPTED
        with ui.dialog() as self._dialog, ui.element("div").classes("dialog") as box:
            box.props.update({"role": "document"})
            self._title = TextElement(tag="h2", text="")
            self._summary = TextElement(tag="p", text="")
            self._name = Entry(w["advice.name"], value=visit.person)
            with ui.element("div") as self._why:
                choices = [("", "–")] + [(reason, w[f"decline.{reason}"]) for reason in REASONS]
                self._reason = Entry(w["advice.reason"], options=choices)
            self._comment = Entry(w["advice.comment"], kind="area")
            self._token = Entry(w["advice.token"], kind="password") if visit.console.access.needs_token else None
            self._fault = Fragment("", "fault", role="alert")
            with ui.element("div").classes("buttons"):
                self._send = Button("", self._sent, "primary")
                Button(w["advice.cancel"], self._dialog.close)

    def confirm(self, card: AdviceCard, kind: DecisionKind) -> None:
        """Open for one recommendation."""
        w = self._visit.words
        self._card, self._kind = card, kind
        accepting = kind is DecisionKind.ACCEPTED
        self._title.text = w.fill(
            "advice.accept_title" if accepting else "advice.reject_title", job=card.subject_label, action=w[f"action.{card.recommendation.action}"]
        )  # fmt: skip
        self._summary.text = draw.summary(card, w)
        self._send.text = w["advice.accept" if accepting else "advice.reject"]
        self._why.set_visibility(not accepting)
        self._fault.show("")
        self._reason.reset()
        self._comment.reset()
        self._dialog.open()

    async def _sent(self) -> None:
        w, card = self._visit.words, self._card
        fault = self._wrong()
        if fault is not None or card is None:
            self._fault.show(tag("span", fault or ""))
            return
        name = self._name.value.strip()
        reason = DeclineReason.NONE if self._kind is DecisionKind.ACCEPTED else DeclineReason(self._reason.value)
        self._send.enable(False)
        ui.run_javascript(remember_name_js(name))
        try:
            await self._visit.board.decide(
                card.recommendation.recommendation, self._kind, name, reason, self._comment.value.strip()
            )
            self._dialog.close()
        except NotDecidable as error:
            self._fault.show(tag("span", draw.undecidable(error.status, error.by, error.at_utc, w)))
        except LastgangError as error:
            self._fault.show(tag("span", w.fill("advice.failed", why=error)))
        finally:
            self._send.enable(True)
        await self._after()

    def _wrong(self) -> str | None:
        w = self._visit.words
        if not self._name.value.strip():
            return w["advice.name_missing"]
        for field, text, most, allowed in (
            ("advice.name", self._name.value.strip(), KEY_LENGTH, ""),
            ("advice.comment", self._comment.value, TEXT_LENGTH, LINE_BREAKS),
        ):
            if fault := draw.unfit(w[field], text, most, allowed, w):
                return fault
        if self._kind is DecisionKind.REJECTED and self._reason.value not in REASONS:
            return w["advice.reason_missing"]
        if self._token is not None and not self._visit.console.access.allows(self._token.value):
            return w["advice.token_wrong"]
        return None


class Cards:
    """All cards, rebuilt only when their order changes."""

    def __init__(self, visit: Visit, confirm: Callable[[AdviceCard, DecisionKind], None]) -> None:
        self._visit, self._confirm = visit, confirm
        self._holder = ui.element("div").classes("cards")
        self._widgets: dict[str, CardWidget] = {}

    def show(self, view: PlanView) -> None:
        """Bring all cards up to date."""
        order = draw.order_of(view.cards)
        if order != tuple(self._widgets):
            self._holder.clear()
            with self._holder:
                self._widgets = {c.recommendation.recommendation: CardWidget(c, self._visit, self._confirm) for c in view.cards}
                if not view.cards:
                    ui.html(tag("p", self._visit.words["plan.no_advice"]), sanitize=False)
            return
        for card in view.cards:
            self._widgets[card.recommendation.recommendation].show(card)


def remember_name_js(name: str) -> str:
    """Keeps the person's name in the browser for a year."""
    return (
        f"document.cookie = '{NAME_COOKIE}=' + encodeURIComponent({json.dumps(name)}) + ';path=/;max-age=31536000;samesite=strict'"
    )


def draw_empty(view: PlanView, words: Words) -> Markup | None:
    """Why there is no load to show; None where there is."""
    return None if view.empty is None else empty(view.empty, view.now_utc, words)


def draw_more(view: PlanView, words: Words) -> Markup:
    """Open recommendations that there is no card for."""
    return join(draw.left_out(view.open_left_out, "plan.open_left_out", words))


class Dragging:
    """Answers while somebody drags a job: always the newest question, one at a time."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._wanted: tuple[str, datetime] | None = None
        self._is_busy = False
        self._answer = Fragment("", "what-if-holder", role="status", aria_live="polite")
        ui.add_head_html('<script src="/assets/drag.js" defer></script>')
        ui.on("what_if", self._on_drag)

    async def _on_drag(self, event: GenericEventArguments) -> None:
        self._wanted = question_of(event.args)
        if self._is_busy:
            return
        self._is_busy = True
        try:
            while (wanted := self._wanted) is not None:
                answer = await self._answered(*wanted)
                if self._wanted == wanted:
                    self._answer.show(answer)
                    return
            self._answer.show("")
        finally:
            self._is_busy = False

    async def _answered(self, job: str, start_utc: datetime) -> Markup:
        w, board = self._visit.words, self._visit.board
        found = await board.once(what_if_view, job, start_utc)
        if found is None:
            return tag("div", w["what_if.no_answer"], class_="what-if")
        view = await board.view(plan_view)
        bars = {bar.job: f"{bar.label} · {row.label}" for row in view.rows for bar in row.jobs}
        return tag("div", what_if(found, bars.get(job, job), view.no_price, w), class_="what-if")


def question_of(args: Any) -> tuple[str, datetime] | None:
    """Job and start that a browser asks for; None where it asks for nothing (any more)."""
    if not isinstance(args, dict):
        return None
    job, start_ms = args.get("job"), args.get("start_ms")
    if not isinstance(job, str) or not 0 < len(job) <= KEY_LENGTH or not isinstance(start_ms, int) or not 0 < start_ms < 2**43:
        return None
    return job, quarter_start(instant(start_ms))


async def plan_page(visit: Visit) -> None:
    """Recommendations first: they need a decision."""
    w, board = visit.words, visit.board

    async def drawn(what: Callable[[PlanView, Words], Any]) -> Any:
        return await board.drawn(plan_view, (), what, w)

    async def measured(what: Callable[[EffectsView, Words], Any]) -> Any:
        return await board.drawn(effects_view, (), what, w)

    with frame(visit, "plan") as every_second:

        async def show_load() -> None:
            chart.show(await drawn(charts.load_chart), await drawn(draw_empty), await drawn(charts.load_keys))

        async def refresh() -> None:
            head.show(await drawn(draw.headline))
            cards.show(await board.view(plan_view))
            more.show(await drawn(draw_more))
            await show_load()
            gantt.show(await drawn(draw.gantt))
            peaks.show(await drawn(forecasts.peaks_table))
            day_ahead.show(await drawn(forecasts.day_ahead_table))
            if loads is not None:
                loads.show(await board.drawn(waiting_loads_view, (), waiting_loads, w))
            promised.show(await measured(effects.effects_table))
            account.show(await measured(effects.account_table))
            autopsy.show(await measured(effects.autopsy_table))

        dialog = DecisionDialog(visit, refresh)
        with panel(w["plan.load"], "w-8"):
            chart = MaybeChart(w["chart.label_load"], "tall")
            await show_load()
        with panel(w["plan.peaks"], "w-4"):
            peaks = Fragment(await drawn(forecasts.peaks_table))
        with panel(w["plan.day_ahead"]):
            day_ahead = Fragment(await drawn(forecasts.day_ahead_table))
        with panel(w["plan.advice"]) as section:
            section.props["id"] = "advice"
            head = Fragment(await drawn(draw.headline))
            cards = Cards(visit, dialog.confirm)
            cards.show(await board.view(plan_view))
            more = Fragment(await drawn(draw_more))
        with panel(w["plan.jobs"]):
            Dragging(visit)
            gantt = Fragment(await drawn(draw.gantt))
            Fragment(tag("p", w["what_if.hint"], class_="remark"))
        loads: Fragment | None = None
        if (await board.view(waiting_loads_view)).loads:
            with panel(w["waiting.title"]):
                loads = Fragment(await board.drawn(waiting_loads_view, (), waiting_loads, w))
        with panel(w["effects.title"], "w-8"):
            promised = Fragment(await measured(effects.effects_table))
            account = Fragment(await measured(effects.account_table))
        with panel(w["effects.peak_title"], "w-4"):
            autopsy = Fragment(await measured(effects.autopsy_table))
        every_second(refresh)

"""Feedback on an incident by one tap: who gave a name before is not asked again, and everything can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from console.pages.frame import Visit
from console.pages.plan import remember_name_js
from console.pages.widgets import Button, Entry, Fragment
from console.render import incidents as draw
from console.render.markup import tag
from console.render.plan import unfit
from console.views.incidents import Incident
from domain.errors import LastgangError
from domain.feedback import FeedbackKind
from domain.feedback_rules import NotReportable
from domain.texts import KEY_LENGTH

KINDS = (FeedbackKind.NORMAL, FeedbackKind.KNOWN, FeedbackKind.FIXED, FeedbackKind.TAKEN_BACK)


class Reporter:
    """Sends what a person reports; asks for the name first where none is known, and for the token where one is needed.

    Parameters
    ----------
    after
        Called after each report, whether it was taken or not.
    """

    def __init__(self, visit: Visit, after: Callable[[], Any]) -> None:
        w = visit.words
        self._visit, self._after, self._person = visit, after, visit.person
        self._wanted: tuple[str, FeedbackKind, Fragment] | None = None
        with ui.dialog() as self._dialog, ui.element("div").classes("dialog") as box:
            box.props.update({"role": "document"})
            self._title = TextElement(tag="h2", text="")
            self._name = Entry(w["advice.name"], value=visit.person)
            self._token = Entry(w["advice.token"], kind="password") if visit.console.access.needs_token else None
            self._fault = Fragment("", "fault", role="alert")
            with ui.element("div").classes("buttons"):
                self._send = Button(w["advice.send"], self._confirmed, "primary")
                Button(w["advice.cancel"], self._dialog.close)

    async def report(self, anomaly: str, kind: FeedbackKind, state: Fragment) -> None:
        """Send it, or ask for what is missing.

        Parameters
        ----------
        state
            Where a failure is shown.
        """
        self._wanted = anomaly, kind, state
        if self._person and self._token is None:
            await self._sent(self._person)
            return
        self._title.text = self._visit.words[f"incidents.report_{kind}"]
        self._fault.show("")
        self._dialog.open()

    async def _confirmed(self) -> None:
        name = self._name.value.strip()
        fault = self._wrong(name)
        if fault is not None:
            self._fault.show(tag("span", fault))
            return
        self._person = name
        ui.run_javascript(remember_name_js(name))
        self._dialog.close()
        await self._sent(name)

    def _wrong(self, name: str) -> str | None:
        w = self._visit.words
        if not name:
            return w["advice.name_missing"]
        if fault := unfit(w["advice.name"], name, KEY_LENGTH, "", w):
            return fault
        if self._token is not None and not self._visit.console.access.allows(self._token.value):
            return w["advice.token_wrong"]
        return None

    async def _sent(self, name: str) -> None:
        if self._wanted is None:
            return
        w, (anomaly, kind, state) = self._visit.words, self._wanted
        try:
            await self._visit.board.feedback.report(anomaly, kind, name, "")
            state.show("")
        except NotReportable as error:
            state.show(tag("span", w[f"incidents.not_{error.status}"], class_="tone-bad"))
        except LastgangError as error:
            state.show(tag("span", w.fill("advice.failed", why=error), class_="tone-bad"))
        await self._after()


class FeedbackRow:
    """The buttons of one incident, and what holds on it."""

    def __init__(self, incident: Incident, visit: Visit, reporter: Reporter) -> None:
        self._words, name = visit.words, incident.finding.anomaly.anomaly
        self._holds = Fragment("", "button-state", role="status", aria_live="polite")
        label = draw.spoken_name(incident, visit.words)
        with ui.element("div").classes("buttons"):
            self._buttons = {kind: self._button(name, kind, label, reporter) for kind in KINDS}
        self._state = Fragment("", "button-state", role="alert")
        self.show(incident)

    def _button(self, anomaly: str, kind: FeedbackKind, label: str, reporter: Reporter) -> Button:
        text = self._words[f"incidents.report_{kind}"]
        send = lambda: reporter.report(anomaly, kind, self._state)  # noqa: E731
        return Button(text, send, "small", f"{text}: {label}")

    def show(self, incident: Incident) -> None:
        """Bring it up to date: what holds already has no button, and only what holds can be taken back."""
        holds, is_over = incident.holds, incident.finding.anomaly.until_utc is not None
        self._holds.show(draw.holds(incident, self._words) or "")
        for kind, button in self._buttons.items():
            if kind is FeedbackKind.TAKEN_BACK:
                button.set_visibility(holds is not None)
            else:
                can_be = kind is FeedbackKind.NORMAL or holds is not None or not is_over
                button.set_visibility(can_be and (holds is None or holds.kind is not kind))


def take_back_button(anomaly: str, label: str, visit: Visit, reporter: Reporter) -> None:
    """A button with its own place for a failure, for the list of feedback."""
    text = visit.words["incidents.report_taken_back"]
    state = Fragment("", "button-state", role="alert")
    Button(text, partial(reporter.report, anomaly, FeedbackKind.TAKEN_BACK, state), "small", f"{text}: {label}")

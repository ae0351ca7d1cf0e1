"""The governor on the page *Now*: what to hold, with its two buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from console.pages.frame import Visit
from console.pages.plan import DecisionDialog
from console.pages.widgets import Button, Fragment
from console.render import governor as draw
from console.render.markup import tag
from console.render.plan import card_state
from console.views.governor import GovernorView, governor_view
from console.views.plan import Button as ButtonState
from domain.recommendations import DecisionKind


class GovernorPanel:
    """Shows what `view` says, and nothing at all on a plant without loads that can wait.

    Parameters
    ----------
    after
        Called after a decision.
    """

    def __init__(self, view: GovernorView, visit: Visit, after: Callable[[], Any]) -> None:
        self._visit, self._view = visit, view
        w = visit.words
        dialog = DecisionDialog(visit, after)

        def confirm(kind: DecisionKind) -> None:
            if self._view.card is not None:
                dialog.confirm(self._view.card, kind)

        with ui.element("section").classes("governor-panel") as self._frame:
            self._frame.props["aria-label"] = w["governor.title"]
            self._body = Fragment("", role="status", aria_live="polite")
            with ui.element("div").classes("buttons") as self._row:
                self._buttons = (
                    Button(w["advice.accept"], lambda: confirm(DecisionKind.ACCEPTED), "primary large"),
                    Button(w["advice.reject"], lambda: confirm(DecisionKind.REJECTED), "large"),
                )
            self._state = Fragment("", "button-state", role="status", aria_live="polite")
        self.show(view)

    def show(self, view: GovernorView) -> None:
        """Bring it up to date."""
        self._view = view
        w, card = self._visit.words, view.card
        self._body.show(draw.governor(view, w))
        self._row.set_visibility(card is not None and card.button is not ButtonState.CLOSED)
        for button in self._buttons:
            button.enable(card is not None and card.button in (ButtonState.OFFERED, ButtonState.FAILED))
        self._state.show(tag("span", "" if card is None else card_state(card, w)))


async def governor_panel(visit: Visit, after: Callable[[], Any]) -> Callable[[], Any]:
    """Draw it where the plant has loads that can wait; what brings it up to date."""
    view = await visit.board.view(governor_view)
    panel = None if view is None else GovernorPanel(view, visit, after)

    async def refresh() -> None:
        newest = await visit.board.view(governor_view)
        if panel is not None and newest is not None:
            panel.show(newest)

    return refresh

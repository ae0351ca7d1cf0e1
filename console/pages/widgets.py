"""The few elements that all pages are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from console.render.markup import Markup


class Fragment:
    """A piece of markup that is sent again only when it has changed."""

    def __init__(self, content: Markup | str = "", css: str = "", **attributes: str) -> None:
        self.element = ui.html(content, sanitize=False).classes(css)  # `Markup` is escaped where it is made
        self.element.props.update({key.replace("_", "-"): value for key, value in attributes.items()})

    def show(self, content: Markup | str) -> None:
        """Put `content` there."""
        if self.element.content != content:
            self.element.set_content(content)


class Chart:
    """An ECharts chart whose options are sent again only when they have changed."""

    def __init__(self, options: dict[str, Any], label: str, css: str = "", on_pick: Callable[[int], Any] | None = None) -> None:
        self._options = options
        self.element = ui.echart(dict(options), renderer="svg").classes(f"chart {css}")
        if on_pick is not None:
            self.element.on_point_click(lambda event: on_pick(event.data_index))
        self.element.props.update({"role": "img", "aria-label": label})

    def show(self, options: dict[str, Any]) -> None:
        """Draw `options`."""
        if options is not self._options and options != self._options:
            self.element.options.clear()
            self.element.options.update(options)
            self.element.update()
        self._options = options


class MaybeChart:
    """A chart, or a sentence why there is none, whichever is shown last.

    Parameters
    ----------
    below
        What stands below the chart, and is not there without one.
    """

    def __init__(self, label: str, css: str = "", on_pick: Callable[[int], Any] | None = None, below: Markup | str = "") -> None:
        self._label, self._css, self._on_pick, self._below = label, css, on_pick, below
        self._holder = ui.element("div")
        self._chart: Chart | None = None
        self._why: Fragment | None = None
        self._keys: Fragment | None = None

    def show(self, options: dict[str, Any], why_not: Markup | None, below: Markup | str | None = None) -> None:
        """Draw `options`, or say `why_not`."""
        self._below = self._below if below is None else below
        if why_not is not None:
            self._show_refusal(why_not)
        elif self._chart is None:
            self._draw(options)
        else:
            self._chart.show(options)
            if self._keys is not None:
                self._keys.show(self._below)

    def _show_refusal(self, why_not: Markup) -> None:
        if self._why is None:
            self._holder.clear()
            self._chart, self._keys = None, None
            with self._holder:
                self._why = Fragment()
        self._why.show(why_not)

    def _draw(self, options: dict[str, Any]) -> None:
        self._holder.clear()
        self._why = None
        with self._holder:
            self._chart = Chart(options, self._label, self._css, self._on_pick)
            self._keys = Fragment(self._below)


class Button(TextElement):
    """A plain button of the browser: keyboard, focus and speech come with it."""

    def __init__(self, text: str, on_click: Callable[[], Any], css: str = "", label: str = "") -> None:
        super().__init__(tag="button", text=text)
        self.classes(f"btn {css}")
        self.props["type"] = "button"
        if label:
            self.props["aria-label"] = label
        self.on("click", lambda _: on_click())

    def enable(self, enabled: bool) -> None:
        """Let it be pressed, or not."""
        if enabled == ("disabled" in self.props):
            if enabled:
                del self.props["disabled"]
            else:
                self.props["disabled"] = True
            self.update()


class Entry(ui.element):
    """A plain text field, select or text area with its label; `value` follows what is typed."""

    def __init__(self, label: str, kind: str = "text", value: str = "", options: list[tuple[str, str]] | None = None) -> None:
        caption = TextElement(tag="label", text=label).classes("named")
        super().__init__("select" if options is not None else ("textarea" if kind == "area" else "input"))
        self.classes("entry")
        caption.props["for"] = self.html_id
        self.value = value
        if options is not None:
            with self:
                for key, text in options:
                    option = TextElement(tag="option", text=text)
                    option.props["value"] = key
        elif kind != "area":
            self.props["type"] = kind
            self.props["autocomplete"] = "name" if kind == "text" else "off"
            self.props["value"] = value
        self.on("input", self._typed, js_handler="e => emit(e.target.value)")

    def _typed(self, event: GenericEventArguments) -> None:
        self.value = str(event.args)

    def reset(self, value: str = "") -> None:
        """Show and hold `value`."""
        self.value = value
        ui.run_javascript(f"getHtmlElement({self.id}).value = {json.dumps(value)}")


@contextmanager
def panel(title: str, css: str = "", heading: str = "h2") -> Iterator[ui.element]:
    """A framed part of the page with its heading."""
    with ui.element("section").classes(f"panel {css}") as section:
        section.props["aria-label"] = title
        if heading:
            TextElement(tag=heading, text=title)
        yield section

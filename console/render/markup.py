"""HTML that cannot be broken by what is in it."""

from __future__ import annotations

from html import escape


class Markup(str):
    """Text that is HTML already; any other text is escaped when it becomes a child or an attribute."""

    __slots__ = ()


VOID = frozenset({"br", "hr", "img", "input", "path", "line", "circle", "rect"})


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """One element. ``class_`` and ``for_`` lose their underscore, other underscores become dashes.

    None children and None or False attributes are left out; True attributes stand alone.
    """
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        parts.append(f" {label}" if value is True else f' {label}="{escape(str(value), quote=True)}"')
    parts.append(">")
    if name in VOID and not children:
        return Markup("".join(parts) + (f"</{name}>" if name in {"path", "line", "circle", "rect"} else ""))
    parts.append(join(*children))
    parts.append(f"</{name}>")
    return Markup("".join(parts))


def join(*children: object) -> Markup:
    """Children one after another; sequences are opened."""
    return Markup("".join(_text(child) for child in children))


def _text(child: object) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return str(child)
    if isinstance(child, (list, tuple)):
        return "".join(_text(one) for one in child)
    return escape(str(child), quote=False)


def coded(text: str) -> Markup:
    """Our own sentence, in which commands stand between backticks."""
    return join(*(tag("code", part) if place % 2 else part for place, part in enumerate(text.split("`"))))


SHORT = 60
"""Characters of a word that a device or another program chose; the rest is shown when one points at it."""


SENTENCES = 500
"""Characters of what a step, a job or a person wrote; ours are shorter."""


def short(text: str, most: int = SHORT) -> Markup:
    """A text that may be as long as it likes where there is room for a word."""
    return tag("span", cut(text, most), title=None if len(text) <= most else text)


def cut(text: str, most: int) -> str:
    """Its beginning, where it is longer than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


_SHAPES = {
    "ok": "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm-1.4 14.6-4.2-4.2 1.7-1.7 2.5 2.5 5.3-5.3 1.7 1.7Z",
    "warning": "M12 2 1 21h22L12 2Zm1.2 15.6h-2.4v-2.4h2.4Zm0-4h-2.4V8.8h2.4Z",
    "stop": "M7.9 2h8.2L22 7.9v8.2L16.1 22H7.9L2 16.1V7.9L7.9 2Zm5.3 15.4v-2.4h-2.4v2.4Zm0-4.2V6.6h-2.4v6.6Z",
    "wait": "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm1.1 10.6 3.7 2.2-1.1 1.8L11 13.8V6.6h2.1Z",
    "gap": "M3 10.8h5v2.4H3Zm6.8 0h1.9v2.4H9.8Zm3 0h1.9v2.4h-1.9ZM16 10.8h5v2.4h-5Z",
    "pencil": "m4 16.5 10.6-10.6 3.5 3.5L7.5 20H4Zm12-12 1.5-1.5 3.5 3.5-1.5 1.5Z",
    "arrow": "M4 11h11.2l-4.6-4.6L12 5l7 7-7 7-1.4-1.4 4.6-4.6H4Z",
    "silent": "M4 9v6h4l5 5V4L8 9Zm12.2-.2-1.4 1.4 1.8 1.8-1.8 1.8 1.4 1.4 1.8-1.8 1.8 1.8 1.4-1.4-1.8-1.8 1.8-1.8-1.4-1.4-1.8 1.8Z",
    "theme": "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm0 17.8V4.2a7.8 7.8 0 0 1 0 15.6Z",
    "now": "M12 3a9 9 0 0 0-9 9c0 3 1.4 5.6 3.6 7.2l1.3-1.7A6.9 6.9 0 1 1 16.1 17.5l1.3 1.7A9 9 0 0 0 12 3Zm-1.2 10.2a1.7 1.7 0 0 0 2.9.2L16.5 8l-5.4 2.9a1.7 1.7 0 0 0-.3 2.3Z",
    "findings": "M10 3a7 7 0 1 0 4.200 12.600l5.100 5.100 1.400-1.400-5.100-5.100A7 7 0 0 0 10 3Zm0 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10Zm-1 1.500h2v4.500H9ZM9 12h2v1.800H9Z",
    "gear": "M10.500 2h3l.5 2.600 2.200 1.300 2.500-.9 1.500 2.600-2 1.700v2.600l2 1.700-1.500 2.600-2.500-.9-2.200 1.300-.5 2.600h-3l-.5-2.600-2.200-1.300-2.500.9-1.500-2.600 2-1.700V9.300l-2-1.700L5.300 5l2.500.9L10 4.600ZM12 8a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
    "plan": "M4 5h9v3H4Zm4 5.5h9v3H8ZM11 16h9v3h-9Z",
    "meters": "M11 3h2v4h5v4h2v6h-5v-6h1V9H8v2h1v6H4v-6h2V7h5Zm-1 11h4v6h-4Z",
    "orders": "M3 4h18v16H3Zm2 6v3h4v-3Zm6 0v3h8v-3Zm-6 5v3h4v-3Zm6 0v3h8v-3Z",
    "analyse": "M4 4h2v14h14v2H4Zm4 11 3.500-5 3 3L19 7l1.400 1.200-5.700 7.800-3-3-2.300 3.300Z",
    "figures": "M4 3h2v15h15v2H4Zm4 9h3v5H8Zm4.500-4h3v9h-3Zm4.500-4h3v13h-3Z",
    "reports": "M6 2h8l5 5v15H6Zm7.5 1.8v3.7h3.7ZM9 12h7v1.6H9Zm0 3.5h7v1.6H9Z",
    "platform": "M3 4h18v6H3Zm0 10h0 18v6H3Zm3-8v2h2V6Zm0 10v2h2v-2Z",
}
"""Icons as single paths in a 24 x 24 box, drawn for this page."""


def icon(name: str, label: str = "") -> Markup:
    """An icon; with a label it is read by screen readers, without one it is decoration beside a word."""
    spoken = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    return tag("svg", tag("path", d=_SHAPES[name]), class_="icon", viewBox="0 0 24 24", focusable="false", **spoken)

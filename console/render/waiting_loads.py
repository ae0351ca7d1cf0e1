"""Loads that can wait, as a table."""

from __future__ import annotations

from console.render.markup import Markup, join, tag
from console.render.plan import left_out
from console.views.waiting_loads import WaitingLoad, WaitingLoadsView
from words.speech import Words

_COLUMNS = ("load", "band", "waits", "plan")


def waiting_loads(view: WaitingLoadsView, words: Words) -> Markup:
    """The table; a sentence where the plant file has none."""
    if not view.loads:
        return tag("p", words["waiting.none"], class_="remark")
    head = tag("tr", *(tag("th", words[f"waiting.{column}"], scope="col") for column in _COLUMNS))
    rows = [
        tag("tr", tag("th", _name(one), scope="row"), tag("td", _band(one, words), class_="n"), tag("td", _waits(one, words)), tag("td", _plan(one, words)))
        for one in view.loads
    ]  # fmt: skip
    table = tag("div", tag("table", tag("thead", head), tag("tbody", *rows), class_="table"), class_="scroll")
    return join(table, left_out(view.left_out, "waiting.left_out", words))


def _name(one: WaitingLoad) -> str:
    return f"{one.label} · {', '.join(one.vehicles)}" if one.vehicles else one.label


def _band(one: WaitingLoad, words: Words) -> str:
    low, high, unit = one.band
    return f"{words.number(low, 1)} – {words.unit(high, unit, 1)}"


def _waits(one: WaitingLoad, words: Words) -> str:
    if one.can_wait_kw is None or one.can_wait_until_utc is None:
        return words["waiting.not_now"]
    return words.fill("waiting.until", kw=words.unit(one.can_wait_kw, "kW", 0), end=words.time(one.can_wait_until_utc))


def _plan(one: WaitingLoad, words: Words) -> str:
    if not one.plan:
        return words["waiting.as_usual"]
    spans = ", ".join(
        f"{words.time(place.start_utc)}–{words.time(place.end_utc)} {words.unit(place.kw, 'kW', 0)}" for place in one.plan
    )
    return words.fill("waiting.planned" if one.is_accepted else "waiting.advised", spans=spans)

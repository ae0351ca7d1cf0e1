"""What is to be held, in letters that can be read from two metres."""

from __future__ import annotations

from collections.abc import Sequence

from console.render.markup import SENTENCES, Markup, icon, join, short, tag
from console.views.governor import GovernorView, Need
from domain.governing import Governing
from domain.recommendations import Action, LoadPlace, Recommendation
from words.sentences import Names, text_of
from words.speech import Words

ICONS = {Need.DECIDE: "stop", Need.HELD: "wait", Need.NOTHING: "ok", Need.NOT_NOW: "wait", Need.SILENT: "gap", Need.UNKNOWN: "gap"}
TONES = {
    Need.DECIDE: "bad",
    Need.HELD: "warn",
    Need.NOTHING: "good",
    Need.NOT_NOW: "warn",
    Need.SILENT: "quiet",
    Need.UNKNOWN: "quiet",
}
MOST_NAMED = 4
"""Loads that are named in large letters."""


def governor(view: GovernorView, words: Words) -> Markup:
    """Everything but the buttons."""
    parts: list[object] = []
    if view.need is Need.DECIDE and view.card is not None:
        parts = _open(view, view.card.recommendation, words)
    elif view.need is Need.HELD:
        parts = [_head(view, words["governor.held"]), *(_running(one, view.names, words) for one in view.running)]
    else:
        parts = [_head(view, words[f"governor.{view.need}"]), _why(view, words)]
    return tag("div", *parts, class_=f"governor need-{view.need}")


def _head(view: GovernorView, text: str) -> Markup:
    return tag("p", icon(ICONS[view.need]), tag("strong", text), class_=f"governor-head tone-{TONES[view.need]}")


def _open(view: GovernorView, advice: Recommendation, words: Words) -> list[object]:
    key = "governor.hold" if advice.action is Action.HOLD else "governor.release"
    assert view.card is not None
    left = words.lasting(max(view.card.minutes_left, 0) * 60)
    until = words.fill("governor.latest", time=words.clock(advice.valid_until_utc), left=left)
    more = words.fill("governor.others", count=words.number(view.others_open)) if view.others_open else None
    return [
        _head(view, words.fill(key, loads=_loads(advice.loads, view.names, words))),
        tag("p", _when(advice, words), class_="governor-when"),
        tag("p", _otherwise(advice, words), class_="governor-else") if advice.action is Action.HOLD else None,
        tag("p", tag("strong", until), " ", more, class_="governor-latest"),
    ]


def _loads(places: Sequence[LoadPlace], names: Names, words: Words) -> str:
    found = [names.get(("load", place.load), place.load) for place in places]
    shown = ", ".join(found[:MOST_NAMED])
    return (
        shown
        if len(found) <= MOST_NAMED
        else words.fill("governor.and_more", loads=shown, count=words.number(len(found) - MOST_NAMED))
    )


def _when(advice: Recommendation, words: Words) -> str:
    """From when to when, and by how much; several ends are named from the first to the last."""
    kw = words.unit(sum(place.kw for place in advice.loads), "kW", 0)
    start, ends = words.time(advice.begins_utc), sorted({place.end_utc for place in advice.loads})
    if advice.action is Action.RELEASE:
        return words.fill("governor.from", start=start, kw=kw)
    if len(ends) == 1:
        return words.fill("governor.span", start=start, end=words.time(ends[0]), kw=kw)
    return words.fill("governor.spans", start=start, first=words.time(ends[0]), last=words.time(ends[-1]), kw=kw)


def _otherwise(advice: Recommendation, words: Words) -> str:
    """What comes of it without, and with, against the level that it was advised for."""
    level = next((one.numbers.get("level_kw") for one in advice.reason if one.key == "advice.hold"), None)
    before, after = (words.unit(kw, "kW", 0) for kw in (advice.peak_before_kw, advice.peak_after_kw))
    if level is None or advice.peak_before_kw <= level:
        return words.fill("governor.else_close", before=before, after=after, level=words.unit(level, "kW", 0))
    over = words.unit(advice.peak_before_kw - level, "kW", 0)
    return words.fill("governor.else_over", before=before, after=after, over=over, level=words.unit(level, "kW", 0))


def _running(advice: Recommendation, names: Names, words: Words) -> Markup:
    lines = [
        words.fill("governor.until", load=names.get(("load", place.load), place.load), end=words.time(place.end_utc), kw=words.unit(place.kw, "kW", 0))
        for place in advice.loads[:MOST_NAMED]
    ]  # fmt: skip
    more = len(advice.loads) - MOST_NAMED
    lines += [words.fill("governor.more_held", count=words.number(more))] if more > 0 else []
    return tag("ul", *(tag("li", line) for line in lines), class_="governor-list")


def _why(view: GovernorView, words: Words) -> Markup:
    governing = view.governing
    if view.need is Need.UNKNOWN or governing is None:
        return tag("p", words["governor.unknown_why"], class_="remark")
    parts: list[object] = []
    if view.need in (Need.NOTHING, Need.NOT_NOW):
        parts.append(tag("p", _could(governing, words), class_="governor-when"))
    if governing.reason:
        parts.append(tag("p", short(text_of(governing.reason, words, governing.at_utc, view.names), SENTENCES), class_="remark"))
    return join(*parts)


def _could(governing: Governing, words: Words) -> str:
    if not governing.can_wait:
        return words["governor.none_can_wait"]
    return words.fill(
        "governor.could", count=words.number(len(governing.can_wait)), kw=words.unit(governing.can_wait_kw, "kW", 0),
        level=words.unit(governing.level_kw, "kW", 0),
    )  # fmt: skip

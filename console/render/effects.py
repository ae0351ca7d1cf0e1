"""Measured effects as tables: promise beside effect, the account by month and machine, who made the newest peak."""

from __future__ import annotations

from collections.abc import Sequence

from console.render.markup import Markup, cut, join, tag
from console.views.effects import PARTS, EffectsView
from domain.effects import Autopsy, Effect, Figure
from effects.account import Account
from words.speech import Words


def effects_table(view: EffectsView, words: Words) -> Markup:
    """The newest effects beside their promises."""
    if not view.newest:
        return tag("p", words["effects.none"], class_="remark")
    columns = ("moment", "machine", "outcome", "promised", "measured", "relief", "status")
    rows = [_effect_row(one, view, words) for one in view.newest]
    return join(_table(columns, rows, words), tag("p", words["effects.how"], class_="remark"))


def _effect_row(one: Effect, view: EffectsView, words: Words) -> Markup:
    shared = words.fill("effects.shared", count=words.number(len(one.shared_with))) if one.shared_with else None
    return tag(
        "tr",
        tag("th", words.moment(one.quarter_utc), scope="row"),
        tag("td", cut(view.name(one.machine), 60)),
        tag("td", words[f"effects.outcome_{one.outcome.value}"]),
        tag("td", words.money(one.promised_eur), class_="n"),
        tag("td", figure(one.saving_eur, words, 2), class_="n strong", title=shared),
        tag("td", figure(one.relief_kw, words, 1), class_="n"),
        tag("td", words[f"effects.status_{one.status.value}"]),
    )


def figure(found: Figure | None, words: Words, places: int) -> str:
    """A figure with its interval; a word where it is not known."""
    if found is None:
        return words["number.unknown"]
    value, low, high = (words.number(one, places) for one in (found.value, found.low, found.high))
    return value if found.low == found.high else f"{value} ({low}–{high})"


def account_table(view: EffectsView, words: Words) -> Markup:
    """Promised, measured and missed: all, by month and by machine."""
    if not view.accounts.whole.effects:
        return Markup("")
    rows = [_account_row(one, one.name, words) for one in view.accounts.months]
    rows += [_account_row(one, view.name(one.name), words) for one in view.accounts.machines if one.name]
    rows.append(_account_row(view.accounts.whole, words["effects.all"], words))
    return _table(("account", "advised", "promised", "measured", "missed", "unknown"), rows, words)


def _account_row(one: Account, name: str, words: Words) -> Markup:
    measured = figure(Figure(one.measured_eur, one.low_eur, one.high_eur), words, 0)
    return tag(
        "tr",
        tag("th", cut(name, 60), scope="row"),
        tag("td", words.number(one.effects), class_="n"),
        tag("td", words.number(one.promised_eur), class_="n"),
        tag("td", measured, class_="n strong"),
        tag("td", words.number(one.missed_eur), class_="n"),
        tag("td", words.number(one.unknown), class_="n"),
    )


def autopsy_table(view: EffectsView, words: Words) -> Markup:
    """Who made the newest highest quarter hour."""
    found = view.autopsy
    if found is None:
        return tag("p", words["effects.no_autopsy"], class_="remark")
    rows = [
        tag(
            "tr",
            tag("th", cut(view.name(one.machine), 60), scope="row"),
            tag("td", words.unit(one.kw, "kW"), class_="n"),
            tag("td", words.unit(one.usual_kw, "kW"), class_="n"),
            tag("td", words.unit(one.above_usual_kw, "kW", sign=True), class_="n strong"),
            tag("td", cut(one.job, 60)),
        )
        for one in found.shares[:PARTS]
    ]
    return join(tag("p", *_autopsy_words(found, view, words)), _table(("machine", "drew", "usual", "above", "job"), rows, words))


def _autopsy_words(found: Autopsy, view: EffectsView, words: Words) -> list[str]:
    peak, before = (words.unit(kw, "kW", 1) for kw in (found.peak_kw, found.before_kw))
    parts = [words.fill("effects.peak", moment=words.moment(found.quarter_utc), peak=peak, before=before)]
    if found.cost_eur is not None:
        until = words.day(found.period_end_utc.astimezone(words.zone).date(), with_year=True)
        parts.append(words.fill("effects.peak_costs", cost=words.money(found.cost_eur), until=until))
    key = "effects.advised" if found.advised else "effects.not_advised"
    parts.append(words.fill(key, count=words.number(len(found.advised)), followed=words.number(len(found.followed))))
    if found.unknown:
        parts.append(words.fill("effects.unmeasured", machines=", ".join(cut(view.name(one), 60) for one in found.unknown)))
    return [" ".join(parts)]


def _table(columns: Sequence[str], rows: Sequence[Markup], words: Words) -> Markup:
    head = tag("tr", *(tag("th", words[f"effects.column_{column}"], scope="col") for column in columns))
    return tag("table", tag("thead", head), tag("tbody", *rows), class_="table")

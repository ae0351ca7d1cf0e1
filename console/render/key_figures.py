"""Key figures as tables, and the sum of what a measure saved as a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from baselines.answer import Judged
from console.render.markup import SENTENCES, Markup, cut, icon, join, tag
from console.views.key_figures import FiguresView
from domain.entered_measures import EnteredMeasure, EntryKind
from reporting.key_figures.texts import (
    account_texts,
    baseline_texts,
    measure_texts,
    notes,
    of_figures,
    specific_texts,
    standby_texts,
)
from words.speech import Words

WIDTH, HEIGHT, EDGE = 640, 150, 6


def energies(view: FiguresView, words: Words) -> Markup:
    """Energy per unit of what was made, with its expected band."""
    w = of_figures(words)
    rows = specific_texts(view.found, w)
    span = w.fill("span", first=w.full_day(view.found.span.first), last=w.full_day(view.found.span.last), days=str((view.found.span.end - view.found.span.first).days))  # fmt: skip
    head = tag("p", span, class_="remark above")
    if not rows:
        return join(head, tag("p", icon("wait"), tag("span", w["nothing_made"]), class_="empty"))
    names = ("per", "month", "days", "amount", "kwh_per_unit", "band", "verdict")
    table = _table([w[f"column.{name}"] for name in names], [
        (one.label, one.month, one.days, one.amount, one.kwh_per_unit, one.band, one.verdict) for one in rows
    ], texts={0, 1, 6})  # fmt: skip
    return join(head, table, tag("p", w["no_band"], class_="remark"))


def standby(view: FiguresView, words: Words) -> Markup:
    """Share of base load by meter."""
    w = of_figures(words)
    heads = [w[f"column.{name}"] for name in ("meter", "standby", "between")]
    return _table(heads, [(one.label, one.share, one.between) for one in standby_texts(view.found, w)], texts={0})


def savings(view: FiguresView, words: Words) -> Markup:
    """Each measure with its saving, or why none is claimed; then the account."""
    w = of_figures(words)
    parts: list[object] = []
    judged = [one for meter in view.found.meters for one in meter.measures]
    for text, one in zip(measure_texts(view.found, w), judged, strict=True):
        sign, tone = ("ok", "tone-good") if text.is_claimed else ("warning", "tone-warn")
        figures = f"{text.period}: {text.saved}\u202fkWh ({text.interval}), {text.eur}\u202fEUR, {text.co2}\u202fkg CO₂"
        parts.append(
            tag(
                "article",
                tag("h3", cut(text.description or text.measure, 120), " · ", text.meter),
                tag("p", icon(sign), tag("span", text.verdict), class_=f"alarm small {tone}"),
                tag("p", figures),
                tag("ul", *(tag("li", cut(note, SENTENCES)) for note in text.notes)) if text.notes else None,
                cusum(one, w.fill("cusum", measure=text.measure, meter=text.meter), w),
                class_="advice",
            )
        )
    if not judged:
        parts.append(tag("p", icon("wait"), tag("span", w["no_measures"]), class_="empty"))
    account = (item for name, text in account_texts(view.found, w) for item in (tag("dt", name), tag("dd", text)))
    return join(*parts, tag("dl", *account, class_="facts"))


def cusum(one: Judged, label: str, words: Words) -> Markup | None:
    """Energy saved up to each day, as a line over the level of nothing saved; None where no two days can be compared."""
    if one.saving is None or one.saving.days < 2:
        return None
    values = [0.0, *(float(value) for value in one.saving.cusum_kwh)]
    low, high = min(values), max(values)
    size = (high - low) or 1.0
    points = [
        (EDGE + place * (WIDTH - 2 * EDGE) / (len(values) - 1), HEIGHT - EDGE - (value - low) * (HEIGHT - 2 * EDGE) / size)
        for place, value in enumerate(values)
    ]
    zero = HEIGHT - EDGE + low * (HEIGHT - 2 * EDGE) / size
    line = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return join(
        tag("p", words["saved_since"], ": ", words.number(values[-1]), class_="remark above"),
        tag(
            "svg",
            tag("line", x1=EDGE, x2=WIDTH - EDGE, y1=f"{zero:.1f}", y2=f"{zero:.1f}", stroke="var(--line-strong)"),
            tag("path", d=line, fill="none", stroke="var(--forecast)", stroke_width="2"),
            viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=label, style="width:100%;height:auto",
        ),
    )  # fmt: skip


def baselines(view: FiguresView, words: Words) -> Markup:
    """How well each baseline fits, and why one carries no saving."""
    w = of_figures(words)
    items = [
        tag("li", tag("strong", label), ": ", cut(" ".join(lines), SENTENCES)) for label, lines in baseline_texts(view.found, w)
    ]
    return join(tag("ul", *items), *(tag("p", cut(text, SENTENCES), class_="remark") for text in notes(view.found, w)))


def entry_text(one: EnteredMeasure, words: Words) -> str:
    """One measure or event in a line."""
    days = words.full_day(date.fromisoformat(one.first_local))
    if one.kind is EntryKind.EVENT and one.last_local is not None:
        days = f"{days} – {words.full_day(date.fromisoformat(one.last_local))}"
    parts = (days, words[f"figures.kind.{one.kind}"], one.measure, cut(one.description, 120), ", ".join(one.meters))
    return " · ".join(part for part in parts if part)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], texts: set[int]) -> Markup:
    css = [None if place in texts else "n" for place in range(len(heads))]
    head = tag("tr", *(tag("th", name, scope="col", class_=one) for name, one in zip(heads, css, strict=True)))
    body = [
        tag("tr", *(tag("td", cell, class_=one, data_label=name) for cell, one, name in zip(row, css, heads, strict=True)))
        for row in rows
    ]
    return tag("table", tag("thead", head), tag("tbody", *body), class_="table machines")


__all__ = ["baselines", "cusum", "energies", "entry_text", "savings", "standby"]

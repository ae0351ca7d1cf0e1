"""The tree of meters, findings, and one meter's day in words."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

from console.render.markup import SENTENCES, Markup, icon, join, short, tag
from console.views.findings import MOST_SHOWN, Finding, KindWatch, WatchView
from console.views.meters import MeterDayView, MeterRow, MetersView
from console.views.money import NoPrice
from domain.intervals import QUALITIES_BEST_FIRST, IntervalQuality
from domain.readings import ReadingQuality
from quarters.quality import is_sound
from words.numbers import NOTHING
from words.speech import Words

_STYLES = {
    IntervalQuality.CORRECTED: ("pencil", "good"),
    IntervalQuality.SUBSTITUTED: ("gap", "warn"),
    IntervalQuality.ESTIMATED: ("gap", "warn"),
    IntervalQuality.FAULTY: ("stop", "bad"),
    IntervalQuality.MISSING: ("stop", "bad"),
}
"""Icon and tone of what is not measured or calculated."""


def quality_chip(quality: IntervalQuality, words: Words) -> Markup:
    """A mark and a word."""
    shape, tone = _STYLES.get(quality, ("ok", "good"))
    return tag("span", icon(shape), words[f"quality.{quality}"], class_=f"chip plain tone-{tone}")


def tree(view: MetersView, words: Words, chosen: str) -> Markup:
    """All meters as a table whose first column is indented; on a phone every row becomes a card."""
    columns = ("meter", "now", "quarter", "today", "seen", "quality", "note")
    head = tag("tr", *(tag("th", words[f"meters.{c}"], scope="col", class_=f"c-{c}") for c in columns))
    return tag(
        "table",
        tag("caption", words["meters.title"], class_="sr-only"),
        tag("thead", head),
        tag("tbody", *(row(r, words, chosen, view.now_utc) for r in view.rows)),
        class_="table tree",
    )


def row(r: MeterRow, words: Words, chosen: str, now_utc: datetime) -> Markup:
    """One meter, or the unmetered remainder of one."""
    if r.remainder_of is not None:
        name: Markup = tag("span", words["meters.remainder"], title=words.fill("meters.remainder_of", meter=r.remainder_of))
    else:
        current = "true" if r.meter == chosen else None
        name = tag("a", r.label, href=f"/meters?{urlencode({'meter': r.meter})}", aria_current=current)
    notes: list[object] = []
    if r.silent_since_utc is not None:
        text = words.fill("meters.silent", since=words.since(r.silent_since_utc, now_utc))
        notes.append(tag("span", icon("silent"), text, class_="chip plain tone-bad"))
    if r.state is not None:
        notes.append(tag("span", short(state_word(r.state, words)), class_="chip plain"))
    notes += [tag("span", icon("warning"), words[f"anomaly.{f.anomaly.kind}"], class_="chip plain tone-warn") for f in r.findings]
    cells = [
        ("now", words.unit(r.now_kw, "kW", 1), "n strong"),
        ("quarter", words.unit(r.last.power_kw if r.last else None, "kW", 1), "n"),
        ("today", _today(r, words), "n"),
        ("seen", words.percent(r.today_measured) if r.remainder_of is None else "", f"n{_unsure(r.today_measured)}"),
    ]
    quality = quality_chip(r.last.quality, words) if r.last is not None and r.remainder_of is None else None
    return tag(
        "tr",
        tag("th", name, scope="row", class_="c-meter"),
        *(tag("td", value, class_=f"c-{key} {css}", data_label=words[f"meters.{key}"]) for key, value, css in cells),
        tag("td", quality, class_="c-quality", data_label=words["meters.quality"]),
        tag("td", *notes, class_="c-note"),
        class_=" ".join(c for c in ("remainder" if r.remainder_of else "", "chosen" if r.meter == chosen else "", "silent" if r.silent_since_utc else "") if c) or None,
        style=f"--depth:{r.depth}",
    )  # fmt: skip


def _today(r: MeterRow, words: Words) -> Markup:
    """Today's energy, and how many quarter hours it lacks."""
    lacks = tag("small", words.fill("meters.lacks", count=words.number(r.today_missing)), class_="lacks tone-warn")
    return join(words.unit(r.today_kwh, "kWh"), " ", lacks if r.today_missing else None)


def silence(view: MetersView, words: Words) -> Markup:
    """How many meters are silent, or have not been heard at all."""
    meters = sum(r.remainder_of is None for r in view.rows)
    if view.silent:
        key = "meters.one_silent" if view.silent == 1 else "meters.some_silent"
        return tag("p", icon("silent"), words.fill(key, count=words.number(view.silent)), class_="alarm tone-bad small")
    if not view.heard:
        return tag("p", icon("wait"), words["meters.none_received"], class_="alarm tone-quiet small")
    if view.heard < meters:
        text = words.fill("meters.some_received", count=words.number(view.heard), all=words.number(meters))
        return tag("p", icon("wait"), text, class_="alarm tone-quiet small")
    return tag("p", icon("ok"), words["meters.none_silent"], class_="alarm tone-good small")


def _unsure(share: float | None) -> str:
    return " tone-warn" if share is not None and share < 0.995 else ""


def state_word(state: str, words: Words) -> str:
    """A machine's own word for its state, in the reader's language where it is a PackML name."""
    return words.texts.get(f"state.{state.lower()}", state)


class Found(Protocol):
    """The part of a view that says what is abnormal."""

    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def findings_left_out(self) -> int: ...
    @property
    def findings_eur_per_day(self) -> float | None: ...
    @property
    def no_price(self) -> NoPrice: ...
    @property
    def watch(self) -> WatchView: ...


def findings(view: Found, words: Words, most: int = MOST_SHOWN) -> Markup:
    """Open anomalies as a list, the most expensive first; where there are none, the text names what is watched."""
    shown = view.findings[:most]
    if not shown:
        return join(nothing_found(view.watch, words), watched(view.watch, words))
    total, unpriced = view.findings_eur_per_day, sum(f.anomaly.eur_per_day is None for f in shown)
    sentences = [words.fill("findings.total", eur=words.euro(total, 2))] if total and len(shown) > 1 else []
    if unpriced:
        sentences.append(words.fill("findings.unpriced", count=words.number(unpriced), why=words[f"money.{view.no_price}"]))
    left_out = view.findings_left_out + len(view.findings) - len(shown)
    return join(
        tag("p", " · ".join(sentences), class_="remark") if sentences else None,
        tag("ul", *(finding(f, words) for f in shown), class_="findings"),
        tag("p", words.fill("findings.left_out", count=words.number(left_out)), class_="remark") if left_out else None,
        watched(view.watch, words),
    )


def nothing_found(watch: WatchView, words: Words) -> Markup:
    """That nothing is abnormal, which holds for no more than what is watched."""
    if not watch.is_any:
        return tag("p", icon("wait"), words["findings.none_watched"], class_="alarm tone-quiet small")
    return tag("p", icon("ok"), words["findings.none_of_watched"], class_="alarm tone-good small")


def watched(watch: WatchView, words: Words) -> Markup:
    """What is looked at, by kind, and what is not and why."""
    items = [tag("li", " · ".join(_kind_words(kind, watch.meters, words))) for kind in watch.kinds]
    return tag("details", tag("summary", words["findings.watched"]), tag("ul", *items, class_="watched"))


def _kind_words(kind: KindWatch, meters: int, words: Words) -> list[str]:
    name, number = words[f"anomaly.{kind.kind}"], words.number
    sentences = [words.fill("findings.watched_kind", kind=name, count=number(kind.watched), all=number(meters))]
    for why, count in sorted(kind.in_part.items()):
        sentences.append(words.fill("findings.in_part", count=number(count), why=words[f"watching.{why}"]))
    if kind.learning:
        sentences.append(words.fill("findings.learning", count=number(kind.learning), moment=words.moment(kind.learnt_utc)))
    if kind.waiting:
        sentences.append(words.fill("findings.waiting", count=number(kind.waiting)))
    for why, count in sorted(kind.not_watched.items()):
        sentences.append(words.fill("findings.not_watched", count=number(count), why=words[f"watching.{why}"]))
    return sentences


def finding(f: Finding, words: Words) -> Markup:
    """One anomaly: what, where, since when, what it costs."""
    a = f.anomaly
    cost = (
        [words.fill("findings.a_day", amount=words.euro(a.eur_per_day, 2))] if a.eur_per_day else []
    )  # the text above says unknown
    if a.kwh_per_day:
        cost.append(words.fill("findings.a_day", amount=words.unit(a.kwh_per_day, "kWh")))
    return tag(
        "li",
        icon("warning"),
        tag(
            "div",
            tag(
                "strong",
                tag("a", words[f"anomaly.{a.kind}"], href=f"/findings?{urlencode({'incident': a.anomaly})}"),
                ": ",
                tag("a", f.meter_label, href=f"/meters?{urlencode({'meter': a.meter})}"),
            ),
            tag("div", short(f.texts[words.language], SENTENCES)),
            tag("div", " · ".join([words.fill("findings.since", moment=words.moment(a.since_utc)), *cost]), class_="soft"),
        ),
    )


def meter_summary(view: MeterDayView, words: Words) -> Markup:
    """The day's sum, its highest quarter hour, and how many quarter hours are how well known."""
    highest = view.highest
    facts = [
        (words["meter.energy"], _day_energy(view, words)),
        (
            words["meter.highest"],
            words.unit(highest.power_kw, "kW", 1) + f" ({words.time(highest.start_utc)})" if highest else NOTHING,
        ),
    ]
    if highest is not None and not is_sound(highest.quality):
        facts.append((words["meter.highest_rests"], quality_chip(highest.quality, words)))
    chips = [
        tag(
            "span", quality_chip(quality, words), f" {words.number(view.by_quality[quality])}",
            tag("span", f" · {words.percent(view.energy_shares[quality])}", class_="soft") if quality in view.energy_shares else None,
            class_="count", title=words["meter.share"],
        )
        for quality in QUALITIES_BEST_FIRST
        if quality in view.by_quality
    ]  # fmt: skip
    return join(
        tag("dl", *(tag("div", tag("dt", n), tag("dd", v)) for n, v in facts), class_="facts wide"),
        tag("p", *chips, class_="counts"),
        *(
            tag("p", words.fill("meter.lacks_channel", channel=channel, count=words.number(count)), class_="remark")
            for channel, count in view.lacks.items()
        ),
    )


def _day_energy(view: MeterDayView, words: Words) -> str:
    energy = words.unit(view.energy_kwh, "kWh", 1)
    if view.energy_kwh is None or not view.missing:
        return energy
    return f"{energy}, {words.fill('meters.lacks', count=words.number(len(view.missing)))}"


def channel_table(view: MeterDayView, words: Words) -> Markup:
    """The newest value of each register."""
    if not view.channels:
        return tag("p", words["meter.not_received"], class_="remark")
    rows, now_utc = [], view.now_utc
    for c in view.channels:
        number = float(c.value) if c.value is not None else None
        places = 1 if c.unit.startswith(("k", "M")) or not c.unit else 0
        text = short(state_word(c.text, words)) if c.text is not None else words.unit(number, c.unit, places).strip()
        mark = None
        if c.quality is not ReadingQuality.GOOD:
            mark = tag("span", icon("warning"), words[f"reading_quality.{c.quality}"], class_="chip plain tone-warn")
        rows.append(
            tag(
                "tr",
                tag("th", words.texts.get(f"channel.{c.channel}", c.channel), scope="row"),
                tag("td", text, mark, class_="n" if c.text is None else "n words"),
                tag("td", words.since(c.observed_utc, now_utc), class_="n soft"),
            )
        )
    return tag("table", tag("caption", words["meter.registers"], class_="sr-only"), tag("tbody", *rows), class_="table")

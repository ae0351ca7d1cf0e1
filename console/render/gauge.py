"""The running quarter hour as a half circle that can be read across a workshop."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin

from console.render.markup import Markup, icon, join, tag
from console.views.now import Alarm, NowView
from quarters.quality import is_sound
from words.speech import Words

CENTRE_X, CENTRE_Y, RADIUS = 220.0, 212.0, 168.0
ALARM_ICONS = {
    Alarm.NO_DATA: "gap",
    Alarm.STALE: "wait",
    Alarm.EARLY: "wait",
    Alarm.CALM: "ok",
    Alarm.CLOSE: "warning",
    Alarm.OVER: "stop",
    Alarm.OVER_PEAK: "stop",
}
ALARM_TONES = {
    Alarm.NO_DATA: "quiet",
    Alarm.STALE: "quiet",
    Alarm.EARLY: "quiet",
    Alarm.CALM: "good",
    Alarm.CLOSE: "warn",
    Alarm.OVER: "bad",
    Alarm.OVER_PEAK: "bad",
}


def _point(share: float, radius: float) -> tuple[float, float]:
    angle = pi * (1 - min(max(share, 0.0), 1.0))
    return CENTRE_X + radius * cos(angle), CENTRE_Y - radius * sin(angle)


def arc(from_share: float, to_share: float, radius: float) -> str:
    """Path of a piece of the half circle; shares of the whole from the left."""
    x0, y0 = _point(from_share, radius)
    x1, y1 = _point(max(to_share, from_share), radius)
    return f"M{x0:.1f} {y0:.1f}A{radius:g} {radius:g} 0 0 1 {x1:.1f} {y1:.1f}"


def _mark(share: float, inner: float, outer: float, css: str) -> Markup:
    (x0, y0), (x1, y1) = _point(share, inner), _point(share, outer)
    return tag("line", x1=f"{x0:.1f}", y1=f"{y0:.1f}", x2=f"{x1:.1f}", y2=f"{y1:.1f}", class_=css)


def _mark_label(share: float, text: str, radius: float, css: str) -> Markup:
    x, y = _point(share, radius)
    anchor = "end" if share < 0.42 else ("start" if share > 0.58 else "middle")
    return tag("text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, class_=css)


def gauge(view: NowView, words: Words) -> Markup:
    """The half circle: filled to the projection, its band, the target and the billed peak."""
    demand, end = view.demand, view.scale_kw
    parts: list[object] = [tag("path", d=arc(0, 1, RADIUS), class_="g-track")]
    if demand is not None:
        low, high = sorted((demand.projected_low_kw / end, demand.projected_high_kw / end))
        middle = demand.projected_kw / end
        parts += [
            tag("path", d=arc(0, middle, RADIUS), class_="g-fill"),
            tag("path", d=arc(low, high, RADIUS + 24), class_="g-band"),
        ]
    target, billed = view.target_kw, view.billed_peak_kw
    if billed is not None:
        parts.append(_mark(billed / end, RADIUS - 22, RADIUS + 22, "g-peak"))
    if target is not None:
        parts.append(_mark(target / end, RADIUS - 24, RADIUS + 16, "g-halo"))
        parts.append(_mark(target / end, RADIUS - 28, RADIUS + 38, "g-target"))
        name = words["now.target_short" if view.target_is_set else "now.threshold_short"]
        parts.append(_mark_label(target / end, name, RADIUS + 44, "g-label"))
    if demand is not None or target is not None or billed is not None:  # else the scale has no meaning
        ends = ((CENTRE_X - RADIUS, "0"), (CENTRE_X + RADIUS, words.number(end)))
        parts += [tag("text", text, x=x, y=CENTRE_Y + 26, text_anchor="middle", class_="g-end") for x, text in ends]
    number = words.number(demand.projected_kw) if demand is not None else "–"
    parts += [
        tag("text", words["now.projected"], x=CENTRE_X, y=CENTRE_Y - 104, text_anchor="middle", class_="g-caption"),
        tag("text", number, x=CENTRE_X, y=CENTRE_Y - 18, text_anchor="middle", class_="g-number"),
        tag("text", "kW", x=CENTRE_X, y=CENTRE_Y + 14, text_anchor="middle", class_="g-unit"),
    ]
    return tag(
        "svg", *parts, viewBox="-30 0 500 246", class_="gauge", role="img", aria_label=gauge_words(view, words), focusable="false"
    )


def marks(view: NowView, words: Words) -> Markup:
    """What the gauge's marks mean, with their figures."""
    items = level_keys(words, view.target_kw, view.target_is_set, view.billed_peak_kw)
    if view.demand is not None:
        low, high = words.number(view.demand.projected_low_kw), words.unit(view.demand.projected_high_kw, "kW")
        items.append(("line-band", words.fill("chart.key_band", low=low, high=high)))
    return legend(items, "marks")


def level_keys(words: Words, target_kw: float | None, target_is_set: bool, peak_kw: float | None) -> list[tuple[str, str]]:
    """Target, or the threshold that stands for one, and billed peak with their figures, where there are any."""
    keys = []
    if target_kw is not None:
        key = "chart.key_target" if target_is_set else "chart.key_threshold"
        keys.append(("line-target", words.fill(key, kw=words.unit(target_kw, "kW"))))
    if peak_kw is not None:
        keys.append(("line-peak", words.fill("chart.key_peak", kw=words.unit(peak_kw, "kW"))))
    return keys


def legend(items: Sequence[tuple[str, str]], css: str = "") -> Markup:
    """What looks mean: a key and a word each."""
    spans = (tag("span", tag("i", class_=f"key {key}"), text, class_="legend-item") for key, text in items)
    return tag("div", *spans, class_=f"legend {css}".strip())


def gauge_words(view: NowView, words: Words) -> str:
    """The gauge for whoever does not see it."""
    if view.demand is None:
        return words["alarm.no_data"]
    demand = view.demand
    return words.fill(
        "now.spoken" if view.billed_peak_kw is not None else "now.spoken_no_peak",
        projected=words.number(demand.projected_kw),
        low=words.number(demand.projected_low_kw),
        high=words.number(demand.projected_high_kw),
        target=words.number(view.target_kw),
        peak=words.number(view.billed_peak_kw),
    )


def alarm_key(view: NowView) -> str:
    """The text of the state; where no target is set the load is held against a threshold."""
    without = f"alarm.{view.alarm}_no_target"
    return without if not view.target_is_set and view.alarm in (Alarm.CALM, Alarm.CLOSE, Alarm.OVER) else f"alarm.{view.alarm}"


def alarm_bar(view: NowView, words: Words) -> Markup:
    """The state in a word with its icon."""
    return tag(
        "div",
        icon(ALARM_ICONS[view.alarm]),
        tag("span", words[alarm_key(view)]),
        class_=f"alarm tone-{ALARM_TONES[view.alarm]}",
    )


def figures(view: NowView, words: Words) -> Markup:
    """Headroom and minutes left in large figures, the rest in small ones."""
    demand = view.demand
    headroom = demand.headroom_kw if demand is not None else None
    over = headroom is not None and headroom < 0
    tone = ALARM_TONES[view.alarm]
    left = demand.remaining_s if demand is not None else None
    clock = "–" if left is None else f"{int(left) // 60}:{int(left) % 60:02d}"
    big = tag(
        "div",
        _figure(
            words["now.too_much" if over else "now.headroom"],
            words.number(None if headroom is None else abs(headroom)),
            "kW",
            f"tone-{tone}",
        ),
        _figure(words["now.left"], clock, "min"),
        class_="figures-big",
    )
    elapsed = 0.0 if demand is None else min(max(demand.elapsed_s / 9, 0.0), 100.0)
    bar = tag(
        "div",
        tag("div", style=f"width:{elapsed:.1f}%", class_="elapsed-fill"),
        class_="elapsed",
        role="img",
        aria_label=words.fill("now.left_spoken", left=clock),
    )
    kw = [
        (words["now.mean_so_far"], demand.mean_so_far_kw if demand is not None else None),
        (words["now.now"], demand.now_kw if demand is not None else None),
        (words["now.allowed"], demand.allowed_kw if demand is not None else None),
    ]
    rows = [tag("div", tag("dt", name), tag("dd", words.unit(value, "kW"))) for name, value in kw]
    today = words.unit(view.today_kwh, "kWh")
    if view.today_missing and view.today_kwh is not None:
        today = words.fill("now.today_lacks", kwh=today, count=words.number(view.today_missing))
    rows.append(tag("div", tag("dt", words["now.today"]), tag("dd", today)))
    return join(big, bar, tag("dl", *rows, class_="facts"), remarks(view, words))


def _figure(name: str, number: str, unit: str, css: str = "") -> Markup:
    return tag(
        "div", tag("div", name, class_="figure-name"), tag("div", number, tag("small", unit), class_="figure"), class_=f"fig {css}"
    )


def remarks(view: NowView, words: Words) -> Markup | None:
    """What the reader must know of the numbers: from when, how sure, by which clock."""
    demand = view.demand
    if demand is None:
        return tag("p", words["now.no_target"], class_="remark") if not view.target_is_set else None
    parts = [words.fill("now.quarter", start=words.time(demand.start_utc), at=words.clock(demand.at_utc))]
    if demand.confidence == "partial":
        parts.append(words["now.partial"])
    if view.billed_peak_quality is None:
        parts.append(words["now.no_peak"])
    elif not is_sound(view.billed_peak_quality):
        parts.append(words.fill("now.peak_quality", quality=words[f"quality.{view.billed_peak_quality}"]))
    elif view.billed_peak_utc is not None:
        parts.append(words.fill("now.peak_when", moment=words.moment(view.billed_peak_utc, view.now_utc)))
    if not demand.synchronised:
        parts.append(words["now.unsynchronised"])
    if not view.target_is_set:
        parts.append(words["now.no_target"])
    return tag("p", " · ".join(parts), class_="remark")

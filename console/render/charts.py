"""Chart options for ECharts. Categories are the site's wall clock, so that no browser's zone gets in between.

Colours are the style sheet's variables: the SVG renderer hands them to the browser as they are, and light and dark follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from console.render.gauge import legend, level_keys
from console.render.markup import Markup
from console.views.meters import MeterDayView
from console.views.now import NowView
from console.views.outlook import OutlookView
from console.views.plan import LoadPoint, PlanView
from domain.intervals import QUARTER, IntervalQuality
from quarters.net import NetQuarter
from quarters.numbers import quarter_starts
from words.speech import Words

SANS = "var(--sans)"


def label_of(start_utc: datetime, words: Words) -> str:
    """Category of one quarter hour: day, time, and the zone's name, which distinguishes the doubled hour of autumn."""
    local = start_utc.astimezone(words.zone)
    return f"{words.day(local.date())}|{local:%H:%M}|{local:%Z}"


def base(labels: Sequence[str], words: Words, every_h: int, tooltip: str) -> dict[str, Any]:
    """Axes, grid and tooltip that all charts have."""
    hours = ",".join(f"'{hour:02d}:00'" for hour in range(0, 24, every_h))
    return {
        "animation": False,
        "textStyle": {"fontFamily": SANS, "color": "var(--ink-soft)"},
        "grid": {"left": 8, "right": 14, "top": 34, "bottom": 8, "containLabel": True},
        "tooltip": {
            "trigger": "axis",
            "confine": True,
            "transitionDuration": 0,
            "backgroundColor": "var(--panel)",
            "borderColor": "var(--line-strong)",
            "textStyle": {"color": "var(--ink)", "fontFamily": SANS},
            "axisPointer": {"type": "line", "lineStyle": {"color": "var(--ink-soft)"}, "animation": False},
            ":formatter": tooltip,
        },
        "xAxis": {
            "type": "category",
            "data": list(labels),
            "axisLine": {"lineStyle": {"color": "var(--line-strong)"}},
            "axisTick": {"show": False},
            "axisLabel": {
                "color": "var(--ink-soft)",
                "hideOverlap": True,
                "fontSize": 12,
                ":interval": f"(i, v) => [{hours}].includes(v.split('|')[1])",
                ":formatter": "v => { const p = v.split('|'); return p[1] === '00:00' ? p[0] : p[1]; }",
            },
            "splitLine": {"show": False},
        },
        "yAxis": {
            "type": "value",
            "name": "kW",
            "nameTextStyle": {"color": "var(--ink-soft)", "align": "right"},
            # The top is no round number and would be printed over the tick below it.
            "axisLabel": {"color": "var(--ink-soft)", "fontSize": 12, "showMaxLabel": False, ":formatter": _number_js(words)},
            "splitLine": {"lineStyle": {"color": "var(--line)"}},
        },
    }


def _number_js(words: Words) -> str:
    group, decimal = words.marks.group, words.marks.decimal
    small = f"Math.abs(v) < 10 && v % 1 ? v.toFixed(1).replace('.', '{decimal}')"
    large = f"String(Math.round(v)).replace(/\\B(?=(\\d{{3}})+$)/g, '{group}')"
    return f"v => ({small} : {large}).replace('-', '\\u2212')"


def tooltip_js(words: Words) -> str:
    """Tooltip by series: only named series, escaped by construction (our own words and numbers)."""
    number = _number_js(words)
    return (
        "ps => { const n = " + number + "; const p = ps[0].axisValue.split('|');"
        " const rows = ps.filter(s => s.seriesName && !s.seriesName.startsWith('series')"
        " && s.seriesName[0] !== '_' && s.data !== null && s.data !== undefined)"
        ".map(s => { const d = s.data; const v = typeof d === 'object' ? (d.tip ?? d.value) : d;"
        " return v === null || v === undefined ? '' :"
        " s.seriesName + ' <b>' + (typeof v === 'number' ? n(v) + '\\u202fkW' : v) + '</b>'"
        " + (d.note ? ' (' + d.note + ')' : ''); }).filter(Boolean);"
        " return p[0] + ' ' + p[1] + (rows.length ? '<br>' + rows.join('<br>') : ''); }"
    )


def levels(target_kw: float | None, peak_kw: float | None) -> list[dict[str, Any]]:
    """Target and billed peak as lines across the chart; the legend below names them."""
    styles = ((target_kw, "var(--target)", "solid"), (peak_kw, "var(--peak)", "dashed"))
    return [
        {"yAxis": kw, "lineStyle": {"color": colour, "type": dash, "width": 2}, "label": {"show": False}}
        for kw, colour, dash in styles
        if kw is not None
    ]


_STYLES = {
    IntervalQuality.SUBSTITUTED: ("var(--guess)", [3, 2]),
    IntervalQuality.ESTIMATED: ("var(--guess)", [1, 2]),
    IntervalQuality.FAULTY: ("var(--panel)", "solid"),
}
"""Fill and border of what was not measured: dashed, dotted, empty."""


def bar_point(
    quarter: NetQuarter | None, target_kw: float | None, words: Words, revision: int | None = None
) -> dict[str, Any] | None:
    """One quarter hour as a bar: hollow and dashed where it was not seen whole, in the alarm's colour above the target.

    Parameters
    ----------
    revision
        Named beside it where an earlier revision differs.
    """
    if quarter is None or quarter.power_kw is None:
        return None
    over = target_kw is not None and quarter.power_kw > target_kw
    colour = "var(--bad)" if over else "var(--bar)"
    point: dict[str, Any] = {"value": round(quarter.power_kw, 2), "itemStyle": {"color": colour}}
    if quarter.quality in _STYLES:
        fill, border = _STYLES[quarter.quality]
        point["itemStyle"] = {"color": fill, "borderColor": colour, "borderType": border, "borderWidth": 1.5}
    notes = [] if quarter.quality is IntervalQuality.MEASURED else [words[f"quality.{quarter.quality}"]]
    notes += [] if revision is None else [words.fill("gaps.revision_of", number=revision)]
    if notes:
        point["note"] = ", ".join(notes)
    return point


def bars(name: str, quarters: Sequence[NetQuarter | None], target_kw: float | None, words: Words) -> dict[str, Any]:
    """Quarter-hour means as bars without gaps between them."""
    return {
        "type": "bar",
        "name": name,
        "barCategoryGap": "12%",
        "emphasis": {"disabled": True},
        "data": [bar_point(q, target_kw, words) for q in quarters],
    }


def last_day_chart(view: NowView, words: Words) -> dict[str, Any]:
    """The last 24 h of quarter-hour means under target and billed peak."""
    starts = [view.last_day_from_utc + n * QUARTER for n in range(len(view.last_day))]
    options = base([label_of(s, words) for s in starts], words, 3, tooltip_js(words))
    series = bars(words["chart.mean"], view.last_day, view.target_kw, words)
    series["markLine"] = _mark_lines(levels(view.target_kw, view.billed_peak_kw))
    _reach(options, view.target_kw, view.billed_peak_kw, [None if q is None else q.power_kw for q in view.last_day])
    options["series"] = [series]
    return options


def _reach(options: dict[str, Any], target_kw: float | None, peak_kw: float | None, values: Sequence[float | None]) -> None:
    """Let the axis end above both levels and all values; where there are no levels it ends where the chart likes."""
    above = [kw * 1.12 for kw in (target_kw, peak_kw) if kw is not None]
    if above:
        above += [kw * 1.05 for kw in values if kw is not None]
        step = 50 if max(above) > 200 else 10
        options["yAxis"]["max"] = -(-max(above) // step) * step


def _mark_lines(lines: list[dict[str, Any]], extra: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    return {"silent": True, "symbol": "none", "animation": False, "data": [*lines, *extra]}


def load_chart(view: PlanView, words: Words) -> dict[str, Any]:
    """Yesterday, today, tomorrow: what was drawn, and the forecast with its band."""
    labels = [label_of(p.start_utc, words) for p in view.points]
    options = base(labels, words, 6, tooltip_js(words))
    actual = bars(words["chart.drawn"], [p.actual for p in view.points], view.target_kw, words)
    marks = now_mark(view.points, labels, view.now_utc, words)
    actual["markLine"] = _mark_lines(levels(view.target_kw, view.billed_peak_kw), marks)
    options["series"] = [
        actual,
        *forecast_lines(view.points, words),
        {
            **STEPS,
            "name": words["chart.day_ahead"],
            "lineStyle": {"color": "var(--forecast)", "width": 1.5, "type": "dashed"},
            "data": _rounded([p.day_ahead_kw for p in view.points]),
        },
    ]
    heights = [kw for p in view.points for kw in (p.q90_kw, None if p.actual is None else p.actual.power_kw)]
    _reach(options, view.target_kw, view.billed_peak_kw, heights)
    return options


STEPS = {"type": "line", "symbol": "none", "silent": True, "emphasis": {"disabled": True}, "step": "middle"}
"""A line that holds over each quarter hour."""


def now_mark(points: Sequence[LoadPoint], labels: Sequence[str], now_utc: datetime, words: Words) -> list[dict[str, Any]]:
    """A line through the running quarter hour; nothing where it is not on the chart."""
    for label, point in zip(labels, points, strict=True):
        if point.start_utc + QUARTER > now_utc:
            caption = {"formatter": words["chart.now"], "color": "var(--ink)", "position": "end", "fontSize": 12}
            return [{"xAxis": label, "lineStyle": {"color": "var(--ink)", "type": "solid", "width": 1}, "label": caption}]
    return []


def forecast_lines(points: Sequence[LoadPoint], words: Words) -> list[dict[str, Any]]:
    """The band as two stacked lines, and the median."""
    band = [
        None
        if p.q10_kw is None or p.q90_kw is None
        else {"value": round(p.q90_kw - p.q10_kw, 1), "tip": _range(p.q10_kw, p.q90_kw, words)}
        for p in points
    ]
    stacked = {**STEPS, "stack": "band", "lineStyle": {"opacity": 0}}
    return [
        {**stacked, "name": "_low", "data": _rounded([p.q10_kw for p in points])},
        {**stacked, "name": words["chart.band"], "areaStyle": {"color": "var(--band)", "opacity": 1}, "data": band},
        {
            **STEPS,
            "name": words["chart.forecast"],
            "lineStyle": {"color": "var(--forecast)", "width": 2},
            "data": _rounded([p.q50_kw for p in points]),
        },
    ]


def _rounded(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else round(value, 1) for value in values]


def outlook_chart(view: OutlookView, words: Words) -> dict[str, Any]:
    """Today and tomorrow of one meter: what was measured, and the forecast with its band."""
    labels = [label_of(p.start_utc, words) for p in view.points]
    options = base(labels, words, 6, tooltip_js(words))
    measured = bars(words["chart.mean"], [p.actual for p in view.points], None, words)
    measured["markLine"] = _mark_lines(now_mark(view.points, labels, view.now_utc, words))
    options["series"] = [measured, *forecast_lines(view.points, words)]
    return options


def _range(low: float, high: float, words: Words) -> str:
    return f"{words.number(low)}–{words.unit(high, 'kW')}"


def meter_day_chart(view: MeterDayView, words: Words) -> dict[str, Any]:
    """Substituted and estimated quarter hours hollow, missing ones as grey columns with a cross, restated ones under a mark."""
    quarters, restated = view.quarters, view.restated
    starts = list(quarter_starts(view.from_utc, view.to_utc))
    options = base([label_of(s, words) for s in starts], words, 3, tooltip_js(words))
    missing = [start in view.missing for start in starts]
    points = [bar_point(q, None, words, restated.get(start)) for start, q in zip(starts, quarters, strict=True)]
    means = bars(words["chart.mean"], quarters, None, words)
    means["data"] = points
    means["z"] = 3
    # A column over the whole height is what a finger can hit; grey where there is no value.
    columns = {
        "type": "bar", "name": "_columns", "yAxisIndex": 1, "barGap": "-100%", "z": 2, "emphasis": {"disabled": True},
        "data": [{"value": 1, "itemStyle": {"color": "var(--gap)" if none else "transparent"}} for none in missing],
    }  # fmt: skip
    middles = {run[len(run) // 2] for run in _runs([n for n, none in enumerate(missing) if none])}
    crosses = {
        "type": "scatter", "name": words["quality.missing"], "symbol": "path://M2 2l20 20M22 2L2 22", "symbolSize": 7, "z": 4,
        "itemStyle": {"color": "none", "borderColor": "var(--bad)", "borderWidth": 2},
        "data": [{"value": 0, "tip": "×", "symbolSize": 7 if place in middles else 0} if none else None for place, none in enumerate(missing)],
    }  # fmt: skip
    options["yAxis"] = [options["yAxis"], {"type": "value", "min": 0, "max": 1, "show": False, "axisLabel": {"show": False}}]
    if not any(points):  # an axis without values would be numbered by chance
        options["yAxis"][0] |= {"name": "", "axisLabel": {"show": False}}
    options["series"] = [means, columns, crosses, _revision_marks(starts, restated, words)]
    return options


def _runs(places: Sequence[int]) -> list[list[int]]:
    """Neighbours together."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _revision_marks(starts: Sequence[datetime], restated: Mapping[datetime, int], words: Words) -> dict[str, Any]:
    """A mark at the top of each restated quarter hour; the revision in words above the middle of a run of equal ones."""
    marks: list[dict[str, Any] | None] = [{"value": 1, "tip": None} if start in restated else None for start in starts]
    for number in sorted(set(restated.values())):
        for run in _runs([n for n, start in enumerate(starts) if restated.get(start) == number]):
            middle = marks[run[len(run) // 2]]
            assert middle is not None
            text = words.fill("gaps.revision_short", number=number)
            middle["label"] = {
                "show": True, "formatter": text, "position": "top", "distance": 4, "color": "var(--ink)", "fontSize": 12,
            }  # fmt: skip
    return {
        "type": "scatter", "name": "_restated", "yAxisIndex": 1, "symbol": "triangle", "symbolRotate": 180, "symbolSize": [5, 7],
        "symbolOffset": [0, -5], "z": 5, "silent": True, "labelLayout": {"hideOverlap": True}, "itemStyle": {"color": "var(--ink)"},
        "data": marks,
    }  # fmt: skip


def with_pick(options: dict[str, Any], label: str | None) -> dict[str, Any]:
    """The same chart with a line through the selected quarter hour."""
    if label is None or label not in options["xAxis"]["data"]:
        return options
    line = {"xAxis": label, "lineStyle": {"color": "var(--focus)", "type": "solid", "width": 2}, "label": {"show": False}}
    first, *others = options["series"]
    return {**options, "series": [{**first, "markLine": _mark_lines([line])}, *others]}


def _keys(words: Words, *names: str) -> list[tuple[str, str]]:
    styles = {
        "measured": "",
        "over": "over",
        "guess": "guess",
        "forecast": "forecast",
        "day_ahead": "day_ahead",
        "estimated": "estimated",
        "substituted": "guess",
    }
    styles |= {"faulty": "faulty", "missing": "missing", "restated": "restated"}
    return [(styles[name], words[f"chart.key_{name}"]) for name in names]


def last_day_keys(view: NowView, words: Words) -> Markup:
    """What the looks of the day's chart mean."""
    return legend(
        [*level_keys(words, view.target_kw, view.target_is_set, view.billed_peak_kw), *_keys(words, "measured", "over", "guess")]
    )


def load_keys(view: PlanView, words: Words) -> Markup:
    """What the looks of the load chart mean."""
    levels_ = level_keys(words, view.target_kw, view.target_is_set, view.billed_peak_kw)
    return legend([*levels_, *_keys(words, "measured", "over", "guess", "forecast", "day_ahead")])


def meter_day_keys(words: Words) -> Markup:
    """What the looks of a meter's chart mean."""
    return legend(_keys(words, "measured", "substituted", "estimated", "faulty", "missing", "restated"))


def outlook_keys(words: Words) -> Markup:
    """What the looks of a meter's two days mean."""
    return legend(_keys(words, "measured", "guess", "forecast"))

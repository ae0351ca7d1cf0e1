"""The pictures of an analysis, drawn with matplotlib and without a screen."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.answer import Analysis
from analysis.days import StrangeDay
from words.speech import Words

INK, SOFT, LOAD, WARM, NIGHT, GRID = "#1c2429", "#8a949a", "#35647f", "#c2571a", "#6a3d9a", "#d5dde0"
HEAT = LinearSegmentedColormap.from_list("load", ["#f4f6f4", "#9cc0c9", "#35647f", "#27344a", "#c2571a"])
WIDTH = 9.0
"""Inches: a page is as wide."""


def _figure(height: float, words: Words, x: str = "", y: str = "kW") -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(SOFT)
    axes.tick_params(colors=INK, labelsize=9, color=SOFT)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_ylabel(y, fontsize=9, color=INK)
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
    return figure, axes


def _legend(axes: Axes, columns: int = 4) -> None:
    axes.legend(fontsize=9, frameon=False, ncols=columns, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)


def _months(axes: Axes, found: Analysis, words: Words) -> None:
    """Month names along the days of the load."""
    days = [found.load.day_of(n) for n in range(int(found.load.day[-1]) + 1)]
    firsts = [n for n, day in enumerate(days) if day.day == 1] or [0]
    if len(firsts) < 2:  # a short load: days
        firsts = list(range(0, len(days), max(1, len(days) // 8)))
        labels = [words.day(days[n]) for n in firsts]
    else:
        firsts = firsts[:: max(1, len(firsts) // 13)]
        labels = [words.texts[f"month_short.{days[n].month}"] for n in firsts]
    axes.set_xticks(firsts, labels)
    axes.set_xlim(-0.5, len(days) - 0.5)


def year_curve(found: Analysis, words: Words) -> Figure:
    """Highest and mean power of each day, the peaks marked."""
    figure, axes = _figure(2.9, words)
    days = found.load.days_kw
    there = np.isfinite(days).any(axis=1)
    numbers = np.arange(len(days))[there]
    highest, lowest, mean = (of(days[there], axis=1) for of in (np.nanmax, np.nanmin, np.nanmean))
    axes.fill_between(numbers, lowest, highest, step="mid", color=LOAD, alpha=0.28, linewidth=0, label=words["year.span"])
    axes.plot(numbers, mean, color=LOAD, linewidth=1.2, label=words["year.mean"])
    marked = found.peaks[:5]
    places = [int(found.load.day[(peak.start_utc - found.load.start_utc(0)) // timedelta(minutes=15)]) for peak in marked]
    axes.scatter(places, [peak.kw for peak in marked], color=WARM, s=26, zorder=3, label=words["year.peaks"])
    if found.base.base_kw > 0:
        axes.axhline(found.base.base_kw, color=NIGHT, linewidth=1.0, linestyle=(0, (4, 3)), label=words["year.base"])
    _months(axes, found, words)
    axes.set_ylim(bottom=min(0.0, float(lowest.min())))
    _legend(axes)
    return figure


def heat_map(found: Analysis, words: Words) -> Figure:
    """Each day a column, each quarter hour of its clock a row."""
    figure, axes = _figure(3.6, words, y=words["heat.clock"])
    axes.grid(visible=False)
    days = found.load.days_kw
    image = axes.imshow(
        days.T, aspect="auto", cmap=HEAT, interpolation="nearest", origin="upper", vmin=min(0.0, float(np.nanmin(days)))
    )
    axes.set_yticks([0, 24, 48, 72, 96], ["00:00", "06:00", "12:00", "18:00", "24:00"])
    axes.set_ylim(95.5, -0.5)
    _months(axes, found, words)
    bar = figure.colorbar(image, ax=axes, pad=0.01, fraction=0.03)
    bar.ax.tick_params(labelsize=9, color=SOFT)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
    bar.set_label("kW", fontsize=9)
    bar.outline.set_visible(False)
    return figure


def duration_curve(found: Analysis, words: Words) -> Figure:
    """All quarter hours, the highest first; the first hundred hours by themselves."""
    figure = Figure(figsize=(WIDTH, 2.7), layout="constrained")
    wide, near = figure.subplots(1, 2, width_ratios=(2, 1))
    ordered = np.sort(found.load.kw[~np.isnan(found.load.kw)])[::-1]
    hours = np.arange(len(ordered)) / 4
    for axes, most in ((wide, len(ordered)), (near, min(400, len(ordered)))):
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        axes.grid(axis="y", color=GRID, linewidth=0.6)
        axes.tick_params(labelsize=9, color=SOFT)
        axes.fill_between(hours[:most], ordered[:most], color=LOAD, alpha=0.35, linewidth=0)
        axes.plot(hours[:most], ordered[:most], color=LOAD, linewidth=1.2)
        axes.set_xlabel("h", fontsize=9)
        for edge in (axes.xaxis, axes.yaxis):
            edge.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
        axes.set_xlim(0, max(hours[most - 1], 0.25))
    near.set_title(
        words.fill("duration.first", hours=words.number(hours[min(400, len(ordered)) - 1] + 0.25)), fontsize=9, loc="left"
    )
    wide.set_ylabel("kW", fontsize=9)
    wide.set_ylim(bottom=min(0.0, float(ordered[-1])))
    low, high = near.get_ylim()
    near.set_ylim(low, high)
    return figure


def peak_heights(found: Analysis, words: Words) -> Figure:
    """The peaks in order of height, and the levels to which the first ones would be cut."""
    figure, axes = _figure(2.6, words)
    peaks = [peak.kw for peak in found.peaks]
    axes.plot(range(1, len(peaks) + 1), peaks, "o", color=LOAD, markersize=7)
    for one, tone in zip(found.cuts, (WARM, NIGHT, INK), strict=False):
        label = words.fill("cut.level", peaks=words.number(one.peaks), kw=words.unit(one.level_kw, "kW"))
        axes.plot([0.5, min(one.peaks, len(peaks)) + 0.5], [one.level_kw] * 2, color=tone, linewidth=1.6, label=label)
    low = min([*peaks, *(one.level_kw for one in found.cuts)], default=0.0)
    high = max(peaks, default=1.0)
    axes.set_ylim(max(0.0, low - 0.6 * (high - low) - 0.01 * high), high + 0.04 * (high - low) + 0.002 * high)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0.4, len(peaks) + 0.6)
    _legend(axes, 3)
    return figure


def week(found: Analysis, words: Words) -> Figure:
    """The median day of working days, Saturdays and Sundays."""
    figure, axes = _figure(2.6, words)
    days = found.load.days_kw
    weekdays = np.array([found.load.day_of(n).weekday() for n in range(len(days))])
    clock = np.arange(96) / 4
    kinds = (((0, 1, 2, 3, 4), "week.workday", LOAD), ((5,), "week.saturday", WARM), ((6,), "week.sunday", NIGHT))
    for kind, key, tone in kinds:
        mine = days[np.isin(weekdays, kind)]
        mine = mine[np.isfinite(mine).any(axis=1)]
        if len(mine):
            axes.plot(clock, np.nanmedian(mine, axis=0), color=tone, linewidth=1.5, label=words[key])
    axes.axvspan(0, 6, color=SOFT, alpha=0.12, linewidth=0)
    axes.axvspan(22, 24, color=SOFT, alpha=0.12, linewidth=0)
    axes.set_xlim(0, 24)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.set_xticks(range(0, 25, 3), [f"{hour:02}:00" for hour in range(0, 25, 3)])
    _legend(axes)
    return figure


def strange(days: tuple[StrangeDay, ...], words: Words) -> Figure:
    """Days unlike their kind, each beside the median day of its kind."""
    rows = (len(days) + 2) // 3
    figure = Figure(figsize=(WIDTH, 1.9 * rows), layout="constrained")
    cells = figure.subplots(rows, 3, sharex=True, squeeze=False).ravel()
    clock = np.arange(96) / 4
    for axes, day in zip(cells, days, strict=False):
        axes.plot(clock, day.usual_kw, color=SOFT, linewidth=1.0)
        axes.fill_between(clock, day.usual_kw, day.kw, color=WARM, alpha=0.3, linewidth=0)
        axes.plot(clock, day.kw, color=WARM, linewidth=1.3)
        axes.set_title(words.day(day.day, with_year=True), fontsize=9, loc="left")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        axes.tick_params(labelsize=8, color=SOFT)
        axes.set_xticks([0, 6, 12, 18, 24])
        axes.set_xlim(0, 24)
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
    for axes in cells[len(days) :]:
        axes.set_visible(False)
    return figure


def sheets_bars(found: Analysis, words: Words, names: dict[str, str]) -> Figure:
    """What each sheet bills: for power and for all else."""
    figure, axes = _figure(0.55 + 0.42 * len(found.sheets), words, y="")
    axes.grid(visible=False)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    labels = [names[one.sheet.tariff.id] for one in found.sheets]
    power = [float(one.bill.demand_eur) for one in found.sheets]
    rest = [float(one.bill.energy_eur) for one in found.sheets]
    places = range(len(labels))
    axes.barh(places, power, color=WARM, height=0.62, label=words["sheets.power"])
    axes.barh(places, rest, left=power, color=LOAD, height=0.62, label=words["sheets.rest"])
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.set_xlabel("EUR", fontsize=9)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
    _legend(axes, 2)
    return figure

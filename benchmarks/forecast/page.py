"""The figures of a run as JSON, and as a page with pictures."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.forecast import pictures, rivals
from benchmarks.forecast.cost import GOALS, Cost
from benchmarks.forecast.profiles import target_kw
from benchmarks.forecast.rolling import SERVED, TWO_STEP, Day, Rolled
from domain.units import WATTS_PER_CORE
from forecasting.slots import Floats

RUNGS = {
    "last week": "last-week",
    "same weekday": "weekday",
    "same kind of day": "calendar",
    "similar profiles": "profile",
    "long memory": "profile-long",
    "two-step": TWO_STEP,
    "served": SERVED,
}
"""Name on the page -> rung."""
ODDS_BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0001)


def figures(rolled: list[Rolled], cost: Cost) -> dict[str, Any]:
    """All figures."""
    return {
        "profiles": {one.profile.name: _of(one) for one in rolled},
        "cost": asdict(cost),
        "odds": odds_table(rolled),
        "goals": GOALS,
    }


def _of(one: Rolled) -> dict[str, Any]:
    return {
        "days": len(one.days),
        "mae_to_last_week": {name: _short(one.mae_to_last_week(rung)) for name, rung in RUNGS.items()},
        "pinball_to_mean": {name: _short(one.pinball_to_mean(rung)) for name, rung in RUNGS.items()},
        "coverage": _short(one.coverage()),
        "coverage_on_holidays": _short(one.coverage(lambda day: day.is_holiday)),
        "peaks": peak_figures(one.peaks()),
        "cpu_s": round(one.cpu_s, 2),
        "rivals": {name: _measured(one, name) for name in rival_names([one])},
    }


def _measured(one: Rolled, name: str) -> dict[str, Any]:
    found = {day: rivals.measures(one.midnights, name, day) for day in rivals.DAYS}
    return {
        day: None if of_day is None else {what: _short(value) for what, value in asdict(of_day).items()}
        for day, of_day in found.items()
    }


def _short(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None


def peak_figures(peaks: Floats) -> dict[str, Any]:
    """How well the days' peaks were foreseen: shares and relative errors; empty without whole days."""
    if not len(peaks):
        return {}
    low, middle, high, came, of_median_path, last_week, _ = peaks.T
    return {
        "days": len(peaks),
        "within_band": _short(float(((came >= low) & (came <= high)).mean())),
        "median_error": _short(float(np.median(np.abs(middle / came - 1)))),
        "bias": _short(float(np.median(middle / came - 1))),
        "bias_of_the_median_path": _short(float(np.median(of_median_path / came - 1))),
        "mae_to_last_week": _short(float(np.abs(middle - came).sum() / max(np.nansum(np.abs(last_week - came)), 1e-9))),
    }


def odds_table(rolled: list[Rolled]) -> list[dict[str, float]]:
    """Of all days of plants: forecast odds of passing the target, and how often it was passed."""
    odds, passed = _odds(rolled)
    rows = []
    for low, high in pairwise(ODDS_BINS):
        mine = (odds >= low) & (odds < high)
        if mine.any():
            rows.append(
                {"from": low, "days": int(mine.sum()), "forecast": float(odds[mine].mean()), "passed": float(passed[mine].mean())}
            )
    return rows


def _odds(rolled: list[Rolled]) -> tuple[Floats, Floats]:

    odds, passed = [np.empty(0)], [np.empty(0)]
    for one in rolled:
        peaks = one.peaks()
        odds.append(peaks[:, 6])
        passed.append((peaks[:, 3] > target_kw(one.profile)).astype(float))
    return np.concatenate(odds), np.concatenate(passed)


def brier(rolled: list[Rolled]) -> tuple[float, float]:
    """Mean squared error of the odds, and that of always forecasting how often it is passed."""
    odds, passed = _odds(rolled)
    return float(((odds - passed) ** 2).mean()), float(((passed.mean() - passed) ** 2).mean())


def write(rolled: list[Rolled], cost: Cost, days: int, folder: Path) -> None:
    """``forecasting.md`` and its pictures below `folder`."""
    drawn = folder / "pictures"
    drawn.mkdir(exist_ok=True)
    plants = [one for one in rolled if one.profile.is_plant] or rolled
    ladder = {one.profile.name: {name: one.mae_to_last_week(rung) for name, rung in RUNGS.items()} for one in plants}
    others = [one for one in rolled if one not in plants]
    (drawn / "forecast-ladder.svg").write_text(
        pictures.grouped_bars("Error a day ahead over that of last week's curve: measured plants", ladder, 1.6, 1.0, ""),
        encoding="utf-8",
    )
    weeks = {one.profile.name: weekly_coverage(one) for one in plants}
    count = max(len(row) for row in weeks.values())
    (drawn / "forecast-coverage.svg").write_text(
        pictures.lines(
            "Quarter hours within the band, by week; 80 % is meant",
            weeks,
            0.4,
            1.0,
            0.8,
            [f"week {n + 1}" for n in range(count)],
            {},
        ),
        encoding="utf-8",
    )
    (drawn / "forecast-joules.svg").write_text(_joules(plants, cost), encoding="utf-8")
    reliability = {
        f"forecast {row['from']:.0%} and more": {"forecast": row["forecast"], "came": row["passed"]} for row in odds_table(rolled)
    }
    (drawn / "forecast-odds.svg").write_text(
        pictures.grouped_bars("P(peak of the day > target): forecast, and how often it came", reliability, 1.05, 1.0, ""),
        encoding="utf-8",
    )
    (folder / "forecasting.md").write_text(_page(plants, others, rolled, cost, days), encoding="utf-8")


def weekly_coverage(one: Rolled) -> list[float]:
    """Share within the band of every seven days."""
    if not one.days:
        return []
    first = one.days[0].day

    def week(number: int) -> float:
        return one.coverage(lambda day: (day.day - first).days // 7 == number)

    return [week(number) for number in range((len(one.days) + 6) // 7)]


def _joules(plants: list[Rolled], cost: Cost) -> str:
    def mean(rung: str) -> float:
        return float(np.nanmean([one.mae_to_last_week(rung) for one in plants]))

    named = {
        "last week": ("last-week", "last-week"),
        "same kind of day": ("calendar", "calendar"),
        "similar profiles": ("profile", "profile"),
        "two-step": ("two-step", TWO_STEP),
        "served": ("served", SERVED),
    }
    points = [(name, cost.rung_ms[timed] / 1e3 * WATTS_PER_CORE, mean(rung)) for name, (timed, rung) in named.items()]
    return pictures.dots(
        "What a forecast costs and how far off it is",
        points,
        f"joules a forecast ({WATTS_PER_CORE:g} W a core, a model)",
        "error / last week's",
    )


def _page(plants: list[Rolled], others: list[Rolled], rolled: list[Rolled], cost: Cost, days: int) -> str:
    mine, base = brier(rolled)
    cores = os.cpu_count()
    blocks = [
        "# Forecasts on measured loads",
        f"Written by `lastgang bench forecast --data FOLDER --rivals --write-report` on {datetime.now(UTC):%Y-%m-%d}, {cores} cores. Every profile is forecast from its"
        f" last {days} local midnights, each forecast knowing only what was before it; the figures are of the day ahead. The profiles lie beside"
        " the project and are not part of it.",
        "## The ladder",
        "![Error of each rung by plant](pictures/forecast-ladder.svg)",
        _ladder_table(plants),
        "## Beside gradient boosting",
        _rivals_text(plants),
        "## Energy",
        "![Error against joules](pictures/forecast-joules.svg)",
        _cost_table(cost),
        "## Odds that can be bet on",
        "![Coverage by week](pictures/forecast-coverage.svg)",
        _coverage_table(plants),
        "## Peaks",
        _peak_table(plants),
        "![Odds of passing a target](pictures/forecast-odds.svg)",
        f"The target is the 80 % quantile of each profile's daily peaks. Brier score of all {sum(len(one.peaks()) for one in rolled)} days:"
        f" {mine:.3f}; always forecasting the base rate would have {base:.3f}.",
        "## All other profiles",
        "Standard profiles repeat themselves, so last week is hard to beat there; houses and single machines are not what this is for. They are here to"
        " show that nothing breaks.",
        _other_table(others),
        "## What it taught",
        LESSONS,
    ]
    return "\n\n".join(block.strip("\n") for block in blocks) + "\n"


def _ladder_table(plants: list[Rolled]) -> str:
    rows = ["| profile | " + " | ".join(RUNGS) + " | quantile loss / load |", "|---|" + "---:|" * (len(RUNGS) + 1)]
    for one in plants:
        cells = [_cell(one.mae_to_last_week(rung)) for rung in RUNGS.values()]
        rows.append(f"| {one.profile.name} | " + " | ".join(cells) + f" | {_cell(one.pinball_to_mean(SERVED), 3)} |")
    return "\n".join(rows)


def rival_names(plants: list[Rolled]) -> list[str]:
    """The served model and all that were run beside it."""
    return [SERVED, *dict.fromkeys(name for one in plants for name in one.rivals)]


def _rivals_text(plants: list[Rolled]) -> str:
    names = rival_names(plants)
    blocks = [rivals.table({one.profile.name: one.midnights for one in plants}, names)]
    costs = []
    for name in names[1:]:
        mine = [one.rivals[name] for one in plants if name in one.rivals]
        fits, issues = (np.concatenate([getattr(one, what) for one in mine]) for what in ("fit_s", "issue_ms"))
        if fits.size:
            costs.append(f"{name}: {fits.mean():.1f} s of CPU a fit, refitted weekly, {np.median(issues):.1f} ms an issue")
    if costs:
        blocks.append(
            "; ".join(costs)
            + f". Served: {np.median([day.forecast.cpu_ms for one in plants for day in one.days]):.1f} ms an issue."
        )
    return "\n\n".join(blocks)


def _cell(value: float | None, places: int = 2) -> str:
    return "-" if value is None or not np.isfinite(value) else f"{value:.{places}f}"


def _percent(value: float | None) -> str:
    return "-" if value is None or not np.isfinite(value) else f"{value:.0%}"


def _cost_table(cost: Cost) -> str:
    rungs = ", ".join(f"{name} {ms:.2f}" for name, ms in cost.rung_ms.items())
    rows = [
        ("fit of a meter (six weeks replayed)", f"{cost.fit_s:.2f} s", "0.5 s"),
        ("update by a quarter hour, mean of a day", f"{cost.update_mean_ms:.2f} ms", "1 ms"),
        ("the longest of them (a lesson of both days ahead)", f"{cost.update_worst_ms:.1f} ms", ""),
        ("issue of 48 h", f"{cost.issue_ms:.1f} ms", ""),
        (f"issue for {cost.meters} meters on one core", f"{cost.all_meters_s:.1f} s", "45 s"),
        ("state of a meter", f"{cost.state_bytes / 1000:.0f} kB", ""),
        ("energy of a meter a day: 96 updates and issues", f"{cost.joules_a_day:.1f} J", ""),
    ]
    lines_ = ["| | CPU time | goal |", "|---|---:|---:|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines_) + f"\n\nOne question to each rung alone [ms]: {rungs}."


def _coverage_table(plants: list[Rolled]) -> str:
    rows = ["| profile | within the band | on working days | on Saturdays and Sundays | on holidays |", "|---|---:|---:|---:|---:|"]

    def rests(day: Day) -> bool:
        return day.day.weekday() > 4

    for one in plants:
        parts = (
            one.coverage(),
            one.coverage(lambda day: not rests(day) and not day.is_holiday),
            one.coverage(rests),
            one.coverage(lambda day: day.is_holiday and not rests(day)),
        )
        rows.append(f"| {one.profile.name} | " + " | ".join(_percent(part) for part in parts) + " |")
    return "\n".join(rows)


def _peak_table(plants: list[Rolled]) -> str:
    head = "| profile | peak within its band | median error | bias | bias of the highest median | error / last week's |"
    rows = [head, "|---|---:|---:|---:|---:|---:|"]
    for one in plants:
        found = peak_figures(one.peaks())
        if found:
            rows.append(
                f"| {one.profile.name} | {_percent(found['within_band'])} | {_percent(found['median_error'])} | {found['bias']:+.1%} | "
                f"{found['bias_of_the_median_path']:+.1%} | {_cell(found['mae_to_last_week'])} |"
            )
    return "\n".join(rows)


def _other_table(others: list[Rolled]) -> str:
    rows = ["| profile | | days | error / last week's | within the band |", "|---|---|---:|---:|---:|"]
    rows += [
        f"| {one.profile.name} | {one.profile.says} | {len(one.days)} | {_cell(one.mae_to_last_week(SERVED))} | {_percent(one.coverage())} |"
        for one in others
    ]
    return "\n".join(rows)


LESSONS = """
- **Days of a similar load profile beat days of the same calendar kind where a plant is driven by orders.** What the past day and the past evening looked like says more than the
  weekday: whether the night shift works is seen before midnight. Steel is the exception; there a long memory by the calendar is best.
- **No way of counting likeness is best everywhere**, and which one is best changes with the season, with how far ahead one looks and with the
  time of day. Mixing a dozen by their own past errors costs milliseconds and is better than the best of them on most plants.
- **A fit of a smooth curve is no better than similar days** and no cheaper: the two-step rung stays in the ladder to be compared, and is not used
  by the served model.
- **The highest of the medians is not the median of the highest.** It is too low, by up to a tenth and more; peaks taken from whole load profiles are not.
- **Coverage has to be steered, by the hour and apart for work and rest.** Quantiles of similar days alone cover two thirds of what they state.
- **Gradient boosting is no better here, set up as a careful team would on its first day.** One configuration for all plants, no tuning for any; its bands hold 46 to 69 % of what comes
  because nothing calibrates them. It is ahead on the peaks of the furniture shop and of metal processing. A better set-up is possible: one that was measured apart from this run had 0.671 of
  last week's error on the furniture shop and 0.742 on the second day of the German plant.
- **The second day profits from a mean over weeks**, the first does not: what yesterday looked like is worth more there.
- **Days between the years are not a kind of day but a doubt.** Taken as their own kind they tore a plant that works on from its weekdays; taken as
  a little unlike all others they help both plants, because the load profile of the first such day says which it is.
"""

"""The figures of a run as JSON, and as a page with a picture."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from benchmarks.forecast.pictures import INK, SOFT, TONES, Picture
from benchmarks.worth.effects import HEADINGS, effect_row
from benchmarks.worth.judging import Judged, calibration
from benchmarks.worth.trial import Advised, Trial
from domain.files import write_whole
from simulation.lifelike import Lifelike

PICTURE = "worth-peaks.svg"
BEGIN, END = "<!-- worth: begin -->", "<!-- worth: end -->"
"""In ``planning.md``: between them stands the table of this page."""
SEED_HEADINGS = ("seed", "adviser", "without [kW]", "with [kW]", "foresight [kW]", "with / foresight", "moves a week", "declined", "promised [EUR]", "true [EUR]", "foresight [EUR]")  # fmt: skip
SUM_HEADINGS = ("adviser", "with / foresight", "of the reduction that foresight reaches", "moves a week", "declined", "promised [EUR]", "true [EUR]", "true / promised", "CPU [s]")  # fmt: skip
BIN_HEADINGS = ("adviser", "confidence", "recommendations", "stated", "came true", "promised reduction [kW]", "true reduction [kW]")


def figures(trials: Sequence[Trial]) -> dict[str, Any]:
    """All figures, by seed."""
    return {str(trial.seed): asdict(trial) for trial in trials}


def write(trials: Sequence[Trial], load: float, folder: Path) -> None:
    """Write ``worth.md`` and its picture, and the sum into ``planning.md``."""
    (folder / "pictures").mkdir(exist_ok=True)
    write_whole(folder / "pictures" / PICTURE, picture(trials))
    write_whole(folder / "worth.md", _page(trials, load))
    planning = folder / "planning.md"
    if planning.exists():
        write_whole(planning, with_section(planning.read_text(encoding="utf-8"), section(trials)))


def with_section(page: str, section: str) -> str:
    """A page with `section` between its marks, at its end where it has none."""
    before, begun, rest = page.partition(BEGIN)
    after = rest.partition(END)[2] if begun else ""
    return f"{before.rstrip()}\n\n{BEGIN}\n{section.strip()}\n{END}\n{after.lstrip()}"


def section(trials: Sequence[Trial]) -> str:
    """The sum over all seeds, as it stands beside the plans."""
    head = f"## {trials[0].days} plant days, {len(trials)} seeds"
    text = "The same days without advice, with it, and with perfect foresight: [what advice is worth](worth.md)."
    return "\n".join([head, "", text, "", *_table(SUM_HEADINGS, sum_rows(trials), 1)])


def sum_rows(trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    """A line an adviser, over all seeds."""
    return [_sum_row(name, trials) for name in _names(trials)]


def _sum_row(name: str, trials: Sequence[Trial]) -> tuple[str, ...]:
    mine = [_of(trial, name) for trial in trials]
    weeks = sum(trial.days for trial in trials) / 7
    share = sum(one.peak_kw for one in mine) / sum(trial.foresight_kw for trial in trials)
    possible = sum(trial.without_kw - trial.foresight_kw for trial in trials)
    reached = sum(trial.without_kw - one.peak_kw for trial, one in zip(trials, mine, strict=True))
    promised, true = sum(one.promised_eur for one in mine), _sum(one.true_eur for one in mine)
    decided, declined = sum(one.decided for one in mine), sum(one.declined for one in mine)
    return (
        name, f"{share:.1%}", f"{reached / possible:.0%}" if possible > 0 else "-", f"{sum(one.moves for one in mine) / weeks:.1f}",
        f"{declined} of {decided}", _eur(promised), _eur(true), f"{true / promised:.0%}" if promised and true is not None else "-",
        f"{sum(one.cpu_s for one in mine):.0f}",
    )  # fmt: skip


def seed_rows(trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    """A line a seed and adviser."""
    return [
        (
            str(trial.seed), one.adviser, f"{trial.without_kw:.1f}", f"{one.peak_kw:.1f}", f"{trial.foresight_kw:.1f}",
            f"{one.peak_kw / trial.foresight_kw:.1%}", f"{one.moves * 7 / trial.days:.1f}", f"{one.declined} of {one.decided}",
            _eur(one.promised_eur), _eur(one.true_eur), _eur(trial.foresight_eur),
        )
        for trial in trials
        for one in trial.advised
    ]  # fmt: skip


def bin_rows(trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    """A line an adviser and range of confidence."""
    return [row for name in _names(trials) for row in _bins(name, [one for trial in trials for one in _of(trial, name).judged])]


def _bins(name: str, found: Sequence[Judged]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in calibration(found):
        mine = [each for each in found if one.holds(each.confidence)]
        stated_kw = sum(each.stated_reduction_kw for each in mine) / max(len(mine), 1)
        true_kw = sum(each.reduction_kw for each in mine) / max(len(mine), 1)
        filled = (f"{one.stated:.0%}", f"{one.came_true:.0%}", f"{stated_kw:.1f}", f"{true_kw:.1f}") if mine else ("-",) * 4
        rows.append((name, f"{one.low:.0%} to {one.high:.0%}", str(one.count), *filled))
    return rows


def effect_rows(trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    """A line an adviser: what the platform measures of its moves, beside the truth."""
    found = {name: [_of(trial, name) for trial in trials] for name in _names(trials)}
    return [
        effect_row(name, [(one.effects, one.true_eur) for one in some if one.effects is not None]) for name, some in found.items()
    ]


def picture(trials: Sequence[Trial]) -> str:
    """The peak of each seed as a row of bars, from a foot that shows the differences."""
    names = ("without advice", *_names(trials), "perfect foresight")
    rows = [
        (trial, (trial.without_kw, *(_of(trial, name).peak_kw for name in names[1:-1]), trial.foresight_kw)) for trial in trials
    ]
    foot = 50.0 * (min(min(peaks) for _, peaks in rows) // 50 - 1)
    bar, gap, left, right, top = 16, 14, 90.0, 790.0, 84
    reach = (right - left) / (max(max(peaks) for _, peaks in rows) - foot)
    height = top + len(rows) * (len(names) * bar + gap) + 30
    drawing = Picture(f"Highest quarter hour of {trials[0].days} days [kW]", height)
    x = left
    for number, name in enumerate(names):
        drawing.box(x, 42, 12, 12, TONES[number])
        drawing.text(x + 17, 53, name, size=13)
        x += 44 + 8 * len(name)
    y = float(top)
    for trial, peaks in rows:
        drawing.text(left - 10, y + len(names) * bar / 2 + 4, f"seed {trial.seed}", "end", 13)
        for number, peak_kw in enumerate(peaks):
            drawing.box(
                left, y, (peak_kw - foot) * reach, bar - 2, TONES[number], f"seed {trial.seed}, {names[number]}: {peak_kw:.1f} kW"
            )
            drawing.text(left + (peak_kw - foot) * reach + 5, y + bar - 4, f"{peak_kw:.0f}", size=12)
            y += bar
        y += gap
    billed_kw = trials[0].billed_kw
    if billed_kw > foot:
        at = left + (billed_kw - foot) * reach
        drawing.line([(at, top - 6), (at, height - 26)], INK, 1, "4 3")
        drawing.text(at, top - 10, f"billed before: {billed_kw:.0f} kW", "middle", 12)
    drawing.text(left, height - 8, f"bars begin at {foot:.0f} kW", size=12, tone=SOFT)
    return drawing.svg()


def _page(trials: Sequence[Trial], load: float) -> str:
    days = trials[0].days
    return "\n".join(
        [
            "# What advice is worth",
            "",
            f"Written by `lastgang bench worth --write-report` on {datetime.now(UTC):%Y-%m-%d}: {days} plant days, {len(trials)} seeds; {os.cpu_count()} cores"
            f" with a load of {load:.1f} when it began.",
            "",
            "The demo's plant runs in event time, without a stream: every quarter hour goes to the steps of forecast and advice, the recommendations to a"
            " planner's desk, the moved jobs to the factory. The factory does not keep to the plan"
            " ([settings](../simulation/lifelike.py)): " + _settings() + ". The plan knows the typed curves alone.",
            "",
            "*Without*: the same seed, and nobody moves a job. *Foresight*: the planner on the loads as they really come, day by day, run through the"
            " same factory; its jobs obey the same windows, shifts and machines, and nobody declines. *True*: the bill of the year without advice minus the"
            " bill with it; power is billed once for all days, and a peak below the one that was billed before saves nothing. *Promised*: the sum of"
            " `saving_eur` of all moves that were made, each as it was open last.",
            "",
            *_table(SUM_HEADINGS, sum_rows(trials), 1),
            "",
            f"![Highest quarter hour of each seed](pictures/{PICTURE})",
            "",
            *_table(SEED_HEADINGS, seed_rows(trials), 2),
            "",
            "## Confidence",
            "",
            "The event: the peak without the recommendation passes what the peak with it reaches, by more than 1 kW. Each recommendation, moved or not, is"
            " compared with the same days with its jobs in the other place, from its issue to the end of the day of its peak.",
            "",
            *_table(BIN_HEADINGS, bin_rows(trials), 2),
            "",
            "## Measured effect",
            "",
            "What the platform measures of the moves that were made, by the billing meter, the machines' meters and the orders alone, beside the truth. A move's"
            " interval is that of what it took out of the quarter hour that its advice named; the truth is a run with its job back in its place.",
            "",
            *_table(HEADINGS, effect_rows(trials), 1),
            "",
        ]
    )  # fmt: skip


def _settings() -> str:
    set_ = Lifelike()
    return (
        f"what is in a batch varies by {set_.batch_spread:.0%} (standard deviation), machines drift by {set_.drift_spread:.0%} over weeks, durations vary by"
        f" {set_.duration_spread:.0%}, typed curves are wrong by {set_.typed_spread:.0%}, {set_.breakdowns_a_week:g} breakdowns a week and"
        f" {set_.rush_orders_a_week:g} rush orders at {set_.rush_notice.total_seconds() / 3600:g} h notice, {set_.declined_share:.0%} of the advice is declined,"
        f" {set_.late_share:.0%} of the moved jobs begin up to {set_.most_late.total_seconds() / 60:g} min late"
    )


def _names(trials: Sequence[Trial]) -> list[str]:
    return [one.adviser for one in trials[0].advised]


def _of(trial: Trial, name: str) -> Advised:
    return next(one for one in trial.advised if one.adviser == name)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], texts: int) -> list[str]:
    """A table whose first `texts` columns are words."""
    rule = "|" + "---|" * texts + "---:|" * (len(headings) - texts)
    return ["| " + " | ".join(headings) + " |", rule, *("| " + " | ".join(row) + " |" for row in rows)]


def _sum(values: Iterable[float | None]) -> float | None:
    """The sum; None where one is not known."""
    found = list(values)
    known = [value for value in found if value is not None]
    return sum(known) if len(known) == len(found) else None


def _eur(value: float | None) -> str:
    return "-" if value is None or not isfinite(value) else f"{value + 0.0:,.0f}"

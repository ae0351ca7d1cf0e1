"""What ``lastgang bench baselines`` does: injected savings found again, and metrics against OpenDSM's."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import t as student

from baselines.answer import Wishes, answer
from baselines.fitting import Baseline, baseline_of
from baselines.interval import spread_of
from baselines.metrics import ashrae_uncertainty, fit_of
from baselines.model import Design
from baselines.rows import Floats, Rows
from benchmarks.baselines.exact import metrics as exact_metrics
from benchmarks.baselines.measured import HeldOut, held_out, loads, real_weather
from benchmarks.baselines.meters import KINDS, meter
from domain.errors import Fault, InputFaults
from domain.files import write_whole
from domain.measures import Measure

UTC_ZONE = ZoneInfo("UTC")
CHOSEN_BELOW = 1000
"""Seeds by which the prior of the drift and what lasts beyond a block were chosen; others judge them."""
MOST_SHARE = 0.2
METRICS = (
    "n_prime",
    "rmse",
    "rmse_adj",
    "rmse_autocorr_adj",
    "cvrmse",
    "cvrmse_adj",
    "cvrmse_autocorr_adj",
    "nmbe",
    "r_squared",
    "r_squared_adj",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One injected saving; all shares are of what the baseline expects for the reporting period."""

    subject: str
    true: float
    found: float
    half: float
    """Half of our 80 % interval."""
    ashrae_half: float
    claimed: bool
    refusals: tuple[str, ...] = ()
    group: str = ""

    @property
    def error(self) -> float:
        """Found less true."""
        return self.found - self.true


@dataclass(frozen=True, slots=True)
class Summary:
    """Of the trials of one subject."""

    subject: str
    trials: int
    mean_error: float
    mean_absolute_error: float
    right: float
    """Share of trials whose interval holds the true saving."""
    half: float
    ashrae_right: float
    claimed: float


def run(
    seeds: int, first_seed: int, only: Sequence[str], data: Path, peer: Path | None, json_file: Path | None, write_report: bool
) -> None:
    """Run the trials, print what came out, and write it where wanted.

    Parameters
    ----------
    first_seed
        Of the meters of our own; from `CHOSEN_BELOW` on nothing was chosen by them.

    Raises
    ------
    InputFaults
        If there is no kind of a name that is wanted.
    """
    if unknown := [name for name in only if name not in KINDS]:
        raise InputFaults([Fault(LINE, None, "--only", ", ".join(unknown), f"one of {', '.join(KINDS)}")])
    began = time.process_time()
    kinds = only or KINDS
    made = [_made(kind, seed, None) for kind in kinds for seed in range(first_seed, first_seed + seeds)]
    weather = real_weather(data)
    on_weather = (
        []
        if weather is None or only
        else [_made(kind, seed, weather) for kind in KINDS[:3] for seed in range(first_seed, first_seed + seeds)]
    )
    blocks = [] if only else [trial for name, rows, zone in loads(data) for trial in _blocks(name, rows, zone)]
    nothing = [_made(kind, seed, None, share=0.0) for kind in kinds for seed in range(first_seed, first_seed + seeds)]
    differences = {} if only else _differences(data, peer)
    found = {
        "made": _summaries(made), "by noise": _summaries(made, lambda one: one.group), "on measured weather": _summaries(on_weather),
        "measured blocks": _summaries(blocks),
    }  # fmt: skip
    false = sum(one.claimed for one in nothing) / max(len(nothing), 1)
    refused = Counter(key for one in nothing for key in one.refusals)
    for title, summaries in found.items():
        _show(title, summaries)
    Console().print(f"claimed where nothing was saved: {false:.1%} of {len(nothing)}")
    Console().print(f"CPU: {time.process_time() - began:.0f} s")
    if json_file is not None:
        result = {
            "summaries": {k: [asdict(one) for one in v] for k, v in found.items()},
            "claimed_of_nothing": false,
            "differences": differences,
        }
        write_whole(json_file, json.dumps(result, indent=1) + "\n")
    if write_report:
        write_whole(
            Path(__file__).parents[1] / "baselines.md",
            page(found, false, len(nothing), refused, differences, peer is not None, (first_seed, seeds)),
        )


LINE = "command line"


def _made(kind: str, seed: int, weather: tuple[date, Floats] | None, share: float | None = None) -> Trial:
    share = float(np.random.default_rng([seed, 7]).uniform(0, MOST_SHARE)) if share is None else share
    known = meter(kind, seed, share) if weather is None else meter(kind, seed, share, weather[1], weather[0])
    one = answer(known.rows, Wishes((Measure(id="m", begins=known.measure),)), UTC_ZONE).measures[0]
    assert one.baseline is not None
    assert one.saving is not None
    after = known.rows.between(known.measure, None)
    without_kwh = float((known.without_kw * known.rows.hours)[after].sum())
    whole = one.saving.expected_kwh
    true = without_kwh - float(known.rows.energy_kwh[after].sum())
    half = one.saving.spread.half_width_kwh()
    group = f"{'drift' if known.drifts else 'no drift'}, noise of the day before {known.persistence:g}"
    return Trial(
        kind, true / whole, one.saving.saved_kwh.value / whole, half / whole,
        _ashrae(one.baseline, one.saving.expected_day_kwh / 24, 12) * 24 / whole, not one.refusals,
        tuple(fact.key for fact in one.refusals), "hidden driver" if kind == "hidden driver" else group,
    )  # fmt: skip


def _ashrae(baseline: Baseline, expected_kw: Floats, months: int) -> float:
    fit = baseline.fit
    return ashrae_uncertainty(fit, float(student.ppf(0.9, fit.n - fit.parameters)), expected_kw, months)


def _blocks(name: str, rows: Rows, zone: ZoneInfo) -> Iterable[Trial]:
    for place, one in enumerate(held_out(name, rows, zone)):
        rng = np.random.default_rng([place, len(name)])
        yield from _block(one, float(rng.uniform(0, MOST_SHARE)))


def _block(one: HeldOut, share: float) -> Iterable[Trial]:
    baseline = baseline_of(one.rows.where(one.learned), one.zone)
    if not isinstance(baseline, Baseline):
        return
    reported = one.rows.where(one.block)
    design = Design(reported, baseline.trained.design)
    expected = baseline.model.predicted_kw(design) * reported.hours
    drawn = reported.energy_kwh * (1 - share)
    spread = spread_of(baseline.trained, baseline.model, list(baseline.fits), reported, design)
    whole = float(expected.sum())
    months = len({(day.year, day.month) for day in reported.days})
    yield Trial(
        one.name, float(reported.energy_kwh.sum()) * share / whole, float((expected - drawn).sum()) / whole,
        spread.half_width_kwh() / whole, _ashrae(baseline, expected / reported.hours, months) * float(reported.hours.mean()) / whole,
        not baseline.refusals, tuple(fact.key for fact in baseline.refusals), "refused" if baseline.refusals else "carries",
    )  # fmt: skip


def _summaries(trials: Sequence[Trial], by: Callable[[Trial], str] = lambda one: one.subject) -> list[Summary]:
    names = list(dict.fromkeys(by(one) for one in trials))
    groups = [(name, [one for one in trials if by(one) == name]) for name in sorted(names)]
    return [_summary(name, some) for name, some in [*groups, ("all", list(trials))] if some]


def _summary(name: str, trials: Sequence[Trial]) -> Summary:
    errors = np.array([one.error for one in trials])
    return Summary(
        name, len(trials), float(errors.mean()), float(np.abs(errors).mean()), float(np.mean([abs(one.error) <= one.half for one in trials])),
        float(np.mean([one.half for one in trials])), float(np.mean([abs(one.error) <= one.ashrae_half for one in trials])),
        float(np.mean([one.claimed for one in trials])),
    )  # fmt: skip


def _differences(data: Path, peer: Path | None) -> dict[str, dict[str, float]]:
    """By load: the greatest difference of each metric, relative where it is above 1."""
    cases = []
    for name, rows, zone in loads(data):
        if not name.startswith("house"):
            continue
        baseline = baseline_of(rows, zone)
        assert isinstance(baseline, Baseline)
        predicted = baseline.model.predicted_kw(baseline.trained.design) * 24
        cases.append((name, baseline.trained.rows.kw * 24, predicted, baseline.model.form.parameters))
    if not cases:
        return {}
    if peer is None:
        others = [exact_metrics(list(map(float, y)), list(map(float, p)), k) for _, y, p, k in cases]
    else:
        sent = json.dumps([{"observed": y.tolist(), "predicted": p.tolist(), "parameters": k} for _, y, p, k in cases])
        ran = subprocess.run(
            [str(peer), str(Path(__file__).with_name("peer.py"))], input=sent, capture_output=True, text=True, check=True
        )
        others = json.loads(ran.stdout)
    found = {}
    for (name, observed, predicted, parameters), other in zip(cases, others, strict=True):
        fit = fit_of(observed, predicted, parameters)
        ours = {key: float(getattr(fit, key)) for key in METRICS}
        if "uncertainty" in other:
            # OpenDSM takes one degree of freedom more off.
            months = len({(datetime(2023, 1, 1, tzinfo=UTC) + timedelta(days=place)).month for place in range(len(observed))})
            ours["uncertainty"] = ashrae_uncertainty(fit, float(student.ppf(0.9, fit.n - parameters - 1)), predicted, months)
        found[name] = {key: abs(value - other[key]) / max(1.0, abs(other[key])) for key, value in ours.items()}
    return found


def _show(title: str, summaries: Sequence[Summary]) -> None:
    if not summaries:
        return
    table = Table(title, "trials", "mean error", "mean |error|", "right in", "half width", "ASHRAE right in", "claimed")
    for one in summaries:
        table.add_row(one.subject, *_cells(one))
    Console(width=None if Console().is_terminal else 130).print(table)


def _cells(one: Summary) -> tuple[str, ...]:
    return (
        f"{one.trials}", f"{100 * one.mean_error:+.2f}", f"{100 * one.mean_absolute_error:.2f}", f"{100 * one.right:.0f} %",
        f"{100 * one.half:.1f}", f"{100 * one.ashrae_right:.0f} %", f"{100 * one.claimed:.0f} %",
    )  # fmt: skip


def page(
    found: dict[str, list[Summary]], false: float, nothing: int, refused: Counter[str], differences: dict[str, dict[str, float]],
    with_peer: bool, seeds: tuple[int, int],
) -> str:  # fmt: skip
    """The page as Markdown."""
    lines = [
        "# Baselines: savings that were put in, and found again",
        "",
        f"Written by `lastgang bench baselines --first-seed {seeds[0]} --seeds {seeds[1]} --write-report` on {datetime.now(UTC):%Y-%m-%d}; {os.cpu_count()} cores. "
        f"Nothing was chosen by seeds from {CHOSEN_BELOW} on.",
        "",
        "Errors and widths are points of what the baseline expects. *Right in*: how often the stated 80 % interval holds the true saving; *ASHRAE*: the interval of Guideline 14 as OpenDSM has it, on the same baseline. "
        f"*Claimed*: no reason speaks against it. An error of the share *right* of 100 trials is {100 * sqrt(0.8 * 0.2 / 100):.0f} points.",
    ]
    heads = {
        "made": "[Meters of our own](baselines/meters.py), a year before and a year after a measure that saves 0 to 20 % of every day; drawn weather",
        "by noise": "The same meters by what their noise is like; *drift*: the level walks about 1 % in a year",
        "on measured weather": "Meters of our own on two years of measured weather (Illinois)",
        "measured blocks": "[Measured and standard loads](baselines/measured.py): blocks of eight weeks held out, 0 to 20 % taken off them, the other days (without a week on either side) learned; no weather but for the houses. *Claimed*: the baseline carries a saving",
    }
    for key, title in heads.items():
        if not found[key]:
            continue
        lines += [
            "",
            f"## {title}",
            "",
            "| | trials | mean error | mean absolute error | right in | half width | ASHRAE right in | claimed |",
            "|---|---:|---:|---:|---:|---:|---:|---:|",
        ]
        lines += [f"| {one.subject} | {' | '.join(_cells(one))} |" for one in found[key]]
    lines += [
        "",
        "## Nothing was saved",
        "",
        f"Of {nothing} meters of our own without a measure {100 * false:.1f} % were claimed. Reasons against the others: "
        + ", ".join(f"`{key}` {count}" for key, count in refused.most_common())
        + ".",
    ]
    if differences:
        against = (
            "OpenDSM 1.2.7 (`opendsm.common.metrics`, installed beside)" if with_peer else "the definitions in exact fractions"
        )
        worst = {key: max(one[key] for one in differences.values()) for key in next(iter(differences.values()))}
        lines += [
            "",
            "## Metrics",
            "",
            f"Greatest difference from {against} on the buildings of `opendsm_samples`, {len(differences)} periods (relative where the value is above 1):",
            "",
            "| metric | difference |",
            "|---|---:|",
        ]
        lines += [f"| `{key}` | {value:.1e} |" for key, value in worst.items()]
    return "\n".join(lines) + "\n"

"""Powers of jobs as records: what was learned, and whether it is worth a new revision.

In: runs of jobs (`production.runs`), coefficients of a regression (`production.regression`).  Out: `domain.job_power.JobPower`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from domain.job_power import JobPower, PowerSource
from production.profiles import MOST_RUNS, profile_of
from production.regression import Coefficient
from production.runs import Run
from quarters.numbers import slot_start

DIGITS = 3
"""Powers are published to the watt."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One product on one machine."""

    site: str
    machine: str
    product: str


def with_runs(known: Sequence[Run], measured: Iterable[Run]) -> tuple[Run, ...]:
    """The newest runs, oldest first; a job that was measured again counts once, as it was measured last."""
    found = {run.job: run for run in (*known, *measured)}
    return tuple(sorted(found.values(), key=lambda run: (run.start_slot, run.job))[-MOST_RUNS:])


def power_from_runs(subject: Subject, runs: Sequence[Run], idle_kw: float, before: JobPower | None = None) -> JobPower | None:
    """What `runs`, oldest first, say; None where they are too few."""
    profile = profile_of(runs)
    if profile is None:
        return None
    end_slot = max(run.end_slot for run in runs)
    curves = (_rounded(curve) for curve in (profile.q10_kw, profile.q50_kw, profile.q90_kw))
    return _power(subject, curves, profile.runs, PowerSource.SUB_METER, profile.error_kw, end_slot, before, idle_kw)


def power_from_regression(
    subject: Subject, found: Coefficient, quarters: int, end_slot: int, before: JobPower | None = None
) -> JobPower:
    """The same power in all `quarters` quarter hours: a meter that others share shows how much, not in which shape.

    Parameters
    ----------
    end_slot
        First quarter hour after the newest one that it was learned from.
    """
    curves = (_rounded([kw] * quarters) for kw in (found.q10_kw, found.mean_kw, found.q90_kw))
    return _power(subject, curves, found.runs, PowerSource.REGRESSION, found.error_kw, end_slot, before, None)


def is_news(before: JobPower | None, after: JobPower) -> bool:
    """Whether `after` differs from what was published by more than noise.

    It does where the mean power moved by more than its standard error, a quarter hour left the published band, the job's length or the
    source is another, or twice as many runs stand behind it.
    """
    if before is None or before.source is not after.source or len(before.q50_kw) != len(after.q50_kw):
        return True
    moved_kw = abs(fmean(after.q50_kw) - fmean(before.q50_kw))
    if moved_kw > max(before.error_kw, after.error_kw, 10.0**-DIGITS):
        return True
    bands = zip(before.q10_kw, after.q50_kw, before.q90_kw, strict=True)
    return after.runs >= 2 * before.runs or any(not low <= middle <= high for low, middle, high in bands)


def _power(
    subject: Subject,
    curves: Iterable[tuple[float, ...]],
    runs: int,
    source: PowerSource,
    error_kw: float,
    end_slot: int,
    before: JobPower | None,
    idle_kw: float | None,
) -> JobPower:
    """Revisions follow time: a job that starts without its state goes on above all that it published before."""
    q10_kw, q50_kw, q90_kw = curves
    revision = max(end_slot, 0 if before is None else before.revision + 1)
    return JobPower(
        subject.site, subject.machine, subject.product, revision, q10_kw, q50_kw, q90_kw, runs, source, round(error_kw, DIGITS),
        slot_start(end_slot), None if idle_kw is None else round(idle_kw, DIGITS),
    )  # fmt: skip


def _rounded(curve: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(kw, DIGITS) + 0.0 for kw in curve)

"""How the plant wants to be planned: what a change is worth to it, what notice people need, what a machine's changeover takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from pydantic import Field

from domain.toml_files import Identifier, Settings


class Planning(Settings):
    """What the planner of jobs and shifts weighs, beside what the tariff and the shifts cost."""

    horizon_h: float = Field(default=48.0, ge=2, le=48)
    """How far ahead it plans, as far as the forecast reaches [h]."""
    notice_min: int = Field(default=15, ge=0, le=24 * 60)
    """What the shop floor needs between a decision and the start of a job [minutes]."""
    decide_min: int = Field(default=15, ge=0, le=24 * 60)
    """How long people have to decide at least, before the notice begins [minutes]."""
    shift_notice_h: float = Field(default=24.0, ge=0, le=48)
    """What people need to know before a shift is opened, dropped or moved [h]."""
    eur_per_moved_job: float = Field(default=25.0, ge=0, le=1e6)
    """What moving a job must save at least: the work of those who carry it out [EUR]."""
    eur_per_moved_shift_hour: float = Field(default=50.0, ge=0, le=1e6)
    """What an hour by which a shift is moved must save at least, on top of its surcharges: people change their day for it [EUR]."""
    most_moved_jobs: int | None = Field(default=None, ge=0, le=1000)
    """How many jobs one plan may move; none: as many as are worth it."""
    tardiness_eur_per_hour: float | None = Field(default=None, ge=0, le=1e6)
    """What an hour after its due date costs for each job; none: no job is planned to be late that is in time now [EUR/h]."""

    revises_plan: bool = True
    """Whether an accepted recommendation is written into the plan at once, as revised orders and shift changes; false: the plant's own
    planning system reads the decision and hands in what it makes of it."""


class Changeover(Settings):
    """What a machine needs between two jobs of different families; pairs that are not named need no time."""

    machine: Identifier
    """The machine."""
    from_: str = Field(alias="from", min_length=1, max_length=128)
    """Family of the job before: as orders name it, else the product."""
    to: str = Field(min_length=1, max_length=128)
    """Family of the job after."""
    minutes: int = Field(ge=0, le=24 * 60)
    """How long it takes, in whole quarter hours at least [minutes]."""


def longer_than_by_way(changeovers: Sequence[Changeover]) -> Iterator[tuple[int, str, int]]:
    """Changeovers that take longer than two by way of another family: their place, that family, and what those two take [minutes].

    Nobody changes over so; pairs that are missing from the list count as no time, and are the usual cause.
    """
    machines: defaultdict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for one in changeovers:
        machines[one.machine][one.from_, one.to] = one.minutes
    for index, one in enumerate(changeovers):
        minutes = machines[one.machine]
        for family in sorted({name for pair in minutes for name in pair}):
            by_way = minutes.get((one.from_, family), 0) + minutes.get((family, one.to), 0)
            if one.minutes > by_way and family not in (one.from_, one.to):
                yield index, family, by_way
                break

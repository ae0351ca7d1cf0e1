"""The one validation behind every door: measures and events as stated, and what is known -> the revisions to send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from domain.entered_measures import EnteredMeasure, EntryKind, entered, newest_measures
from domain.errors import Fault, InputFaults
from domain.measures import load_measures
from domain.plant import Plant
from domain.texts import KEY_LENGTH

_MOST_NAMED = 12


class Outcome(StrEnum):
    """What became of one entry."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one entry, as it is known now."""

    outcome: Outcome
    entry: EnteredMeasure

    @property
    def is_sent(self) -> bool:
        """Whether it is a new revision."""
        return self.outcome is not Outcome.UNCHANGED


def known_measures(records: Iterable[EnteredMeasure], plant: Plant) -> dict[str, EnteredMeasure]:
    """By id the newest revision, withdrawn ones too; of other sites nothing."""
    return {one.measure: one for one in newest_measures(one for one in records if one.site == plant.site.id)}


def measures_in(path: Path, site: str, now_utc: datetime, by: str = "") -> list[EnteredMeasure]:
    """What a file of measures states, as `lastgang baseline` reads it; an event's id is its name and its first day.

    Raises
    ------
    InputFaults
        With every fault of the file.
    """
    found = load_measures(path)
    events = [entered(one, f"{one.name}/{one.first}"[:KEY_LENGTH], site, now_utc, by) for one in found.event]
    return [*(entered(one, one.id, site, now_utc, by) for one in found.measure), *events]


def judge(
    stated: Sequence[EnteredMeasure], plant: Plant, known: Mapping[str, EnteredMeasure], where: str = "measures"
) -> list[Result]:  # fmt: skip
    """What becomes of each; the same again changes nothing.

    Parameters
    ----------
    where
        What names the source in a fault.

    Raises
    ------
    InputFaults
        If an id is there twice, is that of an entry of the other kind, or a meter is not one of the plant.
    """
    faults: list[Fault] = []
    meters = sorted(meter.id for meter in plant.meters)
    ids = [one.measure for one in stated]
    for one in stated:
        before = known.get(one.measure)
        if ids.count(one.measure) > 1:
            faults.append(Fault(where, None, f"{one.measure}.id", one.measure, "each id once"))
        if before is not None and before.kind is not one.kind:
            faults.append(Fault(where, None, f"{one.measure}.id", f"{before.kind} of that id", f"another id for this {one.kind}"))
        for meter in one.meters:
            if meter not in meters:
                some = ", ".join(meters[:_MOST_NAMED])
                faults.append(Fault(where, None, f"{one.measure}.meters", meter, f"a meter of the plant file: {some}"))
    if faults:
        raise InputFaults(faults)
    return [_result(one, known.get(one.measure)) for one in stated]


def _result(stated: EnteredMeasure, before: EnteredMeasure | None) -> Result:
    if before is None:
        return Result(Outcome.NEW, stated)
    if stated.states_the_same_as(before):
        return Result(Outcome.UNCHANGED, before)
    return Result(Outcome.CHANGED, replace(stated, revision=before.revision + 1))


def taken_back(known: EnteredMeasure, now_utc: datetime, by: str) -> EnteredMeasure:
    """The revision after which it counts no more."""
    return replace(known, revision=known.revision + 1, withdrawn=True, at_utc=now_utc, by=by)


__all__ = ["EntryKind", "Outcome", "Result", "judge", "known_measures", "measures_in", "taken_back"]

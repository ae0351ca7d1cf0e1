"""Laws of the desk: batches and restarts change nothing, energy is counted once, what is remembered is bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.desk import state as limits
from detection.desk.energy import Explaining
from detection.desk.tree import MeterTree
from domain.anomalies import Anomaly, AnomalyKind
from domain.feedback import Feedback, FeedbackKind
from tests.detection.desk_scene import DAY, HOUR, NIGHT, PARENTS, PLANT, Desk, found, word

METERS = st.sampled_from(sorted(PARENTS))
KINDS = st.sampled_from(
    [AnomalyKind.LEFT_ON, AnomalyKind.LEFT_ON, AnomalyKind.ON_WHILE_OFF, AnomalyKind.SILENT_METER, AnomalyKind.UNPLANNED_WORK]
)


@st.composite
def stories(draw: st.DrawFn) -> list[Anomaly | Feedback]:
    """Findings that grow and end, and feedback on them, by time."""
    records: list[tuple[float, Anomaly | Feedback]] = []
    for _ in range(draw(st.integers(1, 7))):
        meter, kind, begin = draw(METERS), draw(KINDS), draw(st.sampled_from([0, 0, 15, 60, 24 * 60]))
        kw = 0.0 if kind is AnomalyKind.SILENT_METER else draw(st.sampled_from([20.0, 55.0, 60.0, 140.0]))
        rows, since = draw(st.integers(1, 6)), NIGHT + begin * timedelta(minutes=1)
        for n in range(rows):
            at = 30 + n * draw(st.sampled_from([15, 60]))
            records.append(
                (begin + at, found(meter, kw, at, since=since, kind=kind, revision=n, ended=n == rows - 1 and draw(st.booleans())))
            )
        if draw(st.booleans()):
            at = draw(st.integers(20, 300))
            records.append((begin + at, word(found(meter, kw, since=since, kind=kind), draw(st.sampled_from(FeedbackKind)), at)))
    return [record for _, record in sorted(records, key=lambda row: row[0])]


@settings(max_examples=60, deadline=None)
@given(stories(), st.integers(2, 50))
def test_other_batches_and_a_restart_after_each_give_the_same_anomalies(story: Sequence[Anomaly | Feedback], batch: int) -> None:
    one, many = Desk(), Desk(batch=batch)
    one.take(*story)
    many.take(*story)
    assert one.published == many.published
    assert one.rejected == many.rejected
    assert one.stored == many.stored


@settings(max_examples=60, deadline=None)
@given(stories())
def test_each_finding_belongs_to_one_incident_and_what_is_open_is_never_opened_again(story: Sequence[Anomaly | Feedback]) -> None:
    desk = Desk()
    desk.take(*story)
    notes = desk.state.notes
    members = [finding for incident in notes.incidents.values() for finding in incident.members]
    assert sorted(members) == sorted(notes.belongs) == sorted({one.anomaly for one in story if isinstance(one, Anomaly)})
    for name in desk.now():
        revisions = [one.revision for one in desk.published if one.anomaly == name]
        assert revisions == sorted(set(revisions))


def most_kwh(kw: dict[str, float], meter: str) -> float:
    """What can be too much at a meter: what is found there, or below it together."""
    return max(kw.get(meter, 0.0), sum(most_kwh(kw, below) for below, parent in PARENTS.items() if parent == meter))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(METERS, st.floats(1, 200), min_size=1), st.randoms(use_true_random=False))
def test_energy_of_a_tree_is_counted_once(kw: dict[str, float], random: object) -> None:
    order = sorted(kw)
    random.shuffle(order)  # type: ignore[attr-defined]
    desk = Desk()
    desk.take(*(found(meter, kw[meter], 60) for meter in order))
    desk.take(*(found(meter, kw[meter], 120, revision=1, ended=True) for meter in order))
    notes = desk.state.notes
    explaining = Explaining(MeterTree(PLANT), notes)
    counted_kwh = sum(explaining.cost(incident).kwh for incident in notes.incidents.values())
    assert counted_kwh <= 2 * most_kwh(kw, "main") * (1 + 1e-9)
    lows = [m for m in kw if not any(MeterTree(PLANT).is_above(m, other) for other in kw)]
    assert counted_kwh >= 2 * sum(kw[m] for m in lows) * (1 - 1e-9), "what is found at the lowest meters is counted in full"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("MOST_OPEN", 20), ("MOST_ENDED", 30)):
        monkeypatch.setattr(f"detection.desk.shelf.{name}", most)
    monkeypatch.setattr("detection.desk.shelf.MOST_MEMBERS", 10)
    monkeypatch.setattr("detection.desk.step.MOST_WAITING", 15)
    desk = Desk(batch=50)
    kinds = [AnomalyKind.POOR_POWER_FACTOR, AnomalyKind.PHASE_IMBALANCE, AnomalyKind.STANDBY, AnomalyKind.PRESSURE_HIGH]
    for day in range(60):
        since = NIGHT + day * 4 * HOUR
        desk.take(*(found(meter, 5, since=since, kind=kind, ended=day % 3 > 0) for meter in PARENTS for kind in kinds))
    desk.take(*(found("press-1", 5, 15, since=NIGHT + 11 * DAY + n * HOUR, ended=True) for n in range(40)))
    desk.take(*(word(found("press-1", 5, since=NIGHT + 90 * DAY), FeedbackKind.KNOWN, n) for n in range(40)))
    notes = desk.state.notes
    assert len(notes.incidents) <= 20 + 30
    assert max(len(incident.members) for incident in notes.incidents.values()) <= 11 + 3, "and those that are open"
    assert len(notes.waiting) == 15
    assert len(desk.rejected) == 25
    assert len(notes.belongs) == sum(len(incident.members) for incident in notes.incidents.values())
    assert len(desk.open()) <= 20, "those that were dropped were ended for all to see"


def test_rules_are_bounded_and_the_next_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detection.desk.answering.MOST_RULES", 2)
    desk = Desk()
    some = [found(meter, 5, kind=AnomalyKind.STANDBY) for meter in ("press-1", "furnace-1", "furnace-2")]
    desk.take(*some, *(word(one, FeedbackKind.NORMAL) for one in some))
    assert "take back what no longer is" in desk.rejected[0].detail
    assert desk.open() == [some[2].anomaly]


def test_a_site_of_a_thousand_silent_meters_is_one_anomaly_of_bounded_size() -> None:
    desk = Desk(batch=1000)
    desk.take(
        *(replace(found(f"m-{n}", 0, 15, kind=AnomalyKind.SILENT_METER), anomaly=f"m-{n}/silent_meter/0") for n in range(300))
    )
    assert len(desk.now()) == 1
    assert len(desk.published) <= 14, "named as it grows, not meter by meter"
    assert len(desk.published[-1].also) == 50
    assert limits.MOST_MEMBERS < 300

"""The benchmark of the detectors: its meters have the fault that their name says, and its counts are those of a person."""

from __future__ import annotations

import pytest

from benchmarks.detect.command import incidents, run
from benchmarks.detect.meters import FAULTS, QUARTERS, WEEK, meter


@pytest.mark.parametrize("kind", list(FAULTS))
def test_a_fault_lies_in_its_rows_and_nowhere_before(kind):
    faulty, clean = meter(kind, 3), meter(None, 3)
    before = [row.values[0] for row in faulty.rows[: faulty.start]]
    assert before == pytest.approx([row.values[0] for row in clean.rows[: faulty.start]], rel=0.05, abs=0.5)
    assert any(
        row.values != other.values
        for row, other in zip(faulty.rows[faulty.start : faulty.stop], clean.rows[faulty.start :], strict=False)
    )


def test_alarms_less_than_a_day_apart_bother_once_and_again_every_week():
    assert incidents([]) == 0
    assert incidents([5, 9, 9 + QUARTERS]) == 1
    assert incidents([5, 6 + QUARTERS]) == 2
    assert incidents(list(range(0, 2 * WEEK + 1, 4))) == 3


def test_the_detectors_find_what_the_plain_rules_cannot(tmp_path):
    found = {one.detector: one for one in run(1, ["left on"], tmp_path / "figures.json", write_report=False)}
    assert found["lastgang"].recall == 1
    assert found["lastgang"].delay_h == pytest.approx(5.0)
    assert found["threshold"].recall == found["running z-score"].recall == 0
    assert (tmp_path / "figures.json").exists()

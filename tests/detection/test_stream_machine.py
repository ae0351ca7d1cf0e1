"""Several channels of a machine: 400 rows teach, then what no row did before is unusual."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.streams.machine import Machine
from detection.streams.packing import pack, restore
from detection.streams.row import Row

FAULT = range(700, 900)


def rows(change=lambda _, values: values, count: int = 1100) -> list[Row]:
    """Two pairs of channels that move together; `change` is given place and values."""
    random, found = Random(5), []
    for place in range(count):
        load, heat = random.gauss(0, 1), random.gauss(0, 1)
        values = (10 + load, 20 + 2 * load + random.gauss(0, 0.2), 50 + heat, 5 - heat + random.gauss(0, 0.2))
        found.append(Row(float(place), place // 3600, tuple(change(place, values))))
    return found


def alarms(series: list[Row], machine: Machine | None = None) -> list[int]:
    machine = machine or Machine()
    return [place for place, row in enumerate(series) if machine.update(row).alarm]


def test_normal_rows_raise_few_alarms():
    assert len(alarms(rows())) < 0.08 * 1100


def test_a_channel_that_leaves_its_level_is_found_for_as_long_as_it_does():
    found = alarms(rows(lambda place, values: (values[0], values[1] + 6 * (place in FAULT), *values[2:])))
    inside = [place for place in found if place in FAULT]
    assert inside[0] < FAULT.start + 12
    assert len(inside) > 0.9 * len(FAULT)
    assert sum(place >= FAULT.stop for place in found) < 60  # the smoothed channel needs some rows to come back


def test_channels_that_no_longer_move_together_are_found_though_each_stays_within_its_range():
    found = alarms(
        rows(lambda place, values: (values[0], 40 - values[1] + 3 * (values[0] < 0), *values[2:]) if place in FAULT else values)
    )
    assert sum(place in FAULT for place in found) > 0.5 * len(FAULT)


def test_the_channel_that_is_furthest_off_is_named():
    machine = Machine()
    verdicts = [machine.update(row) for row in rows(lambda place, values: (*values[:3], values[3] + 8 * (place in FAULT)))]
    assert verdicts[800].reason == "channels_unusual channel=4"


def test_a_channel_that_never_moves_or_is_missing_breaks_nothing():
    nothing = float("nan")
    found = alarms(rows(lambda place, values: (*values[:2], 7.0, nothing if place % 5 else values[3])))
    assert len(found) < 200


def test_no_row_is_judged_while_the_model_is_learned():
    machine = Machine()
    assert all(machine.update(row).score == 0 for row in rows(count=400))


WILD = rows(lambda place, values: (values[0] + 9 * (place in FAULT), *values[1:]))
WHOLE = [verdict for machine in [Machine()] for verdict in map(machine.update, WILD)]


@settings(max_examples=8, deadline=None)
@given(st.integers(1, len(WILD) - 1))
def test_a_restart_changes_nothing(cut):
    stopped = Machine()
    before = [stopped.update(row) for row in WILD[:cut]]
    again = restore(Machine(), pack(stopped))
    assert before + [again.update(row) for row in WILD[cut:]] == WHOLE


def test_a_state_that_lasts_is_learned_as_normal(monkeypatch):
    monkeypatch.setattr(Machine, "LASTS_ROWS", 300)
    found = alarms(rows(lambda place, values: (values[0] + 9 * (place >= 600), *values[1:]), count=2000))
    assert max(found) == pytest.approx(600 + 300, abs=15)

"""The meter tree: what the meters below one tell together, the rest, and when that cannot be."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clock import epoch_ms
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalQuality
from domain.plant import Plant
from lastgang.commands.metering import command
from metering.tree import JudgedNode, judged_tree
from quarters.sums import sum_of

TEN = datetime(2026, 3, 10, 10, tzinfo=UTC)
KWH = 1_000_000_000
MEASURED, SUBSTITUTED, MISSING = IntervalQuality.MEASURED, IntervalQuality.SUBSTITUTED, IntervalQuality.MISSING


def register(channel: str = "energy_import") -> dict[str, object]:
    return {"channel": channel, "kind": "counter", "unit": "kWh", "sampling_s": 60.0, "resolution": 0.001}


def plant(**site: object) -> Plant:
    """A connection of 400 kW with import and export; below it two presses and a solar plant; below a press its pump."""
    meters = [
        {"id": "main", "max_power_kw": 400.0, "register": [register(), register("energy_export")]},
        {"id": "press-1", "max_power_kw": 200.0, "parent": "main", "register": [register()]},
        {"id": "press-2", "max_power_kw": 200.0, "parent": "main", "register": [register()]},
        {"id": "sun", "max_power_kw": 100.0, "parent": "main", "register": [register("energy_export")]},
        {"id": "pump", "max_power_kw": 20.0, "parent": "press-1", "register": [register()]},
    ]
    about = {"id": "s", "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC), **site}
    return Plant.model_validate({"site": about, "meter": meters})


Value = tuple[float | None, IntervalQuality] | float | None


def row(meter: str, channel: str, start: datetime, value: Value) -> Interval:
    kwh, quality = value if isinstance(value, tuple) else (value, MISSING if value is None else MEASURED)
    energy = None if kwh is None else round(kwh * KWH)
    return Interval("s", meter, channel, start, energy, 0.0 if kwh is None else 1.0, quality, IntervalMethod.REGISTER, 1)


def tree(*quarters: dict[str, Value], of: Plant | None = None) -> JudgedNode:
    """The connection and the meters below it; in each quarter hour values by meter, negative ones fed back."""
    starts = [TEN + n * QUARTER for n in range(len(quarters))]
    rows: dict[str, dict[str, dict[datetime, Interval]]] = {}

    def put(meter: str, channel: str, start: datetime, value: Value) -> None:
        rows.setdefault(meter, {}).setdefault(channel, {})[start] = row(meter, channel, start, value)

    for start, values in zip(starts, quarters, strict=True):
        for meter, value in {"sun": 0.0, "pump": 0.0, **values}.items():
            fed_back = isinstance(value, float) and value < 0
            if meter in ("main", "sun"):
                put(meter, "energy_export", start, -value if fed_back and isinstance(value, float) else 0.0)
            if meter != "sun":
                put(meter, "energy_import", start, 0.0 if fed_back else value)
    return judged_tree(of or plant(), rows, starts)[0]


GOOD: dict[str, Value] = {"main": 100.0, "press-1": 40.0, "press-2": 35.0}


def rests(judged: JudgedNode) -> list[float | None]:
    return [None if (rest := quarter.energy_uwh) is None else rest / KWH for quarter in judged.node.quarters]


def test_the_rest_is_what_no_meter_below_saw():
    judged = tree(GOOD)
    assert (judged.node.meter.id, [child.id for child in judged.node.children]) == ("main", ["press-1", "press-2", "sun"])
    assert rests(judged) == [25.0]
    assert judged.findings == []


def test_what_the_sun_gives_is_drawn_by_its_neighbours():
    assert rests(tree({"main": 40.0, "press-1": 40.0, "press-2": 35.0, "sun": -40.0})) == [5.0]
    assert rests(tree({"main": -10.0, "press-1": 20.0, "press-2": 5.0, "sun": -40.0})) == [5.0]


def test_every_level_is_compared_with_the_one_directly_below():
    starts = [TEN]
    rows = {"press-1": {"energy_import": {TEN: row("press-1", "energy_import", TEN, 40.0)}}}
    found = judged_tree(plant(), rows, starts)
    assert [judged.node.meter.id for judged in found] == ["main", "press-1"]
    assert found[1].node.quarters[0].energy_uwh is None, "the pump has no row: its energy is not zero"


def test_a_missing_part_leaves_no_rest():
    judged = tree({**GOOD, "press-2": None})
    assert (rests(judged), judged.node.quarters[0].quality, judged.node.quarters[0].coverage) == ([None], MISSING, 0.0)


def test_the_rest_is_as_good_as_the_worst_of_all():
    assert tree({**GOOD, "press-2": (35.0, SUBSTITUTED)}).node.quarters[0].quality is SUBSTITUTED


TWICE: dict[str, Value] = {"main": 100.0, "press-1": 80.0, "press-2": 35.0}
"""The current transformer of press-1 is set to twice its ratio."""


def test_meters_that_measure_more_than_the_one_above_for_an_hour_are_a_finding():
    (finding,) = tree(GOOD, *[TWICE] * 5, GOOD).findings
    assert (finding.from_utc, finding.to_utc, finding.quarters) == (TEN + QUARTER, TEN + 6 * QUARTER, 5)
    assert (finding.own_uwh, finding.below_uwh, finding.excess_uwh) == (500 * KWH, 575 * KWH, 75 * KWH)


def test_single_quarter_hours_are_no_finding():
    assert tree(*[TWICE] * 3, GOOD, *[TWICE] * 3).findings == []


def test_quarter_hours_that_cannot_be_judged_do_not_interrupt_a_finding():
    (finding,) = tree(*[TWICE] * 2, {**TWICE, "main": None}, {**TWICE, "press-2": (35.0, SUBSTITUTED)}, *[TWICE] * 2).findings
    assert (finding.quarters, finding.to_utc - finding.from_utc) == (4, 6 * QUARTER)


@pytest.mark.parametrize(("below", "found"), [(103.0, 0), (103.2, 0), (103.3, 1), (110.0, 1)])
def test_meters_may_differ_by_their_classes_and_their_clocks(below, found):
    judged = tree(*[{"main": 100.0, "press-1": below, "press-2": 0.0}] * 4)
    assert len(judged.findings) == found, "3 % of 103.3 kWh, and 0.104 kWh for clocks and steps"


def test_the_tolerance_is_the_plants():
    assert len(tree(*[TWICE] * 4, of=plant(tree_tolerance=0.2)).findings) == 0


def test_at_rest_clocks_and_steps_are_no_finding():
    assert tree(*[{"main": 0.0, "press-1": 0.05, "press-2": 0.05}] * 8).findings == []
    assert len(tree(*[{"main": 0.0, "press-1": 0.5, "press-2": 0.0}] * 8).findings) == 1


def test_tolerance_is_of_all_that_is_moved_where_the_sun_gives_most():
    assert tree(*[{"main": 1.0, "press-1": 95.0, "press-2": 0.0, "sun": -92.0}] * 4).findings == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=8))
def test_rests_and_sums_below_add_up_to_the_meter(values):
    judged = tree(*[{"main": round(m, 3), "press-1": round(a, 3), "press-2": round(b, 3)} for m, a, b in values])
    whole = sum_of(quarter.own for quarter in judged.node.quarters)
    assert sum(quarter.below_uwh + quarter.energy_uwh for quarter in judged.node.quarters) == whole.energy_uwh


def interval(kwh: float | None, quality: IntervalQuality = MEASURED, coverage: float = 1.0) -> Interval:
    energy = None if kwh is None else round(kwh * KWH)
    return Interval("s", "m", "energy_import", TEN, energy, coverage, quality, IntervalMethod.REGISTER, 1)


def test_a_sum_names_its_energy_with_shares_by_quality_and_coverage_of_the_declared_period():
    rows = [interval(6.0), interval(3.0, SUBSTITUTED, 0.5), interval(1.0, IntervalQuality.CALCULATED), interval(None, MISSING, 0.0)]
    total = sum_of(rows, 8)
    assert (total.energy_uwh, total.with_value, total.coverage, total.worst) == (10 * KWH, 3, 2.5 / 8, MISSING)
    assert [total.share_of_energy(q) for q in (MEASURED, SUBSTITUTED, IntervalQuality.CALCULATED)] == [0.6, 0.3, 0.1]
    assert [total.share_of_quarters(q) for q in (MEASURED, SUBSTITUTED, MISSING)] == [1 / 8, 1 / 8, 5 / 8]
    assert total.sound_share == 2 / 8


def test_what_is_fed_back_counts_like_what_is_drawn_in_shares():
    total = sum_of([interval(5.0), interval(-5.0, SUBSTITUTED)])
    assert (total.energy_uwh, total.share_of_energy(SUBSTITUTED)) == (0, 0.5)


def test_a_sum_of_nothing_is_missing():
    total = sum_of([], 4)
    assert (total.worst, total.share_of_quarters(MISSING), total.share_of_energy(MEASURED), total.coverage) == (
        MISSING,
        1.0,
        0.0,
        0.0,
    )


def test_more_rows_than_quarter_hours_are_refused():
    with pytest.raises(ValueError, match="give each quarter hour once"):
        sum_of([interval(1.0)] * 2, 1)


def test_the_command_writes_the_tree_and_says_what_cannot_be(tmp_path):
    registers = 'register = [{channel = "energy_import", kind = "counter", unit = "kWh", sampling_s = 60, resolution = 0.001}]\n'
    (tmp_path / "plant.toml").write_text(
        '[site]\nid = "s"\ntimezone = "Europe/Berlin"\ncommissioned_utc = 2026-01-01T00:00:00Z\n'
        f'[[meter]]\nid = "main"\nmax_power_kw = 400\n{registers}[[meter]]\nid = "press"\nparent = "main"\nmax_power_kw = 200\n{registers}'
    )
    lines = []
    for minute in range(95):
        for meter, per_minute in (("main", 2.0), ("press", 2.5)):
            at_ms = epoch_ms(TEN) + minute * 60_000
            row = {
                "site": "s",
                "meter": meter,
                "channel": "energy_import",
                "observed_ms": at_ms,
                "received_ms": at_ms,
                "quality": "good",
            }
            lines.append(json.dumps({**row, "value": minute * per_minute}) + "\n")
    (tmp_path / "readings.jsonl").write_text("".join(lines))
    files = ["readings.jsonl", "--plant", "plant.toml", "--out", "out.csv", "--tree", "tree.csv"]
    result = CliRunner().invoke(command, [file if file.startswith("--") else str(tmp_path / file) for file in files])
    assert result.exit_code == 0, result.output
    table = (tmp_path / "tree.csv").read_text().splitlines()
    assert table[1] == "s,main,2026-03-10T10:00:00Z,30.000000000,37.500000000,-7.500000000,1.0,measured,7.500000000"
    assert "meters below 'main' measured 1.250 times its energy from 2026-03-10T10:00Z to 2026-03-10T11:30Z" in result.output

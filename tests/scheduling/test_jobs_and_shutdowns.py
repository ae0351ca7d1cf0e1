"""Jobs written down in the plant file, company holidays, and the job ``advice`` as Flink runs it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from small_works import NOW, SITE, TARIFF, Advised, forecast, interval, order, two_furnaces, works

from domain.codec import encode
from domain.intervals import QUARTER
from domain.orders import OrderStatus
from domain.recommendations import RecommendationStatus
from domain.topics import FORECASTS, INTERVALS, ORDERS, PLANNING_PROBLEMS, RECOMMENDATIONS
from scheduling.state import decode_state, encode_state
from scheduling.step import AdviceStep
from stream_jobs.jobs import ADVICE

DAY = timedelta(days=1)
SHUTDOWN = [{"from": date(2026, 10, 24), "to": date(2026, 10, 31), "name": "company holidays"}]


def written(job):
    """An order as a table of the plant file."""
    fields = ("job", "machine", "start_utc", "earliest_utc", "due_utc", "profile_kw", "movable")
    table = {field: getattr(job, field) for field in fields}
    return {**table, **{name: value.isoformat() for name, value in table.items() if isinstance(value, datetime)}}


def in_plant_file(*jobs):
    return {"order": [written(job) for job in jobs]}


def test_jobs_of_the_plant_file_are_advised_on(tmp_path):
    jobs = two_furnaces()
    [advice] = Advised(tmp_path, more=in_plant_file(*jobs)).take(forecast(jobs))
    assert (advice.subject, advice.saving_eur) == ("A", 12_000.0)


def test_what_comes_on_the_topic_goes_before_the_plant_file(tmp_path):
    jobs = two_furnaces()
    advised = Advised(tmp_path, replace(jobs[0], revision=0, movable=False), more=in_plant_file(*jobs))
    assert advised.take(forecast(jobs)) == []


def test_a_job_that_is_written_down_later_is_taken_up_at_the_next_start_and_one_that_is_struck_out_is_gone(tmp_path):
    jobs = two_furnaces()
    advised = Advised(tmp_path, more=in_plant_file(jobs[1]))
    assert advised.take(forecast(jobs)) == []
    both = AdviceStep(works(more=in_plant_file(*jobs)), None)
    advised.step, advised.state = both, both.resumed(decode_state(encode_state(advised.state)))
    [advice] = advised.take(forecast(jobs))
    assert advice.subject == "A"
    one = AdviceStep(works(more=in_plant_file(jobs[1])), None)
    assert set(one.resumed(decode_state(encode_state(advised.state))).notes.orders) == {"B"}


def test_a_job_of_the_plant_file_that_was_done_earlier_is_not_planned_again_by_a_restart(tmp_path):
    jobs = two_furnaces()
    advised = Advised(tmp_path, more=in_plant_file(*jobs))
    done = replace(jobs[0], revision=1, start_utc=NOW - DAY, status=OrderStatus.DONE)
    advised.take(done)
    assert advised.take(forecast([jobs[1]])) == []
    restarted = advised.step.resumed(decode_state(encode_state(advised.state)))
    assert restarted.notes.orders["A"] == done


@pytest.mark.parametrize(("shifts", "starts"), [(["early"], []), ([], [])])
def test_no_job_is_advised_into_company_holidays(tmp_path, shifts, starts):
    """On Friday it must stay where it is; Saturday, where it would fit, belongs to the holidays."""
    rest = replace(order("A", "furnace-1", start=8, due=200), earliest_utc=NOW + DAY)
    jobs = [rest, two_furnaces()[1]]
    free = {"machine": [{"id": "furnace-1", "meter": "f1", "rated_kw": 150}, {"id": "furnace-2", "meter": "f2", "rated_kw": 150}]}
    more = {} if shifts else free
    closed = Advised(tmp_path, *jobs, more={**more, "shutdown": SHUTDOWN})
    assert [advice.to_utc for advice in closed.take(forecast(jobs))] == starts
    if not shifts:
        [advice] = Advised(tmp_path, *jobs, more=more).take(forecast(jobs))
        assert advice.to_utc >= NOW + DAY


def test_a_shift_that_is_worked_in_a_shutdown_takes_jobs(tmp_path):
    crew = {"id": "crew", "days": ["sat"], "from": "08:00", "to": "12:00", "on_shutdowns": True}
    machines = [
        {"id": "furnace-1", "meter": "f1", "rated_kw": 150, "shifts": ["crew"]}, {"id": "furnace-2", "meter": "f2", "rated_kw": 150},
    ]  # fmt: skip
    jobs = [replace(order("A", "furnace-1", start=8, due=200), earliest_utc=NOW + DAY), two_furnaces()[1]]
    advised = Advised(tmp_path, *jobs, more={"shift": [crew], "machine": machines, "shutdown": SHUTDOWN})
    [advice] = advised.take(forecast(jobs))
    assert datetime(2026, 10, 24, 6, tzinfo=UTC) <= advice.to_utc < datetime(2026, 10, 24, 10, tzinfo=UTC)


PLANT = """
[site]
id = "works"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z
target_kw = 500.0

[[meter]]
id = "main"
max_power_kw = 1000

[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "Wh"
sampling_s = 5
resolution = 1
"""
MACHINES = """
[[machine]]
id = "furnace-1"
meter = "main"
rated_kw = 150
[[machine]]
id = "furnace-2"
meter = "main"
rated_kw = 150
"""


def folder_with(folder: Path, *more: str, tariff: str = "") -> Path:
    (folder / "plant.toml").write_text(PLANT + "".join(more) + ('[tariff]\nfile = "tariff.toml"\n' if tariff else ""))
    if tariff:
        (folder / "tariff.toml").write_text(tariff)
    return folder


@pytest.mark.parametrize("tariff", ["", TARIFF], ids=["without a tariff", "with one"])
def test_the_job_runs_with_and_without_a_tariff_and_its_state_is_read_again(tmp_path, tariff):
    logic = ADVICE.steps[0].make(folder_with(tmp_path, MACHINES, tariff=tariff))
    state = logic.initial(SITE)
    jobs = two_furnaces()
    history = [(INTERVALS, interval(NOW - n * QUARTER)) for n in range(96, 0, -1)]
    state, advice = logic.take(SITE, state, [*history, *((ORDERS, job) for job in jobs)])
    assert advice == []
    state = logic.decode(SITE, logic.encode(state))
    state, advice = logic.take(SITE, state, [(FORECASTS, forecast(jobs))])
    # With a tariff the planner is given a problem too.
    assert [topic for topic, _ in advice] == [RECOMMENDATIONS, *([PLANNING_PROBLEMS] if tariff else [])]
    [first] = [record for topic, record in advice if topic is RECOMMENDATIONS]
    assert (first.status, first.saving_eur) == (RecommendationStatus.OPEN, 12_000.0 if tariff else None)
    assert encode(first)


def test_one_meter_and_nothing_else_is_a_plant(tmp_path):
    logic = ADVICE.steps[0].make(folder_with(tmp_path))
    state = logic.initial(SITE)
    state, advice = logic.take(SITE, state, [(INTERVALS, interval(NOW - n * QUARTER)) for n in range(96, 0, -1)])
    state, advice = logic.take(SITE, state, [(FORECASTS, forecast(base=600.0)), (ORDERS, order())])
    assert advice == []

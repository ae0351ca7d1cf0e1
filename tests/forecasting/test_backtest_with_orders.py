"""`lastgang forecast backtest --orders`: what each forecast knows of the plan, on a plant whose every quarter hour can be worked out by hand.

The load is 100 kW, and 50 kW more while a job of one hour runs: one a day, at another hour each day.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from domain.codec import encode
from domain.errors import InputFaults
from domain.instants import NEVER_UTC, instant_text
from domain.intervals import QUARTER
from domain.job_power import JobPower, PowerSource
from domain.orders import Order, OrderStatus
from lastgang.commands.forecast import command

BASE_KW, JOB_KW = 100.0, 50.0
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 40
ORIGIN = BEGIN + timedelta(days=DAYS)
"""The midnight of the only forecast; the load is known until two days after it."""
AT_9, AT_14 = ORIGIN + timedelta(hours=9), ORIGIN + timedelta(hours=14)


def job(name: str, start_utc: datetime, at_utc: datetime, revision: int = 1, **changed: object) -> Order:
    """A job of 50 kW for an hour."""
    planned = Order(
        "werk", name, revision, "oven", "gear", start_utc, (JOB_KW,) * 4, BEGIN, NEVER_UTC, True, OrderStatus.PLANNED, at_utc
    )
    return replace(planned, **changed)


def past_jobs(**changed: object) -> list[Order]:
    """One a day, at an hour that no calendar knows, each planned two days before."""
    starts = [BEGIN + timedelta(days=n, hours=6 + n * n * 7 % 11) for n in range(DAYS)]
    return [job(f"past-{n}", start, start - timedelta(days=2), **changed) for n, start in enumerate(starts)]


def load_file(folder: Path, jobs: list[Order], end_utc: datetime = ORIGIN + timedelta(days=2)) -> Path:
    busy = {order.start_utc + n * QUARTER for order in jobs for n in range(4)}
    starts = [BEGIN + n * QUARTER for n in range(round((end_utc - BEGIN) / QUARTER))]
    rows = [f"{instant_text(at)},{BASE_KW + (JOB_KW if at in busy else 0.0)}" for at in starts]
    path = folder / "load.csv"
    path.write_text("\n".join(["start_utc,power_kw", *rows]) + "\n")
    return path


def lines(path: Path, records: list) -> Path:
    path.write_bytes(b"\n".join(encode(record) for record in records) + b"\n")
    return path


def run(folder: Path, load: Path, *options: str) -> Result:
    out = ("--first-origin", instant_text(ORIGIN), "--origins", "1", "--out", str(folder / "forecasts.csv"))
    return CliRunner().invoke(command, ["backtest", str(load), *out, *options])


def medians(folder: Path, orders: list[Order], powers: list[JobPower] | None = None) -> dict[datetime, float]:
    """The middle quantile of each quarter hour of the 48 h [kW]."""
    load = load_file(folder, past_jobs())
    options = ["--orders", str(lines(folder / "orders.jsonl", orders))]
    if powers is not None:
        options += ["--powers", str(lines(folder / "powers.jsonl", powers))]
    result = run(folder, load, *options)
    assert result.exit_code == 0, result.output or result.exception
    with (folder / "forecasts.csv").open(newline="") as file:
        return {datetime.fromisoformat(row["start_utc"]): float(row["q50_kw"]) for row in csv.DictReader(file)}


def busy_hours(found: dict[datetime, float]) -> set[datetime]:
    """Quarter hours that are nearer to base load and job than to the base load."""
    return {at for at, kw in found.items() if kw > BASE_KW + JOB_KW / 2}


def hour_from(start_utc: datetime) -> set[datetime]:
    return {start_utc + n * QUARTER for n in range(4)}


def test_a_planned_job_is_in_the_forecast_where_it_is_planned(tmp_path: Path) -> None:
    """150 kW in its hour and 100 kW elsewhere, but for the fiftieth that models without the plan always count."""
    found = medians(tmp_path, [*past_jobs(), job("next", AT_9, ORIGIN - timedelta(hours=5))])
    assert busy_hours(found) == hour_from(AT_9)
    assert all(found[at] == pytest.approx(BASE_KW + JOB_KW, abs=2.5) for at in hour_from(AT_9))
    assert all(kw == pytest.approx(BASE_KW, abs=2.5) for at, kw in found.items() if at not in hour_from(AT_9))


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=5), timedelta(hours=7)])
def test_an_order_that_becomes_known_after_the_origin_has_no_effect(tmp_path: Path, late: timedelta) -> None:
    without = medians(tmp_path, past_jobs())
    assert medians(tmp_path, [*past_jobs(), job("next", AT_9, ORIGIN + late)]) == without
    assert busy_hours(without) == set()


def test_a_job_moved_before_the_origin_is_only_where_it_was_moved_to(tmp_path: Path) -> None:
    first, moved = job("next", AT_9, ORIGIN - timedelta(hours=30)), job("next", AT_14, ORIGIN - timedelta(hours=1), revision=2)
    found = medians(tmp_path, [*past_jobs(), first, moved])
    assert busy_hours(found) == hour_from(AT_14)


def test_a_job_moved_after_the_origin_is_still_where_it_was(tmp_path: Path) -> None:
    first, moved = job("next", AT_9, ORIGIN - timedelta(hours=30)), job("next", AT_14, ORIGIN + timedelta(hours=1), revision=2)
    unmoved = medians(tmp_path, [*past_jobs(), first])
    assert medians(tmp_path, [*past_jobs(), first, moved]) == unmoved
    assert busy_hours(unmoved) == hour_from(AT_9)


def test_a_cancelled_job_is_nowhere(tmp_path: Path) -> None:
    first = job("next", AT_9, ORIGIN - timedelta(hours=30))
    cancelled = replace(first, revision=2, status=OrderStatus.CANCELLED, at_utc=ORIGIN - timedelta(minutes=1))
    found = medians(tmp_path, [*past_jobs(), first, cancelled])
    assert busy_hours(found) == set()
    assert all(kw == pytest.approx(BASE_KW, abs=2.5) for kw in found.values())


def test_the_order_of_the_lines_does_not_matter(tmp_path: Path) -> None:
    first, moved = job("next", AT_9, ORIGIN - timedelta(hours=30)), job("next", AT_14, ORIGIN - timedelta(hours=1), revision=2)
    assert medians(tmp_path, [moved, *reversed(past_jobs()), first]) == medians(tmp_path, [*past_jobs(), first, moved])


def learned(at_utc: datetime, kw: float = JOB_KW, revision: int = 1) -> JobPower:
    return JobPower("werk", "oven", "gear", revision, (kw,) * 4, (kw,) * 4, (kw,) * 4, 9, PowerSource.SUB_METER, 1.0, at_utc)


def without_power(order: Order) -> Order:
    return replace(order, profile_kw=(), quarters=4)


def test_an_order_without_a_load_takes_the_power_that_was_learned_before_the_origin(tmp_path: Path) -> None:
    """Learned a day before the origin: the forty jobs that ran are taken out of the past as well, as if their loads had been typed."""
    jobs = [*past_jobs(), job("next", AT_9, ORIGIN - timedelta(hours=5))]
    found = medians(tmp_path, [without_power(one) for one in jobs], [learned(ORIGIN - timedelta(days=1))])
    assert found == medians(tmp_path, jobs)


def test_an_order_whose_power_is_learned_after_the_origin_adds_nothing(tmp_path: Path) -> None:
    jobs = [without_power(one) for one in (*past_jobs(), job("next", AT_9, ORIGIN - timedelta(hours=5)))]
    found = medians(tmp_path, jobs, [learned(ORIGIN)])
    assert found == medians(tmp_path, jobs)
    assert busy_hours(found) == set()


def test_a_moved_order_without_a_load_adds_its_learned_power_where_it_was_moved_to(tmp_path: Path) -> None:
    first, moved = job("next", AT_9, ORIGIN - timedelta(hours=30)), job("next", AT_14, ORIGIN - timedelta(hours=9), revision=2)
    jobs = [*past_jobs(), without_power(first), without_power(moved)]
    assert busy_hours(medians(tmp_path, jobs, [learned(ORIGIN - timedelta(hours=1))])) == hour_from(AT_14)


def refusal(folder: Path, text: str, option: str = "--orders") -> str:
    path = folder / "records.jsonl"
    path.write_text(text)
    result = run(folder, load_file(folder, []), option, str(path))
    assert isinstance(result.exception, InputFaults), result.output
    return str(result.exception)


def test_orders_that_are_none_are_refused_with_their_lines(tmp_path: Path) -> None:
    good = encode(job("next", AT_9, ORIGIN)).decode()
    found = refusal(tmp_path, "\n".join([good, "job,machine", "", good.replace('"oven"', "7")]))
    assert "records.jsonl:2: record: found" in found
    assert "expected one Order a line, as a JSON object" in found
    assert "records.jsonl:4: machine: found '7'" in found


def test_orders_of_two_plants_are_refused(tmp_path: Path) -> None:
    one = job("next", AT_9, ORIGIN)
    found = refusal(tmp_path, "\n".join(encode(order).decode() for order in (one, replace(one, site="other"))))
    assert "site: found 'other, werk'; expected orders of one plant" in found


def test_powers_that_are_none_are_refused_with_their_line(tmp_path: Path) -> None:
    found = refusal(tmp_path, encode(job("next", AT_9, ORIGIN)).decode(), "--powers")
    assert "records.jsonl:1: " in found

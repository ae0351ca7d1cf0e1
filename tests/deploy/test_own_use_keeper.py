"""What the stack uses: from threads and counters to records, by hand; the counters of this machine where it has them."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from deploy.own_use import OwnUseKeeper, PackageEnergy, Sources, UseMeter, job_of_thread, thread_seconds
from deploy.running import ProcessUse
from domain.own_use import EnergyBasis, OwnUse, PartUse
from stream_jobs.jobs import JOBS

SIX = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)


class SetClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at_utc_now = SIX

    @property
    def speed(self) -> float:
        return 1.0

    def now_utc(self) -> datetime:
        return self.at_utc_now

    def at_utc(self, real_utc: datetime) -> datetime:
        return real_utc

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds()


def rapl(folder: Path, uj: int, range_uj: int = 10_000_000_000) -> PackageEnergy:
    for name in ("intel-rapl:0", "intel-rapl:0:0"):  # a package, and a part of it that must not count twice
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "energy_uj").write_text(str(uj))
        (folder / name / "max_energy_range_uj").write_text(str(range_uj))
    return PackageEnergy(folder)


def test_a_busy_thread_is_seen_by_its_name() -> None:
    begun, done = threading.Event(), threading.Event()

    def work() -> None:
        Path("/proc/thread-self/comm").write_text("detection step ")
        total = 0
        for n in range(3_000_000):
            total += n
        begun.set()
        done.wait()

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    try:
        seconds = {name: cpu_s for (_, name), cpu_s in thread_seconds(os.getpid()).items()}
        assert seconds["detection step "] > 0
    finally:
        done.set()
        thread.join()
    assert thread_seconds(2**30) == {}


def test_every_step_of_the_table_has_a_name_of_its_own() -> None:
    found = job_of_thread(JOBS)
    assert len(found) == sum(len(job.steps) for job in JOBS)
    assert found["quarter hours"] == "metering"


def test_threads_count_for_their_jobs_and_a_new_one_from_its_beginning() -> None:
    meter, job_of = UseMeter(), {"advice step": "advice", "governor step": "advice", "detection step": "detection"}
    meter.look({(1, "advice step -> "): 5.0, (2, "detection step "): 1.0, (3, "GC Thread"): 9.0}, job_of)
    meter.look({(1, "advice step -> "): 6.0, (4, "governor step -"): 0.5, (5, "detection step "): 0.25}, job_of)
    assert meter.taken([])[1] == (PartUse("advice", 6.5), PartUse("detection", 1.25))
    meter.look({(1, "advice step -> "): 6.5}, job_of)
    assert meter.taken([])[1] == (PartUse("advice", 0.5),)


@given(st.lists(st.lists(st.floats(0, 100), min_size=2, max_size=2), min_size=1, max_size=8))
def test_records_add_up_to_what_was_used(steps: list[list[float]]) -> None:
    """However the time is cut into records, their parts sum up to the whole."""
    meter, totals, found = UseMeter(), [0.0, 0.0], {"a": 0.0, "b": 0.0}
    for one in steps:
        totals = [total + more for total, more in zip(totals, one, strict=True)]
        for part in meter.taken([ProcessUse("a", 0.0, totals[0]), ProcessUse("b", 0.0, totals[1])])[0]:
            found[part.name] += part.cpu_s
    assert abs(found["a"] - totals[0]) < 0.01
    assert abs(found["b"] - totals[1]) < 0.01


def test_energy_counters_count_packages_once_and_begin_again_at_zero(tmp_path: Path) -> None:
    energy = rapl(tmp_path, 9_000_000_000)
    rapl(tmp_path, 9_360_000_000)
    assert energy.wh_since() == 0.1
    rapl(tmp_path, 80_000_000)  # 640 to the end of its range, and 80
    assert energy.wh_since() == 0.2
    assert PackageEnergy(tmp_path / "nothing").wh_since() is None


def keeper(clock: SetClock, sources: Sources, sent: list[OwnUse], notes: list[str] | None = None) -> OwnUseKeeper:
    def deliver(use: OwnUse) -> None:
        if notes is not None:
            raise ConnectionError("no broker")
        sent.append(use)

    return OwnUseKeeper("werk", JOBS, clock, sources, deliver, (notes if notes is not None else []).append)


def test_a_record_comes_with_each_full_hour_by_the_model(tmp_path: Path) -> None:
    clock, sent, used = SetClock(), list[OwnUse](), [ProcessUse("kafka", 100.0, 90.0)]
    keeps = keeper(clock, Sources(lambda: used, lambda: None, PackageEnergy(tmp_path), lambda: None), sent)
    for minutes in (20, 59):
        keeps.look(SIX + timedelta(minutes=minutes))
    assert sent == []
    keeps.look(SIX + timedelta(minutes=61))
    used[:] = [ProcessUse("kafka", 100.0, 135.0)]
    keeps.look(SIX + timedelta(minutes=125))
    first, second = sent
    assert (first.from_utc, first.to_utc, first.parts, first.basis) == (
        SIX,
        SIX + timedelta(minutes=61),
        (PartUse("kafka", 90.0),),
        EnergyBasis.MODEL,
    )
    assert first.energy_wh == 0.1  # 90 s at 4 W
    assert (second.from_utc, second.cpu_s, second.energy_wh) == (first.to_utc, 45.0, 0.05)


def test_our_share_of_what_the_processor_drew(tmp_path: Path) -> None:
    clock, sent, machine = SetClock(), list[OwnUse](), [1000.0]
    energy = rapl(tmp_path, 0)
    keeps = keeper(clock, Sources(lambda: [ProcessUse("kafka", 0.0, 25.0)], lambda: None, energy, lambda: machine[0]), sent)
    rapl(tmp_path, 3_600_000_000)  # 1 Wh, of which a quarter of the busy time is ours
    machine[0] = 1100.0
    keeps.publish(SIX + timedelta(hours=1))
    assert (sent[0].energy_wh, sent[0].basis) == (0.25, EnergyBasis.RAPL)


def test_a_broker_that_is_away_stops_nothing() -> None:
    clock, notes = SetClock(), list[str]()
    keeps = keeper(clock, Sources(lambda: [], lambda: None), [], notes)
    keeps.publish(SIX + timedelta(hours=1))
    assert notes == ["ConnectionError: no broker"]

"""Every row of the table of jobs: its step can be made, keeps its state, refuses another's, and takes what nobody expects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from benchmarks.fuzz.extremes import spoiled
from domain.codec import decode, encode
from domain.contracts import EXAMPLES
from domain.plant import Plant, VirtualMeter, load_plant
from domain.steps import Step
from domain.stored_state import UnreadableState
from domain.topics import READINGS, REJECTED
from simulation import demo_plant
from stream_jobs.jobs import JOBS, Pace, StepRow, jobs_of
from stream_jobs.settings import from_command_line
from tests.poison.scenes import SCENES, Scene

ROWS = {row.uid: row for job in JOBS for row in job.steps}
SITE, METER = "werk-nord", "main"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's plant, with tariff."""
    made = tmp_path_factory.mktemp("plant")
    demo_plant.write(made)
    return made


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    """Class of a step -> a scene in which it has something to remember."""
    made = (make(tmp_path_factory.mktemp("scene")) for make in SCENES.values())
    return {type(scene.logic).__name__: scene for scene in made}


@pytest.fixture(params=ROWS)
def row(request: pytest.FixtureRequest) -> StepRow:
    return ROWS[request.param]


def key_of(row: StepRow) -> str:
    """A key that the step knows; the meters' forecasts pass the billing meter over."""
    return SITE if row.keyed_by == "site" else f"{SITE}/{METER if READINGS in row.reads else 'furnace-1'}"


def stored(row: StepRow, scenes: dict[str, Scene]) -> tuple[Step, str, bytes]:
    """The row's step, a key and the bytes of a state in which something is remembered."""
    scene = scenes[row.step.partition(":")[2]]
    return scene.logic, scene.key, scene.logic.encode(scene.state())


def test_names_under_which_flink_finds_state_sources_and_sinks_are_each_given_once() -> None:
    assert len(ROWS) == sum(len(job.steps) for job in JOBS)
    assert len({row.state for row in ROWS.values()}) == len(ROWS)
    assert len({job.name for job in JOBS}) == len(JOBS)
    for job in JOBS:
        assert len({row.source for row in job.steps}) == len({row.sink for row in job.steps}) == len(job.steps)
        assert any(row.rejects for row in job.steps), "what cannot be read leaves as a rejection"


def test_a_row_and_the_methods_of_its_step_agree(row: StepRow, folder: Path) -> None:
    step = row.make(folder)
    assert hasattr(step, "take_run") == (READINGS in row.reads and row.readings_of is None), "only topics of readings hold runs"
    assert hasattr(step, "next_due_ms") == hasattr(step, "advance") == (row.pace is Pace.BY_EVENT_TIME)
    assert hasattr(step, "awaits_pause") == hasattr(step, "paused") == row.answers_pauses
    assert set(row.of_billing_meter) <= set(row.reads)


def test_a_state_that_was_stored_and_read_is_stored_as_the_same_bytes(row: StepRow, folder: Path, scenes: dict[str, Scene]) -> None:
    step, key = row.make(folder), key_of(row)
    first = step.encode(step.initial(key))
    assert first
    assert step.encode(step.decode(key, first)) == first
    step, key, later = stored(row, scenes)
    assert step.encode(step.decode(key, later)) == later


def test_every_state_begins_with_the_one_header_and_another_steps_is_refused(row: StepRow, scenes: dict[str, Scene]) -> None:
    step, key, own = stored(row, scenes)
    name, version = own.partition(b"\n")[0].decode().split(" ")[1:]
    assert own.startswith(f"lastgang-state {name} {version}\n".encode())
    for other in ROWS.values():
        if other is not row:
            with pytest.raises(UnreadableState, match=f"stored state of '{name}': it is of '.*expected version {version}"):
                step.decode(key, stored(other, scenes)[2])


def test_the_state_of_another_version_names_step_both_versions_and_what_to_do(row: StepRow, scenes: dict[str, Scene]) -> None:
    step, key, own = stored(row, scenes)
    head, _, rest = own.partition(b"\n")
    name, version = head.decode().split(" ")[1:]
    with pytest.raises(UnreadableState) as caught:
        step.decode(key, f"lastgang-state {name} {int(version) - 1}\n".encode() + rest)
    assert (caught.value.step, caught.value.found, caught.value.expected) == (name, int(version) - 1, int(version))
    assert "Start the job without its stored state" in str(caught.value)
    for garbage in (b"LGM3" + rest, rest, b"\x00", b"{}"):
        with pytest.raises(UnreadableState, match="no header of a state"):
            step.decode(key, garbage)


def test_extreme_records_of_every_topic_that_it_reads_stop_no_step(row: StepRow, folder: Path, scenes: dict[str, Scene]) -> None:
    """`tests/poison` goes on from here: it feeds each step of the table until it must speak again."""
    assert row.step.partition(":")[2] in scenes, "a step without a scene in tests/poison/scenes.py"
    step, key = row.make(folder), key_of(row)
    state = step.initial(key)
    for topic in row.reads:
        for number in range(40):
            record = spoiled(EXAMPLES[topic.name], Random(f"{topic.name} {number}"))
            state, outputs = step.take(key, state, [(topic, record)])
            assert {to for to, _ in outputs} <= {*row.writes, REJECTED}
            assert all(decode(to.record, encode(made)) == made for to, made in outputs)
    step.decode(key, step.encode(state))


def test_a_meter_that_the_plant_file_gains_begins_where_nothing_was_stored(row: StepRow, folder: Path) -> None:
    step, key = row.make(folder), f"{SITE}/not-there-yet"
    before = step.encode(step.initial(key))
    state = step.decode(key, before)
    assert step.encode(state) == before
    if not before:  # what was stored of a meter that nobody knew
        assert step.encode(step.decode(key_of(row), before)) == step.encode(step.initial(key_of(row)))


def plant(*virtual: str, billed: bool = True) -> Plant:
    demo = load_plant(demo_plant.TEMPLATE / "plant.toml")
    meters = demo.meters if billed else (*demo.meters, demo.meters[0].model_copy(update={"id": "second"}))
    site = demo.site if billed else demo.site.model_copy(update={"billing_meter": None})
    formulas = tuple(VirtualMeter.model_validate({"id": f"v{n}", "formula": formula}) for n, formula in enumerate(virtual))
    return demo.model_copy(update={"virtual_meters": formulas, "meters": meters, "site": site})


def test_a_plant_starts_the_jobs_and_steps_that_it_needs() -> None:
    everything = [job.name for job in JOBS]
    assert [job.name for job in jobs_of(plant())] == everything[:-1]
    assert [job.name for job in jobs_of(plant("main - press-1"))] == everything
    (metering,) = [job for job in JOBS if job.name == "metering"]
    assert [row.uid for row in metering.needed_steps(plant())] == ["quarter-hours", "running-quarter"]
    assert [row.uid for row in metering.needed_steps(plant(billed=False))] == ["quarter-hours"]


def test_the_table_is_read_without_flink_and_without_the_rooms() -> None:
    heavy = "{'pyflink', 'numpy', 'metering', 'forecasting', 'scheduling', 'detection', 'billing'}"
    program = f"import sys, stream_jobs.jobs; print({heavy} & {{name.partition('.')[0] for name in sys.modules}})"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_a_job_that_is_not_in_the_table_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        from_command_line(["forecasts", "--plant", "."])
    assert ended.value.code == 2
    refusal = capsys.readouterr().err
    assert all(job.name in refusal for job in JOBS)

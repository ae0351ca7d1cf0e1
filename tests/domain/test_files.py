"""Files that people name: no hang, no flood, one clear error; results whole or not there."""

from __future__ import annotations

import gzip
import os
import resource
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.clock import StartableClock
from domain.errors import Fault, InputFaults, first_faults
from domain.files import (
    CannotWrite,
    check_output_folder,
    output_file,
    read_input,
    read_text_input,
    read_unpacked,
    scratch_folder,
    write_whole,
)
from domain.plant import load_plant

MIB = 1 << 20


@pytest.mark.timeout(10)
def test_a_fifo_that_nobody_writes_to_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InputFaults, match=r"fifo: file: found a FIFO; expected a regular file"):
        read_input(tmp_path / "fifo")


@pytest.mark.parametrize(
    ("path", "found"), [("/dev/zero", "a device"), ("/", "a folder"), ("/none", "No such file"), ("a\0b", "embedded null")]
)
def test_what_is_no_file_is_called_what_it_is(path: str, found: str) -> None:
    with pytest.raises(InputFaults, match=f"found {found}"):
        read_input(Path(path))


def test_an_input_longer_than_its_limit_is_refused_and_one_as_long_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(100))
    assert len(read_input(tmp_path / "a", 100)) == 100
    with pytest.raises(InputFaults, match="expected at most"):
        read_input(tmp_path / "a", 99)


def test_a_sparse_file_of_terabytes_takes_no_more_memory_than_the_limit(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputFaults, match="found more than 64 MiB; expected at most 64 MiB"):
        read_input(tmp_path / "huge")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KiB


def test_gzip_is_unpacked_to_a_limit_and_broken_gzip_is_called_broken(tmp_path: Path) -> None:
    packed = gzip.compress(bytes(2 * MIB))
    (tmp_path / "a.gz").write_bytes(packed)
    assert len(read_unpacked(tmp_path / "a.gz", 2 * MIB)) == 2 * MIB
    with pytest.raises(InputFaults, match="more than 1 MiB, unpacked"):
        read_unpacked(tmp_path / "a.gz", MIB)
    (tmp_path / "half.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputFaults, match="gzip that cannot be unpacked"):
        read_unpacked(tmp_path / "half.gz")


def test_bytes_that_are_no_text_are_named_by_their_place(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc\xff")
    with pytest.raises(InputFaults, match=r"byte 3 is no UTF-8; expected UTF-8 text"):
        read_text_input(tmp_path / "a")


@pytest.mark.timeout(10)
def test_a_plant_file_that_is_a_fifo_or_endless_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plant.toml")
    with pytest.raises(InputFaults, match="found a FIFO"):
        load_plant(tmp_path / "plant.toml")
    with pytest.raises(InputFaults, match="found a device"):
        load_plant(Path("/dev/zero"))


def test_a_result_appears_whole_at_the_end_of_the_work(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    with output_file(target) as scratch:
        scratch.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_work_that_failed_leaves_the_old_result_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    with pytest.raises(ValueError, match="half way"), output_file(target) as scratch:
        scratch.write_text("half")
        raise ValueError("half way")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_result_keeps_the_permissions_of_the_file_it_replaces(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    target.chmod(0o640)
    write_whole(target, "new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_link_stays_a_link_to_what_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "file")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "file").read_text() == "new"


@pytest.mark.timeout(10)
@pytest.mark.parametrize("place", ["missing/out.csv", "folder", "fifo", "file/out.csv"])
def test_a_place_that_cannot_be_written_to_is_known_before_the_work(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "fifo")
    worked = []
    with pytest.raises(InputFaults, match=place.replace(".", r"\.")), output_file(tmp_path / place):
        worked.append(1)
    assert not worked


def test_a_full_disk_is_an_error_with_advice_and_no_half_file(tmp_path: Path) -> None:
    with (
        pytest.raises(CannotWrite, match=r"/dev/full was not written: No space left on device; make room"),
        output_file(Path("/dev/full")) as to,
    ):
        to.write_text("x")


def test_a_stream_of_this_process_is_written_to_as_it_is() -> None:
    for path in (Path("/dev/null"), Path("/dev/stdout")):
        with output_file(path) as to:
            assert to == path


def test_writers_of_one_name_at_the_same_moment_do_not_disturb_each_other(tmp_path: Path) -> None:
    target = tmp_path / "clock"
    contents = [str(n) * 10_000 for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_whole(target, content), contents))
    assert target.read_text() in contents
    assert list(tmp_path.iterdir()) == [target]


def test_two_who_set_one_clock_at_the_same_moment_both_succeed(tmp_path: Path) -> None:
    path = tmp_path / "plant.clock"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: StartableClock.hold(path, datetime(2026, 1, 1 + n, tzinfo=UTC), 60.0), range(20)))
    assert StartableClock(path).now_utc().year == 2026


def test_a_folder_for_results_is_checked_and_left_as_it_was(tmp_path: Path) -> None:
    check_output_folder(tmp_path / "not" / "yet")
    check_output_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputFaults, match="is a file; expected a folder"):
            check_output_folder(place)
    with pytest.raises(InputFaults, match="expected a folder that may be written to"):
        check_output_folder(Path("/proc/reports"))


def test_scratch_folders_of_one_name_are_two(tmp_path: Path) -> None:
    with scratch_folder(tmp_path, "r") as one, scratch_folder(tmp_path, "r") as other:
        assert one != other
        (one / "a").write_text("")
        one.rename(tmp_path / "kept")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_of_a_million_faults_twenty_are_reported() -> None:
    faults = [Fault("f", n, "row", "x", "y") for n in range(1_000_000)]
    assert str(InputFaults(first_faults(faults, "f", "rows"))).count("\n") == 20
    assert str(first_faults(faults, "f", "rows")[-1]) == "f: file: found 999980 more faults; expected rows"

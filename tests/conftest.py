"""What tests share: one real broker and one real Flink cluster a run, and the rule that CI skips nothing unseen."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from deploy import jars
from deploy.flink.cluster import FlinkCluster
from deploy.flink.configuration import FlinkSizes
from deploy.ground import broker_parts, cluster_parts, supervised
from deploy.kafka_broker import KafkaBroker
from deploy.ports import free_port
from deploy.supervisor import Supervisor
from domain.clock import StartableClock

IN_CI = bool(os.environ.get("CI"))
TESTS = Path(__file__).parent
ALLOWED_SKIPS = TESTS / "allowed_skips.txt"


@pytest.fixture(scope="session")
def java_parts() -> None:
    """Skips where the set-up has not copied the jars; in CI that is a failure."""
    if not jars.jars_present():
        message = f"no Kafka and Flink connector jars in {jars.jars_folder()}: run `make setup`"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="session")
def stack_kafka(java_parts: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """The broker that all tests share; take `namespace` for topics of your own, and a broker of your own to kill one."""
    folder = tmp_path_factory.mktemp("kafka")
    broker = KafkaBroker(folder, free_port(), free_port())
    with supervised(broker_parts(broker), folder / "log"):
        yield broker


@pytest.fixture(scope="session")
def flink_clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file by which the cluster's jobs tell the time: the computer's, until a test needs another one (see `plant_clock`)."""
    file = tmp_path_factory.mktemp("flink-clock") / "clock"
    _show(file, datetime.now(UTC))
    return file


@pytest.fixture(scope="session")
def _flink(
    java_parts: None, flink_clock: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[FlinkCluster, Supervisor]]:
    folder = tmp_path_factory.mktemp("flink")
    cluster = FlinkCluster(folder, free_port(), free_port(), FlinkSizes(checkpoint_interval_s=1.0))
    with supervised(cluster_parts(cluster), folder / "log", {"LASTGANG_CLOCK": f"@{flink_clock}"}) as supervisor:
        yield cluster, supervisor


@pytest.fixture
def flink(_flink: tuple[FlinkCluster, Supervisor]) -> Iterator[FlinkCluster]:
    """The Flink session cluster that all tests share; leave no job of yours running (see `flink_jobs_end`).

    After each test it forgets which jobs there were: one of the next test with the same name goes on from no state of another namespace.
    """
    cluster, _ = _flink
    yield cluster
    cluster.states.jobs_file.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def flink_processes(_flink: tuple[FlinkCluster, Supervisor]) -> Supervisor:
    """Who keeps the shared cluster's processes running: one that is killed comes back."""
    return _flink[1]


def _show(clock_file: Path, at_utc: datetime, speed: float = 1.0) -> None:
    StartableClock.hold(clock_file, at_utc, speed)
    StartableClock.start(clock_file)


@pytest.fixture
def plant_clock(flink_clock: Path) -> Iterator[Callable[..., None]]:
    """Sets the clock of the cluster's jobs, from where it runs on, as many times as fast as the computer's, until the test is over."""
    yield lambda at_utc, speed=1.0: _show(flink_clock, at_utc, speed)
    _show(flink_clock, datetime.now(UTC))


@pytest.fixture
def flink_jobs_end(flink: FlinkCluster) -> Iterator[None]:
    """Cancels, after the test, every job that the test has left running."""
    yield
    for job in flink.rest.jobs():
        if not job.is_over:
            flink.rest.cancel(job.job_id)


@pytest.fixture
def namespace() -> str:
    """What stands before the names of this test's topics, so that tests share a broker without seeing each other."""
    return f"t{uuid.uuid4().hex[:10]}."


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than some seconds")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on the shared cluster begin first: they take longest."""
    items.sort(key=lambda item: not _is_on_cluster(item.nodeid))


class Shared(LoadScopeScheduling):
    """Of two processes one has every file with tests on the shared cluster, and the other one the rest, file by file."""

    def _split_scope(self, nodeid: str) -> str:
        return "cluster" if _is_on_cluster(nodeid) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shared:
    return Shared(config, log)


def _is_on_cluster(nodeid: str) -> bool:
    return nodeid.partition("::")[0] in _files_on_cluster()


@cache
def _files_on_cluster() -> frozenset[str]:
    """By what stands in them: the process that shares the tests out knows their names alone."""
    files = (file for file in TESTS.rglob("test_*.py") if "mark.cluster" in file.read_text(encoding="utf-8"))
    return frozenset(file.relative_to(TESTS.parent).as_posix() for file in files)


def _skip_reasons(session: pytest.Session) -> list[str]:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    reasons = []
    for report in reporter.stats.get("skipped", []) if reporter else []:
        options = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons.append(f"{report.nodeid}: {options.removeprefix('Skipped: ')}")
    return reasons


def _unseen_skips(session: pytest.Session) -> list[str]:
    allowed = [line.strip() for line in ALLOWED_SKIPS.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return [reason for reason in _skip_reasons(session) if not any(part in reason for part in allowed)]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skip that `allowed_skips.txt` does not name fails the run."""
    if IN_CI and session.exitstatus == pytest.ExitCode.OK and _unseen_skips(session):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    session = terminalreporter._session
    if IN_CI and session is not None and (unseen := _unseen_skips(session)):
        terminalreporter.section("skipped, but CI must run them (tests/allowed_skips.txt)", red=True)
        for reason in unseen:
            terminalreporter.write_line(reason)

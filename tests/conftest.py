"""What tests share: one real broker and one real Flink cluster a run, and the rule that CI skips nothing unseen."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy import jars
from deploy.flink.cluster import FlinkCluster
from deploy.flink.configuration import FlinkSizes
from deploy.ground import broker_parts, cluster_parts, supervised
from deploy.kafka_broker import KafkaBroker
from deploy.ports import free_port
from deploy.supervisor import Supervisor
from domain.clock import StartableClock

IN_CI = bool(os.environ.get("CI"))
ALLOWED_SKIPS = Path(__file__).parent / "allowed_skips.txt"


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
    """Where several processes share the tests, those on the shared cluster stay together and begin first; of the others each file does."""
    items.sort(key=lambda item: item.get_closest_marker("cluster") is None)
    for item in items:
        group = "cluster" if item.get_closest_marker("cluster") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


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

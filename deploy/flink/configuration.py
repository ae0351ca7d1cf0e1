"""What Flink's processes read when they start: configuration, jars, environment and command lines."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy import jars
from deploy.flink.failures import ClusterFailed

StateBackend = Literal["hashmap", "rocksdb"]


@dataclass(frozen=True, slots=True)
class FlinkSizes:
    """Memory and pace of a cluster."""

    jobmanager_mb: int = 832
    """Process size of the JobManager [MiB]."""
    taskmanager_mb: int = 1408
    """Process size of the TaskManager [MiB], the Python code that runs inside it excluded."""
    slots: int = 8
    checkpoint_interval_s: float = 2.0
    state_backend: StateBackend = "hashmap"
    savepoints_kept: int = 3
    """Of each job, the newest; older ones are deleted when a new one is there."""


def write_configuration(folder: Path, rest_port: int, rpc_port: int, sizes: FlinkSizes) -> None:
    """Write ``conf/`` and link the jars into ``lib/``; existing checkpoints and savepoints stay."""
    for name in ("conf", "lib", "checkpoints", "savepoints", "tmp", "pid"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _empty(folder / "tmp")
    _empty(folder / "lib")
    home = jars.flink_home()
    for jar in [*(home / "lib").glob("*.jar"), *(home / "opt").glob("flink-python-*.jar"), *jars.flink_connector_jars()]:
        (folder / "lib" / jar.name).symlink_to(jar.resolve())
    java_options = shipped_java_options((home / "conf" / "config.yaml").read_text())
    settings = cluster_settings(folder, rest_port, rpc_port, sizes, java_options)
    lines = (f"{key}: {json.dumps(value)}\n" for key, value in settings.items())
    (folder / "conf" / "config.yaml").write_text("".join(lines))
    (folder / "conf" / "log4j-console.properties").write_text(_LOGGING)
    (folder / "conf" / "log4j-cli.properties").write_text(_LOGGING.replace("INFO", "WARN"))


def environment_of(folder: Path, log_folder: Path) -> dict[str, str]:
    """What the cluster's processes and its client need in their environment."""
    site_packages = sysconfig.get_paths()["purelib"]
    return {
        "FLINK_HOME": str(jars.flink_home()),
        "FLINK_CONF_DIR": str(folder / "conf"),
        "FLINK_LIB_DIR": str(folder / "lib"),
        "FLINK_LOG_DIR": str(log_folder),
        "FLINK_PID_DIR": str(folder / "pid"),
        "PYTHONPATH": os.pathsep.join([str(jars.PROJECT), site_packages]),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "TMPDIR": str(folder / "tmp"),
        # One malloc arena a thread is what makes a JVM with embedded Python grow; two are enough here.
        "MALLOC_ARENA_MAX": "2",
        # numpy's own threads gain nothing on these small arrays and fight for the cores.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def jobmanager_command() -> tuple[str, ...]:
    """What starts the JobManager; the shell replaces itself by Java, so the pid stays."""
    return (str(jars.flink_home() / "bin" / "jobmanager.sh"), "start-foreground")


def taskmanager_command() -> tuple[str, ...]:
    """What starts the TaskManager; its name holds its pid (``$$``), which stays through all the shells."""
    script = 'exec "$0" start-foreground -Dtaskmanager.resource-id=taskmanager-$$'
    return ("/bin/sh", "-c", script, str(jars.flink_home() / "bin" / "taskmanager.sh"))


def shipped_java_options(config_yaml: str) -> str:
    """The ``env.java.opts.all`` of the configuration that Flink ships: what it opens of the Java platform's modules."""
    found = re.search(r"^\s+all:\s+(--add-exports.+)$", config_yaml, re.MULTILINE)
    if found is None:
        msg = "Flink's shipped config.yaml has no env.java.opts.all; this Flink is not the version that Lastgang is made for"
        raise ClusterFailed(msg)
    return found.group(1).strip()


def cluster_settings(folder: Path, rest_port: int, rpc_port: int, sizes: FlinkSizes, java_options: str) -> dict[str, object]:
    """Flink's whole configuration.

    Parameters
    ----------
    java_options
        The shipped ``--add-opens`` list: Flink does not run on Java 17 without it.
    """
    managed_mb = 64 if sizes.state_backend == "hashmap" else 256
    return {
        "env.java.opts.all": java_options,
        "env.java.opts.jobmanager": "-XX:+UseSerialGC",
        "env.java.opts.client": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx384m",
        "jobmanager.rpc.address": "localhost",
        "jobmanager.rpc.port": rpc_port,
        "jobmanager.bind-host": "localhost",
        "jobmanager.memory.process.size": f"{sizes.jobmanager_mb}m",
        "jobmanager.memory.jvm-metaspace.size": "160m",
        "taskmanager.bind-host": "localhost",
        "taskmanager.host": "localhost",
        "taskmanager.numberOfTaskSlots": sizes.slots,
        "taskmanager.memory.process.size": f"{sizes.taskmanager_mb}m",
        "taskmanager.memory.managed.size": f"{managed_mb}m",
        "parallelism.default": 1,
        "rest.address": "localhost",
        "rest.bind-address": "localhost",
        "rest.port": rest_port,
        "rest.bind-port": str(rest_port),
        "web.submit.enable": False,
        # A dead TaskManager is noticed by two unanswered calls, a slow one is waited for.
        "heartbeat.interval": "2 s",
        "heartbeat.timeout": "60 s",
        "heartbeat.rpc-failure-threshold": 2,
        "python.execution-mode": "thread",
        "python.fn-execution.bundle.time": "20",
        "execution.buffer-timeout.interval": "5 ms",
        "state.backend.type": sizes.state_backend,
        "execution.checkpointing.interval": f"{round(sizes.checkpoint_interval_s * 1000)} ms",
        "execution.checkpointing.min-pause": "500 ms",
        "execution.checkpointing.timeout": "2 min",
        "execution.checkpointing.tolerable-failed-checkpoints": 1_000_000,
        "execution.checkpointing.dir": (folder / "checkpoints").as_uri(),
        "execution.checkpointing.savepoint-dir": (folder / "savepoints").as_uri(),
        "execution.checkpointing.num-retained": 2,
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "500 ms",
        "restart-strategy.exponential-delay.max-backoff": "30 s",
        "restart-strategy.exponential-delay.backoff-multiplier": 1.5,
        "restart-strategy.exponential-delay.reset-backoff-threshold": "2 min",
        "io.tmp.dirs": str(folder / "tmp"),
    }


def _empty(folder: Path) -> None:
    for entry in folder.iterdir() if folder.exists() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


_LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %c{1} %m%n
# Two lines a job and checkpoint would fill the disk.
logger.checkpoint.name = org.apache.flink.runtime.checkpoint.CheckpointCoordinator
logger.checkpoint.level = WARN
logger.types.name = org.apache.flink.api.java.typeutils
logger.types.level = WARN
logger.pekko.name = org.apache.pekko
logger.pekko.level = WARN
logger.kafka.name = org.apache.kafka
logger.kafka.level = WARN
"""

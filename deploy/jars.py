"""Where the Java parts are: the broker's and the connector's jars, and the Flink that came with `apache-flink`."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from domain.errors import LastgangError

PROJECT = Path(__file__).resolve().parent.parent
"""The folder that holds the rooms; jobs import them from here."""


STREAM_JAR = "lastgang-stream.jar"
"""Built from ``stream_jobs/jvm``."""


class NotSetUp(LastgangError):
    """A part of the set-up is missing. Operator: run `make setup` in the project's folder."""


def jars_folder() -> Path:
    """Folder with ``kafka/`` and ``flink/``: below ``LASTGANG_CACHE``, else below the project's ``.lastgang``."""
    return Path(os.environ.get("LASTGANG_CACHE") or PROJECT / ".lastgang").resolve() / "jars"


def kafka_jars() -> Path:
    """Folder with the broker's jars."""
    return _with_jars(jars_folder() / "kafka")


def flink_connector_jars() -> list[Path]:
    """Jars that Flink needs beside those it ships with: its Kafka connector, and what our jobs do inside the JVM."""
    if not (jars_folder() / "flink" / STREAM_JAR).exists():
        msg = f"no {STREAM_JAR} in {jars_folder() / 'flink'}; run `make setup`"
        raise NotSetUp(msg)
    return sorted(_with_jars(jars_folder() / "flink").glob("*.jar"))


def jars_present() -> bool:
    """Whether the set-up has copied the jars and built ours."""
    return any((jars_folder() / "kafka").glob("*.jar")) and (jars_folder() / "flink" / STREAM_JAR).exists()


def flink_home() -> Path:
    """Flink as the `apache-flink` package brings it."""
    spec = importlib.util.find_spec("pyflink")
    if spec is None or not spec.submodule_search_locations:
        msg = f"no pyflink in {sys.prefix}; run `make setup`"
        raise NotSetUp(msg)
    return Path(spec.submodule_search_locations[0])


def java() -> str:
    """The Java runtime: ``JAVA_HOME``'s, else the one on the path."""
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not found or not Path(found).exists():
        msg = "no Java runtime found; install a JDK 17 or later, or set JAVA_HOME"
        raise NotSetUp(msg)
    return found


def _with_jars(folder: Path) -> Path:
    if not any(folder.glob("*.jar")):
        msg = f"no jars in {folder}; run `make setup`, or set LASTGANG_CACHE to the folder that holds jars/"
        raise NotSetUp(msg)
    return folder

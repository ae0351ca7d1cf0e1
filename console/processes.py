"""The platform's own processes and what they use, as the operating system tells it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import psutil

from console.views.scene import ProcessUse

JAVA_NAMES = {
    "kafka.Kafka": "kafka",
    "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint": "flink jobmanager",
    "org.apache.flink.runtime.taskexecutor.TaskManagerRunner": "flink taskmanager",
}
"""Main classes of the Java processes that belong to the platform."""
SHORT_VERBS = frozenset({"up", "down", "status", "report", "verify", "import", "check-config", "contracts", "metering", "bill"})
"""Verbs that come and go; they are not the platform's standing cost."""


def name_of(command: Sequence[str]) -> str | None:
    """What a command line is to the platform; None if it is none of ours."""
    for word in command:
        if word in JAVA_NAMES:
            return JAVA_NAMES[word]
    for place, word in enumerate(command[:4]):
        ours = Path(word).name == "lastgang" or (word in ("lastgang.cli", "lastgang") and place and command[place - 1] == "-m")
        verb = next((w for w in command[place + 1 :] if not w.startswith("-")), None) if ours else None
        if verb is not None and verb not in SHORT_VERBS:
            return f"lastgang {verb}"
    if any("pyflink" in word for word in command) and any("beam" in word or "worker" in word for word in command):
        return "flink python worker"
    return None


def platform_processes() -> tuple[ProcessUse, ...]:
    """All processes of this user that belong to the platform; several plants on one machine are shown together."""
    found = []
    user = os.getuid()
    for process in psutil.process_iter():
        try:
            if process.uids().real != user:
                continue
            name = name_of(process.cmdline())
            if name is not None:
                with process.oneshot():
                    cpu = process.cpu_times()
                    found.append(ProcessUse(name, process.pid, process.memory_info().rss / 2**20, cpu.user + cpu.system))
        except psutil.Error:
            continue  # gone, or not ours to see
    return tuple(found)

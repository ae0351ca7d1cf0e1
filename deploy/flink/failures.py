"""What goes wrong with a cluster and its jobs, and which line of Flink's long answers helps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from domain.errors import LastgangError


class ClusterFailed(LastgangError):
    """The cluster did not come up or does not answer. Operator: the message names the log to read."""


class SubmissionFailed(LastgangError):
    """A job was not accepted. Operator: the message ends with the output of Flink's client; fix the job, then submit again.

    Parameters
    ----------
    refused
        Name of each job that was not accepted -> why.
    accepted
        Name of each one of the same submission that was -> its id.
    """

    def __init__(self, refused: Mapping[str, str], accepted: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"job {name!r}: {why}" for name, why in refused.items()))
        self.refused = dict(refused)
        self.accepted = dict(accepted)


_MISFITS = ("Cannot map checkpoint/savepoint state", "StateMigrationException", "cannot be mapped to the new program")


def misfit_in(text: str) -> str | None:
    """The line of a Java stack trace that says that stored state does not fit the job's operators; None if none does."""
    line = next((line for line in text.splitlines() if any(misfit in line for misfit in _MISFITS)), None)
    return None if line is None else line.strip()[:400]


def misfit_text(misfit: str, jobs_file: Path) -> str:
    """What an operator reads where a job's stored state does not fit its operators."""
    return (
        f"its stored state does not fit this version of Lastgang (Flink: {misfit}); all records are still on the"
        f" topics. Stop the plant, rename {jobs_file} and start again: the jobs then begin with empty state and read their topics"
        f" from the start; or start the version that wrote the state"
    )


_PYTHON_INSIDE = re.compile(r"PythonException: <class '([\w.]+)'>: (.+)")
"""An exception of Python code that runs inside the JVM."""


def last_error(output: str) -> str:
    """The line of a client's output that helps: Python's exception if there is one, else Java's last cause."""
    if inside := _PYTHON_INSIDE.findall(output):
        return ": ".join(inside[-1])[:500]
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    python = [line for line in lines if re.match(r"(?!java|org\.|Caused)[\w.]+(Error|Exception|Faults|Exit): ", line)]
    java = [line for line in lines if line.startswith("Caused by: ")]
    return (python or java or lines or ["there was no output"])[-1][:500]

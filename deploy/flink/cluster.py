"""One session cluster: its folder and ports, with the JobManager's REST interface, stored states and submissions of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.flink.configuration import FlinkSizes, environment_of, write_configuration
from deploy.flink.failures import last_error, misfit_in, misfit_text
from deploy.flink.rest import FlinkRest
from deploy.flink.states import JobStates
from deploy.flink.submission import JobRequest, Submitter


class FlinkCluster:
    """A session cluster whose configuration, checkpoints and savepoints live in `folder`; `deploy.ground` says what starts it.

    Parameters
    ----------
    folder
        Holds ``conf/ lib/ checkpoints/ savepoints/ tmp/`` and ``jobs.json`` (which job id had which name).
    rest_port, rpc_port
        Loopback ports of the JobManager.
    sizes
        Memory, slots, pace of checkpoints.
    log_folder
        Where processes write; default ``folder/log``.
    """

    def __init__(
        self, folder: Path, rest_port: int, rpc_port: int, sizes: FlinkSizes | None = None, log_folder: Path | None = None
    ) -> None:
        self.folder = folder.resolve()
        self.rpc_port = rpc_port
        self.sizes = sizes or FlinkSizes()
        self.log_folder = (log_folder or self.folder / "log").resolve()
        self.rest = FlinkRest(rest_port, self.log_folder / "flink-jobmanager.log")
        self.states = JobStates(self.folder, self.sizes.savepoints_kept)
        self.submitter = Submitter(self.states, self.environment, self.log_folder)

    def prepare(self) -> None:
        """Write the configuration and link the jars; existing checkpoints and savepoints stay."""
        self.log_folder.mkdir(parents=True, exist_ok=True)
        write_configuration(self.folder, self.rest.port, self.rpc_port, self.sizes)

    def environment(self) -> dict[str, str]:
        """What the cluster's processes and its client need in their environment."""
        return environment_of(self.folder, self.log_folder)

    def is_ready(self) -> bool:
        """Whether jobs could run now: the JobManager answers, and TaskManagers offer all slots."""
        return self.rest.slots() >= self.sizes.slots

    def has_slots_of(self, pid: int) -> bool:
        """Whether the TaskManager of this process offers its slots.

        Those of one that died are counted by `is_ready` until its death is noticed.
        """
        return self.rest.slots(of_pid=pid) >= self.sizes.slots

    def submit(
        self, script: Path, arguments: Sequence[str], name: str, *, resume: bool = True, settings: Mapping[str, str] | None = None
    ) -> str:
        """Submit one job and return its id; see `Submitter.submit` for several.

        Parameters
        ----------
        script
            The job's program; it must call ``execute`` on its environment once.
        name
            Under which it is remembered; with `resume` it goes on from the newest checkpoint or savepoint of this name, if there is one.
        settings
            Flink settings of this job alone, such as ``{"python.execution-mode": "process"}``.

        Raises
        ------
        SubmissionFailed
            With what went wrong.
        """
        return self.submitter.submit([JobRequest(name, script, tuple(arguments), settings or {}, resume)])[name]

    def stop_with_savepoint(self, job_id: str, timeout_s: float = 30.0) -> Path:
        """Stop a job after a savepoint and return where that is; of older savepoints only the newest few stay.

        Raises
        ------
        ClusterFailed
            If the savepoint did not succeed in time; the job's newest checkpoint is still there to resume from.
        """
        point = self.rest.stop_with_savepoint(job_id, self.states.savepoint_folder(job_id), timeout_s)
        self.states.forget_old_savepoints(job_id)
        return point

    def state_misfit(self, job_id: str) -> str | None:
        """What Flink reports where a job failed because its stored state does not fit its operators; None where it did not."""
        return misfit_in(self.rest.last_exception(job_id))

    def why_failed(self, job_id: str) -> str:
        """The line that helps of what Flink reports of a job's last failure; empty where it has not failed."""
        trace = self.rest.last_exception(job_id)
        misfit = misfit_in(trace)
        if misfit is not None:
            return misfit_text(misfit, self.states.jobs_file)
        return last_error(trace) if trace else ""

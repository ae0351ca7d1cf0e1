"""Run by Flink's client (``flink run -py``): submits several Python jobs from one client.

A client spends most of its time on starting Java, Python and the SQL planner; once is enough for all jobs.
In: a JSON file, a list of ``{name, script, arguments, settings}``.  Out: beside it a JSON file, name -> ``{job_id}`` or ``{error}``.
Each script runs as if it were the program itself; what it sets about its environment is its own.
"""

from __future__ import annotations

import json
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway

_environment_of_flink = StreamExecutionEnvironment.get_execution_environment
_execute_of_flink = StreamExecutionEnvironment.execute


def renumber_operators() -> None:
    """Let the next script's table operators be numbered from one, wherever in a client's row it stands.

    The planner's operator ids come from a counter of the client's JVM and are part of the uids by which a job finds its state:
    without this a job that was submitted after others could not go on when it is submitted alone.  Flink has no setting for it.
    """
    gateway = get_gateway()
    planner = gateway.jvm.org.apache.flink.table.planner.loader.PlannerModule.getInstance().loadPlannerFactory()
    context = planner.getClass().getClassLoader().loadClass("org.apache.flink.table.planner.plan.nodes.exec.ExecNodeContext")
    reset = context.getMethod("resetIdCounter", gateway.new_array(gateway.jvm.java.lang.Class, 0))
    reset.invoke(None, gateway.new_array(gateway.jvm.java.lang.Object, 0))


def submit(request: dict[str, Any]) -> str:
    """Run one job's script up to the submission and return the job id.

    The script's execution environment starts out with the request's settings, as if they had been given with ``-D``.
    """
    submitted: list[str] = []

    def environment(configuration: Configuration | None = None) -> StreamExecutionEnvironment:
        made = _environment_of_flink(configuration)
        chosen = Configuration()
        for key, value in request["settings"].items():
            chosen.set_string(key, value)
        made.configure(chosen)
        return made

    def execute(self: StreamExecutionEnvironment, job_name: Any = None) -> Any:
        result = _execute_of_flink(self, job_name)
        submitted.append(str(result.get_job_id()))
        return result

    StreamExecutionEnvironment.get_execution_environment = staticmethod(environment)
    StreamExecutionEnvironment.execute = execute
    renumber_operators()
    sys.argv = [request["script"], *request["arguments"]]
    runpy.run_path(request["script"], run_name="__main__")
    if not submitted:
        msg = f"{request['script']} ended without executing its environment"
        raise RuntimeError(msg)
    return submitted[-1]


def main(requests_file: Path) -> None:
    """Submit all; one that fails does not keep the others from being submitted."""
    results: dict[str, dict[str, str]] = {}
    for request in json.loads(requests_file.read_text()):
        try:
            results[request["name"]] = {"job_id": submit(request)}
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            results[request["name"]] = {"error": f"{type(error).__name__}: {error}"}
        requests_file.with_suffix(".out").write_text(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

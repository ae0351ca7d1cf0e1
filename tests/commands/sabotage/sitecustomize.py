"""On the path of a command line that shall fail: benchmarks find something, as they hopefully never do by themselves."""

from __future__ import annotations

import os

WHAT = os.environ.get("LASTGANG_TEST_SABOTAGE", "")

if WHAT == "faults":
    import benchmarks.faults.command

    benchmarks.faults.command.run = lambda *_: False

if WHAT == "fuzz":
    from benchmarks.fuzz import campaign

    campaign.TARGETS["json"] = "broken_target"

if WHAT in ("pipeline", "forecast", "worth"):
    import importlib

    from domain.errors import LastgangError

    def fail(*_: object) -> None:
        raise LastgangError("the machine has stopped")

    modules = {
        "pipeline": "benchmarks.pipeline.bench",
        "forecast": "benchmarks.forecast.command",
        "worth": "benchmarks.worth.command",
    }
    setattr(importlib.import_module(modules[WHAT]), "measure" if WHAT == "pipeline" else "run", fail)

"""``lastgang bench``: measurements and trials of the platform on this machine; each writes JSON on request."""

from __future__ import annotations

import importlib

import click

SUBJECTS = {
    "pipeline": (
        "lastgang.commands.bench_pipeline",
        "Speed: readings a second, latency of the running quarter hour, state a meter.",
    ),
    "faults": (
        "lastgang.commands.bench_faults",
        "Kills, cuts, a full disk, wrong clocks, poison: is the ledger the same to the last row?",
    ),
    "forecast": (
        "lastgang.commands.bench_forecast",
        "The forecast on measured profiles: rungs, coverage, peaks, and what it costs.",
    ),
    "plan": (
        "lastgang.commands.bench_plan",
        "The planner on plants of our own: cost, time, beside its greedy rule and the solver alone.",
    ),
    "worth": (
        "lastgang.commands.bench_worth",
        "What advice is worth: plant days with and without it, and with perfect foresight.",
    ),
    "detect": (
        "lastgang.commands.bench_detect",
        "The detectors on meters with known faults: recall, delay, false alarms, beside two plain rules.",
    ),
    "baselines": (
        "lastgang.commands.bench_baselines",
        "Baselines: savings that were put in and found again, intervals, metrics beside OpenDSM's.",
    ),
    "analyse": (
        "lastgang.commands.bench_analyse",
        "The analysis of load files: time, memory, and the battery's bound beside another program's.",
    ),
    "governor": (
        "lastgang.commands.bench_governor",
        "The governor: time from a projection to its decision, by the number of loads that can wait.",
    ),
    "evidence": (
        "lastgang.commands.bench_evidence",
        "Signed reports against random edits: does each of two verifiers find and locate them?",
    ),
    "fuzz": ("lastgang.commands.bench_fuzz", "The decoders against a million broken inputs."),
}
"""Subject -> (module with a click command named `command`, its line in the overview)."""


class LazySubjects(click.Group):
    """Imports a subject's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBJECTS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in SUBJECTS:
            return None
        found: click.Command = importlib.import_module(SUBJECTS[name][0]).command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Subjects"):
            formatter.write_dl([(subject, line) for subject, (_, line) in SUBJECTS.items()])


@click.group("bench", cls=LazySubjects)
def command() -> None:
    """Measure the platform, or try to break it, on this machine.

    \b
    Example:
      lastgang bench pipeline --json pipeline.json
      lastgang bench faults --kills 50 --json faults.json
    """

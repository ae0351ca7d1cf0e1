"""``lastgang <verb>``: results on stdout, talk on stderr; exit 2 for wrong input, 1 for a failed run."""

from __future__ import annotations

import errno
import importlib
import sys
from typing import NoReturn

import click

from domain.errors import LastgangError

VERBS = {
    "up": ("lastgang.commands.up", "Start the stack for a plant."),
    "down": ("lastgang.commands.down", "Stop what `up` started."),
    "status": ("lastgang.commands.status", "Show which parts run, and how they are."),
    "demo": ("lastgang.commands.demo", "Run the whole platform against a simulated factory."),
    "gateway": ("lastgang.commands.gateway", "Read the plant's devices and produce to Kafka."),
    "historian": ("lastgang.commands.historian", "Write the topics into the ledger."),
    "quality": ("lastgang.commands.quality", "Good pieces, scrap and rework of machines."),
    "planner": ("lastgang.commands.planner", "Answer the planning problems of a topic."),
    "influx-sink": ("lastgang.commands.influx_sink", "Write the topics into InfluxDB."),
    "console": ("lastgang.commands.console", "Serve the web page and its API."),
    "simulate": ("lastgang.commands.simulate", "Serve a simulated factory over OPC UA and Modbus."),
    "import": ("lastgang.commands.import_", "Bring a load profile into the intervals topic."),
    "orders": ("lastgang.commands.orders", "Take production orders from a spreadsheet, write order sheets."),
    "prices": ("lastgang.commands.prices", "Take day-ahead prices from files and services, list them."),
    "shifts": ("lastgang.commands.shifts", "Enter special shifts from a spreadsheet, list them."),
    "key-figures": ("lastgang.commands.key_figures", "Energy per unit, standby and savings, from the ledger."),
    "measures": ("lastgang.commands.measures", "Enter measures that save energy, and events; list them."),
    "findings": ("lastgang.commands.findings", "List anomalies, report them as normal, known or fixed."),
    "set-back": ("lastgang.commands.set_back", "Forget what a clock has dated ahead, of one meter."),
    "report": ("lastgang.commands.report", "Write a month's energy report with its manifest."),
    "reporter": ("lastgang.commands.reporter", "Make reports when they are due, and send them by mail."),
    "keys": ("lastgang.commands.keys", "Make and show the keys that a plant signs its reports with."),
    "verify": ("lastgang.commands.verify", "Check a report: files, signatures, rows and figures."),
    "stamp": ("lastgang.commands.stamp", "Put a time stamp by RFC 3161 beside a report."),
    "backup": ("lastgang.commands.backup", "Copy a plant's data into a folder that can be checked."),
    "restore": ("lastgang.commands.restore", "Make a plant again from its backup."),
    "check-config": ("lastgang.commands.check_config", "Check a whole plant folder and report every fault."),
    "contracts": ("lastgang.commands.contracts", "Write the topics' JSON Schemas and examples."),
    "reference": ("lastgang.commands.reference", "Write the reference pages of settings files and commands."),
    "sentences": ("lastgang.commands.sentences", "Turn findings and advice of the topics into sentences."),
    "grafana": ("lastgang.commands.grafana", "Build, provision and push the Grafana dashboards."),
    "metering": ("lastgang.commands.metering", "Readings to quarter hours, offline."),
    "analyse": ("lastgang.commands.analyse", "From a load profile to euros: peaks, nights, quick wins, offline."),
    "baseline": ("lastgang.commands.baseline", "Baselines, savings with their interval, key figures, offline."),
    "bill": ("lastgang.commands.bill", "Bill a load profile by a tariff, offline."),
    "plan": ("lastgang.commands.plan", "Plan jobs, shifts and crews against the bill, offline."),
    "flexible": ("lastgang.commands.flexible", "Show and place loads that can wait, offline."),
    "forecast": ("lastgang.commands.forecast", "Backtest the forecast on a load profile, offline."),
    "detect": ("lastgang.commands.detect", "Find what is abnormal in a series, offline."),
    "peak": ("lastgang.commands.peak", "Backtest holding load back inside the quarter hour, offline."),
    "bench": ("lastgang.commands.bench", "Measure the platform, or try to break it, on this machine."),
}
"""Verb -> (module with a click command named `command`, its line in the overview)."""


class LazyVerbs(click.Group):
    """Imports a verb's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, line) for verb, (_, line) in VERBS.items()])


@click.group(cls=LazyVerbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lastgang")
def group() -> None:
    """Lastgang: quarter hours that can be trusted, and advice that lowers the billed peak."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one verb and end the process with its exit code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run one verb; its exit code: 0, 2 for wrong input, 1 for a failed run, 130 where it was interrupted."""
    try:
        # Outside of its standalone mode click returns the code of an `Exit` that a verb raises, and what the verb returns.
        code: object = group.main(args=arguments, prog_name="lastgang", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except LastgangError as error:
        click.echo(str(error), err=True)
        return error.exit_code
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        click.echo(f"{error.filename or 'output'}: {error.strerror}", err=True)
        return 1
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()

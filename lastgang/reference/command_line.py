"""The page of commands: from the options that click has."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from lastgang.cli import VERBS, group
from lastgang.reference.page import code


def command_line_page(generated: str) -> str:
    """``command-line.md``: every command, what it does, its options."""
    context = click.Context(group, info_name="lastgang")
    parts = [
        "# Command line",
        generated,
        "Results go to stdout, messages to stderr. Exit codes: 0 done, 1 a failed run, 2 wrong input.",
    ]
    for verb in VERBS:
        command = group.get_command(context, verb)
        assert command is not None
        parts += _parts(command, f"lastgang {verb}", "##")
    parts += [_ENVIRONMENT]
    return "\n\n".join(parts) + "\n"


def _parts(command: click.Command, name: str, level: str) -> Iterator[str]:
    context = click.Context(command)
    usage = " ".join(
        piece for parameter in command.params if isinstance(parameter, click.Argument) for piece in [_argument(parameter)]
    )
    yield f"{level} {code(f'{name} {usage}'.strip())}"
    yield inspect.cleandoc(command.help or "").split("\b")[0].strip()
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if options:
        yield "\n".join(["| option | meaning | default |", "|---|---|---|", *map(_option, options)])
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _parts(found, f"{name} {inner}", f"{level}#")


def _argument(argument: click.Argument) -> str:
    name = argument.make_metavar(click.Context(group))
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _option(option: click.Option) -> str:
    values = "" if option.is_flag else f" {_values(option)}"
    names = ", ".join(sorted(option.opts, key=len, reverse=True))
    default = "**required**" if option.required else _default(option)
    return f"| {code(names + values)} | {(option.help or '').replace('|', chr(92) + '|')} | {default} |"


def _values(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    return option.metavar or option.type.name.upper().removesuffix(" RANGE")


def _default(option: click.Option) -> str:
    value = option.default
    if not option.show_default or value is None or option.is_flag or callable(value) or value == ():
        return ""
    return code(str(value))


_ENVIRONMENT = """## Environment

| variable | what it holds |
|---|---|
| `INFLUX_TOKEN` | token of the InfluxDB that the topics are copied to, with write access |
| `GRAFANA_TOKEN` | token of the Grafana that dashboards are pushed to |
| `ENTSOE_TOKEN` | security token of the ENTSO-E transparency platform's API, for `lastgang prices pull` |
| `LASTGANG_CONSOLE_TOKEN` | token that decisions and reports over the API need; required where the page listens beyond this machine |
| `LASTGANG_CACHE` | folder of downloaded jars, for several checkouts together; default `.lastgang` |
| `LASTGANG_HOME`, `LASTGANG_KAFKA_PORT`, ... | any key of [stack.toml](stack-file.md), over the file |
| names in device files | user and password of OPC UA servers (`user_variable`, `password_variable`) |

Secrets are read from the environment only: never from a file, and never printed."""

"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def broker_options(command: Command) -> Command:
    """``--kafka`` and ``--namespace``; None where they are not given, for `deploy.whereabouts` to find."""
    kafka = click.option("--kafka", default=None, metavar="HOST:PORT", help="The broker. [default: that of the plant's stack]")
    namespace = click.option(
        "--namespace",
        default=None,
        metavar="TEXT",
        help="Prefix of every topic's name. [default: that of the plant's stack]",
    )
    return kafka(namespace(command))

"""Options that several verbs share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
_LONGEST_DAYS = 366


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


class Span(click.ParamType[timedelta]):
    """``24h``, ``15min`` or ``2d``."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The span of time that `value` says."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(min|h|d)", str(value))
        if found is None:
            self.fail(f"{value!r}; expected a number with its unit, such as 24h, 15min or 2d", param, ctx)
        span = float(found[1]) * {"min": 1 / 1440, "h": 1 / 24, "d": 1}[found[2]]
        if span > _LONGEST_DAYS:
            self.fail(f"{value!r}; expected at most {_LONGEST_DAYS}d", param, ctx)
        return round(span * 1440) * timedelta(minutes=1)

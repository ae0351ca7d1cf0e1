"""Secrets come from the environment; what is missing is named before anything starts, and none is ever printed."""

from __future__ import annotations

import os

from domain.errors import Fault, InputFaults


def require(*variables: str) -> None:
    """Raise `InputFaults` naming every one of `variables` that is not set."""
    missing = [name for name in variables if not os.environ.get(name)]
    if missing:
        raise InputFaults([Fault("environment", None, name, "nothing", "a token with write access") for name in missing])

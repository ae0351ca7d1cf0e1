"""A Flink job for tests that finds its input wrong before it is submitted."""

from __future__ import annotations

import sys

from domain.errors import Fault, InputFaults

if __name__ == "__main__":
    raise InputFaults([Fault(sys.argv[1], 3, "tariff", "'tarif.toml'", "a file that is there")])

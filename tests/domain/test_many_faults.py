"""A file of another kind has a fault a line: the message stays readable."""

from __future__ import annotations

from domain.errors import MOST_SHOWN, Fault, InputFaults


def test_a_hundred_thousand_faults_do_not_bury_the_first() -> None:
    faults = InputFaults([Fault("plant.toml", number, "x", "1", "2") for number in range(100_000)])
    lines = str(faults).split("\n")
    assert len(lines) == MOST_SHOWN + 1
    assert lines[0] == "plant.toml:0: x: found 1; expected 2"
    assert lines[-1] == f"... and {100_000 - MOST_SHOWN:,} more faults"
    assert len(faults.faults) == 100_000

"""What the fuzz found in the Modbus client, each as one case; and every kind of hostile server once."""

from __future__ import annotations

import pytest

from benchmarks.fuzz.sockets import BEHAVIOURS, Script, answer
from benchmarks.fuzz.target import READ, REFUSED
from connectors.modbus.answers import DeviceRefuses, NoAnswer, registers_in


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("0404DEADDEAD", "the answer to function 4"),
        ("0305DEADDEAD00", "an odd count of bytes, whose last one the library drops"),
        ("0304DEADDEAD00", "a byte too many behind the registers"),
        ("0306DEADDEAD", "a count of bytes that are not there"),
        ("0302DEAD", "one register for two"),
        ("1004DEADDEAD", "the answer to a write"),
        ("8402", "an exception to function 4"),
        ("830200", "an exception with a byte too many"),
        ("83", "half an exception"),
        ("", "nothing"),
    ],
)
def test_an_answer_that_is_only_half_right_gives_no_registers(answer: str, what: str) -> None:
    with pytest.raises(NoAnswer, match=r"^meter 7: \d bytes came .* expected 6 that begin with 0x0304 \(2 registers\)"):
        registers_in(bytes.fromhex(answer), 3, 2, "meter 7")


def test_an_exception_that_nobody_has_named_refuses_with_its_number() -> None:
    with pytest.raises(DeviceRefuses, match=r"^meter 7: exception 77, unknown"):
        registers_in(bytes([0x83, 77]), 3, 2, "meter 7")


@pytest.mark.parametrize("behaviour", list(BEHAVIOURS))
def test_no_server_makes_the_client_take_a_lie_or_wait_for_ever(behaviour: str) -> None:
    found = answer(Script((behaviour, behaviour), 2, 11))
    assert found == (READ if behaviour in ("right", "byte by byte", "late ones first") else REFUSED)


def test_an_answer_to_an_earlier_connection_is_not_taken_on_the_next_one() -> None:
    script = Script(("late ones first", "another unit", "a false header", "late ones first"), 2, 1928657529)
    assert answer(script) == READ

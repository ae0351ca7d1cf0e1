"""What came back on a read: registers, or an error that says whether to ask again. Pure, and total over any bytes."""

from __future__ import annotations

from domain.errors import LastgangError

EXCEPTIONS = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "device failure",
    5: "acknowledged, not ready", 6: "busy", 8: "memory parity error", 10: "gateway path unavailable",
    11: "gateway target did not respond",
}  # fmt: skip
_BUSY = frozenset({5, 6})
_UNREACHABLE = frozenset({10, 11})


class ModbusError(LastgangError):
    """A read that gave no registers.

    Parameters
    ----------
    where
        Host, unit, function and registers.
    what
        What came instead.
    """

    def __init__(self, where: str, what: str) -> None:
        self.what = what
        super().__init__(f"{where}: {what}")


class NoAnswer(ModbusError):
    """Nothing usable came back: the connection is lost, or the device behind it is. Retrying is safe."""


class Unreachable(NoAnswer):
    """Nobody takes the connection, or the other side has closed it. Operator: is the device or its gateway on, is the port right?"""


class DeviceBusy(ModbusError):
    """The device asks to be read again later."""


class DeviceRefuses(ModbusError):
    """The device answers, and does not give these registers. Operator: is this the right profile, the right unit id?

    Exceptions 04 and 08 (device failure, memory parity) are among them: meters answer so to a register that they do not have, or to a
    read that is too long for them.
    """


def registers_in(answer: bytes, function: int, count: int, where: str) -> bytes:
    """The bytes of `count` registers in the PDU that answers a read with `function`.

    Every byte must be where the protocol has it: an answer that is half right is of another request, or of a broken device.

    Raises
    ------
    NoAnswer, DeviceBusy, DeviceRefuses
        Naming `where`, what came and what was to come.
    """
    if len(answer) == 2 and answer[0] == function | 0x80:
        code = answer[1]
        what = f"exception {code:02d}, {EXCEPTIONS.get(code, 'unknown')}"
        if code in _BUSY:
            raise DeviceBusy(where, what)
        raise NoAnswer(where, what) if code in _UNREACHABLE else DeviceRefuses(where, what)
    whole = bytes([function, 2 * count])
    if answer[:2] != whole or len(answer) != 2 + 2 * count:
        what = (
            f"{len(answer)} bytes came that begin with 0x{answer[:2].hex().upper()}; expected {2 + 2 * count} that begin "
            f"with 0x{whole.hex().upper()} ({count} registers)"
        )
        raise NoAnswer(where, what)
    return answer[2:]

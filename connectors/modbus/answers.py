"""What came back on a read: registers, or an error that says whether to ask again. Pure, and total over any bytes."""

from __future__ import annotations

from domain.errors import LastgangError

EXCEPTIONS = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "device failure",
    5: "acknowledged, not ready", 6: "busy", 8: "memory parity error", 10: "gateway path unavailable",
    11: "gateway target did not respond",
}  # fmt: skip
_BUSY = frozenset({5, 6})
_UNREACHABLE = frozenset({4, 8, 10, 11})


class ModbusError(LastgangError):
    """A read that gave no registers."""


class NoAnswer(ModbusError):
    """Nothing usable came back: the connection is lost, or the device behind it is. Retrying is safe."""


class DeviceBusy(ModbusError):
    """The device asks to be asked again later."""


class DeviceRefuses(ModbusError):
    """The device answers, and will not give these registers. Operator: is this the right profile, the right unit id?"""


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
        msg = f"{where}: exception {code:02d}, {EXCEPTIONS.get(code, 'unknown')}"
        if code in _BUSY:
            raise DeviceBusy(msg)
        raise NoAnswer(msg) if code in _UNREACHABLE else DeviceRefuses(msg)
    whole = bytes([function, 2 * count])
    if answer[:2] != whole or len(answer) != 2 + 2 * count:
        msg = (
            f"{where}: {len(answer)} bytes came that begin with 0x{answer[:2].hex().upper()}; expected {2 + 2 * count} that begin "
            f"with 0x{whole.hex().upper()} ({count} registers)"
        )
        raise NoAnswer(msg)
    return answer[2:]

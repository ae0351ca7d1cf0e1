"""The devices' clocks as the gateway sees them: values dated by a clock that jumped are marked, and a clock that is off is reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from connectors.devices import LiveValue
from domain.readings import CLOCK_JUMPED_NOTE, ReadingQuality
from metering.clocks import RECENT_MS, DriftWatch, JumpWatch

RIGHT = "clock right again"
_log = structlog.get_logger("gateway")
Report = Callable[[str, float, str], None]
"""Takes a device, how far its clock is behind [s], and the text for people."""


class DeviceClocks:
    """All live values pass here, in the order in which they come.

    A value of a clock that went back by whole half hours keeps its number, is marked as uncertain, and metering refuses it by name. Texts, such
    as a machine's state, pass as they are: they are no energy.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._jumps: dict[tuple[str, str, str], JumpWatch] = {}
        self._drifts: dict[str, DriftWatch] = {}
        self._behind: dict[str, tuple[int, int]] = {}
        """Devices whose clock is now known to have jumped: by how much, and when that was last seen [ms]."""
        self._off: set[str] = set()

    def marked(self, live: LiveValue) -> LiveValue:
        """A live value as it is, or marked as one of a clock that went back."""
        if live.value is None:
            return live
        channel = live.channel
        watch = self._jumps.setdefault((channel.device, channel.meter, channel.channel), JumpWatch())
        behind_ms = watch.judge(live.observed_ms, live.received_ms)
        self._follow_jump(channel.device, behind_ms, live.received_ms)
        if not behind_ms:
            self._watch_drift(channel.device, live.observed_ms, live.received_ms)
            return live
        return _behind(live, behind_ms)

    def _follow_jump(self, device: str, behind_ms: int, received_ms: int) -> None:
        reported_ms, seen_ms = self._behind.get(device, (0, 0))
        if behind_ms:
            self._behind[device] = behind_ms, received_ms
            if behind_ms != reported_ms:
                _log.warning("device_clock_jumped", device=device, behind_s=behind_ms // 1000)
                hours = f"{behind_ms / 3_600_000:g} h"
                self._report(
                    device, behind_ms / 1000, f"{CLOCK_JUMPED_NOTE}: {hours} behind; its readings are refused until it is right"
                )
        elif reported_ms and abs(received_ms - seen_ms) > RECENT_MS:  # between its values there may be some that we dated ourselves
            del self._behind[device]
            _log.info("device_clock_right", device=device)
            self._report(device, 0.0, RIGHT)

    def _watch_drift(self, device: str, observed_ms: int, received_ms: int) -> None:
        finding = self._drifts.setdefault(device, DriftWatch()).take(observed_ms, received_ms)
        if finding is None or (not finding.is_off and device not in self._off):
            return
        if finding.is_off:
            if device not in self._off:
                _log.warning("device_clock_off", device=device, offset_s=finding.offset_ms / 1000, drift_ppm=finding.drift_ppm)
            self._off.add(device)
            self._report(device, finding.offset_ms / 1000, str(finding))
        else:
            self._off.remove(device)
            _log.info("device_clock_right", device=device)
            self._report(device, finding.offset_ms / 1000, RIGHT)


def _behind(live: LiveValue, behind_ms: int) -> LiveValue:
    remark = f"{CLOCK_JUMPED_NOTE}: {behind_ms // 1000} s behind"
    quality = live.quality if live.quality is ReadingQuality.BAD else ReadingQuality.UNCERTAIN
    return replace(live, quality=quality, text=remark if live.text is None else f"{remark}; {live.text}")

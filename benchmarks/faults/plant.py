"""The plant under test: meters whose every reading is a function of the plant's time, so that any loss can be detected."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from domain.clock import epoch_ms
from domain.intervals import QUARTER_MS

SITE = "fault-works"
MAIN = "main"
START_UTC = datetime(2026, 3, 2, 5, 50, tzinfo=UTC)
BUILT_UTC = datetime(2026, 1, 1, tzinfo=UTC)
SAMPLING_S = 10.0
STEP_WH = 0.125
"""Step of the counters: a fraction that binary numbers hold exactly."""
MOST_KW = 400.0
_STEPS_PER_KW = round(250 / STEP_WH)
"""One kW for a quarter hour."""


@dataclass(frozen=True, slots=True)
class Source:
    """One meter's truth: a power for each quarter hour drawn from the seed, and the counter that follows from it."""

    meter: str
    seed: int

    def power_kw(self, quarter: int) -> int:
        """Power in the quarter hour `quarter` (counted from 1970)."""
        return random.Random(f"{self.seed}/{self.meter}/{quarter}").randrange(60, round(MOST_KW) - 20)

    def counter_wh(self, at_ms: int, cache: dict[int, tuple[int, int]]) -> float:
        """Reading of the counter; `cache` holds (steps before, power) of quarter hours that were asked for."""
        quarter, into_ms = divmod(at_ms, QUARTER_MS)
        first = epoch_ms(START_UTC) // QUARTER_MS - 8
        if quarter not in cache:
            known = max((q for q in cache if q < quarter), default=None)
            steps, at = (0, first) if known is None else (cache[known][0], known)
            while at < quarter:
                steps += self.power_kw(at) * _STEPS_PER_KW
                at += 1
            cache[quarter] = (steps, self.power_kw(quarter))
        before, power = cache[quarter]
        return (before + into_ms * power * _STEPS_PER_KW // QUARTER_MS) * STEP_WH


def write_plant(folder: Path, ports: list[int], meters_a_port: int) -> Path:
    """Plant and device files; meter ``main`` is the billing meter, the first behind the first port."""
    (folder / "devices").mkdir(parents=True, exist_ok=True)
    names = meter_names(len(ports) * meters_a_port)
    blocks = [_SITE]
    for number, name in enumerate(names):
        blocks.append(_METER.format(meter=name, parent="" if name == MAIN else f'parent = "{MAIN}"\n'))
        device = _DEVICE.format(meter=name, port=ports[number // meters_a_port], unit=number % meters_a_port + 1)
        (folder / "devices" / f"{name}.toml").write_text(device, encoding="utf-8")
    (folder / "plant.toml").write_text("".join(blocks), encoding="utf-8")
    return folder


def meter_names(count: int) -> list[str]:
    """Ids of the meters, in the order of ports and units."""
    return [MAIN, *(f"m{number:02d}" for number in range(1, count))]


_SITE = f"""\
[site]
id = "{SITE}"
timezone = "Europe/Berlin"
commissioned_utc = {BUILT_UTC.isoformat().replace("+00:00", "Z")}
billing_meter = "{MAIN}"
target_kw = 350.0
"""
_METER = f"""
[[meter]]
id = "{{meter}}"
{{parent}}max_power_kw = {MOST_KW}

[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "Wh"
sampling_s = {SAMPLING_S:g}
resolution = {STEP_WH}

[[meter.register]]
channel = "power"
kind = "gauge"
unit = "kW"
sampling_s = {SAMPLING_S:g}
resolution = 0.001
"""
_DEVICE = f"""\
[device]
id = "{{meter}}-meter"
meter = "{{meter}}"
protocol = "modbus-tcp"
host = "127.0.0.1"
port = {{port}}
unit_id = {{unit}}
profile = "siemens_pac3200"
poll_s = {SAMPLING_S:g}

[channels]
energy_import = "active_energy_import_t1"
power = "active_power_total"
"""

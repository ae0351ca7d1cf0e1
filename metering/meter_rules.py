"""What the plant file says of one meter, in the engine's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.plant import Meter, Plant, RegisterKind
from metering.like_days import LikeDays
from metering.rules import UW_PER_KW, CounterRules, GaugeRules, counter_rules, gauge_rules
from metering.stuck import STUCK_SHARE

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class MeterRules:
    """One meter: its registers, and what it shares with its site."""

    site: str
    meter: str
    counters: Mapping[str, CounterRules]
    gauges: Mapping[str, GaugeRules]
    row_channels: tuple[str, ...]
    """Channels that have quarter hours."""
    power_channel: str | None
    """The gauge that says whether a counter stands still under load."""
    gauge_signs: Mapping[str, int]
    """By counter: 1 where it counts what the gauge shows as positive, -1 as negative, 0 where it counts the sum of both."""
    stuck_uwh: int
    """What a counter that stands still may miss in a quarter hour."""
    like_days: LikeDays
    horizon_ms: int
    """How long late readings are waited for."""

    def feeds(self, channel: str, row_channel: str) -> bool:
        """Whether readings of `channel` can change rows of `row_channel`."""
        return row_channel == channel or (channel == self.power_channel and row_channel in self.gauge_signs)


def meter_rules(plant: Plant, meter_id: str) -> MeterRules:
    """The rules of one meter; KeyError if the plant file has no such meter."""
    meter = plant.meter_by_id(meter_id)
    gauge = meter.gauge()
    return MeterRules(
        site=plant.site.id,
        meter=meter.id,
        counters={r.channel: counter_rules(meter, r) for r in meter.counters()},
        gauges={r.channel: gauge_rules(meter, r) for r in meter.registers if r.kind is RegisterKind.GAUGE},
        row_channels=tuple(r.channel for r in meter.interval_registers()),
        power_channel=None if gauge is None else gauge.channel,
        gauge_signs=_gauge_signs(meter),
        stuck_uwh=round(STUCK_SHARE * meter.max_power_kw * UW_PER_KW / 4),
        like_days=LikeDays(plant.site),
        horizon_ms=plant.site.late_horizon_days * DAY_MS,
    )


def _gauge_signs(meter: Meter) -> dict[str, int]:
    return {r.channel: 0 if r.balance else -1 if "export" in r.channel else 1 for r in meter.counters() if not r.is_reactive}

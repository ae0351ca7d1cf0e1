"""Import minus export of a meter, quarter hour by quarter hour. Pure.

In: the quarter hours of a meter's channels.  Out: one net quarter hour for each, with the channels that it lacks.

A channel without a row leaves the net energy unknown, whichever it is: history that was imported without its export says what was drawn, and
nothing of what was fed back. A row without a value does the same; the row then says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.channels import EXPORT, IMPORT
from domain.intervals import QUARTERS_PER_HOUR, Interval, IntervalQuality, worst_quality
from domain.plant import Meter
from domain.units import UWH_PER_KWH


@dataclass(frozen=True, slots=True)
class NetQuarter:
    """One quarter hour of one meter: import minus export, and how well it is known."""

    start_utc: datetime
    energy_uwh: int | None
    """Signed: negative where the meter fed back more than it drew. None where a channel has no value."""
    quality: IntervalQuality
    """The worst of its channels; missing where one has no row."""
    coverage: float
    """Share of it that was seen, 0..1: the least of its channels."""
    revision: int = 1
    """The highest of its channels."""
    lacks: tuple[str, ...] = ()
    """Channels that have no row, where another one has."""

    @property
    def power_kw(self) -> float | None:
        """Mean power [kW]; negative when the meter fed back."""
        return None if self.energy_uwh is None else self.energy_uwh * QUARTERS_PER_HOUR / UWH_PER_KWH


Rows = Mapping[datetime, Interval]
"""The quarter hours of one channel that count, by their start."""


def net_channels(meter: Meter) -> list[tuple[str, int]]:
    """Which channels make a meter's net energy, and with which sign: import and export where it has them, else all it has."""
    if not meter.is_electric:
        return []
    channels = [register.channel for register in meter.interval_registers() if not register.is_reactive]
    signed = [(channel, -1 if channel == EXPORT else 1) for channel in channels if channel in (IMPORT, EXPORT)]
    return signed or [(channel, 1) for channel in channels]


def net_quarters(
    meter: Meter, of_channel: Mapping[str, Rows], starts: Iterable[datetime] | None = None
) -> dict[datetime, NetQuarter]:
    """The net quarter hours of `meter`, by start; none where no channel has a row.

    Parameters
    ----------
    of_channel
        The meter's quarter hours by channel.
    starts
        Which ones; None for all that have a row.
    """
    parts = [(channel, of_channel.get(channel, {}), sign) for channel, sign in net_channels(meter)]
    wanted = sorted({start for _, rows, _ in parts for start in rows}) if starts is None else starts
    nets = ((start, net_of(start, [(channel, rows.get(start), sign) for channel, rows, sign in parts])) for start in wanted)
    return {start: net for start, net in nets if net is not None}


def net_of(start_utc: datetime, parts: Sequence[tuple[str, Interval | None, int]]) -> NetQuarter | None:
    """One net quarter hour of (channel, row, sign); None where no channel has a row."""
    rows = [(row, sign) for _, row, sign in parts if row is not None]
    if not rows:
        return None
    lacks = tuple(channel for channel, row, _ in parts if row is None)
    energies = [sign * row.energy_uwh for row, sign in rows if row.energy_uwh is not None]
    whole = len(energies) == len(parts)
    return NetQuarter(
        start_utc,
        sum(energies) if whole else None,
        IntervalQuality.MISSING if lacks else worst_quality(row.quality for row, _ in rows),
        0.0 if lacks else min(row.coverage for row, _ in rows),
        max(row.revision for row, _ in rows),
        lacks,
    )


def of_interval(interval: Interval) -> NetQuarter:
    """One channel's quarter hour by itself."""
    return NetQuarter(interval.start_utc, interval.energy_uwh, interval.quality, interval.coverage, interval.revision)

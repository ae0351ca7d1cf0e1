"""What became of the quarter hours in which a meter could not be reached. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.instants import instant_text
from domain.intervals import Interval, IntervalQuality
from domain.units import kwh
from quarters.numbers import quarter_start, quarter_starts
from simulation.surprises import NetworkOutage

Truth = Mapping[tuple[str, str], Mapping[datetime, int]]
"""Energy [uWh] by (meter, channel) and start."""


@dataclass(frozen=True, slots=True)
class OutageAccount:
    """One meter's outage: its quarter hours as first and as last published, and how far that is from the simulated truth."""

    meter: str
    from_utc: str
    to_utc: str
    quarter_hours: int
    first_qualities: Mapping[str, int]
    """Quarter hours by quality."""
    last_qualities: Mapping[str, int]
    ever_missing: int
    ever_substituted: int
    restated: int
    """Quarter hours whose energy or quality was restated later."""
    measured_at_the_end: int
    revision: int
    energy_kwh: float
    energy_true_kwh: float
    off_kwh: float

    @property
    def holds(self) -> bool:
        """Whether every quarter hour has a value in the end, and no first value was taken as final."""
        return self.quarter_hours > 0 and self.last_qualities.get(IntervalQuality.MISSING, 0) == 0 and self.restated > 0


def outage_accounts(
    outages: Iterable[NetworkOutage], channels: Mapping[str, str], published: Mapping[tuple[str, str, datetime], Sequence[Interval]],
    truth: Truth, from_utc: datetime, to_utc: datetime,
) -> list[OutageAccount]:  # fmt: skip
    """Accounts of the outages that lie in ``[from_utc, to_utc)``, by their beginning and meter; a part that lies outside is left out.

    Parameters
    ----------
    channels
        The energy register of each meter; meters without one are passed over.
    published
        By (meter, channel, start): every revision, in the order in which it was published.
    """
    clipped = [
        (outage, max(datetime.fromtimestamp(outage.from_s, UTC), from_utc), min(datetime.fromtimestamp(outage.to_s, UTC), to_utc))
        for outage in outages
    ]
    accounts = [
        _account(meter, channels[meter], begin, end, published, truth)
        for outage, begin, end in clipped
        for meter in outage.meters
        if begin < end and meter in channels
    ]
    return sorted(accounts, key=lambda account: (account.from_utc, account.meter))


def _account(
    meter: str, channel: str, begin: datetime, end: datetime, published: Mapping[tuple[str, str, datetime], Sequence[Interval]], truth: Truth
) -> OutageAccount:  # fmt: skip
    starts = list(quarter_starts(quarter_start(begin), end))
    revisions_of = [revisions for start in starts if (revisions := published.get((meter, channel, start)))]
    last = [max(revisions, key=lambda interval: interval.revision) for revisions in revisions_of]
    energy = kwh(sum(interval.energy_uwh or 0 for interval in last))
    true = kwh(sum(truth.get((meter, channel), {}).get(start, 0) for start in starts))
    last_qualities = Counter(str(interval.quality) for interval in last)
    return OutageAccount(
        meter=meter,
        from_utc=instant_text(begin),
        to_utc=instant_text(end),
        quarter_hours=len(starts),
        first_qualities=dict(Counter(str(revisions[0].quality) for revisions in revisions_of)),
        last_qualities=dict(last_qualities),
        ever_missing=_ever(revisions_of, IntervalQuality.MISSING),
        ever_substituted=_ever(revisions_of, IntervalQuality.SUBSTITUTED),
        restated=sum(1 for revisions in revisions_of if len({(i.energy_uwh, i.quality) for i in revisions}) > 1),
        measured_at_the_end=last_qualities[IntervalQuality.MEASURED],
        revision=max((interval.revision for interval in last), default=0),
        energy_kwh=round(energy, 6),
        energy_true_kwh=round(true, 6),
        off_kwh=round(energy - true, 6),
    )


def _ever(revisions_of: Sequence[Sequence[Interval]], quality: IntervalQuality) -> int:
    return sum(1 for revisions in revisions_of if any(interval.quality is quality for interval in revisions))

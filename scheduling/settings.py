"""When advice is worth a person's attention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain.recommendations import ADVICE_QUARTERS


@dataclass(frozen=True, slots=True)
class AdviceSettings:
    """Defaults for one site."""

    notice: timedelta = timedelta(minutes=15)
    """What the shop floor needs between a decision and the start of a job."""
    time_to_decide: timedelta = timedelta(minutes=15)
    """No advice is issued that would leave less time than this before it expires."""
    most_open: int = 3
    """More at a time are not read."""
    min_reduction_kw: float = 5.0
    """A move that lowers the expected peak by less is not advised."""
    min_gain_kw: float = 3.0
    """The same on average of the days that may come, as far as the peak lies above the level."""
    min_chance: float = 0.2
    """A move that is less likely to lower the peak is not advised."""
    keep_share: float = 0.5
    """An open recommendation is kept while it still lowers the load where it acts by this share of `min_reduction_kw` ..."""
    keep_margin_kw: float = 20.0
    """... and the judged peak without it is not further than this below the level."""
    risk_weight: float = 0.3
    """The load that is judged lies at least this far from the median towards the 90 % quantile: ``q50 + 0.3 (q90 - q50)``."""
    again_factor: float = 2.0
    """A declined job is advised again for the same day's peak only if it is worth this many times as much."""
    quality_quarters: int = ADVICE_QUARTERS
    """The newest quarter hours of the billing meter that must be there and sound ..."""
    quality_lag: timedelta = timedelta(minutes=45)
    """... the last of them not older than this."""
    republish_kw: float = 5.0
    """An open recommendation is published again when its figures have changed by this much ..."""
    republish_eur: float = 250.0
    """... or by this."""
    most_cost_eur: float = 50.0
    """What keeping the load below the target may cost by a more expensive hour; a move that is known to cost more is not advised."""
    keep_closed: timedelta = timedelta(days=3)
    """How long what is over is remembered, so that its revisions go on."""

"""The running quarter hour: what the bill's next candidate peak will be, while something can still be done."""

from __future__ import annotations

from dataclasses import dataclass

from domain.instants import EpochMs, QuarterStart, UtcInstant
from domain.intervals import IntervalQuality
from domain.texts import Key, Name
from domain.units import Amount, Int64, Power


@dataclass(frozen=True, slots=True)
class Demand:
    """State of a site's running quarter hour at `at_utc`, from its billing meter; all powers [kW].

    Formulas: ``E_t`` energy since the start, ``t`` elapsed of ``T`` = 900 s;
    ``projected = (E_t + P_now (T - t)) / T``; ``allowed = (target T - E_t) / (T - t)``.
    """

    site: Key
    meter: Key
    at_utc: UtcInstant
    """Device time of the reading that this rests on."""
    start_utc: QuarterStart
    elapsed_s: Amount
    remaining_s: Amount
    energy_kwh: Amount
    """Imported since `start_utc`."""
    now_kw: Power
    """Mean power over the last readings (10-60 s), not one sample."""
    mean_so_far_kw: Power
    projected_kw: Power
    projected_low_kw: Power
    projected_high_kw: Power
    target_kw: Power
    allowed_kw: Power
    """What may be drawn for the rest without passing the target (P_rest), clamped to 0 .. 1.2 x connection power."""
    headroom_kw: Power
    """`target_kw` - `projected_kw`; negative when the target will be passed."""
    billed_peak_kw: Power
    """Highest quarter hour of the billing period so far: sunk cost up to here."""
    billed_peak_utc: QuarterStart | None = None
    billed_peak_quality: IntervalQuality = IntervalQuality.MEASURED
    confidence: Name = "measured"
    """``measured``; ``early`` in the dead time at the start; ``partial`` when the start of the quarter hour was not seen."""
    synchronised: bool = False
    """Whether the energy so far is the billing meter's own count and, where it shows its beginnings (`sync` in the plant file), those are known."""
    basis_observed_ms: EpochMs = 0
    """`observed_ms` of the newest reading in it, to measure the way from reading to projection."""
    sync_offset_ms: Int64 | None = None
    """How much later than UTC's the billing meter's quarter hours begin, on the clock of its readings [ms]: measured by its pulse or its block's
    demand, and used in `elapsed_s` and all that follows; None where it shows none."""

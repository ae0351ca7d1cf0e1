"""Measurement, tag and field names in InfluxDB: the sink writes them, the dashboards are checked against them."""

from __future__ import annotations

from dataclasses import dataclass

from domain.intervals import IntervalQuality


@dataclass(frozen=True, slots=True)
class Measurement:
    """One InfluxDB measurement; all fields are floats unless named in `texts` or `integers`."""

    name: str
    tags: tuple[str, ...]
    fields: tuple[str, ...]
    says: str
    integers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def all_fields(self) -> tuple[str, ...]:
        """Every field key."""
        return (*self.fields, *self.integers, *self.texts)


POWER = Measurement("power", ("site", "meter"), ("kw",), "active power as measured, at the device's clock", ("quality",))
INTERVAL = Measurement(
    "energy15", ("site", "meter", "channel"), ("kwh", "kw", "coverage"),
    "energy of one quarter hour, labelled by its START; the newest revision overwrites", ("quality", "revision"),
)  # fmt: skip
REVISIONS = Measurement(
    "energy15_revisions", ("site", "meter", "channel", "revision"), ("kwh", "kw", "coverage"),
    "every revision of each quarter hour, labelled by its START: values before the restatement included", ("quality",), ("method",),
)  # fmt: skip
DEMAND_NOW = Measurement(
    "demand", ("site",),
    ("now_kw", "mean_so_far_kw", "projected_kw", "projected_low_kw", "projected_high_kw", "target_kw", "allowed_kw",
     "headroom_kw", "billed_peak_kw", "remaining_s"),
    "the running quarter hour",
)  # fmt: skip
FORECAST = Measurement(
    "forecast", ("site",), ("q10_kw", "q50_kw", "q90_kw"),
    "newest forecast for each quarter hour, labelled by its START", texts=("model",),
)  # fmt: skip
FORECAST_PEAK = Measurement(
    "forecast_peak", ("site", "day"), ("q10_kw", "q50_kw", "q90_kw", "above_target"),
    "distribution of a local day's highest quarter hour, at the time of issue",
)  # fmt: skip
FORECAST_DAY_AHEAD = Measurement(
    "forecast_day_ahead", ("site",), ("q10_kw", "q50_kw", "q90_kw"),
    "quantiles of each local day as forecast when it began; never revised", (), ("model",),
)  # fmt: skip
FORECAST_PERIOD = Measurement(
    "forecast_period", ("site",), ("so_far_kw", "q10_kw", "q50_kw", "q90_kw", "above_target"),
    "distribution of the billing period's highest quarter hour, at the instant of issue",
)  # fmt: skip
FORECAST_QUALITY = Measurement(
    "forecast_quality", ("site",), ("score", "coverage", "cpu_ms"),
    "error over last week's and share within the band, both over 28 days, and the CPU time of the issue, at its instant",
)  # fmt: skip
FORECAST_METER = Measurement(
    "forecast_meter", ("site", "meter"), ("q10_kw", "q50_kw", "q90_kw"),
    "quantiles of the load of a meter below the grid connection; the next issue overwrites",
)  # fmt: skip
PLAN = Measurement(
    "plan", ("site", "job", "machine"), ("kw",),
    "what a job adds in each quarter hour as planned now; 0 where it was planned before", texts=("status",),
)  # fmt: skip
EVENT = Measurement(
    "events", ("site", "kind", "id"), ("kw", "eur"),
    "anomalies and recommendations for tables and annotations", ("severity", "revision"), ("title", "text", "status", "end_time"),
)  # fmt: skip
INCIDENT = Measurement(
    "incidents", ("site", "meter", "nature", "kind", "id"),
    ("excess_kwh", "kwh_per_day", "eur_per_day", "eur_so_far", "expected_kw", "actual_kw"),
    "what was found, at its beginning: what it costs a day and has cost so far; the newest revision overwrites",
    ("revision", "until_ms"), ("title", "text", "check", "status", "feedback"),
)  # fmt: skip
EFFECT = Measurement(
    "effects", ("site", "recommendation", "machine"),
    ("promised_kw", "promised_eur", "relief_kw", "reduction_kw", "measured_eur", "measured_low_eur", "measured_high_eur"),
    "what a recommendation was worth by measurement, at the quarter hour that it was to relieve; the newest revision overwrites",
    ("revision",), ("outcome", "status"),
)  # fmt: skip
PEAK = Measurement(
    "peaks", ("site",), ("kw", "before_kw", "rest_kw", "eur"),
    "a new highest quarter hour of the billing period, labelled by its START, and what it costs until the period ends", ("revision",),
)  # fmt: skip
PEAK_SHARE = Measurement(
    "peak_shares",
    ("site", "machine"),
    ("kw", "usual_kw"),
    "what a machine drew in a new highest quarter hour, and usually draws then",
    ("revision",),
)
HEALTH = Measurement(
    "machine_health", ("site", "machine", "meter"), ("index", "t2", "q", "learned"),
    "health of a machine in a quarter hour, labelled by its START: 100 is as learned", ("minutes",), ("status", "state"),
)  # fmt: skip
HEALTH_CHANNEL = Measurement(
    "machine_health_channels", ("site", "machine", "channel", "state"),
    ("mean", "usual", "low", "high", "limit", "trend_per_day", "days_to_limit", "days_low", "days_high"),
    "a channel of a machine in a quarter hour, in the channel's own unit; days until its limit",
)  # fmt: skip

PIECES = Measurement(
    "pieces", ("site", "machine", "source"), ("good", "scrap", "rework"),
    "what a machine made, at the start of its span; the newest revision overwrites, and what was taken back is 0", ("revision",), ("product", "job", "reason"),
)  # fmt: skip

QUALITY_CODES = {quality: code for code, quality in enumerate(IntervalQuality)}
"""0 measured, 1 corrected, 2 substituted, 3 estimated, 4 faulty, 5 missing, 6 calculated: a field, not a tag, so a restatement overwrites."""

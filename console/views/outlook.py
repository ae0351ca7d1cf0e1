"""What one meter is expected to draw: today and tomorrow, measured so far and forecast from now on.

In: the meter's quarter hours and its newest forecast.  Out: `OutlookView`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.views.plan import LoadPoint, load_points
from console.views.scene import Scene, import_quarters
from domain.forecasts import DayPeak, Forecast
from domain.plant import Plant


@dataclass(frozen=True, slots=True)
class OutlookView:
    """Two local days of one meter."""

    meter: str
    label: str
    channel: str | None
    """What is forecast, e.g. ``energy_export``, whose values are positive where it feeds in; None of a meter without a register."""
    now_utc: datetime
    forecast: Forecast | None
    """None where there is none, or none that reaches beyond now."""
    points: tuple[LoadPoint, ...]
    peaks: tuple[DayPeak, ...]
    """Highest quarter hour of today and of tomorrow."""


def is_billing_meter(plant: Plant, meter: str) -> bool:
    """Whether the site's forecast is the one about this meter."""
    billing = plant.billing_meter()
    return billing is not None and billing.id == meter


def outlook_view(scene: Scene, meter_id: str) -> OutlookView:
    """Today and tomorrow of one meter; the site's forecast where it is the billing meter. KeyError for a meter that is not there."""
    meter = scene.plant.meter_by_id(meter_id)
    forecast = scene.meter_forecast(meter.id)
    from_utc, _ = scene.day_span(scene.day())
    _, to_utc = scene.day_span(scene.day(1))
    days = {f"{scene.day()}", f"{scene.day(1)}"}
    actual = import_quarters(scene.ledger, meter, from_utc, to_utc)
    return OutlookView(
        meter=meter.id,
        label=meter.label,
        channel=meter.energy_channel(),
        now_utc=scene.now_utc,
        forecast=forecast,
        points=load_points(actual, forecast, (), from_utc, to_utc),
        peaks=() if forecast is None else tuple(peak for peak in forecast.peaks if peak.day_local in days),
    )

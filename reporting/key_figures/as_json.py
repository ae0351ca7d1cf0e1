"""Key figures for programs: one form for report, API and command."""

from __future__ import annotations

from typing import Any

from baselines.answer_json import as_json as answer_as_json
from baselines.answer_json import fact_json, figure_json, judged_json
from baselines.enpi import SpecificEnergy
from domain.effects import Figure
from reporting.key_figures.figures import KeyFigures, MeterFigures

FORMAT = "lastgang.key-figures.v1"


def figures_json(found: KeyFigures) -> dict[str, Any]:
    """All of them; every key names its unit, and what is not known is null."""
    total = found.account
    return {
        "format": FORMAT, "site": found.site, "first_day_local": f"{found.span.first}", "end_day_local": f"{found.span.end}",
        "has_temperature": found.has_temperature,
        "meters": [_meter(one) for one in found.meters],
        "account": {
            "measures_kwh": _rounded(total.measures_kwh, 3), "measures_eur": _rounded(total.measures_eur, 2), "measures_co2_kg": _rounded(total.measures_co2_kg, 3),
            "unclaimed": total.unclaimed, "advice_eur": _rounded(total.advice_eur, 2), "advice": found.advice, "total_eur": _rounded(total.total_eur, 2),
        },
        "counted_at_a_meter_above": [{"measure": measure, "meter": meter} for measure, meter in sorted(found.counted_above)],
        "unknown_meters": [{"measure": measure, "meter": meter} for measure, meter in found.unknown_meters],
        "events": [one.model_dump(mode="json") for one in found.events],
        "co2_factor": None if found.factor is None else found.factor.model_dump(mode="json"),
        "faults": [str(one) for one in found.faults],
    }  # fmt: skip


def _meter(one: MeterFigures) -> dict[str, Any]:
    whole = None if one.found is None else answer_as_json(one.found)
    return {
        "meter": one.meter, "label": one.label, "is_site": one.is_site, "days": 0 if whole is None else whole["usable_days"],
        "baseline": None if whole is None else whole["baseline"], "refusals": [fact_json(fact) for fact in one.refusals],
        "standby_share": figure_json(one.standby),
        "enpi": {name: [_month(month) for month in months] for name, months in one.specific.items()},
        "measures": [judged_json(judged) for judged in one.measures],
    }  # fmt: skip


def _month(one: SpecificEnergy) -> dict[str, Any]:
    return {
        "month_local": f"{one.month}", "days": one.days, "energy_kwh": one.energy_kwh, "amount": one.amount, "kwh_per_unit": one.kwh_per_unit,
        "expected_kwh_per_unit": figure_json(one.expected), "is_within": one.is_within,
    }  # fmt: skip


def _rounded(figure: Figure | None, places: int) -> dict[str, float] | None:
    return None if figure is None else {name: round(getattr(figure, name), places) for name in ("value", "low", "high")}

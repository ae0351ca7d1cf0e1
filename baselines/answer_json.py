"""A baseline for programs."""

from __future__ import annotations

from math import isfinite
from typing import Any

from baselines.answer import Answer, Judged
from baselines.fitting import Baseline
from baselines.metrics import Fit
from baselines.savings import Saving
from domain.effects import Figure
from domain.facts import Fact

FORMAT = "lastgang.baseline.v1"


def as_json(found: Answer, standby: Figure | None = None) -> dict[str, Any]:
    """Its figures; every key names its unit, and what is not known is null."""
    rows = found.rows
    return {
        "format": FORMAT,
        "first_day_local": f"{rows.days[0]}", "last_day_local": f"{rows.days[-1]}",
        "days": len(rows), "usable_days": int(rows.usable.sum()),
        "baseline": None if found.baseline is None else _baseline(found.baseline),
        "refusals": [fact_json(one) for one in found.refusals],
        "measures": [judged_json(one) for one in found.measures],
        "standby_share": figure_json(standby),
        "enpi": {
            name: [
                {
                    "month_local": f"{one.month}", "days": one.days, "energy_kwh": one.energy_kwh, "amount": one.amount,
                    "kwh_per_unit": one.kwh_per_unit, "expected_kwh_per_unit": figure_json(one.expected), "is_within": one.is_within,
                }
                for one in months
            ]
            for name, months in found.specific.items()
        },
    }  # fmt: skip


def _baseline(one: Baseline) -> dict[str, Any]:
    form = one.model.form
    return {
        "first_day_local": f"{one.first}", "last_day_local": f"{one.last}", "covered": one.covered,
        "form": {"calendar": form.calendar, "heating": form.heating, "cooling": form.cooling, "drivers": list(form.drivers)},
        "heating_base_c": one.model.heating_c, "cooling_base_c": one.model.cooling_c,
        "coefficients": [
            {"term": c.term.name, "kw": c.term.kw, "standard_error_kw": _number(c.error_kw), "p_value": _number(c.p_value)}
            for c in one.coefficients
        ],
        "fit": _fit(one.fit), "held_out": _fit(one.held_out),
        "forms_tried": len(one.tried),
        "breaks": [{"day_local": f"{b.day}", "shift_kw": b.shift_kw, "share": b.share} for b in one.breaks],
    }  # fmt: skip


def _fit(fit: Fit) -> dict[str, Any]:
    return {
        "n": fit.n, "n_prime": fit.n_prime, "parameters": fit.parameters, "mean_kw": fit.mean, "rmse_kw": fit.rmse,
        "cvrmse": _number(fit.cvrmse), "cvrmse_adj": _number(fit.cvrmse_adj), "cvrmse_autocorr_adj": _number(fit.cvrmse_autocorr_adj),
        "nmbe": _number(fit.nmbe), "r_squared": _number(fit.r_squared), "r_squared_adj": _number(fit.r_squared_adj),
    }  # fmt: skip


def judged_json(one: Judged) -> dict[str, Any]:
    """One measure with its saving, or why there is none."""
    compared = one.normalised
    return {
        "id": one.measure.id, "description": one.measure.description, "begins_local": f"{one.measure.begins}",
        "complete_local": f"{one.measure.acts_from}",
        "claimed": one.saving is not None and not one.refusals,
        "refusals": [fact_json(fact) for fact in one.refusals],
        "saving": None if one.saving is None else _saving(one.saving),
        "normalised": None if compared is None else {
            "before_kwh_per_day": compared.before_kwh, "after_kwh_per_day": compared.after_kwh,
            "after_normalised_kwh_per_day": compared.after_normalised_kwh, "change": compared.change,
            "heating_degree_days_per_day": list(compared.heating_kd), "cooling_degree_days_per_day": list(compared.cooling_kd),
        },
    }  # fmt: skip


def _saving(one: Saving) -> dict[str, Any]:
    return {
        "first_day_local": f"{one.first}", "end_day_local": f"{one.end}", "days": one.days,
        "expected_kwh": one.expected_kwh, "measured_kwh": one.measured_kwh,
        "saved_kwh": figure_json(one.saved_kwh), "saved_share": figure_json(one.share), "interval_holds": 0.8,
        "deviations_kwh": {
            "coefficients": one.spread.coefficients_kwh, "noise": one.spread.noise_kwh, "drift": one.spread.drift_kwh,
        },
        "saved_eur": figure_json(one.saved_eur), "saved_co2_kg": figure_json(one.saved_co2_kg),
        "co2_factor": None if one.factor is None else one.factor.model_dump(),
        "adjustments": [
            {"event": a.name, "first_day_local": f"{a.first}", "last_day_local": f"{a.last}", "days": a.days, "kwh": a.kwh}
            for a in one.adjustments
        ],
    }  # fmt: skip


def figure_json(figure: Figure | None) -> dict[str, float] | None:
    """A figure with its interval; None where it is not known."""
    return None if figure is None else {"value": figure.value, "low": figure.low, "high": figure.high}


def fact_json(one: Fact) -> dict[str, Any]:
    """A reason: its key and its values."""
    return {"key": one.key, **one.numbers, **{name: instant.isoformat() for name, instant in one.instants.items()}, **one.ids}


def _number(value: float) -> float | None:
    return value if isfinite(value) else None

"""An analysis for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from analysis.answer import Analysis, SheetAnswer
from domain.instants import instant_text

FORMAT = "lastgang.analysis.v1"


def as_json(found: Analysis) -> dict[str, Any]:
    """Its figures; every key names its unit."""
    load, base = found.load, found.base
    return {
        "format": FORMAT,
        "from_utc": instant_text(load.start_utc(0)), "to_utc": instant_text(load.start_utc(len(load.kw))),
        "covered_share": found.covered_share,
        "energy_kwh": load.energy_kwh, "peak_kw": found.peak_kw, "usage_hours": found.usage_hours,
        "peaks": [
            {"start_utc": instant_text(one.start_utc), "kw": one.kw, "above_next_kw": one.above_next_kw, "hours_above_next": one.quarters_above_next / 4}
            for one in found.peaks
        ],
        "cuts": [
            {
                "peaks": one.peaks, "level_kw": one.level_kw, "shifted_kw": one.shifted_kw, "shifted_kwh": one.shifted_kwh,
                "longest_h": one.longest_h, "days": one.days,
            }
            for one in found.cuts
        ],
        "base_load": {
            "base_kw": base.base_kw, "night_kw": base.night_kw, "weekend_kw": base.weekend_kw, "workday_kw": base.workday_kw,
            "good_night_kw": base.good_night_kw, "good_weekend_kw": base.good_weekend_kw,
        },
        "strange_days": [{"day_local": f"{one.day}", "times": one.times, "more_kwh": one.more_kwh} for one in found.days],
        "battery": asdict(found.battery),
        "sun": {"peak_kwp": found.sun.peak_kwp, "generated_kwh": found.sun.generated_kwh, "used_kwh": found.sun.used_kwh},
        "co2": {"tonnes": found.emissions.tonnes, "g_per_kwh": found.emissions.g_per_kwh, "year": found.emissions.year},
        "sheets": [_sheet(one) for one in found.sheets],
        "refused": [{"tariff": sheet.tariff.id, "why": why} for sheet, why in found.refused],
    }  # fmt: skip


def _sheet(answer: SheetAnswer) -> dict[str, Any]:
    return {
        "tariff": answer.sheet.tariff.id,
        "is_typical": answer.sheet.is_typical,
        "valid_then": answer.sheet.valid_then,
        "bill": answer.bill.as_json(),
        "base_eur": answer.base_eur,
        "cuts": [asdict(one) for one in answer.cuts],
        "battery": asdict(answer.battery),
        "sun_eur": answer.sun_eur,
        "wins": [asdict(one) for one in answer.wins],
    }

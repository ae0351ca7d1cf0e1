"""A virtual meter has its line in every table of a report, as good as its worst part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from report_sample import FIRST, QUARTER, data_of, put, quarter, whole_month

from domain.intervals import Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from reporting.ledger import Ledger
from reporting.report import WrittenReport


def rest(n: int, kwh: float | None, quality: IntervalQuality = IntervalQuality.CALCULATED) -> Interval:
    row = quarter(FIRST + QUARTER * n, kwh, "rest", quality=quality, method=IntervalMethod.FORMULA)
    return replace(row, readings=0, origin=IntervalOrigin.CALCULATED)


def test_a_virtual_meter_is_reported_like_the_others(ledger: Ledger, folder: Path, make: Callable[..., WrittenReport]) -> None:
    plant = folder / "plant" / "plant.toml"
    plant.write_text(plant.read_text() + '[[virtual_meter]]\nid = "rest"\nname = "Übrige"\nformula = "main - furnace-1"\n')
    put(
        ledger,
        *whole_month(),
        *[rest(n, 75.0) for n in range(2978)],
        rest(2978, 75.0, IntervalQuality.SUBSTITUTED),
        rest(2979, None),
    )
    made = make()
    virtual = data_of(made)["meters"][2]
    assert (virtual["meter"], virtual["name"], virtual["parent"], virtual["unit"]) == ("rest", "Übrige", None, "kWh")
    assert virtual["energy_kwh"] == 2979 * 75
    assert (virtual["quality"]["calculated"]["quarter_hours"], virtual["quality"]["substituted"]["quarter_hours"]) == (2978, 1)
    assert virtual["worst_quality"] == "missing"
    assert virtual["share_of_quarter_hours_measured"] == round(2978 / 2980, 9)
    assert "rest" in (made.folder / "intervals.csv").read_text()

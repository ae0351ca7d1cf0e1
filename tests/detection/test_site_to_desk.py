"""What the watches over a site find, on the desk: one anomaly for compressors on one net."""

from __future__ import annotations

from typing import Any

from detection.desk.step import AnomalyDesk
from detection.site.step import SiteWatch
from domain.plant import Plant
from domain.topics import ANOMALIES, FINDINGS
from tests.detection.site_plant import COMPRESSOR, PRESS, SITE, Run, plant, tariff


def two_compressors() -> Plant:
    """The press is a compressor, too."""
    first = plant()
    points = next(one.set_points for one in first.machines if one.id == COMPRESSOR)
    machines = [
        one if one.id != PRESS else one.model_copy(update={"kind": "compressor", "set_points": points}) for one in first.machines
    ]
    return first.model_copy(update={"machines": tuple(machines)})


def test_pressure_that_is_too_high_at_two_compressors_of_one_net_is_one_anomaly() -> None:
    site = two_compressors()
    run, desk = Run(SiteWatch(site, tariff())), AnomalyDesk(site)
    found = run.live(6, shown={(COMPRESSOR, "pressure"): 8.0, (PRESS, "pressure"): 8.0})
    findings: list[Any] = [(topic, record) for topic, record in found if topic is FINDINGS]
    assert {record.meter for _, record in findings} == {COMPRESSOR, PRESS}
    _, outputs = desk.take(SITE, desk.initial(SITE), findings)
    assert len({record.anomaly for topic, record in outputs if topic is ANOMALIES and record.until_utc is None}) == 1

"""Flux queries over our measurements; names come from `domain.measurements`, so a query cannot name what nobody writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.cog import variants as cogvariants

from domain.measurements import Measurement

DATA_SOURCE_UID = "lastgang-influx"
DATA_SOURCE = {"type": "influxdb", "uid": DATA_SOURCE_UID}


class FluxTarget(cogvariants.Dataquery):
    """One query of a panel; the SDK has no type of its own for InfluxDB."""

    def __init__(self, ref_id: str, query: str) -> None:
        self.ref_id = ref_id
        self.query = query

    def to_json(self) -> dict[str, object]:
        return {"refId": self.ref_id, "datasource": DATA_SOURCE, "query": self.query}


class Flux(cogbuilder.Builder[Any]):
    """Hands a `FluxTarget` to the SDK's panels."""

    def __init__(self, ref_id: str, query: str) -> None:
        self._target = FluxTarget(ref_id, query)

    def build(self) -> FluxTarget:
        return self._target


def select(
    measurement: Measurement,
    fields: Sequence[str],
    where: str = "",
    then: str = "",
    start: str = "v.timeRangeStart",
    stop: str = "v.timeRangeStop",
) -> str:
    """Points of one measurement at the chosen site.

    Raises
    ------
    ValueError
        If a field is none that the sink writes.
    """
    unknown = [field for field in fields if field not in measurement.all_fields()]
    if unknown:
        msg = f"measurement {measurement.name!r} has no field {unknown}; it has {measurement.all_fields()}"
        raise ValueError(msg)
    any_field = " or ".join(f'r._field == "{field}"' for field in fields)
    lines = [
        "from(bucket: v.defaultBucket)",
        f"  |> range(start: {start}, stop: {stop})",
        f'  |> filter(fn: (r) => r._measurement == "{measurement.name}" and r.site == "${{site}}")',
        f"  |> filter(fn: (r) => {any_field})",
    ]
    if where:
        lines.append(f"  |> filter(fn: (r) => {where})")
    if then:
        lines.append(then)
    return "\n".join(lines)


MEAN_OF_WINDOW = '  |> aggregateWindow(every: v.windowPeriod, fn: mean, createEmpty: false, timeSrc: "_start")'
"""Thins a dense series; labelled by the start like everything else (Flux labels by the stop unless configured)."""
PIVOT = '  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")'


def tag_values(measurement: Measurement, tag: str) -> str:
    """All values of a tag in the last year."""
    if tag not in measurement.tags:
        msg = f"measurement {measurement.name!r} has no tag {tag!r}; it has {measurement.tags}"
        raise ValueError(msg)
    return (
        'import "influxdata/influxdb/schema"\n'
        f'schema.tagValues(bucket: v.defaultBucket, tag: "{tag}", '
        f'predicate: (r) => r._measurement == "{measurement.name}", start: -400d)'
    )

"""A plant of one meter, readings a minute apart, and short ways to feed a step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.clock import epoch_ms
from domain.intervals import QUARTER_MS, Interval
from domain.plant import Plant
from domain.readings import Reading, ReadingQuality, Rejection
from domain.units import UWH_PER_KWH
from metering.engine import MeterStep, decode_state, encode_state

MINUTE_MS = 60_000
TEN = epoch_ms(datetime(2026, 3, 10, 10, tzinfo=UTC))
"""A Tuesday, 10:00 UTC."""


def plant(
    *registers: dict[str, Any], exchanges: Sequence[dict[str, Any]] = (), multipliers: Sequence[dict[str, Any]] = (), **site: Any
) -> Plant:
    """One meter ``m`` of 100 kW at most; by default with a kWh counter in steps of 1 Wh, a reading a minute."""
    return Plant.model_validate(
        {
            "site": {"id": "s", "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC), **site},
            "meter": [
                {
                    "id": "m",
                    "max_power_kw": 100.0,
                    "register": registers or (counter(),),
                    "exchange": exchanges,
                    "multiplier": multipliers,
                }
            ],
        }
    )


def rated(most_kw: float, *registers: dict[str, Any]) -> Plant:
    """The same plant with another maximum power."""
    small = plant(*registers)
    return small.model_copy(update={"meters": (small.meters[0].model_copy(update={"max_power_kw": most_kw}),)})


def counter(**changes: Any) -> dict[str, Any]:
    """A kWh counter."""
    row = {"channel": "energy_import", "kind": "counter", "unit": "kWh", "sampling_s": 60.0, "resolution": 0.001}
    return {**row, **changes}


def gauge(**changes: Any) -> dict[str, Any]:
    """A kW gauge."""
    return {"channel": "power", "kind": "gauge", "unit": "kW", "sampling_s": 60.0, "resolution": 0.001, **changes}


def reading(at_ms: int, value: float | None, channel: str = "energy_import", late_ms: int = 200, **changes: Any) -> Reading:
    """One reading that arrives `late_ms` after it was taken."""
    quality = changes.pop("quality", ReadingQuality.GOOD)
    return Reading("s", "m", channel, at_ms, at_ms + late_ms, value, quality, **changes)


def minutes(values: Iterable[float | None], from_ms: int = TEN, channel: str = "energy_import") -> list[Reading]:
    """Readings a minute apart; None leaves one out."""
    return [reading(from_ms + n * MINUTE_MS, v, channel) for n, v in enumerate(values) if v is not None]


def rising(count: int, start: float = 1000.0, by: float = 1.0) -> list[float]:
    """A counter at constant power."""
    return [round(start + by * n, 6) for n in range(count)]


class Run:
    """Feeds one meter and keeps what comes out."""

    def __init__(self, plant: Plant) -> None:
        self.step = MeterStep(plant, "m")
        self.state = self.step.initial()
        self.rows: dict[tuple[str, int], Interval] = {}
        self.rejected: list[Rejection] = []
        self.now_ms = 0

    def take(self, readings: Sequence[Reading], advance: bool = True) -> Run:
        """One batch, then the site's time."""
        self.state, outputs = self.step.take(self.state, readings)
        self._keep(outputs)
        self.now_ms = max([self.now_ms, *(r.observed_ms for r in readings if r.observed_ms <= r.received_ms + 5000)])
        if advance:
            self.advance(self.now_ms)
        return self

    def advance(self, site_ms: int) -> Run:
        """Let the site's time pass."""
        self.now_ms = max(self.now_ms, site_ms)
        self.state, outputs = self.step.advance(self.state, site_ms)
        self._keep(outputs)
        return self

    def close(self) -> Run:
        """Nothing more comes."""
        self.state, outputs = self.step.close(self.state, self.now_ms)
        self._keep(outputs)
        return self

    def _keep(self, outputs: Sequence[Interval | Rejection]) -> None:
        for output in outputs:
            if isinstance(output, Interval):
                key = output.channel, epoch_ms(output.start_utc)
                before = self.rows.get(key)
                assert output.revision == (1 if before is None else before.revision + 1), "revisions rise by one"
                self.rows[key] = output
            else:
                self.rejected.append(output)

    def row(self, quarter: int = 0, channel: str = "energy_import") -> Interval:
        """The quarter hour that begins this many quarter hours after ten."""
        return self.rows[channel, TEN + quarter * QUARTER_MS]

    def published(self, quarter: int = 0, channel: str = "energy_import") -> tuple[float | None, str, str]:
        """Energy [kWh], quality and method of that quarter hour."""
        row = self.row(quarter, channel)
        return row.energy_kwh, row.quality.value, row.method.value

    def reasons(self) -> list[str]:
        """Why readings were refused, in order."""
        return [rejection.reason.value for rejection in self.rejected]

    def total_kwh(self, first: int, stop: int) -> float:
        """Sum over quarter hours; none may be missing."""
        return sum(row.energy_uwh or 0 for row in (self.row(n) for n in range(first, stop)) if row) / UWH_PER_KWH


def fed(to: Plant, readings: Sequence[Reading], batch: int = 60, restarts: bool = False) -> Run:
    """A run of `readings` in batches; with `restarts` the state is stored and read again after each."""
    run = Run(to)
    for at in range(0, len(readings), batch):
        run.take(readings[at : at + batch])
        if restarts:
            run.state = decode_state(encode_state(run.state))
    return run.close()


def table(run: Run) -> dict[object, object]:
    """What counts of each row, whatever its revision."""
    return {key: (row.energy_uwh, row.coverage, row.quality, row.method, row.readings) for key, row in run.rows.items()}

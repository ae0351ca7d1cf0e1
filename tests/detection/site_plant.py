"""A small site for the watches that need all of it: a press in two shifts, a compressor, a chiller, rooms that are heated and cooled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from billing.tariff import Tariff, load_tariff
from detection.site.state import SiteState
from detection.site.step import SiteWatch
from domain.anomalies import Anomaly, AnomalyKind
from domain.clock import epoch_ms
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.job_power import JobPower, PowerSource
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.readings import Reading
from domain.recommendations import Recommendation
from domain.topics import FINDINGS, INTERVALS, JOB_POWERS, READINGS, RECOMMENDATIONS, Topic
from domain.units import UWH_PER_KWH
from quarters.numbers import slot_of, slot_start
from simulation import demo_plant

SITE = "small-works"
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
"""The first live quarter hour: a Monday, 02:00 local time; four weeks of history lie before it."""
HISTORY = timedelta(days=28)
REST_KW, IDLE_KW, JOB_KW = 2.0, 9.0, 40.0
PRESS, COMPRESSOR, CHILLER, HEATING, COOLING, OVEN = "press", "compressor", "chiller", "heat-pump", "air-conditioning", "oven"
Records = list[tuple[Topic, Any]]
Load = Callable[[str, int], float | None]
"""Machine and number of the quarter hour -> its power [kW]; None: nothing comes."""


def _meter(name: str, parent: str | None) -> dict[str, Any]:
    register = {"channel": "energy_import", "kind": "counter", "unit": "kWh", "sampling_s": 60, "resolution": 0.1}
    return {"id": name, "max_power_kw": 1000.0, "register": [register], **({} if parent is None else {"parent": parent})}


def plant(**changes: Any) -> Plant:
    """The site; two shifts from Monday to Friday, 06:00 to 22:00."""
    days = ["mon", "tue", "wed", "thu", "fri"]
    rated = {PRESS: 60.0, COMPRESSOR: 60.0, CHILLER: 60.0, HEATING: 30.0, COOLING: 30.0, OVEN: 100.0}
    kinds = {PRESS: "press", COMPRESSOR: "compressor", CHILLER: "chiller", HEATING: "heating", COOLING: "cooling", OVEN: "furnace"}
    points = {
        COMPRESSOR: [{"channel": "pressure", "kind": "pressure", "unit": "bar", "least": 6.0, "most": 7.5}],
        CHILLER: [{"channel": "flow", "kind": "flow_temperature", "unit": "°C", "least": 6.0, "most": 13.0}],
        OVEN: [{"channel": "temperature", "kind": "hold_temperature", "unit": "°C", "least": 650.0, "most": 900.0}],
    }
    machines = [
        {
            "id": name, "kind": kinds[name], "meter": name, "rated_kw": kw, "set_point": points.get(name, []),
            "shifts": ["early", "late"] if name in (PRESS, OVEN) else [],
        }
        for name, kw in rated.items()
    ]  # fmt: skip
    return Plant.model_validate(
        {
            "site": {
                "id": SITE, "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC), "billing_meter": "main",
            },
            "meter": [_meter("main", None), *(_meter(name, "main") for name in rated)],
            "shift": [
                {"id": "early", "days": days, "from": "06:00", "to": "14:00"}, {"id": "late", "days": days, "from": "14:00", "to": "22:00"},
            ],
            "machine": machines,
            **changes,
        }
    )  # fmt: skip


@cache
def tariff() -> Tariff:
    """That of the demo plant."""
    return load_tariff(Path(demo_plant.TEMPLATE) / "tariff.toml")


def local(slot: int) -> datetime:
    """Start of a quarter hour in local time."""
    return slot_start(slot).astimezone(plant_zone())


@cache
def plant_zone() -> Any:
    """The plant's zone."""
    return plant().site.zone


def staffed(slot: int) -> bool:
    """Whether a shift runs."""
    at = local(slot)
    return at.weekday() < 5 and 6 <= at.hour < 22


def usual(machine: str, slot: int) -> float | None:
    """A week like any other: jobs of two hours with half an hour between them, weather that asks for neither heat nor cold."""
    at = local(slot)
    jobs = staffed(slot) and (at.hour * 4 + at.minute // 15) % 10 < 8
    match machine:
        case "press":
            return JOB_KW if jobs else IDLE_KW if staffed(slot) else REST_KW
        case "oven":
            return 60.0 if jobs else 30.0 if staffed(slot) else 1.0
        case "compressor":
            return 40.0
        case "chiller":
            return 20.0
        case _:
            return 0.2


MACHINES = (PRESS, COMPRESSOR, CHILLER, HEATING, COOLING, OVEN)


def quarter(meter: str, slot: int, kw: float, origin: IntervalOrigin = IntervalOrigin.METERING) -> Interval:
    """One quarter hour of a meter."""
    uwh = round(kw / 4 * UWH_PER_KWH)
    return Interval(
        SITE,
        meter,
        "energy_import",
        slot_start(slot),
        uwh,
        1.0,
        IntervalQuality.MEASURED,
        IntervalMethod.REGISTER,
        1,
        origin=origin,
    )


def quarters(slot: int, load: Load, origin: IntervalOrigin = IntervalOrigin.METERING) -> Records:
    """One quarter hour of all meters; the billing meter counts what has a value."""
    found = {machine: kw for machine in MACHINES if (kw := load(machine, slot)) is not None}
    return [(INTERVALS, quarter(name, slot, kw, origin)) for name, kw in {**found, "main": 50.0 + sum(found.values())}.items()]


def powers() -> Records:
    """What jobs on press and oven draw."""

    def power(machine: str, adds_kw: float, idle_kw: float) -> JobPower:
        curve = (adds_kw,) * 8
        return JobPower(SITE, machine, "part", 1, curve, curve, curve, 20, PowerSource.SUB_METER, 0.5, MONDAY, idle_kw)

    return [(JOB_POWERS, power(PRESS, JOB_KW - IDLE_KW, IDLE_KW)), (JOB_POWERS, power(OVEN, 30.0, 30.0))]


def order(
    job: str, start_utc: datetime, quarters_long: int = 8, status: OrderStatus = OrderStatus.PLANNED, machine: str = PRESS
) -> Order:
    """A job on a machine."""
    return Order(
        SITE,
        job,
        1,
        machine,
        "part",
        start_utc,
        (30.0,) * quarters_long,
        start_utc,
        start_utc + timedelta(days=1),
        True,
        status,
        start_utc,
    )


def values(slot: int, shown: dict[tuple[str, str], float]) -> Records:
    """What channels show three times in a quarter hour."""
    ats = [epoch_ms(slot_start(slot) + number * QUARTER / 3) for number in range(3)]
    return [(READINGS, Reading(SITE, meter, channel, at, at, value)) for at in ats for (meter, channel), value in shown.items()]


class Run:
    """A step that is fed quarter hour by quarter hour."""

    def __init__(self, step: SiteWatch | None = None, load: Load = usual) -> None:
        self.step = step or SiteWatch(plant(), tariff())
        self.state: SiteState = self.step.initial(SITE)
        self.outputs: list[tuple[Topic, Any]] = []
        first = slot_of(MONDAY - HISTORY)
        history = [one for slot in range(first, slot_of(MONDAY)) for one in quarters(slot, load, IntervalOrigin.IMPORT)]
        self.feed([*powers(), *history])
        self.slot = slot_of(MONDAY)

    def feed(self, records: Sequence[tuple[Topic, Any]]) -> list[tuple[Topic, Any]]:
        """Take records."""
        self.state, found = self.step.take(SITE, self.state, records)
        self.outputs += found
        return found

    def live(
        self, hours: float, load: Load = usual, shown: dict[tuple[str, str], float] | None = None, restarts: bool = False
    ) -> list[tuple[Topic, Any]]:
        """So many hours of live quarter hours; what came of them."""
        found: list[tuple[Topic, Any]] = []
        for _ in range(round(hours * 4)):
            found += self.feed([*values(self.slot, shown or {}), *quarters(self.slot, load)])
            self.slot += 1
            if restarts:
                self.state = self.step.decode(SITE, self.step.encode(self.state))
        return found


def findings(outputs: Iterable[tuple[Topic, Any]], kind: AnomalyKind) -> list[Anomaly]:
    """The findings of a kind."""
    return [record for topic, record in outputs if topic is FINDINGS and record.kind is kind]


def advice(outputs: Iterable[tuple[Topic, Any]], machine: str = "") -> list[Recommendation]:
    """The recommendations, of a machine."""
    found = [record for topic, record in outputs if topic is RECOMMENDATIONS]
    return [one for one in found if not machine or one.subject == machine]

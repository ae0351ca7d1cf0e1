"""A gateway's readings as they lie on the topic after kills, network cuts and clock steps, and the ways they reach a meter's step.

The stream job groups what is on time by minutes of event time and passes the rest on by arrival; after a kill it reads a part again, with a
watermark that starts again.  This is that grouping without Flink (`stream_jobs/jvm/lastgang/Buckets.java`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from domain.clock import epoch_ms
from domain.intervals import QUARTER_MS, Interval
from domain.plant import Plant
from domain.readings import Reading, Rejection
from metering.engine import MeterStep, decode_state, encode_state
from metering.rules import OUT_OF_ORDER_MS
from metering.runs import run_of
from metering.whole_site import WholeSite

MINUTE_MS = 60_000
BEGIN_MS = epoch_ms(datetime(2026, 3, 2, 5, 50, tzinfo=UTC))
SAMPLING_MS = 10_000
PLANT = Plant.model_validate(
    {
        "site": {"id": "s", "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC)},
        "meter": [
            {
                "id": "m",
                "max_power_kw": 400.0,
                "register": [
                    {"channel": "energy_import", "kind": "counter", "unit": "Wh", "sampling_s": 10.0, "resolution": 0.125},
                    {"channel": "power", "kind": "gauge", "unit": "kW", "sampling_s": 10.0, "resolution": 0.001},
                ],
            }
        ],
    }
)
Row = tuple[int | None, float, str, str, int]


@dataclass(frozen=True, slots=True)
class Night:
    """What happened: spans of plant time [ms since `BEGIN_MS`]."""

    seed: int
    cuts: tuple[tuple[int, int], ...] = ()
    """The network was away: what was read then comes afterwards, beside the present."""
    kills: tuple[tuple[int, int], ...] = ()
    """Nothing was read."""
    clocks: tuple[tuple[int, int, int], ...] = ()
    """The gateway's clock was off by the third number."""

    def power_kw(self, quarter: int) -> int:
        """Power in a quarter hour, by number."""
        return Random(f"{self.seed}/{quarter}").randrange(60, 380)

    def count_wh(self, at_ms: int) -> float:
        """The register at an instant: it rises by whole eighths."""
        first, (quarter, into_ms) = BEGIN_MS // QUARTER_MS - 8, divmod(at_ms, QUARTER_MS)
        eighths = (
            sum(self.power_kw(q) * 2000 for q in range(first, quarter)) + into_ms * self.power_kw(quarter) * 2000 // QUARTER_MS
        )
        return eighths / 8


def a_night(seed: int, hours: float = 3.5, faults: int = 8) -> Night:
    """Faults in a row, some of them while another one lasts."""
    dice, at = Random(seed), 20 * MINUTE_MS
    cuts, kills, clocks = [], [], []
    for _ in range(faults):
        at += dice.randrange(2, 25) * MINUTE_MS
        kind = dice.choice(("cut", "ahead", "back", "kill", "back", "ahead"))
        if at > hours * 60 * MINUTE_MS - 40 * MINUTE_MS:
            break
        if kind == "cut":
            until = at + dice.randrange(6, 20) * MINUTE_MS
            cuts.append((at, until))
            at = dice.choice((at, until, until + 5 * MINUTE_MS))
            continue
        until = at + dice.randrange(*((1, 5) if kind == "kill" else (4, 9))) * MINUTE_MS
        if kind == "kill":
            kills.append((at, until))
        else:
            clocks.append((at, until, dice.randrange(4, 13) * MINUTE_MS * (1 if kind == "ahead" else -1)))
        at = until
    return Night(seed, tuple(cuts), tuple(kills), tuple(clocks))


def log_of(night: Night, hours: float = 3.5) -> list[tuple[int, Reading]]:
    """When each reading came onto the topic, in that order; one in a hundred comes twice."""
    dice, number = Random(night.seed), 0
    drain = dice.choice((60, 20, 5))
    log: list[tuple[int, Reading]] = []
    for step in range(int(hours * 3_600_000) // SAMPLING_MS):
        into_ms = step * SAMPLING_MS + dice.randrange(300)
        if any(first <= into_ms < stop for first, stop in night.kills):
            continue
        at_ms = BEGIN_MS + into_ms
        dated_ms = at_ms + sum(by_ms for first, stop, by_ms in night.clocks if first <= into_ms < stop)
        back_ms = [stop + 500 + (into_ms - first) // drain for first, stop in night.cuts if first <= into_ms < stop]
        comes_ms = BEGIN_MS + max(back_ms) if back_ms else at_ms + 60
        for channel, value in (("energy_import", night.count_wh(at_ms)), ("power", float(night.power_kw(at_ms // QUARTER_MS)))):
            number += 1
            reading = Reading("s", "m", channel, dated_ms, dated_ms + 50, value, gateway="g", sequence=number)
            log.append((comes_ms, reading))
            if dice.random() < 0.01:
                log.append((comes_ms + dice.randrange(100, 60_000), reading))
    return sorted(log, key=lambda arrival: arrival[0])


@dataclass(slots=True)
class Published:
    """What a meter's step has published so far."""

    rows: dict[tuple[str, int], Interval] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)

    def keep(self, outputs: Iterable[Interval | Rejection]) -> None:
        """Take outputs of the step."""
        for output in outputs:
            if isinstance(output, Interval):
                self.rows[output.channel, epoch_ms(output.start_utc)] = output
            else:
                self.rejected.append(output)

    def table(self, until_ms: int) -> dict[tuple[str, int], Row]:
        """The rows that end by `until_ms`."""
        return {
            key: (row.energy_uwh, row.coverage, row.quality.value, row.method.value, row.readings)
            for key, row in self.rows.items()
            if key[1] + QUARTER_MS <= until_ms
        }


def complete_until_ms(log: Sequence[tuple[int, Reading]]) -> int:
    """End of the last quarter hour that is complete in it."""
    return (max(reading.observed_ms for _, reading in log) - 5 * MINUTE_MS) // QUARTER_MS * QUARTER_MS


def as_it_comes(log: Sequence[tuple[int, Reading]], sizes: Sequence[int] = (1,), seed: int = 0) -> Published:
    """The step fed in the order of the topic, in batches of any of `sizes`."""
    dice, site, published, at = Random(seed), WholeSite(PLANT), Published(), 0
    while at < len(log):
        stop = at + dice.choice(sizes)
        published.keep(site.take([reading for _, reading in log[at:stop]]))
        at = stop
    return published


class Job:
    """The stream job's two paths into one meter's step, with checkpoints and kills."""

    def __init__(self, log: Sequence[tuple[int, Reading]], seed: int, kills: int = 0) -> None:
        self._log, self._dice, self.published = log, Random(seed), Published()
        self._kills = sorted(self._dice.randrange(len(log)) for _ in range(kills))
        self._step = MeterStep(PLANT, "m")
        self._state = self._step.initial()
        self._at, self._watermark_ms, self._highest_ms = 0, -1, 0
        self._windows: dict[int, list[Reading]] = {}
        self._late: list[Reading] = []

    def run(self) -> Published:
        """All of it, and what comes of it."""
        now_ms = self._log[0][0]
        checkpoint = self._checkpoint()
        while now_ms < self._log[-1][0] + 20 * MINUTE_MS:
            now_ms += 12_000
            if self._dice.random() < 0.02:
                checkpoint = self._checkpoint()
            while self._at < len(self._log) and self._log[self._at][0] <= now_ms:
                if self._kills and self._at >= self._kills[0]:
                    self._kills.pop(0)
                    self._restore(checkpoint)
                    continue
                self._read(self._log[self._at][1])
            self._pass_on()
        return self.published

    def _checkpoint(self) -> tuple[int, bytes, dict[int, list[Reading]], list[Reading], dict[tuple[str, int], Interval]]:
        return self._at, encode_state(self._state), copy.deepcopy(self._windows), list(self._late), dict(self.published.rows)

    def _restore(
        self, checkpoint: tuple[int, bytes, dict[int, list[Reading]], list[Reading], dict[tuple[str, int], Interval]]
    ) -> None:
        self._at, stored, windows, late, rows = checkpoint
        self._state, self._step = decode_state(stored), MeterStep(PLANT, "m")
        self._windows, self._late, self.published.rows = copy.deepcopy(windows), list(late), dict(rows)
        self._watermark_ms, self._highest_ms = -1, 0

    def _read(self, reading: Reading) -> None:
        self._at += 1
        window = reading.observed_ms // MINUTE_MS
        if (window + 1) * MINUTE_MS - 1 <= self._watermark_ms:
            self._late.append(reading)
        else:
            self._windows.setdefault(window, []).append(reading)
        self._highest_ms = max(self._highest_ms, reading.observed_ms)

    def _pass_on(self) -> None:
        self._watermark_ms = max(self._watermark_ms, self._highest_ms - OUT_OF_ORDER_MS - 1)
        for window in sorted(self._windows):
            if (window + 1) * MINUTE_MS - 1 <= self._watermark_ms:
                self._take(self._windows.pop(window))
        if self._late and self._dice.random() < 0.2:
            late, self._late = self._late, []
            self._take(late)
        self._advance()

    def _take(self, readings: Sequence[Reading]) -> None:
        for channel in ("energy_import", "power"):
            of_channel = [reading for reading in readings if reading.channel == channel]
            if of_channel:
                self._state, outputs = self._step.take_run(self._state, run_of(of_channel))
                self.published.keep(outputs)
        self._advance()

    def _advance(self) -> None:
        site_ms = (self._watermark_ms + 1) // MINUTE_MS * MINUTE_MS + OUT_OF_ORDER_MS
        due_ms = self._step.next_due_ms(self._state)
        if self._watermark_ms > 0 and due_ms is not None and due_ms <= site_ms:
            self._state, outputs = self._step.advance(self._state, site_ms)
            self.published.keep(outputs)

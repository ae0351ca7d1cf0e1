"""Incidents of every nature, some ended, and what people reported of them: for tests of the page *Findings*."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from console_ledger import sample_ledger
from console_sample import NOW_UTC, SITE, sample_anomalies

from domain.anomalies import AlsoFound, Anomaly, AnomalyKind
from domain.clock import epoch_ms
from domain.facts import fact
from domain.feedback import Feedback, FeedbackGiven, FeedbackKind
from domain.intervals import QUARTER
from domain.machine_health import ChannelHealth, HealthStatus, MachineHealth
from domain.plant import Plant
from quarters.numbers import quarter_start
from reporting.ledger import Ledger


def incident(
    meter: str, kind: AnomalyKind, hours_ago: float, lasted_h: float | None = None, kwh_per_day: float = 0.0, eur_per_day: float | None = None,
    expected_kw: float | None = None, actual_kw: float | None = None, **others: object,
) -> Anomaly:  # fmt: skip
    """One that began so many hours before now; it lasts where `lasted_h` is None."""
    since = NOW_UTC - timedelta(hours=hours_ago)
    until = None if lasted_h is None else since + timedelta(hours=lasted_h)
    hours = hours_ago if lasted_h is None else lasted_h
    known = fact("on_while_off.lasting", machine=meter, since_utc=since, actual_kw=actual_kw or 0.0, expected_kw=expected_kw or 0.0, excess_kwh=kwh_per_day * hours / 24)  # fmt: skip
    return replace(
        Anomaly(
            SITE, meter, f"{meter}/{kind}/{epoch_ms(since) // 1000}", 3, kind, since, until, until or NOW_UTC, expected_kw, actual_kw,
            kwh_per_day * hours / 24, kwh_per_day, eur_per_day, (known,),
        ),
        **others,
    )  # fmt: skip


NORMAL = FeedbackGiven(FeedbackKind.NORMAL, "M. Krüger", NOW_UTC - timedelta(hours=30), "Wochenendschicht")
KNOWN = FeedbackGiven(FeedbackKind.KNOWN, "S. Öztürk", NOW_UTC - timedelta(hours=3))


def sample_incidents() -> list[Anomaly]:
    """Seven that last, of four natures, and three that ended."""
    left_on, counter = sample_anomalies()
    return [
        replace(left_on, also=(AlsoFound("hall-1", AnomalyKind.LEFT_ON, 0.83), AlsoFound("main", AnomalyKind.LEFT_ON, 0.4)), evidence={"like_day": "2026-10-16"}),
        incident("compressor-1", AnomalyKind.AIR_LEAK, 60, None, 211.0, 40.1, 12.0, 20.8, feedback=KNOWN),
        incident("washer", AnomalyKind.CREEP, 24 * 24, None, 30.0, None, 28.0, 29.3),
        incident("main", AnomalyKind.POOR_POWER_FACTOR, 24 * 9, None, 0.0, 6.6),
        incident("press-1", AnomalyKind.LIMIT_AHEAD, 20, None, evidence={"channel": "vibration"}),
        incident("moulding-1", AnomalyKind.SCRAP_RISING, 10, None, 55.0, 9.9),
        counter,
        incident("cnc-line", AnomalyKind.LEFT_ON, 80, 12, 400.0, 80.0, 2.0, 35.0, feedback=FeedbackGiven(FeedbackKind.FIXED, "M. Krüger", NOW_UTC - timedelta(hours=68))),
        incident("lighting", AnomalyKind.LEFT_ON, 55, 22, 90.0, 17.1, 1.0, 8.5, feedback=NORMAL),
        incident("chiller", AnomalyKind.SPIKE, 40, 1),
    ]  # fmt: skip


def sample_feedback() -> list[Feedback]:
    """What people reported, in the order of the log; one word was taken back."""
    found = {one.anomaly: one for one in sample_incidents()}
    given = [(name, one.feedback) for name, one in found.items() if one.feedback is not None]
    rows = [Feedback(SITE, found[name].meter, name, word.kind, word.by, word.at_utc, word.comment) for name, word in given]
    back = datetime(2026, 10, 20, 6, 0, tzinfo=UTC)
    chiller = next(one for one in found.values() if one.meter == "chiller")
    rows += [
        Feedback(SITE, "chiller", chiller.anomaly, FeedbackKind.NORMAL, "S. Öztürk", back),
        Feedback(
            SITE, "chiller", chiller.anomaly, FeedbackKind.TAKEN_BACK, "S. Öztürk", back + timedelta(minutes=5), "falscher Zähler"
        ),
    ]
    return sorted(rows, key=lambda one: one.at_utc)


def sample_health() -> list[MachineHealth]:
    """Press 1 with a bearing that wears since three days, a moulding machine as usual, a compressor that still learns."""
    rows = []
    for n in range(5 * 96):
        at = quarter_start(NOW_UTC) - (n + 1) * QUARTER
        worn = max(0.0, 3 - n / 96)
        index, ahead = 100 - 14 * worn, worn > 1
        vibration = ChannelHealth(
            "vibration",
            "mm/s",
            1.9 + 1.3 * worn,
            1.9,
            0.9,
            3.1,
            7.1,
            1.3 if ahead else 0.02,
            0.9 + n / 96 if ahead else None,
            0.6 if ahead else None,
            1.6 if ahead else None,
        )
        current = ChannelHealth("current", "A", 84.0 + n % 5, 85.0, 70.0, 101.0, None, 0.0, None, None, None)
        status = HealthStatus.LIMIT_AHEAD if ahead else HealthStatus.USUAL
        rows.append(
            MachineHealth(
                SITE, "press-1", "press-1", at, status, "Execute", index, 0.4 + 0.6 * worn, 0.5, 1.0, 15, (vibration, current)
            )
        )
    at = quarter_start(NOW_UTC) - QUARTER
    usual = replace(rows[-1], machine="moulding-1", meter="moulding-1", at_utc=at, index=97.0)
    learning = replace(
        usual,
        machine="compressor-1",
        meter="compressor-1",
        status=HealthStatus.LEARNING,
        index=None,
        t2=None,
        q=None,
        learned=0.4,
        state="",
        channels=(),
    )
    return [*reversed(rows), usual, learning]


def findings_ledger(plant: Plant) -> Ledger:
    """The sample's ledger with these instead of its two anomalies."""
    return sample_ledger(plant, anomalies=sample_incidents(), feedback=sample_feedback(), health=sample_health())

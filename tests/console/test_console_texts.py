"""Every text that the page asks for is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.views.now import Alarm
from console.views.plan import Move
from console.views.platform import Health
from domain.anomalies import AnomalyKind, Nature
from domain.intervals import IntervalMethod, IntervalQuality
from domain.orders import OrderStatus
from domain.readings import ReadingQuality, RejectionReason
from domain.recommendations import DeclineReason, RecommendationStatus
from quarters.gaps import Filling
from words.catalogue import texts


@pytest.mark.parametrize(
    ("prefix", "members"),
    [
        ("alarm", Alarm), ("quality", IntervalQuality), ("anomaly", AnomalyKind), ("check", AnomalyKind), ("nature", Nature), ("status", RecommendationStatus), ("order", OrderStatus),
        ("decline", DeclineReason), ("rejection", RejectionReason), ("reading_quality", ReadingQuality), ("health", Health), ("method", IntervalMethod), ("filled", Filling),
        ("plan.move", [m for m in Move if m is not Move.STAYS]),
    ],
)  # fmt: skip
def test_every_choice_has_a_word(prefix: str, members: list[str]) -> None:
    join = "_" if prefix == "plan.move" else "."
    assert [member for member in members if f"{prefix}{join}{member}" not in texts("de")] == []


def test_every_key_that_the_code_asks_for_is_in_the_catalogue() -> None:
    folder = Path(__file__).parents[2] / "console"
    of_figures = folder / "render" / "key_figures.py"  # its words are those of [figures], which report and command have, too
    requested: set[str] = set()
    for path in folder.rglob("*.py"):
        keys = re.findall(r"""(?:\bw|words)(?:\[|\.fill\()\s*"([a-z_0-9.]+)\"""", path.read_text(encoding="utf-8"))
        requested |= {f"figures.{key}" if path == of_figures else key for key in keys}
    assert len(requested) > 80
    assert requested - texts("de").keys() == set()

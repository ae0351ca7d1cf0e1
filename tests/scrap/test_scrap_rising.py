"""The watch for rising scrap: found within a stated delay, named, priced; nothing on days without; one incident from opening to end."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from billing.tariff import Tariff, load_tariff
from domain.anomalies import Anomaly, AnomalyKind, Nature
from domain.intervals import QUARTER
from domain.topics import QUALITY
from scrap.step import Scrap
from simulation import demo_plant
from tests.scrap.scrap_site import PLANT, SITE, at, days, driven, findings, made
from words.sentences import anomaly_text
from words.speech import of_page


@pytest.fixture(scope="module")
def tariff(tmp_path_factory: pytest.TempPathFactory) -> Tariff:
    folder = tmp_path_factory.mktemp("plant")
    demo_plant.write(folder)
    return load_tariff(folder / "tariff.toml")


def worn(quarter: int = 7 * 96 + 8, share: float = 0.10, until_day: int = 12, **more: Any) -> list[tuple[Any, Any]]:
    """A week as usual, then more scrap from `quarter` on."""
    return days(3, until_day, worn_from=quarter, worn_share=share, **more)


def test_a_worn_mould_is_found_named_and_priced_within_two_hours(tariff: Tariff) -> None:
    _, outputs = driven(Scrap(PLANT, tariff), worn())
    first = findings(outputs)[0]
    assert first.kind is AnomalyKind.SCRAP_RISING
    assert first.kind.nature is Nature.QUALITY
    assert at(7 * 96 + 8) < first.at_utc <= at(7 * 96 + 8) + timedelta(hours=2)
    assert abs(first.since_utc - at(7 * 96 + 8)) <= 4 * QUARTER
    assert first.anomaly == f"m1-meter/scrap_rising/{int(first.since_utc.timestamp())}"
    assert (first.site, first.meter, first.revision, first.until_utc) == (SITE, "m1-meter", 0, None)
    # 30 pieces take 10 kWh: 8 % more of 1,920 pieces a day are 154 pieces, 51 kWh.
    assert first.kwh_per_day == pytest.approx(51.0, rel=0.45)
    assert first.eur_per_day is not None
    assert 0.1 < first.eur_per_day / first.kwh_per_day < 0.5
    assert first.evidence["machine"] == "m1"
    assert first.evidence["like_day"] == "2026-03-06"
    assert float(first.evidence["expected"]) == pytest.approx(0.02, abs=0.004)
    assert float(first.evidence["actual"]) > 0.05
    text = anomaly_text(first, of_page("en", PLANT.site.zone))
    assert text.startswith("m1: ")
    assert "of housing are scrap" in text
    assert "EUR of energy a day" in text


def test_the_extra_energy_grows_to_what_was_made_in_vain() -> None:
    """Over one shift of 64 quarter hours 30 pieces each: 8 % of 1,920 are 154 pieces of 1/3 kWh."""
    _, outputs = driven(Scrap(PLANT, None), worn(7 * 96, until_day=8))
    newest = findings(outputs)[-1]
    assert newest.excess_kwh == pytest.approx(0.08 * 64 * 10, rel=0.2)
    assert newest.eur_per_day is None


def test_without_a_meter_of_its_own_there_is_a_finding_and_no_energy() -> None:
    rows = [(topic, replace(record, machine="hand-press")) for topic, record in worn() if topic is QUALITY]
    _, outputs = driven(Scrap(PLANT, None), rows)
    first = findings(outputs)[0]
    assert (first.meter, first.excess_kwh) == ("main", 0.0)
    assert "energy is not known" in anomaly_text(first, of_page("en", PLANT.site.zone))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("share", "spread"), [(0.02, 0.0), (0.01, 0.6), (0.05, 0.4), (0.0, 0.0)])
def test_nothing_on_28_days_without(seed: int, share: float, spread: float) -> None:
    _, outputs = driven(Scrap(PLANT, None), days(seed, 28, share, spread=spread), size=64)
    assert findings(outputs) == []


def test_it_opens_updates_once_an_hour_ends_and_is_not_repeated() -> None:
    """Worn for ten hours, then the mould is changed."""
    end = 7 * 96 + 40
    rows = [*days(3, 8, worn_from=7 * 96)[: 2 * (5 * 64 + 40)], *days(4, 9, first_day=7)[2 * 40 :]]
    _, outputs = driven(Scrap(PLANT, None), rows)
    found = findings(outputs)
    assert len({one.anomaly for one in found}) == 1
    assert [one.revision for one in found] == list(range(len(found)))
    last = found[-1]
    assert last.until_utc is not None
    assert abs(last.until_utc - at(end)) <= 8 * QUARTER
    assert last.at_utc <= at(end) + timedelta(hours=4)
    hours = [(later.at_utc - one.at_utc) / timedelta(hours=1) for one, later in itertools.pairwise(found[:-1])]
    louder = [later.excess_kwh >= 2 * one.excess_kwh for one, later in itertools.pairwise(found[:-1])]
    assert all(hour >= 1 or loud for hour, loud in zip(hours, louder, strict=True))
    assert "usually" in anomaly_text(last, of_page("en", PLANT.site.zone))


def test_a_share_that_stays_is_the_new_normal_after_one_finding() -> None:
    _, outputs = driven(Scrap(PLANT, None), days(5, 45, worn_from=7 * 96, worn_share=0.08), size=16)
    found = findings(outputs)
    assert len({one.anomaly for one in found}) == 1
    assert found[-1].until_utc is not None
    assert "taken for normal" in anomaly_text(found[-1], of_page("en", PLANT.site.zone))


def test_energy_per_part_that_rises_too_is_the_same_incident_and_says_both() -> None:
    _, outputs = driven(Scrap(PLANT, None), worn(worn_kw=52.0))
    found = findings(outputs)
    assert len({one.anomaly for one in found}) == 1
    text = anomaly_text(found[0], of_page("en", PLANT.site.zone))
    assert "takes more energy" in text
    _, same = driven(Scrap(PLANT, None), worn())
    assert "takes more energy" not in anomaly_text(findings(same)[0], of_page("en", PLANT.site.zone))


def test_a_restart_in_the_middle_changes_nothing() -> None:
    rows = worn(until_day=9)
    step = Scrap(PLANT, None)
    _, whole = driven(step, rows)
    for cut in (len(rows) - 200, len(rows) - 61, len(rows) - 20):
        state, first = driven(step, rows[:cut])
        _, second = driven(Scrap(PLANT, None), rows[cut:], step.decode(SITE, step.encode(state)))
        assert findings([*first, *second]) == findings(whole)


def test_history_trains_and_never_alarms() -> None:
    """Two weeks come by import, the second full of scrap: nothing; the live day after is judged by both."""
    rows = [
        (topic, replace(record, at_utc=at(30 * 96)) if topic is QUALITY else record)
        for topic, record in days(6, 12, worn_from=7 * 96, worn_share=0.3)
    ]
    state, outputs = driven(Scrap(PLANT, None), rows)
    assert findings(outputs) == []
    _, live = driven(Scrap(PLANT, None), days(7, 16, first_day=14), state)
    assert findings(live) == []


def test_the_day_after_an_import_is_judged_by_it() -> None:
    rows = [(topic, replace(record, at_utc=at(7 * 96)) if topic is QUALITY else record) for topic, record in days(6, 5)]
    state, _ = driven(Scrap(PLANT, None), rows)
    _, live = driven(Scrap(PLANT, None), days(7, 8, first_day=7, worn_from=7 * 96 + 4), state)
    assert findings(live)[0].at_utc <= at(7 * 96 + 4) + timedelta(hours=3)


def test_what_is_written_twice_withdrawn_of_the_future_or_of_nobody_changes_nothing() -> None:
    rows = worn(until_day=8)
    noise = [
        made(7 * 96 + 3, good=0, scrap=500, withdrawn=True, event="gone"), made(9000, good=0, scrap=500, event="future", written=timedelta(days=-60)),
        replace(made(7 * 96 + 3, good=0, scrap=500, event="else"), site="other"), made(7 * 96 + 3, good=0, scrap=500, machine="unknown", event="who"),
    ]  # fmt: skip
    place = next(n for n, (topic, record) in enumerate(rows) if topic is QUALITY and record.start_utc == at(7 * 96 + 3))
    with_noise = [*rows[:place], *((QUALITY, one) for one in noise), rows[place], rows[place], *rows[place + 1 :]]
    _, clean = driven(Scrap(PLANT, None), rows)
    _, dirty = driven(Scrap(PLANT, None), with_noise)
    assert findings(dirty) == findings(clean)


def test_where_nobody_counts_scrap_nothing_is_learned_of_it() -> None:
    """Good pieces alone for weeks, then a camera: its first bad pieces are the first that anybody sees."""
    rows = [(topic, replace(record, scrap=None, rework=None) if topic is QUALITY else record) for topic, record in days(8, 12)]
    camera = [(QUALITY, made(14 * 96 + quarter, 0, scrap=3, source="camera", event=f"c{quarter}")) for quarter in range(40)]
    _, outputs = driven(Scrap(PLANT, None), [*rows, *camera])
    assert findings(outputs) == []


def test_a_camera_beside_a_counter_of_good_pieces_is_judged_like_a_counter() -> None:
    """The counter knows good pieces, the camera the bad ones."""

    def split(rows: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        parts: list[tuple[Any, Any]] = []
        for topic, record in rows:
            if topic is not QUALITY:
                parts.append((topic, record))
                continue
            parts.append((QUALITY, replace(record, scrap=None, rework=None)))
            if record.scrap:
                parts.append(
                    (QUALITY, replace(record, good=None, rework=None, source="camera", event=f"camera/{record.start_utc}"))
                )
        return parts

    _, outputs = driven(Scrap(PLANT, None), split(worn()))
    found: list[Anomaly] = findings(outputs)
    assert found
    assert at(7 * 96 + 8) < found[0].at_utc <= at(7 * 96 + 8) + timedelta(hours=3)


def test_the_state_of_months_is_small() -> None:
    step = Scrap(PLANT, None)
    state, _ = driven(step, days(9, 60), size=64)
    assert len(step.encode(state)) < 60_000

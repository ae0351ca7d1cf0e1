"""Energy, money and CO2 of scrap: by hand, and as laws."""

from __future__ import annotations

import itertools
import math
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quality import QualityEvent
from quarters.numbers import slot_of
from scrap.account import ScrapAccount, ScrapRow, scrap_account
from scrap.blocks import blocks_of, slots_of
from tests.scrap.scrap_site import MONDAY, PLANT, at, made, plant

FIRST = slot_of(MONDAY)
WITH_FACTOR = plant(emissions={"g_per_kwh": 400, "of_year": 2025, "source": "supplier"})


def loads(kw: dict[int, float], machine: str = "m1") -> dict[str, dict[int, float]]:
    return {machine: {FIRST + quarter: value for quarter, value in kw.items()}}


def price_of(at_utc: datetime) -> float | None:
    """20 ct, from the third quarter hour on 30 ct."""
    return 0.2 if at_utc < at(2) else 0.3


def unknown(at_utc: datetime) -> float | None:
    return None


def account(
    events: list[QualityEvent], kw: dict[str, dict[int, float]], price: object = price_of, quarters: int = 96
) -> ScrapAccount:
    return scrap_account(WITH_FACTOR, events, kw, price, MONDAY, at(quarters))  # type: ignore[arg-type]


def only(found: ScrapAccount) -> ScrapRow:
    (row,) = found.rows
    return row


def test_by_hand() -> None:
    """40 kW are 10 kWh a quarter hour. 2 of 20 pieces are 1 kWh; 3 of 30 pieces, 1.5 of them rework, are 1 kWh at 30 ct."""
    events = [made(0, good=18, scrap=2, rework=0), made(2, good=24, scrap=3, rework=3)]
    row = only(account(events, loads({0: 40.0, 1: 2.0, 2: 40.0})))
    assert (row.machine, row.product, row.shift) == ("m1", "housing", "early")
    assert (row.good, row.scrap, row.rework) == (42, 5, 3)
    assert row.scrap_kwh == pytest.approx(2.0)
    assert row.scrap_eur == pytest.approx(1.0 * 0.2 + 1.0 * 0.3)
    assert row.scrap_co2_kg == pytest.approx(0.8)
    assert row.coverage == 1.0
    assert row.kwh_per_piece == pytest.approx(20 / 50)
    assert row.scrap_share == pytest.approx(0.1)


def test_energy_that_made_nothing_stands_apart() -> None:
    found = account([made(0, good=18, scrap=2), made(3, good=0, scrap=0)], loads({0: 40.0, 1: 2.0, 2: 12.0, 3: 8.0}), quarters=4)
    (energy,) = found.machines
    assert (energy.working_kwh, energy.idle_kwh, energy.coverage) == (pytest.approx(10.0), pytest.approx(5.5), 1.0)


def test_standby_within_a_shift_of_one_sheet_goes_into_no_piece() -> None:
    """A sheet says 4 of 40 for two hours, of which one stood still at 3 kW: 40 kWh were worked, not 43."""
    kw = {quarter: 40.0 if quarter < 4 else 3.0 for quarter in range(8)}
    assert only(account([made(0, 8, good=36, scrap=4, source="sheet.xlsx")], loads(kw))).scrap_kwh == pytest.approx(4.0)


def test_what_is_not_known_stays_unknown() -> None:
    assert only(account([made(0, good=18)], loads({0: 40.0}))).scrap_kwh is None  # nobody counted scrap
    assert only(account([made(0, scrap=2)], loads({0: 40.0}))).scrap_kwh is None  # of how many?
    assert only(account([made(0, good=18, scrap=2)], loads({}))).scrap_kwh is None
    row = only(account([made(0, good=18, scrap=2)], loads({0: 40.0}), unknown))
    assert (row.scrap_kwh, row.scrap_eur) == (pytest.approx(1.0), None)
    without = scrap_account(PLANT, [made(0, good=18, scrap=2)], loads({0: 40.0}), price_of, MONDAY, at(4))
    assert only(without).scrap_co2_kg is None
    assert only(account([made(0, good=18, scrap=0)], loads({}))).scrap_kwh == 0.0  # no scrap took no energy


def test_the_coverage_falls_with_a_quarter_hour_that_is_missing() -> None:
    row = only(account([made(0, 4, good=36, scrap=4, source="sheet.xlsx")], loads({0: 40.0, 1: 40.0, 2: 40.0})))
    assert row.scrap_kwh == pytest.approx(3.0)
    assert row.coverage == pytest.approx(0.75)


def test_a_machine_without_a_meter_of_its_own_is_named() -> None:
    found = account([made(0, machine="hand-press", good=9, scrap=1)], {})
    assert found.without_meter == ("hand-press",)
    assert (only(found).scrap, only(found).scrap_kwh) == (1, None)


def test_a_sheet_of_a_shift_and_a_counter_become_one_block_and_the_higher_count_holds() -> None:
    counter = [made(quarter, good=10, scrap=1) for quarter in range(4)]
    sheet = made(0, 4, scrap=7, product="", source="sheet.xlsx")
    (block,) = blocks_of([*counter, sheet])
    assert (block.first_slot, block.end_slot) == (FIRST, FIRST + 4)
    (one,) = block.made
    assert (one.product, one.good, one.scrap, one.rework) == ("housing", 40, 7, None)


def test_two_products_in_one_block_share_its_energy_by_pieces() -> None:
    events = [made(0, good=10, scrap=0, product="a"), made(0, good=8, scrap=2, product="b", event="b")]
    rows = {row.product: row for row in account(events, loads({0: 40.0})).rows}
    assert rows["a"].scrap_kwh == 0.0
    assert rows["b"].scrap_kwh == pytest.approx(10.0 * 2 / 20)


def test_a_span_over_two_shifts_belongs_to_neither() -> None:
    found = account([made(28, 8, good=36, scrap=4, source="sheet.xlsx")], loads(dict.fromkeys(range(28, 36), 40.0)))
    assert only(found).shift == ""
    assert only(account([made(32, good=9, scrap=1)], loads({32: 40.0}))).shift == "late"


def test_sums_by_machine_product_and_shift_say_the_same() -> None:
    events = [made(0, good=18, scrap=2), made(40, good=15, scrap=5, product="cover"), made(1, machine="m2", good=9, scrap=1)]
    found = account(events, loads({0: 40.0, 40: 20.0}) | loads({1: 12.0}, "m2"))
    assert found.total is not None
    assert found.total.scrap == 8
    for rows in (found.by_machine(), found.by_product(), found.by_shift()):
        assert math.fsum(row.scrap_kwh or 0.0 for row in rows) == pytest.approx(found.total.scrap_kwh)
        assert sum(row.scrap or 0 for row in rows) == 8
    assert account([], {}).total is None


def test_events_one_after_the_other_off_the_grid_do_not_become_one_block() -> None:
    events = [made(0.5 + n, good=9, scrap=1) for n in range(40)]
    assert len(blocks_of(events)) == 40
    assert slots_of(made(0.4, 0.0, scrap=1)) == (FIRST, FIRST + 1)


EVENTS = st.builds(
    made, st.floats(0, 60), st.floats(0, 6), machine=st.sampled_from(["m1", "m2", "hand-press"]),
    good=st.none() | st.integers(0, 50), scrap=st.integers(0, 50), rework=st.none() | st.integers(0, 5),
    product=st.sampled_from(["", "a", "b"]), source=st.sampled_from(["counter", "camera"]), event=st.uuids().map(str),
)  # fmt: skip
LOADS = st.dictionaries(st.integers(0, 70), st.floats(0, 80), max_size=70)


@given(st.lists(EVENTS, max_size=12), LOADS)
def test_blocks_do_not_overlap_and_no_scrap_takes_more_than_the_machine_drew(
    events: list[QualityEvent], kw: dict[int, float]
) -> None:
    blocks = blocks_of(events)
    for one, other in itertools.pairwise(blocks):
        assert one.machine != other.machine or one.end_slot <= other.first_slot
    found = account(events, loads(kw))
    for row in found.by_machine():
        if row.scrap_kwh is not None:
            assert -1e-9 <= row.scrap_kwh <= sum(kw.values()) / 4 + 1e-9
        assert row.coverage is None or 0 <= row.coverage <= 1
    for energy in found.machines:
        known = [value for quarter, value in kw.items() if quarter < 96]
        assert energy.working_kwh + energy.idle_kwh == pytest.approx(sum(known) / 4)


@given(st.lists(EVENTS, max_size=12), LOADS, st.integers(1, 60))
def test_two_spans_one_after_the_other_add_up_to_the_whole(events: list[QualityEvent], kw: dict[int, float], cut: int) -> None:
    whole = scrap_account(WITH_FACTOR, events, loads(kw), price_of, MONDAY - timedelta(days=1), at(96))
    parts = [
        scrap_account(WITH_FACTOR, events, loads(kw), price_of, *span)
        for span in ((MONDAY - timedelta(days=1), at(cut)), (at(cut), at(96)))
    ]
    for value in ("scrap", "scrap_kwh"):
        sums = math.fsum(getattr(row, value) or 0.0 for part in parts for row in part.rows)
        assert sums == pytest.approx(math.fsum(getattr(row, value) or 0.0 for row in whole.rows))


def test_the_block_length_does_not_change_the_energy_of_steady_production() -> None:
    """Ten quarter hours alike, counted each or on one sheet."""
    kw = loads(dict.fromkeys(range(10), 40.0))
    by_counter = only(account([made(quarter, good=18, scrap=2) for quarter in range(10)], kw))
    by_sheet = only(account([made(0, 10, good=180, scrap=20, source="sheet.csv")], kw))
    assert by_counter.scrap_kwh == pytest.approx(by_sheet.scrap_kwh)

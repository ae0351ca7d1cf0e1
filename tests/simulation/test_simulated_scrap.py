"""Moulding machines make a usual share of scrap, and more with a worn mould; its control shows it."""

from __future__ import annotations

import pytest

from simulation.machines import Moulding
from simulation.scrap import USUAL_SHARE, ScrapChances
from simulation.surprises import NONE, Surprises, WornMould


def made(machine: str, surprises: Surprises, hours: float = 48.0) -> Moulding:
    chances, one = ScrapChances(7, surprises), Moulding(25.0, 38.0, barrel_c=225.0)
    for minute in range(int(hours * 60)):
        one.step(minute * 60, 60, "J", True, 0.0, is_scrap=chances.of(machine, minute * 60))
    return one


@pytest.mark.parametrize("machine", USUAL_SHARE)
def test_a_usual_share_is_scrap(machine: str) -> None:
    one = made(machine, NONE)
    pieces = one.parts + one.scrap
    assert pieces == pytest.approx(48 * 3600 / 38, rel=0.02)
    assert one.scrap / pieces == pytest.approx(USUAL_SHARE[machine], abs=0.01)
    assert made(machine, NONE) == one


def test_a_worn_mould_makes_more_in_its_time_alone() -> None:
    usual, worn = (
        made("moulding-1", NONE),
        made("moulding-1", Surprises(worn_moulds=(WornMould("moulding-1", 24 * 3600, 30 * 3600, 0.15),))),
    )
    more = worn.scrap - usual.scrap
    assert more == pytest.approx(6 * 3600 / 38 * 0.13, rel=0.25)
    assert worn.parts + worn.scrap == usual.parts + usual.scrap


def test_other_machines_make_none_and_show_none() -> None:
    assert not any(ScrapChances(7, NONE).of("press-1", 0.0)(number) for number in range(1_000))

"""Formulas of virtual meters are read exactly, and every fault is reported with its line when the plant file is loaded."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InputFaults
from domain.formulas import FormulaFault, parse_formula
from domain.plant import load_plant, virtual_parts

SITE = """[site]
id = "s"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z
"""


def meter(name: str, channel: str = "energy_import", unit: str = "kWh") -> str:
    return f"""[[meter]]
id = "{name}"
max_power_kw = 100
register = [{{channel = "{channel}", kind = "{"counter" if unit.endswith("h") else "gauge"}", unit = "{unit}", sampling_s = 60, resolution = 0.001}}]
"""


def virtual(name: str, formula: str, more: str = "") -> str:
    return f'[[virtual_meter]]\nid = "{name}"\nformula = "{formula}"\n{more}'


METERS = SITE + meter("main") + meter("press-1") + meter("press-2")


def loaded(folder: Path, text: str):
    path = folder / "plant.toml"
    path.write_text(text, encoding="utf-8")
    return load_plant(path)


def terms(text: str) -> dict[str, Fraction]:
    return {term.meter: term.factor for term in parse_formula(text)}


def test_signs_and_factors_are_read_exactly():
    assert terms("main - press-1 + 0.1 * hall.2") == {"main": 1, "press-1": -1, "hall.2": Fraction(1, 10)}
    assert terms("- a") == {"a": -1}
    assert terms(" sum of a, press-1 ,c ") == {"a": 1, "press-1": 1, "c": 1}


def test_a_meter_may_be_called_like_a_number():
    assert terms("2 * 7 - 12") == {"7": 2, "12": -1}


def test_a_dash_without_spaces_belongs_to_the_name():
    assert terms("main-press-1") == {"main-press-1": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a meter's id"),
        ("main -", "a meter's id"),
        ("main press-1", r'" \+ " or " - " between main and press-1'),
        ("main - - press-1", "a meter's id"),
        ("0 * main", "a factor above 0"),
        ("1e3 * main", "a factor above 0"),
        ("main * 2", r'" \+ " or " - "|a factor above 0'),
        ("main + main", "each meter once"),
        ("sum of", "a meter's id"),
        ("sum of a b", "a meter's id"),
        ("sum of a,, b", "a meter's id"),
        ("(a + b)", "a meter's id"),
    ],
)
def test_what_is_no_formula_is_reported_with_what_is_expected(text, words):
    with pytest.raises(FormulaFault, match=words):
        parse_formula(text)


@given(st.text(alphabet="ab-1. +*,()sumof\t", max_size=40))
def test_a_text_is_a_formula_or_one_clear_fault(text):
    try:
        assert all(term.factor != 0 for term in parse_formula(text))
    except FormulaFault as fault:
        assert fault.expected


@pytest.mark.parametrize(
    ("addition", "words"),
    [
        (
            virtual("rest", "main - press-3"),
            r"plant\.toml:19: virtual_meter\[0\]\.formula: found 'press-3'; expected one of the meters",
        ),
        (virtual("rest", "main-press-1"), "with spaces around"),
        (virtual("main", "press-1"), "an id that no meter has"),
        (virtual("a", "press-1") + virtual("a", "press-2"), "an id that no other virtual_meter has"),
        (virtual("a", "b") + virtual("b", "main - a"), "a -> b -> a"),
        (virtual("a", "a"), "a -> a"),
        (meter("pv", "energy_export") + virtual("rest", "main - pv"), "pv: energy_export.*one channel of all parts"),
        (virtual("rest", "main - press-1", 'channel = "energy_export"\n'), "main, press-1 without quarter hours of energy_export"),
        (meter("q", unit="kvarh") + virtual("rest", "main - q"), "in Wh and in varh"),
        (virtual("rest", "main", "factor = 2\n"), "no such key"),
        (virtual("rest", "999999999 * main - 999999999 * press-1"), "below 9 TWh"),
    ],
)
def test_a_virtual_meter_that_cannot_be_worked_out_is_a_fault_of_the_plant_file(tmp_path, addition, words):
    with pytest.raises(InputFaults, match=words):
        loaded(tmp_path, METERS + addition)


def test_every_fault_of_all_formulas_is_reported_at_once(tmp_path):
    with pytest.raises(InputFaults) as caught:
        loaded(tmp_path, METERS + virtual("a", "main ++ x") + virtual("b", "main - nowhere") + virtual("c", "a + b"))
    assert [fault.found for fault in caught.value.faults] == ["'++'", "'nowhere'"]


def test_formulas_within_formulas_are_written_out(tmp_path):
    text = METERS + virtual("presses", "sum of press-1, press-2") + virtual("rest", "main - 0.5 * presses")
    presses, rest = virtual_parts(loaded(tmp_path, text))
    assert rest.factors == {"main": 1, "press-1": Fraction(-1, 2), "press-2": Fraction(-1, 2)}
    assert (presses.channel, presses.unit) == ("energy_import", "kWh")


def test_a_meter_that_cancels_out_is_still_a_part(tmp_path):
    rest = virtual_parts(loaded(tmp_path, METERS + virtual("rest", "main - press-1") + virtual("all", "rest + press-1")))[1]
    assert rest.factors == {"main": 1, "press-1": 0}


def test_gauges_have_their_own_channel(tmp_path):
    text = SITE + meter("a", "power", "kW") + meter("b", "power", "W") + virtual("both", "a + b")
    assert virtual_parts(loaded(tmp_path, text))[0].channel == "power"


def test_a_deep_nest_of_formulas_is_written_out_quickly(tmp_path):
    chain = [virtual("v0", "main + press-1")]
    chain += [virtual(f"w{n}", f"v{n}") + virtual(f"v{n + 1}", f"0.5 * v{n} + 0.5 * w{n}") for n in range(60)]
    assert virtual_parts(loaded(tmp_path, METERS + "".join(chain)))[-1].factors == {"main": 1, "press-1": 1}

"""Bills worked by hand, each compared line by line."""

import importlib.util
import json
import re
import sys

import pytest
from exam_folder import SHARED, exam_file

from billing.bill import bill
from billing.load import read_load
from billing.tariff import load_tariff
from domain.errors import InputFaults

FOLDER = SHARED / "exams" / "billing"
CASES = sorted(path for path in (FOLDER / "cases").glob("*") if path.is_dir())


@pytest.fixture(scope="module")
def checker():
    """The folder's own recipe reader and comparison, loaded without leaving a trace."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loaded = {}
    for name in ("recipe", "check"):
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        loaded[name] = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded[name])
    yield loaded["recipe"], loaded["check"]
    sys.dont_write_bytecode = before
    for name in loaded:
        del sys.modules[name]


def billed(case, recipe, folder):
    load = case / "load.csv"
    if not load.exists():
        load = folder / "load.csv"
        load.write_text("\n".join(recipe.csv_lines(recipe.read_recipe(case / "load.toml"))) + "\n")
    faults = []
    for read, path in ((load_tariff, case / "tariff.toml"), (read_load, load)):
        try:
            read(path)
        except InputFaults as found:
            faults += found.faults
    if faults:
        raise InputFaults(faults)
    return bill(load_tariff(case / "tariff.toml"), read_load(load))


def test_there_are_bills_to_compare():
    assert list(exam_file("exams/billing/cases").iterdir())
    assert CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_bill_is_what_a_careful_person_would_write(case, checker, tmp_path):
    recipe, check = checker
    expected_error = case / "expected_error.txt"
    if expected_error.exists():
        with pytest.raises(InputFaults) as raised:
            billed(case, recipe, tmp_path)
        for pattern in expected_error.read_text().splitlines():
            assert re.search(pattern, str(raised.value), re.IGNORECASE), (pattern, str(raised.value))
        return
    expected = json.loads((case / "expected.json").read_text())["bill"]
    assert list(check.bill_faults(expected, json.loads(json.dumps(billed(case, recipe, tmp_path).as_json())))) == []

"""Quarter hours are computed in `quarters/` only: no other room names the channels of energy, lists qualities, or makes a local midnight."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.channels import EXPORT, IMPORT
from domain.intervals import IntervalQuality

ROOT = Path(__file__).parents[2]
HOME = ("domain", "quarters", "tests")
"""All other rooms ask; there is no list of exceptions."""
FILES = sorted(path for room in ROOT.glob("[a-z]*/") if room.name not in HOME for path in room.rglob("*.py"))
QUALITIES = frozenset(map(str, IntervalQuality))


def channel_names(tree: ast.AST) -> Iterator[ast.AST]:
    """Strings that are the name of a channel of energy, alone or in an address such as ``main/energy_import``."""
    yield from (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and _names_channel(n.value))


def _names_channel(text: str) -> bool:
    """Prose and texts of files have spaces."""
    return re.search(rf"\b({IMPORT}|{EXPORT})\b", text) is not None and re.search(r"\s", text) is None


def quality_sets(tree: ast.AST) -> Iterator[ast.AST]:
    """Two qualities or more in a tuple, list, set or pattern, or compared one after the other."""
    yield from (n for n in ast.walk(tree) if _lists_qualities(n) or _asks_for_several(n))


def _lists_qualities(node: ast.AST) -> bool:
    return isinstance(node, ast.Tuple | ast.List | ast.Set) and len(node.elts) > 1 and all(map(_is_quality, node.elts))


def _asks_for_several(node: ast.AST) -> bool:
    if isinstance(node, ast.MatchOr):
        return sum(isinstance(one, ast.MatchValue) and _is_quality(one.value) for one in node.patterns) > 1
    return isinstance(node, ast.BoolOp) and sum(map(_compares_quality, node.values)) > 1


def _is_quality(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value in QUALITIES
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "IntervalQuality"


def _compares_quality(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and any(map(_is_quality, (node.left, *node.comparators)))


def midnights(tree: ast.AST) -> Iterator[ast.AST]:
    """Whatever makes an instant of a date and the clock time 00:00."""
    forms = (_is_time_zero, _is_local_midnight, _is_set_to_zero, _is_of_day)
    for node in ast.walk(tree):
        if (isinstance(node, ast.Call) and any(is_form(node) for is_form in forms)) or (
            isinstance(node, ast.Attribute) and ast.unparse(node) in ("time.min", "datetime.min")
        ):
            yield node


def _is_time_zero(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "time" and all(map(_is_zero, call.args))


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def _is_local_midnight(call: ast.Call) -> bool:
    is_local = isinstance(call.func, ast.Name) and call.func.id == "at_local"
    return is_local and any(isinstance(one, ast.Constant) and one.value in ("00:00", "24:00") for one in call.args)


def _is_set_to_zero(call: ast.Call) -> bool:
    replaces = isinstance(call.func, ast.Attribute) and call.func.attr == "replace"
    return replaces and any(one.arg == "hour" and _is_zero(one.value) for one in call.keywords)


def _is_of_day(call: ast.Call) -> bool:
    """``datetime(day.year, day.month, day.day, tzinfo=zone)``"""
    makes = isinstance(call.func, ast.Name) and call.func.id == "datetime" and len(call.args) > 2
    return makes and isinstance(call.args[2], ast.Attribute) and call.args[2].attr == "day" and all(map(_is_zero, call.args[3:]))


RULES = {"channels": channel_names, "qualities": quality_sets, "midnights": midnights}


@pytest.mark.parametrize("rule", RULES)
def test_no_other_room_computes_quarter_hours_of_its_own(rule: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for path in FILES
        for node in RULES[rule](ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("channels", "channel == 'energy_import'"),
        ("channels", "f'{meter}/energy_export'"),
        ("qualities", "SOUND = (IntervalQuality.MEASURED, IntervalQuality.CORRECTED)"),
        ("qualities", "found = {'measured', 'corrected'}"),
        ("qualities", "sound = q is IntervalQuality.MEASURED or q is IntervalQuality.CORRECTED"),
        ("qualities", "match q:\n    case IntervalQuality.MISSING | IntervalQuality.FAULTY:\n        pass"),
        ("midnights", "datetime.combine(day, time(0), tzinfo=zone)"),
        ("midnights", "datetime.combine(day, time(), tzinfo=zone)"),
        ("midnights", "datetime.combine(day, time.min, tzinfo=zone)"),
        ("midnights", "local.replace(hour=0, minute=0)"),
        ("midnights", "datetime(day.year, day.month, day.day, tzinfo=zone)"),
        ("midnights", "at_local(day, '24:00', zone)"),
    ],
)
def test_the_rules_find_what_they_look_for(rule: str, code: str) -> None:
    assert len(list(RULES[rule](ast.parse(code)))) == 1

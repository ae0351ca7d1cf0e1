"""Quarter hours are computed in `quarters/` only: no other room names the channels of energy, lists qualities, or makes a local midnight."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.channels import EXPORT, IMPORT

ROOT = Path(__file__).parents[2]
ROOMS = (
    "billing", "connectors", "console", "dashboards", "deploy", "detection", "forecasting", "lastgang", "metering", "reporting", "scheduling",
    "stream_jobs",
)  # fmt: skip
"""All that uses quarter hours of a plant; the simulation and the benchmarks make plants of their own."""
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def channel_names(tree: ast.AST) -> Iterator[ast.expr]:
    """Texts that are the name of a channel of energy, docstrings apart."""
    yield from (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and n.value in (IMPORT, EXPORT))


def quality_sets(tree: ast.AST) -> Iterator[ast.expr]:
    """Tuples, lists and sets of two qualities or more."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple | ast.List | ast.Set) and len(node.elts) > 1 and all(_is_quality(one) for one in node.elts):
            yield node


def _is_quality(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "IntervalQuality"


def midnights(tree: ast.AST) -> Iterator[ast.expr]:
    """Calls that put a date and the clock time 00:00 together."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    yield from (call for call in calls if _is_combined(call) or _is_local_midnight(call))


def _is_combined(call: ast.Call) -> bool:
    combines = isinstance(call.func, ast.Attribute) and call.func.attr == "combine"
    return combines and any(ast.unparse(one) in ("time(0)", "time.min", "datetime.min.time()") for one in call.args)


def _is_local_midnight(call: ast.Call) -> bool:
    is_local = isinstance(call.func, ast.Name) and call.func.id == "at_local"
    return is_local and any(isinstance(one, ast.Constant) and one.value in ("00:00", "24:00") for one in call.args)


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
        ("qualities", "SOUND = (IntervalQuality.MEASURED, IntervalQuality.CORRECTED)"),
        ("midnights", "datetime.combine(day, time(0), tzinfo=zone)"),
        ("midnights", "at_local(day, '24:00', zone)"),
    ],
)
def test_the_rules_find_what_they_look_for(rule: str, code: str) -> None:
    assert len(list(RULES[rule](ast.parse(code)))) == 1

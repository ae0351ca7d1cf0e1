"""The rooms that decide state their contracts: every public class and function has a docstring, and every bare number a unit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("billing", "detection", "forecasting", "metering", "scheduling")
UNIT = re.compile(
    r"(^|_)(kw|kwh|uw|uwh|w|wh|kvar|kvarh|eur|ct|ms|s|min|h|hours?|days?|weeks?|utc|share|factor|coverage|percent|level|levels)$|_per_\w+$"
)
"""End of a name that carries its unit, or is a share, a factor or a level of 0..1 by its name."""
VALUES = {
    "value": "the reading as it came, in the unit of its register: see `Register.unit` in domain/plant.py",
    "at_most": "a ratio, explained in the function's docstring",
    "weeks_left": "weeks, in its name already",
    "distance": "in the unit of a series, which nobody stated",
    "limit": "a share, explained in the function's docstring",
}
"""Names of bare numbers without a unit, and why that is right."""


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def _public(
    body: list[ast.stmt], of: ast.ClassDef | None = None
) -> Iterator[tuple[ast.ClassDef | None, ast.ClassDef | ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield of, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body, node)


def _documented_methods() -> dict[str, set[str]]:
    """Class -> its methods with a docstring, which those of its subclasses inherit."""
    found: dict[str, set[str]] = {}
    for _, tree in _modules():
        for of, node in _public(tree.body):
            if of is not None and ast.get_docstring(node):
                found.setdefault(of.name, set()).add(node.name)
    return found


def test_every_module_class_and_function_that_others_may_use_has_a_docstring() -> None:
    documented = _documented_methods()
    lacking = []
    for name, tree in _modules():
        if not ast.get_docstring(tree):
            lacking.append(name)
        for of, node in _public(tree.body):
            bases = [base.id for base in of.bases if isinstance(base, ast.Name)] if of is not None else []
            if not ast.get_docstring(node) and not any(node.name in documented.get(base, ()) for base in bases):
                lacking.append(f"{name}:{node.lineno} {node.name}")
    assert lacking == []


def test_a_bare_number_carries_its_unit_in_its_name() -> None:
    lacking = [
        f"{name}:{node.lineno} {node.name}({argument.arg})"
        for name, tree in _modules()
        for _, node in _public(tree.body)
        if isinstance(node, ast.FunctionDef)
        for argument in (*node.args.args, *node.args.kwonlyargs)
        if argument.annotation is not None and ast.unparse(argument.annotation).startswith("float")
        if not UNIT.search(argument.arg) and argument.arg not in VALUES
    ]
    assert lacking == []


def test_a_reference_names_a_doi_or_an_archive() -> None:
    entries = []
    for name, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
                _, _, listed = text.partition("References\n----------\n")
                entries += [(name, entry) for entry in re.split(r"(?m)^\.\. \[\d+\] ", listed)[1:]]
    assert len(entries) >= 6
    assert [(name, entry) for name, entry in entries if not re.search(r"doi:10\.\d{4,}/\S+|arXiv:\d{4}\.\d{4,}", entry)] == []

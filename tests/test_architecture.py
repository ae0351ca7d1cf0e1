"""What holds between the rooms: who imports whom, no cycles, no class too long, settings that are documented, counts in prose that are true.

Read from the syntax trees and the tables; nothing here is imported but the tables themselves.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PURE = (
    "domain",
    "metering",
    "billing",
    "detection",
    "forecasting",
    "governor",
    "production",
    "scrap",
    "flexibility",
    "scheduling",
    "effects",
    "baselines",
)
"""Rooms that decide and touch nothing: no broker, socket, database, thread or process."""
OF_THE_WORLD = {
    "asyncio", "asyncua", "fastapi", "grafana_client", "httpx", "influxdb_client", "kafka", "multiprocessing", "nicegui", "psutil",
    "pyflink", "pymodbus", "requests", "socket", "sqlite3", "subprocess", "threading", "urllib", "uvicorn",
}  # fmt: skip


NAMED_CLASS = re.compile(r"([a-z_]+(?:\.[a-z_]+)+):[A-Z]\w+")


class Import(NamedTuple):
    """One import statement."""

    module: str
    imported: str
    line: int


def rooms() -> list[str]:
    """Folders at the top that hold Python packages."""
    return sorted({"connectors", *(path.parent.name for path in ROOT.glob("*/__init__.py"))} - {"tests"})


@cache
def modules() -> dict[str, Path]:
    """Name -> file of every module of ours."""
    found = {}
    for path in chain.from_iterable((ROOT / room).rglob("*.py") for room in rooms()):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def trees() -> dict[str, ast.Module]:
    return {name: ast.parse(path.read_text(encoding="utf-8"), str(path)) for name, path in modules().items()}


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports_in(module: str, node: ast.AST) -> Iterator[Import]:
    """Every import below `node`; of ``from a import b`` both ``a`` and ``a.b``, since `b` may be a module.

    A text ``module:Class`` (`stream_jobs.jobs`) is an import, too: of a module that is loaded when its class is needed.
    """
    for child in ast.iter_child_nodes(node):
        if _is_for_types(child):
            continue
        if isinstance(child, ast.Import):
            yield from (Import(module, alias.name, child.lineno) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, f"{module}:{child.lineno}: a relative import; imports name the whole path"
            for name in (child.module, *(f"{child.module}.{alias.name}" for alias in child.names)):
                yield Import(module, str(name), child.lineno)
        elif isinstance(child, ast.Constant) and isinstance(child.value, str) and (named := NAMED_CLASS.fullmatch(child.value)):
            yield Import(module, named[1], child.lineno)
        yield from imports_in(module, child)


@cache
def imports() -> tuple[Import, ...]:
    return tuple(chain.from_iterable(imports_in(name, tree) for name, tree in trees().items()))


def room_of(module: str) -> str:
    return module.split(".")[0]


@cache
def allowed() -> dict[str, set[str]]:
    """Room -> rooms that it may import, by the table in ``docs/architecture.md``; ``all above`` means every row before it."""
    section = ARCHITECTURE.read_text(encoding="utf-8").split("## Who imports whom")[1].split("\n## ")[0]
    table: dict[str, set[str]] = {}
    for room, wanted in re.findall(r"^\| `(\w+)` \| ?(.*?) \|$", section, re.MULTILINE):
        table[room] = set(table) if wanted == "all above" else set(re.findall(r"`(\w+)`", wanted))
    return table


# -- import direction --------------------------------------------------------------------------------------------------


def test_every_room_has_its_row_in_the_table_and_imports_only_rows_above_it() -> None:
    assert sorted(allowed()) == sorted(rooms())
    above: set[str] = set()
    for room, imported in allowed().items():
        assert imported <= above, f"{room} may import {sorted(imported - above)}, which does not stand above it"
        above.add(room)


def test_a_room_imports_only_what_the_table_allows() -> None:
    wrong = [
        f"{one.module}:{one.line} imports {one.imported}"
        for one in imports()
        if (room := room_of(one.imported)) in allowed() and room != room_of(one.module) and room not in allowed()[room_of(one.module)]
    ]  # fmt: skip
    assert not wrong, "\n".join(wrong)


def test_the_table_allows_nothing_that_is_not_needed() -> None:
    used = {(room_of(one.module), room_of(one.imported)) for one in imports()}
    unused = [(room, other) for room, others in allowed().items() for other in others if (room, other) not in used]
    assert [pair for pair in unused if pair[0] not in ("benchmarks", "lastgang")] == []


def test_rooms_that_decide_touch_nothing_of_the_world() -> None:
    """But for the plant's clock, whose users wait for its instants."""
    wrong = [
        f"{one.module}:{one.line} imports {one.imported}"
        for one in imports()
        if room_of(one.module) in PURE and room_of(one.imported) in OF_THE_WORLD and one.module != "domain.clock"
    ]
    assert not wrong, "\n".join(wrong)


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    """Nor in one that is hidden in a function. What only the type checker reads is no import."""
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for one in imports():
        if one.imported in graph and one.imported != one.module:
            graph[one.module].add(one.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


# -- dependencies ------------------------------------------------------------------------------------------------------

MODULE_OF = {
    "apache-flink": "pyflink",
    "kafka-python": "kafka",
    "pyyaml": "yaml",
    "xgboost-cpu": "xgboost",
    "pytest-xdist": "xdist",
}
"""Library -> the module that is imported, where that is not its name with ``_`` for ``-``."""
NOT_IMPORTED = {
    "tzdata",
    "mypy",
    "ruff",
    "pytest-timeout",
    "pytest-xdist",
    "pandas-stubs",
    "types-openpyxl",
    "types-psutil",
    "types-pyyaml",
}
"""What works without an import: time zones, tools that read the code, types."""


def libraries(*tables: str) -> Iterator[str]:
    """Names of the libraries in these lists of ``pyproject.toml``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = {"run": project["dependencies"], **project["optional-dependencies"]}
    return (re.split(r"[^\w-]", line)[0] for table in tables for line in lists[table])


def imported_by(files: Iterable[Path]) -> set[str]:
    """Top names of all modules that these files import, wherever in them."""
    parsed = (ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in files)
    lines = [one for tree in parsed for one in ast.walk(tree) if isinstance(one, ast.Import | ast.ImportFrom)]
    names = [alias.name for one in lines if isinstance(one, ast.Import) for alias in one.names]
    return {name.split(".")[0] for name in [*names, *(one.module or "" for one in lines if isinstance(one, ast.ImportFrom))]}


@pytest.mark.parametrize(("table", "users"), [("run", rooms()), ("dev", ["tests", "benchmarks"])])
def test_no_library_is_installed_that_is_not_imported(table: str, users: list[str]) -> None:
    used = imported_by(chain.from_iterable((ROOT / folder).rglob("*.py") for folder in users))
    unused = [name for name in libraries(table) if MODULE_OF.get(name, name.replace("-", "_")) not in used]
    assert sorted(set(unused) - NOT_IMPORTED) == []


# -- sizes -------------------------------------------------------------------------------------------------------------

LONGEST_CLASS = 200
"""Lines; a longer one states a reason in its docstring."""
REASON = re.compile(r"^Why it is long: \S", re.MULTILINE)


def long_classes() -> Iterator[tuple[str, ast.ClassDef]]:
    """(module, class) of every class above the limit, nested ones too."""
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_CLASS:
                yield name, node


def test_a_class_above_two_hundred_lines_states_why_it_is_long() -> None:
    wrong = [
        f"{module}: {node.name} has no paragraph `Why it is long: ...` in its docstring; find its seams, or state the reason"
        for module, node in long_classes()
        if not REASON.search(ast.get_docstring(node) or "")
    ]
    assert not wrong, "\n".join(wrong)


# -- settings ----------------------------------------------------------------------------------------------------------


def documentation() -> str:
    """All that people read: README, docs, samples, README files of the rooms."""
    files = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    files += chain.from_iterable([*(ROOT / room).rglob("*.md"), *(ROOT / room).rglob("sample.toml")] for room in rooms())
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def environment_variables() -> Iterator[tuple[str, str]]:
    """(variable, module) of each string constant that names one of ours."""
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for variable in re.findall(r"\b(?:LASTGANG_[A-Z_]+[A-Z]|[A-Z]+_TOKEN)\b", node.value):
                    yield variable, name


def test_every_environment_variable_is_documented() -> None:
    text = documentation()
    missing = sorted({(variable, module) for variable, module in environment_variables() if variable not in text})
    assert not missing


@pytest.mark.parametrize("room", ["modbus", "opcua"])
def test_every_setting_of_a_device_file_stands_in_the_sample(room: str) -> None:
    sample = (ROOT / "connectors" / room / "sample.toml").read_text(encoding="utf-8")
    tree = trees()[f"connectors.{room}.config"]
    heads = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.endswith("Head")]
    names = [line.target.id for line in heads[0].body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)]
    assert len(names) > 8
    assert [name for name in names if not re.search(rf"^(# )?{name} = ", sample, re.MULTILINE)] == []


# -- counts in prose ---------------------------------------------------------------------------------------------------

NUMBERS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]  # fmt: skip


def _jobs() -> int:
    """Of a plant without virtual meters, as the demo's."""
    from domain.plant import load_plant
    from stream_jobs.jobs import jobs_of

    return len(jobs_of(load_plant(ROOT / "simulation" / "demo_plant" / "plant.toml")))


def _profiles() -> int:
    return len(list((ROOT / "connectors" / "modbus" / "profiles").glob("*.toml")))


def _dashboards() -> int:
    from dashboards.build import dashboards
    from domain.plant import load_plant

    return len(dashboards(load_plant(ROOT / "simulation" / "demo_plant" / "plant.toml")))


def _machines() -> int:
    from domain.plant import load_plant

    return len(load_plant(ROOT / "simulation" / "demo_plant" / "plant.toml").machines)


def _watts() -> int:
    from domain.units import WATTS_PER_CORE

    return int(WATTS_PER_CORE)


COUNTS: dict[str, Callable[[], int]] = {
    r"(\w+) jobs, the\s+historian": _jobs,
    r"each job takes one: (\w+), and one more": _jobs,
    r"[Tt]he (\w+) jobs, and that of the virtual meters": _jobs,
    r"factory of (\w+) machines": _machines,
    r"(\w+) shipped profiles": _profiles,
    r"(\w+) dashboards\b": _dashboards,
    r"CPU time at (\w+) W a core": _watts,
}
"""What a sentence looks like that holds a number -> what the tables make of it."""


@cache
def prose() -> str:
    """Documentation and the docstrings of our code."""
    strings = (
        node.value
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return "\n".join([documentation(), *strings])


@pytest.mark.parametrize("sentence", COUNTS)
def test_a_number_in_prose_is_that_of_the_table(sentence: str) -> None:
    found = [word for word in re.findall(sentence, prose()) if word in NUMBERS or word.isdigit()]
    assert found, f"nobody writes {sentence!r} any more: change or delete its row in COUNTS"
    assert {int(word) if word.isdigit() else NUMBERS.index(word) for word in found} == {COUNTS[sentence]()}


def test_the_readme_names_every_meter_that_has_a_profile_and_no_other() -> None:
    listed = (ROOT / "README.md").read_text(encoding="utf-8").split("Meters that have a profile:")[1].split(";")[0]
    meters = [re.sub(r"\W", "", meter).lower() for meter in listed.split(",")]
    profiles = [file.stem.split("_") for file in (ROOT / "connectors" / "modbus" / "profiles").glob("*.toml")]
    of_meter = [[words for words in profiles if all(word in meter for word in words)] for meter in meters]
    assert all(len(found) == 1 for found in of_meter), listed
    assert sorted(words for found in of_meter for words in found) == sorted(profiles)


def test_the_contracts_name_every_topic() -> None:
    from domain.topics import TOPICS

    index = (ROOT / "docs" / "contracts" / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"energy\.\w+\.v\d+", index)) == {topic.name for topic in TOPICS}


def test_the_first_table_of_the_architecture_has_a_row_for_every_room() -> None:
    first = ARCHITECTURE.read_text(encoding="utf-8").split("## Who imports whom")[0]
    named = {name for row in re.findall(r"^\| (\[.*?) \|", first, re.MULTILINE) for name in re.findall(r"\[`(\w+)/`\]", row)}
    assert named == set(rooms())

"""A component of a tariff is one file, and nobody else knows it."""

import ast
import re
import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest
from small_tariffs import HEAD

from billing import components
from billing.component import Component
from billing.kinds import COMPONENTS

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "billing" / "components").iterdir() if path.name not in {"__init__.py", "__pycache__"})
PAGE = ROOT / "docs" / "how-to" / "tariff-component.md"
SCRIPT = """
from datetime import UTC, datetime
from pathlib import Path
from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import load_tariff
print(round(marginal_energy_price_eur_per_kwh(load_tariff(Path("tariff.toml")), datetime(2026, 3, 4, tzinfo=UTC)), 6))
"""


def imports_of(path: Path) -> set[str]:
    """Modules that a module imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def modules(folder: Path) -> dict[str, Path]:
    paths = [path for path in folder.rglob("*.py") if not {".venv", ".lastgang"} & set(path.parts)]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_of_components_holds_one_kind_with_its_table_its_reading_and_its_lines(path):
    module = import_module(f"{components.__name__}.{path.stem}")
    kinds = [one for one in COMPONENTS if one.__module__ == module.__name__]
    assert len(kinds) == 1, f"{path.name} holds {kinds}"
    for own in ("kind", "bill_order", "read", "lines"):
        assert own in vars(kinds[0]), f"{path.name} has no {own} of its own"
    assert kinds[0].__dataclass_fields__.keys() > Component.__dataclass_fields__.keys(), "no field of its own"


def test_no_two_components_have_the_same_table_or_the_same_place_on_the_bill():
    assert len({kind.kind for kind in COMPONENTS}) == len({kind.bill_order for kind in COMPONENTS}) == len(COMPONENTS) == len(FILES)
    assert [kind.kind for kind in COMPONENTS] == ["energy", "demand", "reactive", "fixed", "levy"]


def test_nobody_imports_a_component_or_compares_its_kind():
    names = {f"billing.components.{path.stem}" for path in FILES}
    kinds = {kind.kind for kind in COMPONENTS}
    rooms = [path for path in ROOT.iterdir() if (path / "__init__.py").exists() and path.name != "tests"]
    for module, path in (found for room in rooms for found in modules(room).items()):
        assert module in names or not imports_of(path) & names, f"{module} imports a component"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if module.startswith("billing") else ():
            compared = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
            assert not any(isinstance(one, ast.Constant) and one.value in kinds for one in compared), f"{module}:{node.lineno}"


def test_imports_in_billing_go_one_way():
    of_billing = modules(ROOT / "billing")
    graph = {module: imports_of(path) & of_billing.keys() - {module} for module, path in of_billing.items()}
    graph["billing.kinds"] |= {f"billing.components.{path.stem}" for path in FILES}
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError with the circle
    assert order.index("billing.component") < order.index("billing.components.energy") < order.index("billing.tariff")


def test_a_new_component_is_one_new_file(tmp_path):
    """The how-to page's file in a copy of the room: the page bills by it, here its price and its versions count."""
    files = re.findall(r"<!-- file: (\S+\.py) -->\s*```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(files) == 1
    shutil.copytree(ROOT / "billing", tmp_path / "billing", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / files[0][0]).write_text(files[0][1], encoding="utf-8")
    green = '[[green]]\nid = "origin"\nshare_percent = 50\nprice = "0.40 ct/kWh"\n'
    (tmp_path / "tariff.toml").write_text(f'{HEAD}[[energy]]\nid = "supply"\nprice = "14.00 ct/kWh"\n{green}', encoding="utf-8")
    answer = subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert answer.stdout.strip() == "0.142", answer.stderr
    (tmp_path / "tariff.toml").write_text(f"{HEAD}{green}valid_to = 2026-06-30\n", encoding="utf-8")
    answer = subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert "green 'origin': valid_from, valid_to: found 'a gap from 2026-06-30 to 2027-01-01'" in answer.stderr

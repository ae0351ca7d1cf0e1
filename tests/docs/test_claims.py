"""What pages claim about the code is so: counts, names, laws, and that nothing writes to a machine."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from connectors.modbus.profile import all_profiles
from domain.plant import load_plant
from stream_jobs.jobs import jobs_of

ROOT = Path(__file__).parents[2]
DEMO = load_plant(ROOT / "simulation" / "demo_plant" / "plant.toml")
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBERS = {5: "five", 6: "six", 7: "seven", 8: "eight", 14: "fourteen", 15: "fifteen", 16: "sixteen"}
ROOMS = [path.parent.name for path in ROOT.glob("*/__init__.py")]
SOURCES = [path for room in (*ROOMS, "connectors", "tests") for path in (ROOT / room).rglob("*.py")]
WRITERS = re.compile(
    r"write_(coil|register)s?|(set|write)_(value|values|attribute|attributes|writable)|mask_write_register|call_method"
)
"""Calls of the Modbus and OPC UA libraries that change something in a device."""


def test_the_readme_counts_the_jobs_and_machines_of_the_demo():
    machines = DEMO.machines
    assert f"a factory of {NUMBERS[len(machines)]} machines" in README
    assert f"the gateway, {NUMBERS[len(jobs_of(DEMO))]} jobs" in README


def test_the_readme_names_every_meter_that_has_a_profile():
    listed = re.search(r"Meters that have a profile: (.*?); another", README, re.DOTALL)
    assert listed is not None
    names = listed.group(1).replace("\n", " ").split(", ")
    models = [f"{profile.profile.maker} {profile.profile.model}" for profile in all_profiles()]
    assert len(names) == len(models)
    # "Siemens PAC3200" stands for "Siemens SENTRON PAC3200", and a family by the beginning of its name
    assert [name for name in names if not any(all(word in model for word in name.split()) for model in models)] == []


def test_a_law_that_the_code_cites_is_in_the_architecture():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    laws = set(re.findall(r"^(\d+)\. \*\*", page, re.MULTILINE))
    cited = {number for path in SOURCES for number in re.findall(r"\blaw (\d+)", path.read_text(encoding="utf-8"))}
    assert laws == {str(number) for number in range(1, len(laws) + 1)}
    assert cited
    assert cited <= laws


def test_what_the_glossary_calls_our_name_is_in_the_code():
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ") and not line.startswith("| field term")]
    names = {
        re.sub(r"\W*(\w+).*", r"\1", name.split("[[")[-1].split(" = ")[0])
        for row in rows
        for name in re.findall(r"`([^`]+)`", row[2])
    }
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if "tests" not in path.parts)
    assert len(names) > 50
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", code)] == []


def test_no_connector_calls_what_changes_a_device():
    calls = [
        f"{path.relative_to(ROOT)}: {node.func.attr}"
        for path in (ROOT / "connectors").rglob("*.py")
        if path.parts[-2] in {"modbus", "opcua", "gateway"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and WRITERS.fullmatch(node.func.attr)
    ]
    assert calls == []

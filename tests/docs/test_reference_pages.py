"""The reference pages are those of the code: every key that a file may have, with its meaning and an example."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.tariff import load_tariff
from connectors.gateway.fleet import check_fleet
from connectors.modbus.profile import Profile
from deploy.settings import load_settings
from domain.plant import load_plant
from domain.toml_files import load_toml
from lastgang.reference.page import COMPLETE_PLANT, Page
from lastgang.reference.pages import reference_files
from lastgang.reference.subjects import pages
from lastgang.reference.tariff import TariffTable, complete_tariff, faults_of, places, tariff_tables

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
PAGES = pages()


def test_the_committed_pages_are_what_the_code_says():
    files = reference_files()
    stale = [name for name, text in files.items() if not (FOLDER / name).exists() or (FOLDER / name).read_text() != text]
    assert stale == [], "run `lastgang reference`"
    assert {path.name for path in FOLDER.iterdir()} == set(files)


def test_the_complete_plant_has_no_fault_but_certificates_that_are_not_there():
    plant = load_plant(COMPLETE_PLANT / "plant.toml")
    load_tariff(COMPLETE_PLANT / "tariff.toml")
    load_settings(COMPLETE_PLANT, environment={})
    load_toml(COMPLETE_PLANT / "profile.toml", Profile)
    faults = [fault for fault in check_fleet(COMPLETE_PLANT, plant)[1] if not fault.found.strip("'").endswith((".der", ".pem"))]
    assert faults == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_every_key_has_a_meaning_and_an_example(page: Page):
    rows = [(section.title, row) for section in page.sections for row in section.rows]
    assert [f"{title} {row.key}" for title, row in rows if not row.meaning] == [], "write a docstring under the field"
    assert [f"{title} {row.key}" for title, row in rows if not row.example] == [], "use the key in the complete plant"


@pytest.mark.parametrize("table", [t for t in tariff_tables() if t.path[-1:] != ("history",)], ids=lambda table: table.title)
def test_the_tariff_page_has_the_keys_that_the_reader_knows(table: TariffTable):
    """The reader names all keys that it knows when it finds one that it does not know."""
    document = complete_tariff()
    for holder in places(document, table.path):
        holder["no-such-key"] = 1
    text = [fault.expected.split("known here: ")[1] for fault in faults_of(document) if "no-such-key" in fault.found]
    inner = {other.path[-1] for other in tariff_tables() if other.path[:-1] == table.path and other.path != table.path}
    assert {key for keys in text for key in keys.split(", ")} == set(table.keys) | inner

"""A language is one file: the same keys, the same holes, and nothing else to touch."""

from __future__ import annotations

import ast
import re
import shutil
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from billing.lacks import Lack
from console.context import Console
from console.pages.frame import Visit, switches
from domain.contracts import EXAMPLES
from domain.facts import VALUES, Fact, fact
from domain.topics import ANOMALIES
from words import catalogue
from words.catalogue import DEFAULT, language_for, languages, texts
from words.sentences import anomaly_in_each_language, text_of
from words.speech import of_page, of_report

ROOT = Path(__file__).parents[2]
BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 10, 23, 10, 0, tzinfo=UTC)
OTHERS = [code for code in languages() if code != DEFAULT]


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def with_holes(language: str) -> dict[str, set[str]]:
    return {key: holes(text) for key, text in texts(language).items() if not key.startswith("format.")}


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_the_same_keys_and_the_same_holes(language: str) -> None:
    assert texts(language).keys() == texts(DEFAULT).keys()
    assert with_holes(language) == with_holes(DEFAULT)


@pytest.mark.parametrize("language", languages())
def test_no_text_is_empty(language: str) -> None:
    assert [key for key, text in texts(language).items() if not text] == []


def test_each_fact_has_a_sentence_with_its_values_and_no_sentence_is_of_no_fact() -> None:
    sentences = {key.removeprefix("fact."): found for key, found in with_holes(DEFAULT).items() if key.startswith("fact.")}
    for general in ("unknown", "none"):
        del sentences[general]
    assert sentences == {key: set(values) for key, values in VALUES.items()}


def made_facts() -> Iterator[tuple[str, str, list[str]]]:
    """Where a producer makes a fact: key, and values by name where it names them all there."""
    for room in ("detection", "forecasting", "scheduling", "effects", "baselines", "scrap", "domain"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "fact":
                    names = [keyword.arg for keyword in node.keywords]
                    for key in ast.walk(node.args[0]):
                        if isinstance(key, ast.Constant) and isinstance(key.value, str) and "." in key.value:
                            yield f"{path.name}:{node.lineno}", key.value, [] if None in names else [n for n in names if n]


def test_producers_make_every_fact_of_the_contract_and_no_other() -> None:
    found = list(made_facts())
    assert {key for _, key, _ in found} == set(VALUES)
    for where, key, names in found:
        assert not names or set(names) == set(VALUES[key]), f"{where}: {key}"


def test_every_key_that_reports_need_is_in_the_catalogue() -> None:
    figures = ROOT / "reporting" / "key_figures"  # the same texts as on the page: those of [figures]
    files = [path for path in (ROOT / "reporting").rglob("*.py") if figures not in path.parents]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    requested = {f"report.{key}" for key in re.findall(r"""words(?:\[|\.fill\()\s*"([a-z_0-9.]+)\"""", code)}
    assert len(requested) > 80
    assert requested - texts(DEFAULT).keys() == set()


@pytest.fixture
def dutch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A third language: one more file in the folder."""
    shutil.copytree(catalogue.FOLDER, tmp_path / "languages")
    text = (tmp_path / "languages" / "en.toml").read_text(encoding="utf-8")
    for english, own in (
        ('short = "EN"', 'short = "NL"'), ('decimal = "."', 'decimal = ","'), ('date = "{d} {month} {year}"', 'date = "{dd}-{mm}-{year}"'),
        ('day = "{d} {month}"', 'day = "{dd}-{mm}"'), ('4 = "Fri"', '4 = "vr"'), ('title = "Energy report"', 'title = "Energierapport"'),
        ('"{meter}: no readings since {since_utc} ({silent_min}\\u202fmin)."', '"{meter}: geen metingen sinds {since_utc} ({silent_min}\\u202fmin)."'),
    ):  # fmt: skip
        assert english in text, english
        text = text.replace(english, own)
    (tmp_path / "languages" / "nl.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path / "languages")
    languages.cache_clear()
    texts.cache_clear()
    yield "nl"
    languages.cache_clear()
    texts.cache_clear()


def test_a_third_language_is_one_file(dutch: str) -> None:
    assert languages() == ("de", "en", "nl")
    assert language_for(None, "nl-NL,nl;q=0.9,en") == "nl"
    page, paper = of_page(dutch, BERLIN), of_report(dutch, BERLIN)
    assert page.number(1234567.8, 1) == "1\u202f234\u202f567,8" == paper.number(1234567.8, 1)
    assert page.moment(NOON) == "vr 23-10 12:00"
    assert paper.moment(NOON) == "23-10-2026 12:00"
    assert paper["title"] == "Energierapport"
    silent = fact("silent.lasting", meter="m1", since_utc=NOON, silent_min=15.0)
    assert text_of([silent], page, NOON) == "m1: geen metingen sinds vr 23-10 12:00 (15\u202fmin)."


def test_the_page_offers_a_third_language_and_the_api_has_it(dutch: str) -> None:
    visit = Visit(console=cast(Console, None), words=of_page(dutch, BERLIN), theme="auto", path="/plan", person="")
    assert re.findall(r'href="/language/(..)', str(switches(visit))) == ["de", "en"]
    assert set(anomaly_in_each_language(EXAMPLES[ANOMALIES.name], BERLIN)) == {"de", "en", "nl"}
    with pytest.raises(ValueError, match="expected one of de, en, nl"):
        texts("xx")


def test_the_cookie_goes_before_the_browsers_wish_and_that_before_german() -> None:
    assert language_for("en", "de-DE,de") == "en"
    assert language_for(None, "fr-FR,en-GB;q=0.8,de") == "en"
    assert language_for("xx", "fr") == "de"


def test_a_key_that_no_language_knows_is_named_in_each() -> None:
    later = Fact("heating.too_warm", {"room_c": 31.5}, {"since_utc": NOON}, {"machine": ("oven",)})
    assert text_of([later], of_page("en", BERLIN), NOON) == (
        "This version has no sentence for “heating.too_warm” (room_c 31.500; since_utc Fri 23 Oct 12:00; machine oven)."
    )
    assert "heating.too_warm" in text_of([later], of_page("de", BERLIN), NOON)


@pytest.mark.parametrize("language", languages())
def test_every_reason_why_a_charge_has_no_price_has_words(language: str) -> None:
    assert [lack for lack in Lack if f"term.lack.{lack}" not in texts(language)] == []

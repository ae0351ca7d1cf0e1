"""From records to sentences: whatever comes, there is text that people can read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fuzz.extremes import AMOUNTS, INSTANTS
from domain.anomalies import Anomaly
from domain.codec import decode, encode
from domain.contracts import EXAMPLES
from domain.facts import MOST_FACTS, VALUES, Fact, fact
from domain.recommendations import Recommendation
from domain.texts import TEXT_LENGTH, refused_character
from domain.topics import ANOMALIES, RECOMMENDATIONS
from lastgang.commands.sentences import command
from simulation import demo_plant
from words.catalogue import languages
from words.sentences import NoSuchRecord, anomaly_text, text_of, text_of_json, worded
from words.speech import of_page, of_report

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 10, 23, 10, 0, tzinfo=UTC)
EN = of_page("en", BERLIN)
FINDING: Anomaly = EXAMPLES[ANOMALIES.name]
ADVICE: Recommendation = EXAMPLES[RECOMMENDATIONS.name]
NAMES = {("machine", "furnace-1"): "Hardening furnace 1"}


def test_a_finding_is_read_with_the_names_of_the_plant() -> None:
    assert anomaly_text(FINDING, EN, NAMES).replace("\u202f", " ") == (
        "Hardening furnace 1 has been on outside its shifts since Fri 23 Oct 14:00: 62 kW instead of 2.0 kW, 44.6 kWh so far. "
        "If it stays on: 1 428 kWh and 200 EUR a day."
    )
    assert anomaly_text(FINDING, EN).startswith("furnace-1 has been on"), "without names, the id"


def test_a_recommendation_is_read_in_each_language_with_its_alternatives_and_conditions() -> None:
    texts = worded(ADVICE, BERLIN).texts
    assert texts["de"].reason.startswith("H-2207 auf furnace-2 um 12:30 statt 11:30 Uhr starten:")
    assert texts["en"].alternatives == ("peak 3\u202fkW higher", "peak 64\u202fkW higher, 4\u202f288\u202fEUR more")
    assert texts["en"].checked == ("earliest start and due date", "machine free")
    assert texts["de"].not_checked == ("Material und Werkzeug an der Maschine",)


def test_a_report_says_the_same_sentence_with_whole_dates() -> None:
    text = anomaly_text(FINDING, of_report("de", BERLIN), NAMES)
    assert "seit 23.10.2026 14:00: 62\u202fkW statt 2,0\u202fkW" in text


def test_values_that_are_missing_or_of_another_type_leave_a_sentence() -> None:
    odd = Fact("advice.move", {"from_utc": 5.0}, {"before_kw": NOON}, {"to_utc": ("a", "b")})
    assert (
        text_of([odd], EN, NOON)
        == "Start – on – at a clock b instead of 5: the peak expected at – falls from Fri 23 Oct 12:00 to –\u202fkW."
    )


def test_braces_in_a_name_are_text() -> None:
    assert text_of([fact("silent.ended", meter="{x} {0} %s", since_utc=NOON, until_utc=NOON)], EN, NOON).startswith(
        "{x} {0} %s: no readings"
    )


names = st.sampled_from(["since_utc", "actual_kw", "machine", "lack", "x", "", "{0}", "a.b", "ẞ" * 200])
facts = st.builds(
    Fact,
    st.sampled_from([*VALUES, "unknown", "none", "not.there", "{", "ẞ" * 200]),
    st.dictionaries(names, st.sampled_from(AMOUNTS)),
    st.dictionaries(names, st.sampled_from(INSTANTS)),
    st.dictionaries(
        names, st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200), max_size=5).map(tuple)
    ),
)


@given(st.lists(facts, max_size=MOST_FACTS), st.sampled_from(INSTANTS), st.sampled_from(languages()), st.booleans())
def test_any_facts_become_a_text_that_a_record_could_hold(
    several: list[Fact], at_utc: datetime, language: str, is_dated: bool
) -> None:
    words = of_report(language, BERLIN) if is_dated else of_page(language, BERLIN)
    text = text_of(several, words, at_utc)
    assert 0 < len(text) <= TEXT_LENGTH
    assert refused_character(text) is None


def test_every_known_fact_with_any_of_its_values_at_its_ends_is_a_sentence() -> None:
    rng = Random("facts")
    for key, values in VALUES.items():
        for _ in range(20):
            one = fact(key, **{
                name: rng.choice(INSTANTS) if name.endswith("_utc")
                else rng.choice(AMOUNTS) if name.endswith(("_kw", "_kwh", "_eur", "_day", "_min")) or name in ("spans", "weeks", "growth", "before", "after")
                else ("x" * 200,) * rng.choice((1, 2, 50))
                for name in values
            })  # fmt: skip
            record = replace(FINDING, facts=(one,) * rng.choice((1, MOST_FACTS)))
            assert decode(Anomaly, encode(record)) == record
            for language in languages():
                assert "–" not in anomaly_text(record, of_page(language, BERLIN)).split(), "no value is missing"


def test_records_of_an_older_form_are_read_and_say_that_they_have_no_sentence() -> None:
    old = json.loads(encode(FINDING))
    del old["facts"]
    found = decode(Anomaly, json.dumps({**old, "message_en": "Furnace 1 is on.", "message_de": "Ofen 1 läuft."}))
    assert (found.eur_per_day, found.facts) == (FINDING.eur_per_day, ())
    assert anomaly_text(found, EN) == "This record comes without a sentence."


def test_a_line_of_either_topic_becomes_a_sentence_and_another_is_named() -> None:
    assert "outside its shifts" in text_of_json(encode(FINDING).decode(), EN)
    assert "Start H-2207" in text_of_json(encode(ADVICE).decode(), EN)
    with pytest.raises(NoSuchRecord, match=r"neither an anomaly .* nor a recommendation"):
        text_of_json('{"site": 5}', EN)


def test_the_command_answers_each_line_with_one_and_goes_on_after_a_wrong_one(tmp_path: Path) -> None:
    demo_plant.write(tmp_path)
    lines = b"\n".join([encode(FINDING), b"nothing", encode(ADVICE)])
    ended = CliRunner().invoke(command, ["--plant", str(tmp_path), "--language", "de"], input=lines)
    assert ended.exit_code == 1
    first, second, third = ended.stdout.splitlines()
    assert "außerhalb der Schicht" in first and "furnace-1" not in first, "the plant file's name of the machine"
    assert second == ""
    assert "statt" in third
    assert ":2: neither an anomaly" in ended.stderr

"""What the records of the topics may hold: instants, numbers, text and lists have bounds, in one place."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest
from pydantic import TypeAdapter

from domain.codec import UnreadableRecord, decode, decode_stored, encode
from domain.contracts import EXAMPLES
from domain.facts import Fact
from domain.instants import NEVER_UTC
from domain.orders import Order
from domain.recommendations import Decision
from domain.texts import printable, refused_character
from domain.topics import DECISIONS, FORECASTS, INTERVALS, ORDERS, READINGS, TOPICS


def changed(topic, **fields) -> bytes:
    """The topic's example with other fields."""
    return json.dumps({**json.loads(encode(EXAMPLES[topic.name])), **fields}).encode()


def bounds_of(schema: dict) -> list[dict]:
    return schema.get("anyOf", [schema])


def unbounded(schema, where, definitions):
    """Every place of a JSON Schema that has no bound: numbers, texts, lists, maps."""
    if "$ref" in schema:
        yield from unbounded(definitions[schema["$ref"].split("/")[-1]], where, definitions)
        return
    for part in schema.get("anyOf", []):
        yield from unbounded(part, where, definitions)
    kind = schema.get("type")
    if kind in ("integer", "number") and not {"minimum", "exclusiveMinimum"} & schema.keys():
        yield f"{where}: {kind} without minimum"
    if kind in ("integer", "number") and not {"maximum", "exclusiveMaximum"} & schema.keys():
        yield f"{where}: {kind} without maximum"
    if kind == "string" and not {"maxLength", "enum", "format", "pattern", "const"} & schema.keys():
        yield f"{where}: text without maxLength"
    if kind == "array" and "maxItems" not in schema:
        yield f"{where}: list without maxItems"
    if kind == "array" and "items" in schema:
        yield from unbounded(schema["items"], f"{where}[]", definitions)
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        if "maxProperties" not in schema:
            yield f"{where}: map without maxProperties"
        yield from unbounded(schema["additionalProperties"], f"{where}{{}}", definitions)
    for name, part in schema.get("properties", {}).items():
        yield from unbounded(part, f"{where}.{name}", definitions)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_field_of_every_record_has_bounds(topic):
    schema = TypeAdapter(topic.record).json_schema(mode="validation")
    found = set(unbounded(schema, topic.record.__name__, schema.get("$defs", {})))
    # A reading's value is what a device measured, in the device's own unit: metering judges it.
    assert found - {"Reading.value: number without minimum", "Reading.value: number without maximum"} == set()


def instants(record_type):
    """Names of the fields of a record that are instants."""
    hints = typing.get_type_hints(record_type)
    return [
        name for name, hint in hints.items()
        if hint is datetime or (isinstance(hint, types.UnionType) and datetime in typing.get_args(hint))
    ]  # fmt: skip


EVERY_INSTANT = [(topic, name) for topic in TOPICS for name in instants(topic.record)]


@pytest.mark.parametrize(("topic", "name"), EVERY_INSTANT, ids=lambda part: getattr(part, "name", part))
@pytest.mark.parametrize(
    "instant", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0999-12-31T23:45:00Z", "9999-12-31T23:45:00Z", "9999-12-31T23:45:00-14:00"]
)  # fmt: skip
def test_an_instant_that_calendars_cannot_count_with_is_refused_by_name_or_read_as_no_date(topic, name, instant):
    if topic is ORDERS and name != "at_utc" and instant.startswith("9"):
        assert getattr(decode(topic.record, changed(topic, **{name: instant})), name) == NEVER_UTC
        return
    with pytest.raises(UnreadableRecord, match=rf"{topic.record.__name__}\.{name}: an instant in the years 1000 to 8999"):
        decode(topic.record, changed(topic, **{name: instant}))


def test_no_date_survives_the_arithmetic_that_orders_are_made_for():
    order = decode(Order, changed(ORDERS, start_utc="9999-12-31T23:59:59Z", due_utc="9999-12-31T00:00:00+01:00"))
    assert order.end_utc + timedelta(days=366) > order.start_utc == NEVER_UTC
    assert decode(Order, encode(order)) == order


def test_an_integer_that_no_table_holds_is_refused():
    for topic, field in ((ORDERS, "revision"), (INTERVALS, "energy_uwh"), (INTERVALS, "revision"), (READINGS, "sequence")):
        for number in (2**63, -(2**63) - 1, 10**30):
            with pytest.raises(UnreadableRecord, match=field):
                decode(topic.record, changed(topic, **{field: number}))


def test_quantiles_of_different_lengths_are_no_forecast():
    with pytest.raises(UnreadableRecord, match="quantiles of one length"):
        decode(FORECASTS.record, changed(FORECASTS, q10_kw=[1.0]))


def test_a_quarter_hour_has_energy_exactly_where_it_is_not_missing_and_begins_on_the_grid():
    for fields in ({"quality": "missing"}, {"energy_uwh": None}):
        with pytest.raises(UnreadableRecord, match="energy_uwh exactly where quality is not missing"):
            decode(INTERVALS.record, changed(INTERVALS, **fields))
    with pytest.raises(UnreadableRecord, match="the start of a quarter hour"):
        decode(INTERVALS.record, changed(INTERVALS, start_utc="2026-10-23T09:07:00Z"))


@pytest.mark.parametrize(
    ("name", "character"),
    [
        ("M. Adler\x0bSchicht A", r"U\+000B"), ("a\x00b", r"U\+0000"), ("a\nb", r"U\+000A"), ("a\u2028b", r"U\+2028"),
        ("\u202egnp.exe", r"U\+202E"), ("\ufeffA", r"U\+FEFF"), ("\x85", r"U\+0085"),
    ],
)  # fmt: skip
def test_a_name_with_a_character_that_no_file_can_hold_is_refused_with_the_character_named(name, character):
    with pytest.raises(
        UnreadableRecord, match=rf"Decision\.by: text of printable characters, without {character} .* at character \d"
    ):
        decode(Decision, changed(DECISIONS, by=name))


@pytest.mark.parametrize(
    "name", ["李雷", "Мария Иванова", "عائشة", "Ünal-Groß", "🧑‍🔧 Kim", "O'Brien <script>", "=cmd|' /C calc'!A0", "a\u00adb"]
)
def test_names_of_every_alphabet_are_names(name):
    assert decode(Decision, changed(DECISIONS, by=name)).by == name


def test_a_comment_may_have_lines_and_a_name_has_an_end():
    assert decode(Decision, changed(DECISIONS, comment="Ofen\n\tmorgen")).comment == "Ofen\n\tmorgen"
    for field, text in (("by", "x" * 201), ("by", ""), ("comment", "x" * 2001)):
        with pytest.raises(UnreadableRecord, match=field):
            decode(Decision, changed(DECISIONS, **{field: text}))


def test_what_was_taken_under_looser_rules_is_read_with_its_texts_made_printable():
    stored = changed(DECISIONS, by="M. Adler\x0bSchicht A", comment="x" * 5000).decode()
    decision = decode_stored(Decision, stored)
    assert decision.by == "M. Adler\ufffdSchicht A"
    assert len(decision.comment) == 200
    with pytest.raises(UnreadableRecord, match="at_utc"):
        decode_stored(Decision, changed(DECISIONS, at_utc="0001-01-01T00:00:00Z").decode())


def test_printable_text_is_left_as_it_is_and_all_else_becomes_so():
    assert printable("Härteofen 1 (李雷)") == "Härteofen 1 (李雷)"
    assert printable("a\x00b\ud800c\u202ed") == "a\ufffdb\ufffdc\ufffdd"
    assert printable("x" * 300, 200) == "x" * 199 + "…"
    assert printable("a\nb", allowed="\n") == "a\nb"
    assert refused_character(printable("".join(map(chr, range(0x3000))), 20_000)) is None


def test_all_words_of_our_own_fit_where_they_go():
    for topic in TOPICS:
        hints = typing.get_type_hints(topic.record)
        for hint in hints.values():
            if isinstance(hint, type) and issubclass(hint, StrEnum):
                assert all(refused_character(word) is None for word in hint)
    assert all(dataclasses.is_dataclass(topic.record) for topic in TOPICS)
    assert datetime(8999, 12, 31, 23, 45, tzinfo=UTC) == NEVER_UTC


def test_the_name_of_a_field_with_a_control_character_can_be_reported() -> None:
    payload = b'{"key": "advice.saves", "numbers": {"more_\\u007f": 3.0}, "instants": {}, "ids": {}}'
    with pytest.raises(UnreadableRecord) as refused:
        decode(Fact, payload)
    assert "\x7f" not in str(refused.value)
    assert "numbers.more_" in str(refused.value)

"""The published contracts are those of the code."""

import json
from pathlib import Path

import jsonschema
import pytest

from domain.codec import UnreadableRecord, decode, encode, json_schema
from domain.contracts import EXAMPLES, contract_files
from domain.intervals import Interval
from domain.topics import INTERVALS, TOPICS

FOLDER = Path(__file__).parents[2] / "docs" / "contracts"


def test_the_committed_contract_files_are_what_the_types_say():
    stale = [n for n, text in contract_files().items() if not (FOLDER / n).exists() or (FOLDER / n).read_text() != text]
    assert stale == [], "run `lastgang contracts`"


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_an_example_is_valid_and_comes_back_as_it_went(topic):
    payload = encode(EXAMPLES[topic.name])
    jsonschema.validate(json.loads(payload), json_schema(topic.record))
    assert decode(topic.record, payload) == EXAMPLES[topic.name]


def test_a_field_that_a_newer_writer_added_is_ignored():
    document = json.loads(encode(EXAMPLES[INTERVALS.name])) | {"added_later": 1}
    assert decode(Interval, json.dumps(document)) == EXAMPLES[INTERVALS.name]


def test_an_instant_without_zone_is_refused_with_the_field_named():
    document = json.loads(encode(EXAMPLES[INTERVALS.name])) | {"start_utc": "2026-10-23T09:00:00"}
    with pytest.raises(UnreadableRecord, match=r"Interval\.start_utc.*no time zone"):
        decode(Interval, json.dumps(document))

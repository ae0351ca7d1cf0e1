"""What the fuzz found in the reader of records, each as one case."""

from __future__ import annotations

import pytest

from domain.codec import UnreadableRecord, decode
from domain.intervals import Interval
from domain.readings import Reading

READING = '{"site":"werk-nord","meter":"main","channel":"power","observed_ms":%s,"received_ms":1792746305040,"value":%s}'
INTERVAL = (
    '{"site":"werk-nord","meter":"main","channel":"energy_import","start_utc":%s,"energy_uwh":1,"coverage":1.0,'
    '"quality":"measured","method":"register","revision":1}'
)


@pytest.mark.parametrize(
    ("observed_ms", "value", "field", "found"),
    [
        ("1792746305000", "true", "value", "True"),
        ("1792746305000", '"5"', "value", "5"),
        ("1792746305000", '"NaN"', "value", "NaN"),
        ("1792746305000", "NaN", "value", "nan"),
        ("1792746305000", "-Infinity", "value", "-inf"),
        ("1792746305000", "1e400", "value", "inf"),
        ("1792746305000", "1" + 400 * "0", "value", "1000"),
        ("1792746305000", "[5]", "value", r"\[5\]"),
        ("1792746305000.0", "5", "observed_ms", "1792746305000.0"),
        ('"1792746305000"', "5", "observed_ms", "1792746305000"),
        ("true", "5", "observed_ms", "True"),
        ("9" * 30, "5", "observed_ms", "9999"),
        ("1792746305000", '5,"value":6', "value", "value twice"),
        ("1792746305000", '5,"v\\u0061lue":6', "value", "value twice"),
        ("1792746305000", '5,"sequence":1e3', "sequence", "1000.0"),
        ("1792746305000", '5,"text":7', "text", "7"),
        ("1792746305000", '5,"text":"\\ud800"', "record", "werk-nord"),
        ("1792746305000", '5,"text":"\ud800"', "record", "ud800"),
        ("1792746305000", '5,"added_later":' + 9_999 * "[", "record", "werk-nord"),
        ("1792746305000", "1" + 9_999 * "0", "record", "werk-nord"),
    ],
)
def test_nothing_becomes_a_number_that_is_none(observed_ms: str, value: str, field: str, found: str) -> None:
    with pytest.raises(UnreadableRecord, match=rf"^Reading\.{field}(\.float)?: .* \(found .*{found}"):
        decode(Reading, READING % (observed_ms, value))


@pytest.mark.parametrize("start", ["1792746305", '"1792746305"', '"1e9"', "true", '"9999-12-31T23:59:59-12:00"', '"2026-10-23"'])
def test_an_instant_is_written_out_and_within_the_calendar(start: str) -> None:
    with pytest.raises(UnreadableRecord, match=r"^Interval\.start_utc: .* \(found "):
        decode(Interval, INTERVAL % start)


def test_a_whole_number_stays_one_and_zero_keeps_its_sign() -> None:
    values = [decode(Reading, READING % ("1792746305000", text)).value for text in ("9007199254740993", "-0.0", "1e308", "null")]
    assert [repr(value) for value in values] == ["9007199254740993", "-0.0", "1e+308", "None"]

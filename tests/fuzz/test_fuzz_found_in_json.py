"""What the fuzz found in the reader of records, each as one case."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fuzz.json_records import Payload, answer
from benchmarks.fuzz.target import READ, REFUSED
from domain.codec import UnreadableRecord, decode
from domain.errors import InputFaults
from domain.intervals import Interval
from domain.readings import Reading
from domain.topics import ORDERS
from metering.table import read_readings

ORDER = (
    '{"site":"werk-nord","job":"H-1","revision":1,"machine":"m","product":"p","start_utc":"%s","profile_kw":[1.0],'
    '"earliest_utc":"2026-10-23T08:00:00Z","due_utc":"2026-10-23T19:00:00Z","movable":true,"status":"planned","at_utc":"%s"}'
)
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


LINE = (
    '{"site":"s","meter":"m","channel":"power","observed_ms":1773136800000,"received_ms":1773136800300,"value":5,"quality":"good"}'
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (LINE.replace("5,", "NaN,"), r"4: value.*: found .*nan"),
        (LINE.replace("5,", '5,"value":6,'), r"4: value: found .*value twice.*; expected each field once"),
        (LINE.replace('"s"', "5"), r"4: site: found 5; expected a text"),
        (LINE.replace('"good"', '"good","sequence":"x"'), r"4: sequence: found .*x.*; expected Input should be a valid integer"),
        (LINE.replace('"good"', '"good","text":"\\ud800"'), r"4: record: found .*; expected Invalid JSON"),
        (LINE.replace("1773136800300", "99999999999999999"), r"4: received_ms: found .*99999999999999999"),
        (3_000 * "[", r"4: line: found .*; expected a reading as a JSON object"),
    ],
)
def test_a_line_that_is_no_reading_is_never_passed_over(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "readings.jsonl"
    path.write_text("\n".join([LINE, LINE, LINE, line, LINE]))
    with pytest.raises(InputFaults, match=rf"readings\.jsonl:{words}"):
        list(read_readings(path))
    path.write_text("\n".join([LINE, LINE]) + "\n")
    assert list(read_readings(path)) == [decode(Reading, LINE)] * 2


@pytest.mark.parametrize(
    ("start_utc", "at_utc", "outcome"),
    [
        ("9999-12-31T23:59:59-12:00", "2026-10-23T08:00:00Z", READ),
        ("9000-01-01T00:00:00+14:00", "2026-10-23T08:00:00Z", READ),
        ("8999-12-31T23:59:59-12:00", "2026-10-23T08:00:00Z", REFUSED),
        ("2026-10-23T09:00:00Z", "9999-12-31T23:59:59Z", REFUSED),
    ],
)
def test_a_date_beyond_the_calendar_is_no_date_where_planning_systems_write_it_so(
    start_utc: str, at_utc: str, outcome: str
) -> None:
    assert answer(Payload(ORDERS.name, (ORDER % (start_utc, at_utc)).encode())) == outcome

"""Status bits and times of OPC UA values."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.opcua import decode
from connectors.opcua.config import OpcUaDevice
from domain.errors import InputFaults
from domain.readings import ReadingQuality
from domain.toml_files import load_toml

SAMPLE = Path(decode.__file__).parent / "sample.toml"
SOURCE_UTC = datetime(2026, 10, 23, 4, 0, 1, tzinfo=UTC)
SERVER_UTC = datetime(2026, 10, 23, 4, 0, 2, tzinfo=UTC)
SOURCE_MS, SERVER_MS, RECEIVED_MS = 1_792_728_001_000, 1_792_728_002_000, 1_792_728_003_000
GOOD, LOCAL_OVERRIDE, LAST_USABLE, NO_COMMUNICATION = 0x00000000, 0x00960000, 0x40900000, 0x80310000
OVERFLOW = 0x00000480


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        (GOOD, ReadingQuality.GOOD),
        (LOCAL_OVERRIDE, ReadingQuality.GOOD),
        (OVERFLOW, ReadingQuality.GOOD),
        (LAST_USABLE, ReadingQuality.UNCERTAIN),
        (NO_COMMUNICATION, ReadingQuality.BAD),
        (0xC0000000, ReadingQuality.BAD),
    ],
)
def test_quality_is_the_two_severity_bits(status: int, quality: ReadingQuality) -> None:
    assert decode.quality_of(status) is quality


def test_a_good_value_is_dated_by_its_source() -> None:
    assert decode.seen(12.5, GOOD, SOURCE_UTC, SERVER_UTC, RECEIVED_MS) == decode.Seen(12.5, None, ReadingQuality.GOOD, SOURCE_MS)


def test_a_bad_status_has_no_value_whatever_stands_in_its_place() -> None:
    seen = decode.seen(12.5, NO_COMMUNICATION, SOURCE_UTC, SERVER_UTC, RECEIVED_MS)
    assert seen == decode.Seen(None, "status 0x80310000 BadNoCommunication", ReadingQuality.BAD, SOURCE_MS)


def test_without_a_source_time_the_server_dates_and_the_quality_stays() -> None:
    seen = decode.seen(12.5, GOOD, None, SERVER_UTC, RECEIVED_MS)
    assert seen == decode.Seen(12.5, decode.DATED_BY_SERVER, ReadingQuality.GOOD, SERVER_MS)
    assert decode.seen(12.5, GOOD, None, None, RECEIVED_MS).observed_ms == RECEIVED_MS


def test_the_zero_of_opc_ua_times_is_no_time() -> None:
    assert decode.milliseconds(datetime(1601, 1, 1, tzinfo=UTC)) is None


def test_lost_values_before_this_one_are_reported() -> None:
    assert decode.seen(12.5, OVERFLOW, SOURCE_UTC, SERVER_UTC, RECEIVED_MS).text == decode.OVERFLOW
    assert not decode.overflowed(0x00000080)  # without the info type the bit means nothing


def test_states_are_text_and_switches_are_numbers() -> None:
    assert decode.seen("Execute", GOOD, SOURCE_UTC, None, RECEIVED_MS).text == "Execute"
    assert decode.seen(True, GOOD, SOURCE_UTC, None, RECEIVED_MS).value == 1
    assert decode.seen(float("nan"), GOOD, SOURCE_UTC, None, RECEIVED_MS).quality is ReadingQuality.BAD


def test_an_unchanged_counter_is_dated_by_the_servers_read_and_not_by_its_last_change() -> None:
    read_utc = datetime(2026, 10, 23, 5, 0, tzinfo=UTC)
    read_ms = 1_792_731_600_000
    seen = decode.still(1000.0, GOOD, SOURCE_UTC, read_utc, read_ms - 20, read_ms + 20)
    assert seen == decode.Seen(1000.0, decode.STILL_BY_SERVER, ReadingQuality.GOOD, read_ms)
    stale = decode.still(1000.0, GOOD, SOURCE_UTC, SERVER_UTC, read_ms - 20, read_ms + 20)
    assert stale == decode.Seen(1000.0, decode.STILL_BY_GATEWAY, ReadingQuality.GOOD, read_ms)


times = st.none() | st.datetimes(min_value=datetime(1601, 1, 1), max_value=datetime(2200, 1, 1))  # noqa: DTZ001  as the library gives them
values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.lists(st.integers())


@given(values, st.integers(0, 2**32 - 1), times, times)
def test_anything_a_server_says_becomes_a_reading(
    value: object, status: int, source: datetime | None, server: datetime | None
) -> None:
    seen = decode.seen(value, status, source, server, RECEIVED_MS)
    assert seen.quality is ReadingQuality.BAD or seen.value is not None or seen.text is not None
    assert seen.quality is not ReadingQuality.BAD or seen.value is None


def test_the_sample_shows_a_real_machine_and_every_setting() -> None:
    device = load_toml(SAMPLE, OpcUaDevice)
    reported = set(re.findall(r"^(?:# )?(\w+) = ", SAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(type(device.device).model_fields) <= reported


def test_options_of_the_sample_stand_at_their_defaults(tmp_path: Path) -> None:
    shown = tmp_path / "shown.toml"
    shown.write_text(re.sub(r"^# (\w+ = )", r"\1", SAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8")
    assert load_toml(shown, OpcUaDevice) == load_toml(SAMPLE, OpcUaDevice)


@pytest.mark.parametrize(
    ("line", "instead", "words"),
    [
        ('security = "basic256sha256"', "", "device.security: found nothing; expected a value: the key is required"),
        ('security = "basic256sha256"', 'security = "none"', "or security = 'basic256sha256'"),
        ('private_key = "lastgang.pem"', "", "with security = 'basic256sha256' also private_key"),
        ('# user_variable = ""', 'user_variable = "PRESS_USER"', "user_variable and password_variable together"),
        ("# queue_size = 20", "queue_size = 1", "greater than or equal to 2"),
        ('"s=Machine.Power"', '"ns=2;s=Machine.Power"', "without a namespace index"),
    ],
)
def test_what_would_be_insecure_or_lossy_is_a_fault(tmp_path: Path, line: str, instead: str, words: str) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    assert line in text
    file = tmp_path / "device.toml"
    file.write_text(text.replace(line, instead), encoding="utf-8")
    with pytest.raises(InputFaults) as reported:
        load_toml(file, OpcUaDevice)
    assert words in str(reported.value)

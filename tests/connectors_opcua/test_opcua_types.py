"""Every standard type is read as what it is; what is neither number nor text says why, and the server's own reason stays."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st
from own_server import decimal, machine
from recording_opcua import Received, context, gauge, head, session

from connectors.channels import converted
from connectors.opcua import decode
from connectors.opcua.values import Plain, plain
from domain.codec import decode as read_record
from domain.codec import encode
from domain.readings import Reading, ReadingQuality
from domain.texts import TEXT_LENGTH

T = ua.VariantType
GUID = uuid.UUID("72962b91-fa75-4ae6-8d28-b404dc7daf63")
DECIMAL = ua.NodeId(ua.ObjectIds.Decimal)


# Variant on the server; what a register of the plant reads; what a channel of context reads (a number, a text, or why neither).
CASES: dict[str, tuple[ua.Variant, Any, Any]] = {
    "boolean": (ua.Variant(True, T.Boolean), 1, 1),
    "byte": (ua.Variant(5, T.Byte), 5, 5),
    "int64": (ua.Variant(-(2**63), T.Int64), -(2**63), -(2**63)),
    "int64_odd": (ua.Variant(2**53 + 1, T.Int64), 2**53 + 1, 2**53 + 1),
    "uint64": (ua.Variant(2**63 - 1, T.UInt64), 2**63 - 1, 2**63 - 1),
    "uint64_beyond": (ua.Variant(2**63, T.UInt64), 2.0**63, 2.0**63),
    "float": (ua.Variant(0.5, T.Float), 0.5, 0.5),
    "decimal": (ua.Variant(decimal(123_456, 2), T.ExtensionObject), 1234.56, 1234.56),
    "decimal_whole": (ua.Variant(decimal(-42, -3), T.ExtensionObject), -42_000, -42_000),
    "array_of_one": (ua.Variant([3.5], T.Double), 3.5, 3.5),
    "matrix_of_one": (ua.Variant([[7]], T.Int32), 7, 7),
    "variant_in_variant": (ua.Variant([ua.Variant(9, T.Int16)], T.Variant), 9, 9),
    "text_number": (ua.Variant("1234.5", T.String), 1234.5, "1234.5"),
    "text_comma": (ua.Variant("1234,5", T.String), 1234.5, "1234,5"),
    "text_exponent": (ua.Variant(" -1.5E3 ", T.String), -1500, " -1.5E3 "),
    "text_whole": (ua.Variant("0017", T.String), 17, "0017"),
    "localized_number": (ua.Variant(ua.LocalizedText("12"), T.LocalizedText), 12, "12"),
    "text_either": (ua.Variant("1,234", T.String), "may be a number with decimals or in thousands", "1,234"),
    "text": (ua.Variant("Execute", T.String), "text is no number: 'Execute'", "Execute"),
    "localized": (ua.Variant(ua.LocalizedText("Ausführen", "de"), T.LocalizedText), "text is no number: 'Ausführen'", "Ausführen"),
    "qualified": (ua.Variant(ua.QualifiedName("Idle", 2), T.QualifiedName), "QualifiedName is no number: 'Idle'", "Idle"),
    "bytes": (ua.Variant(b"\x00\xff", T.ByteString), "ByteString is no number: '0x00FF'", "0x00FF"),
    "guid": (ua.Variant(GUID, T.Guid), f"Guid is no number: '{GUID}'", str(GUID)),
    "date": (
        ua.Variant(datetime(2026, 1, 1, tzinfo=UTC), T.DateTime),
        "DateTime is no number: '2026-01-01",
        "2026-01-01T00:00:00Z",
    ),
    "node": (ua.Variant(ua.NodeId("a", 2), T.NodeId), "NodeId is no number: 'ns=2;s=a'", "ns=2;s=a"),
    "status": (ua.Variant(ua.StatusCode(ua.UInt32(0x80310000)), T.StatusCode), "StatusCode is no number", "BadNoCommunication"),
}
NEITHER: dict[str, tuple[ua.Variant, str]] = {
    "null": (ua.Variant(None, T.Null), "no value (Null)"),
    "nan": (ua.Variant(float("nan"), T.Double), "nan is no number that can be used"),
    "array": (ua.Variant([1.0, 2.0], T.Double), "an array of 2 is no number and no text"),
    "empty_array": (ua.Variant([], T.Double), "an empty array is no number and no text"),
    "structure": (
        ua.Variant(ua.EUInformation(UnitId=ua.Int32(5)), T.ExtensionObject), "a structure (EUInformation) is no number and no text",
    ),
    "unknown_structure": (
        ua.Variant(ua.ExtensionObject(ua.NodeId(4711, 2), b"\x01\x02"), T.ExtensionObject), "a structure (ns=2;i=4711) is no number",
    ),
    "decimal_broken": (ua.Variant(ua.ExtensionObject(DECIMAL, b"\x00"), T.ExtensionObject), "a structure (i=50) is no number and no text"),
}  # fmt: skip
"""What no channel can use, and why."""


def test_standard_types_are_read_from_a_server_as_what_they_are() -> None:
    async def main() -> None:
        variants = [(name, variant) for name, (variant, *_) in {**CASES, **NEITHER}.items()]
        async with machine(variables=variants) as server:
            received = Received()
            names = [name for name, _ in variants]
            wanted = [gauge(f"r-{name}", f"s={name}") for name in names] + [context(f"c-{name}", f"s={name}") for name in names]
            async with session(head(server.endpoint), received, wanted=wanted):
                await received.until(lambda: len({reading.channel for reading in received.readings}) == len(wanted))
                await received.until(lambda: bool(received.states))
            assert received.states == ["connected"]
            assert received.refused == [()]
            wrong = [
                (channel, reading, means)
                for name, means_both in _meant().items()
                for channel, means in zip((f"r-{name}", f"c-{name}"), means_both, strict=True)
                for reading in received.of(channel)
                if not _is(reading, means)
            ]
            assert wrong == []

    asyncio.run(asyncio.wait_for(main(), 120))


def _meant() -> dict[str, tuple[Any, Any]]:
    return {name: (register, other) for name, (_, register, other) in CASES.items()} | {
        name: (why, why) for name, (_, why) in NEITHER.items()
    }


def _is(reading: Any, means: Any) -> bool:
    if reading.quality is ReadingQuality.BAD:
        return reading.value is None and isinstance(means, str) and means in reading.text
    if isinstance(means, str):
        return bool(reading.value is None and reading.text == means)
    return bool(reading.value == means and type(reading.value) is type(means) and reading.text is None)


def test_enumerations_are_read_by_name_and_as_numbers_where_a_register_asks_for_them() -> None:
    async def main() -> None:
        async with machine() as server:
            of_strings = await server.server.nodes.enum_data_type.add_data_type(server.node_id("OfStrings"), "OfStrings")
            texts = [ua.LocalizedText(text) for text in ("Stopped", "Idle", "Execute")]
            await of_strings.add_property(ua.NodeId("OfStrings.Names", server.index), ua.QualifiedName("EnumStrings", 0), texts)
            of_definition = await server.server.nodes.enum_data_type.add_data_type(server.node_id("OfDefinition"), "OfDefinition")
            fields = [ua.EnumField(Value=ua.Int64(number), Name=name) for number, name in ((7, "Held"), (20, "Aborted"))]
            definition = ua.DataValue(ua.Variant(ua.EnumDefinition(Fields=fields), T.ExtensionObject))
            await of_definition.write_attribute(ua.AttributeIds.DataTypeDefinition, definition)
            await server.add("A", 2, T.Int32, of_strings.nodeid)
            await server.add("B", 20, T.Int32, of_definition.nodeid)
            multi = await server.add("C", 4, T.UInt16)
            values = [ua.EnumValueType(Value=ua.Int64(4), DisplayName=ua.LocalizedText("Rüsten"), Description=ua.LocalizedText())]
            await multi.add_property(ua.NodeId("C.Values", server.index), ua.QualifiedName("EnumValues", 0), values)
            switch = await server.add("D", True, T.Boolean)
            for name, text in (("TrueState", "Ein"), ("FalseState", "Aus")):
                await switch.add_property(ua.NodeId(f"D.{name}", server.index), ua.QualifiedName(name, 0), ua.LocalizedText(text))
            await server.add("E", 3, T.Int32)
            received = Received()
            wanted = [context(name, f"s={name}") for name in "ABCDE"] + [gauge(f"r{name}", f"s={name}") for name in "ABCDE"]
            async with session(head(server.endpoint), received, wanted=wanted):
                for name, received_value in (("A", "Execute"), ("B", "Aborted"), ("C", "Rüsten"), ("D", "Ein"), ("E", 3)):
                    await received.until_published(received_value, name)
                for name, number in (("A", 2), ("B", 20), ("C", 4), ("D", 1), ("E", 3)):
                    await received.until_published(number, f"r{name}")
                await server.write("A", 1, kind=T.Int32)
                await received.until_published("Idle", "A")
                await server.write("D", False, kind=T.Boolean)
                await received.until_published("Aus", "D")
                await server.write("B", 8, kind=T.Int32)  # a number that has no name stays one
                await received.until_published(8, "B")

    asyncio.run(asyncio.wait_for(main(), 120))


def test_the_servers_reason_stays_when_its_value_is_read_again() -> None:
    async def main() -> None:
        async with machine(variables=[("P", 1.0)]) as server:
            received = Received()
            async with session(head(server.endpoint, max_silence_s=0.3), received, wanted=[gauge("power", "s=P")]):
                await received.until_published(1.0, "power")
                bad = ua.StatusCode(ua.UInt32(ua.StatusCodes.BadSensorFailure))
                await server.server.write_attribute_value(server.node_id("P"), ua.DataValue(StatusCode=bad))
                await received.until(lambda: sum(reading.quality is ReadingQuality.BAD for reading in received.readings) >= 3)
            texts = [reading.text or "" for reading in received.readings if reading.quality is ReadingQuality.BAD]
            assert all(text.startswith("status 0x808C0000 BadSensorFailure") for text in texts)

    asyncio.run(asyncio.wait_for(main(), 120))


SOURCE_UTC = datetime(2026, 10, 23, 4, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize("status", [0x808C0000, 0x40920000])
def test_an_unchanged_value_says_first_what_the_server_says_of_it(status: int) -> None:
    still = decode.still(1.0, status, SOURCE_UTC, None, 1_000, 2_000)
    assert still.text == f"{decode.status_text(status)}; {decode.STILL_BY_GATEWAY}"


@pytest.mark.parametrize("text", ["Run\x00\x0b\x1e", "x" * 5_000, "\ud800", "a\u2028b", "\u202egnp.exe", "\udce4"])
def test_a_text_that_no_record_may_hold_reaches_the_topic_cleaned_and_cut(text: str) -> None:
    seen = decode.seen(text, 0, SOURCE_UTC, None, 0)
    assert seen.text is not None
    assert 0 < len(seen.text) <= TEXT_LENGTH
    reading = Reading("s", "m", "state", seen.observed_ms, seen.observed_ms, None, seen.quality, seen.text)
    assert read_record(Reading, encode(reading)) == reading


@given(st.integers(-(2**64), 2**64), st.sampled_from([Decimal(1), Decimal(1000), Decimal("0.001")]))
def test_whole_numbers_stay_exact_where_64_bits_hold_them(number: int, by: Decimal) -> None:
    value = converted(number, by)
    exact = number * by
    if exact == int(exact) and -(2**63) <= exact < 2**63:
        assert value == exact
        assert isinstance(value, int)
    else:
        assert isinstance(value, float)
        assert abs(Decimal(value) - exact) <= abs(exact) * Decimal(2) ** -52


@given(st.integers(-(2**80), 2**80), st.integers(-40, 40))
def test_decimals_are_their_number(unscaled: int, scale: int) -> None:
    number = plain(decimal(unscaled, scale)).number
    assert number is not None
    assert float(number) == float(Decimal(unscaled).scaleb(-scale))
    assert plain(ua.DecimalDataType(ua.Int16(scale), unscaled.to_bytes(12, "little", signed=True))).number == number


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4))
def test_a_text_that_holds_a_number_is_that_number_for_a_register(number: Decimal) -> None:
    assert plain(str(number), of_register=True) == Plain(float(number))
    assert plain(str(number)) == Plain(text=str(number))

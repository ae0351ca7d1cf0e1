"""Values that break readers, and blind changes of bytes: the raw material of all targets."""

from __future__ import annotations

from random import Random

JSON_TOKENS = (
    "null", "true", "false", "0", "-0", "-0.0", "0.1", "1e308", "1.7976931348623157e308", "1e309", "-1e400", "5e-324", "1e-400", "NaN",
    "Infinity", "-Infinity", "nan", "inf", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
    "18446744073709551615", "1" + 40 * "0", "1" + 400 * "0", "1" + 5_000 * "0", "0." + 400 * "3", "1E5", "1e5", "1.0", "5.", ".5", "+5", "05",
    "0x10", "1_000", "1,5", '"5"', '"5.0"', '"NaN"', '"true"', '""', '" "', '"good"', '"bad"', '"Good"', '"live"', '"\\ud800"', '"\\udc00x"',
    '"\\ud83d\\ude00"', '"\\u0000"', '"\\u001e\\u001f"', '"\x1e"', '"\x1f"', '"\x00"', '"\t"', '"\ufeff"', '"\u202e"', '"\\x41"', "[]", "[5]", "{}",
    '{"value":5}', '{"a":1,"a":2}', 60 * "[" + 60 * "]", 300 * "[" + 300 * "]", 2_000 * "[", 60 * '{"a":' + "1" + 60 * "}", '"2026-10-23T09:00:00Z"',
    '"2026-10-23T09:00:00"', '"2026-10-23"', '"1792746305"', '"9999-12-31T23:59:59-12:00"', '"0001-01-01T00:00:00+12:00"',
    '"2026-10-25T02:30:00+02:00"', '"2026-02-30T00:00:00Z"', '"24:00"', "1792746305000", "1792746305000.0", "1.792746305e12", "-1", "'5'",
    "undefined", "", "\ufeff5", '"' + 5_000 * "x" + '"',
)  # fmt: skip

TOML_TOKENS = (
    "true", "false", "0", "-0", "+0", "-0.0", "1", "-1", "0.1", "1e308", "1e309", "-1e400", "5e-324", "nan", "-nan", "inf", "-inf",
    "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1" + 400 * "0", "1" + 5_000 * "0", "1e999999",
    "1e99999999999999999999", "1e-99999999999999999999", "0." + 400 * "3", "1_000", "0x10", "0o17", "0b1", "05", "5.", ".5", '"5"', "'5'", '"true"',
    '""', '" "', '"\\u0000"', '"a\\u0000b"', '"\\uD800"', '"\\U00110000"', '"""x\ny"""', "'''[a]\nb = 1'''", "[]", "[[]]", "{}", "[1, 2]", '["a"]',
    "{a = 1}", '[{id = "x"}]', 100 * "[" + 100 * "]", 3_000 * "[" + 3_000 * "]", 60 * "{a=" + "1" + 60 * "}", "2026-01-01", "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00", "2026-10-25T02:30:00+02:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "07:32:00", "2026-13-45", '"24:00"',
    '"25:00"', '"0٨:00"', '"Europe/Berlin"', '"Europe"', '"../../etc/passwd"', '"/dev/zero"', '"' + 300 * "x" + '"', '"' + 5_000 * "x" + '"', '"kWh"',
    '"counter"', '"i=²"', '"i=99999999999"', '"g=x"', '"b=*"', '"s="', '"FFFF"', '"1.00 ct/kWh"', '"-5 kW"', '"1e5 kW"', '"٣ EUR/kWh"', '"nan EUR/kWh"',
    '"main"', "'\x7f'", "\x00", '"\x1e"', "", "[" + 200 * "\n[" + 40 * " " + "1]" + 199 * "]" + "]", "[\n[" + 3_000 * " " + "]]", "[\n[" + 3_000 * " " + "1,\n2]]", '"\u2028"', '"\x85"',
)  # fmt: skip

BYTES = (
    b"\x00", b"\x1e", b"\x1f", b"\x7f", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xfe\xff", b"\r", b"\n", b"\r\n",
    b"\x0b", b"\x0c", b"\x85", b"\xe2\x80\xa8", b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b"=", b"#", b"'", b" ", b"0", b"9", b"e", b"-", b".", b";",
)  # fmt: skip


def mutilated(rng: Random, data: bytes, other: bytes = b"") -> bytes:
    """`data` with one to eight blind changes; parts of `other` may be let in."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(changed) + 1)
        far = min(len(changed), at + rng.choice((1, 1, 2, 4, 16, 64)))
        match rng.randrange(9):
            case 0 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at:far]
            case 2:
                changed[at:at] = changed[at:far] * rng.choice((1, 2, 50))
            case 3:
                changed[at:at] = rng.choice(BYTES)
            case 4:
                changed[at:far] = rng.choice(BYTES)
            case 5:
                changed[at:at] = rng.randbytes(rng.choice((1, 2, 8)))
            case 6:
                del changed[at:]
            case 7 if other:
                start = rng.randrange(len(other))
                changed[at:at] = other[start : start + rng.choice((1, 8, 64, 512))]
            case 8:
                changed[:0] = rng.choice((b"\xef\xbb\xbf", b" ", b"\n", b"\x00"))
            case _:
                pass
    return bytes(changed)


def noise(rng: Random) -> bytes:
    """Bytes out of nowhere."""
    return rng.randbytes(rng.choice((0, 1, 2, 7, 64, 300)))

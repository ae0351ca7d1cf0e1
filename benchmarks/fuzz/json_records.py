"""Records of all topics as JSON: what `domain.codec` makes of them is held against Python's own reader, token by token."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from benchmarks.fuzz.nasty import JSON_TOKENS, mutilated, noise
from benchmarks.fuzz.target import READ, REFUSED, Target, must
from domain.channels import IMPORT
from domain.codec import UnreadableRecord, decode, encode
from domain.contracts import EXAMPLES
from domain.readings import Reading, ReadingQuality, Rejection
from domain.topics import READINGS, TOPICS
from stream_jobs.buckets import Raw
from stream_jobs.run_bucket import read

Items = list[tuple[str, str]]
_RECORDS = {topic.name: encode(EXAMPLES[topic.name]) for topic in TOPICS}
_OTHERS = [name for name in _RECORDS if name != READINGS.name]
_RECORD_OF = {topic.name: topic for topic in TOPICS}
_MAY_BE_NEVER = {"Order.start_utc", "Order.earliest_utc", "Order.due_utc"}
_NEVER = "8999-12-31T23:45:00Z"
_WORDS = re.compile(r"^\w+\..+: \S.* \(found .+\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes that came on a topic."""

    topic: str
    raw: bytes


def make(rng: Random) -> Payload:
    """A record of some topic, mostly a reading: as it should be, with fields changed, with bytes changed, or none at all."""
    topic = READINGS.name if rng.random() < 0.75 else rng.choice(_OTHERS)
    kind = rng.random()
    if kind < 0.05:
        return Payload(topic, noise(rng))
    if kind < 0.25:
        return Payload(topic, mutilated(rng, _RECORDS[topic], _RECORDS[rng.choice(_OTHERS)]))
    items = _reading(rng) if topic == READINGS.name else _items(json.loads(_RECORDS[topic]))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        _spoil(rng, items)
    raw = _text(rng, items).encode("utf-8", "surrogatepass")
    return Payload(topic, mutilated(rng, raw) if rng.random() < 0.05 else raw)


def _items(document: dict[str, Any]) -> Items:
    return [(json.dumps(key), json.dumps(value, ensure_ascii=False)) for key, value in document.items()]


def _reading(rng: Random) -> Items:
    observed = rng.choice((1792746305000, rng.randrange(0, 2**41)))
    text = rng.choice((None, None, "connected", "Ofen läuft", "status 0x40000000", 'a "quoted" word', "\u001e\u001f\u0000"))
    document: dict[str, Any] = {
        "site": rng.choice(("werk-nord", "w", "Süd")), "meter": rng.choice(("main", "press-1")),
        "channel": rng.choice(("power", IMPORT, "state")), "observed_ms": observed,
        "received_ms": observed + rng.randrange(-5, 5000), "value": rng.choice((None, rng.random() * 10 ** rng.randrange(-3, 12), rng.randrange(2**40))),
        "quality": rng.choice(("good", "good", "uncertain", "bad")), "text": text, "gateway": rng.choice((None, "gateway-1")),
        "sequence": rng.choice((None, rng.randrange(2**31))), "origin": rng.choice(("live", "live", "history")),
    }  # fmt: skip
    items = _items(document)
    return items if rng.random() < 0.8 else rng.sample(items, len(items))


def _spoil(rng: Random, items: Items) -> None:
    at = rng.randrange(len(items)) if items else -1
    match rng.randrange(10) if items else 9:
        case 0:
            del items[at]
        case 1:
            items.insert(rng.randrange(len(items) + 1), (items[at][0], rng.choice((items[at][1], rng.choice(JSON_TOKENS)))))
        case 2:
            items[at] = (
                rng.choice((items[at][0].upper(), '""', items[at][0][:-1] + ' "', items[at][0].strip('"'), "5")),
                items[at][1],
            )
        case 3:
            items[at] = ('"' + "".join(f"\\u{ord(letter):04x}" for letter in items[at][0].strip('"')) + '"', items[at][1])
        case 4:
            items.append(('"added_later"', rng.choice(JSON_TOKENS)))
        case 5:
            other = rng.randrange(len(items))
            items[at] = (items[at][0], items[other][1])
        case _:
            items[at] = (items[at][0], rng.choice(JSON_TOKENS)) if items else ('"x"', "1")


def _text(rng: Random, items: Items) -> str:
    style = rng.random()
    colon, comma = (":", ",") if style < 0.7 else (" : ", ",\n ") if style < 0.95 else ("\t:\r\n", "\t,")
    body = "{" + comma.join(f"{key}{colon}{value}" for key, value in items) + "}"
    return (
        body
        if style < 0.97
        else rng.choice((body + body, f"[{body}]", "\ufeff" + body, body + "\x00", " \n" + body + " ", json.dumps(body)))
    )


def answer(payload: Payload) -> str:
    """Read it as consumers do; then check what was read, or the error's text."""
    topic = _RECORD_OF[payload.topic]
    try:
        record = decode(topic.record, payload.raw)
    except UnreadableRecord as error:
        message = str(error)
        must(bool(_WORDS.match(message)), f"says too little: {message[:200]!r}")
        must(len(message) < 2000, f"a message of {len(message)} characters")
        must(not _is_faultless(payload), f"refused although it is as it should be: {message}")
        _leaves_whole(payload, message)
        return REFUSED
    document = plain(payload.raw)
    if isinstance(record, Reading):
        _is_this_reading(record, document)
    _is_equal(document, json.loads(encode(record)), topic.record.__name__)
    must(decode(topic.record, encode(record)) == record, "is another record after it was written and read again")
    return READ


def _is_faultless(payload: Payload) -> bool:
    return payload.raw == _RECORDS[payload.topic]


def _leaves_whole(payload: Payload, message: str) -> None:
    """On the stream, what cannot be read leaves as a rejection that holds it whole."""
    good, bad = read([Raw(_RECORD_OF[payload.topic], 1, 7, payload.raw)], "werk-nord/main")
    must(not good and len(bad) == 1, f"one rejection was to leave the stream, not {len(good)} records and {len(bad)} rejections")
    rejection = bad[0][1]
    whole = payload.raw.decode(errors="backslashreplace")
    must(isinstance(rejection, Rejection) and rejection.original == whole, "the rejection does not hold the original whole")
    must(rejection.detail == message and rejection.source.endswith("/1/7"), f"the stream says {rejection}"[:300])
    must(decode(Rejection, encode(rejection)) == rejection, "the rejection does not survive the wire")


def plain(raw: bytes) -> Any:
    """The document by the standard library, numbers kept apart from each other; `Wrong` if that cannot read it."""
    try:
        return json.loads(raw.decode(), parse_float=Decimal, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        must(False, f"read, but it is no JSON: {error}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    must(len(document) == len(pairs), f"read, but it names fields twice: {[key for key, _ in pairs]}")
    return document


def _is_this_reading(reading: Reading, document: Any) -> None:
    """By hand, one field after the other: the record that all of it stands on."""
    for name in ("site", "meter", "channel", "observed_ms", "received_ms", "value"):
        must(name in document, f"read without {name}")
    for name in ("site", "meter", "channel"):
        must(
            type(document[name]) is str and getattr(reading, name) == document[name],
            f"{name} {document[name]!r} was read as {reading}",
        )
    for name in ("text", "gateway"):
        found = document.get(name)
        must(found is None or type(found) is str, f"{name} {found!r} was read")
        must(getattr(reading, name) == found, f"{name} {found!r} was read as {reading}")
    for name in ("observed_ms", "received_ms", "sequence"):
        found, got = document.get(name), getattr(reading, name)
        must(type(found) is int or (found is None and name == "sequence"), f"{name} {found!r} was read")
        must(type(got) is type(found) and got == found, f"{name} {found!r} was read as {got!r}")
        must(got is None or -(2**63) <= got < 2**63, f"{name} {got!r} fits no table")
    _is_this_number(document["value"], reading.value)
    must(type(reading.quality) is ReadingQuality and reading.quality.value == document.get("quality", "good"), "another quality")
    must(reading.origin == document.get("origin", "live") and reading.origin in ("live", "history"), "another origin")


def _is_this_number(found: Any, got: Any) -> None:
    must(type(got) in (int, float, type(None)), f"value {got!r}")
    if found is None or got is None:
        must(found is None and got is None, f"value {found!r} was read as {got!r}")
        return
    must(type(found) in (int, Decimal), f"value {found!r} was read as {got!r}")
    must(math.isfinite(got), f"value {found!r} was read as {got!r}")
    if type(found) is int and -(2**63) <= found < 2**63:
        must(type(got) is int and got == found, f"value {found!r} was read as {got!r}")
    else:
        nearest = float(found)
        must(got == nearest and math.copysign(1, got) == math.copysign(1, nearest), f"value {found!r} was read as {got!r}")


def _is_equal(came: Any, read_as: Any, where: str) -> None:
    """`read_as`, written again, says nothing that did not come and nothing otherwise; defaults aside."""
    if isinstance(read_as, dict):
        must(isinstance(came, dict), f"{where}: {str(came)[:80]!r} was read as {read_as}")
        for key, value in read_as.items():
            if key in came:
                _is_equal(came[key], value, f"{where}.{key}")
    elif isinstance(read_as, list):
        must(isinstance(came, list) and len(came) == len(read_as), f"{where}: {str(came)[:80]!r} was read as {read_as}")
        for number, (one, other) in enumerate(zip(came, read_as, strict=True)):
            _is_equal(one, other, f"{where}[{number}]")
    elif isinstance(read_as, str):
        same = type(came) is str and (came == read_as or _instant(came) == _instant(read_as) is not None)
        must(
            same or (where in _MAY_BE_NEVER and read_as == _NEVER and _is_beyond_the_calendar(came)),
            f"{where}: {came!r} was read as {read_as!r}",
        )
    elif read_as is None or isinstance(read_as, bool):
        must(came is read_as, f"{where}: {came!r} was read as {read_as!r}")
    else:
        must(type(came) in (int, Decimal), f"{where}: {came!r} was read as {read_as!r}")
        must(came == read_as or float(came) == float(read_as), f"{where}: {came!r} was read as {read_as!r}")


def _is_beyond_the_calendar(text: Any) -> bool:
    """Whether it is how planning systems write "no date": a year after 8999 where it is written."""
    instant = _instant(text) if isinstance(text, str) else None
    return instant is not None and instant.year > 8999


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None


TARGET = Target("json", 0.43, make, answer, "records of all topics as JSON, and the rejections that hold them")

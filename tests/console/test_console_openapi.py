"""The API's description is true: whatever is asked, every answer is one that it names, in the form that it names, and none is a 500."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from console_ledger import sample_ledger
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from test_console_api import TOKEN, app_of

from domain.plant import Plant

INSTANTS = [
    "2026-10-23T00:00:00Z", "2026-10-23T06:00:00+02:00", "2026-10-24T00:00:00Z", "2026-10-23T00:07:13.5Z", "2025-10-23T00:00:00Z",
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "1000-01-01T00:00:00Z", "0999-12-31T23:59:59Z", "8999-12-31T23:59:59Z",
    "9000-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-10-23T00:00:00", "2026-10-23", "2026-02-30T00:00:00Z",
    "2026-10-23T24:00:00Z", "1e400", "NaN", "-1", "0", "99999999999999999999", "", "\u0662\u0660\u0662\u0666-10-23T00:00:00Z",
]  # fmt: skip
TEXTS = [
    "main", "press-1", "energy_import", "power", "R-0421", "R-0417", "2026-10", "1999-01", "2026-13", "0000-10", "9999-12", "2026-10\n",
    "", " ", "..", "../../etc/passwd", "%00", "\x00", "a\nb", "\u000b", "\u202e", "\ufeff", "李雷", "😀", "<script>", "' OR 1=1--", "x" * 201,
    "x" * 3000, "\u0662\u0660\u0662\u0666-10",
]  # fmt: skip
BODIES: list[Any] = [
    {"kind": "accepted", "by": "A"}, {"kind": "rejected", "by": "A"}, {"kind": "rejected", "by": "A", "reason": "staff", "comment": "krank"},
    {"kind": "accepted", "by": "\ud800"}, {"kind": "accepted", "by": "M. Adler\u000bSchicht A"}, {"kind": "accepted", "by": ""},
    {"kind": "accepted", "by": "x" * 201}, {"kind": "accepted", "by": "A", "comment": "\u0000"}, {"kind": "accepted", "by": 1},
    {"kind": "accepted", "by": float("inf")}, {"kind": ["accepted"], "by": {}}, {"kind": "accepted", "by": "A", "reason": None},
    {"machine": "press-1", "duration": "1:00"}, [{"job": "N-1", "machine": "press-1", "duration": "90 min", "Start": "23.10.2026 06:00"}],
    [{"job": "\ud800"}], [{"job": ["a"], "machine": {}, "start": 1e300, "due": 10**400, "x": None}], [{}], [{"Job": 1, "job": 2}], [1],
    [{"id": "leaks", "first_local": "2026-10-05"}], [{"id": "x", "kind": "event", "first_local": "2026-10-05", "last_local": "2026-10-04"}],
    {"worked": True}, [{"shift": "early", "day": "2026-10-24", "worked": "yes", "from": 0.25}], [{"shift": ["a"], "day": {}, "worked": 1e300}],
    {"kind": "normal", "by": "A"}, {"kind": "taken_back", "by": "A", "comment": "x"}, {"kind": "fixed", "by": ""}, {"month": "2026-10"}, {"month": "2026-13"}, {"month": "0000-10"}, {"month": "1999-01"}, {"month": "2026-10\n"}, {"month": 1},
    {"month": "\ud800"}, None, [], {}, "x", 1, True, float("nan"), [[]] * 100,
]  # fmt: skip
RAW = [b"", b"{", b"\xff\xfe", b"[" * 2000, b'{"a":' * 2000, b'{"kind":"accepted","by":' + b"9" * 5000 + b"}", b"\x00"]
RIGHT = {
    "incident": ["furnace-1/on_while_off/1", "x"], "machine": ["furnace-1", "press-1", "x"],
    "meter": ["main", "press-1", "moulding-2"], "channel": ["energy_import"], "anomaly": ["furnace-1/on_while_off/1", "press-2/counter/1"], "recommendation": ["R-0421", "R-0422", "R-0417"],
    "job": ["J-1043", "J-1041", "J-1/2"], "dry_run": ["true", "false"], "month": ["2026-10"], "period": ["2026-10"], "name": ["report.csv"], "from_utc": ["2026-10-23T00:00:00Z"], "to_utc": ["2026-10-23T09:00:00Z"],
    "measure": ["leaks", "x"], "event": ["started", "done"], "shift": ["early", "late"], "day": ["2026-10-24", "2026-10-26"], "by": ["M. Adler"], "weeks": ["4"],
    "as_of": ["2026-10-23T04:00:00Z"], "as_of_utc": ["2026-10-23T09:00:00Z"],
}  # fmt: skip
TYPES = ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    from console_sample import demo_plant

    plant: Plant = demo_plant(tmp_path_factory.mktemp("plant"))
    client, _, board = app_of(plant, Path(tmp_path_factory.mktemp("reports")), TOKEN, sample_ledger(plant))
    client = TestClient(client.app, raise_server_exceptions=False)
    assert (
        client.post("/api/v1/reports", json={"month": "2026-10"}, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 201
    )
    yield client
    board.close()


@cache
def validator(client: TestClient, schema: str) -> Draft202012Validator:
    components = client.get("/openapi.json").json()["components"]
    return Draft202012Validator({**json.loads(schema), "components": components})


def calls(client: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, description) of every call that is described, and whose answer has an end."""
    paths = client.get("/openapi.json").json()["paths"]
    found = [(method, path, call) for path, methods in paths.items() for method, call in methods.items()]
    return [
        (m, p, call)
        for m, p, call in found
        if not any("text/event-stream" in r.get("content", {}) for r in call["responses"].values())
    ]


def value_of(parameter: dict[str, Any]) -> st.SearchStrategy[str]:
    name = parameter["name"]
    if name == "most":
        return st.sampled_from(["1", "5000", "0", "-1", "5001", "1e3", "9" * 30, "x", ""])
    if name == "authorization":
        return st.sampled_from([f"Bearer {TOKEN}"] * 9 + ["Bearer x", "Basic x", "", "Bearer " + "x" * 3000])
    right = st.sampled_from(RIGHT[name])
    if name.endswith("_utc") or name == "as_of":
        return right | st.sampled_from(INSTANTS)
    # Halves of surrogate pairs cannot stand in an address.
    return right | st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def requests(draw: st.DrawFn, call: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"path": {}, "query": {}, "header": {}}
    for parameter in call.get("parameters", []):
        if parameter["in"] == "path" or draw(st.integers(0, 9)) < 8:
            found[parameter["in"]][parameter["name"]] = draw(value_of(parameter))
    if "requestBody" in call:
        body = st.sampled_from(BODIES).map(lambda one: json.dumps(one).encode()) | st.sampled_from(RAW) | st.binary(max_size=30)
        found["body"] = draw(body)
        found["header"]["content-type"] = draw(st.sampled_from(TYPES[:1] * 12 + TYPES))
    return found


def send(client: TestClient, method: str, path: str, wanted: dict[str, Any]) -> Any:
    for name, value in wanted["path"].items():
        path = path.replace("{" + name + "}", quote(value, safe=""))
    headers = {name: value.encode() for name, value in wanted["header"].items()}
    return client.request(method, path, params=wanted["query"], headers=headers, content=wanted.get("body"))


def test_every_call_answers_whatever_is_requested_as_its_description_says(api: TestClient) -> None:
    described = calls(api)
    assert len(described) == 44

    @settings(max_examples=1200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        method, path, call = data.draw(st.sampled_from(described))
        wanted = data.draw(requests(call))
        answer = send(api, method, path, wanted)
        status = str(answer.status_code)
        nothing_there = answer.json() == {"detail": "Not Found"} if status == "404" else False  # another path than was meant
        if status in ("404", "405", "307") and (nothing_there or "there is no such call" in answer.text or status != "404"):
            return
        assert status in call["responses"], (status, answer.text[:300])
        content = call["responses"][status].get("content", {})
        if "application/json" in content:
            assert answer.headers["content-type"] == "application/json"
            schema = json.dumps(content["application/json"]["schema"])
            errors = list(validator(api, schema).iter_errors(answer.json()))
            assert not errors, (errors[0].message, list(errors[0].absolute_path), answer.text[:300])
        else:
            assert answer.headers["content-type"].split(";")[0] in {*content, "text/csv", "application/octet-stream"}

    check()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (
            "meters/main/intervals?from_utc=0001-01-01T00:00:00%2B14:00&to_utc=2026-10-23T00:00:00Z",
            "an instant in the years 1000 to 8999",
        ),
        ("forecast?as_of=9999-12-31T23:59:59-14:00", "an instant in the years 1000 to 8999"),
        ("meters/main/gaps?from_utc=2026-10-23T00:00:00Z&to_utc=2026-10-22T00:00:00Z", "an instant 0 to 400 days after from_utc"),
        ("meters/main/gaps?from_utc=2026-10-23T00:00:00Z", "query.to_utc: Field required (found nothing)"),
        ("meters/%0b/gaps?from_utc=2026-10-23T00:00:00Z&to_utc=2026-10-23T00:00:00Z", "without U+000B"),
    ],
)
def test_what_cannot_be_requested_is_refused_with_what_can(api: TestClient, path: str, words: str) -> None:
    answer = api.get(f"/api/v1/{path}")
    assert (answer.status_code, words in answer.json()["detail"]) == (422, True), answer.text
    (fault,) = answer.json()["faults"]
    assert fault.keys() == {"field", "found", "expected"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"kind":"accepted","by":"\\ud800"}', "body.by: Input should be a valid string"),
        (b'{"kind":"accepted","by":"M. Adler\\u000bSchicht A"}', "without U+000B (a control character) at character 9"),
        (b'{"kind":"accepted","by":"A","comment":"a\\u2028b"}', "without U+2028 (LINE SEPARATOR) at character 2"),
        (b'{"kind":"accepted","by":"A","comment":"' + b"x" * 2001 + b'"}', "at most 2000 characters"),
        (b'{"kind":"acc', "body: JSON (Unterminated string starting at) (found a fault at character 8)"),
        (b"[" * 2000, ""),
    ],
)
def test_a_text_that_cannot_be_kept_is_refused_with_the_character_named(api: TestClient, body: bytes, words: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    answer = api.post("/api/v1/recommendations/R-0421/decision", content=body, headers=headers)
    assert answer.status_code == (422 if words else 400), answer.text
    assert words in answer.json()["detail"]


def test_names_of_every_alphabet_and_comments_of_several_lines_are_taken(plant: Plant, tmp_path: Path) -> None:
    client, _, board = app_of(plant, tmp_path, "")
    body = {"kind": "rejected", "by": "李雷 😀", "reason": "staff", "comment": "erst\nmorgen"}
    answer = client.post("/api/v1/recommendations/R-0421/decision", json=body)
    board.close()
    assert answer.status_code == 202, answer.text
    assert (answer.json()["by"], answer.json()["comment"]) == ("李雷 😀", "erst\nmorgen")


def test_a_call_that_there_is_not_is_answered_in_json(api: TestClient) -> None:
    answer = api.get("/api/v1/meter")
    assert (answer.status_code, answer.json()["detail"]) == (404, "there is no such call; /api/v1/openapi.json names all")

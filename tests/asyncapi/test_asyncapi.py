"""The AsyncAPI document holds for AsyncAPI's own reader, and says of the topics what the types say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from domain.asyncapi import WRITTEN_BY_OTHERS, document, short_name
from domain.contracts import EXAMPLES
from domain.topics import TOPICS

HERE = Path(__file__).parent
PUBLISHED = Path(__file__).parents[2] / "docs" / "contracts" / "asyncapi.yaml"


@pytest.fixture(scope="module")
def reader() -> None:
    """Skips where node or the reader is absent; in CI that is a failure."""
    if shutil.which("node") is None or not (HERE / "node_modules" / "@asyncapi" / "parser").is_dir():
        message = "no @asyncapi/parser: `npm ci --prefix tests/asyncapi` (needs Node.js)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


def read(path: Path) -> dict[str, Any]:
    """What AsyncAPI's reader finds."""
    done = subprocess.run(["node", "validate.mjs", str(path)], cwd=HERE, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def errors(found: dict[str, Any]) -> list[Any]:
    return [one for one in found["diagnostics"] if one[0] < 2]


def test_asyncapis_own_reader_finds_no_fault_and_what_may_be_done_on_each_topic(reader: None) -> None:
    found = read(PUBLISHED)
    assert errors(found) == []
    expected = [["receive", topic.name] for topic in TOPICS] + [["send", topic.name] for topic in WRITTEN_BY_OTHERS]
    assert sorted(found["operations"]) == sorted(expected)


@pytest.mark.parametrize("path", [("channels", "decisions", "address"), ("channels", "decisions", "servers"), ("operations", "send_decisions", "action")])  # fmt: skip
def test_the_reader_would_find_a_fault(reader: None, tmp_path: Path, path: tuple[str, ...]) -> None:
    broken = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    place = broken
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = 42
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    assert errors(read(tmp_path / "broken.json")) != []


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [v for k, v in part.items() if k == "$ref"] + [found for v in part.values() for found in references(v)]
    return [found for v in part for found in references(v)] if isinstance(part, list) else []


def test_every_reference_leads_to_something() -> None:
    published = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    found = references(published)
    assert len(found) > 50
    for reference in found:
        place = published
        for key in reference.removeprefix("#/").split("/"):
            place = place[key]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topics_example_keeps_the_schema_of_its_message_and_a_broken_one_does_not(topic: Any) -> None:
    made = document(EXAMPLES)
    message = made["components"]["messages"][short_name(topic)]
    check = Draft7Validator({**message["payload"], "components": made["components"]})
    example = message["examples"][0]["payload"]
    assert list(check.iter_errors(example)) == []
    first = next(iter(example))
    assert list(check.iter_errors({**example, first: ["another type"]})) != []


def test_no_address_of_ours_stands_in_the_document() -> None:
    servers = document(EXAMPLES)["servers"]
    assert [server["host"] for server in servers.values()] == ["{bootstrap}"]

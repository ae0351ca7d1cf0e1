"""The nightly fuzz in small, and the campaign itself: does it see a decoder that hangs, dies, crashes or misreads?"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.fuzz import campaign
from benchmarks.fuzz.target import Target, input_of
from lastgang.commands.bench_fuzz import command

HERE = Path(__file__).parent
SMALL = {"modbus": 8_000, "json": 9_000, "opcua": 1_000, "lines": 1_000, "consumers": 400, "toml": 600, "profiles": 400}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("seed", [1, 20261023])
def test_no_broken_input_crashes_a_decoder_or_is_taken_for_another(name: str, seed: int) -> None:
    target, tally = campaign.target_named(name), campaign.Tally()
    for number in range(SMALL[name] // 2):
        campaign.try_one(target, seed, number, tally)
    assert tally.examples == []
    assert min(tally.read, tally.refused) > tally.inputs / 20, "inputs that are all right or all wrong find nothing"


def test_what_the_jvm_takes_for_a_plain_reading_is_what_the_codec_says(java_parts: None) -> None:
    target, tally = campaign.target_named("columns"), campaign.Tally()
    campaign.try_one(target, 1, 0, tally)
    assert (tally.examples, tally.read) == ([], 1)


def test_every_target_is_tried_in_small() -> None:
    assert {*SMALL, "sockets", "columns"} == set(campaign.TARGETS)


def test_the_campaign_names_the_input_that_hangs_and_goes_on_after_one_that_kills(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    monkeypatch.syspath_prepend(HERE)
    target: Target = campaign.target_named("hanging_fuzz_target")
    first = [input_of(target, 7, number) for number in range(12)]
    wanted = Counter({2: "crash", 3: "wrong", 1: "died", 0: "hang"}.get(digit, "") for digit in first)
    tally = campaign.run("hanging_fuzz_target", 7, range(12), hang_s=3.0)
    found = Counter(key.split()[0] for key in tally.findings.elements())
    assert found == {kind: count for kind, count in wanted.items() if kind}
    assert found.keys() == {"crash", "wrong", "died", "hang"}
    assert (tally.inputs, tally.read + tally.refused) == (12, wanted[""])


def test_the_command_prints_what_was_tried_and_writes_it_down(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        command, ["--inputs", "300", "--only", "opcua", "--seed", "3", "--json", str(tmp_path / "fuzz.json")]
    )
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "fuzz.json").read_text())
    assert (found["inputs"], found["findings"], found["seed"]) == (300, 0, 3)
    assert found["targets"]["opcua"]["read"] + found["targets"]["opcua"]["refused"] == 300


def test_a_target_that_does_not_exist_is_reported_with_those_that_do() -> None:
    result = CliRunner().invoke(command, ["--only", "xml"])
    assert result.exit_code == 2
    assert "no target xml; there are modbus, sockets, json, columns" in result.output

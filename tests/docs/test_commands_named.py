"""What pages, help texts and messages name of the command line is there: every verb, and every option of it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from lastgang.cli import group

ROOT = Path(__file__).parents[2]
SOURCES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *ROOT.glob("docs/**/*.md"),
    *(
        path
        for path in ROOT.glob("*/**/*.md")
        if path.parts[len(ROOT.parts)] not in {".venv", "docs", ".lastgang", "build"} and "node_modules" not in path.parts
    ),
]
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
COMMAND = re.compile(r"(?:^|\s)lastgang ([a-z][^\n|;#`]*)")


def commands_of(text: str) -> list[list[str]]:
    """Every command line of ours in code blocks and code words, cut into words."""
    found = []
    for block, word in CODE.findall(text):
        for line in (block or word).replace("\\\n", " ").splitlines():
            found += [shlex.split(rest, comments=True) for rest in COMMAND.findall(line)]
    return found


def faults_of(words: list[str]) -> list[str]:
    """What of a command line is not there."""
    command: click.Command | None = group
    context = click.Context(group)
    names = list(words)
    while isinstance(command, click.Group):
        if not names or names[0].startswith("-"):
            return []
        if names[0] in {"VERB", "..."}:
            return []
        command, name = command.get_command(context, names[0]), names.pop(0)
        if command is None:
            return [f"no verb {name!r}"]
    assert command is not None
    known = {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}
    return [f"{words[0]}: no option {word!r}" for word in names if word.startswith("--") and word.split("=")[0] not in known]


@pytest.mark.parametrize("page", SOURCES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_verbs_and_options_that_are_there(page: Path) -> None:
    found = [fault for words in commands_of(page.read_text(encoding="utf-8")) for fault in faults_of(words)]
    assert found == []


def test_the_check_above_finds_what_is_not_there() -> None:
    assert faults_of(["up", "--fresh"]) == ["up: no option '--fresh'"]
    assert faults_of(["start"]) == ["no verb 'start'"]
    assert faults_of(["grafana", "push", "--url", "http://x"]) == []
    assert commands_of("`lastgang up --plant x`, then\n```sh\nlastgang import a.csv \\\n  --plant p # dry\n```\n") == [
        ["up", "--plant", "x"],
        ["import", "a.csv", "--plant", "p"],
    ]

"""What the pages tell people to type works."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "how-to").glob("*.md"))
BLOCK = re.compile(r"<!-- (file|run): ([^>]+?) -->\s*```\w*\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+?)(?:#[^)]*)?\)")


def blocks(page: Path) -> list[tuple[str, str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_how_to_page_runs_as_it_is_written(page, tmp_path):
    ran = 0
    for kind, what, text in blocks(page):
        if kind == "file":
            path = tmp_path / what.strip()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            continue
        expected = re.fullmatch(r"exit (\d+), says (.+)", what.strip())
        assert expected, f"{page.name}: write `run: exit N, says WORDS`, not {what!r}"
        for line in filter(None, (line.split(" #")[0].strip() for line in text.splitlines())):
            command = [sys.executable, "-m", "lastgang.cli", *shlex.split(line)[1:]]
            result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
            told = result.stdout + result.stderr
            assert result.returncode == int(expected.group(1)), f"$ {line}\n{told}"
            assert expected.group(2) in told, f"$ {line}\n{told}"
            ran += 1
    assert ran > 0, "a how-to page that runs nothing is a story"


@pytest.mark.parametrize("page", [ROOT / "README.md", *ROOT.glob("docs/**/*.md")], ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in targets if not (page.parent / link).exists()] == []


def test_the_device_file_of_the_readme_is_the_one_of_the_how_to_page():
    readme = re.search(r"<!-- runs as a test: first-meter -->\s*```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    pages = {what.strip(): text for kind, what, text in blocks(ROOT / "docs/how-to/first-meter.md") if kind == "file"}
    assert readme is not None
    assert tomllib.loads(readme.group(1)) == tomllib.loads(pages["my-plant/devices/main.toml"])

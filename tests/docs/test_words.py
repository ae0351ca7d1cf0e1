"""Words that an engineer from outside would have to decode do not come back: neither in names of code nor in prose."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
INSTEAD = {
    "anew": "again",
    "attic": "quarantine",
    "course": "load profile",
    "courses": "load profiles",
    "crowd": "soft maximum",
    "dear": "expensive",
    "dearer": "more expensive",
    "dearest": "most expensive",
    "lawful": "plausible",
    "mend": "fix",
    "mended": "fixed",
    "mends": "fixes",
    "merit": "expert weights",
    "road": "path",
    "roads": "paths",
    "said": "published, forecast, stated; in code: text, output, answer",
    "saying": "revision, text",
    "sayings": "revisions, texts",
    "telling": "reporting",
    "told": "published, reported; in code: revisions, rows, answers",
}
"""Word -> what is written instead. Whole words in prose, parts of names in code."""
ONLY_IN_CODE = {
    "ask": "request, query",
    "asked": "requested",
    "say": "fill, publish, write",
    "tell": "report, publish",
    "tells": "reports",
}
"""Plain verbs in a sentence, and riddles as names."""
MEANT = {
    "of course": "the idiom",
}
"""Phrases in which a word stands rightly, and why."""
ELSEWHERE = {
    "tests/docs/test_words.py": "this list",
    "docs/glossary.md": "names words that are not used",
    "tests/cases": "bytes and texts of devices",
    "tests/data": "texts of others",
    "words/languages/de.toml": "German",
    "docs/contracts": "generated from docstrings, which are read here",
    "docs/reference": "generated from docstrings, which are read here",
}
"""Where words are not looked for, and why."""
NAMED_BY_OTHERS = {"quarters/profiles/table.py": {"tell": "of a stream"}}
"""Where a name is that of a library, and whose."""
PROSE = (".md", ".toml", ".sql", ".java")


class Found(NamedTuple):
    """A word that should not be there."""

    where: str
    word: str
    instead: str


def _files(*endings: str) -> Iterator[tuple[str, str]]:
    """Path and text of our files."""
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        is_ours = not any(part.startswith(".") or part in {"node_modules", "build"} for part in path.relative_to(ROOT).parts)
        if is_ours and path.suffix in endings and path.is_file() and not any(name.startswith(one) for one in ELSEWHERE):
            yield name, path.read_text(encoding="utf-8")


def _parts(name: str) -> set[str]:
    return {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def _names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.keyword(arg=str(name)):
                yield node.value.lineno, name
            case _:
                pass


def _in_names() -> Iterator[Found]:
    words = INSTEAD | ONLY_IN_CODE
    for path, text in _files(".py"):
        for line, name in _names(ast.parse(text)):
            # The name of a test is a sentence.
            known = INSTEAD if name.startswith("test_") else words
            yield from (Found(f"{path}:{line} {name}", word, known[word]) for word in _parts(name) & known.keys())


def _in_prose() -> Iterator[Found]:
    word = re.compile(rf"\b({'|'.join(INSTEAD)})\b", re.IGNORECASE)
    meant = re.compile("|".join(MEANT), re.IGNORECASE)
    for path, text in _files(".py", *PROSE):
        for number, line in enumerate(text.splitlines(), start=1):
            yield from (Found(f"{path}:{number}", one.lower(), INSTEAD[one.lower()]) for one in word.findall(meant.sub("", line)))


def _beyond(found: Iterator[Found]) -> list[Found]:
    return sorted(one for one in found if one.word not in NAMED_BY_OTHERS.get(one.where.split(":")[0], {}))


def test_no_name_of_code_has_to_be_decoded() -> None:
    assert _beyond(_in_names()) == []


def test_no_sentence_has_to_be_decoded() -> None:
    assert _beyond(_in_prose()) == []

"""The texts of each language, as its file has them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "languages"
DEFAULT = "de"
"""Used where no known language is named."""


@cache
def languages() -> tuple[str, ...]:
    """Codes of all languages, the default one first: one for each file."""
    found = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return (DEFAULT, *(code for code in found if code != DEFAULT))


@cache
def texts(language: str) -> Mapping[str, str]:
    """Key -> text, e.g. ``now.headroom``; the texts of a list by their numbers from 1.

    Raises
    ------
    ValueError
        If there is no such language.
    """
    if language not in languages():
        msg = f"language {language!r}: expected one of {', '.join(languages())}; a language is a file in {FOLDER}"
        raise ValueError(msg)
    return dict(_flat(tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8")), ""))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield from ((f"{prefix}{key}.{number}", str(text)) for number, text in enumerate(value, start=1))
        else:
            yield f"{prefix}{key}", str(value)


def language_for(cookie: str | None, accept_language: str | None) -> str:
    """The language chosen by cookie, else the first of ours that the browser names, else the default."""
    if cookie in languages():
        return str(cookie)
    for part in (accept_language or "").split(","):
        name = part.split(";")[0].strip().lower().split("-")[0]
        if name in languages():
            return name
    return DEFAULT

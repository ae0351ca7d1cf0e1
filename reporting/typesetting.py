"""Text made fit for the PDF: what its fonts cannot show stands as its code, and is named.

PDF/A knows no missing glyph: one character without a shape and typst refuses the whole document. Which ones these are is checked with typst
itself, so that it holds for the fonts of whatever version is installed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from domain.texts import LINE_BREAKS, TEXT_LENGTH, printable

STANDARD: Final = "a-3a"
FONT = "Libertinus Serif"
_PROBE = f"""
#set document(title: "probe", date: datetime(year: 2026, month: 1, day: 1))
#set text(font: "{FONT}", lang: "en")
#json(bytes(sys.inputs.text))
""".encode()
_MOST_PROBES = 200
"""Each takes a few milliseconds; characters that are still undecided after this many are taken for missing."""
_PLAIN = re.compile(r"[\u0020-\u007e\u00a0-\u00ac\u00ae-\u017f\u2009\u200b\u2010-\u201e\u2026\u202f\u2192\u2212\ufffd\n]")
"""What every text font has, and our own words need."""
_LONG_WORD = re.compile(r"\S{24}(?=\S)")
_known: dict[str, bool] = {}
"""Character -> whether the fonts have it, as far as known."""


def one_line(text: str, most: int) -> str:
    """Somebody's text for a table cell: one line of at most `most` characters, with places where a word without end may break."""
    line = " ".join(printable(text[: 4 * most], 4 * most, LINE_BREAKS).split())
    return _LONG_WORD.sub(lambda found: f"{found[0]}\u200b", line if len(line) <= most else f"{line[: most - 1]}…")


def fitted(page: Any) -> tuple[Any, list[str]]:
    """`page` (dictionaries, lists, strings) with every character that cannot be shown as its code, and these characters."""
    page = _mapped(page, lambda text: printable(text, TEXT_LENGTH, LINE_BREAKS))
    missing = missing_glyphs(_characters(page))
    return _mapped(page, lambda text: coded(text, missing)), sorted(missing)


def plain(page: Any) -> tuple[Any, list[str]]:
    """The same with everything as its code that not every font has: for characters that can only not be shown together."""
    page = _mapped(page, lambda text: printable(text, TEXT_LENGTH, LINE_BREAKS))
    missing = {character for character in _characters(page) if not _PLAIN.fullmatch(character)}
    return _mapped(page, lambda text: coded(text, missing)), sorted(missing)


def code_of(character: str) -> str:
    """``U+674E``."""
    return f"U+{ord(character):04X}"


def coded(text: str, missing: Iterable[str]) -> str:
    """`text` with ``[U+674E]`` in the place of each character in `missing`."""
    return text.translate({ord(character): f"[{code_of(character)}]" for character in missing})


def missing_glyphs(characters: Iterable[str]) -> set[str]:
    """Those of `characters` that the PDF's fonts do not have."""
    wanted = sorted({character for character in characters if not character.isascii()})
    probes = [_MOST_PROBES]
    _decide([character for character in wanted if character not in _known], probes)
    return {character for character in wanted if not _known.get(character, False)}


def _decide(characters: list[str], probes: list[int]) -> None:
    """Find out which of `characters` can be shown, halving what cannot be shown together."""
    if not characters or probes[0] <= 0:
        return
    probes[0] -= 1
    if _can_show(characters):
        _known.update(dict.fromkeys(characters, True))
    elif len(characters) == 1:
        _known[characters[0]] = False
    else:
        half = len(characters) // 2
        _decide(characters[:half], probes)
        _decide(characters[half:], probes)


def _can_show(characters: list[str]) -> bool:
    import typst

    try:
        typst.compile(
            _PROBE, sys_inputs={"text": json.dumps(" ".join(characters))}, pdf_standards=[STANDARD], ignore_system_fonts=True
        )
    except typst.TypstError:
        return False
    return True


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    return [_mapped(item, change) for item in value] if isinstance(value, list | tuple) else value


def _characters(value: Any) -> set[str]:
    found: set[str] = set()

    def collect(text: str) -> str:
        found.update(text)
        return text

    _mapped(value, collect)
    return found

"""The report on paper: PDF/A-3a by typst, with ``report.json`` attached; all words and numbers are made here, the template only sets them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from reporting.cover import CoverRow
from reporting.data import status_of
from reporting.first_page import figures, notices
from reporting.sections import SECTIONS
from reporting.sections.section import NAME, SENTENCES, Content
from reporting.typesetting import STANDARD, code_of, fitted, one_line, plain
from words.speech import Words

TEMPLATE = Path(__file__).parent / "report.typ"
_FRAME_WORDS = ("statements", "files", "files.note", "signature", "author", "approver", "page")
_MOST_CODES = 12


def report_pdf(
    content: Content, cover: Sequence[CoverRow], files: Sequence[dict[str, Any]], json_text: str, words: Words, made_utc: datetime
) -> tuple[bytes, list[str]]:
    """The PDF's bytes, and the characters of names and texts that its fonts do not have: they stand as codes.

    Parameters
    ----------
    cover
        Rows of the first page's table.
    files
        Name, size and hash of the data files, to be printed.
    """
    import typst

    page = page_data(content, cover, files, words)
    page["date"] = [made_utc.year, made_utc.month, made_utc.day, made_utc.hour, made_utc.minute, made_utc.second]
    fit, missing = fitted(page)
    try:
        return _compiled(fit, missing, json_text, words, made_utc), missing
    except typst.TypstError:
        # Characters that can each be shown, but not together: a mark of one font on a letter of another.
        fit, missing = plain(page)
        return _compiled(fit, missing, json_text, words, made_utc), missing


def _compiled(page: dict[str, Any], missing: Sequence[str], json_text: str, words: Words, made_utc: datetime) -> bytes:
    import typst

    if missing:
        notice = page["notice"] or {"title": words["note"], "texts": []}
        page = {**page, "notice": {**notice, "texts": [*notice["texts"], glyph_notice(missing, words)]}}
    return bytes(
        typst.compile(
            TEMPLATE.read_bytes(),
            sys_inputs={"page": json.dumps(page), "data": json_text},
            pdf_standards=[STANDARD],
            timestamp=made_utc.replace(microsecond=0),
            ignore_system_fonts=True,
        )
    )


def glyph_notice(missing: Sequence[str], words: Words) -> str:
    """Which characters stand as codes."""
    codes = ", ".join(map(code_of, missing[:_MOST_CODES]))
    if len(missing) > _MOST_CODES:
        codes = words.fill("and_more", codes=codes, count=words.number(len(missing) - _MOST_CODES))
    return words.fill("glyphs", codes=codes)


def page_data(content: Content, cover: Sequence[CoverRow], files: Sequence[dict[str, Any]], words: Words) -> dict[str, Any]:
    """What the template sets: the first page, the blocks of each section, and the frame around them."""
    site, texts = content.month.plant.site, notices(content, words)
    is_final = status_of(content.month, content.cost) == "final"
    return {
        "lang": words.language,
        "title": words["title"],
        "month": words.period(content.month.period.label),
        "organisation": one_line(site.name or site.id, NAME),
        "subtitle": words["subtitle"],
        "notice": {"title": words["note" if is_final else "provisional"], "texts": texts} if texts else None,
        "running": _running_head(cover),
        "cover": [{"name": row.name, "value": one_line(row.value, SENTENCES)} for row in cover],
        "figures": [asdict(figure) for figure in figures(content, words)],
        "words": {key: words[key] for key in _FRAME_WORDS},
        "blocks": [asdict(block) for section in SECTIONS for block in section.page(content, words)],
        "statements": list(words.each("statement")),
        "files": [[entry["name"], words.number(entry["bytes"]), entry["sha256"]] for entry in files],
    }


def _running_head(cover: Sequence[CoverRow]) -> str:
    """Which report and version it is, at the head of each page."""
    rows = {row.key: row for row in cover}
    if not {"report", "version"} <= rows.keys():
        return ""
    report, version = rows["report"], rows["version"]
    return one_line(f"{report.value}, {version.name} {version.value}", SENTENCES)

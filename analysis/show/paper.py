"""The document on paper: a PDF by typst."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from analysis.show.blocks import Block, Cards, Document, Heading, Picture, Text, TextTable
from analysis.show.page import svg_of

TEMPLATE = Path(__file__).parent / "paper.typ"


def pdf(document: Document) -> bytes:
    """The PDF's bytes."""
    import typst

    page = {
        "lang": document.language,
        "title": document.title,
        "subtitle": document.subtitle,
        "blocks": [_data(one) for one in document.blocks],
    }
    return bytes(typst.compile(TEMPLATE.read_bytes(), sys_inputs={"page": json.dumps(page)}, ignore_system_fonts=True))


def _data(block: Block) -> dict[str, Any]:
    match block:
        case Heading(text):
            return {"kind": "heading", "text": text}
        case Text(text, is_quiet):
            return {"kind": "text", "text": text, "quiet": is_quiet}
        case Cards(cards, is_loud):
            return {
                "kind": "cards",
                "loud": is_loud,
                "cards": [{"title": c.title, "figure": c.figure, "text": c.text} for c in cards],
            }
        case TextTable(header, rows, numeric):
            return {"kind": "table", "header": list(header), "rows": [list(row) for row in rows], "numeric": sorted(numeric)}
        case Picture(_, shows):
            return {"kind": "picture", "svg": svg_of(block, as_text=False), "shows": shows}

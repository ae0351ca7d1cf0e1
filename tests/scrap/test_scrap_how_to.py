"""The record that the how-to page shows a camera system is one that the platform takes."""

from __future__ import annotations

import re
from pathlib import Path

from domain.codec import decode
from domain.quality import QualityEvent
from scrap.blocks import blocks_of

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "scrap.md"


def test_the_record_of_a_camera_on_the_page_is_taken() -> None:
    (text,) = re.findall(r"```json\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    event = decode(QualityEvent, text)
    assert (event.scrap, event.good, event.rework) == (1, None, None)
    (block,) = blocks_of([event])
    assert not block.is_whole

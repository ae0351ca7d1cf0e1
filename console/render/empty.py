"""Why a chart has nothing to show, and what comes next: shown instead of an empty frame."""

from __future__ import annotations

from datetime import datetime

from console.render.markup import Markup, coded, icon, tag
from console.views.coverage import Emptiness, Empty
from words.speech import Words


def empty(view: Empty, now_utc: datetime, words: Words) -> Markup:
    """The reason, what is known, and what comes next."""
    sentences = [words[f"empty.{view.why}"]]
    if view.newest_utc is not None:
        sentences.append(words.fill("empty.newest", moment=words.moment(view.newest_utc, now_utc)))
    if view.next_utc is not None:
        sentences.append(words.fill("empty.next", time=words.time(view.next_utc)))
    if view.why is Emptiness.NOTHING_YET:
        sentences.append(words["empty.import"])
    return tag("p", icon("wait"), tag("span", coded(" ".join(sentences))), class_="empty")

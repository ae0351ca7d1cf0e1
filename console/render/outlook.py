"""What a meter is expected to draw, in words."""

from __future__ import annotations

from console.render.forecasts import age, day_peaks, origin_of
from console.render.markup import Markup, join, tag
from console.views.outlook import OutlookView
from words.speech import Words


def outlook_words(view: OutlookView, words: Words) -> Markup:
    """The expected highest quarter hours and the model; a remark where there is no forecast."""
    if view.forecast is None:
        return tag("p", words["meter.no_forecast"], class_="remark")
    channel = view.channel or ""
    peaks = join(tag("h3", words["meter.expected_highest"]), day_peaks(view.peaks, words)) if view.peaks else None
    about = words.fill("meter.forecast_about", channel=words.texts.get(f"channel.{channel}", channel))
    return join(
        peaks, age(view.forecast, view.now_utc, words), tag("p", f"{about} · {origin_of(view.forecast, words)}", class_="remark")
    )

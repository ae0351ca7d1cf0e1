"""The sections of a month's report, each in one module with its data, its tables and its page.

A new one is a module with a `SECTION` and a row here; ``report.json``, CSV files, workbook and PDF take it from there.
"""

from reporting.sections import (
    anomalies,
    comparison,
    consumption,
    cost,
    days,
    effects,
    emissions,
    events,
    exchanges,
    found,
    gaps,
    groups,
    intervals,
    key_figures,
    months,
    own_use,
    peaks,
    quality,
    recommendations,
    rejections,
    remainder,
    restatements,
    scrap,
    versions,
)
from reporting.sections.section import Section

SECTIONS: tuple[Section, ...] = (
    peaks.SECTION,
    consumption.SECTION,
    months.SECTION,
    days.SECTION,
    comparison.SECTION,
    groups.SECTION,
    intervals.SECTION,
    remainder.SECTION,
    quality.SECTION,
    gaps.SECTION,
    events.SECTION,
    exchanges.SECTION,
    restatements.SECTION,
    versions.SECTION,
    rejections.SECTION,
    cost.SECTION,
    anomalies.SECTION,
    recommendations.SECTION,
    effects.SECTION,
    found.SECTION,
    scrap.SECTION,
    emissions.SECTION,
    key_figures.SECTION,
    own_use.SECTION,
)
"""In the order in which they are printed."""
